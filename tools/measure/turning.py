"""What turned photographs bring at large yaw: writes data/results/turning.json.

    python -m tools.measure.turning FOLDER

FOLDER is that of `python -m tools.train.turning FOLDER`. The pictures of AFLW2000-3D that are at hand are
validation data here.
"""

import sys
from pathlib import Path

import numpy as np

from facelm_helpers.paths import RESULTS
from tools.measure.face3d import YAWS
from tools.measure.store import rounded, write

FILE = RESULTS / "turning.json"
WHAT = (
    "A small SENet (64x64 pixels) learnt from crops of LFPW's and HELEN's photographs ('photographs'), and,"
    " from the same start, from as many crops of which half are of the same photographs turned by up to 60"
    " degrees ('turned'); 300W-LP's own turned views are in neither. NME over the root of the box's area, in"
    " tight boxes: AFLW2000-3D (validation data, solid jaw) by yaw, and HELEN's validation photographs"
    " (visible jaw). 'inner' leaves the jaw out, whose points are set otherwise in photographs than in"
    " AFLW2000-3D. 'seeds' are the means of each run; 'gain' is photographs less turned, the mean over the"
    " seeds, with a 95 % interval by bootstrap over faces and seeds. The turned views were drawn by a version"
    " that left a few wrong pixels at the hairline of some profiles."
)
ARMS = ("photographs", "turned")
KINDS = ("all", "inner")
AGAIN = 4000  # bootstrap samples


def runs(folder):
    """Arm -> seed -> the arrays of a run, for the seeds that both arms have."""
    found = {arm: {} for arm in ARMS}
    for arm in ARMS:
        for path in sorted(Path(folder).glob(f"{arm}_[0-9]*.npz")):
            with np.load(path, allow_pickle=False) as file:
                found[arm][int(path.stem.rpartition("_")[2])] = dict(file)
    seeds = sorted(found[ARMS[0]].keys() & found[ARMS[1]].keys())
    if not seeds:
        raise ValueError(f"{folder} holds no seed of both arms: wanted photographs_1.npz and turned_1.npz")
    return {arm: {seed: found[arm][seed] for seed in seeds} for arm in ARMS}


def compared(plain, turned, seed=0):
    """Errors (S, N) of S seeds of each arm on the same N faces: means, gain, and its interval.

    >>> found = compared(np.full((2, 50), 0.08), np.full((2, 50), 0.06))
    >>> round(found["gain"], 3), np.round(found["interval"], 3).tolist()
    (0.02, [0.02, 0.02])
    """
    difference, rng = plain - turned, np.random.default_rng(seed)
    seeds, faces = (rng.integers(0, n, (AGAIN, n)) for n in difference.shape)
    drawn = [difference[s][:, f].mean() for s, f in zip(seeds, faces, strict=True)]
    return {
        "photographs": plain.mean(), "turned": turned.mean(), "gain": difference.mean(),
        "interval": np.percentile(drawn, [2.5, 97.5]), "faces": plain.shape[1],
        "seeds": {"photographs": plain.mean(axis=1), "turned": turned.mean(axis=1)},
    }  # fmt: skip


def result(found):
    """What `runs` found, as a result: kind of points -> faces -> `compared`."""
    plain, turned = (list(found[arm].values()) for arm in ARMS)
    size = np.abs(plain[0]["yaw"])
    out = {"what": WHAT, "seeds": len(plain)} | {key: int(plain[0][key]) for key in ("crops", "stored")}
    for kind in KINDS:
        judged = {"HELEN": [np.stack([run[f"helen68/{kind}"] for run in arm]) for arm in (plain, turned)]}
        errors = [np.stack([run[f"aflw2000/{kind}"] for run in arm]) for arm in (plain, turned)]
        for name, (low, high) in YAWS.items():
            judged[name] = [values[:, (size >= low) & (size < high)] for values in errors]
        out[kind] = {name: compared(*judged[name]) for name in (*YAWS, "HELEN")}
    return out


def main(folder):
    """Measure and write."""
    results = rounded(result(runs(folder)), 4)
    write(FILE, results)
    for kind in KINDS:
        for name, said in results[kind].items():
            low, high = said["interval"]
            print(f"{kind:6} {name:6} photographs {said['photographs']:.4f} turned {said['turned']:.4f}"
                  f" gain {said['gain']:.4f} ({low:.4f} to {high:.4f})")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    main(sys.argv[1])
