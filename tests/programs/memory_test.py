"""`pplcnet` where memory ends: whichever request fails, the program says so in one sentence and exits
with 1, and what it writes is there as a whole or not at all. Some requests are tried; with EVERY_REQUEST
in the environment all of them, which takes hours."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from picture_files import png
from program import PROGRAMS, run_tests

EVERY = "EVERY_REQUEST" in os.environ
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
        cls.weights = cls.shared / "weights.safetensors"
        subprocess.run([PROGRAMS / "write_weights", cls.weights], check=True,
                       stdout=subprocess.DEVNULL)
        cls.train = cls.shared / "train"
        for kind in ("0", "1"):
            (cls.train / kind).mkdir(parents=True)
            for i in range(2):
                (cls.train / kind / f"{i}.png").write_bytes(png(40, 30, (90 * i, 20, 200)))
        cls.picture = cls.train / "0" / "1.png"

    def run_failing(self, at, output, arguments, count_file=None):
        """The program whose request number `at` fails; 0: none does."""
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        environment = {**os.environ, "LD_PRELOAD": str(self.library), "FAIL_AT": str(at)}
        if count_file:
            environment["COUNT_FILE"] = str(count_file)
        done = subprocess.run([PROGRAMS / "pplcnet", *map(str, arguments)], capture_output=True,
                              text=True, timeout=60, env=environment)
        files = {path.relative_to(output): path.read_bytes()
                 for path in output.rglob("*") if path.is_file()}
        return done, files

    def try_requests(self, *arguments, output=None, compares=True):
        output = output or self.shared / "output"
        count_file = self.shared / "count"
        whole, files = self.run_failing(0, output, arguments, count_file)
        self.assertEqual((whole.returncode, whole.stderr), (0, ""), arguments)
        total = int(count_file.read_text())
        self.assertGreater(total, 100)
        if EVERY:
            points = range(1, total + 1)
        else:  # denser at the beginning, and a few at the end
            points = {round(total ** (i / (SAMPLES - 1))) for i in range(SAMPLES)}
            points |= {total - i * total // 40 for i in range(8)}
        refused = 0
        for at in sorted(points):
            done, written = self.run_failing(at, output, arguments)
            where = f"{arguments[0]}: request {at} of {total}: {done}"
            self.assertIn(done.returncode, (0, 1), where)
            if done.returncode == 0:  # it could do without
                self.assertEqual(done.stderr, "", where)
                if compares:
                    self.assertEqual(done.stdout, whole.stdout, where)
                    self.assertEqual(written, files, where)
                continue
            refused += 1
            self.assertEqual(done.stderr.count("\n"), 1, where)
            self.assertTrue(done.stderr.startswith("pplcnet"), where)
            for name, contents in written.items():
                self.assertIn(name, files, where)
                if compares:
                    self.assertEqual(contents, files[name], where)
        self.assertGreater(refused, 0)
        print(f"{arguments[0]}: {len(points)} of {total} requests, {refused} refused")

    def test_classify(self):
        self.try_requests("classify", "--weights", self.weights, "--explain",
                          self.shared / "output" / "maps", self.picture)

    def test_orient(self):
        self.try_requests("orient", "--sure", 0, "--rotate", self.shared / "output" / "upright",
                          self.picture)

    def test_evaluate(self):
        self.try_requests("evaluate", "--weights", self.weights, "--json", "--answers",
                          self.shared / "output" / "answers", "--report",
                          self.shared / "output" / "page.html", self.train, compares=False)

    def test_convert(self):
        self.try_requests("convert", self.weights, self.shared / "output" / "net.onnx")

    def test_fit(self):
        self.try_requests("fit", "--weights", self.weights, "--images", self.train, "-o",
                          self.shared / "output" / "new.safetensors", compares=False)


run_tests()
