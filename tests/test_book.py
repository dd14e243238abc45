"""The site of executed notebooks: a page each, links that lead somewhere, words for every picture."""

import json
import re

import nbformat
import pytest

from tools.ship import book, in_browser, pages, places, printed, shelf


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A book of one small notebook and its solution."""
    notebooks = tmp_path / "notebooks"
    (notebooks / "solutions").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "README.md").write_text(
        "# Data\n\nIts [faces](faces.md#all), its [list](list.csv).\n"
    )
    (tmp_path / "data" / "faces.md").write_text(
        "# Faces\n\nBack to [data](README.md).\n\n## All\n\n## 80 % and more\n"
    )
    (tmp_path / "data" / "list.csv").write_text("a,b\n")
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "NOTEBOOKS", notebooks)
    for folder, up in ((notebooks, ".."), (notebooks / "solutions", "../..")):
        text = f"# Small & <plain>\n\n[data]({up}/data/README.md), [this](00_small.ipynb), [web](https://x.org/a)"
        output = nbformat.v4.new_output("display_data", {"image/png": ""}, metadata={"image/png": {}})
        code = nbformat.v4.new_code_cell("x", outputs=[output], metadata={"alt": "Two dots."})
        cells = [nbformat.v4.new_markdown_cell(text), code]
        facts = {"reading_minutes": 7, "computing_seconds": 10}
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata={"facelm": facts}), folder / "00_small.ipynb"
        )
    monkeypatch.setattr(in_browser, "runtime", offline)
    assert book.main(["--output", str(tmp_path / "site")]) == 0
    return tmp_path / "site"


def offline():
    raise ConnectionError("npm cannot fetch it")


def test_without_the_package_of_the_browser_its_page_is_left_out_in_one_sentence(site, capsys):
    assert book.main(["--output", str(site)]) == 0
    assert "without the page that runs SENet in the browser: npm cannot fetch it\n" in capsys.readouterr().out
    assert not any("in_the_browser" in page.read_text(encoding="utf-8") for page in site.glob("**/*.html"))
    assert "in_the_browser.html" in pages.head(None) and "in_the_browser.html" in book.index()


def test_every_relative_link_of_the_site_leads_to_a_file(site, more=()):
    pages = sorted(site.glob("**/*.html"))
    assert [page.relative_to(site).as_posix() for page in pages] == [
        "00_small.html", "index.html", "linked/data/README.html", "linked/data/faces.html", "search.html",
        "solutions/00_small.html", *more,
    ]  # fmt: skip
    for page in pages:
        text = page.read_text(encoding="utf-8")
        targets = re.findall(r'<(?:a|form) [^>]*(?:href|action)="([^"#:]+)[#"]', text)
        assert targets
        for target in targets:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_pages_keep_the_words_of_pictures_and_the_index_the_minutes(site):
    page = (site / "00_small.html").read_text(encoding="utf-8")
    assert re.findall(r'<img alt="([^"]*)"', page) == ["Two dots."]
    document = (site / "linked" / "data" / "faces.html").read_text(encoding="utf-8")
    assert '<h2 id="80-%-and-more">' in document and 'href="#80-%-and-more"' in document
    assert '<h2 id="All">' in document and 'href="../../index.html">All pages' in document
    index = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="linked/data/README.html">Data<' in index
    assert "7 min" in index and "10 s" in index and "Small &amp; &lt;plain&gt;" in index


def test_pages_are_read_in_turn(site):
    """At the foot of each page stands the one before it and the one after it."""
    order, page = [], site / "index.html"
    while page:
        order.append(page.relative_to(site).as_posix())
        text = page.read_text(encoding="utf-8")
        foot = text[text.index('<nav class="facelm-nav foot"') :]
        before = re.search(r'rel="prev" href="([^"]+)"', foot)
        assert before is None or (page.parent / before[1]).resolve() == (site / order[-2]).resolve()
        following = re.search(r'rel="next" href="([^"]+)"', foot)
        page = (page.parent / following[1]).resolve() if following else None
    assert order == ["index.html", "00_small.html", "linked/data/README.html"]


def test_the_index_of_the_search_has_every_section(site):
    page = (site / "search.html").read_text(encoding="utf-8")
    index = json.loads(re.search(r'id="index">(.*?)</script>', page, re.DOTALL)[1])
    assert [entry[:3] for entry in index] == [
        ["Small & <plain>", "Small & <plain>", "00_small.html"],
        ["Data", "Data", "linked/data/README.html"],
        ["Faces", "Faces", "linked/data/faces.html"],
        ["Faces", "All", "linked/data/faces.html#All"],
        ["Faces", "80 % and more", "linked/data/faces.html#80-%-and-more"],
    ]
    assert index[0][3] == "data, this, web x" and index[2][3] == "Back to data."


PRINTED = """\
12 faces of <few> people
                NME  95 % interval  had seen
senet          1.8%   1.6% to 1.9%  nobody
mean_shape    16.7% 15.7% to 17.7%  other people, partly

one line"""


def test_printed_columns_become_a_table_and_the_rest_stays():
    page = printed.page_of(PRINTED)
    assert page.startswith("<pre>12 faces of &lt;few&gt; people</pre>") and page.endswith(
        "<pre>one line</pre>"
    )
    heads = re.findall(r"<th(?: [^>]*)?>(.*?)</th>", page)
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in page.split("<tr>")[2:]]
    assert heads == ["NME", "95 % interval", "had seen"]
    assert rows == [["senet", "1.8%", "1.6% to 1.9%", "nobody"],
                    ["mean_shape", "16.7%", "15.7% to 17.7%", "other people, partly"]]  # fmt: skip


@pytest.mark.parametrize("text", [
    "", "a\nb\nc", "[[ 1.  2.]\n [ 3.  4.]\n [ 5.  6.]]", "size 1: 2.0\nsize 2: 4.0\nsize 4: 8.0",
    "Text of three lines,  one of which\nhas two blanks in a row, is text,\nnot a table of 3 lines.",
])  # fmt: skip
def test_what_is_no_table_stays_as_it_was_printed(text):
    assert "<table" not in printed.page_of(text)


def test_a_book_for_a_class_has_no_solutions(site):
    assert book.main(["--without-solutions", "--output", str(site)]) == 0
    assert not (site / "solutions").exists()
    assert not any("solutions/" in page.read_text(encoding="utf-8") for page in site.glob("**/*.html"))


def test_a_book_with_a_second_language_has_its_pages_too(site, tmp_path, monkeypatch):
    def translate(sources, lang):
        for inner in ("", "solutions"):
            folder = tmp_path / "notebooks" / lang / inner
            folder.mkdir(parents=True)
            text = "# 小例子\n\n[答案](solutions/00_small.ipynb)" if not inner else "# 小例子（答案）"
            cells = [nbformat.v4.new_markdown_cell(text)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "00_small.ipynb")
        return 0

    monkeypatch.setattr(book.build, "translate", translate)
    assert book.main(["--lang", "zh", "--output", str(site)]) == 0
    index = (site / "index.html").read_text(encoding="utf-8")
    assert '<h2 lang="zh">中文版</h2><ul lang="zh"><li><a href="zh/00_small.html">小例子</a>' in index
    names = ["zh/00_small.html", "zh/solutions/00_small.html"]
    test_every_relative_link_of_the_site_leads_to_a_file(site, names)
    page, solved = ((site / name).read_text(encoding="utf-8") for name in names)
    assert '<html lang="zh">' in page and '<html lang="zh">' in solved
    assert 'href="solutions/00_small.html">Solutions' in page
    assert 'href="../00_small.html">Exercises' in solved
    assert "zh/00_small.html" in (site / "search.html").read_text(encoding="utf-8")
    assert book.main(["--output", str(site)]) == 0 and not (site / "zh").exists()


def test_a_folder_that_is_no_book_is_left_alone(site, tmp_path):
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("words")
    assert book.main(["--output", str(other)]) == 1
    assert (other / "chapter.txt").read_text() == "words"


def test_tables_scroll_in_a_box_of_their_own():
    page = pages.page(places.NOTEBOOKS / "reference" / "notation.md")
    assert page.count("<table") == page.count('<div class="facelm-scroll facelm-words"><table') > 5


@pytest.mark.parametrize("path", shelf.notebooks() + shelf.references()[:6], ids=lambda path: path.stem[:8])
def test_pages_need_no_network_and_show_every_formula(path):
    page = pages.page(path)
    loads = re.findall(
        r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?!data:)([^"]*)"|@import|url\(http', page
    )
    assert not loads
    cells = [cell.source for cell in shelf.read(path).cells if cell.cell_type == "markdown"]
    signs = re.sub(r"`[^`]*`", "", "\n".join(cells)).count("$")
    page = re.sub(r'<section class="facelm-quiz.*?</section>', "", page, flags=re.DOTALL)
    formulas = re.findall(r"<math\b.*?</math>", page, re.DOTALL)
    displayed = sum('display="block"' in formula for formula in formulas)
    assert 2 * len(formulas) + 2 * displayed == signs
    assert not [formula for formula in formulas if "\\" in formula]  # a command that was not understood
