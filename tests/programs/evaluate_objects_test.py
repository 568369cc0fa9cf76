"""pplcnet evaluate --coco: average precision on made-up annotations of a photograph, and how it
says what is wrong with annotations."""

import json
import pathlib
import tempfile
import unittest

from program import DATA, SYNTHETIC, Result, run_tests, skip_without

WEIGHTS = DATA / "models" / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
PHOTO = DATA / "images" / "det_bus.jpg"
CLASSIFIER = SYNTHETIC / "pplcnet_x0_25.pdiparams"
skip_without(WEIGHTS, PHOTO, CLASSIFIER)
PERSON, BUS = 7, 3  # categories
NAMES = ["AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR_1", "AR_10", "AR_100",
         "AR_small", "AR_medium", "AR_large"]


def found():
    """The bus and the three persons that the detector finds, as annotations."""
    result = Result("detect", "--weights", WEIGHTS, "--json", PHOTO)
    annotations = []
    for number, one in enumerate(json.loads(result.lines[0])["objects"]):
        x1, y1, x2, y2 = one["box"]
        annotations.append({"id": number, "image_id": 5, "iscrowd": 0,
                            "category_id": {"person": PERSON, "bus": BUS}[one["label"]],
                            "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})
    return annotations


class EvaluateObjects(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "annotations.json"
        self.data = {"images": [{"id": 5, "file_name": PHOTO.name}], "annotations": found(),
                     "categories": [{"id": PERSON, "name": "person"}, {"id": BUS, "name": "bus"}]}

    def evaluate(self, *arguments, weights=WEIGHTS, text=None):
        self.file.write_text(json.dumps(self.data) if text is None else text)
        return Result("evaluate", "--weights", weights, "--coco", self.file, PHOTO.parent,
                      *arguments)

    def numbers(self, *arguments):
        result = self.evaluate("--json", *arguments)
        self.assertEqual(result.status, 0, result.complaints)
        return json.loads("\n".join(result.lines))

    def bus(self):
        return next(one for one in self.data["annotations"] if one["category_id"] == BUS)

    def assert_refused(self, *words, **options):
        result = self.evaluate(**options)
        self.assertEqual(result.status, 1)
        self.assertEqual(result.lines, [])
        self.assertEqual(len(result.complaints), 1, result.complaints)
        for word in words:
            self.assertIn(word, result.complaints[0])

    def test_what_is_found_first_is_right(self):
        numbers = self.numbers()
        self.assertEqual((numbers["pictures"], numbers["objects"]), (1, 4))
        self.assertEqual(numbers["not_read"], [])
        # A person in three is the best one.
        expected = dict.fromkeys(NAMES, 1) | {"AP_small": -1, "AP_medium": -1, "AR_small": -1,
                                              "AR_medium": -1, "AR_1": (1 + 1 / 3) / 2}
        for name in NAMES:
            self.assertAlmostEqual(numbers[name], expected[name], places=9, msg=name)
        self.assertEqual(len(numbers["classes"]), 80)
        bus = numbers["classes"][5]
        self.assertEqual((bus["label"], bus["objects"]), ("bus", 1))
        self.assertAlmostEqual(bus["AP"], 1, places=9)
        self.assertEqual(numbers["classes"][1]["AP"], -1)

    def test_a_table_has_the_lines_of_cocoeval(self):
        lines = self.evaluate().lines
        for line in (
            " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000",
            " Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 1.000",
            " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000",
            " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.667",
            " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 1.000",
        ):
            self.assertIn(line, lines)
        self.assertEqual(sum("@[ IoU=" in line for line in lines), 12)
        self.assertIn(["bus", "1", "1.000", "1.000", "1.000"], [line.split() for line in lines])

    def test_a_box_is_right_up_to_its_overlap(self):
        self.bus()["bbox"][2] *= 0.62  # right from 0.5, 0.55 and 0.6 on
        numbers = self.numbers()
        self.assertAlmostEqual(numbers["AP50"], 1, places=9)
        self.assertAlmostEqual(numbers["AR_1"], (0.3 + 1 / 3) / 2, places=9)
        self.assertLess(numbers["AP75"], 0.6)

    def test_crowds_and_what_belongs_to_nothing_do_not_count(self):
        self.bus()["iscrowd"] = 1
        self.data["annotations"] += [self.bus() | {"image_id": 6}, self.bus() | {"category_id": 99}]
        numbers = self.numbers()
        self.assertEqual(numbers["objects"], 3)
        self.assertEqual(numbers["classes"][5]["AP"], -1)
        self.assertAlmostEqual(numbers["AP"], 1, places=9)

    def test_categories_are_classes_by_name_or_by_order(self):
        self.data["categories"] = [{"id": 200 - i, "name": f"thing {i}"} for i in range(80)]
        for one in self.data["annotations"]:  # ids from 121 on
            one["category_id"] = 121 if one["category_id"] == PERSON else 126
        self.assertAlmostEqual(self.numbers()["AP"], 1, places=9)
        self.assertEqual(self.evaluate().complaints, [
            f"pplcnet evaluate: {self.file}: category 'thing 79' is no label of the network; all are taken "
            "for its classes in the order of their ids"])
        self.data["categories"].pop()
        self.assert_refused("thing 78", "79 categories", "80 classes")

    def test_a_bad_picture_is_named_and_does_not_stop_the_others(self):
        expected = self.numbers()
        self.data["images"] = [{"id": 1, "file_name": "none.jpg"}, *self.data["images"],
                               {"id": 9, "file_name": "none either.jpg"}]
        self.data["annotations"].append(self.bus() | {"image_id": 9})
        result = self.evaluate("--json", "--threads", 2)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 2)
        self.assertIn("none.jpg", result.complaints[0])
        numbers = json.loads("\n".join(result.lines))
        self.assertEqual([pathlib.Path(one["file"]).name for one in numbers["not_read"]],
                         ["none.jpg", "none either.jpg"])
        for name in [*NAMES, "pictures", "objects", "classes"]:
            self.assertEqual(numbers[name], expected[name])
        self.assertIn("not read: 2", self.evaluate().lines)

    def test_wrong_annotations_are_named(self):
        name = str(self.file)
        self.assert_refused(name, "empty", text="")
        self.assert_refused(name, "no JSON", text='{"images": [}')
        self.assert_refused(name, '"images"', text="[1, 2]")
        self.assert_refused(name, '"annotations"', text='{"images": []}')
        self.assert_refused(name, "no pictures",
                            text='{"images": [], "annotations": [], "categories": []}')
        for key, value in (("bbox", [1, 2, 3]), ("bbox", [1, 2, 3, "4"]), ("bbox", None),
                           ("image_id", "5"), ("category_id", 1.5)):
            one = self.data["annotations"][2]
            whole, one[key] = one[key], value
            self.assert_refused(name, '"annotations"[2]', '"bbox"')
            one[key] = whole
        self.data["categories"][0]["name"] = "nobody"
        self.assert_refused(name, "nobody", "2 categories")
        self.data["images"] *= 2
        self.assert_refused(name, "id 5 is there twice")
        self.data["images"] = [{"id": 5}]
        self.assert_refused(name, '"images"[0]', '"file_name"')

    def test_what_does_not_belong_together_is_refused(self):
        self.assert_refused(str(CLASSIFIER), weights=CLASSIFIER)
        self.file.unlink()
        missing = Result("evaluate", "--weights", WEIGHTS, "--coco", self.file, PHOTO.parent)
        self.assertEqual(missing.status, 1)
        self.assertIn(str(self.file), missing.complaints[0])
        for option in ("--root", "--predictions", "--report"):
            self.assertEqual(self.evaluate(option, "x").status, 2, option)
        self.assertEqual(self.evaluate("--half-head").status, 2)
        unnamed = Result("evaluate", "--weights", WEIGHTS, "--coco", "", PHOTO.parent)
        self.assertEqual(unnamed.status, 1)
        self.assertEqual(len(unnamed.complaints), 1)


if __name__ == "__main__":
    run_tests()
