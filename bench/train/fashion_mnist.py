#!/usr/bin/env python3
"""Writes Fashion-MNIST as folders of pictures, one for each class, for `pplcnet train`.

    bench/train/fashion_mnist.py SOURCE TARGET [MOST]

SOURCE has the four *-ubyte.gz files, such as /usr/share/datasets/fashion-mnist of Debian's package
dataset-fashion-mnist; TARGET gets the folders train and test. The pictures of 28x28 get a black
border of two pixels: 32x32. MOST is how many of each part are written; all, if it is missing."""

import gzip
import pathlib
import struct
import sys
import zlib

LABELS = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
          "boot"]
SIDE, BORDER = 28, 2


def read(source, name):
    """The bytes of an IDX file after its header, and how many items they are of."""
    data = gzip.decompress((source / name).read_bytes())
    magic, count = struct.unpack(">II", data[:8])
    return data[8 if magic == 2049 else 16:], count


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels):
    """A grey picture with a border."""
    side = SIDE + 2 * BORDER
    empty = bytes(1 + side)
    rows = [b"\0" + bytes(BORDER) + pixels[y * SIDE:(y + 1) * SIDE] + bytes(BORDER)
            for y in range(SIDE)]
    data = b"".join([empty] * BORDER + rows + [empty] * BORDER)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(data, 1)) + chunk(b"IEND", b""))


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 60_000
    for part, prefix in [("train", "train"), ("test", "t10k")]:
        pictures, count = read(source, f"{prefix}-images-idx3-ubyte.gz")
        labels, _ = read(source, f"{prefix}-labels-idx1-ubyte.gz")
        for label in LABELS:
            (target / part / label).mkdir(parents=True, exist_ok=True)
        for i in range(min(count, most)):
            path = target / part / LABELS[labels[i]] / f"{i:05}.png"
            path.write_bytes(png(pictures[i * SIDE * SIDE:(i + 1) * SIDE * SIDE]))


if __name__ == "__main__":
    main()
