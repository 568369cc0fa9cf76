"""pplcnet evaluate --masks: intersection over union of a network with random weights, whose own masks
are right."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from deeplab_weights import write_weights
from picture_files import chunk, png_of, png_of_rows, unfiltered
from program import ROOT, Result, pixels_of, run_tests

PICTURES = [ROOT / "examples" / name for name in ("line.png", "street.png")]


def mask_png(width, height, pixels, depth=8, palette=None):
    """A PNG of numbers: grey, or of a palette."""
    colours = b"" if palette is None else chunk(b"PLTE", palette)
    return png_of_rows(width, height, depth, 0 if palette is None else 3,
                       unfiltered(pixels[: width * height], width), colours)


class EvaluateMasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.weights, cls.own = cls.base / "w.safetensors", cls.base / "own"
        write_weights(cls.weights, 4)
        (cls.base / "labels.txt").write_text("road\ncar\nsky\ntree\n")
        result = Result("segment", "--weights", cls.weights, "--masks", cls.own, *PICTURES)
        assert result.status == 0, result.complaints
        cls.masks = {path.name: pixels_of(cls.own / f"{path.stem}.png") for path in PICTURES}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pictures = pathlib.Path(folder.name) / "pictures"
        self.truth = pathlib.Path(folder.name) / "masks"
        for path in PICTURES:
            for base in (self.pictures, self.truth):
                (base / path.stem).mkdir(parents=True)
            shutil.copy(path, self.pictures / path.stem)
            shutil.copy(self.own / f"{path.stem}.png", self.truth / path.stem)

    def evaluate(self, *more):
        return Result("evaluate", "--weights", self.weights, "--labels", self.base / "labels.txt",
                      "--masks", self.truth, self.pictures, *more)

    def numbers(self, *more, status=0):
        result = self.evaluate("--json", *more)
        self.assertEqual(result.status, status, result.complaints)
        return json.loads("\n".join(result.lines))

    def replace(self, change, **options):
        """Changes the numbers of the mask of the line, of which `change` gets the list."""
        width, height, pixels = self.masks["line.png"]
        numbers = list(pixels[::3])
        change(numbers)
        path = self.truth / "line" / "line.png"
        path.write_bytes(mask_png(width, height, bytes(numbers), **options))

    def test_its_own_masks_are_right(self):
        numbers = self.numbers("--threads", 2)
        self.assertEqual((numbers["pictures"], numbers["miou"], numbers["accuracy"]), (2, 1, 1))
        pixels = b"".join(mask[2][::3] for mask in self.masks.values())
        for class_id, one in enumerate(numbers["classes"]):
            self.assertEqual(one["pixels"], pixels.count(class_id))
            self.assertEqual(one.get("iou"), 1 if one["pixels"] else None)
        lines = self.evaluate().lines
        self.assertEqual(lines[:3], ["pictures: 2", "mIoU: 100.000 %", "pixel accuracy: 100.000 %"])
        self.assertTrue(any(line.split()[0] in ("road", "car", "sky", "tree") for line in lines[5:]))

    def test_iou_is_intersection_by_union(self):
        (self.truth / "street" / "street.png").write_bytes(
            mask_png(*self.masks["street.png"][:2], b"\xff" * len(self.masks["street.png"][2][::3])))
        predicted = list(self.masks["line.png"][2][::3])

        def change(numbers):
            for i in range(0, len(numbers), 3):
                numbers[i] = (numbers[i] + 1) % 4
            for i in range(0, len(numbers), 7):
                numbers[i] = 255
        self.replace(change)
        truth = predicted[:]
        change(truth)
        numbers = self.numbers()
        known = [(t, p) for t, p in zip(truth, predicted) if t != 255]
        expected = []
        for class_id, one in enumerate(numbers["classes"]):
            both = sum(t == p == class_id for t, p in known)
            either = sum(class_id in pair for pair in known)
            if either:
                expected.append(both / either)
                self.assertAlmostEqual(one["iou"], both / either, places=6)
        self.assertAlmostEqual(numbers["miou"], sum(expected) / len(expected), places=6)
        self.assertAlmostEqual(numbers["accuracy"], sum(t == p for t, p in known) / len(known),
                               places=6)

    def test_pixels_may_be_of_a_palette(self):
        self.replace(lambda numbers: None, palette=bytes(range(90, 90 + 3 * 4)))
        self.assertEqual(self.numbers()["miou"], 1)

    def test_pixels_are_of_the_class_with_the_nearest_colour(self):
        """By weights that examples/segmentation sets."""
        colours = [(178, 205, 233), (120, 125, 120), (190, 20, 30), (35, 28, 22)]
        folder, weights = self.truth.parent / "blocks", self.truth.parent / "colours.safetensors"
        script = ROOT / "examples" / "segmentation" / "colours.py"
        done = subprocess.run(
            [sys.executable, "-B", script, weights, self.truth.parent / "names.txt",
             *(f"colour {i}={','.join(map(str, colour))}" for i, colour in enumerate(colours))])
        self.assertEqual(done.returncode, 0)
        classes = [[(x // 64 + y // 64) % 4 for x in range(256)] for y in range(128)]
        folder.mkdir()
        (folder / "blocks.png").write_bytes(png_of(
            [[tuple(value + (x + y) % 21 - 10 for value in colours[one]) for x, one in enumerate(row)]
             for y, row in enumerate(classes)]))
        mask = bytes(one for row in classes for one in row)
        (self.truth / "blocks.png").write_bytes(mask_png(256, 128, mask))
        result = Result("evaluate", "--weights", weights, "--masks", self.truth, folder, "--json",
                        "--labels", self.truth.parent / "names.txt")
        self.assertEqual((result.status, result.complaints), (0, []))
        numbers = json.loads("\n".join(result.lines))
        self.assertGreater(numbers["miou"], 0.95)
        self.assertEqual([one["label"] for one in numbers["classes"]],
                         [f"colour {i}" for i in range(4)])

    def test_a_bad_mask_is_named_and_does_not_stop_the_others(self):
        line = self.truth / "line" / "line.png"

        def assert_named(*words):
            result = self.evaluate("--json")
            self.assertEqual((result.status, len(result.complaints)), (1, 1), result.complaints)
            for word in (str(line), *words):
                self.assertIn(word, result.complaints[0])
            numbers = json.loads("\n".join(result.lines))
            self.assertEqual((numbers["pictures"], numbers["miou"]), (1, 1))
            self.assertEqual([one["file"] for one in numbers["not_read"]],
                             [str(self.pictures / "line" / "line.png")])

        self.replace(lambda numbers: numbers.__setitem__(5, 4))
        assert_named("pixel 5", "4 classes", "found 4")
        line.write_bytes(mask_png(3, 2, bytes(6)))
        assert_named("has 3x2 pixels, the picture has")
        shutil.copy(PICTURES[1], line)
        assert_named("expected pixels that are numbers")
        line.write_bytes(b"\xff\xd8\xff")
        assert_named("expected PNG, found JPEG")
        line.unlink()
        assert_named("no such file")

    def test_what_does_not_belong_together_is_refused(self):
        for options in (("--coco", "x"), ("--half-head",), ("--predictions", "x"),
                        ("--text", "x", "--dictionary", "y")):
            self.assertEqual(self.evaluate(*options).status, 2, options)
        orientation = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
        other = Result("evaluate", "--weights", orientation, "--masks", self.truth, self.pictures)
        self.assertEqual(other.status, 1)
        self.assertIn("which gives pixels no classes", other.complaints[0])
        empty = Result("evaluate", "--weights", self.weights, "--masks", self.truth, self.base / "own2")
        self.assertEqual((empty.status, len(empty.complaints)), (1, 1))


if __name__ == "__main__":
    run_tests()
