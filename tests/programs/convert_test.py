"""Every format becomes the same weights; what does not fit is said, and leaves no file."""

import io
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import time
import unittest

from program import DATA, PROGRAMS, SYNTHETIC, Result, needs, needs_posix, run_tests, skip_without

MODELS = DATA / "models"
PAGE = pathlib.Path(__file__).parents[2] / "examples" / "page.jpg"
LINE = MODELS / "textline_ori_x0_25" / "inference.pdiparams"
GRAPH = LINE.with_name("inference.json")
NCNN = MODELS / "textline_ori_x0_25_ncnn" / "PP-LCNet_x0_25_textline_ori.param"
NCNN_BIN = NCNN.with_suffix(".bin")
DETECTOR = MODELS / "picodet_xs_416" / "picodet_xs_416_processed.onnx"
PADDLE = [SYNTHETIC / f"pplcnet_x0_25{rest}" for rest in
          [".pdiparams", ".p2.pdparams", ".p4.pdparams", ".p4.numpy2.pdparams", "_op13_bn.onnx"]]
TIMM = [SYNTHETIC / f"timm_lcnet_050{rest}" for rest in
        [".safetensors", ".pth", ".legacy.pth", ".ckpt.pth"]]
INFO = SYNTHETIC / "pplcnet_x0_25.pdiparams.info"
V2 = SYNTHETIC / "pplcnetv2_small_train.p4.pdparams"
skip_without(*PADDLE, *TIMM, INFO, V2)
published = needs(LINE, GRAPH, NCNN, NCNN_BIN, DETECTOR)


def facts(result):
    return dict(line.split(": ", 1) for line in result.lines)


def tensors_of(path):
    """Names, headers and data of a safetensors file."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    data = content[8 + size :]
    header = json.loads(content[8 : 8 + size])
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items() if name != "__metadata__"}


def safetensors(tensors):
    header, data = {}, b""
    for name, (kind, shape, values) in tensors.items():
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def records_of(path):
    """The tensors of a .pdiparams file, as bytes."""
    content, records, begin = path.read_bytes(), [], 0
    while begin < len(content):
        (size,) = struct.unpack_from("<I", content, begin + 16)
        description = content[begin + 20 : begin + 20 + size]
        count, place = 1, 0
        while place < size:  # fields of one byte each and a number
            field, shift, number = description[place], 0, 0
            while True:
                place += 1
                number |= (description[place] & 127) << shift
                shift += 7
                if description[place] < 128:
                    break
            place += 1
            count *= number if field == 0x10 else 1
        end = begin + 20 + size + 4 * count
        records.append(content[begin:end])
        begin = end
    return records


def tar_of(name):
    """An archive of one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return file.getvalue()

# Networks but those that are found by name alone, after a line of heads.
KNOWN = len(Result("inspect").lines) - 1


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.to = self.folder / "net.safetensors"

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def convert(self, *arguments):
        result = Result("convert", *arguments)
        self.assertEqual((result.status, result.complaints), (0, []), arguments)
        return facts(result)

    def contents(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def expect_refusal(self, message, *arguments, status=1):
        """One sentence, and everything is as it was."""
        before = self.contents()
        result = Result("convert", *arguments)
        self.assertEqual((result.status, len(result.complaints), result.lines), (status, 1, []),
                         result.complaints)
        self.assertIn(message, result.complaints[0])
        self.assertEqual(self.contents(), before)

    def test_every_spelling_of_a_network_is_the_same_weights(self):
        for model, files in [("PPLCNet_x0_25", PADDLE), ("lcnet_050", TIMM)]:
            found = [self.convert("--list", file) for file in files]
            self.assertEqual({each["model"] for each in found}, {model})
            self.assertEqual(len({each["checksum"] for each in found}), 1)
        self.assertEqual(self.convert("--list", V2)["model"], "PPLCNetV2_small")

    @published
    def test_whole_networks_are_found_before_their_backbones(self):
        self.assertEqual(self.convert("--list", DETECTOR)["model"], "picodet_xs_416_coco_lcnet")
        self.assertEqual(self.convert("--list", "--model", "picodet_xs", DETECTOR)["model"],
                         "picodet_xs")

    def test_native_and_onnx_come_back_as_they_went(self):
        self.expect_round_trips(PADDLE[0], TIMM[0], V2)

    @published
    def test_published_networks_come_back_as_they_went(self):
        self.expect_round_trips(NCNN, DETECTOR)

    def expect_round_trips(self, *sources):
        for source in sources:
            checksums = set()
            for name in ["net.safetensors", "net.onnx", "again.safetensors"]:
                to = self.folder / name
                checksums.add(self.convert(source, to)["checksum"])
                self.assertGreater(to.stat().st_size, 100_000)
                source = to
            self.assertEqual(len(checksums), 1, source)

    @published
    def test_what_is_found_is_said(self):
        found = self.convert("--list", LINE, GRAPH)
        checksum = found.pop("checksum")
        self.assertEqual(len(checksum), 16)
        self.assertEqual(found, {
            "format": "Paddle's parameters (.pdiparams)",
            "model": "PP-LCNet_x0_25_textline_ori",
            "network": "a PP-LCNet V1 with Dialect::paddle",
            "scale": "x0_25",
            "dialect": "paddle",
            "input": "80x160",
            "strides": "2x2 2x1 2x1 2x1 2x1",
            "head": "1280",
            "classes": "2",
            "output": "softmax",
            "preset": "paddle_direct",
            "labels": "2",
            "assumed": "nothing",
            "parameters": "242746",
        })

    @published
    def test_names_of_files_do_not_matter(self):
        for source in [*PADDLE[:2], *TIMM, DETECTOR]:
            renamed = shutil.copy(source, self.folder / "renamed.txt")
            self.assertEqual(self.convert("--list", renamed), self.convert("--list", source))
        text = shutil.copy(NCNN, self.folder / "renamed.txt")
        data = shutil.copy(NCNN_BIN, self.folder / "renamed.dat")
        self.assertEqual(self.convert("--list", text, data), self.convert("--list", NCNN))

    @published
    def test_labels_model_and_preset_travel(self):
        labels = self.write("labels.txt", b"up\ndown\n")
        named = ["--labels", labels, "--preset", "paddlex_direct"]
        source = LINE
        for name in ["net.safetensors", "net.onnx", "again.safetensors"]:
            to = self.folder / name
            report = self.convert(source, to, *named)
            content = to.read_bytes()
            self.assertRegex(content, rb"labels.{1,10}up(\n|\\[nu0a]+)down")
            self.assertIn(b"paddlex_direct", content)
            again = self.convert("--list", to)
            self.assertEqual((again["model"], again["preset"], again["labels"]),
                             ("PP-LCNet_x0_25_textline_ori", "paddlex_direct", "2"))
            self.assertEqual(report["preset"], "paddlex_direct")
            source, named = to, []
        self.assertIn(b"self_test.answer", content)

    @published
    def test_a_graph_beside_the_weights_is_looked_at(self):
        copy = shutil.copy(PADDLE[0], self.folder)
        shutil.copy(GRAPH, self.folder / "pplcnet_x0_25.json")
        self.expect_refusal("pplcnet_x0_25.json has, found F32 [1000]", copy, self.to)

    def test_half_precision_halves_the_file(self):
        single, half = self.folder / "single.safetensors", self.folder / "half.safetensors"
        self.convert(PADDLE[0], single)
        self.convert(PADDLE[0], half, "--half")
        self.assertLess(half.stat().st_size, 0.55 * single.stat().st_size)
        self.assertEqual(self.convert("--list", half)["model"], "PPLCNet_x0_25")

    def logits(self, weights, *arguments):
        path = self.folder / "logits.npy"
        result = Result("features", "--layer", "logits", "--weights", weights, "-o", path, PAGE,
                        *arguments)
        self.assertEqual((result.status, result.complaints), (0, []))
        content = path.read_bytes()
        path.unlink()
        return struct.unpack("<1000f", content[-4000:])

    def test_half_precision_of_the_head_is_kept_and_asked_for(self):
        single, head, again = (self.folder / f"{name}.safetensors"
                               for name in ("single", "head", "again"))
        self.convert(PADDLE[0], single)
        self.convert(PADDLE[0], head, "--half-head")
        self.assertLess(head.stat().st_size, 0.55 * single.stat().st_size)
        kinds = {name: kind for name, (kind, *_) in tensors_of(head).items()}
        self.assertEqual({name for name, kind in kinds.items() if kind == "F16"},
                         {"last_conv.weight", "fc.weight"})
        exact, stored = self.logits(single), self.logits(head)
        self.assertEqual(self.logits(single, "--half-head"), stored)
        self.assertEqual(self.logits(PADDLE[0], "--half-head"), stored)
        self.assertEqual(self.logits(head, "--half-head"), stored)
        change = max(abs(a - b) for a, b in zip(exact, stored))
        self.assertGreater(change, 0)
        self.assertLess(change, 1e-3 * max(map(abs, exact)))
        self.assertEqual(exact.index(max(exact)), stored.index(max(stored)))
        self.convert(head, again)  # float32 again: what float16 had
        self.assertEqual(again.stat().st_size, single.stat().st_size)
        self.assertEqual(self.logits(again), stored)
        self.convert(head, self.folder / "head.onnx")

    def test_weights_of_two_files_are_averaged(self):
        tensors = tensors_of(TIMM[0])
        kind, shape, bias = tensors["classifier.bias"]
        raised = [value + 2 for value in struct.unpack("<1000f", bias)]
        tensors["classifier.bias"] = kind, shape, struct.pack("<1000f", *raised)
        other = self.write("raised.safetensors", safetensors(tensors))
        own = self.convert(TIMM[0], self.folder / "own.safetensors")["checksum"]
        self.assertEqual(self.convert(TIMM[0], self.to, "--average-with", TIMM[0])["checksum"], own)
        first = self.logits(TIMM[0])
        for arguments, expected in [((), 1), (("--share", 0), 0), (("--share", 0.75), 1.5)]:
            self.convert(TIMM[0], self.to, "--average-with", other, *arguments)
            for before, after in zip(first, self.logits(self.to)):
                self.assertAlmostEqual(after - before, expected, places=4)
        self.to.unlink()
        self.expect_refusal("pplcnet_x0_25.pdiparams: ", TIMM[0], self.to, "--average-with",
                            PADDLE[0])
        self.expect_refusal("no.pth: there is no such file", TIMM[0], self.to, "--average-with",
                            self.folder / "no.pth")

    @published
    def test_what_holds_no_weights_is_refused(self):
        expected = "ONNX or ncnn's .param), found "
        empty, several = self.folder / "empty", self.folder / "several"
        empty.mkdir()
        several.mkdir()
        self.write("empty/notes.txt", b"none")
        self.write("several/a.onnx", b"a")
        self.write("several/b.pth", b"b")
        cases = [
            ("missing.pth: there is no such file", self.folder / "missing.pth"),
            (f"{empty}: there are no weights in it", empty),
            (f"{several}: there are several weight files in it, name one of them: a.onnx, b.pth",
             several),
            ("empty.pth: the file is empty", self.write("empty.pth", b"")),
            (expected + "something else", self.write("text.pth", b"no weights" * 9)),
            (expected + "a web page: download", self.write("page", b"<!DOCTYPE html><html>")),
            (expected + "Git LFS's pointer", self.write("lfs", b"version https://git-lfs.git")),
            ("the tar archive ends before 'a", self.write("tar", b"a" * 257 + b"ustar" * 99)),
            ("empty.tar: there are no weights in it", self.write("empty.tar", tar_of("notes.txt"))),
            (expected + "JSON, as Paddle's graph is (inference.json): the weights are in the "
             ".pdiparams beside it", GRAPH),
            (expected + "an older graph", self.write("a.pdmodel", b"\x0a\x12\x08\0\x10" * 9)),
            (expected + "a list of names", self.write("a.info", b"\x80\2}X\x0fstructured_name")),
            (expected + "something else", NCNN_BIN),
            ("alone.param: is an ncnn network (.param), whose weights are in a .bin; there is none "
             "beside it", self.write("alone.param", NCNN.read_bytes())),
            ("wants to call 'os.system', which is refused",
             self.write("evil.pdparams", b"\x80\x02cos\nsystem\nX\x01\0\0\0:\x85R.")),
            ("expected an ONNX model, found damage",
             self.write("cut.onnx", DETECTOR.read_bytes()[:-99])),
        ]
        for message, source in cases:
            self.expect_refusal(message, source, self.to)
            self.expect_refusal(message, "--list", source)

    def test_part_of_a_state_dict_is_refused(self):
        lora = {f"base_model.model.blocks2.0.dw_conv.conv.lora_{half}.weight":
                ("F32", [2, 2], bytes(16)) for half in "AB"}
        self.expect_refusal(f"fits none of {KNOWN} networks; for example PPLCNet_x0_25: no tensor is "
                            "named as in a PP-LCNet V1 with Dialect::paddle ('conv1.conv.weight'",
                            self.write("lora.safetensors", safetensors(lora)), self.to)
        whole = tensors_of(TIMM[0])
        part = {name: whole[name] for name in whole if not name.startswith("blocks.3")}
        self.expect_refusal(f"part.safetensors: fits none of {KNOWN} networks; the nearest is lcnet_050: "
                            "tensor 'blocks.3.0.conv_dw.weight' F32 [64, 1, 3, 3] is missing",
                            self.write("part.safetensors", safetensors(part)), self.to)
        part = {name: whole[name] for name in whole if name.startswith("blocks.3")}
        self.expect_refusal("; the first is 'blocks.3.0.bn1.",
                            self.write("part.safetensors", safetensors(part)), self.to)

    def test_one_tensor_less_or_more_is_refused(self):
        whole = tensors_of(TIMM[0])
        nearest = f"wrong.safetensors: fits none of {KNOWN} networks; the nearest is lcnet_050: tensor "
        for name, kind in [("bn1.bias", "F32 [8]"), ("blocks.2.0.conv_pw.weight", "F32 [64, 32, 1, 1]"),
                           ("blocks.5.1.bn2.running_var", "F32 [256]"),
                           ("classifier.weight", "F32 [1000, 1280]")]:
            less = {other: whole[other] for other in whole if other != name}
            wrong = self.write("wrong.safetensors", safetensors(less))
            message = f"tensor '{name}' {kind} is missing"
            self.expect_refusal(f"wrong.safetensors: {message}", wrong, self.to, "--model",
                                "lcnet_050")
            self.expect_refusal(message, wrong, self.to)
            if not name.startswith("bn1"):  # some networks begin alike
                self.expect_refusal(nearest + message.removeprefix("tensor "), wrong, self.to)
        more = {**whole, "more.weight": ("F32", [2], bytes(8))}
        wrong = self.write("wrong.safetensors", safetensors(more))
        self.expect_refusal(nearest + "'more.weight' F32 [2] is not part of the type's network",
                            wrong, self.folder / "net.onnx")

    @published
    def test_one_record_less_or_more_is_refused(self):
        records = records_of(LINE)
        self.assertEqual(len(records), 146)
        for place in [0, 70, 145]:
            less = self.write("less.pdiparams", b"".join(records[:place] + records[place + 1 :]))
            self.expect_refusal("holds 145 tensors, the type's network has 146", less, self.to,
                                "--model", "PP-LCNet_x0_25_textline_ori")
            self.expect_refusal(f"less.pdiparams: fits none of {KNOWN} networks; ", less, self.to)
            self.expect_refusal(f"less.pdiparams: expected 146 tensors, as {GRAPH} has, found 145",
                                less, GRAPH, self.to)
        more = self.write("more.pdiparams", b"".join(records + records[:1]))
        self.expect_refusal("holds 147 tensors, the type's network has 146", more, self.to)

    @published
    def test_files_that_do_not_belong_together_are_refused(self):
        as_graph = "inference.json has, found F32 [1000]"
        self.expect_refusal(as_graph, PADDLE[0], GRAPH, self.to)
        self.expect_refusal(as_graph, PADDLE[0], GRAPH, self.to, "--model", "PPLCNet_x0_25")
        self.expect_refusal(f"inference.json: expected weights, found JSON, as Paddle's graph is "
                            f"(inference.json); {LINE} is Paddle's parameters (.pdiparams) and "
                            "comes first", GRAPH, LINE, self.to)
        self.expect_refusal("expected weights, found something else; "
                            f"{NCNN} is an ncnn network (.param) and comes first",
                            NCNN_BIN, NCNN, self.to)
        self.expect_refusal(f"expected what belongs to {LINE} (inference.json, .pdmodel or "
                            ".pdiparams.info), found safetensors", LINE, TIMM[0], self.to)
        self.expect_refusal(f"{INFO}: expected weights, found a list of names (.pdiparams.info); "
                            f"{PADDLE[0]} is Paddle's parameters", INFO, PADDLE[0], self.to)
        self.expect_refusal("is safetensors, to which no second file belongs; found", TIMM[0],
                            GRAPH, self.to)
        self.expect_refusal("there is no such file", LINE, self.folder / "no.json", self.to)
        self.expect_refusal("ends before the weights of", NCNN, INFO, self.to)
        self.expect_refusal("holds tensors of timm's V1", TIMM[1], self.to, "--model",
                            "pytorch_x0_5")

    def test_labels_that_do_not_fit_are_refused(self):
        labels = self.write("labels.txt", b"a\nb\n")
        for to in [self.to, self.folder / "net.onnx"]:
            message = f"{labels}: line 2: expected 1000 labels, one for each class, found 2"
            self.expect_refusal(message, PADDLE[0], to, "--labels", labels)
        self.expect_refusal("no.txt: there is no such file", PADDLE[0], self.to, "--labels",
                            self.folder / "no.txt")
        latin = self.write("latin.txt", b"caf\xe9\nb\n")
        self.expect_refusal("latin.txt: line 1: not UTF-8: 'caf\\xe9'", PADDLE[0], self.to, "--labels",
                            latin)

    def test_an_output_that_cannot_be_written_is_said(self):
        for name in ["net.safetensors", "net.onnx"]:
            nowhere = self.folder / "no" / name
            self.expect_refusal(f"{nowhere}: cannot create ", PADDLE[0], nowhere)
            occupied = self.folder / name
            occupied.mkdir()
            self.expect_refusal(f"{occupied}: cannot be written: Is a directory", PADDLE[0],
                                occupied)
        locked = self.folder / "locked"
        locked.mkdir()
        locked.chmod(0o500)
        if not os.access(locked, os.W_OK):  # as it is for root
            self.expect_refusal("Permission denied", PADDLE[0], locked / "net.onnx")

    def test_no_input_is_overwritten(self):
        message = "is both read and to be written; name another output"
        source = self.write("net.safetensors", TIMM[0].read_bytes())
        self.expect_refusal(message, source, source)
        self.expect_refusal(message, source, f"{self.folder}/./net.safetensors")
        link = self.folder / "link.safetensors"
        link.symlink_to(source)
        self.expect_refusal(message, link, source)
        self.expect_refusal(message, source, link)
        graph = self.write("graph.onnx", INFO.read_bytes())
        self.expect_refusal(message, PADDLE[0], graph, graph)
        labels = self.write("labels.onnx", b"a\nb\n")
        self.expect_refusal(message, PADDLE[0], labels, "--labels", labels)
        self.expect_refusal(message, TIMM[0], source, "--average-with", source)

    @needs_posix("signals")
    def test_a_stopped_conversion_leaves_nothing_or_everything(self):
        self.convert(V2, self.to)
        whole = self.to.read_bytes()
        self.to.unlink()
        begin = time.monotonic()
        self.convert(V2, self.to)
        seconds = time.monotonic() - begin
        ends = set()
        for step in range(24):
            self.to.unlink(missing_ok=True)
            program = subprocess.Popen([PROGRAMS / "pplcnet", "convert", V2, self.to],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(seconds * step / 20)
            program.send_signal(signal.SIGTERM)
            program.communicate(timeout=60)
            # Before there is anything to take back, the signal ends the program by itself.
            stopped = [-signal.SIGTERM, 128 + signal.SIGTERM]
            self.assertIn(program.returncode, [0, *stopped])
            ends.add(program.returncode)
            if program.returncode == 0:
                self.assertEqual(self.contents(), {self.to: whole})
            else:  # whole if the signal came after it was given its name
                self.assertIn(self.contents(), [{}, {self.to: whole}])
        self.assertTrue(ends & set(stopped))

    def test_what_cannot_be_meant_is_misuse(self):
        net, onnx = self.to, self.folder / "net.onnx"
        for message, arguments in [
            ("net.bin: expected a name that ends in .safetensors or .onnx", [PADDLE[0], "net.bin"]),
            ("expected IN and OUT, or --list IN", [PADDLE[0]]),
            ("expected IN or IN GRAPH", ["--list", PADDLE[0], INFO, net]),
            ("files is required", []),
            ("--half is for native files; weights in ONNX are float32", [PADDLE[0], onnx, "--half"]),
            ("--half-head is for native files; weights in ONNX are float32",
             [PADDLE[0], onnx, "--half-head"]),
            ("--half excludes --half-head", [PADDLE[0], net, "--half", "--half-head"]),
            ("--opset: Value 12 not in range 13 to", [PADDLE[0], onnx, "--opset", 12]),
            ("--opset: Value 1000 not in range", [PADDLE[0], onnx, "--opset", 1000]),
            ("--batch: Value -1 not in range", [PADDLE[0], onnx, "--batch", -1]),
            ("--opset and --batch are for ONNX", [PADDLE[0], net, "--opset", 17]),
            ("--opset and --batch are for ONNX", [PADDLE[0], net, "--batch", 0]),
            ("no preset is called 'x'; there are paddle_imagenet, ",
             [PADDLE[0], net, "--preset", "x"]),
            ("no model is called 'x'; there are PPLCNet_x0_25, ", [PADDLE[0], net, "--model", "x"]),
            ("--to writes the weights of IN as they are, without --average-with",
             [TIMM[0], net, "--to", "paddle", "--average-with", TIMM[1]]),
            ("--share requires --average-with", [TIMM[0], net, "--share", 0.5]),
            ("--share: Value 2 not in range", [TIMM[0], net, "--average-with", TIMM[1], "--share", 2]),
            ("The following argument was not expected: --fast", [PADDLE[0], net, "--fast"]),
        ]:
            self.expect_refusal(message, *arguments, status=2)

    def test_help_is_no_error(self):
        text = Result("convert", "--help")
        self.assertEqual((text.status, text.complaints), (0, []))
        for word in ["--list", "--model", "--labels", "--preset", ".pdparams", "picodet_xs",
                     "timm_bicubic"]:
            self.assertIn(word, "\n".join(text.lines))


if __name__ == "__main__":
    run_tests()
