"""Pictures for tests, made from nothing."""

import struct
import zlib


def png_of_pixels(width, height, pixels):
    """A PNG of bytes red, green, blue, pixel by pixel, row by row."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (pixels[i : i + 3 * width] for i in range(0, len(pixels), 3 * width))
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 1))
            + chunk(b"IEND", b""))


def png_of(rows):
    """A PNG of rows of pixels (red, green, blue)."""
    pixels = bytes(value for row in rows for pixel in row for value in pixel)
    return png_of_pixels(len(rows[0]), len(rows), pixels)


def png(width, height, colour=(37, 140, 90)):
    """A PNG of one colour."""
    return png_of([[colour] * width] * height)
