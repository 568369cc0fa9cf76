"""`pplcnet fit`, `features` and `evaluate`: new classes from a few pictures, and what they are worth."""

import json
import math
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import unittest

from picture_files import png_of
from program import PROGRAMS, ROOT, Result

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"

SIDE = 96


# Five kinds of pictures: what is drawn at (x, y), of a period p, rotated a little.
KINDS = {
    "checks": lambda x, y, p: (math.floor(x / p) + math.floor(y / p)) % 2,
    "columns": lambda x, y, p: math.floor(x / p) % 2,
    "dots": lambda x, y, p: (x % (2 * p) - p) ** 2 + (y % (2 * p) - p) ** 2 < (0.6 * p) ** 2,
    "rings": lambda x, y, p: math.floor(math.hypot(x - SIDE / 2, y - SIDE / 2) / p) % 2,
    "rows": lambda x, y, p: math.floor(y / p) % 2,
}


def draw(kind, chance):
    """A picture of a kind, in two colours, with noise."""
    period, rotation = chance.uniform(7, 12), chance.uniform(-0.2, 0.2)
    colours = [[chance.randrange(60, 200) for _ in range(3)] for _ in range(2)]
    while abs(sum(colours[0]) - sum(colours[1])) < 150:
        colours[1] = [chance.randrange(256) for _ in range(3)]
    dx, dy, cosine, sine = chance.random() * 30, chance.random() * 30, math.cos(rotation), math.sin(rotation)
    if kind == "rings":
        dx = dy = 0
    return png_of([[[min(255, max(0, value + chance.randrange(-15, 16)))
                        for value in colours[int(KINDS[kind](cosine * x - sine * y + dx,
                                                          sine * x + cosine * y + dy, period))]]
                        for x in range(SIDE)] for y in range(SIDE)])


class Fit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        chance = random.Random(3)
        for part, count in [("train", 20), ("held_out", 20)]:
            for kind in KINDS:
                (cls.folder / part / kind).mkdir(parents=True)
                for i in range(count):
                    (cls.folder / part / kind / f"{i:02}.png").write_bytes(draw(kind, chance))
        cls.mine = cls.folder / "mine.safetensors"
        begin = time.monotonic()
        cls.fit = Result("fit", "--weights", WEIGHTS, "--images", cls.folder / "train", "-o",
                         cls.mine)
        cls.seconds = time.monotonic() - begin

    def evaluate(self, *arguments, **more):
        return Result("evaluate", "--weights", self.mine, *arguments, **more)

    def test_twenty_pictures_of_each_class_are_enough(self):
        self.assertEqual((self.fit.status, self.fit.complaints), (0, []))
        self.assertEqual(self.fit.lines[0], "pictures: 100 of 5 classes")
        self.assertLess(self.seconds, 30)
        result = self.evaluate("--json", self.folder / "held_out")
        self.assertEqual(result.complaints, [])
        report = json.loads("\n".join(result.lines))
        self.assertEqual([one["label"] for one in report["classes"]], sorted(KINDS))
        print(f"held out: {100 * report['top1']:.1f} %, fitted in {self.seconds:.1f} s")
        self.assertGreaterEqual(report["top1"], 0.95)

    def test_pictures_that_are_all_alike_tell_nothing(self):
        mine = self.folder / "alike.safetensors"
        for kind in "ab":
            (self.folder / "alike" / kind).mkdir(parents=True)
            for i in range(2):
                (self.folder / "alike" / kind / f"{i}.png").write_bytes(
                    png_of([[[120, 80, 200]] * SIDE] * SIDE))
        result = Result("fit", "--weights", WEIGHTS, "--images", self.folder / "alike", "-o", mine)
        self.assertEqual((result.status, result.complaints), (0, []))
        result = Result("classify", "--weights", mine, "--json", self.folder / "alike/a/0.png")
        scores = [one["score"] for one in json.loads(result.lines[0])["predictions"]]
        self.assertEqual(len(scores), 2)
        self.assertAlmostEqual(scores[0], 0.5, places=4)

    def test_the_new_weights_are_like_others(self):
        picture = self.folder / "held_out" / "rings" / "00.png"
        result = Result("classify", "--weights", self.mine, "--json", picture)
        self.assertEqual((result.status, result.complaints), (0, []))
        best = json.loads(result.lines[0])["predictions"][0]
        self.assertEqual(best["label"], "rings")
        listed = Result("convert", "--list", self.mine)
        self.assertIn("classes: 5", listed.lines)
        self.assertIn("labels: 5", listed.lines)

    def test_a_list_says_the_same_as_folders(self):
        names = sorted(KINDS)
        paths = sorted((self.folder / "held_out").rglob("*.png"))
        lines = [f"{path.relative_to(self.folder)} {names.index(path.parent.name)}"
                 for path in paths]
        (self.folder / "list.txt").write_text("\n".join(lines) + "\n")
        by_list = self.evaluate(self.folder / "list.txt", "--threads", 2)
        by_folder = self.evaluate(self.folder / "held_out")
        without_speed = [[line for line in result.lines if "per second" not in line]
                         for result in (by_list, by_folder)]
        self.assertEqual(*without_speed)

    def test_an_evaluation_goes_on_where_it_stopped(self):
        predictions = self.folder / "predictions.jsonl"
        whole = self.evaluate("--predictions", predictions, self.folder / "held_out")
        lines = predictions.read_text().splitlines(keepends=True)
        self.assertEqual(len(lines), 101)  # the first says what they are of
        predictions.write_text("".join(lines[:60]) + lines[60][:20])  # cut in the middle of a line
        again = self.evaluate("--predictions", predictions, self.folder / "held_out")
        self.assertEqual(whole.lines[1:2], again.lines[1:2])
        self.assertEqual(sorted(predictions.read_text().splitlines(keepends=True)), sorted(lines))

    def test_the_report_is_one_page_with_everything_in_it(self):
        page = self.folder / "report.html"
        result = self.evaluate("--report", page, self.folder / "held_out")
        self.assertEqual(result.complaints, [])
        text = page.read_text()
        for part in ["<svg", "checks", "correct (top-1)", "</html>"]:
            self.assertIn(part, text)
        self.assertNotIn("http", text)

    def test_a_browser_shows_the_report_without_a_complaint(self):
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is None:
            self.skipTest("apt install chromium")
        page = self.folder / "shown.html"
        self.evaluate("--report", page, self.folder / "held_out")
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={self.folder / 'browser'}", f"--screenshot={self.folder / 'page.png'}",
             "--window-size=1100,1600", page.as_uri()], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("CONSOLE", done.stderr)
        self.assertTrue((self.folder / "page.png").exists())

    def test_heat_maps_are_pictures(self):
        maps = self.folder / "maps"
        pictures = [self.folder / "held_out" / kind / "01.png" for kind in ("dots", "rows")]
        result = Result("classify", "--weights", self.mine, "--explain", maps, *pictures)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(sorted(path.name for path in maps.iterdir()), ["01.png", "01_2.png"])
        seen = Result("classify", "--weights", self.mine, maps)
        self.assertEqual((seen.status, len(seen.lines)), (0, 2))

    def test_features_are_rows_of_an_array(self):
        array = self.folder / "embeddings.npy"
        result = Result("features", "--weights", self.mine, "-o", array, "--threads", 2,
                        self.folder / "held_out" / "dots")
        self.assertEqual((result.status, len(result.lines)), (0, 20))
        header = array.read_bytes()[:128]
        self.assertIn(b"'descr': '<f4'", header)
        self.assertIn(b"(20,1280,)", header)
        maps = Result("features", "--weights", self.mine, "--layer", "stage5", "-o",
                      self.folder / "stage5", self.folder / "held_out" / "dots" / "00.png")
        self.assertEqual(maps.status, 0)
        self.assertIn(b"(64,5,80,)", (self.folder / "stage5" / "00.npy").read_bytes()[:128])

    def test_what_cannot_be_learnt_from_is_said(self):
        (self.folder / "one" / "class").mkdir(parents=True)
        for kind in ("dots", "rows"):
            for folder, count in (("single", 1), ("broken", 2)):
                (self.folder / folder / kind).mkdir(parents=True)
                for i in range(count):
                    shutil.copy(self.folder / "held_out" / kind / "00.png",
                                self.folder / folder / kind / f"{i}.png")
        (self.folder / "broken" / "rows" / "0.png").write_bytes(b"no picture")
        for arguments, message in [
            (("--images", self.folder / "none"), "none: "),
            (("--images", self.folder / "one"), "expected a folder with pictures for each of two"),
            (("--images", self.folder / "single"), "0.png: expected two pictures or more of a class"),
            (("--images", self.folder / "broken"), "0.png: not a picture"),
        ]:
            new = self.folder / "new.safetensors"
            result = Result("fit", "--weights", WEIGHTS, "-o", new, *arguments)
            self.assertEqual((result.status, len(result.complaints)), (1, 1))
            self.assertIn(message, result.complaints[0])
            self.assertFalse(new.exists())


unittest.main()
