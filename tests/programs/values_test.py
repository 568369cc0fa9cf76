"""What weight files say in numbers, and what lies beside their tensors: no wrong value is accepted,
and nothing that is right is refused."""

import argparse
import functools
import io
import json
import pathlib
import pickle
import resource
import struct
import subprocess
import tempfile
import time
import unittest
import zipfile

from picture_files import png
from program import DATA, EMULATOR, SYNTHETIC, Result, command, needs, run_tests, skip_without

TIMM = SYNTHETIC / "timm_lcnet_050.safetensors"
CHECKPOINT = SYNTHETIC / "timm_lcnet_050.ckpt.pth"
RECOGNITION = DATA / "models" / "ppocr_v4" / "ch_PP-OCRv4_rec_infer.onnx"
skip_without(TIMM, CHECKPOINT)


def read_safetensors(path):
    """Its metadata, its tensors (type, shape, data)."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    data = content[8 + size :]
    header = json.loads(content[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    return metadata, {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
                      for name, entry in header.items()}


def write_safetensors(path, metadata, tensors):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, (kind, shape, values) in tensors.items():
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def with_number(entry, place, number):
    kind, shape, values = entry
    return kind, shape, values[: 4 * place] + struct.pack("<f", number) + values[4 * place + 4 :]


def pickled(value):
    """A value to be put into another pickle: without a beginning and an end, and with no places in
    the memo."""
    stream = io.BytesIO()
    pickler = pickle._Pickler(stream, 2)  # of the two, the one whose memo can be switched off
    pickler.fast = True
    pickler.dump(value)
    return stream.getvalue()[2:-1]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, 512 << 20))


@functools.cache
def memory_can_be_limited():
    """Not that of an emulator, nor what the address sanitizer takes."""
    return not EMULATOR and subprocess.run(
        [*command("pplcnet"), "--version"], capture_output=True, preexec_fn=limit_memory).returncode == 0


class Values(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "in.safetensors"
        self.to = self.folder / "out.safetensors"

    def expect_refusal(self, *arguments, says):
        """One sentence, soon, in little memory (where it can be limited), and no output."""
        begin = time.monotonic()
        process = subprocess.run(
            [*command("pplcnet"), *map(str, arguments)], capture_output=True, text=True,
            preexec_fn=limit_memory if memory_can_be_limited() else None)
        self.assertEqual(process.returncode, 1, process.stderr)
        self.assertEqual(len(process.stderr.splitlines()), 1, process.stderr)
        self.assertIn(says, process.stderr)
        self.assertFalse(self.to.exists())
        self.assertLess(time.monotonic() - begin, 20)  # on a machine that does much else

    def test_a_weight_that_is_no_number_is_named(self):
        _, tensors = read_safetensors(TIMM)
        for name, number in [("conv_stem.weight", "nan"), ("blocks.3.0.bn2.running_mean", "inf"),
                             ("classifier.bias", "-inf")]:
            changed = with_number(tensors[name], 3, float(number))
            write_safetensors(self.file, {}, {**tensors, name: changed})
            says = f"tensor '{name}': expected finite float32 numbers, found {number} (number 3)"
            self.expect_refusal("convert", self.file, self.to, says=says)
            self.expect_refusal("convert", "--list", self.file, says=says)
        name = "blocks.3.0.bn2.running_var"
        write_safetensors(self.file, {}, {**tensors, name: with_number(tensors[name], 0, -1)})
        self.expect_refusal("convert", self.file, self.to,
                            says=f"tensor '{name}': expected variances, which are not negative")

    def test_what_float16_cannot_hold_is_not_written_as_float16(self):
        _, tensors = read_safetensors(TIMM)
        tensors["classifier.weight"] = with_number(tensors["classifier.weight"], 0, 1e5)
        write_safetensors(self.file, {}, tensors)
        says = "safetensors: tensor 'fc.weight': expected finite float16 numbers, at most 65504"
        for half in ("--half", "--half-head"):
            self.expect_refusal("convert", half, self.file, self.to, says=says)
        self.expect_refusal("classify", "--half-head", "--weights", self.file, self.file, says=says)
        self.assertEqual(list(self.folder.iterdir()), [self.file])
        self.assertEqual(Result("convert", self.file, self.to).status, 0)

    def test_numbers_of_metadata_are_checked(self):
        self.assertEqual(Result("convert", TIMM, self.to).status, 0)
        metadata, tensors = read_safetensors(self.to)
        self.to.unlink()
        wrong = {
            "classes": ["2000000000", "2147483647", "2147483648", "-1", "1e3", "", " 1000", "1009",
                        "99999999999999999999"],
            "input": ["0x0", "0x224", "1000000x1000000", "65536x65536", "-224x224", "224", "x", "",
                      "224x224x3", "4294967520x224"],
            "head": ["2000000000", "-1", "x"],
            "dropout_percent": ["100", "-20", "200"],
        }
        for key, values in wrong.items():
            for value in values:
                for held in (tensors, {}):  # also a file that holds nothing
                    write_safetensors(self.file, {**metadata, key: value}, held)
                    self.expect_refusal("convert", "--list", self.file, says="in.safetensors: ")
        # Words of a file that is not of this project say nothing.
        write_safetensors(self.file, {"classes": "2000000000", "input": "0x0"}, {})
        self.expect_refusal("convert", "--list", self.file, says="in.safetensors: ")

    def test_labels_are_as_many_as_classes(self):
        self.assertEqual(Result("convert", TIMM, self.to).status, 0)
        metadata, tensors = read_safetensors(self.to)
        self.to.unlink()
        write_safetensors(self.file, {**metadata, "labels": "one\ntwo\nthree\n"}, tensors)
        for command in (["convert", "--list"], ["convert", "--model", "lcnet_050", "--list"]):
            self.expect_refusal(*command, self.file, says="3 labels for 1000 classes")

    def test_many_small_tensors_take_no_time(self):
        tensors = {}
        for i in range(4000):
            tensors[f"{i}.weight"] = ("F32", [2, 3], bytes(24))
            tensors[f"{i}.bias"] = ("F32", [5], bytes(20))
        write_safetensors(self.file, {}, tensors)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.expect_refusal("convert", self.file, self.to, says="in.safetensors: ")
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.assertLess(used, 2)

    def test_arguments_beside_the_tensors_are_left_out(self):
        arguments = argparse.Namespace(lr=0.1, model="lcnet_050", folder=pathlib.PurePosixPath("/"))
        changed = self.folder / "train.pth.tar"
        with zipfile.ZipFile(CHECKPOINT) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name.endswith("data.pkl"):
                    self.assertTrue(content.endswith(b"u."))
                    content = content[:-2] + pickled("args") + pickled(arguments) + b"u."
                new.writestr(name, content)
        expected = Result("convert", "--list", CHECKPOINT)
        self.assertEqual(expected.status, 0, expected.complaints)
        found = Result("convert", "--list", changed)
        self.assertEqual(found.status, 0, found.complaints)
        self.assertEqual(found.lines, expected.lines)

    def test_a_part_of_a_distillation_is_asked_for(self):
        _, student = read_safetensors(TIMM)
        teacher = {name: with_number(entry, 0, 0.5) if name == "conv_stem.weight" else entry
                   for name, entry in student.items()}
        write_safetensors(self.file, {}, {
            **{f"Teacher.{name}": entry for name, entry in teacher.items()},
            **{f"Student.{name}": entry for name, entry in student.items()}})
        self.expect_refusal("convert", self.file, self.to,
                            says="say which is meant by `part`: 'Teacher', 'Student'")
        self.expect_refusal("convert", "--part", "x", self.file, self.to,
                            says="has no part 'x', it has 'Teacher', 'Student'")
        self.expect_refusal("convert", "--part", "student", TIMM, self.to,
                            says="has no part 'student', it is of one network")
        expected = Result("convert", "--list", TIMM)
        found = Result("convert", "--list", "--part", "student", self.file)
        self.assertEqual(found.status, 0, found.complaints)
        self.assertEqual(found.lines, expected.lines)
        other = Result("convert", "--list", "--part", "teacher", self.file)
        self.assertEqual(other.status, 0, other.complaints)
        self.assertNotEqual(other.lines, expected.lines)
        picture = self.folder / "picture.png"
        picture.write_bytes(png(40, 30))
        predictions = [Result("classify", "--json", "--weights", *weights, picture)
                       for weights in ([TIMM], [self.file, "--part", "student"],
                                       [self.file, "--part", "teacher"])]
        self.assertEqual([prediction.status for prediction in predictions], [0, 0, 0])
        self.assertEqual(predictions[1].lines, predictions[0].lines)
        self.assertNotEqual(predictions[2].lines, predictions[0].lines)

    @needs(RECOGNITION)
    def test_published_recognition_is_found(self):
        result = Result("convert", "--list", RECOGNITION)
        self.assertEqual(result.status, 0, result.complaints)
        self.assertIn("model: PP-OCRv4_mobile_rec", result.lines)


if __name__ == "__main__":
    run_tests()
