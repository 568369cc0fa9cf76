"""`pplcnet parity` names the first place that differs, and the cause: a network in numpy plays the
other program, with one mistake at a time."""

import json
import pathlib
import struct
import tempfile
import unittest

from lcnet import DEVIATION, MEAN, numpy, run, state_dict, write_safetensors
from program import SYNTHETIC, Result, skip_without

PHOTO = SYNTHETIC / "photo.png"
skip_without(PHOTO)

CLASSES = 12


class Parity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.weights = cls.folder / "weights.safetensors"
        cls.state = state_dict(CLASSES)
        write_safetensors(cls.weights, cls.state)
        own = cls.folder / "own"
        cls.shown = cls.parity("--write", own)
        cls.input = numpy.load(own / "input.npy").astype("f8")
        cls.pixels = numpy.load(own / "pixels.npy")

    @classmethod
    def parity(cls, *arguments):
        return Result("parity", PHOTO, "--weights", cls.weights, "--model", "PPLCNet_x0_25",
                      *arguments)

    def compare(self, input, **mistake):
        """What is said about a program that prepares and computes like this."""
        state = mistake.pop("state", self.state)
        reference = self.folder / "reference.npz"
        points = run(state, input, **mistake)
        numpy.savez(reference, input=input.astype("f4")[None],
                    **{name: value.astype("f4") for name, value in points.items()})
        result = self.parity("--reference", reference)
        self.assertEqual(result.complaints, [])
        return result.status, result.lines[-1]

    def expect(self, place, cause, input=None, **mistake):
        status, said = self.compare(self.input if input is None else input, **mistake)
        self.assertEqual(status, 1, said)
        self.assertIn(f"First difference: {place} ", said)
        self.assertIn(cause, said)

    def test_every_step_is_shown(self):
        self.assertEqual(self.shown.status, 0, self.shown.complaints)
        text = "\n".join(self.shown.lines)
        for name in ["decoded: ", "pixels ", "input ", "stem ", "stage2 ", "stage6 ", "logits "]:
            self.assertIn(name, text)

    def test_without_a_mistake_all_is_the_same(self):
        status, said = self.compare(self.input)
        self.assertEqual((status, said), (0, "The same, as far as the reference tells."))

    def test_a_run_of_its_own_is_the_same_to_the_bit(self):
        result = self.parity("--reference", self.folder / "own", "--tolerance", "0")
        self.assertEqual(result.status, 0, result.lines[-1])

    def test_bgr(self):
        bgr = self.pixels[:, :, ::-1].transpose(2, 0, 1) / 255
        self.expect("input", "BGR in place of RGB", (bgr - MEAN) / DEVIATION)

    def test_mean_and_deviation_swapped(self):
        planes = self.pixels.transpose(2, 0, 1) / 255
        self.expect("input", "mean and deviation swapped", (planes - DEVIATION) / MEAN)

    def test_crop_offset(self):
        moved = numpy.roll(self.input, (2, -3), (1, 2))
        self.expect("input", "crop moved by 3 columns and -2 rows", moved)

    def test_float_resize(self):
        _, size, _, pixels = Result("decode", PHOTO).bytes.split(b"\n", 3)
        width, height = map(int, size.split())
        image = numpy.frombuffer(pixels, "u1").reshape(height, width, 3).astype("f8")
        short = min(width, height)
        size = [int(round(side * 256 / short)) for side in (height, width)]
        axes = []
        for old, new in zip((height, width), size):
            place = numpy.clip((numpy.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
            first = place.astype(int)
            axes.append((first, numpy.minimum(first + 1, old - 1), place - first))
        (top, bottom, down), (left, right, across) = axes
        rows = image[top] * (1 - down)[:, None, None] + image[bottom] * down[:, None, None]
        resized = rows[:, left] * (1 - across)[:, None] + rows[:, right] * across[:, None]
        y, x = (size[0] - 224) // 2, (size[1] - 224) // 2
        planes = resized[y : y + 224, x : x + 224].transpose(2, 0, 1) / 255
        self.expect("input", "resized in floats", (planes - MEAN) / DEVIATION)

    def test_batch_norm_epsilon(self):
        self.expect("stem", "epsilon is 0.001", epsilon=1e-3)

    def test_gate_slope(self):
        self.expect("stage6", "slope 0.2", slope=0.2)

    def test_missing_dropout_scale(self):
        self.expect("logits", "not multiplied by 0.8", dropout=1)

    def test_one_wrong_tensor(self):
        state = dict(self.state)
        name = "blocks5.2.pw_conv.conv.weight"
        state[name] = state[name] * numpy.float32(1.01)
        self.expect("stage5", "other weights between stage4 and here", state=state)

    def planes(self):
        return self.pixels.transpose(2, 0, 1) / 255

    def test_missing_normalisation(self):
        self.expect("input", "not normalised: bytes from 0 to 255", self.planes() * 255)
        self.expect("input", "divided by 255 only", self.planes())

    def test_bgr_planes_with_bgr_statistics(self):
        self.expect("input", "BGR in place of RGB, with mean and deviation in the order of BGR",
                    self.input[::-1])

    def test_cubic_resize(self):
        _, size, _, pixels = Result("decode", PHOTO).bytes.split(b"\n", 3)
        width, height = map(int, size.split())
        image = numpy.frombuffer(pixels, "u1").reshape(height, width, 3).astype("f8")
        short = min(width, height)

        def weights(old):
            new = int(round(old * 256 / short))
            place = (numpy.arange(new) + 0.5) * old / new - 0.5
            first = numpy.floor(place).astype(int)
            matrix = numpy.zeros((new, old))
            for tap in range(-1, 3):
                x = numpy.abs(place - first - tap)
                share = numpy.where(x <= 1, (1.25 * x - 2.25) * x * x + 1,
                                    ((-0.75 * x + 3.75) * x - 6) * x + 3)
                numpy.add.at(matrix, (numpy.arange(new), numpy.clip(first + tap, 0, old - 1)), share)
            return matrix

        resized = numpy.einsum("yh,hwc,xw->yxc", weights(height), image, weights(width), optimize=True)
        y, x = (resized.shape[0] - 224) // 2, (resized.shape[1] - 224) // 2
        crop = numpy.clip(numpy.rint(resized[y : y + 224, x : x + 224]), 0, 255)
        self.expect("input", "resized by cv2, cubic", (crop.transpose(2, 0, 1) / 255 - MEAN) / DEVIATION)

    def with_reference(self, *arguments, **arrays):
        """What is said about arrays."""
        reference = self.folder / "reference.npz"
        numpy.savez(reference, **{name: value.astype("f4") for name, value in arrays.items()})
        result = self.parity("--reference", reference, *arguments)
        self.assertEqual(result.complaints, [])
        return result.status, result.lines

    def test_probabilities_in_place_of_logits(self):
        logits = run(self.state, self.input)["logits"]
        softmax = numpy.exp(logits - logits.max())
        softmax /= softmax.sum()
        for values, what in [(softmax, "softmax was applied"), (1 / (1 + numpy.exp(-logits)), "sigmoid"),
                             (numpy.log(softmax), "log softmax")]:
            status, lines = self.with_reference(logits=values[None])
            self.assertEqual(status, 1)
            self.assertIn(f"Cause: {what}", lines[-1])

    def test_logits_alone_tell_how_the_picture_was_prepared(self):
        for input, what in [(self.input[::-1], "BGR in place of RGB, with mean"),
                            (self.planes(), "divided by 255 only")]:
            status, lines = self.with_reference(logits=run(self.state, input)["logits"])
            self.assertEqual(status, 1)
            self.assertIn(f"Cause: {what}", lines[-1])

    def test_not_a_number_is_not_the_same(self):
        points = run(self.state, self.input)
        for name, bad in [("stem", numpy.nan), ("stage4", numpy.inf), ("logits", -numpy.inf),
                          ("logits", numpy.nan)]:
            values = points[name].copy()
            values.flat[3] = bad
            status, lines = self.with_reference(**{name: values})
            self.assertEqual(status, 1, name)
            self.assertIn("DIFFERS: not finite: 1 values of the reference, 0 here", "\n".join(lines))
            self.assertIn("Cause: the reference has values that are NaN or infinite", lines[-1])
        status, lines = self.with_reference(logits=points["logits"] * numpy.nan)
        self.assertEqual(status, 1)

    def test_what_was_not_compared_is_said(self):
        points = run(self.state, self.input)
        status, lines = self.with_reference(logits=points["logits"], boxes=numpy.zeros((2, 4)))
        self.assertEqual((status, lines[-1]), (1, "The same, as far as it was compared."))
        self.assertRegex("\n".join(lines), "boxes +2x4 +not compared: nothing has this name")
        status, lines = self.with_reference(stem=points["stem"] * 2, logits=points["logits"])
        self.assertEqual(status, 1)
        self.assertRegex("\n".join(lines), "logits +12 +not compared: comes after the first")
        status, lines = self.with_reference(stem=points["stem"].transpose(1, 2, 0))
        self.assertEqual(status, 1)
        self.assertIn("DIFFERS: the reference has the shape 112x112x8", "\n".join(lines))
        self.assertIn("Cause: channels are last there: transpose it", lines[-1])
        status, lines = self.with_reference(boxes=numpy.zeros((2, 4)))
        self.assertEqual(status, 1)

    def test_pixels_tell_how_the_picture_was_prepared(self):
        status, lines = self.with_reference(pixels=self.pixels[:, :, ::-1])
        self.assertEqual(status, 1)
        self.assertIn("Cause: BGR in place of RGB", lines[-1])

    def test_pixels_may_be_bytes(self):
        reference = self.folder / "bytes.npz"
        numpy.savez(reference, pixels=self.pixels.astype("u1"))
        result = self.parity("--reference", reference)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertRegex("\n".join(result.lines), "pixels .* same")

    def test_arrays_that_are_none_are_refused(self):
        reference = self.folder / "input.npy"
        for header in ["{'descr':   ", "{'descr'", "{'descr': '<f4', 'shape':  ",
                       "{'descr': '<f4', 'shape': (-1, 3)", "{'descr': '<f4', 'shape': (3 x)",
                       "{'descr': '<f4', 'shape': (99999999999999999999,)",
                       "{'descr': '<f4', 'shape': (4611686018427387904, 4)", "{'descr': '>f4'"]:
            size = struct.pack("<H", len(header))
            reference.write_bytes(b"\x93NUMPY\1\0" + size + header.encode() + b"\0\0\0")
            result = self.parity("--reference", reference)
            self.assertEqual((result.status, len(result.complaints)), (1, 1), header)
            self.assertIn("input.npy: expected ", result.complaints[0])

    def test_the_doctor_tries_other_ways(self):
        result = self.parity("--doctor")
        text = "\n".join(result.lines)
        for way in ["BGR in place of RGB", "Pillow", "no crop", "padded", "-1 to 1"]:
            self.assertIn(way, text)


unittest.main()
