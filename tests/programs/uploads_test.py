"""`uploads`: pictures in memory are decoded with limits and classified in one call."""

import pathlib
import tempfile
import unittest

from picture_files import png
from program import ROOT, Result, program_file, run_tests, skip_without

skip_without(program_file("uploads"))
LINE = ROOT / "examples" / "line.png"  # upside down


class Uploads(unittest.TestCase):
    def test_one_that_is_damaged_does_not_stop_the_others(self):
        with tempfile.TemporaryDirectory() as folder:
            damaged, text, large = (pathlib.Path(folder) / name for name in ("a.png", "b", "c.png"))
            damaged.write_bytes(LINE.read_bytes()[:-100])
            text.write_text("no picture")
            large.write_bytes(png(5000, 1000))
            missing = pathlib.Path(folder) / "missing"
            files = [LINE, damaged, text, large, missing, LINE]
            result = Result("uploads", *files)
        self.assertEqual(result.status, 1)
        self.assertEqual(result.lines, [f"0.9809 180_degree {LINE}"] * 2)
        self.assertEqual([line.split(": ")[0] for line in result.complaints],
                         list(map(str, (damaged, text, large, missing))))

    def test_all_are_classified(self):
        result = Result("uploads", LINE)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(Result("uploads").status, 0)


if __name__ == "__main__":
    run_tests()
