"""The reference pages: every link a section, every letter and every paper an entry."""

import ast
import re

import pytest

from facelm_helpers import methods
from tools.notebook.derive import SOURCES, read_source
from tools.ship import api, citations, pages, places, reference, shelf

WRITTEN = sorted(SOURCES.glob("*.py"))
REFERENCE = places.NOTEBOOKS / "reference"
# addresses in notebooks that are no papers
PAGES = {"https://github.com/cunjian/pytorch_face_landmark"}


def prose(source):
    """The Markdown of a notebook's source."""
    return "\n\n".join(cell.source for cell in read_source(source).cells if cell.cell_type == "markdown")


def linked():
    """The rows of glossary and key that name a notebook which is written."""
    for name in ("glossary", "tensorflow_1"):
        for row in reference.rows(REFERENCE / f"{name}.md"):
            found = list(SOURCES.glob(f"{row['notebook']}_*.py"))
            if found:
                yield pytest.param(found[0], row["heading"], id=f"{name}: {row.get('term') or row['then']}")


@pytest.mark.parametrize("source, heading", list(linked()))
def test_a_term_leads_to_a_section_of_its_notebook(source, heading):
    headings = re.findall(r"^#+ (.*)$", prose(source), re.MULTILINE)
    assert heading in headings, f"mend the row in notebooks/reference; {source.stem} has {headings}"
    assert reference.anchor(heading) == "#" + pages.anchor_of(f"## {heading}")


def test_terms_are_in_order_and_each_is_one_sentence():
    rows = reference.rows(REFERENCE / "glossary.md")
    terms = [row["term"] for row in rows]
    assert terms == sorted(terms, key=str.casefold) and len(set(terms)) == len(terms)
    assert [
        row["term"] for row in rows if not re.fullmatch(r"[A-Z][^.]+(?:tf\.data[^.]*)?\.", row["meaning"])
    ] == []
    assert all(re.fullmatch(r"\d\d", row["notebook"]) for row in rows)


def test_every_term_has_its_chinese_and_an_explanation_in_chinese():
    rows = reference.rows(REFERENCE / "glossary_zh.md")
    assert rows == reference.rows(REFERENCE / "glossary.md")
    chinese = [row["chinese"] for row in rows]
    assert [word for word in chinese if not re.search("[\u4e00-\u9fff]", word)] == []
    assert len(set(chinese)) == len(chinese)
    short = r"(?=.*[\u4e00-\u9fff])[^。,;:?!()]+。"  # one sentence, full-width punctuation
    wrong = [row["term"] for row in rows if not re.fullmatch(short, row["chinese_meaning"] or "")]
    assert wrong == [], "give these rows of notebooks/reference/glossary.csv a sentence in chinese_meaning"
    page = reference.text(REFERENCE / "glossary_zh.md")
    assert "**归一化平均误差** <span" in page and "见 [01](../01_measuring_error.ipynb#From-points" in page


GREEK = """alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi
    varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split()


def letters(text):
    """The letters in the formulas of Markdown, Greek ones by their names; no accents, and no words."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    found = set()
    for formula in map("".join, re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", text, re.DOTALL)):
        formula = re.sub(r"\\(?:text|mathrm|operatorname|begin|end)\{[^}]*\}", " ", formula)
        for sign, word in re.findall(r"\\([a-zA-Z]+)|([a-zA-Z]+)", formula):
            known = sign in GREEK or len(word) == 1
            found |= {sign or word} if known else set("HW") if word == "HW" else set()
    return found


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_every_letter_of_a_notebook_is_in_the_table_of_notation(source):
    rows = [
        row
        for row in reference.rows(REFERENCE / "notation.md")
        if source.stem[:2] in row["notebooks"].split()
    ]
    listed = set().union(*(letters(f"{row['symbol']} {row['meaning']}") for row in rows))
    missing = letters(prose(source)) - listed
    assert missing == set(), f"say in notebooks/reference/notation.csv what they are in {source.stem}"


def test_a_row_of_the_table_of_notation_holds_in_its_notebooks():
    used = {source.stem[:2]: letters(prose(source)) for source in WRITTEN}
    for row in reference.rows(REFERENCE / "notation.md"):
        for number in set(row["notebooks"].split()) & set(used):  # a row may come before its notebook
            wanted = letters(row["symbol"])
            assert wanted & used[number], f"{row['symbol']} ({row['meaning']}) is not in notebook {number}"


# --- the bibliography -------------------------------------------------------------------------------------


def strings(path):
    """The texts in a Python file: docstrings, and the methods' `paper`."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def unknown(text):
    """The mentions of authors and a year that no entry fits."""
    return [
        whole for names, year, whole in citations.mentions(text) if not citations.paper_of(names, year, whole)
    ]


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source.stem[:2])
def test_every_paper_that_a_notebook_names_has_an_entry(source):
    text = prose(source)
    addresses = [address for address in citations.addresses(text) if address not in PAGES]
    assert [address for address in addresses if not citations.paper_at(address)] == []
    assert unknown(text) == [], "add them to notebooks/reference/bibliography.csv"


def test_every_paper_that_the_package_names_has_an_entry():
    files = sorted((places.ROOT / "facelm_helpers").rglob("*.py"))
    found = {path.name: unknown(text) for path in files for text in strings(path) if unknown(text)}
    assert found == {}, "add them to notebooks/reference/bibliography.csv"


@pytest.mark.parametrize("name", methods.names())
def test_a_method_names_a_paper_of_the_bibliography(name):
    kind = methods.of(name)
    assert citations.cited(kind.paper) and citations.cited(kind.__doc__ + kind.paper)


def test_every_entry_is_mentioned_and_has_an_address_of_its_own():
    texts = [prose(source) for source in WRITTEN]
    texts += [
        text for path in sorted((places.ROOT / "facelm_helpers").rglob("*.py")) for text in strings(path)
    ]
    texts += [path.read_text(encoding="utf-8") for path in places.ROOT.glob("data/**/*.md")]
    texts += [path.read_text(encoding="utf-8") for path in places.NOTEBOOKS.glob("*.md")]
    mentioned = {key for text in texts for key in citations.cited(text)}
    assert set(citations.papers()) - mentioned == set()
    addresses = [paper.address for paper in citations.papers().values()]
    assert len(set(addresses)) == len(addresses)
    assert all(re.match(r"https://(doi\.org/10\.\d{4,}/\S+|(?!doi))", address) for address in addresses)


@pytest.mark.parametrize("text, key", [
    ("Holm, 1979", "holm1979"), ("Cootes and Taylor (1992)", "cootes1992"),
    ("(He and others, 2015)", "he2015"), ("SE-ResNet (Hu, Shen and Sun, 2018)", "hu2018"),
    ("King, Dlib-ml, JMLR 2009", "king2009"), ("Özuysal et al., 2010", "ozuysal2010"),
    ("Wu et al., Facial landmark detection with tweaked convolutional neural nets, 2018", "wu2018tweaked"),
    ("Soukupova and Cech (Computer Vision Winter Workshop, 2016)", "soukupova2016"),
    ("the authors' *global* SDM, 2015", "xiong2015"),
    ("[a link](https://doi.org/10.1016/S0262-8856(02)00055-0).", "cootes2002"),
])  # fmt: skip
def test_a_mention_is_found(text, key):
    assert citations.cited(text) == [key]


@pytest.mark.parametrize(
    "text", ["In 2015, on CVPR 2018", "`Holm, 1979`", "Image and Vision Computing, 2016", "$x$, 1992"]
)
def test_what_is_no_mention_stays(text):
    assert citations.mentions(text) == [] and citations.linked(text, shelf.notebooks()[0]) == text


def test_mentions_on_a_page_lead_to_the_bibliography():
    origin = shelf.notebooks()[0]
    link = "[Holm, 1979](reference/bibliography.html#holm1979)"
    assert citations.linked("as in Holm, 1979.", origin) == f"as in {link}."
    body = citations.with_entries('<a href="https://doi.org/10.1109/CVPR.2018.00745">x</a>', origin)
    assert body == '<a href="reference/bibliography.html#hu2018">x</a>'
    page = citations.page()
    assert (
        citations.with_entries('<a href="https://doi.org/10.1109/CVPR.2018.00745">', page).count("doi.org")
        == 1
    )


# --- the pages of the package -----------------------------------------------------------------------------


def test_every_room_lists_what_it_offers():
    text = api.text(api.folder() / "metrics.md")
    assert "## `nme`" in text and "metrics.nme(" in text and "$$\ne_i" in text and ">>> " in text
    methods_page = api.text(api.folder() / "methods.md")
    for name in methods.names():
        assert f"## `{name}.{methods.of(name).__name__}`" in methods_page
    assert "_base.Aligner" in methods_page and "Efron, 1979" in text


def test_links_between_the_pages_of_the_package_lead_to_a_heading():
    texts = {path.name: api.text(path) for path in api.origins()[1:]}
    heads = {name: set(re.findall(r"^#+ `([^`]+)`$", text, re.MULTILINE)) for name, text in texts.items()}
    links = [link for text in texts.values() for link in re.findall(r"\]\((\w+\.md)(?:#([^)]+))?\)", text)]
    assert len(links) > 100
    assert [(page, place) for page, place in links if place and place not in heads[page]] == []
