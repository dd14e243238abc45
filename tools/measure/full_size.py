"""What 300W-LP takes: bytes and processor time of a cut face, memory and checkpoint of a training.

    python -m tools.measure.full_size

Measured on the part of the data set that stands beside the checkout, from which the page "300W-LP at full
size" works out the whole. Writes data/results/full_size.json; the images a second on a graphics card, which
were measured on another machine, stay in it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from facelm_helpers import paths, tfrecords
from tools.data import prepare, real_faces
from tools.measure.store import machine, read, rounded, write

FILE = paths.RESULTS / "full_size.json"
CUTS = {"wide": prepare.Cut(), "narrow": prepare.Cut(size=128, margin=1.5)}
STEPS = 10


def cutting(root, folder, cut):
    """Prepare the shards by one process: faces, bytes and milliseconds of processor a face."""
    began = time.process_time()
    prepare.prepare(root, folder, cut)
    seconds = time.process_time() - began
    shards = tfrecords.read_manifest(folder)["shards"].values()
    faces, size = (sum(shard[key] for shard in shards) for key in ("faces", "bytes"))
    return {"side": cut.size, "margin": cut.margin, "faces": faces, "bytes": size / faces,
            "cpu_ms": 1000 * seconds / faces}  # fmt: skip


def training(records, folder):
    """A short training of SENet from the shards, on the processor: peak memory and size of its checkpoint."""
    command = [sys.executable, "-m", "tools.train.method", "senet", "--faces", "records", "--root", records,
               "--steps", str(STEPS), "--folder", folder]  # fmt: skip
    subprocess.run(command, check=True, cwd=paths.ROOT)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # of Linux, in kilobytes
    return {"peak_bytes": peak, "checkpoint_bytes": (Path(folder) / "last.npz").stat().st_size}


def main():
    """Measure and write. Returns the exit status."""
    root = real_faces.REAL / "300w_lp_afw"
    if not root.is_dir():
        print("300W-LP's folder AFW is not here: nothing measured")
        return 1
    results = read(FILE) | {"measured_on": machine()}
    with tempfile.TemporaryDirectory() as folder:
        prepare.prepare(root, f"{folder}/first", prepare.Cut(size=8))  # loads all that is loaded once
        for name, cut in CUTS.items():
            results[name] = cutting(root, f"{folder}/{name}", cut)
        results["training"] = training(f"{folder}/wide", f"{folder}/run")
    write(FILE, rounded(results, 5))
    return 0


if __name__ == "__main__":
    sys.exit(main())
