"""The page "300W-LP at full size": its tables follow from what was measured, its text from the code."""

import pytest

from facelm_helpers.paths import ROOT
from facelm_helpers.sources import w300lp
from facelm_helpers.training import Recipe
from tools.measure import tables_full_size
from tools.ship import figures, reference, shelf

PAGE = ROOT / "notebooks" / "reference" / "full_size.md"
RESULTS = {
    "full_size": {
        "graphics card": {"images_per_second": 1000},
        "wide": {"side": 192, "bytes": 10_000, "cpu_ms": 3.6},
        "narrow": {"side": 128, "bytes": 5000, "cpu_ms": 1.8},
        "training": {"peak_bytes": 2e9, "checkpoint_bytes": 1e7},
    },
    "speed": {"rates": {"training": {"training": 100}}},
    "senet_training": {"phases": [
        {"name": "student", "crops": 3_600_000, "hours": 0.1, "batch_size": 768, "weights": 500_000}
    ]},
}  # fmt: skip


def test_the_text_says_what_the_code_says():
    text = PAGE.read_text(encoding="utf-8")
    renders, crops = sum(w300lp.COUNTS.values()), Recipe().steps * tables_full_size.BATCH
    quarter = f"--steps {Recipe().steps // 4} --set decay_steps={Recipe().decay_steps // 4}"
    for told in (quarter, f"{renders:,} renders", f"{2 * renders:,} pictures", f"{Recipe().steps:,} steps",
                 f"B = {tables_full_size.BATCH} make {crops / 1e6:.1f} million crops",
                 f"{crops / (2 * renders):.0f} passes"):  # fmt: skip
        assert told in text, told


def test_hours_follow_from_the_rates():
    head, *rows = tables_full_size.time(RESULTS)
    found = {row[0]: row[1:] for row in rows}
    assert found["two cores"][:3] == ["100", "26.67", "26.67"]
    assert found["one GPU"][:3] == ["1,000", "2.67", "2.67"]
    assert found["four GPUs of one machine"][:3] == ["4,000", "0.67", "2.67"]
    assert found["one GPU that makes the crops"][0] == "10,000"
    assert all("extrapolated" in row[-1] for row in rows)
    assert [name for name, row in found.items() if "untried" in row[-1]] == list(tables_full_size.WORKERS)[1:]


def test_sizes_follow_from_a_face():
    rows = tables_full_size.storage(RESULTS)[1:]
    assert rows[0] == ["61,225", "192", "0.61", "62", "0.06"] and rows[3][2:] == ["0.61", "123", "0.06"]
    assert tables_full_size.traffic(RESULTS)[1] == ["4", "3.0", "15.6", "47"]
    assert tables_full_size.memory(RESULTS)[1][-1] == "8"


@pytest.mark.parametrize("name", sorted(tables_full_size.TABLES))
def test_without_results_nothing_is_claimed(name):
    assert len(tables_full_size.TABLES[name]({})) == 1


def test_the_book_has_the_page_and_its_numbers():
    assert PAGE in reference.origins() and PAGE in figures.pages()
    assert shelf.title(PAGE) == "300W-LP at full size"
    assert figures.drifted(PAGE, figures.load()) == [] and figures.MISSING not in PAGE.read_text(
        encoding="utf-8"
    )
