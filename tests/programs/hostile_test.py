"""detect, segment and ocr on pictures in which there is nothing, of any size, and with weights that are
no numbers or too large: an empty answer, or one clear error."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from deeplab_weights import write_weights
from picture_files import png
from program import DATA, ROOT, Result, needs, run_tests

DETECTOR = DATA / "models" / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
TEXT = DATA / "models" / "ppocr_v4"
FINDER, READER, DICTIONARY = (TEXT / name for name in (
    "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt"))
PAGE = ROOT / "examples" / "page.jpg"


def with_values(path, value, result):
    """A safetensors file whose numbers all are a float32."""
    data = path.read_bytes()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    result.write_bytes(data[:begin] + struct.pack("<f", value) * ((len(data) - begin) // 4))


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pictures = []
        for width, height in ((1, 1), (20000, 10), (10, 20000), (300, 200)):
            for level in (0, 255):
                path = cls.folder / f"{width}x{height}_{level}.png"
                path.write_bytes(png(width, height, (level,) * 3))
                cls.pictures.append(path)

    def drawn(self):
        return tempfile.mkdtemp(dir=self.folder)

    def assert_ends(self, result):
        """With one line of JSON for each picture, or one clear error."""
        self.assertIn(result.status, (0, 1))
        self.assertLessEqual(len(result.complaints), 1)
        self.assertEqual(result.status == 1, bool(result.complaints))
        for line in result.lines:
            json.loads(line)

    def assert_weights_end(self, weights, command):
        """The same weights as no numbers, and all so large that their products are infinite."""
        wrong = self.folder / "wrong.safetensors"
        with_values(weights, float("nan"), wrong)
        result = Result(*command(wrong))
        self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
        self.assertIn(f"{wrong}: tensor ", result.complaints[0])
        self.assertIn("expected finite float32 numbers, found nan", result.complaints[0])
        for value in (3e38, -3e38):
            with_values(weights, value, wrong)
            self.assert_ends(Result(*command(wrong)))

    def converted(self, weights, model):
        path = self.folder / f"{model}.safetensors"
        result = Result("convert", "--model", model, weights, path)
        self.assertEqual((result.status, result.complaints), (0, []))
        return path

    @needs(DETECTOR)
    def test_detect(self):
        result = Result("detect", "--weights", DETECTOR, "--draw", self.drawn(), *self.pictures)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(result.lines, [f"{path}: 0 objects" for path in self.pictures])
        weights = self.converted(DETECTOR, "picodet_xs_416_coco_lcnet")
        self.assert_weights_end(weights, lambda wrong: (
            "detect", "--weights", wrong, "--json", "--threshold", 0, "--draw", self.drawn(), PAGE))

    def test_segment(self):
        weights = self.folder / "deeplab.safetensors"
        write_weights(weights, 3)
        result = Result("segment", "--weights", weights, "--json", "--draw", self.drawn(), "--masks",
                        self.drawn(), *self.pictures)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(len(result.lines), len(self.pictures))
        for line in map(json.loads, result.lines):
            self.assertAlmostEqual(sum(one["share"] for one in line["classes"]), 1, places=6)
        self.assert_weights_end(weights, lambda wrong: (
            "segment", "--weights", wrong, "--json", "--draw", self.drawn(), PAGE))

    @needs(FINDER, READER, DICTIONARY)
    def test_ocr(self):
        def ocr(finder, reader, *arguments):
            return ("ocr", "--detection", finder, "--recognition", reader, "--dictionary", DICTIONARY,
                    "--draw", self.drawn(), *arguments)

        result = Result(*ocr(FINDER, READER, *self.pictures))
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(result.lines, [f"{path}: 0 lines" for path in self.pictures])
        smallest = Result(*ocr(FINDER, READER, "--det-limit-type", "min", *self.pictures[:6]))
        self.assertEqual((smallest.status, len(smallest.lines)), (0, 6))
        more = ("--json", "--threshold", 0, "--det-limit-side-len", 320, PAGE)
        self.assert_weights_end(self.converted(FINDER, "PP-OCRv4_mobile_det"),
                                lambda wrong: ocr(wrong, READER, *more))
        self.assert_weights_end(self.converted(READER, "PP-OCRv4_mobile_rec"),
                                lambda wrong: ocr(FINDER, wrong, *more))


if __name__ == "__main__":
    run_tests()
