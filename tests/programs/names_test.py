"""Files and folders of any language: everything that is read or written may have such a name."""

import pathlib
import shutil
import tempfile
import unittest

from program import ROOT, Result

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
LINE = ROOT / "examples" / "line.png"


class Names(unittest.TestCase):
    def setUp(self):
        temporary = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, temporary)
        self.folder = temporary / "Über 图片 🐱"
        self.pictures = self.folder / "Käse 行"
        self.pictures.mkdir(parents=True)
        self.picture = self.pictures / "Zeile 一.png"
        self.weights = self.folder / "Gewichte 权重.safetensors"
        shutil.copy(LINE, self.picture)
        shutil.copy(WEIGHTS, self.weights)

    def run_command(self, *arguments, **options):
        result = Result(*arguments, **options)
        self.assertEqual((result.status, result.complaints), (0, []), arguments)
        return result.lines

    def test_pictures_are_found_by_name_folder_pattern_and_standard_input(self):
        expected = self.run_command("classify", "--weights", WEIGHTS, LINE)[0].removeprefix(str(LINE))
        for argument in self.picture, self.pictures, self.folder, self.pictures / "Z*一.p?g":
            self.assertEqual(self.run_command("classify", "--weights", self.weights, argument),
                             [str(self.picture) + expected])
        self.assertEqual(self.run_command("classify", "--weights", self.weights, "-",
                                          stdin=f"{self.picture}\r\n"),
                         [str(self.picture) + expected])

    def test_labels_and_lists_are_read(self):
        labels, pictures = self.folder / "Namen 名.txt", self.folder / "Liste 单.txt"
        labels.write_bytes("aufrecht ü\r\nverkehrt 倒\r\n".encode())
        pictures.write_bytes("Käse 行/Zeile 一.png 1\r\n".encode())
        predictions, page = self.folder / "Vorhersagen 预.jsonl", self.folder / "Seite 页.html"
        lines = self.run_command("evaluate", "--weights", self.weights, "--labels", labels,
                                 "--predictions", predictions, "--report", page, pictures)
        self.assertIn("verkehrt 倒", "\n".join(lines))
        self.assertIn("Käse 行/Zeile 一.png", predictions.read_text(encoding="utf-8"))
        self.assertTrue(page.exists())

    def test_outputs_are_written_and_never_replace_what_gets_a_name_in_a_folder(self):
        copy, vectors = self.folder / "Kopie 本.onnx", self.folder / "Merkmale 特.npy"
        for _ in range(2):  # the second time they are replaced
            self.run_command("convert", self.weights, copy)
            self.run_command("features", "--weights", self.weights, "-o", vectors, self.picture)
        maps, upright = self.folder / "Karten 图", self.folder / "Aufrecht 正"
        for command in (["orient", "--lines", "--sure", 0, "--rotate", upright, self.picture],
                        ["features", "--weights", self.weights, "--layer", "stage3", "-o", maps,
                         self.picture]):
            self.run_command(*command)
            again = Result(*command)
            self.assertEqual((again.status, len(again.complaints)), (1, 1))
            self.assertIn("is there already", again.complaints[0])
        written = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}
        self.assertEqual(written, {
            "Käse 行", "Käse 行/Zeile 一.png", "Gewichte 权重.safetensors", "Kopie 本.onnx",
            "Merkmale 特.npy", "Karten 图", "Karten 图/Zeile 一.npy", "Aufrecht 正",
            "Aufrecht 正/Zeile 一.png"})

    def test_messages_name_the_file(self):
        missing = self.folder / "fehlt 无.png"
        result = Result("classify", "--weights", self.weights, missing)
        self.assertEqual(result.status, 1)
        self.assertEqual(result.complaints,
                         [f"pplcnet classify: {missing}: there is no such file"])
        result = Result("convert", self.weights, self.weights)
        self.assertEqual(result.status, 1)
        self.assertIn("is both read and to be written", result.complaints[0])


if __name__ == "__main__":
    unittest.main()
