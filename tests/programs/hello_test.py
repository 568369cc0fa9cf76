"""The program of the first screen, with weights that a test made."""

import pathlib
import tempfile
import unittest

from program import Result


class Hello(unittest.TestCase):
    def test_it_prints_the_class(self):
        with tempfile.TemporaryDirectory() as folder:
            weights = pathlib.Path(folder) / "PPLCNet_x1_0.safetensors"
            expected = Result("write_weights", weights)
            self.assertEqual(expected.status, 0, expected.complaints)
            self.assertRegex(expected.lines[0], r"^class \d+, logit -?\d+\.\d{4}$")
            hello = Result("hello", weights)
            self.assertEqual(hello.status, 0, hello.complaints)
            self.assertEqual(len(hello.lines), 1)
            prediction, isa = hello.lines[0].split(", computed with ")
            self.assertEqual(prediction, expected.lines[0])
            self.assertRegex(isa, r"^[A-Z0-9_]+$")

    def test_it_says_what_is_wrong(self):
        nothing = Result("hello")
        self.assertEqual((nothing.status, nothing.complaints), (2, ["usage: hello WEIGHTS"]))
        missing = Result("hello", "no_such_file")
        self.assertEqual(missing.status, 1)
        self.assertEqual(missing.complaints, ["no_such_file: there is no such file"])


if __name__ == "__main__":
    unittest.main()
