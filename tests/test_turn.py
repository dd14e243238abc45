"""A photograph's head turned to larger yaw: it stays where it should, and its points go with it."""

from dataclasses import replace

import numpy as np
import pytest

from facelm_helpers import augment, face3d, sources
from facelm_helpers.faces import FaceSet
from facelm_helpers.landmarks import mirror

MODEL = face3d.load_face3d()


@pytest.fixture(scope="module")
def faces():
    return sources.load(
        "synthetic", n=6, seed=2, size=160, yaw=(0, 0.06), occlusion=False, disturb=False, progress=False
    )


def yaw_of(points, jaw="near"):
    return face3d.fit(points, jaw, face3d.CAREFUL).degrees[0, 1]


def model_points(yaw, pitch=5, roll=-8, identity=()):
    R = face3d.rotation([pitch, yaw, roll])
    return face3d.project(MODEL.shape(identity), R, 80, [80, 75])


def test_at_the_same_yaw_nothing_changes(faces):
    for image, points in zip(faces.images, faces.points, strict=True):
        picture, moved = augment.turn(image, points, yaw_of(points), jaw="visible")
        assert np.abs(picture.astype(int) - image).max() <= 1
        np.testing.assert_allclose(moved[17:], points[17:], atol=1e-3)


@pytest.mark.parametrize("jaw", ["solid", "visible", "mixed"])
def test_points_are_those_of_the_fit_turned(jaw):
    R = face3d.rotation([5, 12, -8])
    S = face3d.slid(MODEL.mean[None], R[None])[0]
    found = face3d.turned(face3d.project(S, R, 80, [80, 75]), 65, (160, 160), jaw)
    turned = face3d.rotation([5, 65, -8])
    fitted = face3d.Fitted(
        turned[None], np.array([80.0]), np.array([[80, 75]]), np.zeros((1, 0)), np.zeros((1, 0))
    )
    expected = face3d.vertices(fitted, jaw=jaw)[0, :, :2]
    assert np.abs(found.points - expected).max() < 2.5  # of a face of 80 pixels, 53 degrees further
    if jaw == "solid":
        np.testing.assert_allclose(found.before[17:], face3d.project(S, R, 80, [80, 75])[17:], atol=1e-6)


def test_the_turned_head_has_the_yaw_asked_for_and_keeps_its_size(faces):
    for points in faces.points:
        for yaw in (-70, -40, 40, 70):
            moved = augment.turn(faces.images[0], points, yaw, jaw="solid")[1]
            fitted = face3d.fit(moved, "solid", face3d.CAREFUL)
            assert abs(fitted.degrees[0, 1] - yaw) < 6
            assert abs(fitted.scale[0] / face3d.fit(points).scale[0] - 1) < 0.08


def test_pixels_move_with_the_points():
    """What is seen at a turned point was seen at that spot of the head before."""
    points = model_points(8)
    found = face3d.turned(points, 50, (160, 160))
    seen = [27, 28, 29, 45, 44, 46, 54, 57, 8, 14]  # of the side that turns to the camera, or the middle
    x, y = np.rint(found.points[seen]).astype(int).T
    assert np.linalg.norm(found.flow[y, x] - found.before[seen], axis=1).max() < 2
    far = [36, 17]  # the other side's, hidden by 85 degrees
    found = face3d.turned(points, 85, (160, 160))
    x, y = np.rint(found.points[far]).astype(int).T
    assert np.linalg.norm(found.flow[y, x] - found.before[far], axis=1).min() > 3


def test_a_mirrored_face_turns_the_other_way(faces):
    for image, points in zip(faces.images[:3], faces.points[:3], strict=True):
        picture, moved = augment.turn(image, points, 55)
        other, there = augment.turn(*augment.mirror(image, points), -55)
        np.testing.assert_allclose(mirror(there, 160), moved, atol=0.3)
        difference = np.abs(other[:, ::-1].astype(int) - picture)
        assert np.median(difference) <= 2 and difference.mean() < 6


def test_the_edge_of_what_moves_stays():
    image = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    picture, _ = augment.turn(image, model_points(5) + 60, 60)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.abs(picture[edge].astype(int) - image[edge]).mean() < 3
    assert (picture[100:200, 100:200] != image[100:200, 100:200]).mean() > 0.9


def test_a_face_that_leaves_the_picture_is_turned_too():
    picture, points = augment.turn(np.full((120, 110, 3), 90, np.uint8), model_points(3), 70)
    assert picture.shape == (120, 110, 3) and np.isfinite(points).all() and (picture == 90).all()


def test_hidden_points_do_not_hinder():
    points = model_points(10)
    points[[3, 4, 40]] = np.nan
    assert np.isfinite(augment.turn(np.zeros((160, 160, 3), np.uint8), points, 60)[1]).all()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"yaw": 100}, "yaw is 100: wanted degrees from -90 to 90"),
        ({"yaw": np.nan}, "yaw is nan"),
        ({"points": model_points(50), "yaw": 20}, "looks 50 degrees to the left already: wanted"),
        ({"points": model_points(-50), "yaw": 40}, "to the right already: wanted a yaw of at most -50"),
        ({"jaw": "near"}, "jaw is 'near': wanted one of"),
        ({"points": np.zeros((5, 2))}, "wanted (68, 2)"),
        ({"points": np.full((68, 2), np.nan)}, "visible points"),
        ({"image": np.zeros((9, 9))}, "wanted"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_sentence(change, message):
    given = {"image": np.zeros((160, 160, 3), np.uint8), "points": model_points(0), "yaw": 40} | change
    with pytest.raises(ValueError, match="(?s).*" + message.replace("(", r"\(").replace(")", r"\)")):
        augment.turn(**given)


def test_random_crops_turn_as_many_faces_as_they_are_told(faces):
    plain = augment.Strength.none()
    _, before = augment.random_crops(faces, 3, strength=plain)
    crops, after = augment.random_crops(faces, 3, strength=plain, turn=1, turn_degrees=60)
    assert crops.shape == (6, 128, 128, 3)
    more = [abs(yaw_of(b)) - abs(yaw_of(a)) for a, b in zip(before, after, strict=True)]
    assert max(more) > 20 and min(more) > -15 and max(more) < 66
    inside = (after > -10) & (after < 138)
    assert inside.all()  # the box followed the face
    half_of_them = replace(plain, turn=0.5, turn_degrees=60)
    half = [
        not np.allclose(a, b, atol=1e-3)
        for seed in range(10)
        for a, b in zip(before, augment.random_crops(faces, seed, strength=half_of_them)[1], strict=True)
    ]
    assert 0.25 < np.mean(half) < 0.75


def test_turning_does_not_change_the_other_draws(faces):
    once = augment.random_crops(faces, 5)
    again = augment.random_crops(faces, 5, turn=1e-12, turn_degrees=1)
    assert np.array_equal(once[0], again[0]) and np.array_equal(once[1], again[1])


def test_a_probability_is_one():
    with pytest.raises(ValueError, match="turn is 2: wanted a probability"):
        augment.Strength(turn=2)


def test_detector_boxes_keep_their_place(faces):
    moved = FaceSet(faces.images, faces.points, faces.boxes + [0, -8, 0, -8])
    turned = {"strength": augment.Strength.none(), "turn": 1, "turn_degrees": 60}
    tight, high = (augment.random_crops(some, 1, **turned)[1] for some in (faces, moved))
    assert 5 < np.median(high[..., 1] - tight[..., 1]) < 16


def test_the_gain_of_turned_photographs_is_measured_by_yaw(tmp_path):
    from tools.measure import turning

    rng, yaw = np.random.default_rng(0), np.array([0, 10, -40, 50, 70, -80] * 10)
    for arm in turning.ARMS:
        for seed in (1, 2):
            better = (arm == "turned") * 0.05 * (np.abs(yaw) > 60)
            errors = {
                f"{name}/{kind}": rng.uniform(0.1, 0.11, 60) - (name == "aflw2000") * better
                for name in ("aflw2000", "helen68")
                for kind in turning.KINDS
            }
            np.savez(tmp_path / f"{arm}_{seed}.npz", yaw=yaw, crops=100, stored=50, **errors)
    found = turning.result(turning.runs(tmp_path))
    far, near = found["all"]["60-90"], found["inner"]["0-30"]
    assert found["seeds"] == 2 and far["faces"] == 20
    assert far["gain"] == pytest.approx(0.05, abs=0.003) and far["interval"][0] > 0.04
    assert near["interval"][0] < 0 < near["interval"][1] or abs(near["gain"]) < 0.003
    with pytest.raises(ValueError, match="holds no seed of both arms"):
        turning.runs(tmp_path / "nowhere")


def test_the_recorded_gain_is_at_large_yaw():
    from tools.measure import store, turning

    found = store.read(turning.FILE)
    assert found["seeds"] == 3 and {"all", "inner"} <= found.keys()
    for kind in turning.KINDS:
        assert found[kind]["60-90"]["interval"][0] > 0 and found[kind]["30-60"]["interval"][0] > 0
        for said in found[kind].values():
            assert said["gain"] == pytest.approx(said["photographs"] - said["turned"], abs=2e-4)
