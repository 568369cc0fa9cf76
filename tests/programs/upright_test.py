"""`pplcnet orient --rotate`: copies are upright, and keep everything but that; `--lines` ends soon."""

import pathlib
import shutil
import struct
import tempfile
import time
import unittest
import zlib

from program import ROOT, Result

try:
    import numpy as np
    from PIL import Image, PngImagePlugin

    from odd_pictures import encoded, exif, with_segment
    from picture_files import chunk, png_of_rows
except ImportError as problem:
    print(f"Skipped: {problem}")
    raise SystemExit(77)

with Image.open(ROOT / "examples" / "line.png") as upside_down_line:
    LINE = upside_down_line.convert("RGB").transpose(Image.Transpose.ROTATE_180)
PAGE = ROOT / "examples" / "page.jpg"


def chunks(contents):
    """Types and data, in their order, all with good checksums."""
    offset, result = 8, []
    while offset < len(contents):
        length, = struct.unpack_from(">I", contents, offset)
        body = contents[offset + 4 : offset + 8 + length]
        assert struct.unpack_from(">I", contents, offset + 8 + length)[0] == zlib.crc32(body)
        result.append((body[:4], body[4:]))
        offset += 12 + length
    return result


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


class Upright(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def copy(self, name, contents, *options):
        """The copy's path, or what is said."""
        path = self.folder / name
        path.write_bytes(contents)
        result = Result("orient", "--sure", 0, "--rotate", self.folder / "upright", *options, path)
        if result.status == 0:
            return self.folder / "upright" / name, ""
        self.assertEqual((result.status, len(result.complaints)), (1, 1), name)
        self.assertFalse((self.folder / "upright" / name).exists())
        return None, result.complaints[0]

    def test_png_keeps_everything(self):
        """Of all depths: pixels, palette, resolution, profile, gamma, texts, times."""
        grey = LINE.convert("L")
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 256 + 77)
        images = {"1": grey.convert("1"), "L": grey, "deep": deep, "LA": LINE.convert("LA"),
                  "P": LINE.quantize(7), "P2": LINE.quantize(3), "RGB": LINE,
                  "RGBA": LINE.convert("RGBA")}
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Title", "a line")
        texts.add_itxt("Author", "somebody", zip=True)
        texts.add(b"gAMA", struct.pack(">I", 45455))
        texts.add(b"tIME", struct.pack(">HBBBBB", 2024, 2, 29, 1, 2, 3))
        texts.add(b"prVt", b"of a program", after_idat=True)
        for name, image in images.items():
            rotated = image.transpose(Image.Transpose.ROTATE_180)
            contents = encoded(rotated, "PNG", dpi=(300, 200), pnginfo=texts,
                               icc_profile=b"profile")
            copy, complaint = self.copy(f"{name}.png", contents, "--lines")
            self.assertEqual(complaint, "")
            seen = opened(copy)
            self.assertEqual((seen.mode, seen.size), (opened(self.folder / f"{name}.png").mode,
                                                      image.size))
            self.assertTrue((np.asarray(seen) == np.asarray(image)).all(), name)
            kept = [one for one in chunks(contents) if one[0] != b"IDAT"]
            self.assertEqual([one for one in chunks(copy.read_bytes()) if one[0] != b"IDAT"], kept)
            self.assertIn(b"prVt", [kind for kind, _ in kept])

    def test_sideways_png_has_its_resolution_rotated(self):
        page = Image.open(PAGE).convert("L")  # seen as it is stored, it is rotated
        contents = encoded(page, "PNG", dpi=(300, 200))
        copy, complaint = self.copy("page.png", contents)
        self.assertEqual(complaint, "")
        seen = opened(copy)
        self.assertEqual(seen.size, page.size[::-1])
        self.assertEqual([round(value) for value in seen.info["dpi"]], [200, 300])
        rotations = [np.rot90(np.asarray(page), quarters) for quarters in (1, 3)]
        self.assertTrue(any((np.asarray(seen) == rotation).all() for rotation in rotations))

    def test_exif_of_png_is_upright_after_it(self):
        page = Image.open(PAGE).convert("L")
        rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(page))
        contents = png_of_rows(*page.size, 8, 0, rows, chunk(b"eXIf", exif(6, 4, ">")))
        copy, complaint = self.copy("page.png", contents)
        self.assertEqual(complaint, "")
        self.assertEqual(opened(copy).getexif()[0x0112], 1)
        self.assertEqual(dict(chunks(copy.read_bytes())).keys(), dict(chunks(contents)).keys())

    def test_what_would_be_lost_is_refused(self):
        upside_down = LINE.transpose(Image.Transpose.ROTATE_180)
        whole = encoded(upside_down, "PNG")
        end_of_header = 33
        frames = chunk(b"acTL", struct.pack(">II", 2, 0))
        for name, contents, said in (
                ("animated.png", whole[:end_of_header] + frames + whole[end_of_header:], "animated"),
                ("offset.png", whole[:end_of_header] + chunk(b"oFFs", bytes(9))
                 + whole[end_of_header:], "'oFFs'"),
                ("unsafe.png", whole[:end_of_header] + chunk(b"prVT", b"!") + whole[end_of_header:],
                 "'prVT'"),
                ("interlaced.png", png_of_rows(64, 8, 8, 0, b"\0" * 2000, interlaced=1), "interlaced"),
                ("line.bmp", encoded(upside_down, "BMP"), "BMP"),
                ("line.gif", encoded(upside_down, "GIF"), "GIF")):
            copy, complaint = self.copy(name, contents, "--lines")
            if name == "interlaced.png" and copy:
                self.assertEqual(copy.read_bytes(), contents)  # nothing to see: it may stay
                continue
            self.assertIn(said, complaint)

    def test_jpeg_keeps_its_exif(self):
        """The orientation is put into the data that are there, between others, in either order."""
        upside_down = LINE.transpose(Image.Transpose.ROTATE_180)
        jpeg = encoded(upside_down, "JPEG", quality=95)
        for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
            def entry(tag, kind, count, value):
                return struct.pack(order + "HHII", tag, kind, count, value)

            start = 8 + 2 + 3 * 12 + 4
            tiff = (mark + struct.pack(order + "IH", 8, 3) + entry(0x010F, 2, 7, start)
                    + entry(0x0132, 2, 20, start + 7) + entry(0x8298, 2, 11, start + 27) + bytes(4)
                    + b"MakerX\0" + b"2024:03:12 10:11:12\0" + b"(c) nobody\0")
            contents = with_segment(jpeg, 0xE1, b"Exif\0\0" + tiff)
            copy, complaint = self.copy(f"{ord(order)}.jpg", contents, "--lines")
            self.assertEqual(complaint, "")
            self.assertEqual(copy.read_bytes().count(b"Exif\0\0"), 1)
            before = dict(opened(self.folder / f"{ord(order)}.jpg").getexif())
            self.assertEqual(dict(opened(copy).getexif()), {**before, 0x0112: 3})
            self.assertTrue(copy.read_bytes().endswith(jpeg[2:]))
        copy, _ = self.copy("none.jpg", jpeg, "--lines")
        self.assertEqual(dict(opened(copy).getexif()), {0x0112: 3})
        self.assertEqual(copy.read_bytes()[:20], jpeg[:20])  # JFIF first
        copy, _ = self.copy("long.jpg", with_segment(jpeg, 0xE1, b"Exif\0\0" + exif(1, 4, ">")),
                            "--lines")
        self.assertEqual(dict(opened(copy).getexif()), {0x0112: 3})
        full = with_segment(jpeg, 0xE1, b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 0) + bytes(65515))
        _, complaint = self.copy("full.jpg", full, "--lines")
        self.assertIn("no room", complaint)
        _, complaint = self.copy("broken.jpg", with_segment(jpeg, 0xE1, b"Exif\0\0MM\0*\xff\0\0\0"),
                                 "--lines")
        self.assertIn("damaged", complaint)

    def test_long_lines_end_soon(self):
        for width, height in ((80_000, 1), (16_777_215, 1), (1, 80_000)):
            path = self.folder / f"{width}x{height}.png"
            path.write_bytes(png_of_rows(width, height, 8, 0, (b"\0" + b"\xff" * width) * height))
            for options in (["--lines"], []):
                start = time.monotonic()
                result = Result("orient", *options, path)
                self.assertIn(result.status, (0, 1))
                self.assertLess(time.monotonic() - start, 20, (width, height, options))


unittest.main()
