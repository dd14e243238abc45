"""Notebooks 04 and 05: their functions are right; their checks tell right answers from nearly right ones."""

import ast

import cv2
import numpy as np
import pytest
from drawn import drawn_faces

from facelm_helpers import augment, landmarks, sources, widgets
from facelm_helpers.boxes import move_boxes, overlap
from facelm_helpers.checks import dlib_68_points as detecting
from facelm_helpers.checks import preparing_data as preparing
from facelm_helpers.faces import crop, crop_transform
from facelm_helpers.geometry import apply_transform
from facelm_helpers.images import warp
from facelm_helpers.methods.mean_shape import MeanShape
from facelm_helpers.widgets import _drag_box
from tools.notebook.derive import SOURCES, derive

WHOLE = 63.5 + 128 / 3 * np.array([-1, -1, 1, 1])  # the box whose crop is the whole crop


def functions_of(stem, **names):
    """The functions that a solved notebook defines, with the names that they use."""
    cells = derive(SOURCES / f"{stem}.py")["solution"].cells
    parsed = ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    defined = [node for node in parsed.body if isinstance(node, ast.FunctionDef)]
    space = {"np": np, "cv2": cv2} | names
    exec(compile(ast.Module(defined, []), stem, "exec"), space)
    return space


@pytest.fixture(scope="module")
def lesson_04():
    return functions_of("04_dlib_68_points", overlap=overlap, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def lesson_05():
    return functions_of(
        "05_preparing_data", augment=augment, landmarks=landmarks, warp=warp, move_boxes=move_boxes,
        crop_transform=crop_transform, apply_transform=apply_transform,
        BOX=WHOLE,
    )  # fmt: skip


# --- 04: non-maximum suppression ---


def those_that_no_kept_one_overlaps(boxes, scores):
    kept = np.zeros(len(scores), bool)
    for i in np.argsort(scores)[::-1]:
        kept[i] = not any(overlap(boxes[i], boxes[j]) > 0.3 for j in np.flatnonzero(kept))
    return np.flatnonzero(kept)


def suppressed_by_all(boxes, scores):
    order = np.argsort(-scores)
    return [i for k, i in enumerate(order) if not any(overlap(boxes[i], boxes[j]) > 0.3 for j in order[:k])]


def lowest_first(boxes, scores):
    return detecting._keep_best(boxes, -scores)


def test_suppression_right_and_nearly_right(lesson_04):
    assert detecting.keep_best(lesson_04["keep_best"]) and detecting.keep_best(
        those_that_no_kept_one_overlaps
    )
    assert "only a box that is *kept*" in detecting.keep_best(suppressed_by_all).message
    assert "start with the highest" in detecting.keep_best(lowest_first).message
    best_alone = detecting.keep_best(lambda boxes, scores: list(np.argsort(-scores)[:1]))
    assert "go on with the rest" in best_alone.message
    boxes_instead = detecting.keep_best(lambda boxes, scores: boxes[detecting._keep_best(boxes, scores)])
    assert "indices" in boxes_instead.message
    assert "flatnonzero" in detecting.keep_best(lambda boxes, scores: scores > 0.5).message
    assert "None" in detecting.keep_best(lambda boxes, scores: None).message
    assert detecting.keep_best(lambda boxes, scores: ...).state == "untried"


# --- 04: a tree of depth two ---


def every_split(D, delta):
    return detecting._exact_split(D, delta)


def grown_in_a_loop(D, delta, best_split):
    q, tau = every_split(D, delta)
    questions, leaves = [(q, tau)], []
    for answer in (False, True):
        members = np.flatnonzero((D[:, q] > tau) == answer)
        second = every_split(D[members], delta[members])
        questions.append(second)
        for deep in (False, True):
            leaf = [i for i in members if (D[i, second[0]] > second[1]) == deep]
            leaves.append(sum(delta[i] for i in leaf) / len(leaf))
    return questions, leaves


def branches_swapped(D, delta, best_split):
    (root, no, yes), leaves = detecting._grow_tree(D, delta, best_split)
    return [root, yes, no], leaves


def leaves_reordered(D, delta, best_split):
    questions, leaves = detecting._grow_tree(D, delta, best_split)
    return questions, leaves[[0, 2, 1, 3]]


def leaves_summed(D, delta, best_split):
    questions, leaves = detecting._grow_tree(D, delta, best_split)
    k = detecting._leaf_of(D, questions)
    return questions, leaves * np.bincount(k)[:, None]


def test_a_tree_right_and_nearly_right(lesson_04):
    assert detecting.grow_tree(lesson_04["grow_tree"]) and detecting.grow_tree(grown_in_a_loop)
    assert detecting.grow_tree(lambda *given: list(grown_in_a_loop(*given)))
    assert "sums" in detecting.grow_tree(leaves_summed).message
    assert detecting.grow_tree(branches_swapped).state == "wrong"
    assert "another order" in detecting.grow_tree(leaves_reordered).message
    assert "None" in detecting.grow_tree(lambda *given: None).message
    assert detecting.ready(branches_swapped, detecting.grow_tree) is detecting._grow_tree


def test_the_best_of_random_questions_lowers_the_error(lesson_04):
    rng = np.random.default_rng(1)
    D = rng.normal(size=(80, 6))
    delta = np.sign(D[:, [2]]) * np.ones(136) + 0.1 * rng.normal(size=(80, 136))
    q, tau = lesson_04["best_split"](D, delta, tries=200)
    assert q == 2 and abs(tau) < 0.5


def test_settings_are_judged_by_error_and_cost():
    base = {"n_stages": 3, "n_trees": 16, "depth": 3, "n_starts": 1, "learning_rate": 0.9}
    faces = sources.load("synthetic", n=100, seed=1, progress=False)
    given = base, faces[:70], faces[70:]
    assert detecting.settings({"learning_rate": 0.2, "n_starts": 6}, *given)
    assert detecting.settings({"learning_rate": 1.0}, *given).state == "wrong"
    assert "at most 288" in detecting.settings({"n_trees": 50}, *given).message
    assert detecting.settings(..., *given).state == "untried"
    assert detecting.ready(..., detecting.settings, *given) is detecting.OURS[detecting.settings]
    assert detecting.cost(base | detecting.OURS[detecting.settings]) <= 1920


# --- 05 ---


def cropped_by_slices(image, points, box):
    s = 1.5 * max(box[2] - box[0], box[3] - box[1])
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    grid = (np.arange(128) - 63.5) * s / 128
    x, y = np.meshgrid(grid + cx, grid + cy)
    face = cv2.remap(image, x.astype("f4"), y.astype("f4"), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return face, [
        [((px - cx) * 128 / s + 63.5) / 128, ((py - cy) * 128 / s + 63.5) / 128] for px, py in points
    ]


def test_a_crop_right_and_nearly_right(lesson_05):
    assert preparing.to_crop(lesson_05["to_crop"]) and preparing.to_crop(cropped_by_slices)
    right = preparing._to_crop
    for words, wrong in {
        "Divide by 128": lambda *given: (right(*given)[0], 128 * right(*given)[1]),
        "63.5": lambda *given: (right(*given)[0], right(*given)[1] + 0.5 / 128),
        "shows something else": lambda *given: (right(*given)[0][::-1], right(*given)[1]),
        "uint8": lambda *given: (right(*given)[0] / 255, right(*given)[1]),
        "picture, and the points": lambda *given: right(*given)[1][:1],
        "do not clip": lambda *given: (right(*given)[0], np.clip(right(*given)[1], 0, 1)),
        "not by 127": lambda *given: (right(*given)[0], right(*given)[1] * 128 / 127),
        "picture comes first": lambda *given: right(*given)[::-1],
        "returns None": lambda *given: None,
    }.items():
        assert words in preparing.to_crop(wrong).message


def test_the_lesson_s_crop_is_the_package_s(lesson_05):
    image, points, box = drawn_faces(1)[0]
    face, x_hat = lesson_05["to_crop"](image, points, box)
    expected, transform = crop(image, box)
    assert np.abs(face.astype(int) - expected).max() <= 1
    np.testing.assert_allclose(128 * x_hat, apply_transform(transform, points), atol=1e-3)
    np.testing.assert_allclose(transform, crop_transform(box), atol=1e-9)


def mirrored_in_place(image, points):
    points[:, 0] = image.shape[1] - 1 - points[:, 0]
    points[:] = points[landmarks.MIRROR]
    image[:] = image[:, ::-1].copy()
    return image, points


def test_a_mirror_right_and_nearly_right(lesson_05):
    assert preparing.mirror(lesson_05["my_mirror"]) and preparing.mirror(mirrored_in_place)
    right = preparing._mirror
    for words, wrong in {
        "has not been mirrored": lambda image, points: (image, right(image, points)[1]),
        "not image[:, ::-1]": lambda image, points: (image[::-1], right(image, points)[1]),
        "[::-1] reverses": lambda image, points: (image[:, ::-1], (points * [-1, 1] + [119, 0])[::-1]),
        "One pixel off": lambda image, points: (image[:, ::-1], right(image, points)[1] + [1, 0]),
        "Two things": lambda image, points: points,
        "returns None": lambda image, points: None,
    }.items():
        assert words in preparing.mirror(wrong).message


def shifted_and_grey(image, points, rng):
    dx, dy = rng.uniform(-15, 15, 2)
    moved = cv2.warpAffine(
        image, np.float64([[1, 0, dx], [0, 1, dy]]), (128, 128), borderMode=cv2.BORDER_REFLECT
    )
    gain = rng.uniform(0.5, 1.2)
    return np.clip(moved * gain, 0, 255).astype(np.uint8), points + [dx, dy]


def points_left_behind(image, points, rng):
    picture, moved = preparing._augmented(image, points, rng)
    return picture, points + (moved - points) * 0.3


def only_rotated(image, points, rng):
    return augment.rotate(image, points, rng.normal(0, 15))


def in_both_ways(image, points, rng):
    image, points = augment.mirror(*augment.rotate(image, points, rng.normal(0, 15)))
    transform = crop_transform(move_boxes(WHOLE, rng.normal(0, 0.06, 2), np.exp(rng.normal(0, 0.1))))
    return warp(image, transform, 128), apply_transform(transform, points)


def on_its_head(image, points, rng):
    return augment.light(image[::-1], rng.uniform(0.6, 1.3)), points * [1, -1] + [0, 127]


def not_renumbered(image, points, rng):
    return augment.light(image[:, ::-1], rng.uniform(0.6, 1.3)), points * [-1, 1] + [127 + rng.normal(), 0]


def test_an_augmentation_is_judged_by_where_the_points_are(lesson_05):
    assert preparing.augmented(lesson_05["my_augment"]) and preparing.augmented(shifted_and_grey)
    assert preparing.augmented(preparing._augmented)
    assert "make every move" in " ".join(preparing.augmented(points_left_behind).message.split())
    assert "old numbers" in preparing.augmented(not_renumbered).message
    own = np.random.default_rng(0)
    assert "from rng" in preparing.augmented(lambda *given: preparing._augmented(*given[:2], own)).message
    for geometry_alone in (only_rotated, in_both_ways):
        assert "light never changes" in preparing.augmented(geometry_alone).message
    assert "on their heads" in preparing.augmented(on_its_head).message
    assert (
        "all versions are the same"
        in preparing.augmented(
            lambda image, points, rng: augment.rotate(augment.grey(image), points, 10)
        ).message.lower()
    )
    assert preparing.augmented(lambda *given: None).state == "wrong"


@pytest.mark.parametrize("change", [
    lambda image, rng: augment.grey(image) if rng.random() < 0.5 else image,
    lambda image, rng: augment.blur(image, sigma=rng.uniform(0.3, 0.8)),
    lambda image, rng: augment.noise(image, sd=8, rng=rng),
    lambda image, rng: augment.light(image, cast=rng.uniform(0.8, 1.2, 3)),
])  # fmt: skip
def test_every_change_of_light_that_the_lesson_names_counts(change):
    def version(image, points, rng):
        image, points = only_rotated(image, points, rng)
        return change(image, rng), points

    assert preparing.augmented(version)


# --- what a person drags ---


def test_the_box_follows_the_pointer_within_its_limits():
    image, truth, box = drawn_faces(1)[0]
    aligner = MeanShape().fit(drawn_faces(4))
    dragged = widgets.DraggableBox({"one": aligner, "two": aligner}, image, box, truth)
    centre = (box[:2] + box[2:]) / 2
    x, y = (centre + 0.1 * (box[2:] - box[:2]).max()) / max(image.shape[:2])
    before = dragged.errors["one"]
    for panel in (0, 1):
        dragged.field.value = f"{(x + panel) / 2:.4f} {y:.4f}"
        assert dragged.sliders["right"].value == pytest.approx(0.1, abs=0.011)
        assert dragged.sliders["down"].value == pytest.approx(0.1, abs=0.011)
    assert dragged.errors["one"] > before
    dragged.field.value = "not a place"
    dragged.field.value = "0.0 0.99"
    low, high, _ = _drag_box.RANGES["down"]
    assert low <= dragged.sliders["right"].value <= dragged.sliders["down"].value <= high
    data, _ = dragged._repr_mimebundle_()
    assert "image/jpeg" in data


def test_a_moved_box_is_drawn_and_judged_by_the_package_s_own_error():
    image, truth, box = drawn_faces(1)[0]
    aligner = MeanShape().fit(drawn_faces(4))
    for shift in ((0, 0), (0.2, -0.1)):
        picture, errors = _drag_box.in_box({"one": aligner}, image, move_boxes(box, shift), truth)
        assert picture.shape == (_drag_box.SIDE, _drag_box.SIDE, 3) and errors["one"] >= 0


def test_the_strength_of_augmentation_is_scaled_part_by_part():
    strength = augment.Strength()
    assert strength.times() == strength
    assert strength.times(0, 0).rotation == strength.times(0, 0).grey == 0
    twice = strength.times(geometry=2)
    assert twice.rotation == 2 * strength.rotation and twice.gain == strength.gain
    assert strength.times(photometry=20).grey == 1  # a probability stays one
