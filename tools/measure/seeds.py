"""Two ways of training, from several random starts each: writes data/results/seeds.json.

    python -m tools.measure.seeds FOLDER tcdcn_tasks tcdcn_plain equal_heatmap equal_senet

FOLDER/NAME_SEED is a run of `tools.train.network`. Of each its last errors are kept: the NME on the
validation sets in the boxes of dlib's detector, and of the other tasks, if any, their cross-entropies.
"""

import json
import sys
from pathlib import Path

from facelm_helpers.paths import RESULTS
from tools.measure.store import merge, read, write

FILE = RESULTS / "seeds.json"
KEPT = ("method", "settings", "batches", "hours", "seed")


def runs(folder, name):
    """Seed -> what a run was and how it ended."""
    found = {}
    for path in sorted(Path(folder).glob(f"{name}_[0-9]*/training.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        last = record["validation"][-1]
        nme = {key: row["dlib"] for key, row in last.items() if isinstance(row, dict) and "dlib" in row}
        one = {key: record[key] for key in KEPT} | {"crops": last["crops"], "nme": nme}
        found[str(record["seed"])] = one | ({"tasks": last["tasks"]} if "tasks" in last else {})
    if not found:
        raise ValueError(f"{folder} holds no run {name}_SEED: wanted at least one with a training.json")
    return found


if __name__ == "__main__":
    folder, *names = sys.argv[1:]
    write(FILE, merge(read(FILE), {name: runs(folder, name) for name in names}))
