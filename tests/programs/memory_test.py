"""`pplcnet` where memory ends: whichever request fails, the program says so in one sentence and exits
with 1, and what it writes is there as a whole or not at all. Some requests are tried; with
EVERY_REQUEST=1 in the environment the first and the last one of every place, a stack of calls, which
takes ten minutes, and with EVERY_REQUEST=all every one, which takes hours."""

import array
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from picture_files import png
from program import PROGRAMS, run_tests

EVERY = os.environ.get("EVERY_REQUEST")
SAMPLES = 24  # of each command
CC = shutil.which("cc") or shutil.which("gcc")
if CC is None or os.uname().machine not in ("x86_64", "aarch64"):
    print("Skipped: there is no C compiler")
    sys.exit(77)


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.library = cls.shared / "failing_malloc.so"
        subprocess.run([CC, "-O1", "-shared", "-fPIC", "-o", cls.library,
                        pathlib.Path(__file__).with_name("failing_malloc.c")], check=True)
        first = subprocess.run([PROGRAMS / "pplcnet", "--version"], capture_output=True, text=True,
                               env={**os.environ, "LD_PRELOAD": str(cls.library), "FAIL_AT": "0"})
        if "ASan runtime does not come first" in first.stderr:
            raise unittest.SkipTest("the address sanitizer has its own requests for memory")
        cls.weights = cls.shared / "weights.safetensors"
        subprocess.run([PROGRAMS / "write_weights", cls.weights], check=True,
                       stdout=subprocess.DEVNULL)
        cls.train = cls.shared / "train"
        for kind in ("0", "1"):
            (cls.train / kind).mkdir(parents=True)
            for i in range(2):
                (cls.train / kind / f"{i}.png").write_bytes(png(40, 30, (90 * i, 20, 200)))
        cls.picture = cls.train / "0" / "1.png"

    def run_failing(self, at, output, arguments, places_file=None):
        """The program whose request number `at` fails; 0: none does."""
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        environment = {**os.environ, "LD_PRELOAD": str(self.library), "FAIL_AT": str(at)}
        if places_file:
            environment["PLACES_FILE"] = str(places_file)
        done = subprocess.run([PROGRAMS / "pplcnet", *map(str, arguments)], capture_output=True,
                              text=True, timeout=60, env=environment)
        files = {path.relative_to(output): path.read_bytes()
                 for path in output.rglob("*") if path.is_file()}
        return done, files

    def try_requests(self, *arguments, compares=True):
        output = self.shared / "output"
        places_file = self.shared / "places"
        whole, files = self.run_failing(0, output, arguments, places_file)
        self.assertEqual((whole.returncode, whole.stderr), (0, ""), arguments)
        places = array.array("Q", places_file.read_bytes())
        total = len(places)
        self.assertGreater(total, 100)
        first, last = {}, {}
        for at, place in enumerate(places, 1):
            first.setdefault(place, at)
            last[place] = at
        self.assertGreater(len(first), 10)
        if EVERY == "all":
            points = set(range(1, total + 1))
        elif EVERY:
            points = {*first.values(), *last.values()}
        else:  # denser at the beginning, and a few at the end
            points = {round(total ** (i / (SAMPLES - 1))) for i in range(SAMPLES)}
            points |= {total - i * total // 40 for i in range(8)}
        refused = 0
        for at in sorted(points):
            done, written = self.run_failing(at, output, arguments)
            refused += done.returncode != 0
            with self.subTest(f"{arguments[0]}: request {at} of {total}"):
                self.assertIn(done.returncode, (0, 1), done)
                if done.returncode == 0:  # it could do without
                    self.assertEqual(done.stderr, "")
                    if compares:
                        self.assertEqual((done.stdout, written), (whole.stdout, files))
                    continue
                self.assertEqual(done.stderr.count("\n"), 1, done)
                self.assertTrue(done.stderr.startswith("pplcnet"), done)
                self.assertLessEqual(written.keys(), files.keys(), done)
                if compares:
                    self.assertEqual(written, {name: files[name] for name in written}, done)
        self.assertGreater(refused, 0)
        print(f"{arguments[0]}: {total} requests of {len(first)} places, {len(points)} failed: "
              f"{refused} refused, {len(points) - refused} managed without", flush=True)

    def test_classify(self):
        self.try_requests("classify", "--json", "--weights", self.weights,
                          "--explain", self.shared / "output" / "maps", self.picture)

    def test_orient(self):
        self.try_requests("orient", "--json", "--sure", 0, "--rotate",
                          self.shared / "output" / "upright", self.picture)

    def test_evaluate(self):
        self.try_requests("evaluate", "--weights", self.weights, "--json", "--predictions",
                          self.shared / "output" / "predictions", "--report",
                          self.shared / "output" / "page.html", self.train, compares=False)

    def test_convert(self):
        self.try_requests("convert", self.weights, self.shared / "output" / "net.onnx")

    def test_fit(self):
        self.try_requests("fit", "--weights", self.weights, "--images", self.train, "-o",
                          self.shared / "output" / "new.safetensors", compares=False)

    def test_features(self):
        self.try_requests("features", "--weights", self.weights, "-o",
                          self.shared / "output" / "rows.npy", self.train, compares=False)

    def test_parity(self):
        reference = self.shared / "reference"
        run = ["parity", "--weights", self.weights, self.picture]
        subprocess.run([PROGRAMS / "pplcnet", *run, "--write", reference], check=True,
                       stdout=subprocess.DEVNULL)
        self.try_requests(*run, "--doctor", "--reference", reference, "--write",
                          self.shared / "output" / "arrays")

    def test_inspect(self):
        self.try_requests("inspect", "PPLCNet_x0_25")


run_tests()
