"""The page of the book that finds the 68 points without Python: SENet by ONNX Runtime Web, as static files.

ONNX Runtime Web comes from its npm package, fetched once into data/downloads by the npm client, and compared
with the SHA-256 below. The networks are the shipped ones, converted to ONNX.
"""

import hashlib
import html
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import cv2

from facelm_helpers import methods, paths, widgets
from facelm_helpers.atomic import scratch_folder, write_bytes
from facelm_helpers.landmarks import REGIONS
from facelm_helpers.methods import _runtimes
from facelm_helpers.plots import REGION_COLOURS
from facelm_helpers.silence import silence
from tools.ship.pages import foot, frame, head
from tools.ship.places import IN_BROWSER

PACKAGE = "onnxruntime-web@1.30.0"
RUNTIME = {  # of its folder dist
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
OWN = Path(__file__).with_name("browser")
BLAZEFACE = paths.DATA / "detectors" / "blazeface.tflite"
SAMPLES = {  # what the page calls them -> the widgets' samples
    "default face, frontal": "synthetic, frontal 1",
    "default face, half turned": "synthetic, half turned 1",
    "astronaut (photograph)": "astronaut (photograph)",
}
SIDE, SHOWN = 320, 0.6  # of a sample: its side in pixels, and how much of the widgets' picture it shows
PATIENCE = 600  # seconds that 33 MB may take


def runtime():
    """The folder with ONNX Runtime Web, fetched if it is not there yet.

    Raises
    ------
    ConnectionError
        If it cannot be fetched.
    ValueError
        If a file is not the known one.
    """
    folder = paths.DOWNLOADS / PACKAGE.replace("@", "-")
    if not all((folder / name).is_file() for name in RUNTIME):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder) as scratch:
            _unpack(_packed(scratch), folder)
    for name, digest in RUNTIME.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise ValueError(f"{folder / name} is not that of {PACKAGE}: remove it to fetch it again")
    return folder


def _packed(folder):
    """The package as npm hands it out."""
    npm = shutil.which("npm")
    if npm is None:
        raise ConnectionError("npm (of Node.js) is not installed")
    command = [npm, "pack", PACKAGE, "--silent", "--ignore-scripts", f"--pack-destination={folder}"]
    with tempfile.TemporaryDirectory() as elsewhere:  # where no package.json has a say
        try:
            subprocess.run(command, check=True, capture_output=True, cwd=elsewhere, timeout=PATIENCE)
        except (OSError, subprocess.SubprocessError) as error:
            raise ConnectionError(f"npm cannot fetch {PACKAGE} ({type(error).__name__}); online?") from None
    (packed,) = Path(folder).glob("*.tgz")
    return packed


def _unpack(packed, folder):
    with tarfile.open(packed) as opened:
        for name in RUNTIME:
            write_bytes(folder / name, opened.extractfile(f"package/dist/{name}").read())


def networks():
    """The two networks as ONNX files: name on the page -> path. Both are converted once and kept."""
    senet = methods.load("senet")
    file = _runtimes.file_of("onnx", "senet", senet._state(), lambda: senet.build(score=True))
    digest = hashlib.sha256(BLAZEFACE.read_bytes()).hexdigest()[:16]
    detector = _runtimes.cached("onnx", "blazeface", digest)
    if not detector.is_file():
        import tf2onnx

        with silence():
            graph, _ = tf2onnx.convert.from_tflite(str(BLAZEFACE), opset=17)
        write_bytes(detector, graph.SerializeToString())
    return {"senet.onnx": file, "blazeface.onnx": detector}


def write(folder):
    """Write the page and what it loads into the folder of the book.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    str
        Why the book goes without the page; "" if it was written.
    """
    try:
        fetched = runtime()
    except (ConnectionError, ValueError) as error:
        return f"The book is built without the page that runs SENet in the browser: {error}"
    into = folder / IN_BROWSER.stem
    into.mkdir(parents=True, exist_ok=True)
    files = {name: fetched / name for name in RUNTIME} | networks()
    for name, path in (files | {path.name: path for path in OWN.glob("*") if path.suffix != ".html"}).items():
        shutil.copyfile(path, into / name)
    for k, name in enumerate(SAMPLES.values()):
        picture = _middle(widgets.sample(name).image)
        write_bytes(into / f"sample_{k}.png", cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
    size = sum(path.stat().st_size for path in files.values())
    (folder / IN_BROWSER).write_text(page(size), encoding="utf-8")
    return ""


def _middle(image):
    """The middle of a square picture, as a sample."""
    border = round(len(image) * (1 - SHOWN) / 2)
    return cv2.resize(image[border:-border, border:-border], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def page(size):
    """The page, whose networks and runtime have so many bytes."""
    facts = {
        "groups": [(REGION_COLOURS[name], int(at[0]), int(at[-1]) + 1) for name, at in REGIONS.items()],
        "samples": {name: f"sample_{k}.png" for k, name in enumerate(SAMPLES)},
    }
    body = (OWN / "page.html").read_text(encoding="utf-8")
    for name, value in {
        "samples": "".join(f"<option>{html.escape(name)}</option>" for name in SAMPLES),
        "facts": json.dumps(facts), "megabytes": f"{size / 1e6:.0f}",
        "folder": IN_BROWSER.stem, "name": IN_BROWSER.name,
    }.items():  # fmt: skip
        body = body.replace(f"{{{name}}}", value)
    return frame("Find 68 points in the browser", head(None) + f"<main>{body}</main>" + foot(None))
