"""The constraints of Dense Face Alignment as losses, and what is recorded of them."""

import json
import os
import subprocess
import sys

import pytest

from facelm_helpers import paths

CODE = """
import torch
from facelm_helpers import face3d
from facelm_helpers.methods import _three_d
from tools.train import constraints

rng = np.random.default_rng(0)
degrees = np.array([[0, 0, 0], [5, 20, 0], [0, -30, 5], [0, 70, 0]])
b = rng.normal(0, 0.3, (4, 30))
faces = face3d.Fitted(face3d.rotation(degrees), np.full(4, 0.55), np.full((4, 2), 0.5), b[:, :20], b[:, 20:])
points = face3d.vertices(faces, jaw="visible")[..., :2]
rows = torch.from_numpy(constraints.rows(points, True))
known, line, seen, pair = rows.split([38, 34, 17, 1], dim=1)
assert seen[:3].all() and seen[3].sum() == 9 and pair.all()

true = torch.from_numpy(_three_d.parameters(faces))
line = line.reshape(-1, 17, 2)
at = constraints.contour(true, line, seen)
assert at.max() < 0.006, at
down = true.clone()
down[:, 7] += 1  # the face moves down by one standard deviation: off the line
found = down.requires_grad_()
off = constraints.contour(found, line, seen)
assert (off > 3 * at).all(), (off, at)
off.sum().backward()
assert (found.grad[:, 7] > 0).all()  # back up

alike = true.clone()
alike[1::2, 8:] = alike[::2, 8:]
paired = torch.tensor([True] * 4)
assert constraints.matching(alike, paired).max() < 0.002
assert constraints.matching(true, paired).min() > 0.004
two = constraints.matching(true, torch.tensor([True, True, False, False]))
assert not two[2:].any() and torch.isclose(two.mean(), constraints.matching(true, paired)[0])

for count in range(1, 5):
    total = constraints.loss(list(constraints.WEIGHTS)[:count])(found, rows)
    assert total.shape == (4,) and torch.isfinite(total).all()
"""


def test_each_constraint_is_met_by_the_true_face_alone():
    pytest.importorskip("torch", reason="PyTorch is not installed: the constraints' losses are not tested")
    environment = os.environ | {"KERAS_BACKEND": "torch", "PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_each_constraint_improves_what_it_is_about():
    found = json.loads((paths.RESULTS / "dense_alignment.json").read_text(encoding="utf-8"))
    parameters, landmarks, contour, matching = found["rows"].values()
    assert list(found["rows"]) == ["parameters", "landmarks", "contour", "matching"] and found["seeds"] >= 2
    assert landmarks["points"]["mean"] < 0.97 * parameters["points"]["mean"]
    assert contour["contour"] < 0.95 * landmarks["contour"]
    assert matching["apart"] < 0.5 * contour["apart"]
    assert min(contour["points"]["mean"], matching["points"]["mean"]) > landmarks["points"]["mean"]
