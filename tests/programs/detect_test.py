"""pplcnet detect: what it finds in a photograph, how it says so, and which files it opens."""

import json
import pathlib
import tempfile
import unittest

from picture_files import png_of
from program import DATA, SYNTHETIC, Result, run_tests, skip_without
from random_weights import write_state_dict

FOLDER = DATA / "models" / "picodet_xs_416"
WEIGHTS = FOLDER / "picodet_xs_416_processed.onnx"
REFERENCE = FOLDER / "picodet_xs_416_bus.json"
PHOTO = DATA / "images" / "det_bus.jpg"
CLASSIFIER = SYNTHETIC / "pplcnet_x0_25.pdiparams"
skip_without(WEIGHTS, REFERENCE, PHOTO, CLASSIFIER)
WIDTH, HEIGHT, SIDE = 810, 1080, 416


def detect(*arguments, weights=WEIGHTS):
    return Result("detect", "--weights", weights, *arguments)


def objects(*arguments, weights=WEIGHTS):
    """What is found in the photograph."""
    result = detect("--json", PHOTO, *arguments, weights=weights)
    assert result.status == 0, result.complaints
    return json.loads(result.lines[0])["objects"]


def expected(least):
    """The reference's detections, in the photograph's pixels, the best first."""
    rows = json.loads(REFERENCE.read_text())["nms"]["detections"]
    across, down = WIDTH / SIDE, HEIGHT / SIDE
    found = [(row[0], row[1], [row[2] * across, row[3] * down, row[4] * across, row[5] * down])
             for row in rows if row[1] >= least]
    return sorted(found, key=lambda one: -one[1])


def with_postprocessing(path):
    """The same detector as newer exports have it: 1e-9 under the root, and boxes after it."""
    import numpy
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(WEIGHTS)
    graph, nodes = model.graph, []
    for name, values in {"least": numpy.float32(1e-9), "project": numpy.arange(8, dtype="f4"),
                         "sides": numpy.array([-1, 8], "i8")}.items():
        graph.initializer.append(numpy_helper.from_array(numpy.array(values), name))
    for node in graph.node:
        if node.op_type == "Sqrt":
            nodes.append(helper.make_node("Add", [node.input[0], "least"], [node.name + "sum"]))
            node.input[0] = node.name + "sum"
        nodes.append(node)
    for i, output in enumerate(list(graph.output)[4:]):
        nodes += [helper.make_node("Reshape", [output.name, "sides"], [f"rows{i}"]),
                  helper.make_node("Softmax", [f"rows{i}"], [f"shares{i}"], axis=1),
                  helper.make_node("MatMul", [f"shares{i}", "project"], [f"distance{i}"])]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)


class Detect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assert_same(self, found, reference):
        self.assertEqual([one["class_id"] for one in found], [one[0] for one in reference])
        for one, (_, score, box) in zip(found, reference):
            self.assertAlmostEqual(one["score"], score, delta=1e-5)
            for place, other in zip(one["box"], box):
                self.assertAlmostEqual(place, other, delta=0.01)

    def test_a_bus_and_three_persons_are_found(self):
        self.assert_same(objects(), expected(0.5))
        self.assertEqual([one["label"] for one in objects()], ["person", "person", "bus", "person"])

    def test_a_lower_threshold_finds_more(self):
        reference = expected(0.15)
        self.assertGreater(len(reference), 20)
        self.assert_same(objects("--threshold", 0.15), reference)
        self.assertEqual(len(objects("--threshold", 0, "--most", 20)), 20)
        self.assertEqual(len(objects("--threshold", 1)), 0)

    def test_a_table_has_a_line_for_each_object(self):
        result = detect(PHOTO)
        self.assertEqual(result.status, 0, result.complaints)
        self.assertEqual(result.lines[0], f"{PHOTO}: 4 objects")
        words = [line.split() for line in result.lines[1:]]
        self.assertEqual([(line[0], line[1]) for line in words],
                         [("0.881", "person"), ("0.835", "person"), ("0.804", "bus"),
                          ("0.696", "person")])
        self.assertEqual([float(place) for place in words[2][2:]], [23.0, 214.0, 806.1, 744.7])

    def test_boxes_are_drawn(self):
        drawn = self.folder / "drawn"
        self.assertEqual(detect(PHOTO, "--draw", drawn).status, 0)
        whole = (drawn / "det_bus.png").read_bytes()
        self.assertTrue(whole.startswith(b"\x89PNG"))
        detect(PHOTO, "--draw", self.folder / "empty", "--threshold", 1)
        self.assertNotEqual((self.folder / "empty" / "det_bus.png").read_bytes(), whole)
        again = detect(PHOTO, "--draw", drawn)
        self.assertEqual(again.status, 1)
        self.assertEqual((drawn / "det_bus.png").read_bytes(), whole)

    def test_threads_and_pictures_of_any_size(self):
        pictures = []
        for width, height in ((1, 1), (2000, 3), (3, 2000)):
            path = self.folder / f"{width}x{height}.png"
            path.write_bytes(png_of([[(255, 255, 255)] * width] * height))
            pictures.append(path)
        result = detect("--json", "--threads", 3, PHOTO, *pictures, PHOTO)
        self.assertEqual(result.status, 0, result.complaints)
        lines = [json.loads(line) for line in result.lines]
        self.assertEqual(lines[0], lines[4])
        self.assertEqual([line["objects"] for line in lines[1:4]], [[], [], []])

    def test_whole_detectors_open_with_their_postprocessing(self):
        try:
            path = self.folder / "whole.onnx"
            with_postprocessing(path)
        except ImportError:
            self.skipTest("Python's onnx is missing")
        self.assertEqual(objects(weights=path), objects())

    def test_converted_detectors_find_the_same(self):
        for name in ("detector.safetensors", "detector.onnx"):
            path = self.folder / name
            result = Result("convert", WEIGHTS, path)
            self.assertEqual(result.status, 0, result.complaints)
            self.assertIn("model: picodet_xs_416_coco_lcnet", result.lines)
            self.assertEqual(objects(weights=path), objects())

    def test_detectors_of_any_classes_in_any_format(self):
        own, labels = self.folder / "own.safetensors", self.folder / "labels.txt"
        write_state_dict(own, "picodet_xs_416.json", [f"head.{layer}{level}" for level in range(4)
                                                      for layer in ("head_cls", "head_cls_list.")], 3)
        labels.write_text("nut\nbolt\nwasher\n")
        few, model = ("--threshold", 0, "--most", 20), ("--model", "picodet_xs_416_coco_lcnet")
        self.assertIn("say which is meant", detect(PHOTO, weights=own).complaints[0])
        expected = objects("--labels", labels, *few, *model, weights=own)
        self.assertEqual(len(expected), 20)
        self.assertLessEqual({one["label"] for one in expected}, {"nut", "bolt", "washer"})
        for name in ("native.safetensors", "own.onnx", "again.safetensors"):
            written = self.folder / name
            result = Result("convert", own, written, "--labels", labels, *model)
            self.assertEqual((result.status, result.complaints), (0, []))
            self.assertIn("classes: 3", result.lines)
            self.assertEqual(objects(*few, weights=written), expected)
            own, model = written, ()

    def test_what_is_no_detector_is_named(self):
        result = detect(PHOTO, weights=CLASSIFIER)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 1)
        self.assertIn(f"{CLASSIFIER}: has tensors of none of the 9 networks", result.complaints[0])
        missing = detect(PHOTO, self.folder / "none.jpg")
        self.assertEqual(missing.status, 1)
        self.assertEqual(missing.lines[0], f"{PHOTO}: 4 objects")
        self.assertIn("none.jpg", missing.complaints[0])

    def test_labels_are_one_for_each_class(self):
        labels = self.folder / "labels.txt"
        labels.write_text("".join(f"thing {i}\n" for i in range(80)))
        self.assertEqual(objects("--labels", labels)[2]["label"], "thing 5")
        labels.write_text("a\nb\n")
        self.assertEqual(detect(PHOTO, "--labels", labels).status, 1)


if __name__ == "__main__":
    run_tests()
