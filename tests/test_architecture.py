"""The drawing of a network says what the model is."""

import pytest

from facelm_helpers import networks, plots


def _said(model):
    return [text.get_text() for text in plots.architecture(model).axes[0].texts]


def test_blocks_their_shapes_and_weights_are_the_model_s():
    model = networks.hourglass(size=32, widths=(8, 8, 8), features=8, depth=2)
    said = _said(model)
    assert said[0] == f"{model.count_params():,} weights"
    assert said.count("upper: 3 conv") == 2 and said.count("sum: +") == 2
    assert any(text.startswith("8×8×68") for text in said)


def test_equal_branches_are_drawn_once():
    small = {"convolutions": ((4, 3, 2),), "patch_convolutions": ((4, 3, 2),), "patch": 8, "patch_hidden": 8}
    said = _said(networks.dcnn(size=32, side=16, hidden=8, shared=False, points=5, **small))
    assert said.count("10 × patch: warp") == 2  # of either level; five points, two patches each
    assert sum(text.startswith("10 × points") for text in said) == 2


@pytest.mark.parametrize("model", [
    lambda: networks.mtcnn("p"), lambda: networks.senet(channels=(16, 32), blobs=(1, 2), stem=8, hidden=16),
    lambda: networks.dan(stem=8, channels=(16, 32), blobs=(1, 1), head=8, hidden=16, size=32, side=8),
])  # fmt: skip
def test_no_text_leaves_the_drawing_and_no_two_boxes_meet(model):
    figure = plots.architecture(model())
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    boxes = [patch.get_bbox() for patch in figure.axes[0].patches][::2]
    assert not any(a is not b and a.overlaps(b) for a in boxes for b in boxes)
    for text in figure.axes[0].texts:
        extent = text.get_window_extent(renderer)
        assert extent.x0 >= 0 and extent.x1 <= figure.bbox.width, text.get_text()


def test_networks_in_a_row_keep_their_places():
    models = {part: networks.mtcnn(part) for part in "pro"}
    figure = plots.architectures(models)
    assert figure.get_figwidth() <= plots.FULL
    titles = [text for text in figure.axes[0].texts if "weights" in text.get_text()]
    assert [text.get_text()[0] for text in titles] == list("pro")
    ends = [text.get_window_extent().x1 for text in titles]
    starts = [text.get_window_extent().x0 for text in titles[1:]]
    assert all(end < start for end, start in zip(ends, starts, strict=False))
