"""The text of a notebook, cut to what a slide holds."""

import re

HEADING = re.compile(r"^(#{1,4}) +(.+?)\s*$")
PARTED = re.compile(r"^(?=#{1,3} )", re.MULTILINE)
# what no sentence ends in: code, formulas, links, abbreviations
WHOLE = re.compile(r"`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)|\b(?:e\.g|i\.e|et al|vs|Fig|No)\.")
_NEXT = r"(?=\s+[A-Z*`$(\[\x00])"
END = re.compile(rf"(?<=[.!?]){_NEXT}|(?<=[.!?]\*){_NEXT}|(?<=[.!?]\*\*){_NEXT}|(?<=[.!?]\)){_NEXT}")
RELATIVE = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")  # a slide lies elsewhere: its words stay
DEFINITION = re.compile(r"^\[[^\]]+\]: \S+.*$", re.MULTILINE)
UNSAID = ("Answers are in", "**Needs:**", "(`check.ready`")  # for a reader, not for a lecture
SHORT = 70  # letters: a first sentence below it takes the next one along
FULL = 16  # lines on a slide
LINE = 82  # letters in a line
MOST = 7  # items of a list, rows of a table


def parts(source):
    """A text cell parted before each heading.

    >>> parts("a\\n\\n## b\\n\\nc")
    ['a\\n\\n', '## b\\n\\nc']
    """
    return [part for part in PARTED.split(source) if part.strip()]


def heading(part):
    """The level and the words of the heading that a part begins with; (0, "") where there is none.

    >>> heading("## A *face*\\n\\nText"), heading("Text")
    ((2, 'A *face*'), (0, ''))
    """
    found = HEADING.match(part.split("\n", 1)[0])
    return (len(found[1]), found[2]) if found else (0, "")


def without_heading(part):
    """A part without the heading that it begins with."""
    return part.partition("\n")[2].strip() if heading(part)[0] else part.strip()


def sentences(text):
    """A paragraph as its sentences.

    >>> sentences("It is $1. A$ here. `x. Y` too, see [No. 2](a.b). Last.")
    ['It is $1. A$ here.', '`x. Y` too, see [No. 2](a.b).', 'Last.']
    """
    text = " ".join(text.split())
    kept, found = WHOLE.findall(text), []
    marked = WHOLE.sub("\x00", text)
    for sentence in END.split(marked):
        while "\x00" in sentence:
            sentence = sentence.replace("\x00", kept.pop(0), 1)
        found.append(sentence.strip())
    return [sentence for sentence in found if sentence]


def first(text):
    """The first sentence of a paragraph, and the second where the first is short."""
    found = sentences(text)
    return " ".join(found[: 2 if len(found) > 1 and len(found[0]) < SHORT else 1])


def blocks(part):
    """The paragraphs, lists, tables and formulas of a part as a slide shows them: list of (text, lines)."""
    part = re.sub(r"<details>.*?</details>", "", part, flags=re.DOTALL)
    found = []
    for block in re.split(r"\n\s*\n", part.strip()):
        block = RELATIVE.sub(r"\1", block.strip())
        if not block or DEFINITION.fullmatch(block.split("\n")[0]) or block.startswith(UNSAID):
            continue
        if HEADING.match(block):
            found.append((block, 2))
        elif block.startswith("$$"):
            found.append((block, 3 + block.count(r"\\") + block.count(r"\qquad") // 3))
        elif block.startswith("|"):
            rows = block.split("\n")
            found.append(("\n".join(rows[: MOST + 3]), 1.5 * min(len(rows), MOST + 3)))
        elif re.match(r"[-*] |\d+\. ", block):
            items = [first(item) for item in re.split(r"\n(?=[-*] |\d+\. )", block)][:MOST]
            found.append(("\n".join(items), sum(1 + len(item) // LINE for item in items)))
        elif block.startswith(("```", "    ")):
            found.append((block, block.count("\n") + 1))
        else:
            text = first(block)
            found.append((text, 1.4 + len(text) // LINE))
    return found


def slides(part):
    """The slides of one part: list of (Markdown, lines that it takes); the heading is repeated on each.

    >>> slides("## Head\\n\\nOne thing. " + "Another. " * 60)
    [('## Head\\n\\nOne thing. Another.', 3.4)]
    """
    level, words = heading(part)
    top = [f"{'#' * level} {words}"] if level else []
    found, taken = [[]], [2 if level else 0]
    for text, lines in blocks(part):
        if level and text.startswith("#" * level + " "):
            continue
        if found[-1] and taken[-1] + lines > FULL:
            found.append([])
            taken.append(2 if level else 0)
        found[-1].append(text)
        taken[-1] += lines
    definitions = DEFINITION.findall(part)
    return [
        ("\n\n".join([*top, *texts, *definitions]), lines)
        for texts, lines in zip(found, taken, strict=True)
        if texts or top
    ]
