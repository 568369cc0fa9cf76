"""Text files that people have: labels and lists of pictures in any encoding are read or refused with
the number of the line, and never taken for something else."""

import os
import pathlib
import shutil
import tempfile
import unittest

from program import ROOT, Result, needs_posix, run_tests

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"  # two classes
LINE = ROOT / "examples" / "line.png"


class TextFiles(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def text(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def classify(self, labels):
        return Result("classify", "--weights", WEIGHTS, "--labels", labels, LINE)

    def test_labels_of_all_kinds_are_read(self):
        for content in ["0 up\n1 down\n", "up\r\ndown\r\n", "\ufeff1\tdown\n0\tup", "up\ndown\n\n \n",
                        "label_list:\n- up\n- down\n",
                        "PostProcess:\n  Topk:\n    label_list:\n    - 'up'\n    - \"down\"\n"]:
            result = self.classify(self.text("labels", content))
            self.assertEqual((result.status, result.complaints), (0, []), content)
            self.assertTrue(result.lines[0].endswith("['down', 'up']"), result.lines)

    def test_labels_that_would_be_wrong_are_refused_with_the_line(self):
        for content, message in [
            ("0 a\n1 b\n2 c\n", "line 3: expected 2 labels, one for each class, found 3"),
            ("a\n", "line 1: expected 2 labels, one for each class, found 1"),
            ("1 cat\n2 dog\n", "line 1: the first id is 1: ids begin at 0"),
            ("0 cat\n0 dog\n", "line 2: id 0 again, after line 1"),
            ("0 cat\n2 dog\n", "line 2: id 2: expected each of 0 to 1 once"),
            ("0 a\n\n1 b\n", "line 2: expected a label, found a blank line"),
            ("0 正\n1 倒\n".encode("gbk"), r"line 1: not UTF-8: '0 \xd5\xfd'"),
            ("up\ndown\n".encode("utf-16"), "line 1: expected UTF-8, found UTF-16 or UTF-32; "
                                            "iconv -f UTF-16 -t UTF-8 makes it so"),
            ("up\ndown\n".encode("utf-16-be"), "line 1: expected text in UTF-8, found a zero byte"),
            ("Global:\n  a: b\n", "line 1: expected a label, found YAML without a label_list"),
            ('{"0": "up"}', "line 1: expected a label, found JSON"),
        ]:
            path = self.text("labels.txt", content)
            for command in [["classify", LINE], ["evaluate", self.folder]]:
                result = Result(command[0], "--weights", WEIGHTS, "--labels", path, command[1])
                self.assertEqual((result.status, result.lines), (1, []), content)
                self.assertEqual(result.complaints,
                                 [f"pplcnet {command[0]}: {path}: {message}"])
            result = Result("convert", "--list", WEIGHTS, "--labels", path)
            self.assertEqual((result.status, result.complaints),
                             (1, [f"pplcnet convert: {path}: {message}"]))

    def evaluate(self, data, *arguments):
        return Result("evaluate", "--weights", WEIGHTS, data, *arguments)

    def test_lists_of_all_kinds_are_read(self):
        (self.folder / "a b").mkdir()
        names = ["a b/one two.png", "汉字.png", "plain.png"]
        for name in names:
            shutil.copy(LINE, self.folder / name)
        for content in ["{} 1\n{} 1\n{} 1\n", "\ufeff{}\t1\r\n{} \t1 \r\n\r\n{} 1", "{} 1\n\n{} 1\n{}  1"]:
            result = self.evaluate(self.text("list.txt", content.format(*names)))
            self.assertEqual((result.status, result.complaints), (0, []), content)
            self.assertEqual(result.lines[:2], ["pictures: 3", "top-1: 100.000 %"])

    def test_lists_that_are_wrong_are_refused_with_the_line(self):
        for content, message in [
            ("a.png 0\nb.png 2\n", "line 2: class 2, the network has 0 to 1"),
            ("a.png 0\n\nb.png\n",
             "line 3: expected a path and the number of its class, found 'b.png'"),
            ("a.png cat\n", "line 1: expected a path and the number of its class, found 'a.png cat'"),
            ("a.png -1\n", "line 1: expected a path and the number of its class, found 'a.png -1'"),
            ("a.png 99999999999\n",
             "line 1: expected a path and the number of its class, found 'a.png 99999999999'"),
            ("1\n", "line 1: expected a path and the number of its class, found '1'"),
            ("a.png 0\n正.png 1\n".encode("gbk"), r"line 2: not UTF-8: '\xd5\xfd.png'"),
            ("a.png 0\n".encode("utf-16"), "line 1: expected UTF-8, found UTF-16 or UTF-32; "
                                           "iconv -f UTF-16 -t UTF-8 makes it so"),
        ]:
            path = self.text("list.txt", content)
            result = self.evaluate(path)
            self.assertEqual((result.status, result.lines, result.complaints),
                             (1, [], [f"pplcnet evaluate: {path}: {message}"]))

    def test_names_of_folders_say_which_class_they_are(self):
        def folders(*names):
            shutil.rmtree(self.folder)
            for name in names:
                (self.folder / name).mkdir(parents=True)
                shutil.copy(LINE, self.folder / name)
            return self.evaluate(self.folder)

        for names in [("0_degree", "180_degree"), ("0", "1"), ("n01", "n02")]:
            result = folders(*names)
            self.assertEqual((result.status, result.lines[:2]),
                             (0, ["pictures: 2", "top-1: 50.000 %"]), names)
        self.assertEqual(folders("180_degree").lines[:2], ["pictures: 1", "top-1: 100.000 %"])
        self.assertEqual(folders("1").lines[:2], ["pictures: 1", "top-1: 100.000 %"])
        for names, message in [
            (("0_degree", "90"), "folder '90': no class has this label, 1 of 2 folders have one"),
            (("1", "2"), "folder '2': the network has classes 0 to 1"),
            (("a", "b", "c"), "its 3 folders are neither labels nor numbers of the 2 classes, nor "
                              "as many: which is which?"),
        ]:
            result = folders(*names)
            self.assertEqual((result.status, result.lines, result.complaints),
                             (1, [], [f"pplcnet evaluate: {self.folder}: {message}"]))

    def classify_names(self, names):
        return Result("classify", "--weights", WEIGHTS, "-", stdin=names)

    def test_names_on_standard_input(self):
        name = f"{self.folder}/one two.png"
        shutil.copy(LINE, name)
        result = self.classify_names(f"\ufeff{name}\r\n\r\n{name}".encode())
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual([line.split("\t")[0] for line in result.lines], [f"{name}:"] * 2)
        result = self.classify_names(f"{name}\n".encode("utf-16"))
        self.assertEqual((result.status, result.lines), (1, []))
        self.assertIn("standard input: line 1: expected UTF-8, found UTF-16", result.complaints[0])

    @needs_posix("names that are no UTF-8")
    def test_a_name_is_bytes(self):
        """It is a file's, whatever the encoding; where there is none, it is said."""
        name = f"{self.folder}/one.png"
        shutil.copy(LINE, name)
        other = os.fsencode(self.folder) + b"/\xd5\xfd.png"
        shutil.copy(LINE, other)
        gone = os.fsencode(self.folder) + b"/\xb5\xb9.png"
        result = self.classify_names(other + b"\n" + gone + b"\n" + name.encode() + b"\n")
        self.assertEqual((result.status, len(result.lines)), (1, 2))
        self.assertRegex("\n".join(result.complaints), r"^.*standard input: line 2: not UTF-8: .*$")


run_tests()
