"""TCDCN's other tasks in training: MTFL's attributes beside the annotated faces, and when a task is done.

MTFL's faces have five points, a smile, glasses and a pose given by hand; of the annotated ones, pose and open
mouth are seen from the points (`methods.tcdcn`).
"""

import dataclasses

import numpy as np
import torch

from facelm_helpers.landmarks import LEFT_EYE, RIGHT_EYE, convert
from facelm_helpers.methods.tcdcn import targets
from facelm_helpers.networks import TASKS
from tools.data.real_faces import REAL, mtfl
from tools.train.batches import Batches

SHARE = 0.25  # of a batch: MTFL's faces
HELD_OUT = 10  # every tenth of MTFL's faces says when a task has learnt all
PATIENCE = 3  # reports in which a task gets no better, and is stopped


def attributes(root=REAL):
    """Pose (0 to 4, left to right), smile, glasses, open mouth (NaN) of MTFL's faces as packed: (N, 4)."""
    smile, glasses, pose = np.float32([told[1:4] for *_, told in mtfl(root)]).T
    return np.stack([pose - 1, smile == 1, glasses == 1, np.full(len(pose), np.nan)], axis=-1)


def as_shapes(five):
    """Five points (N, 5, 2) in the places of the 68 that give them back, 0 elsewhere."""
    shapes = np.zeros((len(five), 68, 2), np.float32)
    for places, k in ((LEFT_EYE, 0), (RIGHT_EYE, 1), ([30], 2), ([48], 3), ([54], 4)):
        shapes[:, places] = five[:, k : k + 1]
    return shapes


def as_five(faces):
    """MTFL's faces, as packed, with their five points in the places of the 68."""
    return dataclasses.replace(faces, points=as_shapes(faces.five), balanced=False)


class Tasks:
    """Draws batches for TCDCN, and stops its tasks.

    Parameters
    ----------
    aligner : TCDCN
    batches : Batches
        Of the annotated faces.
    faces : Faces
        Of MTFL.
    known : (N, 4) array
        Of `attributes`.
    """

    def __init__(self, aligner, batches, faces, known):
        if len(known) != len(faces):
            raise ValueError(f"{len(known)} faces in MTFL's list, {len(faces)} packed: pack them again")
        self.aligner, self.batches, self.known = aligner, batches, known
        keep = np.arange(len(faces)) % HELD_OUT > 0
        faces = dataclasses.replace(as_five(faces), keep=keep)
        only, strength = {"mtfl": 1.0}, batches.strength
        self.mtfl = Batches({"mtfl": faces}, batches.device, strength, only)
        held_out = dataclasses.replace(faces, keep=~keep)
        self.held_out = Batches({"mtfl": held_out}, batches.device, strength, only)

    def draw(self, size):
        """Crops, targets (size, 150), weights: as `Batches.draw`."""
        few = round(SHARE * size)
        crops, points, weights = self.batches.draw(size - few)
        others = self._of_mtfl(self.mtfl, few)
        wanted = torch.from_numpy(targets(points.cpu().flatten(1).numpy())).to(points.device)
        parts = (crops, wanted, weights), others
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))

    def _of_mtfl(self, batches, size):
        crops, points, weights = batches.draw(size)
        shapes, known = points.cpu().numpy(), self.known[batches.drawn["mtfl"].cpu().numpy()].copy()
        flipped = batches.flipped.cpu().numpy()
        known[flipped, 0] = 4 - known[flipped, 0]
        five = convert(shapes, "5").reshape(size, 10)
        wanted = targets(np.full((size, 136), np.nan, np.float32), five, known)
        return crops, torch.from_numpy(wanted).to(points.device), weights

    @torch.no_grad()
    def report(self, network, reports):
        """Task -> cross-entropy on held-out faces of MTFL; sets which of the aligner's tasks go on."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            crops, wanted, _ = self._of_mtfl(self.held_out, 256)
        logits, losses = network.output(crops)[:, 136:].float(), {}
        for k, task in enumerate(TASKS[:3]):  # of the mouth nothing is known here
            self.aligner.learning = tuple(i == k for i in range(len(TASKS)))
            losses[task] = float(self.aligner._tasks_loss(wanted[:, 146:], logits).mean())
        self.aligner.learning = learning([row["tasks"] for row in reports] + [losses])
        return losses


def learning(past):
    """Which tasks go on, from their losses so far: one stops when it was best `PATIENCE` reports ago.

    >>> learning([{"pose": loss, "smile": 5 + loss % 2} for loss in (6, 5, 4, 3)])
    (True, False, True, True)
    """
    found = []
    for task in TASKS:
        losses = [row[task] for row in past if task in row]
        found.append(not losses or len(losses) - int(np.argmin(losses)) <= PATIENCE)
    return tuple(found)
