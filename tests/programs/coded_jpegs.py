"""JPEGs of random coefficients, which need no encoder: of any sampling, in one scan or several."""

import struct

import numpy as np

# Codes of one length: four bits for the size of a mean value, eight for a run and a size.
MEANS = list(range(12))
OTHERS = [0, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def codes(kind, length, symbols):
    lengths = bytes(len(symbols) if i == length else 0 for i in range(1, 17))
    return segment(0xC4, bytes([kind]) + lengths + bytes(symbols))


def signed(value):
    size = int(abs(value)).bit_length()
    return size, format(value if value > 0 else value + (1 << size) - 1, f"0{size}b") if size else ""


class Component:
    def __init__(self, across, down, random):
        self.across, self.down, self.random = across, down, random
        self.steps = random.integers(1, 40, 64)
        self.previous = 0

    def block(self):
        """The bits of a block whose samples are from black to white, some beyond."""
        steps = self.steps
        mean = int(self.random.integers(-900, 900)) // int(steps[0])
        size, bits = signed(mean - self.previous)
        self.previous = mean
        text = format(MEANS.index(size), "04b") + bits
        run = 0
        last = self.random.choice((0, 3, 10, 63))
        for i in range(1, last + 1):
            value = int(self.random.normal(0, 250 / (1 + i / 4)) / steps[i])
            if value == 0:
                run += 1
                continue
            text += format(OTHERS.index(0xF0), "08b") * (run // 16)
            size, bits = signed(value)
            text += format(OTHERS.index(run % 16 << 4 | size), "08b") + bits
            run = 0
        return text if last == 63 and run == 0 else text + format(OTHERS.index(0), "08b")


def coded_jpeg(width, height, samplings, seed, restart=0, separate=False, adobe=None, names=(1, 2, 3, 4)):
    random = np.random.default_rng(seed)
    parts = [Component(*sampling, random) for sampling in samplings]
    across, down = max(one.across for one in parts), max(one.down for one in parts)
    columns, rows = -(-width // (8 * across)), -(-height // (8 * down))
    file = b"\xff\xd8"
    if adobe is not None:
        file += segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([adobe]))
    for i, one in enumerate(parts):
        file += segment(0xDB, bytes([i, *one.steps]))
    file += segment(0xC0, struct.pack(">BHHB", 8, height, width, len(parts)) + b"".join(
        bytes([names[i], one.across << 4 | one.down, i]) for i, one in enumerate(parts)))
    file += codes(0x00, 4, MEANS) + codes(0x10, 8, OTHERS)
    if restart:
        file += segment(0xDD, struct.pack(">H", restart))

    def scan(members, units, unit):
        body = bytes([len(members)]) + b"".join(bytes([names[i], 0]) for i in members)
        data, text = segment(0xDA, body + b"\0\x3f\0"), ""
        for one in parts:
            one.previous = 0
        for number in range(units):
            if restart and number and number % restart == 0:
                data += packed(text) + bytes([0xFF, 0xD0 + (number // restart - 1) % 8])
                text = ""
                for one in parts:
                    one.previous = 0
            text += unit()
        return data + packed(text)

    def interleaved():
        return "".join(one.block() for one in parts for _ in range(one.across * one.down))

    if separate or len(parts) == 1:
        for i, one in enumerate(parts):
            blocks = (-(-(-(-width * one.across // across)) // 8)
                      * -(-(-(-height * one.down // down)) // 8))
            file += scan([i], blocks, one.block)
    else:
        file += scan(range(len(parts)), columns * rows, interleaved)
    return file + b"\xff\xd9"


def packed(text):
    text += "1" * (-len(text) % 8)
    return int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:].replace(b"\xff", b"\xff\0")


COLOURS = {
    "444": ((1, 1),) * 3,
    "422": ((2, 1), (1, 1), (1, 1)),
    "420": ((2, 2), (1, 1), (1, 1)),
    "440": ((1, 2), (1, 1), (1, 1)),
    "411": ((4, 1), (1, 1), (1, 1)),
    "410": ((4, 2), (1, 1), (1, 1)),
    "mixed": ((2, 2), (2, 1), (1, 2)),
    "fine_colours": ((1, 1), (2, 1), (2, 2)),
    "quarter_rows": ((1, 4), (1, 2), (1, 1)),
    "quarter_columns": ((4, 1), (2, 1), (1, 1)),
}


def coded_jpegs():
    """Names and bytes of pictures of 1 to 40 columns and rows, of every sampling."""
    for name, samplings in COLOURS.items():
        for width in range(1, 41):
            height = width * 7 % 41
            yield f"{name}_{width}x{height}", coded_jpeg(
                width, height, samplings, seed=width, restart=width % 5, separate=width % 3 == 0)
    for width in range(1, 41, 3):
        height = width * 7 % 41
        yield f"grey_{width}", coded_jpeg(width, height, ((2, 2),), seed=width, restart=width % 5)
        yield f"rgb_{width}", coded_jpeg(width, height, COLOURS["444"], seed=width, adobe=0)
        yield f"named_rgb_{width}", coded_jpeg(width, height, COLOURS["422"], seed=width,
                                               names=b"RGB")
        yield f"cmyk_{width}", coded_jpeg(width, height, ((1, 1),) * 4, seed=width, adobe=0)
        yield f"ycck_{width}", coded_jpeg(width, height, COLOURS["420"] + ((2, 2),), seed=width,
                                          adobe=2)
