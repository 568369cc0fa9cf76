"""pplcnet evaluate --text: the character error rate of PP-OCRv4's recogniser on pictures of lines, and
how it says what is wrong with lists."""

import json
import pathlib
import tempfile
import unittest

from picture_files import png
from program import DATA, ROOT, Result, run_tests, skip_without

MODELS = DATA / "models" / "ppocr_v4"
WEIGHTS = MODELS / "ch_PP-OCRv4_rec_infer.onnx"
DICTIONARY = MODELS / "ppocr_keys_v1.txt"
LINE = DATA / "images" / "textline_demo.png"
OWN = ROOT / "examples" / "line.png"  # which is upside down
skip_without(WEIGHTS, DICTIONARY, LINE)


class EvaluateText(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for path in (LINE, OWN):
            (self.folder / path.name).write_bytes(path.read_bytes())
        (self.folder / "white.png").write_bytes(png(200, 40, (255,) * 3))
        self.list = self.folder / "rec_gt.txt"

    def evaluate(self, *lines, more=(), weights=WEIGHTS, dictionary=DICTIONARY):
        self.list.write_bytes("\n".join(lines).encode())
        return Result("evaluate", "--weights", weights, "--dictionary", dictionary, "--text",
                      self.list, self.folder, *more)

    def numbers(self, *lines, more=(), status=0):
        result = self.evaluate(*lines, more=["--json", *more])
        self.assertEqual(result.status, status, result.complaints)
        return json.loads("\n".join(result.lines))

    def test_what_is_read_rightly_has_no_errors(self):
        numbers = self.numbers(f"{LINE.name}\t怪我咯", "white.png\t", "")
        self.assertEqual((numbers["lines"], numbers["characters"], numbers["edits"]), (2, 3, 0))
        for name, expected in (("cer", 0), ("accuracy", 1), ("acc", 1), ("norm_edit_dis", 1)):
            self.assertEqual(numbers[name], expected, name)
        self.assertEqual((numbers["wrong"], numbers["not_read"]), ([], []))

    def test_errors_are_counted_by_characters(self):
        numbers = self.numbers(f"{LINE.name}\t怪 我 乐", "white.png\tab", f"{LINE.name}\t怪我咯")
        self.assertEqual((numbers["lines"], numbers["characters"], numbers["edits"]), (3, 10, 5))
        self.assertAlmostEqual(numbers["cer"], 0.5)
        self.assertAlmostEqual(numbers["accuracy"], 1 / 3)
        self.assertAlmostEqual(numbers["acc"], 1 / 3)
        self.assertAlmostEqual(numbers["norm_edit_dis"], 1 - (1 / 3 + 1) / 3)
        self.assertEqual([(one["text"], one["read"], one["edits"]) for one in numbers["wrong"]],
                         [("怪 我 乐", "怪我咯", 3), ("ab", "", 2)])
        self.assertAlmostEqual(numbers["wrong"][0]["score"], 0.953, delta=0.001)
        spaces = self.numbers(f"{LINE.name}\t怪我 咯")
        self.assertEqual((spaces["accuracy"], spaces["acc"], spaces["norm_edit_dis"]), (0, 1, 1))

    def test_a_table_has_the_lines_with_most_errors(self):
        lines = self.evaluate(f"{LINE.name}\t怪我乐", f"{OWN.name}\tno", more=("--threads", 2)).lines
        self.assertIn("lines: 2", lines)
        self.assertTrue(any(line.startswith("character error rate: ") for line in lines))
        self.assertIn("PaddleOCR's acc, without spaces: 0.000 %", lines)
        at = lines.index("       怪我乐")
        self.assertEqual(lines[at - 1 : at + 2], [f"    1  {self.folder / LINE.name}", "       怪我乐",
                                                  "       怪我咯"])

    def test_a_bad_picture_is_named_and_does_not_stop_the_others(self):
        lines = ["none.png\ta", f"{LINE.name}\t怪我咯", "rec_gt.txt\tb"]
        numbers = self.numbers(*lines, status=1)
        self.assertEqual((numbers["lines"], numbers["edits"]), (1, 0))
        self.assertEqual([pathlib.Path(one["file"]).name for one in numbers["not_read"]],
                         ["none.png", "rec_gt.txt"])
        result = self.evaluate(*lines)
        self.assertEqual(len(result.complaints), 2)
        self.assertIn("not read: 2", result.lines)

    def test_what_is_wrong_is_one_sentence(self):
        for lines, words in (((LINE.name,), "line 1: expected a picture's name, a tab and its text"),
                             (("a.png\tb", "\tc"), "line 2: expected a picture's name"),
                             (("",), "rec_gt.txt")):
            result = self.evaluate(*lines)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
            self.assertIn(words, result.complaints[0])
        short = self.folder / "short.txt"
        short.write_text("a\nb\n")
        result = self.evaluate(f"{LINE.name}\ta", dictionary=short)
        self.assertEqual(result.status, 1)
        self.assertIn("has 6625 classes, the type has 4", result.complaints[0])

    def test_options_that_do_not_belong_together(self):
        for options in (("--coco", "x"), ("--masks", "x"), ("--root", "x"), ("--report", "x.html")):
            self.assertEqual(self.evaluate(f"{LINE.name}\ta", more=options).status, 2, options)
        alone = Result("evaluate", "--weights", WEIGHTS, "--text", self.list, self.folder)
        self.assertEqual(alone.status, 2)
        self.assertIn("--dictionary", alone.complaints[0])


if __name__ == "__main__":
    run_tests()
