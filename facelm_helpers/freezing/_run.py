"""Run what `freezing` wrote: each opener gives a function (N, H, W, 3) -> (N, outputs) float32.

The images are float32 in 0..1, or uint8, which is scaled on its way in. Of a graph with several outputs the
function gives a tuple, in the order of their names (points, score). None needs Keras, and only `open_frozen`
and `open_saved_model` need TensorFlow. A function that was opened here may be called from any thread: where a
runtime keeps the picture it works on in itself, each thread gets its own. Each raises `FileNotFoundError`, or
a `ValueError` that names the file if it cannot be opened.
"""

import contextlib
import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np

from facelm_helpers.silence import silence

PIXEL = np.float32(1 / 255)
MODULES = {"frozen": "tensorflow", "saved_model": "tensorflow", "keras": "keras", "opencv": "cv2",
           "litert": "ai_edge_litert", "litert-int8": "ai_edge_litert", "onnx": "onnxruntime"}  # fmt: skip


def installed(runtime):
    """Whether the package that a runtime needs is there; it is not imported.

    Examples
    --------
    >>> installed("opencv")
    True
    """
    return importlib.util.find_spec(MODULES[runtime]) is not None


def open_frozen(path):
    """A frozen ``.pb``, read back by TensorFlow's graph import."""
    import tensorflow as tf

    with _opening(path, "frozen graph"):
        graph = tf.compat.v1.GraphDef()
        graph.ParseFromString(_existing(path).read_bytes())
        imported = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
        used = {name.partition(":")[0] for node in graph.node for name in node.input}
        outputs = sorted(node.name for node in graph.node if node.name not in used)
        find = imported.graph.as_graph_element
        forward = imported.prune(find("image:0"), [find(f"{name}:0") for name in outputs])

    def one(image):
        return [output.numpy() for output in forward(tf.constant(_floats(image)))]

    return lambda images: _one_by_one(one, images)


def open_saved_model(folder):
    """A SavedModel folder."""
    import tensorflow as tf

    with _opening(folder, "SavedModel"):
        loaded = tf.saved_model.load(str(_existing(folder)))
        forward = loaded.signatures["serving_default"]

    def run(images):
        found = forward(image=tf.constant(_floats(images)))
        return _alone([found[name].numpy() for name in sorted(found)])

    run.keep = loaded  # its variables live as long as it does
    return run


def open_litert(path, threads=1):
    """A LiteRT file, float or int8."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    settings = {"model_content": _existing(path).read_bytes(), "num_threads": threads}

    def make():
        with silence(), _opening(path, "LiteRT file"):
            try:
                interpreter = Interpreter(**settings)
                interpreter.allocate_tensors()
            except RuntimeError:  # the fast kernels refuse some integer ranges, the plain ones none
                plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                interpreter = Interpreter(**settings, experimental_op_resolver_type=plain)
                interpreter.allocate_tensors()
        into = interpreter.tensor(interpreter.get_input_details()[0]["index"])
        outputs = sorted(interpreter.get_output_details(), key=lambda output: output["name"])
        outputs = [output["index"] for output in outputs]

        def one(image):
            # straight into the interpreter's memory, which nothing may hold on to when it is invoked
            np.multiply(image, PIXEL if image.dtype == np.uint8 else 1, out=into())
            interpreter.invoke()
            return [interpreter.get_tensor(output) for output in outputs]

        return one

    return _one_a_thread(make)


def open_onnx(path, threads=1):
    """An ONNX file, in ONNX Runtime."""
    session = _session(path, threads)
    name = session.get_inputs()[0].name
    outputs = sorted(output.name for output in session.get_outputs())
    return lambda images: _alone(session.run(outputs, {name: _floats(images)}))


def open_opencv(path):
    """An ONNX file, or a frozen ``.pb`` where OpenCV still reads one, in ``cv2.dnn``.

    Its reader of TensorFlow graphs is on its way out of OpenCV 5; ask `opencv_reads` first, and use ONNX
    otherwise.

    Raises
    ------
    ValueError
        If this OpenCV has no reader for the file.
    """
    path = _existing(path)
    onnx = path.suffix == ".onnx"
    reader = getattr(cv2.dnn, "readNetFromONNX" if onnx else "readNetFromTensorflow", None)
    if reader is None:
        raise ValueError(f"OpenCV {cv2.__version__} reads no {path.suffix} files: freeze to ONNX instead")
    content = np.frombuffer(path.read_bytes(), np.uint8)

    def make():
        with _opening(path, f"file that OpenCV {cv2.__version__} reads"):
            net = reader(content)
        outputs = sorted(net.getUnconnectedOutLayersNames())

        def one(image):
            # a TensorFlow graph is read channels first; the ONNX file turns its input itself
            image = _floats(image)
            net.setInput(image if onnx else np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
            return [output.copy() for output in net.forward(outputs)]

        return one

    return _one_a_thread(make)


def opencv_reads(path, shape=(1, 128, 128, 3)):
    """Whether this OpenCV reads and runs a file: tried in a process of its own, for some graphs crash it.

    Returns
    -------
    bool
    """
    code = (
        "import sys, numpy as np; from facelm_helpers.freezing import open_opencv;"
        f"print(open_opencv(sys.argv[1])(np.zeros({tuple(shape)}, np.float32)).shape)"
    )
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(path).resolve())], capture_output=True, cwd=folder
    )
    return done.returncode == 0


def _session(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    content = _existing(path).read_bytes()
    with _opening(path, "ONNX file"):
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@contextlib.contextmanager
def _opening(path, what):
    """Whatever a runtime raises, in one sentence that names the file: each has errors of its own."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is damaged, or no {what}: {' '.join(str(error).split())[:200]}") from None


def _one_a_thread(make):
    """make() gives a function of one image; each thread calls one of its own."""
    own = threading.local()
    own.forward = make()  # now, so that a damaged file is told where it is opened

    def run(images):
        if not hasattr(own, "forward"):
            own.forward = make()
        return _one_by_one(own.forward, images)

    return run


def _one_by_one(forward, images):
    """A graph of batch 1, whose outputs `forward` lists, on any number of images."""
    images = np.asarray(images)
    found = [forward(images[i : i + 1]) for i in range(len(images))]
    if len(found) == 1:
        return _alone(found[0])
    return _alone([np.concatenate(parts) for parts in zip(*found, strict=True)])


def _alone(outputs):
    """An only output as it is; several as a tuple."""
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _floats(images):
    images = np.asarray(images)
    return np.multiply(images, PIXEL if images.dtype == np.uint8 else 1, dtype=np.float32)


def _existing(path):
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no frozen model at {path}")
    return path
