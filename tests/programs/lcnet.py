"""PP-LCNets with random weights: what they give, in numpy, and the files that frameworks keep them
in."""

import json
import pickle
import struct
import sys

try:
    import numpy
except ImportError:
    print("Skipped: apt install python3-numpy")
    sys.exit(77)

TABLE = [  # stage, kernel, in, out, stride, squeeze-excite, at scale 1
    (2, 3, 16, 32, 1, False), (3, 3, 32, 64, 2, False), (3, 3, 64, 64, 1, False),
    (4, 3, 64, 128, 2, False), (4, 3, 128, 128, 1, False), (5, 3, 128, 256, 2, False),
    *[(5, 5, 256, 256, 1, False)] * 5, (6, 5, 256, 512, 2, True), (6, 5, 512, 512, 1, True)]
SQUARE = (2, 2, 2, 2, 2)
LINES = (2, (2, 1), (2, 1), (2, 1), (2, 1))  # of text
MEAN = numpy.array([0.485, 0.456, 0.406]).reshape(3, 1, 1)
DEVIATION = numpy.array([0.229, 0.224, 0.225]).reshape(3, 1, 1)


def scaled(channels, scale):
    """Paddle's make_divisible."""
    result = max(8, int(channels * scale + 4) // 8 * 8)
    return result + 8 if result < 0.9 * channels * scale else result


def blocks_of(scale, strides=SQUARE):
    rows, seen = [], {2}
    for stage, kernel, channels, out, _, squeeze in TABLE:
        stride = 1 if stage in seen else strides[stage - 2]
        seen.add(stage)
        rows.append((stage, kernel, scaled(channels, scale), scaled(out, scale), stride, squeeze))
    return rows


def names_of_blocks(blocks):
    places = {}
    for block in blocks:
        index = places[block[0]] = places.get(block[0], -1) + 1
        yield f"blocks{block[0]}.{index}", block


def state_dict(classes, scale=0.25, head=1280, seed=1):
    """Random weights with Paddle's names."""
    random = numpy.random.default_rng(seed)
    state = {}

    def add(name, *shape):
        depth = numpy.prod(shape[1:])
        state[name] = random.normal(0, 1.6 / numpy.sqrt(depth), shape).astype("f4")

    def add_norm(name, channels):
        # Small ones, in which epsilon shows; what is scaled by them keeps its size.
        variance = random.uniform(0.01, 1, channels).astype("f4")
        factor = random.uniform(0.7, 1.3, channels).astype("f4")
        state[f"{name}.weight"] = numpy.sqrt(variance) * factor
        state[f"{name}.bias"] = random.normal(0, 0.2, channels).astype("f4")
        state[f"{name}._mean"] = random.normal(0, 0.1, channels).astype("f4")
        state[f"{name}._variance"] = variance

    blocks = blocks_of(scale)
    add("conv1.conv.weight", blocks[0][2], 3, 3, 3)
    add_norm("conv1.bn", blocks[0][2])
    for block, (_, kernel, channels, out, _, squeeze) in names_of_blocks(blocks):
        add(f"{block}.dw_conv.conv.weight", channels, 1, kernel, kernel)
        add_norm(f"{block}.dw_conv.bn", channels)
        if squeeze:
            add(f"{block}.se.conv1.weight", channels // 4, channels, 1, 1)
            state[f"{block}.se.conv1.bias"] = numpy.zeros(channels // 4, "f4")
            add(f"{block}.se.conv2.weight", channels, channels // 4, 1, 1)
            state[f"{block}.se.conv2.bias"] = random.normal(0, 1, channels).astype("f4")
        add(f"{block}.pw_conv.conv.weight", out, channels, 1, 1)
        add_norm(f"{block}.pw_conv.bn", out)
    width = blocks[-1][3]
    if head > 0:
        add("last_conv.weight", head, width, 1, 1)
    state["fc.weight"] = random.normal(0, 0.05, (head or width, classes)).astype("f4")
    state["fc.bias"] = random.normal(0, 0.1, classes).astype("f4")
    return state


# ---- What it gives -------------------------------------------------------------------------


def hardswish(x):
    return x * numpy.clip(x / 6 + 0.5, 0, 1)


def pair(stride):
    return stride if isinstance(stride, tuple) else (stride, stride)


def windows(x, kernel, stride):
    """[channels][rows][columns][kernel][kernel]"""
    margin = kernel // 2
    padded = numpy.pad(x, [(0, 0), (margin, margin), (margin, margin)])
    view = numpy.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (1, 2))
    rows, columns = pair(stride)
    return view[:, ::rows, ::columns]


def norm(state, name, x, epsilon):
    factor = state[f"{name}.weight"] / numpy.sqrt(state[f"{name}._variance"] + epsilon)
    offset = state[f"{name}.bias"] - state[f"{name}._mean"] * factor
    return x * factor.reshape(-1, 1, 1) + offset.reshape(-1, 1, 1)


def run(state, x, epsilon=1e-5, slope=1 / 6, dropout=0.8, scale=0.25, strides=SQUARE):
    """The network, stage by stage."""
    points = {}
    stem = windows(x, 3, strides[0])
    x = numpy.einsum("chwij,ocij->ohw", stem, state["conv1.conv.weight"], optimize=True)
    x = points["stem"] = hardswish(norm(state, "conv1.bn", x, epsilon))
    for block, (stage, kernel, _, _, stride, squeeze) in names_of_blocks(blocks_of(scale, strides)):
        weight = state[f"{block}.dw_conv.conv.weight"][:, 0]
        x = numpy.einsum("chwij,cij->chw", windows(x, kernel, stride), weight, optimize=True)
        x = hardswish(norm(state, f"{block}.dw_conv.bn", x, epsilon))
        if squeeze:
            pooled = x.mean((1, 2))
            for number in (1, 2):
                pooled = (state[f"{block}.se.conv{number}.weight"][:, :, 0, 0] @ pooled
                          + state[f"{block}.se.conv{number}.bias"])
                if number == 1:
                    pooled = numpy.maximum(pooled, 0)
            x = x * numpy.clip(pooled * slope + 0.5, 0, 1).reshape(-1, 1, 1)
        weight = state[f"{block}.pw_conv.conv.weight"][:, :, 0, 0]
        x = numpy.tensordot(weight, x, 1)
        x = points[f"stage{stage}"] = hardswish(norm(state, f"{block}.pw_conv.bn", x, epsilon))
    seen = points["pooled"] = x.mean((1, 2))
    if "last_conv.weight" in state:
        points["embedding"] = hardswish(state["last_conv.weight"][:, :, 0, 0] @ seen)
        seen = points["embedding"] * dropout
    points["logits"] = seen @ state["fc.weight"] + state["fc.bias"]
    return points


# ---- Files -----------------------------------------------------------------------------------


def write_safetensors(path, state):
    header, data = {}, bytearray()
    for name, array in state.items():
        header[name] = {"dtype": {"f4": "F32", "f2": "F16"}[array.dtype.str[1:]],
                        "shape": array.shape,
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_pdparams(path, state):
    path.write_bytes(pickle.dumps(state, protocol=4))


def internal_names(state):
    """What Paddle's graph calls the tensors."""
    names, convolutions, norms = {}, -1, -1
    parts = {"weight": "w_0", "bias": "b_0", "_mean": "w_1", "_variance": "w_2"}
    for name in state:
        module, part = name.rsplit(".", 1)
        if module.endswith("bn"):
            norms += part == "weight"
            names[name] = f"batch_norm2d_{norms}.{parts[part]}"
        elif module == "fc":
            names[name] = f"linear_0.{parts[part]}"
        else:
            convolutions += part == "weight"
            names[name] = f"conv2d_{convolutions}.{parts[part]}"
    return names


def varint(number):
    number &= (1 << 64) - 1
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def write_pdiparams(path, state):
    """Tensors without names, in the order of those that they have in the graph."""
    with path.open("wb") as file:
        for _, name in sorted((internal, name) for name, internal in internal_names(state).items()):
            array = state[name]
            description = b"\x08\x05" + b"".join(b"\x10" + varint(size) for size in array.shape)
            file.write(struct.pack("<IQIi", 0, 0, 0, len(description)) + description)
            file.write(array.tobytes())


def message(number, content):
    """A field of protobuf: a message, a text, or a number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


class Onnx:
    """Writes an ONNX model, node by node."""

    def __init__(self, height, width):
        sizes = [message(1, size) for size in (1, 3, height, width)]
        shape = b"".join(message(1, size) for size in sizes)
        kind = message(1, message(1, 1) + message(2, shape))
        self.graph = bytearray(message(11, message(1, "x") + message(2, kind)))
        self.count = 0

    def constant(self, array):
        self.count += 1
        kind = {"f4": 1, "f2": 10}[array.dtype.str[1:]]
        sizes = b"".join(message(1, size) for size in array.shape)
        self.graph += message(5, sizes + message(2, kind) + message(8, f"c{self.count}")
                              + message(9, array.tobytes()))
        return f"c{self.count}"

    def node(self, operation, *inputs, **attributes):
        self.count += 1
        text = b"".join(message(1, one) for one in inputs)
        text += message(2, f"v{self.count}") + message(4, operation)
        for name, value in attributes.items():
            if isinstance(value, float):
                content = varint(2 << 3 | 5) + struct.pack("<f", value) + message(20, 1)
            elif isinstance(value, int):
                content = message(3, value) + message(20, 2)
            else:
                content = b"".join(message(8, one) for one in value) + message(20, 7)
            text += message(5, message(1, name) + content)
        self.graph += message(1, text)
        return f"v{self.count}"

    def write(self, path, output):
        self.graph += message(2, "network")
        self.graph += message(12, message(1, output) + message(2, message(1, message(1, 1))))
        path.write_bytes(message(1, 8) + message(2, "a test") + message(7, self.graph)
                         + message(8, message(2, 17)))


def write_onnx(path, state, height=224, width=224, scale=0.25, strides=SQUARE, ending=("Softmax",),
               factor=0.8):
    """A network as PyTorch exports one; `ending` is computed of the classes."""
    model = Onnx(height, width)

    def convolution(x, name, kernel=1, stride=1, groups=1, normed=True):
        inputs = [model.constant(state[f"{name}.weight"])]
        if f"{name}.bias" in state:
            inputs.append(model.constant(state[f"{name}.bias"]))
        x = model.node("Conv", x, *inputs, strides=pair(stride), group=groups,
                       pads=[kernel // 2] * 4, dilations=[1, 1])
        if not normed:
            return x
        names = [f"{name.removesuffix('conv')}bn.{part}"
                 for part in ("weight", "bias", "_mean", "_variance")]
        x = model.node("BatchNormalization", x, *[model.constant(state[name]) for name in names],
                       epsilon=1e-5)
        return activated(x)

    def activated(x):
        return model.node("Mul", x, model.node("HardSigmoid", x, alpha=1 / 6))

    x = convolution("x", "conv1.conv", 3, strides[0])
    for block, (_, kernel, channels, _, stride, squeeze) in names_of_blocks(blocks_of(scale, strides)):
        x = convolution(x, f"{block}.dw_conv.conv", kernel, stride, channels)
        if squeeze:
            gate = model.node("GlobalAveragePool", x)
            gate = model.node("Relu", convolution(gate, f"{block}.se.conv1", normed=False))
            gate = convolution(gate, f"{block}.se.conv2", normed=False)
            x = model.node("Mul", x, model.node("HardSigmoid", gate, alpha=1 / 6))
        x = convolution(x, f"{block}.pw_conv.conv")
    x = model.node("GlobalAveragePool", x)
    if "last_conv.weight" in state:
        x = activated(convolution(x, "last_conv", normed=False))
        if factor != 1:
            x = model.node("Mul", x, model.constant(numpy.array(factor, state["fc.bias"].dtype)))
    x = model.node("Flatten", x, axis=1)
    x = model.node("Gemm", x, model.constant(state["fc.weight"]), model.constant(state["fc.bias"]))
    for operation in ending:
        x = model.node(operation, x)
    model.write(path, x)
