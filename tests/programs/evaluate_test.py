"""`pplcnet evaluate`: what cannot be read is named and costs the exit status, and runs are resumed
from only where they belong."""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from picture_files import png_of
from program import ROOT, Result, needs_posix, pixels_of

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"  # two classes
PAGE_WEIGHTS = ROOT / "examples" / "orientation" / "page_orientation.safetensors"
LINE = ROOT / "examples" / "line.png"


def part_of(picture, left, right):
    """Columns of a picture, as a PNG file."""
    width, height, pixels = picture
    def pixel(x, y):
        return pixels[(y * width + x) * 3 : (y * width + x) * 3 + 3]

    return png_of([[pixel(x, y) for x in range(left, right)] for y in range(height)])


class Page(html.parser.HTMLParser):
    """A page's tags, which are closed in order, and its text by headings."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.sections, self.heading = [], [], {"": ""}, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in ("meta", "link", "img", "br", "line", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("line", "rect"):
            assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open[-1:] == ["h2"]:
            self.heading = data
        self.sections[self.heading] = self.sections.get(self.heading, "") + data


class Evaluate(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ["a.png", "b.png", "c.png"]:
            shutil.copy(LINE, self.folder / name)
        self.list = self.folder / "list.txt"
        self.list.write_text("a.png 1\nb.png 0\nc.png 1\n")
        self.predictions = self.folder / "predictions.jsonl"

    def evaluate(self, *arguments, weights=WEIGHTS, data=None):
        return Result("evaluate", "--weights", weights, data or self.list, *arguments)

    def test_pictures_that_cannot_be_read_are_in_every_table(self):
        (self.folder / "b.png").write_bytes(LINE.read_bytes()[:300])
        self.list.write_text("a.png 1\nb.png 0\ngone.png 0\nc.png 1\n")
        page = self.folder / "page.html"
        result = self.evaluate("--report", page)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 2)
        self.assertEqual(result.lines[:3], ["pictures: 2", "not read: 2",
                                            "top-1: 100.000 %"])
        text = page.read_text()
        for name in ["b.png", "gone.png", "there is no such file"]:
            self.assertIn(name, text)
        prediction = json.loads("\n".join(self.evaluate("--json").lines))
        self.assertEqual([pathlib.Path(one["file"]).name for one in prediction["not_read"]],
                         ["b.png", "gone.png"])
        self.assertIn("there is no such file", prediction["not_read"][1]["why"])

    def test_pictures_of_no_class_are_named(self):
        data = self.folder / "data"
        (data / "180_degree").mkdir(parents=True)
        for path in [data, data / "180_degree"]:
            shutil.copy(LINE, path)
        result = self.evaluate(data=data)
        self.assertEqual((result.status, result.lines[0]), (1, "pictures: 1"))
        self.assertEqual(result.complaints, [f"pplcnet evaluate: {data}/line.png: lies in no class's "
                                             "folder, and is left out"])

    def test_folders_that_are_taken_in_their_order_are_named(self):
        for names, complaints in [
            (["0_degree", "180_degree"], 0), (["0", "1"], 0), (["up", "upside down"], 1)]:
            data = self.folder / names[0]
            for name in names:
                (data / name).mkdir(parents=True)
                shutil.copy(LINE, data / name)
            result = self.evaluate(data=data)
            self.assertEqual((result.status, result.lines[0]), (0, "pictures: 2"))
            self.assertEqual(result.complaints, complaints * [
                f"pplcnet evaluate: {data}: its folders are neither labels nor numbers of classes, and are "
                "taken for the classes in the order of their names: 'up' for '0_degree' to 'upside down' "
                "for '180_degree'"])

    def test_an_evaluation_goes_on_and_says_what_was_cut(self):
        whole = self.evaluate("--predictions", self.predictions)
        self.assertEqual((whole.status, whole.complaints), (0, []))
        lines = self.predictions.read_bytes().splitlines(keepends=True)
        self.assertEqual(len(lines), 4)  # the first says of what they are
        for rest in [lines[2][:-1], lines[2][:20], b"{"]:
            self.predictions.write_bytes(b"".join(lines[:2]) + rest)
            again = self.evaluate("--predictions", self.predictions)
            self.assertEqual((again.status, again.lines[1]), (0, whole.lines[1]))
            self.assertEqual(again.complaints,
                             [f"pplcnet evaluate: {self.predictions}: its last line was cut off, and is "
                              "left out"])
            self.assertEqual(self.predictions.read_bytes(), b"".join(lines))
        # What was killed before the first line was complete begins anew.
        for rest in [b"", lines[0][:30]]:
            self.predictions.write_bytes(rest)
            self.assertEqual(self.evaluate("--predictions", self.predictions).status, 0)
            self.assertEqual(self.predictions.read_bytes(), b"".join(lines))

    def test_predictions_are_not_taken_over_from_anything_else(self):
        self.assertEqual(self.evaluate("--predictions", self.predictions).status, 0)
        before = self.predictions.read_bytes()
        other = self.folder / "other.safetensors"
        changed = bytearray(WEIGHTS.read_bytes())
        changed[-5000] ^= 1
        other.write_bytes(changed)
        labels = self.folder / "labels.txt"
        labels.write_text("down\nup\n")
        another_list = self.folder / "another.txt"
        another_list.write_text("a.png 1\n")
        for what, result in [
            ("weights", self.evaluate("--predictions", self.predictions, weights=other)),
            ("model", self.evaluate("--predictions", self.predictions, weights=PAGE_WEIGHTS)),
            ("labels", self.evaluate("--predictions", self.predictions, "--labels", labels)),
            ("pictures", self.evaluate("--predictions", self.predictions, data=another_list)),
            ("root", self.evaluate("--predictions", self.predictions, "--root", self.folder / "b")),
        ]:
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1), what)
            self.assertIn(f"predictions.jsonl: its predictions are of other {what}: ", result.complaints[0])
        self.assertEqual(self.predictions.read_bytes(), before)

    def test_predictions_that_cannot_be_are_refused_with_the_line(self):
        self.assertEqual(self.evaluate("--predictions", self.predictions).status, 0)
        lines = self.predictions.read_text().splitlines()
        for key, value in [("best", 20000), ("best", -1), ("best", 2), ("best", 1.5), ("best", "1"),
                           ("best", 2**64), ("rank", 2), ("rank", None), ("class", 2),
                           ("class", "up"), ("file", 1), ("file", None), ("score", "high"),
                           ("score", 1e300), ("score", -1), ("best", 0), ("rank", 1)]:
            prediction = json.loads(lines[1]) | {key: value}
            content = "\n".join([lines[0], json.dumps(prediction), *lines[2:], ""])
            self.predictions.write_text(content)
            result = self.evaluate("--predictions", self.predictions)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1),
                             (key, value, result.complaints))
            self.assertIn("predictions.jsonl: line 2: expected a prediction for 2 classes, found ",
                          result.complaints[0])
            self.assertEqual(self.predictions.read_text(), content)

    def test_what_is_no_file_of_predictions_stays_as_it_is(self):
        for content in [b"my notes\n", b"{}\n", b"[1]\n", b"no line end", b"\xff\xfe\n", b"\n",
                        b'{"file":"a.png","class":1,"rank":0,"best":1,"score":0.9}\n',
                        LINE.read_bytes()]:
            self.predictions.write_bytes(content)
            result = self.evaluate("--predictions", self.predictions)
            self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
            self.assertIn("predictions.jsonl: line 1: ", result.complaints[0])
            self.assertEqual(self.predictions.read_bytes(), content)

    def report(self, *arguments, **more):
        path = self.folder / "page.html"
        result = self.evaluate("--report", path, *arguments, **more)
        text = path.read_bytes().decode()  # UTF-8
        page = Page(text)
        self.assertEqual(page.open, [])
        return result, text, page

    def test_the_report_has_counts_and_a_confusion_matrix(self):
        result, text, page = self.report()
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertIn("2 of 3 correct (top-1)", page.sections[""])
        self.assertIn("2 correct predictions: pictures by score", text)
        self.assertIn("1 wrong predictions: pictures by score", text)
        self.assertIn("score of the most probable class", text)
        self.assertIn("2 of 2", page.sections["Classes"])
        self.assertIn("0 of 1", page.sections["Classes"])
        self.assertIn("2 of 3", page.sections["Classes"])  # precision
        cells = re.findall(r"<td style=[^>]*>([^<]*)</td>", text)
        self.assertEqual(cells, ["·", "1", "·", "2"])
        self.assertEqual(page.tags.count("img"), 2)

    def test_only_confident_mistakes_are_called_so(self):
        line = pixels_of(LINE)
        for i in range(12):  # parts of a line, of which some are hard
            part = part_of(line, 32 * i, 32 * i + 4 * (i + 1))
            (self.folder / f"{i:02}.png").write_bytes(part)
        self.list.write_text("".join(f"{i:02}.png {i % 2}\n" for i in range(12)))
        _, text, page = self.report()
        wrong = json.loads("\n".join(self.evaluate("--json").lines))["wrong"]
        sure, unsure = (page.sections.get(name, "") for name in
                        ["Confident mistakes", "Other mistakes"])
        for one in wrong:
            name, is_sure = pathlib.Path(one["file"]).name, one["score"] >= 0.8
            self.assertEqual((name in sure, name in unsure), (is_sure, not is_sure))
        count = sum(one["score"] >= 0.8 for one in wrong)
        self.assertIn(f"{count} of {len(wrong)} wrong predictions have a score of 80 % or more", sure)

    @needs_posix("names that are no UTF-8")
    def test_the_report_is_utf8_and_marks_nothing_up(self):
        labels = self.folder / "labels.txt"
        labels.write_bytes(b"<b>\"up\" & 'away'\n\x1b[31m\xc2\x9bdown\xe2\x80\xae\n")
        folder = os.fsencode(self.folder) + b"/<i>\xd5\xfd"
        os.mkdir(folder)
        with open(folder + b"/list.txt", "wb") as file:
            file.write(b"<script>alert(1)<script>.png 0\ngone&amp;.png 0\n\xff.png 0\n")
        shutil.copy(LINE, folder + b"/<script>alert(1)<script>.png")
        shutil.copy(LINE, folder + b"/\xff.png")
        result, text, page = self.report("--labels", labels, data=os.fsdecode(folder + b"/list.txt"))
        self.assertEqual((result.status, len(result.complaints)), (1, 1))
        self.assertEqual({"script", "b", "i"} & set(page.tags), {"b"})
        self.assertNotIn("<b>&quot;", text)
        self.assertFalse(re.search("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]", text))
        for part in [r"\xff.png", r"<i>\xd5\xfd", "gone&amp;.png", r"\x1b[31m\xc2\x9bdown",
                     "<b>\"up\" & 'away'"]:
            self.assertIn(part, "".join(page.sections.values()))

    def test_the_report_fits_a_telephone(self):
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is None:
            self.skipTest("apt install chromium")
        labels = self.folder / "labels.txt"
        labels.write_text("a label that is somewhat longer than others, " * 3 + "\n" + "w" * 200)
        _, text, _ = self.report("--labels", labels)
        wrapper = self.folder / "wrapper.html"
        wrapper.write_text(
            "<iframe id=f width=390 height=800 style='border:0' src=page.html></iframe><p id=w></p>"
            "<script>f.onload = () => { const page = f.contentDocument.documentElement;"
            " w.textContent = page.scrollWidth - page.clientWidth + ' too wide' }</script>")
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
             "--allow-file-access-from-files", "--virtual-time-budget=5000",
             f"--user-data-dir={self.folder / 'browser'}", wrapper.as_uri()],
            capture_output=True, text=True, timeout=120)
        self.assertIn(">0 too wide<", done.stdout)

    def test_heat_maps_stand_beside_their_pictures(self):
        result = Result("classify", "--weights", WEIGHTS, "--explain", self.folder / "maps", LINE)
        self.assertEqual((result.status, result.complaints), (0, []))
        width, height, picture = pixels_of(LINE)
        page_width, page_height, page = pixels_of(self.folder / "maps" / "line.png")
        self.assertGreater(page_height, 2 * height)
        left, top = (page_width - width) // 2, 16 + 30
        for y in range(height):
            begin = ((top + y) * page_width + left) * 3
            self.assertEqual(page[begin : begin + 3 * width],
                             picture[3 * y * width : 3 * (y + 1) * width])
        # Small pictures are shown larger, at 320 pixels.
        small = self.folder / "small.png"
        small.write_bytes(part_of(pixels_of(LINE), 0, 40))
        Result("classify", "--weights", WEIGHTS, "--explain", self.folder / "maps", small)
        self.assertGreaterEqual(pixels_of(self.folder / "maps" / "small.png")[0], 2 * 320)


unittest.main()
