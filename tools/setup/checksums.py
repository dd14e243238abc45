"""Write data/SHA256SUMS: what `course.py doctor` holds the shipped face model, weights and detector against.

python -m tools.setup.checksums
"""

import hashlib
import sys
from pathlib import Path

from facelm_helpers.atomic import write_text

DATA = Path(__file__).resolve().parents[2] / "data"


def shipped(data: Path) -> list[Path]:
    """The face model, the weights and the detector's file, in the order of their paths."""
    kinds = ("*.npz", "detectors/*.tflite", "weights/*.npz", "weights/*.tflite")
    return sorted(file for kind in kinds for file in data.glob(kind))


def checksums(data: Path) -> str:
    """One line a shipped file: SHA-256, two spaces, path inside ``data``."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(data).as_posix()}"
        for file in shipped(data)
    ]
    return "".join(line + "\n" for line in lines)


def main() -> int:
    text = checksums(DATA)
    write_text(DATA / "SHA256SUMS", text)
    print(f"data/SHA256SUMS: {text.count(chr(10))} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
