"""Pictures for tests, made from nothing."""

import struct
import zlib


def png_of(rows):
    """A PNG of rows of pixels (red, green, blue)."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    data = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 1))
            + chunk(b"IEND", b""))


def png(width, height, colour=(37, 140, 90)):
    """A PNG of one colour."""
    return png_of([[colour] * width] * height)
