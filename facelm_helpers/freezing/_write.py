"""Write a Keras model as one graph file, a SavedModel, LiteRT or ONNX."""

import contextlib
import importlib
import logging
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np

from facelm_helpers.atomic import scratch_folder, write_bytes
from facelm_helpers.freezing._fold import fold, norms_of, scale_of
from facelm_helpers.freezing._onnx import halve
from facelm_helpers.silence import silence


def freeze(model, path):
    """Freeze to one graph file, for one image at a time: input ``image``, output ``points``.

    Batch None becomes 1, variables become constants, and what is constant is computed beforehand, so that
    OpenCV finds only operations that it knows.

    Parameters
    ----------
    model : keras.Model
    path : path
        Usually ending in ``.pb``.

    Returns
    -------
    Path

    Raises
    ------
    RuntimeError
        If Keras does not run on TensorFlow.
    """
    tf = _tensorflow()
    grappler = importlib.import_module("tensorflow.python.grappler.tf_optimizer")
    frozen = _constants(tf, fold(model, batch=1))
    graph = tf.compat.v1.train.export_meta_graph(graph_def=frozen.graph.as_graph_def(), graph=frozen.graph)
    kept = [output.name for output in frozen.outputs]
    graph.collection_def["train_op"].node_list.value.extend(kept)
    settings = tf.compat.v1.ConfigProto()
    settings.graph_options.rewrite_options.min_graph_nodes = -1
    settings.graph_options.rewrite_options.optimizers.extend(["constfold", "dependency", "arithmetic"])
    small = grappler.OptimizeGraph(settings, graph)
    names = dict(zip((name.partition(":")[0] for name in kept), sorted(_names(model)), strict=True))
    for node in small.node:
        if node.op == "Identity":
            node.name = names.get(node.name, node.name)
    return write_bytes(path, small.SerializeToString())


def save_saved_model(model, folder):
    """Write TensorFlow's SavedModel, a folder, for any number of images at a time: all of it or nothing.

    Returns
    -------
    Path
    """
    tf = _tensorflow()
    small = fold(model)
    holder = tf.Module()
    holder.model = small  # keeps the variables alive
    folder = Path(folder)
    with scratch_folder(folder) as scratch, _quiet():
        tf.saved_model.save(holder, str(scratch / "new"), signatures=_function(tf, small))
        if folder.exists():
            os.rename(folder, scratch / "old")
        os.rename(scratch / "new", folder)
    return folder


def save_litert(model, path, representative=None, bits=32):
    """Write a LiteRT file (``.tflite``), for one image at a time.

    Parameters
    ----------
    model : keras.Model
    path : path
    representative : (N, H, W, 3) float32 array, optional
        About a hundred inputs as they will come: weights and activations become 8-bit integers, and these
        say of what range. Input and output stay float.
    bits : {32, 16, 8}
        Of a stored weight, without ``representative``: 16-bit floats are widened when the file is opened; of
        8-bit integers every matrix has a scale of its own, and activations stay float between layers.

    Returns
    -------
    Path
    """
    tf = _tensorflow()
    with _quiet():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([_constants(tf, fold(model, batch=1))])
    if representative is not None or bits < 32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if bits == 16:
        converter.target_spec.supported_types = [tf.float16]
    if representative is not None:
        images = np.asarray(representative, np.float32)
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with _quiet():
        return write_bytes(path, converter.convert())


def save_onnx(model, path, half=False):
    """Write an ONNX file, for any number of images at a time.

    Parameters
    ----------
    model : keras.Model
    path : path
    half : bool
        Store as 16-bit floats those weights that are 16-bit floats already, whatever their type: the file
        is half as large and its answer unchanged, because all is computed in 32 bits.

    Returns
    -------
    Path
    """
    _tensorflow()
    import onnx

    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras wants a model that was called once
    with tempfile.TemporaryDirectory() as folder, _quiet():
        file = Path(folder, "model.onnx")
        model.export(file, format="onnx", verbose=False)
        graph = onnx.load(file)
    if half:
        halve(graph, {name: scale_of(norm) for name, norm in norms_of(model).items()})
    return write_bytes(path, graph.SerializeToString())


def difference(run, model, images):
    """How far a frozen model is from Keras: largest and mean absolute difference of the outputs.

    Parameters
    ----------
    run : function
        From `open_frozen` or one of the others.
    model : keras.Model
    images : (N, H, W, 3) float32 array

    Returns
    -------
    (float, float)
    """
    found, wanted = run(images), model.predict(images, verbose=0)
    if isinstance(wanted, list):
        found, wanted = np.concatenate(found, axis=1), np.concatenate(wanted, axis=1)
    distance = np.abs(found - np.asarray(wanted))
    return float(distance.max()), float(distance.mean())


def _function(tf, model):
    """The model's forward pass as a TensorFlow function of one argument, ``image``.

    An only output is called ``points``; several are called as the layers that they come from.
    """
    shape = tf.TensorSpec(model.input_shape, model.input.dtype, name="image")

    @tf.function(input_signature=[shape])
    def forward(image):
        found = model(image, training=False)
        found = found if isinstance(found, list) else [found]
        return dict(zip(_names(model), found, strict=True))

    return forward.get_concrete_function()


def _names(model):
    """What the outputs are called."""
    if len(model.outputs) == 1:
        return ["points"]
    return [output._keras_history.operation.name for output in model.outputs]


def _constants(tf, model):
    """The same, with every variable turned into a constant."""
    module = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    return module.convert_variables_to_constants_v2(_function(tf, model))


def _tensorflow():
    """TensorFlow, imported late because it takes seconds."""
    import keras

    if keras.config.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras runs on {keras.config.backend()}, and graphs are frozen on TensorFlow: save the weights,"
            " start Python with KERAS_BACKEND=tensorflow, and load them there"
        )
    return importlib.import_module("tensorflow")


@contextlib.contextmanager
def _quiet():
    """Without the converter's chatter about things that do not matter here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), silence():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
