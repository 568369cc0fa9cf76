"""Pictures for tests, made from nothing."""

import struct
import zlib


def chunk(kind, data):
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_rows(width, height, depth, colour, rows, before=b"", interlaced=0, after=b""):
    """A PNG of rows as they are stored, each after the byte of its filter, with chunks before and
    after them."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
            + chunk(b"IDAT", zlib.compress(rows, 1)) + after + chunk(b"IEND", b""))


def unfiltered(pixels, row_bytes):
    """Rows of a PNG from their bytes, one row after another."""
    return b"".join(b"\0" + pixels[i : i + row_bytes] for i in range(0, len(pixels), row_bytes))


def png_of_pixels(width, height, pixels):
    """A PNG of bytes red, green, blue, pixel by pixel, row by row."""
    return png_of_rows(width, height, 8, 2, unfiltered(pixels, 3 * width))


def png_of(rows):
    """A PNG of rows of pixels (red, green, blue)."""
    pixels = bytes(value for row in rows for pixel in row for value in pixel)
    return png_of_pixels(len(rows[0]), len(rows), pixels)


def png(width, height, colour=(37, 140, 90)):
    """A PNG of one colour."""
    return png_of([[colour] * width] * height)
