"""The papers of the bibliography, and where a text mentions them.

A mention is the address of a paper, or its authors with the year: "Holm, 1979", "Cootes and Taylor (1992)",
"He and others, 2015", "King, Dlib-ml, JMLR 2009".
"""

import csv
import functools
import html
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from tools.ship import places
from tools.ship.places import link_for_page

_NAME = r"(?:[A-Z]\.\s?)*(?:De\sla\s|[Vv]an\s|[Dd]e\s)?[^\W\d_a-z][\w’'-]+"
_NAMES = rf"{_NAME}(?:,\s+{_NAME})*(?:,?\s+(?:and|&)\s+(?:others|{_NAME}))?(?:,?\s+et\s+al\.)?"
_YEAR = r"(?:19|20)\d\d"
MENTION = re.compile(
    rf"(?<![\w-])(?P<names>{_NAMES})(?:,?\s+\((?:[A-Z][^()]{{,60}}?\s)?|,\s+)(?P<year>{_YEAR})\b"
    rf"|(?<![\w-])(?P<by>{_NAMES}),\s+\*?(?=[A-Z\d])[^.;()\[\]]{{4,160}}?\b(?P<when>{_YEAR})\b"
)
# what is no running text: code, formulas, links, tags, the addresses of links
_SET_APART = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<[^>]+>|^\[[^\]]+\]: .*?$",
    re.DOTALL | re.MULTILINE,
)
_BETWEEN = re.compile(r",\s+|,?\s+(?:and|&)\s+|,?\s+et\s+al\.")
_ADDRESS = re.compile(r"https?://[^\s\"'<>\]]+")


@dataclass(frozen=True)
class Paper:
    """One entry of the bibliography.

    Parameters
    ----------
    key : str
        The anchor of the entry.
    authors : tuple of str
        Initials and surname of each.
    year, title, venue : str
    address : str
        A DOI as an address, or one that will last.
    called : str
        What a text may say in place of the authors; mostly nothing.
    years, addresses : frozenset of str
        Those of all editions, the one above among them.
    """

    key: str
    authors: tuple
    year: str
    title: str
    venue: str
    address: str
    called: str
    years: frozenset
    addresses: frozenset

    @property
    def surnames(self):
        """The authors without initials, accents or capitals."""
        return tuple(_plain(author) for author in self.authors)


def _plain(name):
    """A name without initials, accents or capitals.

    >>> _plain("M. Özuysal"), _plain("F. De la Torre")
    ('ozuysal', 'de la torre')
    """
    name = re.sub(r"\b[A-Z]\.\s?", "", name).strip()
    letters = unicodedata.normalize("NFKD", name)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())


def page():
    """Where the bibliography's text lies."""
    return places.NOTEBOOKS / "reference" / "bibliography.md"


def papers():
    """The entries in the order of authors and years; dict of key -> `Paper`."""
    return _read(page().with_suffix(".csv"))


@functools.cache
def _read(table):
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        others = row.pop("editions").split()
        authors = tuple(author.strip() for author in row.pop("authors").split(";"))
        years = frozenset([row["year"], *(word for word in others if re.fullmatch(_YEAR, word))])
        addresses = frozenset([row["address"], *(word for word in others if word.startswith("http"))])
        found.append(Paper(**row, authors=authors, years=years, addresses=addresses))
    return {paper.key: paper for paper in sorted(found, key=lambda paper: (paper.surnames, paper.year))}


def paper_at(address):
    """The key of the paper with an address, or None."""
    address = unquote(html.unescape(address))
    return next((key for key, paper in papers().items() if address in paper.addresses), None)


def paper_of(names, year, text=""):
    """The key of the one paper by authors named like this in a year, or None.

    Parameters
    ----------
    names, year : str
    text : str
        Where two papers fit: what may hold the title.

    >>> paper_of("Xiong and De la Torre", "2013")
    'xiong2013'
    """
    named = [_plain(name) for name in _BETWEEN.split(names) if name and name != "others"]
    found = [
        paper
        for paper in papers().values()
        if year in paper.years and (named[0] == paper.surnames[0] or names == paper.called)
    ]
    if len(found) > 1:
        found = [paper for paper in found if set(named) <= set(paper.surnames)]
    if len(found) > 1:
        found = [paper for paper in found if _plain(paper.title)[:30] in _plain(text)]
    return found[0].key if len(found) == 1 else None


def addresses(text):
    """The addresses in a text, without the punctuation that follows them.

    >>> addresses("([Hu](https://doi.org/10.1109/CVPR.2018.00745)); https://doi.org/10.1016/S0262-8856(02)00055-0.")
    ['https://doi.org/10.1109/CVPR.2018.00745', 'https://doi.org/10.1016/S0262-8856(02)00055-0']
    """
    found = [address.rstrip(".,;:") for address in _ADDRESS.findall(text)]
    for k, address in enumerate(found):
        while address.endswith((")", ".", ",", ";", ":")) and address.count(")") > address.count("("):
            address = address[:-1]
        found[k] = address
    return found


def mentions(text):
    """Where a text names authors and a year; what is a venue or an abbreviation is no author.

    Returns
    -------
    list of (names, year, the whole mention)

    >>> mentions("as in Holm, 1979; *Image and Vision Computing*, 2016; (IEEE PAMI, 2001)")
    [('Holm', '1979', 'Holm, 1979')]
    """
    return [
        _who(match) for part in _SET_APART.split(text) for match in MENTION.finditer(part) if _is_one(match)
    ]


def cited(text):
    """The keys of the papers that a text mentions, each once.

    >>> cited("After [Hu](https://doi.org/10.1109/CVPR.2018.00745) and Efron (1979)")
    ['hu2018', 'efron1979']
    """
    found = [*map(paper_at, addresses(text)), *(paper_of(*mention) for mention in mentions(text))]
    return [key for key in dict.fromkeys(found) if key]


def linked(source, path):
    """Markdown whose plain mentions are links to the bibliography.

    Parameters
    ----------
    source : str
    path : Path
        The page that the text is on; the bibliography's own stays as it is.
    """

    def link(match):
        key = paper_of(*_who(match)) if _is_one(match) else None
        return f"[{match[0]}]({_target(key, path)})" if key else match[0]

    if path == page():
        return source
    parts, at = [], 0
    for apart in _SET_APART.finditer(source):
        parts += [MENTION.sub(link, source[at : apart.start()]), apart[0]]
        at = apart.end()
    return "".join(parts) + MENTION.sub(link, source[at:])


def with_entries(body, path):
    """HTML whose links to papers lead to their entries, where authors, title and address are."""

    def link(match):
        key = paper_at(match[1])
        return f'href="{_target(key, path)}"' if key else match[0]

    return body if path == page() else re.sub(r'href="(https?://[^"]*)"', link, body)


def _target(key, path):
    return link_for_page(f"{page().as_posix()}#{key}", path)


def _who(match):
    """Names, year and all of a mention; in "SE-ResNet (Hu, Shen and Sun, 2018" the names within brackets."""
    inner = MENTION.search(match[0].partition("(")[2])
    if inner and paper_of(*_who(inner)):
        return _who(inner)
    return match["names"] or match["by"], match["year"] or match["when"], match[0]


def _is_one(match):
    names = _who(match)[0]
    known = papers().values()
    return names in {paper.called for paper in known} or not (
        names.isupper() or any(names in paper.venue for paper in known)
    )
