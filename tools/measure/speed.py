"""Milliseconds and rates on this machine: the part of `tools/measure/bench.py` behind `--only speed`.

Each measurement runs in a Python of its own, whose number of threads is set before any library is loaded.
Ratios compare what was timed in turns within one process: machines differ, and so do their minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from facelm_helpers import methods, sources
from facelm_helpers.paths import ROOT
from tools.measure.face_sets import TEST_SEED

RUNTIMES = ("keras", "frozen", "litert", "litert-int8", "onnx", "opencv")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
           "TF_NUM_INTEROP_THREADS")  # fmt: skip
BASELINE = "dlib, bare"
UNAVAILABLE = (ValueError, ImportError, FileNotFoundError, NotImplementedError)


def measure(quick=False, chosen=None):
    """Everything, each part in a process of its own.

    Parameters
    ----------
    quick : bool
        Fewer faces and rounds.
    chosen : list of str, optional
        Only these methods beside the baseline.

    Yields
    ------
    dict
        One at a time, so that an interruption costs one measurement: ``one thread`` and ``all threads``, name
        -> ``ms``, ``cpu_ms``, ``ratio``, ``cpu_ratio`` (see `time_in_turns`); ``rates``; ``load``, the
        load average before: well above 0, the machine was busy.
    """
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    yield {"load": load}
    for title, part, one in (
        ("one thread", "points", True), ("all threads", "points", False),
        ("rates", "rates", True), ("rates", "training", False),
    ):  # fmt: skip
        if chosen and title == "rates":  # they belong to no method
            continue
        print(f"timing: {part}, {'one thread' if one else 'all threads'} ...", flush=True)
        try:
            yield {title: in_a_process(part, one, quick, chosen)}
        except RuntimeError as error:  # one part that cannot run here leaves the others their figures
            print(f"  {error}")


def in_a_process(part, one_thread=True, quick=False, chosen=None):
    """The answer of a part, of `PARTS`, measured in a Python of its own."""
    variables = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if one_thread:
        variables |= dict.fromkeys(THREADS, "1")
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "tools.measure.speed", part, "--answer", str(answer)]
        command += ["--one-thread"] * one_thread + ["--quick"] * quick
        command += ["--methods", *chosen] if chosen else []
        done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True)
        if done.returncode or not answer.is_file():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise RuntimeError(f"timing the {part} failed: {last}")
        for line in done.stdout.splitlines():
            if line.startswith("  "):  # ours; libraries write what they like
                print(line)
        return json.loads(answer.read_text(encoding="utf-8"))


def points(quick=False, chosen=None):
    """Milliseconds from a photograph of 256 x 256 in memory, and a box, to 68 points in its pixels.

    Returns
    -------
    dict
        Name of a method (and its runtime) -> see `time_in_turns`; ratios are to dlib's own call.
    """
    faces = sources.load("synthetic", n=8 if quick else 40, size=256, seed=TEST_SEED, progress=False)
    return time_in_turns(_tasks(faces, chosen), len(faces), rounds=3 if quick else 20, baseline=BASELINE)


def as_shipped(quick=False, chosen=None):
    """Milliseconds a face like `points`, each method in the one runtime that `methods.load` opens."""
    faces = sources.load("synthetic", n=8 if quick else 24, size=256, seed=TEST_SEED, progress=False)
    tasks = _tasks(faces, chosen, runtimes=(None,))
    return time_in_turns(tasks, len(faces), rounds=3 if quick else 15, baseline=BASELINE, seconds=5.0)


def _tasks(faces, chosen, runtimes=RUNTIMES):
    """Name -> function of a face's number."""
    from facelm_helpers.detectors import detect

    def through(aligner):
        return lambda i: aligner.predict(faces.images[i : i + 1], faces.boxes[i : i + 1])

    tasks = {BASELINE: _bare_dlib(faces), "dlib": through(methods.load("dlib"))}
    for name in methods.names():
        if name == "dlib" or (chosen and name not in chosen):
            continue
        has_some = methods.of(name).with_runtime is not methods.Aligner.with_runtime
        for runtime in runtimes if has_some else (None,):
            title = f"{name}, {runtime}" if runtime else name
            try:
                aligner = methods.load(name, runtime=runtime)
                aligner.predict(faces.images[:1], faces.boxes[:1])
            except UNAVAILABLE as error:
                print(f"  {title} is left out: {str(error).split(':')[0].split(' at ')[0][:90]}")
            else:
                tasks[title] = through(aligner)
    return tasks | {"finding the face (dlib's detector)": lambda i: detect(faces.images[i], upsample=0)}


def _bare_dlib(faces):
    """dlib's library itself, without the course's checks and enlargement round it."""
    import dlib

    from facelm_helpers.methods.dlib import shipped_file

    predictor = dlib.shape_predictor(str(shipped_file()))

    def task(i):
        left, top, right, bottom = (int(round(float(value))) for value in faces.boxes[i])
        found = predictor(faces.images[i], dlib.rectangle(left, top, right - 1, bottom - 1))
        return np.array([(part.x, part.y) for part in found.parts()], np.float32)

    return task


def time_in_turns(tasks, n, rounds=20, baseline=None, seconds=10.0):
    """Time each task on n faces, in turns: other programs disturb a round, seldom all of them.

    Parameters
    ----------
    tasks : dict of name -> function
        Called with 0 .. n - 1.
    n, rounds : int
    baseline : str, optional
        The task whose milliseconds the others' are divided by.
    seconds : float
        A task that has had this long sits out the further rounds.

    Returns
    -------
    dict
        Name -> ``ms`` (of each face the fastest round; of these the median) and ``cpu_ms`` (the same of the
        processor's time, all threads together: on a busy machine the steadier of the two), with ``ratio`` and
        ``cpu_ratio`` to the baseline.
    """
    wall = {name: np.full(n, np.inf) for name in tasks}
    cpu = {name: np.full(n, np.inf) for name in tasks}
    spent = dict.fromkeys(tasks, 0.0)
    for task in tasks.values():
        task(0)  # whatever is made at first use is not counted
    for _ in range(rounds):
        for name, task in tasks.items():
            if spent[name] > seconds:
                continue
            for i in range(n):
                start, processor = time.perf_counter(), time.process_time()
                task(i)
                took, used = time.perf_counter() - start, time.process_time() - processor
                wall[name][i], cpu[name][i] = min(wall[name][i], took), min(cpu[name][i], used)
                spent[name] += took
    result = {name: {} for name in tasks}
    for times, key, ratio in ((wall, "ms", "ratio"), (cpu, "cpu_ms", "cpu_ratio")):
        middle = {name: float(np.median(values)) for name, values in times.items()}
        for name, record in result.items():
            record[key] = round(middle[name] * 1e3, 3)
            if baseline and middle[baseline] > 0:
                record[ratio] = round(middle[name] / middle[baseline], 3)
    return result


def rates(quick=False, chosen=None):
    """Default faces and augmented crops a second of one core's time: ``sampler``, ``augmentation``."""
    from facelm_helpers import augment

    n = 64 if quick else 512
    sources.load("synthetic", n=64, progress=False)
    start = time.process_time()
    faces = sources.load("synthetic", n=n, seed=1, progress=False)
    sampler = n / (time.process_time() - start)
    augment.random_crops(faces[:8], seed=0)
    start = time.process_time()
    augment.random_crops(faces, seed=0)
    return {"sampler": round(sampler), "augmentation": round(n / (time.process_time() - start))}


def training_rates(quick=False, chosen=None):
    """``pipeline``: tf.data against a plain generator. ``training``: with its input, and without it."""
    from facelm_helpers import networks, training
    from tools.measure.pipeline import measure_pipeline

    faces = sources.load("synthetic", n=128 if quick else 1024, seed=1, progress=False)
    pipeline = measure_pipeline(faces=faces, seconds=1.0 if quick else 5.0, rounds=1 if quick else 2)
    small = {"channels": (8, 16), "blobs": (1, 1), "stem": 8, "hidden": 16} if quick else {}
    batches = training.face_batches(faces, batch_size=16 if quick else 64)
    speed = training.throughput(networks.senet(**small), batches, steps=4 if quick else 20)
    return {"pipeline": pipeline, "training": {key: round(value, 3) for key, value in speed.items()}}


PARTS = {"points": points, "as_shipped": as_shipped, "rates": rates, "training": training_rates}


def main(arguments=None):
    """One part, in this process; the answer goes to a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=list(PARTS))
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--one-thread", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--methods", nargs="+")
    options = parser.parse_args(arguments)
    if options.one_thread:
        import cv2

        cv2.setNumThreads(1)
        if hasattr(os, "sched_setaffinity"):  # for whatever heeds no variable
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measured = PARTS[options.part](options.quick, options.methods)
    options.answer.write_text(json.dumps(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
