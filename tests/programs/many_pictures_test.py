"""`pplcnet classify` over a thousand pictures, some of which are none: every good one is classified,
every bad one is named, and memory does not grow."""

import ctypes
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from picture_files import chunk, png_of_rows
from program import ROOT, SYNTHETIC, Result, command, skip_without

PHOTOS = [ROOT / "examples" / "page.jpg", SYNTHETIC / "photo.png"]
skip_without(*PHOTOS)


def png(width, height, depth=8, colour=2, rows=None, palette=b""):
    """A PNG of one colour, or of given rows."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    if rows is None:
        rows = (b"\0" + bytes(range(37, 37 + channels * depth // 8)) * width) * height
    return png_of_rows(width, height, depth, colour, rows, chunk(b"PLTE", palette) if palette else b"")


def cmyk_jpeg():
    """8 by 8 pixels of four components, whose coefficients are all zero."""
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    components = b"".join(bytes([i, 0x11, 0]) for i in range(1, 5))
    scan = bytes([4]) + b"".join(bytes([i, 0]) for i in range(1, 5)) + b"\0\x3f\0"
    one_code = bytes([1] + [0] * 15) + b"\0"  # the code 0 stands for 0
    blocks = bytes([0b00000000])  # a bit for DC and one for AC, four times
    return (b"\xff\xd8" + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + segment(0xDB, b"\0" + b"\1" * 64)
            + segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 4) + components)
            + segment(0xC4, b"\x00" + one_code) + segment(0xC4, b"\x10" + one_code)
            + segment(0xDA, scan) + blocks + b"\xff\xd9")


def animated_gif():
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\xff\0" + frame + frame + b"\x3b"


def rotated_jpeg(orientation):
    """A photo with an Exif orientation."""
    photo = PHOTOS[0].read_bytes()
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + b"\0\0\0\0"
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + photo[2:]


def in_small_pages():
    """Keeps Linux from giving this process huge pages, which hold whatever chance leaves in them."""
    PR_SET_THP_DISABLE = 41
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


class ManyPictures(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.weights = self.folder / "weights.safetensors"
        subprocess.run([*command("write_weights"), self.weights], check=True,
                       stdout=subprocess.DEVNULL)
        self.pictures = self.folder / "pictures"
        self.pictures.mkdir()

    def add(self, name, contents):
        (self.pictures / name).write_bytes(contents)
        return str(self.pictures / name)

    def fill(self, count):
        for i in range(count):
            name = self.pictures / f"photo{i:04}.jpg"
            if i % 10 == 0:
                name.symlink_to(PHOTOS[i // 10 % 2])
            else:
                name.write_bytes(png(64 + i % 50, 48 + i % 70))

    def test_a_thousand_of_which_twenty_are_special(self):
        self.fill(980)
        good = [
            self.add("one_pixel.png", png(1, 1)),
            self.add("sixteen_bits.png", png(60, 40, depth=16)),
            self.add("grey.png", png(60, 40, colour=0)),
            self.add("transparent.png", png(60, 40, colour=6)),
            self.add("palette.png", png(60, 40, colour=3, palette=bytes(range(120)))),
            self.add("cmyk.jpg", cmyk_jpeg()),
            self.add("rotated.jpg", rotated_jpeg(6)),
            self.add("upside_down.jpg", rotated_jpeg(3)),
            self.add("picture_called.bmp", png(30, 30)),
        ]
        photo = PHOTOS[0].read_bytes()
        bad = [
            self.add("empty.jpg", b""),
            self.add("text.png", b"This is no picture.\n"),
            self.add("zeros.jpg", b"\0" * 1000),
            self.add("cut.png", png(300, 300)[:60]),
            self.add("header_only.jpg", photo[:100]),
            self.add("animated.gif", animated_gif()),
            self.add("page.gif", b"<html></html>"),
            self.add("damaged.png", png(50, 50, rows=b"\7" * 20)),
            self.add("archive.jpg", b"PK\3\4" + b"\0" * 50),
            self.add("no_pixels.png", png(0, 0, rows=b"\0")),
            self.add("huge.png", png(1 << 30, 1 << 30, rows=b"\0")),
        ]
        result = Result("classify", "--weights", self.weights, "--csv", "--top-k", 1,
                        "--threads", 2, self.pictures, timeout=300)
        self.assertEqual(result.status, 1)
        predicted = [line.split(",")[0] for line in result.lines[1:]]
        everything = sorted(str(path) for path in self.pictures.iterdir())
        self.assertEqual(len(everything), 1000)
        self.assertEqual(predicted, [path for path in everything if path not in bad])
        self.assertEqual(set(good) - set(predicted), set())
        self.assertEqual(len(result.complaints), len(bad), result.complaints)
        for path in bad:
            self.assertEqual(sum(path in line for line in result.complaints), 1, path)

    def memory_of(self, names):
        """The most that the program held, in KiB, while it classified these pictures."""
        listed = self.folder / "names.txt"
        listed.write_text("\n".join(names) + "\n")
        with listed.open() as stdin, (self.folder / "predictions.txt").open("w") as stdout:
            program = subprocess.Popen([*command("pplcnet"), "classify", "--weights", self.weights,
                                        "-"], stdin=stdin, stdout=stdout, preexec_fn=in_small_pages)
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = status
        self.assertEqual(status, 0)
        self.assertEqual(len((self.folder / "predictions.txt").read_text().splitlines()), len(names))
        return usage.ru_maxrss

    def test_memory_is_flat(self):
        self.fill(400)
        names = sorted(map(str, self.pictures.iterdir()))
        few = many = sys.maxsize
        for _ in range(8):  # chance leaves gaps of a picture's size, but not each time
            few, many = min(few, self.memory_of(names[:40])), min(many, self.memory_of(names))
            print(f"{few} KiB for 40 pictures, {many} KiB for 400")
            if many - few < 2048:
                break
        self.assertLess(many - few, 2048)


unittest.main()
