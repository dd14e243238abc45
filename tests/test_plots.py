"""Pictures: the right things are drawn at the right places, and every viewer can show them."""

import io
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from PIL import Image

from facelm_helpers import metrics, plots
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.plots import picture
from tools.notebook.execute import execute

ALT = "Two crossing lines, one rising and one falling."


def image_of(content):
    return Image.open(io.BytesIO(content))


def test_a_figure_is_a_png_of_twice_the_width_that_it_is_shown_at():
    content, kind, width = picture.encode(plots.canvas()[0])
    assert (kind, width) == ("image/png", picture.COLUMN)
    image = image_of(content)
    assert image.format == "PNG" and image.width == 2 * width and len(content) < 30_000


def test_faces_are_a_jpeg():
    faces = np.random.default_rng(0).integers(0, 255, (8, 16, 16, 3), dtype=np.uint8)
    content, kind, _ = picture.encode(plots.faces_grid(faces, columns=4))
    assert kind == "image/jpeg" and image_of(content).format == "JPEG"


def test_a_kernel_shows_a_picture_with_the_alternative_text_of_its_cell():
    code = "from facelm_helpers import plots\nplots.show(plots.canvas()[0])"
    cell = nbformat.v4.new_code_cell(code, metadata={"alt": ALT})
    execute(nbformat.v4.new_notebook(cells=[cell]), ".")
    (output,) = cell.outputs
    assert set(output.data) == {"image/png", "text/plain"}
    assert output.metadata["image/png"] == {"width": picture.COLUMN, "alt": ALT}


def test_a_page_gets_the_alternative_text():
    data, metadata = picture.bundle(b"bytes", "image/png", 820)
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("x", outputs=[output], metadata={"alt": 'A "quoted" <line>.'})
    picture.as_html(cell)
    assert 'alt="A &quot;quoted&quot; &lt;line&gt;."' in cell.outputs[0].data["text/html"]


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
