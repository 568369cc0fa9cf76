"""Networks of light_cnns in numpy, module by module. They draw their weights when they compute for
the first time, so that a state dict with its names and shapes is what they leave."""

import sys

try:
    import numpy
except ImportError:
    print("Skipped: apt install python3-numpy")
    sys.exit(77)


def relu(x):
    return numpy.maximum(x, 0)


def relu6(x):
    return numpy.clip(x, 0, 6)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def hardswish(x):
    return x * relu6(x + 3) / 6


class Modules:
    """Maps are [channels][height][width]; the larger the gain, the larger are deep ones."""

    def __init__(self, seed, gain):
        self.state = {}
        self.gain = gain
        self.random = numpy.random.default_rng(seed)

    def parameter(self, name, draw, *shape):
        if name not in self.state:
            self.state[name] = draw(shape).astype("f4")
        return self.state[name].astype("f8")

    def weight(self, name, *shape):
        deviation = self.gain / numpy.sqrt(numpy.prod(shape[1:]))
        return self.parameter(f"{name}.weight",
                              lambda size: self.random.normal(0, deviation, size), *shape)

    def vector(self, name, low, high, count):
        return self.parameter(name, lambda size: self.random.uniform(low, high, size), count)

    def conv(self, x, name, out, kernel=1, stride=1, groups=1, bias=False):
        """Padded so that a stride of 1 keeps the size."""
        depth, pad = len(x) // groups, kernel // 2
        weight = self.weight(name, out, depth, kernel, kernel)
        size = [(side - 1) // stride + 1 for side in x.shape[1:]]
        x = numpy.pad(x, ((0, 0), (pad, pad), (pad, pad))).reshape(groups, depth, *(
            side + 2 * pad for side in x.shape[1:]))
        weight = weight.reshape(groups, out // groups, depth, kernel, kernel)
        y = numpy.zeros((groups, out // groups, *size))
        for i in range(kernel):
            for j in range(kernel):
                part = x[:, :, i : i + stride * (size[0] - 1) + 1 : stride,
                         j : j + stride * (size[1] - 1) + 1 : stride]
                y += numpy.einsum("god,gdhw->gohw", weight[..., i, j], part, optimize=True)
        y = y.reshape(out, *size)
        if bias:
            y += self.vector(f"{name}.bias", -0.2, 0.2, out)[:, None, None]
        return y

    def norm(self, x, name):
        count = len(x)
        variance = self.vector(f"{name}.running_var", 0.5, 1, count)
        scale = self.vector(f"{name}.weight", 0.7, 1.1, count) / numpy.sqrt(variance + 1e-5)
        mean = self.vector(f"{name}.running_mean", -0.1, 0.1, count)
        shift = self.vector(f"{name}.bias", -0.2, 0.2, count)
        return (x - mean[:, None, None]) * scale[:, None, None] + shift[:, None, None]

    def conv_norm(self, x, sequence, module, *arguments, **more):
        """Modules of a sequence, one after the other."""
        x = self.conv(x, f"{sequence}.{module}", *arguments, **more)
        return self.norm(x, f"{sequence}.{module + 1}")


def coordinate_attention(net, x, name):
    channels = len(x)
    squeezed = max(8, channels // 32)

    def factors(means, out):
        y = net.conv(means, f"{name}.conv1", squeezed, bias=True)
        y = hardswish(net.norm(y, f"{name}.bn1"))
        return sigmoid(net.conv(y, f"{name}.{out}", channels, bias=True))

    return x * factors(x.mean(2, keepdims=True), "conv2") * factors(x.mean(1, keepdims=True),
                                                                    "conv3")


def mbv2_ca(net, x, classes=1000):
    """MobileNetV2 with coordinate attention in its blocks (Attention/)."""
    x = relu6(net.conv_norm(x, "features.0", 0, 32, 3, 2))
    i = 1
    for expansion, out, repeats, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2),
                                            (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                                            (6, 320, 1, 1)]:
        for repeat in range(repeats):
            block, y, module = f"features.{i}.conv", x, 0
            hidden = expansion * len(x)
            if expansion > 1:
                y = relu6(net.conv_norm(y, block, 0, hidden))
                module = 3
            step = stride if repeat == 0 else 1
            y = relu6(net.conv_norm(y, block, module, hidden, 3, step, groups=hidden))
            module += 3
            if expansion > 1:
                y = coordinate_attention(net, y, f"{block}.{module}")
                module += 1
            y = net.conv_norm(y, block, module, out)
            x = x + y if x.shape == y.shape else y
            i += 1
    x = relu6(net.conv_norm(x, "conv", 0, 1280)).mean((1, 2))
    weight = net.weight("classifier.1", classes, 1280)
    return weight @ x + net.vector("classifier.1.bias", -0.2, 0.2, classes)


def pool(x, reduce, outside):
    """Windows of 3x3 with a stride of 2 and a padding of 1."""
    size = [(side - 1) // 2 + 1 for side in x.shape[1:]]
    x = numpy.pad(x, ((0, 0), (1, 1), (1, 1)), constant_values=outside)
    return reduce([x[:, i : i + 2 * size[0] - 1 : 2, j : j + 2 * size[1] - 1 : 2]
                   for i in range(3) for j in range(3)], axis=0)


def shufflenetv1(net, x, classes=1000, groups=3):
    """ShuffleNet 2x with 3 groups (ShuffleNetv1.py)."""
    x = pool(relu(net.conv_norm(x, "first_conv", 0, 48, 3, 2)), numpy.max, -numpy.inf)
    i = 0
    for out, units in [(480, 4), (960, 8), (1920, 4)]:
        for unit in range(units):
            block, stride = f"features.{i}.branch_main_", 2 if unit == 0 else 1
            middle, given = out // 4, out - len(x) if stride == 2 else out
            y = relu(net.conv_norm(x, f"{block}1", 0, middle, groups=groups if i > 0 else 1))
            y = net.conv_norm(y, f"{block}1", 3, middle, 3, stride, groups=middle)
            y = y.reshape(middle // groups, groups, *y.shape[1:]).swapaxes(0, 1).reshape(y.shape)
            y = net.conv_norm(y, f"{block}2", 0, given, groups=groups)
            x = relu(x + y) if stride == 1 else numpy.concatenate(
                [pool(x, numpy.mean, 0), relu(y)])
            i += 1
    return net.weight("classifier.0", classes, 1920) @ x[:, :7, :7].mean((1, 2))
