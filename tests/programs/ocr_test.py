"""`pplcnet ocr` with PP-OCRv4's published weights: what ONNX Runtime reads with PaddleOCR's own code
before and after it; and what is said of files that are not right."""

import json
import pathlib
import tempfile
import unittest

from picture_files import png_of_pixels
from program import DATA, ROOT, Result, needs, pixels_of, run_tests
from random_weights import write_state_dict

MODELS = DATA / "models" / "ppocr_v4"
DETECTION = MODELS / "ch_PP-OCRv4_det_infer.onnx"
RECOGNITION = MODELS / "ch_PP-OCRv4_rec_infer.onnx"
DICTIONARY = MODELS / "ppocr_keys_v1.txt"
LINE = DATA / "images" / "textline_demo.png"
PAGE = ROOT / "examples" / "page.jpg"
LINES = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
FILES = {"detection": DETECTION, "recognition": RECOGNITION, "dictionary": DICTIONARY}

# Of the page, which lies on its side, by onnxruntime-node, OpenCV 4.6 and Clipper 6.4.2.
FIRST = [("warmercoat.", 0.98862, 0.78834, [[51, 66], [72, 65], [77, 205], [56, 206]]),
         ("The tillholds84.50 after coffee andbiscuits.Next", 0.96228, 0.72559,
          [[111, 66], [135, 65], [141, 581], [117, 581]]),
         ("bypost.", 0.99364, 0.69953, [[154, 65], [179, 64], [181, 153], [156, 154]]),
         ("before the twentieth.Those who cannot come mayvote", 0.95333, 0.63302,
          [[186, 64], [213, 63], [219, 635], [192, 635]])]


def ocr(*arguments, **files):
    options = [part for name, path in (FILES | files).items() for part in (f"--{name}", path)]
    return Result("ocr", *options, *arguments)


def turned(width, height, pixels):
    """A picture, rotated by a quarter clockwise."""
    places = (3 * (y * width + x) for x in range(width) for y in reversed(range(height)))
    return height, width, b"".join(pixels[place : place + 3] for place in places)


class OcrTest(unittest.TestCase):
    def assert_fails(self, result, *words):
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 1)
        for word in words:
            self.assertIn(word, result.complaints[0])

    @needs(*FILES.values())
    def test_a_page_is_read_line_by_line(self):
        result = ocr("--json", PAGE)
        self.assertEqual((result.status, result.complaints), (0, []))
        page = json.loads(result.lines[0])
        self.assertEqual((page["width"], page["height"], len(page["lines"])), (700, 720, 16))
        for line, (text, score, box_score, box) in zip(page["lines"], FIRST):
            self.assertEqual(line["text"], text)
            self.assertAlmostEqual(line["score"], score, delta=1e-5)
            self.assertAlmostEqual(line["box_score"], box_score, delta=1e-5)
            self.assertEqual(line["box"], box)

    @needs(LINE, *FILES.values())
    def test_a_table_of_several_pictures(self):
        result = ocr(LINE, PAGE, "--threads", "2")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.lines[:3], [f"{LINE}: 1 line", "  0.918  怪我咯", f"{PAGE}: 16 lines"])
        self.assertEqual(ocr("--threshold", "0.95", LINE).lines, [f"{LINE}: 0 lines"])

    @needs(*FILES.values())
    def test_lines_that_are_upside_down_are_rotated(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in (PAGE.name, "again.jpg"):
                (pathlib.Path(folder) / name).write_bytes(PAGE.read_bytes())
            upright = Result("orient", "--rotate", f"{folder}/upright", f"{folder}/{PAGE.name}")
            self.assertEqual(upright.status, 0)
            picture = next(pathlib.Path(f"{folder}/upright").iterdir())
            texts = [[line["text"] for line in json.loads(ocr(
                "--json", *more, picture).lines[0])["lines"]] for more in ([], ["--orientation", LINES])]
            self.assertGreater(len(texts[0]), 10)
            self.assertEqual(texts[0], texts[1])

    @needs(*FILES.values())
    def test_a_page_reads_the_same_however_it_is_rotated(self):
        picture = pixels_of(PAGE)  # which is rotated by a quarter
        for _ in range(3):
            picture = turned(*picture)
        width, height, pixels = picture
        picture = width, 270, pixels[:3 * width * 270]
        pages = []
        with tempfile.TemporaryDirectory() as folder:
            for angle in (0, 90, 180, 270):
                path = pathlib.Path(folder) / f"{angle}.png"
                path.write_bytes(png_of_pixels(*picture))
                pages.append(path)
                picture = turned(*picture)
            result = ocr("--json", "--orientation", LINES, *pages)
            self.assertEqual((result.status, result.complaints), (0, []))
            table = ocr("--orientation", LINES, pages[2]).lines
        upright, *others = map(json.loads, result.lines)
        self.assertEqual(table[0], f"{pages[2]}: {len(upright['lines'])} lines, rotated by 180 degrees")
        self.assertEqual(upright["angle"], 0)
        self.assertGreater(len(upright["lines"]), 4)
        self.assertEqual(upright["lines"][0]["text"].replace(" ", ""), "Minutesofthereadingcircle")
        size = upright["width"], upright["height"]
        for quarters, page in enumerate(others, 1):
            self.assertEqual(page["angle"], 90 * quarters)
            for line in page["lines"]:
                corners, (across, down) = line["box"], (page["width"], page["height"])
                self.assertEqual(corners[0], min(corners, key=sum))
                for _ in range(quarters):  # back
                    corners = [[y, across - 1 - x] for x, y in corners]
                    across, down = down, across
                self.assertEqual((across, down), size)
                line["box"] = corners
            for line in page["lines"] + upright["lines"]:
                line["box"].sort()
            self.assertEqual(page["lines"], upright["lines"])

    @needs(*FILES.values())
    def test_options_are_those_of_paddleocr(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "top.png"
            width, _, pixels = pixels_of(PAGE)
            path.write_bytes(png_of_pixels(width, 240, pixels[:3 * width * 240]))
            boxes = {}
            for options in ((), ("--det-limit-side-len", 320), ("--det-limit-type", "max"),
                            ("--det-limit-type", "min", "--det-limit-side-len", 480),
                            ("--det-db-box-thresh", 0.75), ("--det-db-thresh", 0.9),
                            ("--det-db-unclip-ratio", 2.5), ("--rec-batch-num", 6)):
                result = ocr("--json", *options, path)
                self.assertEqual((result.status, result.complaints), (0, []))
                boxes[options] = [line["box"] for line in json.loads(result.lines[0])["lines"]]
        usual = boxes.pop(())
        self.assertEqual(boxes.pop(("--det-limit-type", "max")), usual)
        self.assertEqual(boxes.pop(("--rec-batch-num", 6)), usual)
        self.assertLess(len(boxes["--det-db-box-thresh", 0.75]), len(usual))
        for options, others in boxes.items():
            self.assertNotEqual(others, usual, options)

    @needs(LINE, *FILES.values())
    def test_larger_pictures_than_the_largest_are_refused(self):
        result = ocr("--largest-picture", "140x60", "--orientation", LINES, LINE, PAGE)
        self.assertEqual((result.status, result.lines[0]), (1, f"{LINE}: 1 line"))
        self.assertEqual(len(result.complaints), 1)
        self.assertIn("page.jpg: the picture has 700 x 720 pixels, expected at most 140 x 60",
                      result.complaints[0])
        for wrong in ("140", "140x", "x60", "0x5", "140x60x3", "140X60", "-1x60", ""):
            result = ocr(f"--largest-picture={wrong}", LINE)
            self.assertEqual((result.status, len(result.complaints)), (2, 1), wrong)

    @needs(*FILES.values())
    def test_lines_are_marked_in_a_copy(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(ocr("--draw", folder, PAGE).status, 0)
            self.assertTrue((pathlib.Path(folder) / "page.png").read_bytes().startswith(b"\x89PNG"))
            self.assert_fails(ocr("--draw", folder, PAGE), "page.png")

    @needs(*FILES.values())
    def test_other_files_are_refused(self):
        self.assert_fails(ocr(PAGE, recognition=DETECTION), "ch_PP-OCRv4_det_infer.onnx: ")
        self.assert_fails(ocr(PAGE, detection=RECOGNITION), "ch_PP-OCRv4_rec_infer.onnx: ")
        with tempfile.TemporaryDirectory() as folder:
            short = pathlib.Path(folder) / "short.txt"
            short.write_text("a\nb\n")
            self.assert_fails(ocr(PAGE, dictionary=short), "has 6625 classes, the type has 4")
            short.write_bytes(b"a\n\xff\n")
            self.assert_fails(ocr(PAGE, dictionary=short), "short.txt: line 2: expected UTF-8")
        self.assert_fails(ocr("missing.png"), "missing.png: there is no such file")

    @needs(LINE, *FILES.values())
    def test_converted_networks_read_the_same(self):
        expected = ocr("--json", LINE, PAGE).lines
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for name, source, model in (("detection", DETECTION, "PP-OCRv4_mobile_det"),
                                        ("recognition", RECOGNITION, "PP-OCRv4_mobile_rec")):
                for ending in ("safetensors", "onnx"):
                    files[name] = pathlib.Path(folder) / f"{name}.{ending}"
                    done = Result("convert", source, files[name])
                    self.assertEqual((done.status, done.complaints), (0, []))
                    self.assertIn(f"model: {model}", done.lines)
                    source = files[name]
                files[name] = pathlib.Path(folder) / f"{name}.safetensors"
            self.assertEqual(ocr("--json", LINE, PAGE, **files).lines, expected)

    @needs(LINE, *FILES.values())
    def test_any_dictionary(self):
        with tempfile.TemporaryDirectory() as folder:
            own, keys = pathlib.Path(folder) / "own.safetensors", pathlib.Path(folder) / "keys.txt"
            write_state_dict(own, "ppocr_mobile_rec_48x100_c97.json")
            keys.write_text("".join(f"{chr(33 + i)}\n" for i in range(95)))
            files = {"recognition": own, "dictionary": keys}
            expected = ocr("--threshold", 0, LINE, **files)
            self.assertEqual((expected.status, expected.complaints), (0, []))
            self.assertEqual(expected.lines[0], f"{LINE}: 1 line")
            native = own.with_name("native.safetensors")
            done = Result("convert", own, native)
            self.assertEqual((done.status, done.complaints), (0, []))
            self.assertIn("classes: 97", done.lines)
            files["recognition"] = native
            self.assertEqual(ocr("--threshold", 0, LINE, **files).lines, expected.lines)
            # As Paddle has it beside its weights, with operations of its own.
            yml = own.with_suffix(".yml")
            yml.write_text("Global:\n  model_name: PP-OCRv5_mobile_rec\nPreProcess:\n  transform_ops:\n"
                           "  - RecResizeImg:\n      image_shape:\n      - 3\n      - 48\n      - 320\n"
                           "PostProcess:\n  name: CTCLabelDecode\n  character_dict:\n"
                           + "".join(f"  - {json.dumps(key)}\n" for key in keys.read_text().split()))
            files = {"recognition": own, "dictionary": yml}
            self.assertEqual(ocr("--threshold", 0, LINE, **files).lines, expected.lines)
            self.assertEqual(Result("convert", "--list", own).status, 0)
            yml.write_text("Global:\n  model_name: PP-OCRv5_mobile_rec\n")
            self.assert_fails(ocr(LINE, **files), "expected a character_dict in PostProcess")
            self.assert_fails(ocr(LINE, recognition=own), "expected F32 [120, 6625], found F32 [120, 97]")

    @needs(*FILES.values())
    def test_weights_of_another_network_are_refused_with_their_file(self):
        result = ocr(LINE, detection=LINES)
        self.assert_fails(result, f"{LINES}: expected weights of a text detector on PP-LCNet V3, found those "
                                  "of a network for pictures of 80x160")
        with tempfile.TemporaryDirectory() as folder:
            int8 = pathlib.Path(folder) / "int8.safetensors"
            self.assertEqual(Result("quantise", "--weights", LINES, "--pictures", LINE, "-o", int8).status, 0)
            self.assert_fails(ocr(LINE, recognition=int8),
                              f"{int8}: its weights are int8; this needs a network in floats")

    def test_files_are_required(self):
        result = Result("ocr", PAGE)
        self.assertEqual(result.status, 2)
        self.assertIn("--detection is required", result.complaints[0])


if __name__ == "__main__":
    run_tests()
