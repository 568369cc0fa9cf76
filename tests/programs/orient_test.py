"""`pplcnet orient`: angles of lines of text, and upright copies that lose nothing."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from program import DATA, ROOT, SYNTHETIC, Result, skip_without

WEIGHTS = DATA / "models" / "textline_ori_x0_25" / "inference.pdiparams"
IMAGES = DATA / "images"
LINES = {"textline_demo.png": 0, "textline_rot180_demo.png": 180,
         "textline_orientation_test_0_0.png": 0, "textline_orientation_test_1_0.png": 180}
PHOTO = IMAGES / "ILSVRC2012_val_00010010.jpeg"
skip_without(WEIGHTS, PHOTO, *[IMAGES / name for name in LINES])


def orient(*arguments):
    return Result("orient", "--weights", WEIGHTS, *arguments)


def decode(path):
    """Rows of pixels, as they are seen."""
    _, size, _, pixels = Result("decode", path).bytes.split(b"\n", 3)
    width, height = map(int, size.split())
    return [[pixels[3 * (y * width + x) : 3 * (y * width + x) + 3] for x in range(width)]
            for y in range(height)]


def upside_down(rows):
    return [row[::-1] for row in rows[::-1]]


def with_exif(jpeg, orientation, order="<"):
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tiff = mark + struct.pack(order + "IH", 8, 1) + entry + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


class Orient(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_lines_of_text(self):
        paths = [IMAGES / name for name in LINES]
        result = orient("--threads", 2, *paths)
        self.assertEqual((result.status, result.complaints), (0, []))
        found = [line.split("\t") for line in result.lines]
        self.assertEqual([(path, int(angle)) for path, angle, _ in found],
                         [(str(path), LINES[path.name]) for path in paths])
        as_json = [json.loads(line) for line in orient("--json", *paths).lines]
        self.assertEqual([one["angle"] for one in as_json], list(LINES.values()))
        self.assertTrue(all(one["sure"] for one in as_json))

    def rotated(self, jpeg):
        """Files of a picture in all rotations, by the Exif orientations that mean them."""
        for angle, orientation in ((0, 1), (90, 6), (180, 3), (270, 8)):
            path = self.folder / f"{angle}_{jpeg.name}"
            path.write_bytes(with_exif(jpeg.read_bytes(), orientation))
            yield angle, path

    def test_pages_without_weights(self):
        for angle, path in self.rotated(ROOT / "examples" / "page.jpg"):
            result = Result("orient", path)
            self.assertEqual((result.status, result.complaints), (0, []))
            self.assertEqual(result.lines[0].split("\t")[1], str((90 + angle) % 360), path)

    def test_a_sign_on_a_street(self):
        """Eight letters in front of houses: the best prediction is right, and no more is known."""
        for angle, path in self.rotated(IMAGES / "img_rot0_demo.jpg"):
            self.assertEqual(json.loads(Result("orient", "--json", path).lines[0])["angle"], angle)

    def test_lines_without_weights(self):
        lines = Result("orient", "--lines", *[IMAGES / name for name in LINES]).lines
        self.assertEqual([int(line.split("\t")[1]) for line in lines], list(LINES.values()))

    def test_where_there_is_no_text(self):
        self.assertIn("\tunsure\t", Result("orient", PHOTO).lines[0])

    def test_weights_are_not_also_lines(self):
        result = Result("orient", "--lines", "--weights", WEIGHTS, PHOTO)
        self.assertEqual(result.status, 2)
        self.assertIn("--weights excludes --lines", result.complaints[0])

    def test_what_is_not_sure_is_said(self):
        result = orient("--sure", "1", IMAGES / "whl_demo.jpg")
        self.assertEqual(result.status, 0)
        self.assertIn("\tunsure\t", result.lines[0])

    def test_upright_copies_of_pngs(self):
        paths = [IMAGES / name for name in LINES]
        result = orient("--rotate", self.folder / "upright", *paths)
        self.assertEqual((result.status, result.complaints), (0, []))
        copies = sorted((self.folder / "upright").iterdir())
        self.assertEqual([copy.name for copy in copies], sorted(LINES))
        self.assertEqual({line.split("\t")[1] for line in orient(*copies).lines}, {"0"})
        for copy in copies:
            rows = decode(IMAGES / copy.name)
            self.assertEqual(decode(copy), upside_down(rows) if LINES[copy.name] else rows)

    def test_upright_copies_of_jpegs_keep_their_data(self):
        photo = PHOTO.read_bytes()
        for name, contents in [("plain.jpg", photo), ("rotated.jpg", with_exif(photo, 3)),
                               ("big.jpg", with_exif(photo, 3, ">")),
                               ("sideways.jpg", with_exif(photo, 6))]:
            path = self.folder / name
            path.write_bytes(contents)
            folder = self.folder / ("of_" + name)
            line = orient("--sure", 0, "--rotate", folder, path)
            self.assertEqual((line.status, line.complaints), (0, []))
            angle = int(line.lines[0].split("\t")[1])
            copy = folder / name
            rows = decode(path)
            self.assertEqual(decode(copy), upside_down(rows) if angle else rows, name)
            self.assertEqual(copy.read_bytes()[-len(photo) + 1000 :], photo[1000:])

    def test_nothing_is_overwritten_or_lost(self):
        line = IMAGES / "textline_rot180_demo.png"
        folder = self.folder / "upright"
        self.assertEqual(orient("--rotate", folder, line).status, 0)
        before = (folder / line.name).read_bytes()
        again = orient("--rotate", folder, line)
        self.assertEqual((again.status, len(again.complaints)), (1, 1))
        self.assertIn("is there already", again.complaints[0])
        self.assertEqual((folder / line.name).read_bytes(), before)
        mirrored = self.folder / "mirrored.jpg"
        mirrored.write_bytes(with_exif(PHOTO.read_bytes(), 5))
        result = orient("--sure", 0, "--rotate", folder, mirrored)
        self.assertEqual(result.status, 1)
        self.assertIn("is mirrored", result.complaints[0])
        self.assertEqual([path.name for path in folder.iterdir()], [line.name])

    def test_a_model_is_that_of_weights(self):
        result = Result("orient", "--model", "PP-LCNet_x1_0_doc_ori", PHOTO)
        self.assertNotIn(result.status, (0, 1))
        self.assertIn("--model requires --weights", " ".join(result.complaints))

    def test_other_networks_are_refused(self):
        other = SYNTHETIC / "pplcnet_x0_25.pdiparams"
        result = Result("orient", "--weights", other, PHOTO)
        self.assertEqual((result.status, len(result.complaints)), (1, 1))
        self.assertIn("is not about orientation", result.complaints[0])


unittest.main()
