"""`pplcnet segment`: shares of classes, masks and drawn pictures, by a network with random weights."""

import json
import pathlib
import shutil
import tempfile
import unittest

from deeplab_weights import write_weights
from program import DATA, ROOT, Result, pixels_of, run_tests, skip_without

PHOTO = DATA / "images" / "ILSVRC2012_val_00010010.jpeg"
LINE = ROOT / "examples" / "line.png"
ORIENTATION = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
skip_without(PHOTO)


class Segment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.published, cls.own = cls.folder / "published.safetensors", cls.folder / "own.safetensors"
        write_weights(cls.published, 19)
        write_weights(cls.own, 3)

    def test_shares_are_those_of_the_mask(self):
        masks = self.folder / "masks"
        result = Result("segment", "--weights", self.published, "--json", "--masks", masks, PHOTO)
        self.assertEqual((result.status, result.complaints), (0, []))
        [line] = map(json.loads, result.lines)
        width, height, pixels = pixels_of(masks / (PHOTO.stem + ".png"))
        self.assertEqual((line["width"], line["height"]), (width, height))
        self.assertEqual(pixels_of(PHOTO)[:2], (width, height))
        mask = pixels[::3]
        self.assertGreater(len(line["classes"]), 1)
        for one in line["classes"]:
            self.assertAlmostEqual(one["share"], mask.count(one["class_id"]) / len(mask), places=6)
        shares = [one["share"] for one in line["classes"]]
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertAlmostEqual(sum(shares), 1, places=5)

    def test_lines_are_in_order_with_threads(self):
        one = Result("segment", "--weights", self.published, PHOTO, LINE, PHOTO)
        two = Result("segment", "--weights", self.published, "--threads", 2, PHOTO, LINE, PHOTO)
        self.assertEqual((one.status, one.complaints), (0, []))
        self.assertEqual(one.lines, two.lines)
        self.assertEqual(one.lines[0], one.lines[2])
        self.assertRegex(one.lines[1], rf"^{LINE}: [a-z ]+ \d+\.\d %")

    def test_any_number_of_classes_in_any_format(self):
        labels = self.folder / "labels.txt"
        labels.write_text("paper\nink\nmargin\n")
        expected = Result("segment", "--weights", self.own, "--labels", labels, LINE).lines
        self.assertRegex(expected[0], "paper|ink|margin")
        for name in ("native.safetensors", "own.onnx"):
            written = self.folder / name
            done = Result("convert", self.own, written, "--labels", labels)
            self.assertEqual((done.status, done.complaints), (0, []))
            result = Result("segment", "--weights", written, LINE)
            self.assertEqual((result.lines, result.complaints), (expected, []))

    def test_pictures_are_drawn_with_a_legend(self):
        drawn = self.folder / "drawn"
        result = Result("segment", "--weights", self.published, "--draw", drawn, PHOTO, LINE, LINE)
        self.assertEqual((result.status, result.complaints), (0, []))
        names = sorted(path.name for path in drawn.iterdir())
        self.assertEqual(names, sorted([PHOTO.stem + ".png", "line.png", "line_2.png"]))
        for path in drawn.iterdir():
            width, height, pixels = pixels_of(path)
            self.assertGreater(min(width, height), 50)
            self.assertEqual(pixels[:3], b"\xff\xff\xff")
        again = Result("segment", "--weights", self.published, "--draw", drawn, LINE)
        self.assertEqual(again.status, 1)
        self.assertIn("line.png", again.complaints[0])

    def test_what_is_no_segmentation_is_said(self):
        result = Result("segment", "--weights", ORIENTATION, LINE)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 1)
        self.assertIn("which gives pixels no classes", result.complaints[0])
        missing = Result("segment", "--weights", self.published, self.folder / "missing.png", LINE)
        self.assertEqual((missing.status, len(missing.lines), len(missing.complaints)), (1, 1, 1))


if __name__ == "__main__":
    run_tests()
