"""What a network consists of, as blocks to be drawn: layers that belong together, and what follows what."""

import re

STEPS = re.compile(
    r"(_([1-9]_conv|[1-9]_norm|[1-9]_relu|conv|norm|relu|prelu|pool|concat|add|skip|out|narrow|look|widen|"
    r"shortcut|se|squeeze|reduce|gate|shape|scale|first|second))+$"
)  # at the end of a layer's name: a step within its block
WORDS = {
    "InputLayer": "", "Add": "+", "Concatenate": "joined", "MaxPooling2D": "pool", "AveragePooling2D": "pool",
    "GlobalAveragePooling2D": "mean", "UpSampling2D": "up", "Cropping2D": "crop", "Warp": "warp",
    "Reshape": "reshape", "Multiply": "times",
}  # fmt: skip
FREE = ("MaxPooling2D", "AveragePooling2D", "UpSampling2D", "Flatten", "Dropout", "Activation", "Reshape",
        "BatchNormalization", "GlobalAveragePooling2D", "PReLU")  # fmt: skip


class Block:
    """Layers that are drawn as one; a join without layers adds what comes in."""

    def __init__(self, name, layers=(), sign="•"):
        self.name, self.layers, self.sign, self.parents = name, list(layers), sign, []
        self.times, self.run = 1, 1  # equal branches, equal blocks in a row

    @property
    def shape(self):
        """Of what comes out, before it is flattened."""
        shapes = [one.output.shape for one in self.layers if type(one).__name__ not in ("Flatten", "Dropout")]
        shape = tuple(shapes[-1]) if shapes else ()
        return shape[1:] if len(shape) == 5 else shape  # patches, a dimension of their own

    @property
    def weights(self):
        """How many, in all equal branches together."""
        return self.times * sum(layer.count_params() for layer in self.layers)

    def kind(self):
        """A few words, such as "conv 3×3, pool"."""
        kinds = [type(layer).__name__ for layer in self.layers]
        convolutions = [layer for layer in self.layers if hasattr(layer, "kernel_size")]
        if len(convolutions) > 1:
            word = "SE block" if "Multiply" in kinds else f"{len(convolutions) // self.run} conv"
            word = f"{self.run} × {word}" if self.run > 1 else word
        elif convolutions:
            word = "conv " + "×".join(map(str, convolutions[0].kernel_size))
        elif any("Dense" in kind for kind in kinds):
            word = "dense"
        else:
            return next((WORDS[kind] for kind in kinds if WORDS.get(kind)), "")
        first = next(i for i, layer in enumerate(self.layers) if layer.count_params())
        stride = max((layer.strides[0] for layer in convolutions), default=1)
        pools = [i for i, layer in enumerate(self.layers)
                 if hasattr(layer, "pool_size") and "shortcut" not in layer.name]  # fmt: skip
        before, after = any(i < first for i in pools), any(i > first for i in pools)
        after = ", pool" if after else ", up" if "UpSampling2D" in kinds else ""
        return "pool, " * before + word + (f" /{stride}" if stride > 1 else "") + after

    def texts(self, group):
        """Two lines: what it is, and shape and weights."""
        name, layer = self.name.removeprefix(f"{group}_").rsplit("_", 1)[-1], self.layers[0]
        own = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()
        kind = "image" if own == "input_layer" else self.kind()
        usual = rf"({own}|conv|image|{re.escape(kind)})(_?\d+)?"
        if kind and any(re.fullmatch(usual, one) for one in (name, self.name)):
            name = ""
        words = f"{self.times} × " * (self.times > 1) + ": ".join(part for part in (name, kind) if part)
        weights = f" · {_count(self.weights // self.times)}" if self.weights else ""
        return words, _size(self.shape) + weights + " each" * (self.times > 1)


def blocks_of(model):
    """The blocks of a model, in an order in which parents come first."""
    import keras

    if None not in model.input_shape[1:]:  # with one image the first side of a shape counts its patches
        one = keras.Input(batch_shape=(1, *model.input_shape[1:]))
        model = keras.models.clone_model(model, input_tensors=one)
    of, blocks = {}, {}
    for operation in model.operations:
        nodes = [node for node in operation._inbound_nodes if node.operation is operation]
        parents = list(dict.fromkeys(of[one.operation] for node in nodes[-1:] for one in node.parent_nodes
                                     if one.operation in of))  # fmt: skip
        if isinstance(operation, keras.layers.Layer):
            name = STEPS.sub("", operation.name) or operation.name
            block = blocks.setdefault(name, Block(name))
            block.layers.append(operation)
        elif len(parents) > 1:
            sign = "+" if type(operation).__name__ == "Add" else "•"
            block = blocks.setdefault(operation.name, Block(operation.name, (), sign))
        elif parents:
            block = parents[0]
        else:
            continue
        of[operation] = block
        block.parents += [one for one in parents if one is not block and one not in block.parents]
    return list(blocks.values())


def children(blocks):
    """Block -> the blocks that follow it."""
    return {block: [one for one in blocks if block in one.parents] for block in blocks}


def grouped(blocks):
    """Fewer blocks: what has no weights joins its neighbour; sums of sums, equal branches are one."""
    for step in (_joined, _run_of):
        while step(blocks):
            pass
    return _equal_once(blocks)


def _joined(blocks):
    """Join what has no weights to its neighbour, or a sum to the sum before it, once."""
    below = children(blocks)
    for block in blocks:
        only = block.parents[0] if len(block.parents) == 1 else None
        plain = only and block.layers and all(type(layer).__name__ in FREE for layer in block.layers)
        sums = [] if block.layers else [p for p in block.parents if not p.layers and len(below[p]) == 1]
        after = below[block][0] if len(below[block]) == 1 else None
        if plain and only.layers and only.parents and len(below[only]) == 1:
            only.layers += block.layers
            _replace(blocks, block, only)
        elif plain and only.parents and after and after.layers and len(after.parents) == 1:
            after.layers[:0] = block.layers
            after.parents = [only]
            blocks.remove(block)
        elif sums:
            block.parents = [p for p in block.parents if p is not sums[0]]
            block.parents += [p for p in sums[0].parents if p not in block.parents]
            blocks.remove(sums[0])
        else:
            continue
        return True
    return False


def _run_of(blocks):
    """Join a block of several convolutions to one before it that is the same, once."""
    below = children(blocks)
    for block in blocks:
        only = block.parents[0] if len(block.parents) == 1 else None
        if only and len(below[only]) == 1 and only.shape == block.shape and _again(only, block):
            only.layers += block.layers
            only.run += 1
            _replace(blocks, block, only)
            return True
    return False


def _again(first, block):
    """Whether a block of several convolutions is the one before it once more."""
    words = [re.sub(r"\d+ × | /2$", "", one.kind()) for one in (first, block)]
    several = sum(hasattr(layer, "kernel_size") for layer in block.layers) > 2
    return several and words[0] == words[1] and "/" not in block.kind() and "," not in block.kind()


def _replace(blocks, old, new):
    for block in blocks:
        block.parents = list(dict.fromkeys(new if one is old else one for one in block.parents))
    blocks.remove(old)


def _equal_once(blocks):
    """Equal branches from the same blocks to the same block become one."""
    below, heads = children(blocks), {}
    for block in list(blocks):
        if block not in blocks or not block.parents or not block.layers:
            continue
        chain = [block]
        while len(below[chain[-1]]) == 1 and len(below[chain[-1]][0].parents) == 1:
            chain.append(below[chain[-1]][0])
        ends = frozenset(below[chain[-1]])
        key = frozenset(block.parents), ends, tuple((b.kind(), b.shape, b.weights) for b in chain)
        if key not in heads or not ends:
            heads[key] = chain
        elif heads[key][0] is not block:
            for one, twin in zip(heads[key], chain, strict=True):
                one.times += twin.times
                blocks.remove(twin)
            for end in ends:
                end.parents = [one for one in end.parents if one is not chain[-1]]
            below = children(blocks)
    for block in [block for block in blocks if not block.layers and len(block.parents) == 1]:
        _replace(blocks, block, block.parents[0])
    return blocks


def _size(shape):
    patches, *sides = shape
    text = "×".join(name if side is None else str(side) for side, name in zip(sides, "HWC", strict=False))
    return f"{patches} of {text}" if patches and patches > 1 else text


def _count(number):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.{1 if number < 10 * size else 0}f}{letter}"
    return str(number)
