"""The command line tool: what it prints, in which order, and what it does about bad files."""

import json
import pathlib
import shutil
import struct
import tempfile
import unittest
import zlib

from picture_files import png_of
from program import DATA, SYNTHETIC, Result, skip_without

MODELS = DATA / "models"
WEIGHTS = MODELS / "textline_ori_x0_25" / "inference.pdiparams"
PADDLE = SYNTHETIC / "pplcnet_x0_25.pdiparams"
EXPECTED = MODELS / "textline_ori_x0_25" / "expected.json"
IMAGES = DATA / "images"
PHOTO = IMAGES / "ILSVRC2012_val_00010010.jpeg"
NCNN = MODELS / "textline_ori_x0_25_ncnn" / "PP-LCNet_x0_25_textline_ori.param"
PICKLED = [PADDLE.with_name(f"pplcnet_x0_25.{name}.pdparams") for name in ("p2", "p4")]
skip_without(WEIGHTS, PADDLE, NCNN, *PICKLED, EXPECTED, PHOTO)
CASES = json.loads(EXPECTED.read_text())["cases"]
LINES = [IMAGES / case["image"] for case in CASES]
skip_without(*LINES)
MODEL = "PP-LCNet_x0_25_textline_ori"


def classify(*arguments, stdin=""):
    return Result("classify", "--model", MODEL, "--weights", WEIGHTS, *arguments, stdin=stdin)


LABELS = ["0_degree", "180_degree"]  # which the model has by itself


def paddles_line(path, case, labels=LABELS, top_k=2):
    """What Paddle's predict_cls.py prints about a picture."""
    order = sorted(range(2), key=lambda i: -case["prob"][i])[:top_k]
    scores = ", ".join(f"{round(case['prob'][i], 5):.2f}" for i in order)
    names = [labels[i] for i in order]
    return f"{path}:\tclass id(s): {order}, score(s): [{scores}], label_name(s): {names}"


PADDLES_LINES = [paddles_line(path, case) for path, case in zip(LINES, CASES)]


def exif(orientation):
    """Exif data with nothing but an orientation: a TIFF file of one directory entry."""
    return b"MM\0*" + struct.pack(">IHHHIHxxI", 8, 1, 0x0112, 3, 1, orientation, 0)


def jpeg_with_exif(jpeg, orientation):
    segment = b"Exif\0\0" + exif(orientation)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + jpeg[2:]


def png_with_exif(png, orientation):
    chunk = b"eXIf" + exif(orientation)
    header = 8 + 12 + 13  # signature, IHDR
    length, checksum = struct.pack(">I", len(chunk) - 4), struct.pack(">I", zlib.crc32(chunk))
    return png[:header] + length + chunk + checksum + png[header:]


def rotated(rows, orientation):
    """Rows of pixels as they are meant to be seen; orientations as the Exif standard has them."""
    mirrored = lambda rows: [row[::-1] for row in rows]
    transposed = lambda rows: [list(column) for column in zip(*rows)]
    return {
        1: lambda r: r,
        2: mirrored,
        3: lambda r: mirrored(r[::-1]),
        4: lambda r: r[::-1],
        5: transposed,
        6: lambda r: mirrored(transposed(r)),
        7: lambda r: mirrored(transposed(r)[::-1]),
        8: lambda r: transposed(r)[::-1],
    }[orientation](rows)


class Classify(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def expect(self, result, lines, status=0, complaints=0):
        self.assertEqual(result.lines, lines, result.complaints)
        self.assertEqual(len(result.complaints), complaints, result.complaints)
        self.assertEqual(result.status, status)

    def test_text_lines_are_printed_as_paddle_prints_them(self):
        self.expect(classify(*LINES), PADDLES_LINES)

    def test_labels_and_topk(self):
        for text in (b"0 upright\n1 upside down\n", b"upright\r\nupside down\r\n"):
            labels = self.file("labels.txt", text)
            expected = [
                paddles_line(path, case, ["upright", "upside down"], 1)
                for path, case in zip(LINES, CASES)
            ]
            self.expect(classify("--labels", labels, "--topk", 1, *LINES), expected)
        self.expect(classify("--topk", 1000, *LINES), PADDLES_LINES)

    def test_json(self):
        labels = self.file("labels.txt", b"upright \"line\"\nupside down\n")
        result = classify("--json", "--labels", labels, *LINES)
        self.assertEqual((result.status, result.complaints, len(result.lines)), (0, [], 4))
        for line, path, case in zip(result.lines, LINES, CASES):
            found = json.loads(line)
            self.assertEqual(list(found), ["file", "predictions"])
            self.assertEqual(found["file"], str(path))
            ids = [prediction["class_id"] for prediction in found["predictions"]]
            self.assertEqual(sorted(ids), [0, 1])
            for prediction in found["predictions"]:
                class_id = prediction["class_id"]
                self.assertAlmostEqual(prediction["score"], case["prob"][class_id], delta=1e-3)
                self.assertEqual(
                    prediction["label"], ('upright "line"', "upside down")[class_id]
                )

    def test_the_model_is_the_one_that_the_weights_fit(self):
        named, found = classify(LINES[0]), Result("classify", "--weights", WEIGHTS, LINES[0])
        self.assertEqual((found.status, found.complaints), (0, []))
        self.assertEqual(len(found.lines), 1)
        self.assertEqual(found.lines[0].split("\t")[0], named.lines[0].split("\t")[0])
        self.assertIn("180_degree", found.lines[0])

    def test_weights_that_fit_no_model_are_said(self):
        nothing = Result("classify", "--weights", LINES[0], LINES[0])
        self.assertEqual((nothing.status, len(nothing.complaints)), (1, 1))
        self.assertIn("expected weights (safetensors", nothing.complaints[0])

    def test_the_classes_of_imagenet_have_names(self):
        result = Result("classify", "--json", "--top-k", 1000, "--weights", PADDLE, PHOTO)
        self.assertEqual((result.status, result.complaints, len(result.lines)), (0, [], 1))
        labels = {one["class_id"]: one["label"] for one in json.loads(result.lines[0])["predictions"]}
        self.assertEqual(len(labels), 1000)
        for class_id, label in [(0, "tench, Tinca tinca"), (517, "crane"), (281, "tabby, tabby cat"),
                                (999, "toilet tissue, toilet paper, bathroom tissue")]:
            self.assertEqual(labels[class_id], label)

    def test_weights_are_read_as_frameworks_save_them(self):
        predictions = set()
        for weights in (PADDLE, *PICKLED):
            result = Result("classify", "--model", "PPLCNet_x0_25", "--weights", weights, PHOTO)
            self.assertEqual((result.status, result.complaints, len(result.lines)), (0, [], 1))
            predictions.add(result.lines[0])
        self.assertEqual(len(predictions), 1)
        for arguments in (["--model", MODEL], []):
            result = Result("classify", *arguments, "--weights", NCNN, *LINES)
            self.expect(result, PADDLES_LINES)

    def test_a_folder_stands_for_the_pictures_in_it(self):
        names = ["b.png", "a.PNG", "c.png", "Z.png"]
        for path, name in zip(LINES, names):
            shutil.copy(path, self.folder / name)
        self.file("notes.txt", b"not a picture, and not taken for one")
        (self.folder / "inside").mkdir()
        expected = {
            name: paddles_line(self.folder / name, case) for name, case in zip(names, CASES)
        }
        self.expect(classify(self.folder), [expected[name] for name in sorted(names)])

    def test_a_dash_stands_for_a_list(self):
        first, second, third, fourth = LINES
        result = classify(first, "-", fourth, stdin=f"{second}\n\n{third}")
        self.expect(result, PADDLES_LINES)

    def test_bad_pictures_are_named_and_the_others_classified(self):
        empty_folder = self.folder / "empty_folder"
        empty_folder.mkdir()
        whole = LINES[0].read_bytes()
        bad = [
            (self.folder / "missing.png", "there is no such file"),
            (self.file("empty.png", b""), "the file is empty"),
            (self.file("text.png", b"Hello\n"), "not a picture that can be decoded"),
            (self.file("cut.png", whole[: len(whole) // 2]), "not a picture that can be decoded"),
            (self.file("header.png", whole[:20]), "not a picture that can be decoded"),
            (empty_folder, "no pictures in this folder"),
        ]
        for path, message in bad:
            with self.subTest(path.name):
                result = classify(LINES[0], path, LINES[1])
                self.expect(result, PADDLES_LINES[:2], status=1, complaints=1)
                self.assertTrue(result.complaints[0].startswith(f"pplcnet classify: {path}: {message}"),
                                result.complaints)
        every = classify(*[path for path, _ in bad])
        self.expect(every, [], status=1, complaints=len(bad))

    def test_bad_weights_and_labels_are_said(self):
        copy = shutil.copy(WEIGHTS, self.folder)
        alone = Result("classify", "--model", MODEL, "--weights", copy, *LINES)
        self.expect(alone, PADDLES_LINES)  # without its graph the type's values are used
        nameless = shutil.copy(WEIGHTS, self.folder / "nameless.pdiparams")
        self.file("inference.json", b"{}")
        for arguments, message in [
            ((MODEL, self.folder / "none"), "none: there is no such file"),
            ((MODEL, LINES[0]), "expected weights (safetensors, .pdiparams"),
            (("PPLCNet_x0_5", PADDLE), "blocks2.0.pw_conv.conv.weight': expected F32 [16, 8, 1, 1]"),
            ((MODEL, self.file("evil.pdparams", b"\x80\x02cos\nsystem\nX\x01\0\0\0:\x85R.")),
             "evil.pdparams: wants to call 'os.system', which is refused"),
            ((MODEL, copy), "inference.json: expected a Paddle 3 program ('pir')"),
            ((MODEL + "_first", WEIGHTS), "the type has Options::head = 0"),
            ((MODEL + "_first", nameless), "holds 146 tensors, the type's network has 145"),
            (("lcnet_050", nameless), "with Dialect::timm"),
        ]:
            with self.subTest(message):
                model, weights = arguments
                result = Result("classify", "--model", model, "--weights", weights, *LINES)
                self.expect(result, [], status=1, complaints=1)
                self.assertIn(message, result.complaints[0])
        result = classify("--labels", self.folder / "none", *LINES)
        self.expect(result, [], status=1, complaints=1)

    def test_an_unknown_model_is_an_error(self):
        result = Result("classify", "--model", "PPLCNet", "--weights", WEIGHTS, *LINES)
        self.expect(result, [], status=2, complaints=1)
        self.assertIn("'PPLCNet'", result.complaints[0])
        self.assertIn(MODEL, result.complaints[0])

    def test_help_is_no_error(self):
        result = Result("classify", "--help")
        self.assertEqual((result.status, result.complaints), (0, []))
        for word in ("--model", "--weights", "--labels", "--topk", "--json", MODEL, "Example"):
            self.assertIn(word, "\n".join(result.lines))

    def test_a_text_line_stored_upside_down_is_rotated(self):
        upright = LINES[[case["image"] for case in CASES].index("textline_demo.png")]
        png = upright.read_bytes()
        as_is = self.file("1.png", png_with_exif(png, 1))
        turned_by_viewers = self.file("3.png", png_with_exif(png, 3))
        ids = [
            json.loads(line)["predictions"][0]["class_id"]
            for line in classify("--json", as_is, turned_by_viewers).lines
        ]
        self.assertEqual(ids, [0, 1])

    def test_photos_are_rotated_as_their_exif_data_say(self):
        jpeg = PHOTO.read_bytes()
        _, size, _, pixels = Result("decode", PHOTO).bytes.split(b"\n", 3)
        width, height = map(int, size.split())
        self.assertEqual(len(pixels), 3 * width * height)
        starts = range(0, len(pixels), 3 * width)
        rows = [[pixels[i : i + 3] for i in range(s, s + 3 * width, 3)] for s in starts]
        predictions = set()
        for orientation in range(1, 9):
            seen = rotated(rows, orientation)
            plain = self.file("plain.png", png_of(seen))
            tagged = self.file("tagged.jpg", jpeg_with_exif(jpeg, orientation))
            result = Result("classify", "--model", "PPLCNet_x0_25", "--weights", PADDLE,
                            "--json", plain, tagged)
            self.assertEqual((result.status, result.complaints), (0, []))
            first, second = (json.loads(line)["predictions"] for line in result.lines)
            self.assertEqual(first, second, f"orientation {orientation}")
            predictions.add(result.lines[0])
        self.assertEqual(len(predictions), 8)  # the network sees the difference


if __name__ == "__main__":
    unittest.main()
