"""`pplcnet evaluate`: what was not seen is named and costs the exit status, and answers are gone on
from only where they belong."""

import json
import pathlib
import shutil
import tempfile
import unittest

from program import ROOT, Result

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"  # two classes
PAGE_WEIGHTS = ROOT / "examples" / "orientation" / "page_orientation.safetensors"
LINE = ROOT / "examples" / "line.png"


class Evaluate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ["a.png", "b.png", "c.png"]:
            shutil.copy(LINE, self.folder / name)
        self.list = self.folder / "list.txt"
        self.list.write_text("a.png 1\nb.png 0\nc.png 1\n")
        self.answers = self.folder / "answers.jsonl"

    def evaluate(self, *arguments, weights=WEIGHTS, data=None):
        return Result("evaluate", "--weights", weights, data or self.list, *arguments)

    def test_pictures_that_cannot_be_read_are_in_every_answer(self):
        (self.folder / "b.png").write_bytes(LINE.read_bytes()[:300])
        self.list.write_text("a.png 1\nb.png 0\ngone.png 0\nc.png 1\n")
        page = self.folder / "page.html"
        result = self.evaluate("--report", page)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 2)
        self.assertEqual(result.lines[:3], ["pictures: 2", "not seen: 2, which could not be read",
                                            "top-1: 100.000 %"])
        text = page.read_text()
        for name in ["b.png", "gone.png", "there is no such file"]:
            self.assertIn(name, text)
        answer = json.loads("\n".join(self.evaluate("--json").lines))
        self.assertEqual([pathlib.Path(one["file"]).name for one in answer["not_seen"]],
                         ["b.png", "gone.png"])
        self.assertIn("there is no such file", answer["not_seen"][1]["why"])

    def test_an_evaluation_goes_on_and_says_what_was_cut(self):
        whole = self.evaluate("--answers", self.answers)
        self.assertEqual((whole.status, whole.complaints), (0, []))
        lines = self.answers.read_bytes().splitlines(keepends=True)
        self.assertEqual(len(lines), 4)  # the first says of what they are
        for rest in [lines[2][:-1], lines[2][:20], b"{"]:
            self.answers.write_bytes(b"".join(lines[:2]) + rest)
            again = self.evaluate("--answers", self.answers)
            self.assertEqual((again.status, again.lines[1]), (0, whole.lines[1]))
            self.assertEqual(again.complaints,
                             [f"pplcnet evaluate: {self.answers}: its last line was cut off, and is "
                              "left out"])
            self.assertEqual(self.answers.read_bytes(), b"".join(lines))
        # What was killed before the first line was complete begins anew.
        for rest in [b"", lines[0][:30]]:
            self.answers.write_bytes(rest)
            self.assertEqual(self.evaluate("--answers", self.answers).status, 0)
            self.assertEqual(self.answers.read_bytes(), b"".join(lines))

    def test_answers_are_not_taken_over_from_anything_else(self):
        self.assertEqual(self.evaluate("--answers", self.answers).status, 0)
        before = self.answers.read_bytes()
        other = self.folder / "other.safetensors"
        changed = bytearray(WEIGHTS.read_bytes())
        changed[-5000] ^= 1
        other.write_bytes(changed)
        labels = self.folder / "labels.txt"
        labels.write_text("down\nup\n")
        another_list = self.folder / "another.txt"
        another_list.write_text("a.png 1\n")
        for what, result in [
            ("weights", self.evaluate("--answers", self.answers, weights=other)),
            ("model", self.evaluate("--answers", self.answers, weights=PAGE_WEIGHTS)),
            ("labels", self.evaluate("--answers", self.answers, "--labels", labels)),
            ("pictures", self.evaluate("--answers", self.answers, data=another_list)),
            ("root", self.evaluate("--answers", self.answers, "--root", self.folder / "b")),
        ]:
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1), what)
            self.assertIn(f"answers.jsonl: its answers are of other {what}: ", result.complaints[0])
        self.assertEqual(self.answers.read_bytes(), before)

    def test_answers_that_cannot_be_are_refused_with_the_line(self):
        self.assertEqual(self.evaluate("--answers", self.answers).status, 0)
        lines = self.answers.read_text().splitlines()
        for key, value in [("best", 20000), ("best", -1), ("best", 2), ("best", 1.5), ("best", "1"),
                           ("best", 2**64), ("rank", 2), ("rank", None), ("class", 2),
                           ("class", "up"), ("file", 1), ("file", None), ("score", "high"),
                           ("score", 1e300), ("score", -1), ("best", 0), ("rank", 1)]:
            answer = json.loads(lines[1]) | {key: value}
            content = "\n".join([lines[0], json.dumps(answer), *lines[2:], ""])
            self.answers.write_text(content)
            result = self.evaluate("--answers", self.answers)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1),
                             (key, value, result.complaints))
            self.assertIn("answers.jsonl: line 2: expected an answer for 2 classes, found ",
                          result.complaints[0])
            self.assertEqual(self.answers.read_text(), content)

    def test_what_is_no_file_of_answers_stays_as_it_is(self):
        for content in [b"my notes\n", b"{}\n", b"[1]\n", b"no line end", b"\xff\xfe\n", b"\n",
                        b'{"file":"a.png","class":1,"rank":0,"best":1,"score":0.9}\n',
                        LINE.read_bytes()]:
            self.answers.write_bytes(content)
            result = self.evaluate("--answers", self.answers)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
            self.assertIn("answers.jsonl: line 1: ", result.complaints[0])
            self.assertEqual(self.answers.read_bytes(), content)


unittest.main()
