"""Every format becomes the same weights; what does not fit is said, and leaves nothing behind."""

import pathlib
import struct
import tempfile
import unittest

from program import DATA, Result, skip_without

MODELS = DATA / "models"
SYNTHETIC = MODELS / "synthetic"
LINE = MODELS / "textline_ori_x0_25"
NCNN = MODELS / "textline_ori_x0_25_ncnn" / "PP-LCNet_x0_25_textline_ori.param"
DETECTOR = MODELS / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
PADDLE = ["pplcnet_x0_25.pdiparams", "pplcnet_x0_25.p2.pdparams", "pplcnet_x0_25.p4.pdparams",
          "pplcnet_x0_25.p4.numpy2.pdparams", "pplcnet_x0_25_op13_bn.onnx"]
TIMM = ["timm_lcnet_050.safetensors", "timm_lcnet_050.pth", "timm_lcnet_050.legacy.pth",
        "timm_lcnet_050.ckpt.pth"]
V2 = "pplcnetv2_small_train.p4.pdparams"
skip_without(LINE, NCNN, DETECTOR, *[SYNTHETIC / name for name in [*PADDLE, *TIMM, V2]])


def facts(result):
    return dict(line.split(": ", 1) for line in result.lines)


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def convert(self, *arguments):
        result = Result("convert", *arguments)
        self.assertEqual((result.status, result.complaints), (0, []), arguments)
        return facts(result)

    def expect_refusal(self, message, *arguments):
        before = sorted(self.folder.iterdir())
        result = Result("convert", *arguments)
        self.assertEqual((result.status, len(result.complaints)), (1, 1), result.complaints)
        self.assertIn(message, result.complaints[0])
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_every_spelling_of_a_network_is_the_same_weights(self):
        for model, names in [("PPLCNet_x0_25", PADDLE), ("lcnet_050", TIMM)]:
            found = [self.convert("--list", SYNTHETIC / name) for name in names]
            self.assertEqual({each["model"] for each in found}, {model})
            self.assertEqual(len({each["checksum"] for each in found}), 1)
        self.assertEqual(self.convert("--list", SYNTHETIC / V2)["model"], "PPLCNetV2_small")
        self.assertEqual(self.convert("--list", DETECTOR)["model"], "picodet_xs")

    def test_native_and_onnx_come_back_as_they_went(self):
        for source in [SYNTHETIC / PADDLE[0], SYNTHETIC / TIMM[0], SYNTHETIC / V2, NCNN, DETECTOR]:
            checksums = set()
            for name in ["net.safetensors", "net.onnx", "again.safetensors"]:
                to = self.folder / name
                checksums.add(self.convert(source, to)["checksum"])
                self.assertGreater(to.stat().st_size, 100_000)
                source = to
            self.assertEqual(len(checksums), 1, source)

    def test_a_native_file_carries_labels_and_its_model(self):
        to = self.folder / "line.safetensors"
        self.convert(LINE / "inference.pdiparams", LINE / "inference.json", to)
        again = self.convert("--list", to)
        self.assertEqual((again["model"], again["labels"]), ("PP-LCNet_x0_25_textline_ori", "2"))
        labels = self.folder / "labels.txt"
        labels.write_text("up\ndown\n")
        self.convert(to, self.folder / "named.safetensors", "--labels", labels)
        named = (self.folder / "named.safetensors").read_bytes()
        self.assertRegex(named[:10_000], rb'"labels":"up\\[nu0a]+down')

    def test_half_precision_halves_the_file(self):
        single, half = self.folder / "single.safetensors", self.folder / "half.safetensors"
        source = SYNTHETIC / PADDLE[0]
        self.convert(source, single)
        self.convert(source, half, "--half")
        self.assertLess(half.stat().st_size, 0.55 * single.stat().st_size)
        self.assertEqual(self.convert("--list", half)["model"], "PPLCNet_x0_25")

    def test_what_does_not_fit_is_refused(self):
        to = self.folder / "net.safetensors"
        self.expect_refusal("there is no such file", "nowhere.pth", to)
        self.expect_refusal("ends in .safetensors or .onnx", LINE / "inference.pdiparams", "net.bin")
        self.expect_refusal("expected F32 [2], as ", SYNTHETIC / PADDLE[0],
                            LINE / "inference.json", to, "--model", "PPLCNet_x0_25")
        self.expect_refusal("holds tensors of timm", SYNTHETIC / TIMM[1], to, "--model", "pytorch_x0_5")
        self.expect_refusal("2 labels for 1000 classes", SYNTHETIC / PADDLE[0], to, "--labels",
                            self.write("labels.txt", b"a\nb\n"))
        self.expect_refusal("expected safetensors or", self.write("text.pth", b"no weights" * 9), to)

    def test_one_tensor_less_or_more_is_refused(self):
        content = (SYNTHETIC / TIMM[0]).read_bytes()
        (size,) = struct.unpack_from("<Q", content)
        header = content[8 : 8 + size]
        for old, new in [(b'"conv_stem.weight"', b'"other_stem.weigh"'), (b'"bn1.bias"', b'"bn1.bxas"')]:
            self.assertEqual(header.count(old), 1)
            wrong = self.write("wrong.safetensors", content.replace(old, new, 1))
            self.expect_refusal("wrong.safetensors: ", wrong, self.folder / "net.onnx", "--model",
                                "lcnet_050")

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_help_is_no_error(self):
        text = Result("convert", "--help")
        self.assertEqual((text.status, text.complaints), (0, []))
        for word in ["--list", "--model", "--labels", ".pdparams", "picodet_xs"]:
            self.assertIn(word, "\n".join(text.lines))


if __name__ == "__main__":
    unittest.main()
