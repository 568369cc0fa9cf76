"""detect, segment and ocr on pictures in which there is nothing, of any size, and all commands with weights
that are no numbers or too large: an empty answer, or one clear error."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from damaged_weights import with_huge_tensor
from deeplab_weights import write_weights
from picture_files import png
from program import DATA, ROOT, Result, needs, run_tests

DETECTOR = DATA / "models" / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
TEXT = DATA / "models" / "ppocr_v4"
FINDER, READER, DICTIONARY = (TEXT / name for name in (
    "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt"))
PAGE = ROOT / "examples" / "page.jpg"
LINE = ROOT / "examples" / "line.png"
NO_NUMBERS = "the network's output is no finite number; its weights may be damaged"


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

    def test_what_is_no_number_is_no_answer(self):
        damaged = self.folder / "damaged.safetensors"
        with_huge_tensor(ROOT / "examples" / "orientation" / "text_line_orientation.safetensors", "conv1.weight",
                         damaged)
        pictures = self.folder / "classes"
        for name in ("0", "1"):
            (pictures / name).mkdir(parents=True)
            for i in range(2):
                shutil.copy(LINE, pictures / name / f"{i}.png")
        output = ("-o", self.folder / "of_damaged")
        for command, *arguments in [
            ("classify",), ("classify", "--json"), ("classify", "--csv"), ("orient",), ("features", *output)]:
            result = Result(command, "--weights", damaged, *arguments, LINE)
            self.assertEqual((result.status, result.complaints),
                             (1, [f"pplcnet {command}: {LINE}: {NO_NUMBERS}"]))
            self.assertEqual([line for line in result.lines if "line.png" in line or "null" in line], [])
        for command, *arguments in [("evaluate", pictures), ("fit", "--images", pictures, *output)]:
            result = Result(command, "--weights", damaged, *arguments)
            self.assertEqual((result.status, len(result.complaints)), (1, 4))
            for complaint in result.complaints:
                self.assertTrue(complaint.endswith(f".png: {NO_NUMBERS}"), complaint)

    @needs(DETECTOR)
    def test_detect(self):
        result = Result("detect", "--weights", DETECTOR, "--draw", self.drawn(), *self.pictures)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(result.lines, [f"{path}: 0 objects" for path in self.pictures])
        weights = self.converted(DETECTOR, "picodet_xs_416_coco_lcnet")
        self.assert_weights_end(weights, lambda wrong: (
            "detect", "--weights", wrong, "--json", "--threshold", 0, "--draw", self.drawn(), PAGE))
        huge = self.folder / "huge.safetensors"
        with_huge_tensor(weights, "backbone.conv1.weight", huge)
        result = Result("detect", "--weights", huge, PAGE)
        self.assertEqual((result.status, result.lines, result.complaints),
                         (1, [], [f"pplcnet detect: {PAGE}: {NO_NUMBERS}"]))

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
