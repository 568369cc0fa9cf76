"""State dicts with synthetic values, as tests/synthetic.hpp makes them: {name: array}, in the order
of the frameworks' modules."""

import math

import numpy

BITS = (1 << 64) - 1
GOLDEN_RATIO = 0x9E3779B97F4A7C15

# By network's source: gains of (pointwise, depthwise, stem, squeeze, expand, head, classes, branch).
GAINS = {"v1": (6.5, 4, 40, 3, 20, 4, 20, None), "v2": (6.5, 4, 20, 3, 30, 3, 12, 3.25)}


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & BITS
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & BITS
    return z ^ (z >> 31)


def random_bits(name, count, seed):
    """24 of each number."""
    base = 0xCBF29CE484222325
    for byte in name.encode():
        base = (base ^ byte) * 0x100000001B3 & BITS
    base = mix(base + seed * GOLDEN_RATIO & BITS)
    with numpy.errstate(over="ignore"):  # modulo 2^64
        z = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(GOLDEN_RATIO)
        z += numpy.uint64(base)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    z ^= z >> numpy.uint64(31)
    return z >> numpy.uint64(40)


def uniform(name, count, seed):
    """Numbers in [-1, 1)."""
    return (random_bits(name, count, seed).astype(numpy.float64) - 8388608.0) / 8388608.0


def picture(width, height, seed=1):
    """Smooth colours with noise: [height][width][3], bytes."""
    noise = (random_bits("image.u8", height * width * 3, seed) >> numpy.uint64(16)).astype(int)
    y, x, c = numpy.ogrid[:height, :width, :3]
    ramp = (3 * x + y * (2 + c) + 40 * c) % 512
    ramp = numpy.where(ramp < 256, ramp, 511 - ramp)
    return ((7 * ramp + noise.reshape(height, width, 3)) // 8).astype(numpy.uint8)


def distribution(name, shape, family):
    """Mean and spread."""
    *path, leaf = name.split(".")
    if leaf in ("_mean", "running_mean"):
        return 0, 0.25
    if leaf in ("_variance", "running_var"):
        return 1, 0.5
    if leaf == "bias":
        return 0, 0.25
    if len(shape) == 1:
        return 1, 0.5
    pointwise, depthwise, stem, squeeze, expand, head, classes, branch = GAINS[family]
    if len(shape) == 2:
        fan_in = shape[1] if name == "classifier.weight" else shape[0]
        return 0, math.sqrt(classes / fan_in)
    if "se" in path:
        gain = squeeze if path[-1] in ("conv1", "conv_reduce") else expand
    elif path[0] in ("last_conv", "conv_head"):
        gain = head
    elif "dw_conv_list" in path:
        gain = branch
    else:
        gain = {1: depthwise, 3: stem}.get(shape[1], pointwise)
    return 0, math.sqrt(gain / (shape[1] * shape[2] * shape[3]))


def tensor(name, shape, family, seed=1):
    if name.endswith("num_batches_tracked"):
        return numpy.zeros(shape, numpy.int64)
    values = uniform(name, math.prod(shape), seed)
    if len(shape) == 4 and shape[1] == 1 and shape[2] * shape[3] > 1:  # a depthwise kernel
        taps = values.reshape(shape[0], -1)
        values = (taps - numpy.roll(taps, -1, axis=1)).ravel()
    mean, spread = distribution(name, shape, family)
    values = mean + float(numpy.float32(spread)) * values
    return values.astype(numpy.float32).reshape(shape)


class StateDict(dict):
    def __init__(self, family, seed=1):
        super().__init__()
        self.family, self.seed = family, seed

    def add(self, name, *shape):
        self[name] = tensor(name, shape, self.family, self.seed)

    def convolution(self, name, *shape, bias=True):
        self.add(f"{name}.weight", *shape)
        if bias:
            self.add(f"{name}.bias", shape[0])

    def batch_norm(self, name, channels, leaves=("weight", "bias", "_mean", "_variance")):
        for leaf in leaves:
            self.add(f"{name}.{leaf}", channels)


def scaled(channels, scale):
    """Paddle's make_divisible."""
    rounded = max(8, int(channels * scale + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * scale else rounded


# Stage, kernel, channels in and out at scale 1, stride, squeeze-excite
V1 = [
    (2, 3, 16, 32, 1, False), (3, 3, 32, 64, 2, False), (3, 3, 64, 64, 1, False),
    (4, 3, 64, 128, 2, False), (4, 3, 128, 128, 1, False), (5, 3, 128, 256, 2, False),
    *[(5, 5, 256, 256, 1, False)] * 5, (6, 5, 256, 512, 2, True), (6, 5, 512, 512, 1, True),
]  # fmt: skip


def blocks(scale):
    """Stage, index in it, kernel, channels in and out, stride, squeeze-excite."""
    index = {}
    for stage, kernel, channels, out, stride, squeeze in V1:
        index[stage] = index.get(stage, -1) + 1
        yield stage, index[stage], kernel, scaled(channels, scale), scaled(out, scale), stride, squeeze


def timm_blocks(scale):
    """timm counts stages from 0, and has two of Paddle's: its 3 and 4 are blocks5."""
    for stage, index, *rest in blocks(scale):
        stage -= 2
        if stage == 3 and index > 1:
            stage, index = 4, index - 2
        elif stage == 4:
            stage = 5
        yield stage, index, *rest


def paddle_v1(scale, classes=1000, seed=1):
    state = StateDict("v1", seed)

    def conv_bn(name, *shape):
        state.convolution(f"{name}.conv", *shape, bias=False)
        state.batch_norm(f"{name}.bn", shape[0])

    conv_bn("conv1", scaled(16, scale), 3, 3, 3)
    for stage, index, kernel, channels, out, _, squeeze in blocks(scale):
        block = f"blocks{stage}.{index}"
        conv_bn(f"{block}.dw_conv", channels, 1, kernel, kernel)
        if squeeze:
            state.convolution(f"{block}.se.conv1", channels // 4, channels, 1, 1)
            state.convolution(f"{block}.se.conv2", channels, channels // 4, 1, 1)
        conv_bn(f"{block}.pw_conv", out, channels, 1, 1)
    state.add("last_conv.weight", 1280, scaled(512, scale), 1, 1)
    state.add("fc.weight", 1280, classes)
    state.add("fc.bias", classes)
    return state


def timm_lcnet(scale, classes=1000, seed=1):
    state = StateDict("v1", seed)

    def batch_norm(name, channels):
        state.batch_norm(name, channels, ("weight", "bias", "running_mean", "running_var"))
        state.add(f"{name}.num_batches_tracked")

    state.add("conv_stem.weight", scaled(16, scale), 3, 3, 3)
    batch_norm("bn1", scaled(16, scale))
    for stage, index, kernel, channels, out, _, squeeze in timm_blocks(scale):
        block = f"blocks.{stage}.{index}"
        state.add(f"{block}.conv_dw.weight", channels, 1, kernel, kernel)
        batch_norm(f"{block}.bn1", channels)
        if squeeze:
            state.convolution(f"{block}.se.conv_reduce", channels // 4, channels, 1, 1)
            state.convolution(f"{block}.se.conv_expand", channels, channels // 4, 1, 1)
        state.add(f"{block}.conv_pw.weight", out, channels, 1, 1)
        batch_norm(f"{block}.bn2", out)
    state.convolution("conv_head", 1280, scaled(512, scale), 1, 1)
    state.convolution("classifier", classes, 1280)
    return state


def paddle_v2_small(classes=1000, seed=1):
    """In training form."""
    state = StateDict("v2", seed)

    def conv_bn(name, *shape):
        state.convolution(f"{name}.conv", *shape, bias=False)
        state.batch_norm(f"{name}.bn", shape[0])

    conv_bn("stem.0", 24, 3, 3, 3)
    conv_bn("stem.1.dw_conv", 24, 1, 3, 3)
    conv_bn("stem.1.pw_conv", 48, 24, 1, 1)
    for stage, (channels, kernel, count) in enumerate([(48, 3, 2), (96, 3, 2), (192, 5, 4), (384, 5, 2)]):
        out = 2 * channels
        for index in range(count):
            block = f"stages.{stage}.{index}"
            if kernel == 5:
                for branch, size in enumerate([5, 3] if index == 0 else [5, 3, 1]):
                    conv_bn(f"{block}.dw_conv_list.{branch}", channels, 1, size, size)
                state.convolution(f"{block}.dw_conv", channels, 1, 5, 5)
            else:
                conv_bn(f"{block}.dw_conv", channels, 1, 3, 3)
            if stage == 2:
                state.convolution(f"{block}.se.conv1", channels // 4, channels, 1, 1)
                state.convolution(f"{block}.se.conv2", channels, channels // 4, 1, 1)
                conv_bn(f"{block}.pw_conv_1", out // 2, channels, 1, 1)
                conv_bn(f"{block}.pw_conv_2", out, out // 2, 1, 1)
            else:
                conv_bn(f"{block}.pw_conv", out, channels, 1, 1)
            channels = out
    state.add("last_conv.weight", 1280, 768, 1, 1)
    state.add("fc.weight", 1280, classes)
    state.add("fc.bias", classes)
    return state
