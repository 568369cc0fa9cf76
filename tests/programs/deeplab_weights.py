"""Random weights of a DeepLabV3+."""

import array
import json
import random
import struct

from program import ROOT

GOLDEN = ROOT / "tests" / "goldens" / "networks" / "deeplabv3p_lcnet_x0_5.json"


def write_weights(path, classes):
    """A state dict with Paddle's names."""
    source, header, data = random.Random(1), {}, b""
    for name, shape, middle, spread, _ in json.loads(GOLDEN.read_text())["tensors"]:
        if name.startswith("head.decoder.conv."):
            shape = [classes, *shape[1:]]
        count = 1
        for size in shape:
            count *= size
        values = [middle + spread * source.uniform(-1, 1) for _ in range(count)]
        if name == "head.decoder.conv.weight":  # no class is the highest everywhere
            row = count // classes
            for first in range(0, count, row):
                mean = sum(values[first:first + row]) / row
                values[first:first + row] = [value - mean for value in values[first:first + row]]
        tensor = array.array("f", values).tobytes()
        header[name] = {"dtype": "F32", "shape": shape,
                        "data_offsets": [len(data), len(data) + len(tensor)]}
        data += tensor
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
