"""What a method of the leaderboard costs and whom it learnt from: counted, or read from the records."""

import json
import re
import time

from facelm_helpers import methods, networks, sources
from facelm_helpers.methods import dlib
from facelm_helpers.paths import RESULTS, WEIGHTS
from tools.measure.store import phases, read


def cost(aligner):
    """The cost of one shipped aligner, without its milliseconds.

    Parameters
    ----------
    aligner : Aligner
        With its shipped weights.

    Returns
    -------
    dict
        ``bytes`` of the file that is run; of a network also ``multiply_adds`` for a face and ``parameters``.
        ``training``: ``hours``, ``device`` and what else is known, see `training`; absent where nothing is.
    """
    found = {"bytes": runs_from(aligner).stat().st_size}
    if aligner.kind == "network" and hasattr(aligner, "build"):
        rows = networks.cost(aligner.build())
        found |= {key: sum(row[key] for row in rows) for key in ("multiply_adds", "parameters")}
    trained = training(aligner.name)
    return found | ({"training": trained} if trained else {})


def runs_from(aligner):
    """The file that a prediction is computed from: a frozen one where there is one, the weights otherwise."""
    if aligner.name == "dlib":
        return dlib.shipped_file()
    frozen = sorted(WEIGHTS.glob(f"{aligner.name}-*.tflite"))
    return frozen[-1] if frozen else WEIGHTS / f"{aligner.name}.npz"


def training(name):
    """How long the shipped weights of a network were trained, from the records of the runs; {} if unknown.

    Returns
    -------
    dict
        ``hours``, ``device``; ``at_least``: True where the record of an earlier phase is lost;
        ``begun_with``: the method whose weights it began with, whose hours come on top.
    """
    if name == "senet":
        record = read(RESULTS / "senet_training.json")
        devices = dict.fromkeys(phase["device"] for phase in record.get("phases", []))
        return {"hours": record["hours"], "device": " and ".join(devices)} if record else {}
    record = read(RESULTS / "network_training.json").get(name)
    if record is None:
        return {}
    runs = phases(record)
    begun = re.match(r"\d+ of \d+ arrays from (\w+)", runs[0].get("start", ""))
    devices = dict.fromkeys(run["device"] for run in runs)
    found = {"hours": sum(run["hours"] for run in runs), "device": " and ".join(devices)}
    if begun and begun[1] == name:
        return found | {"at_least": True}
    return found | ({"begun_with": begun[1]} if begun else {})


def fitted(name):
    """Fit a method again as its shipped weights were, on 2,000 default faces, and time it.

    Returns
    -------
    dict
        ``hours`` of one core's time and ``device``.
    """
    from tools.train.classic import training_faces

    kind = methods.of(name)
    sources.load("synthetic", n=64, progress=False)  # what is made at first use is not counted
    faces, aligner = training_faces(False), kind(**kind.full)
    began = time.process_time()
    aligner.fit(faces, seed=0, progress=False)
    return {"hours": (time.process_time() - began) / 3600, "device": "processor, one core"}


def learnt_from(aligner):
    """What the weights say they learnt from, the teacher among it: a sentence."""
    told = aligner.provenance
    if not told and (WEIGHTS / f"{aligner.name}.npz").is_file():
        raise ValueError(f"{aligner.name}.npz does not say what it learnt from: wanted its provenance")
    teacher = "; a teacher's points, too" if "teacher" in json.dumps(told) else ""
    return told.get("trained_on", "nothing") + teacher
