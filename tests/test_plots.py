"""Pictures: the right things are drawn at the right places, and none goes without its words."""

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from facelm_helpers import metrics, plots
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.plots import _canvas

ALT = "Two crossing lines, one rising and one falling."


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to the page: (html, words) pairs."""
    calls = []
    monkeypatch.setattr(_canvas, "_display", lambda *pair: calls.append(pair))
    return calls


def picture_of(element):
    kind, data = re.search(r"data:image/(\w+);base64,([^\"]+)", element).groups()
    return kind, base64.b64decode(data)


def test_show_writes_an_image_with_its_alternative_text(shown):
    figure, ax = plots.canvas()
    plots.show(figure, alt='A "quoted" <line> on a plain page.')
    element, words = shown[0]
    assert 'alt="A &quot;quoted&quot; &lt;line&gt; on a plain page."' in element
    assert words == '[picture: A "quoted" <line> on a plain page.]'
    kind, data = picture_of(element)
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == int(figure.get_figwidth() * _canvas.DPI)


@pytest.mark.parametrize("alt", ["", "a face", None, " " * 40])
def test_show_refuses_a_picture_without_words(alt):
    figure, _ = plots.canvas()
    with pytest.raises(ValueError, match="describe"):
        plots.show(figure, alt=alt)


def test_a_wall_of_photographs_stays_under_a_hundred_kilobytes(shown):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (24, 16, 16, 3), dtype=np.uint8)
    faces = np.stack([np.asarray(Image.fromarray(face).resize((128, 128), 3)) for face in small])
    plots.show(plots.faces_grid(faces, columns=8), alt=ALT)
    kind, data = picture_of(shown[0][0])
    assert kind == "webp" and len(data) < 100_000


def test_the_same_figure_gives_the_same_bytes(shown):
    for _ in range(2):
        plots.show(plots.ced({"a": np.array([0.01, 0.05])}), alt=ALT)
    assert shown[0] == shown[1]


def test_each_region_is_drawn_in_its_own_colour():
    points = np.random.default_rng(0).uniform(0, 99, (68, 2))
    lines = plots.face(np.zeros((100, 100, 3), np.uint8), points).axes[0].lines
    drawn = {line.get_color(): line.get_xydata() for line in lines}
    for region, index in REGIONS.items():
        np.testing.assert_allclose(drawn[plots.REGION_COLOURS[region]], points[index])


def test_a_box_is_drawn_around_whole_pixels():
    figure = plots.face(np.zeros((10, 10, 3), np.uint8), box=[2, 3, 5, 7])
    corners = figure.axes[0].lines[0].get_xydata()
    np.testing.assert_allclose(corners.min(0), [1.5, 2.5])
    np.testing.assert_allclose(corners.max(0), [4.5, 6.5])


def test_the_curve_is_the_metric_in_percent():
    errors = np.array([0.01, 0.03, 0.2])
    line = plots.ced({"a": errors}, threshold=0.08).axes[0].lines[0]
    x, y = line.get_data()
    np.testing.assert_allclose(y, 100 * metrics.ced(errors, x / 100))
    assert y[-1] == pytest.approx(200 / 3)


def test_the_leaderboard_has_the_best_method_on_top():
    rows = metrics.leaderboard({"worse": np.array([0.2, 0.3]), "better": np.array([0.02, 0.03])})
    ax = plots.leaderboard(rows).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["better", "worse"]
    assert ax.yaxis_inverted()
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [2.5, 25.0])


@pytest.mark.parametrize("image", [np.zeros((4, 4, 4)), np.zeros(3), np.zeros((2, 4, 4, 3))])
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(ValueError, match="shape"):
        plots.face(image)


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        plots.faces_grid([])


def test_importing_plots_starts_neither_tensorflow_nor_matplotlib():
    program = (
        "import sys, facelm_helpers.plots;"
        "print({'tensorflow', 'keras', 'matplotlib', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
