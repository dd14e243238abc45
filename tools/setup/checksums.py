"""Write data/SHA256SUMS: what `course.py doctor` holds the shipped face model and weights against.

python -m tools.setup.checksums
"""

import hashlib
import sys
from pathlib import Path

from facelm_helpers.atomic import write_text

DATA = Path(__file__).resolve().parents[2] / "data"


def checksums(data: Path) -> str:
    """One line a shipped file: SHA-256, two spaces, path inside ``data``."""
    files = sorted([*data.glob("*.npz"), *data.glob("weights/*.npz"), *data.glob("weights/*.tflite")])
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(data).as_posix()}"
        for file in files
    ]
    return "".join(line + "\n" for line in lines)


def main() -> int:
    text = checksums(DATA)
    write_text(DATA / "SHA256SUMS", text)
    print(f"data/SHA256SUMS: {text.count(chr(10))} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
