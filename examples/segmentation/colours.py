"""Writes weights of DeepLabV3+ on PP-LCNet x0.5 that are not learned but set: a pixel is of the class
whose colour is nearest to its own. They show what `pplcnet segment` does with a network's scores.

    python3 colours.py OUT.safetensors LABELS.txt NAME=RED,GREEN,BLUE...

What a pixel looks like goes from the picture through the backbone's map of stride 4 to the decoder,
which takes nothing of what is deeper. Of all colours c the one with the highest 2 c x - c c is the
nearest to x: that is the last convolution.
"""
import array
import json
import struct
import sys

LIFT = 4  # added to colours from -1 to 1: from 3 on hardswish changes nothing, nor does ReLU
# Kernel, input and output channels of each block, and whether it squeezes and excites.
BLOCKS = {
    "blocks2.0": (3, 8, 16, False), "blocks3.0": (3, 16, 32, False), "blocks3.1": (3, 32, 32, False),
    "blocks4.0": (3, 32, 64, False), "blocks4.1": (3, 64, 64, False),
    "blocks5.0": (3, 64, 128, False),
    **{f"blocks5.{i}": (5, 128, 128, False) for i in range(1, 6)},
    "blocks6.0": (5, 128, 256, True), "blocks6.1": (5, 256, 256, True),
}
LOW, DEEP, WIDTH = 48, 256, 256  # channels of the decoder's own map, of the last block, of the head
HALVED = {"backbone.net.conv1", "backbone.net.blocks3.0.dw_conv"}  # a pixel is the mean of four


class Weights:
    """A state dict with PaddleSeg's names."""

    def __init__(self):
        self.tensors = {}

    def set(self, name, shape, values=(), rest=0.0):
        """Adds a tensor of one value but for some places."""
        count = 1
        for side in shape:
            count *= side
        data = array.array("f", [rest]) * count
        for place, value in values:
            data[place] = value
        self.tensors[name] = shape, data

    def norm(self, name, channels, lift=0.0):
        for leaf, value in (("weight", 1), ("bias", lift), ("_mean", 0), ("_variance", 1)):
            self.set(f"{name}.{leaf}", [channels], rest=float(value))

    def conv(self, name, leaves, shape, first=0, lift=0.0, bias=False):
        """Adds a convolution, which takes three channels, from `first` on, as they are to the first
        three or, if it is depthwise, to their own places."""
        outputs, inputs, kernel, _ = shape
        taps = kernel * kernel
        if name in HALVED:
            shares = [(row * kernel + column, 0.25) for row in (1, 2) for column in (1, 2)]
        else:
            shares = [(taps // 2, 1.0)]
        values = []
        for colour in range(3):
            output = first + colour if inputs == 1 else colour
            channel = 0 if inputs == 1 else first + colour
            values += [((output * inputs + channel) * taps + tap, share) for tap, share in shares]
        self.set(f"{name}.{leaves[0]}.weight", shape, values)
        if bias:
            self.set(f"{name}.{leaves[0]}.bias", [outputs])
        self.norm(f"{name}.{leaves[1]}", outputs, lift)

    def write(self, path):
        header, begin = {}, 0
        for name, (shape, data) in self.tensors.items():
            end = begin + 4 * len(data)
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
            begin = end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, data in self.tensors.values():
                file.write(data.tobytes())


def add_backbone(weights):
    leaves = "conv", "bn"
    weights.conv("backbone.net.conv1", leaves, [8, 3, 3, 3], lift=LIFT)
    for block, (kernel, inputs, outputs, squeezes) in BLOCKS.items():
        name = f"backbone.net.{block}"
        weights.conv(f"{name}.dw_conv", leaves, [inputs, 1, kernel, kernel])
        if squeezes:
            for i, (to, of) in enumerate(((inputs // 4, inputs), (inputs, inputs // 4)), 1):
                weights.set(f"{name}.se.conv{i}.weight", [to, of, 1, 1])
                weights.set(f"{name}.se.conv{i}.bias", [to])
        weights.conv(f"{name}.pw_conv", leaves, [outputs, inputs, 1, 1])


def add_head(weights, colours):
    leaves = "_conv", "_batch_norm"

    def separable(name, inputs, first):
        weights.conv(f"{name}.depthwise_conv", leaves, [inputs, 1, 3, 3], first, bias=True)
        weights.conv(f"{name}.piontwise_conv", leaves, [WIDTH, inputs, 1, 1], first, bias=True)

    aspp = "head.aspp"
    weights.conv(f"{aspp}.aspp_blocks.0", leaves, [WIDTH, DEEP, 1, 1], bias=True)
    for i in (1, 2, 3):
        separable(f"{aspp}.aspp_blocks.{i}", DEEP, 0)
    weights.conv(f"{aspp}.global_avg_pool.1", leaves, [WIDTH, DEEP, 1, 1])
    weights.conv(f"{aspp}.conv_bn_relu", leaves, [WIDTH, 5 * WIDTH, 1, 1], bias=True)
    decoder = "head.decoder"
    weights.conv(f"{decoder}.conv_bn_relu1", leaves, [LOW, 32, 1, 1], bias=True)
    separable(f"{decoder}.conv_bn_relu2", WIDTH + LOW, WIDTH)  # what is deeper comes first
    separable(f"{decoder}.conv_bn_relu3", WIDTH, 0)
    values = [(row * WIDTH + i, 2 * part) for row, colour in enumerate(colours)
              for i, part in enumerate(colour)]
    weights.set(f"{decoder}.conv.weight", [len(colours), WIDTH, 1, 1], values)
    biases = enumerate(-sum(part * part for part in colour) for colour in colours)
    weights.set(f"{decoder}.conv.bias", [len(colours)], biases)


def main():
    out, labels, *classes = sys.argv[1:]
    names, colours = zip(*(one.split("=") for one in classes))
    weights = Weights()
    add_backbone(weights)
    add_head(weights, [[int(part) / 127.5 - 1 + LIFT for part in colour.split(",")]
                       for colour in colours])
    weights.write(out)
    with open(labels, "w", encoding="utf-8") as file:
        file.write("".join(f"{name}\n" for name in names))


if __name__ == "__main__":
    main()
