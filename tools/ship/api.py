"""The pages of the package: signatures and docstrings as they stand in the source, a page for each room.

griffe reads the source; nothing is imported or run. What a room lists in `__all__` is on its page, and so are
the public files of the rooms that are open (`methods`, `sources`): one file a method, one a source.
"""

import functools
import logging
import re
import textwrap
from pathlib import Path

import griffe

from tools.ship import places

PACKAGE = "facelm_helpers"
OPEN = ("methods", "sources")  # rooms whose files are found by their names, and listed nowhere
WIDTH = 88  # columns of a signature
FIELDS = {  # griffe's kinds of sections that are lists
    "parameters": "Parameters", "other parameters": "Other parameters", "returns": "Returns",
    "yields": "Yields", "raises": "Raises", "attributes": "Attributes", "warns": "Warns",
}  # fmt: skip


def folder():
    """Where the pages would lie if they were files."""
    return places.NOTEBOOKS / "reference" / "api"


def rooms():
    """The rooms of the package, by name: dict of name -> griffe's module."""
    return _rooms(places.ROOT)


@functools.cache
def _rooms(root):
    if not (root / PACKAGE / "__init__.py").is_file():
        return {}
    griffe.logger.setLevel(logging.ERROR)
    package = griffe.load(PACKAGE, search_paths=[str(root)], docstring_parser="numpy", resolve_aliases=True)
    public = {name: room for name, room in sorted(package.modules.items()) if not name.startswith("_")}
    return {name: room for name, room in public.items() if members(room)}


def origins():
    """The list of rooms, and a page for each: paths that stand for them."""
    return [folder().with_suffix(".md"), *(folder() / f"{name}.md" for name in rooms())] if rooms() else []


def members(room):
    """What a room offers: list of (name as it is called, griffe's object), in alphabetical order."""
    exported = room.exports
    public = exported or [name for name, value in room.members.items() if _own(name, value)]
    own = [name for name in map(str, public) if _inside(room[name])]
    found = [(f"{room.name}.{name}", _target(room[name])) for name in own]
    if room.name in OPEN:
        for module in room.modules.values():
            if not module.name.startswith("_"):
                found += [
                    (f"{room.name}.{module.name}.{name}", value)
                    for name, value in module.members.items()
                    if _own(name, value)
                ]
    return sorted(found, key=lambda member: member[0].casefold())


def _own(name, value):
    """Whether a module's member is public and its own: a function, a class, or a constant."""
    return not name.startswith("_") and not value.is_alias and not value.is_module


def _inside(value):
    """Whether a member is the package's, not a library's that a room passes on."""
    return not value.is_alias or value.target_path.startswith(f"{PACKAGE}.")


def _target(value):
    return value.final_target if value.is_alias else value


def text(path):
    """A page as Markdown.

    Parameters
    ----------
    path : Path
        One of `origins`.
    """
    if path == folder().with_suffix(".md"):
        lines = [f"- [`{name}`](api/{name}.md): {_first(room)}" for name, room in rooms().items()]
        return f"# The package\n\n`from {PACKAGE} import metrics`, and so on:\n\n" + "\n".join(lines)
    room = rooms()[Path(path).stem]
    parts = [f"# `{PACKAGE}.{room.name}`", _prose(room.docstring.value if room.docstring else "")]
    for name, value in members(room):
        parts += _member(name, value, 2)
    return "\n\n".join(part for part in parts if part)


@functools.cache
def _places(root):
    """Where a quoted name leads: dict of name -> link, None where it means several things."""
    found = {}
    for room in _rooms(root).values():
        found[room.name] = f"{room.name}.md"
        for name, _ in members(room):
            link = f"{room.name}.md#{name.partition('.')[2]}"
            found[name] = link
            short = name.rpartition(".")[2]
            found[short] = None if short in found else link
    return found


def _member(name, value, level):
    heading = f"{'#' * level} `{name.partition('.')[2]}`"
    if value.is_attribute:
        return [
            heading,
            f"```python\n{name} = {textwrap.shorten(str(value.value), 300, placeholder=' ...')}\n```",
        ]
    parts = [heading, f"```python\n{signature(name, value)}\n```", *_sections(value)]
    if value.is_class:
        if value.bases:
            bases = ", ".join(f"`{str(base).rpartition('.')[2]}`" for base in value.bases)
            parts.append(f"Extends {_linked(bases)}.")
        for method in value.functions.values():
            if not method.name.startswith("_") and method.docstring:
                parts += _member(f"{name}.{method.name}", method, level + 1)
    return parts


def signature(name, value):
    """How a function or a class is called, in lines that a page holds.

    Parameters
    ----------
    name : str
        As it is to be written.
    value : griffe.Function or griffe.Class
    """
    given, only = [], False
    for parameter in value.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = parameter.kind.value if parameter.kind else ""
        if kind == "keyword-only" and not only:
            given.append("*")
        only = only or kind in ("keyword-only", "variadic positional")
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        default = f"={parameter.default}" if parameter.default is not None and not stars else ""
        given.append(f"{stars}{parameter.name}{default}")
    if value.is_function and "property" in value.labels:
        return name
    line = f"{name}({', '.join(given)})"
    return textwrap.fill(
        line, WIDTH, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False
    )


def _sections(value):
    if not value.docstring:
        return []
    parts = []
    for section in value.docstring.parsed:
        kind = section.kind.value
        if kind == "text":
            parts.append(_prose(section.value))
        elif kind == "examples":
            parts.append("**Examples**")
            for part, words in section.value:
                parts.append(_prose(words) if part.value == "text" else f"```pycon\n{words}\n```")
        elif kind in FIELDS:
            parts.append(f"**{FIELDS[kind]}**")
            parts.append("\n".join(_field(field) for field in section.value))
        else:  # an admonition such as Notes
            parts.append(f"**{section.title or kind.capitalize()}**")
            parts.append(_prose(getattr(section.value, "description", None) or str(section.value)))
    return parts


def _field(field):
    """One line of a list of parameters, results or errors."""
    name = getattr(field, "name", "")
    kind = str(field.annotation or "")
    head = ", ".join([*([f"`{name}`"] if name else []), *([_prose(kind)] if kind else [])])
    words = _prose(field.description or "").replace("\n", "\n  ")
    return f"- {head}{': ' if head and words else ''}{words}"


def _first(room):
    """The first sentence of a room's docstring."""
    first = room.docstring.value.partition("\n\n")[0] if room.docstring else ""
    return _prose(first)


def _prose(words):
    """A docstring's text as Markdown: formulas between dollars, examples as code, known names as links."""
    words = re.sub(r"::\n\n((?:[ \t]+.*\n?|\n)+)", _literal, f"{words}\n")
    words = re.sub(
        r"^\.\. math::[ \t]*((?:.*\n)(?:[ \t]+.*\n|\n(?=[ \t]))*)", _formula, words, flags=re.MULTILINE
    )
    words = re.sub(r":math:`([^`]*)`", r"$\1$", words)
    words = re.sub(
        r"^>>> (?:.+\n?)+", lambda code: f"```pycon\n{code[0].rstrip()}\n```\n", words, flags=re.MULTILINE
    )
    parts = re.split(r"(```.*?```|\$\$.*?\$\$|\$[^$]*\$|``[^`]*``|`[^`]*`)", words, flags=re.DOTALL)
    return "".join(_plain(part) if k % 2 == 0 else _linked(part) for k, part in enumerate(parts)).strip()


def _plain(words):
    return words.replace("<", "&lt;").replace("|", r"\|").replace("_", r"\_")


def _literal(match):
    return f":\n\n```\n{textwrap.dedent(match[1]).strip()}\n```\n\n"


def _formula(match):
    return f"$$\n{textwrap.dedent(match[1]).strip()}\n$$\n"


def _linked(words):
    """A quoted name as a link to where it is described; anything else as it is."""

    def link(quoted):
        target = _places(places.ROOT).get(quoted[1])
        return f"[`{quoted[1]}`]({target})" if target else f"`{quoted[1]}`"

    if words.startswith(("```", "$")):
        return words
    return re.sub(r"``?([^`]+)``?", link, words)
