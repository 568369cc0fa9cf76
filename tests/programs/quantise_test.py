"""`pplcnet quantise`: a network in int8, what its layers lose, and what is refused."""

import json
import pathlib
import random
import shutil
import struct
import tempfile
import threading
import unittest

from picture_files import png_of
from program import ROOT, Result, needs_posix, run_tests
from random_weights import write_state_dict

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"


def line(chance):
    """Something like a line of text: dark strokes on light paper."""
    height, width = 24, 96
    dark, light = chance.randrange(80), chance.randrange(170, 256)
    strokes = [chance.random() < 0.4 for _ in range(width)]
    tops = [chance.randrange(4, 12) for _ in range(width)]
    return png_of([[[dark if strokes[x] and tops[x] < y < 20 else light] * 3
                    for x in range(width)] for y in range(height)])


class Quantise(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pictures = cls.folder / "pictures"
        cls.pictures.mkdir()
        chance = random.Random(5)
        for i in range(12):
            (cls.pictures / f"{i:02}.png").write_bytes(line(chance))
        cls.int8 = cls.folder / "int8.safetensors"
        cls.result = cls.quantise(cls.int8)

    @classmethod
    def quantise(cls, output, *more, pictures=None, weights=WEIGHTS):
        return Result("quantise", "--weights", weights, "--pictures", pictures or cls.pictures,
                      "-o", output, *more)

    def test_it_says_what_each_layer_lost_and_that_none_is_in_float(self):
        self.assertEqual((self.result.status, self.result.complaints), (0, []))
        lines = self.result.lines
        self.assertTrue(lines[0].startswith("layer "))
        self.assertEqual(lines[1].split()[:2], ["conv1", "40x80x8"])
        losses = [float(one.split()[2]) for one in lines[1:lines.index(
            "kept in float: none; every layer computes with integers")]]
        self.assertGreater(min(losses), 15)
        self.assertLess(max(losses), 60)
        self.assertIn("the same class as in float: ", lines[-3])
        self.assertIn(" % of 24 views of 12 pictures", lines[-3])  # upright and upside down
        self.assertEqual(lines[-1], f"written: {self.int8}")

    def test_the_file_has_int8_and_is_small(self):
        data = self.int8.read_bytes()
        header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
        types = {tensor["dtype"] for name, tensor in header.items() if name != "__metadata__"}
        self.assertEqual(types, {"I8", "F32", "U8"})
        self.assertIn("180_degree", header["__metadata__"]["labels"])
        self.assertEqual(header["__metadata__"]["preprocessing"], "paddle_direct")
        self.assertEqual(header["self_test.answer"]["shape"], [2])
        self.assertLess(len(data), 0.75 * WEIGHTS.stat().st_size)  # which has float16

    def test_other_commands_take_it(self):
        line = ROOT / "examples" / "line.png"
        for command in ("classify", "orient"):
            floats, int8 = (Result(command, "--weights", weights, line)
                            for weights in (WEIGHTS, self.int8))
            self.assertEqual((int8.status, int8.complaints), (0, []))
            self.assertEqual(int8.lines[0].split(",")[0].split("\t")[:2],
                             floats.lines[0].split(",")[0].split("\t")[:2])
        listed = Result("convert", "--list", self.int8)
        self.assertEqual(listed.status, 0)
        self.assertIn("weights: int8", listed.lines)
        again = self.quantise(self.folder / "out", weights=self.int8)
        self.assertEqual(again.status, 1)
        self.assertIn("its weights are int8; this needs a network in floats", again.complaints[0])

    def test_it_sees_of_lines_and_pages_what_orient_shows(self):
        orientation = ROOT / "examples" / "orientation"
        for weights, picture, views in [
            (WEIGHTS, ROOT / "examples" / "line.png", 4),  # two pieces
            (orientation / "page_orientation.safetensors", ROOT / "examples" / "page.jpg", 8),
        ]:
            result = self.quantise(self.folder / "views.safetensors", "--json", weights=weights,
                                   pictures=picture)
            self.assertEqual((result.status, result.complaints), (0, []))
            report = json.loads("\n".join(result.lines))
            self.assertEqual((report["pictures"], report["views"]), (1, views))

    def test_labels_may_be_others(self):
        labels = self.folder / "labels.txt"
        labels.write_text("up\ndown\n")
        output = self.folder / "labelled.safetensors"
        result = self.quantise(output, "--labels", labels, "--json")
        self.assertEqual((result.status, result.complaints), (0, []))
        report = json.loads("\n".join(result.lines))
        self.assertEqual(report["views"], 12)  # of whole pictures: not about orientation any more
        self.assertIn("label_name(s): ['", Result("classify", "--weights", output,
                                                  self.pictures / "00.png").lines[0])
        labels.write_text("up\n")
        self.assertEqual(self.quantise(output, "--labels", labels).status, 1)

    def test_the_same_pictures_give_the_same_bytes(self):
        again = self.folder / "again.safetensors"
        self.assertEqual(self.quantise(again, "--threads", 3).status, 0)
        self.assertEqual(again.read_bytes(), self.int8.read_bytes())

    def test_ranges_are_chosen_in_three_ways(self):
        files = set()
        for ranges in ("minmax", "percentile", "mse"):
            output = self.folder / f"{ranges}.safetensors"
            percentile = ("--percentile", 99) if ranges == "percentile" else ()
            result = self.quantise(output, "--ranges", ranges, *percentile, "--json")
            self.assertEqual((result.status, result.complaints), (0, []))
            report = json.loads("\n".join(result.lines))
            self.assertEqual((report["ranges"], report["pictures"]), (ranges, 12))
            self.assertEqual(report["kept_in_float"], [])
            self.assertGreaterEqual(report["agreement"], 0.9)
            self.assertEqual(report["layers"][0]["name"], "conv1")
            files.add(output.read_bytes())
        self.assertEqual(len(files), 3)
        self.assertIn(self.int8.read_bytes(), files)

    def test_few_pictures_are_said_to_be_few(self):
        result = self.quantise(self.folder / "one.safetensors", pictures=self.pictures / "00.png")
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertIn("few pictures: ranges are of 1; 100 to 500 show which values are usual",
                      result.lines)

    def test_of_many_pictures_some_are_taken(self):
        result = self.quantise(self.folder / "few.safetensors", "--most", 5, "--json")
        self.assertEqual(json.loads("\n".join(result.lines))["pictures"], 5)

    def test_a_picture_that_cannot_be_read_is_named_and_left_out(self):
        mixed = self.folder / "mixed"
        shutil.copytree(self.pictures, mixed)
        (mixed / "07a.png").write_bytes(b"no picture")
        output = self.folder / "mixed.safetensors"
        result = self.quantise(output, pictures=mixed)
        self.assertEqual((result.status, len(result.complaints)), (1, 1))
        self.assertIn("07a.png: not a picture", result.complaints[0])
        self.assertEqual(output.read_bytes(), self.int8.read_bytes())

    def test_what_cannot_be_is_refused_in_a_sentence(self):
        empty = self.folder / "empty"
        empty.mkdir()
        bad = self.folder / "bad.png"
        bad.write_bytes(b"no picture")
        first = self.pictures / "00.png"
        before = first.read_bytes()
        for arguments, message in [
            ((self.folder / "out", "--pictures", bad), "no picture to calibrate with"),
            ((first, "--pictures", self.pictures), "00.png"),
            ((self.folder / "none" / "out", "--pictures", self.pictures), "none"),
        ]:
            output, *pictures = arguments
            result = Result("quantise", "--weights", WEIGHTS, "-o", output, *pictures)
            self.assertEqual(result.status, 1)
            self.assertIn(message, result.complaints[-1])
        self.assertEqual(first.read_bytes(), before)
        self.assertEqual(self.quantise(self.folder / "out", "--ranges", "other").status, 2)
        self.assertEqual(self.quantise(self.folder / "out", "--percentile", 99).status, 2)
        self.assertFalse((self.folder / "out").exists())

    def test_a_network_that_cannot_be_quantised_is_refused_whole(self):
        detector = self.folder / "detector.safetensors"
        write_state_dict(detector, "picodet_xs_416.json")
        output = self.folder / "of_detector.safetensors"
        unnamed = self.quantise(output, weights=detector)  # it fits two, whose inputs differ
        self.assertEqual((unnamed.status, unnamed.lines, len(unnamed.complaints)), (1, [], 1))
        name = "picodet_xs_416_coco_lcnet"
        self.assertIn(name, unnamed.complaints[0])
        result = self.quantise(output, "--model", name, weights=detector)
        self.assertEqual((result.status, result.lines, len(result.complaints)), (1, [], 1))
        self.assertRegex(result.complaints[0], f": {detector}: holds {name}, which cannot be quantised: .*; "
                         "`pplcnet inspect MODEL` has a line on int8 of networks that can be$")
        self.assertFalse(output.exists())
        backbone = self.quantise(output, "--model", "picodet_xs", weights=detector)  # as it is asked for
        self.assertEqual((backbone.status, backbone.complaints), (0, []))

    def test_pictures_that_go_while_they_are_read_make_no_file(self):
        pictures, output = self.folder / "going", self.folder / "gone.safetensors"
        pictures.mkdir()
        for i in range(400):
            shutil.copy(self.pictures / "00.png", pictures / f"{i}.png")
        for delay in range(1, 20):  # until some have been read, and none twice
            timer = threading.Timer(delay / 20, pictures.rename, [self.folder / "elsewhere"])
            timer.start()
            result = self.quantise(output, "--threads", 1, pictures=pictures)
            timer.join()
            (self.folder / "elsewhere").rename(pictures)
            self.assertIn(result.status, (0, 1))
            if result.complaints[-1:] == ["pplcnet quantise: no picture to compare with"]:
                break
            output.unlink(missing_ok=True)
        else:
            self.fail("all pictures were read twice, or none")
        self.assertFalse(output.exists())

    @needs_posix("a device")
    def test_the_report_does_not_get_into_the_file(self):
        result = self.quantise("/dev/stdout")
        self.assertEqual((result.status, result.lines), (1, []))
        self.assertIn("/dev/stdout: is standard output", result.complaints[0])

    def test_another_normalisation_is_refused(self):
        output = self.folder / "other.safetensors"
        result = Result("convert", self.int8, output, "--preset", "timm_inception")
        self.assertEqual(result.status, 1)
        self.assertIn("expected pictures' values as of the preset 'timm_inception'",
                      result.complaints[0])
        self.assertFalse(output.exists())
        same = Result("convert", self.int8, output, "--preset", "timm_bilinear")
        self.assertEqual((same.status, same.complaints), (0, []))

    def test_a_file_whose_scales_are_not_those_of_its_preset_is_refused(self):
        content = self.int8.read_bytes()
        scale = struct.pack("<f", 1 / (255 * 0.229))
        self.assertEqual(content.count(scale), 1)
        other = self.folder / "scale.safetensors"
        other.write_bytes(content.replace(scale, struct.pack("<f", 1 / 127.5)))
        result = Result("classify", "--weights", other, self.pictures / "00.png")
        self.assertEqual(result.status, 1)
        self.assertIn("expected pictures' values as of the preset 'paddle_", result.complaints[0])

    def test_a_file_whose_scores_can_be_infinite_is_refused(self):
        content = self.int8.read_bytes()
        size, = struct.unpack_from("<Q", content)
        header = json.loads(content[8:8 + size])
        for tensor, message in [("fc.weight_scale", "its logits can be infinite"),
                                ("conv1.scale", "its values can be infinite")]:
            begin, end = header[tensor]["data_offsets"]
            damaged = bytearray(content)
            damaged[8 + size + begin:8 + size + end] = struct.pack("<f", 3e38) * ((end - begin) // 4)
            huge = self.folder / "huge.safetensors"
            huge.write_bytes(damaged)
            result = Result("classify", "--weights", huge, self.pictures / "00.png", "--json")
            self.assertEqual((result.status, result.lines), (1, []), tensor)
            self.assertIn("huge.safetensors: quantised layer ", result.complaints[0])
            self.assertIn(f": channel 0: {message}", result.complaints[0])

    def test_convert_computes_the_self_test(self):
        damaged = self.folder / "damaged.safetensors"
        content = bytearray(self.int8.read_bytes())
        size, = struct.unpack_from("<Q", content)
        begin, _ = json.loads(content[8:8 + size])["self_test.answer"]["data_offsets"]
        struct.pack_into("<f", content, 8 + size + begin, 123)
        damaged.write_bytes(content)
        for arguments in ("--list", damaged), (damaged, self.folder / "not.safetensors"):
            result = Result("convert", *arguments)
            self.assertEqual(result.status, 1)
            self.assertIn("damaged.safetensors: self-test: number 0 of the output is ",
                          result.complaints[0])
        self.assertFalse((self.folder / "not.safetensors").exists())


run_tests()
