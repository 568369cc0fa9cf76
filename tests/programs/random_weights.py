"""State dicts with the names of a framework and random values, for networks of which no weights of
that kind are published."""

import array
import json
import random
import struct

from program import ROOT

GOLDENS = ROOT / "tests" / "goldens" / "networks"


def write_state_dict(path, golden, layers=(), classes=0):
    """Those of a golden; layers with these names have so many classes, none of which is the highest
    everywhere."""
    source, header, data = random.Random(1), {}, b""
    for name, shape, middle, spread, _ in json.loads((GOLDENS / golden).read_text())["tensors"]:
        own = name.startswith(tuple(f"{layer}." for layer in layers))
        if own:
            shape = [classes, *shape[1:]]
        count = 1
        for size in shape:
            count *= size
        values = [middle + spread * source.uniform(-1, 1) for _ in range(count)]
        if own and len(shape) > 1:
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
