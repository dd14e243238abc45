"""An ONNX file of half the size that gives the same answer."""

import re

import numpy as np

WORTH_IT = 256  # numbers; smaller constants stay as they are


def halve(graph, scales):
    """Store as 16-bit floats, in place, every large constant that loses nothing by it.

    The exporter has folded batch normalisation into the convolutions, k' = s k, and s k is no 16-bit float
    where k is one. So k and s are stored, and multiplied when the file is opened.

    Parameters
    ----------
    graph : onnx.ModelProto
    scales : dict
        Name of a convolution -> s, (channels out,).
    """
    from onnx import TensorProto, helper, numpy_helper

    kept, nodes = [], []
    for tensor in graph.graph.initializer:
        array = numpy_helper.to_array(tensor)
        scale = _scale_of(tensor.name, array, scales)
        narrow = _exactly_half(array, scale)
        if narrow is None:
            kept.append(tensor)
            continue
        half, wide = f"{tensor.name}/half", f"{tensor.name}/wide"
        kept.append(numpy_helper.from_array(narrow, half))
        if scale is None:
            nodes.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(numpy_helper.from_array(scale.astype(np.float32), f"{tensor.name}/scale"))
            nodes.append(helper.make_node("Cast", [half], [wide], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [wide, f"{tensor.name}/scale"], [tensor.name]))
    nodes += list(graph.graph.node)
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(nodes)


def _scale_of(name, array, scales):
    """The scale folded into a convolution's weights (out, in, H, W); None if there is none."""
    if array.ndim != 4:
        return None
    for layer, scale in scales.items():
        if re.search(rf"(^|/){re.escape(layer)}(_\d+)?/", name) and len(scale) == len(array):
            return np.asarray(scale).reshape(-1, 1, 1, 1)
    return None


def _exactly_half(array, scale):
    """The constant (without its scale) as float16, if that says the same to the last places of a float32."""
    if array.dtype != np.float32 or array.size < WORTH_IT:
        return None
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        narrow = (array if scale is None else array / scale).astype(np.float16)
        again = narrow.astype(np.float32) if scale is None else (narrow * scale).astype(np.float32)
    same = np.allclose(again, array, rtol=2e-6, atol=1e-9)
    return narrow if same else None
