"""Weights that are finite, and so large that what a network computes with them is not."""

import json
import struct


def with_huge_tensor(path, name, result):
    """A safetensors file in which all numbers of a float32 tensor are 3e38."""
    data = bytearray(path.read_bytes())
    size, = struct.unpack_from("<Q", data)
    begin, end = (8 + size + place for place in json.loads(data[8:8 + size])[name]["data_offsets"])
    data[begin:end] = struct.pack("<f", 3e38) * ((end - begin) // 4)
    result.write_bytes(data)
