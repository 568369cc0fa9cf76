"""`pplcnet train`: from pictures to weights, the same bits whatever happens, and what goes wrong."""

import json
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from picture_files import png_of
from program import ROOT, Result, command, needs_posix

WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
SIDE = 32
KINDS = {
    "dots": lambda x, y, p: (x % p - p / 2) ** 2 + (y % p - p / 2) ** 2 < p * p / 9,
    "rows": lambda x, y, p: y % p < p / 2,
    "slopes": lambda x, y, p: (x + y) % p < p / 2,
}


def draw(kind, chance):
    """A picture of a kind in two colours, with a tint of its own, and noise."""
    period, dx, dy = chance.randrange(6, 11), chance.randrange(30), chance.randrange(30)
    dark, light = chance.randrange(0, 90), chance.randrange(160, 256)
    tint = [40 if other == kind else 0 for other in sorted(KINDS)]
    rows = []
    for y in range(SIDE):
        row = []
        for x in range(SIDE):
            value = light if KINDS[kind](x + dx, y + dy, period) else dark
            value += chance.randrange(-20, 21)
            row.append([min(255, max(0, value + more)) for more in tint])
        rows.append(row)
    return png_of(rows)


def draw_folder(folder, count, seed):
    chance = random.Random(seed)
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
        for i in range(count):
            (folder / kind / f"{i:02}.png").write_bytes(draw(kind, chance))


def tensors_of(path):
    """The bytes of a safetensors file's tensors by name; an error if it is not whole."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    ends = [tensor["data_offsets"][1] for tensor in header.values()]
    assert max(ends) == len(data) - 8 - size, "cut off"
    return {name: data[8 + size + tensor["data_offsets"][0]:8 + size + tensor["data_offsets"][1]]
            for name, tensor in header.items()}


class Train(unittest.TestCase):
    SHORT = {"--model": "PPLCNet_x0_25", "--size": SIDE, "--preset": "paddle_direct", "--batch": 16,
             "--epochs": 3, "--rate": 0.05}

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pictures = cls.folder / "pictures"
        draw_folder(cls.pictures, 24, seed=3)
        draw_folder(cls.folder / "others", 10, seed=4)
        cls.short = cls.folder / "short.safetensors"
        cls.result = cls.train(cls.short, *cls.short_options())

    @classmethod
    def arguments(cls, output, *more, pictures=None):
        return ["train", "--images", pictures or cls.pictures, "-o", output, *more]

    @classmethod
    def train(cls, output, *more, pictures=None):
        return Result(*cls.arguments(output, *more, pictures=pictures), timeout=120)

    @classmethod
    def short_options(cls, **changes):
        """The options of a short training, some of them others."""
        options = cls.SHORT | {f"--{name.replace('_', '-')}": value
                               for name, value in changes.items()}
        return [word for option in options.items() for word in option]

    def test_it_says_what_it_does_and_why(self):
        self.assertEqual((self.result.status, self.result.complaints), (0, []))
        lines = self.result.lines
        self.assertIn("PPLCNet_x0_25, 32x32, 3 classes, ", lines[0])
        self.assertEqual(lines[1], "pictures: 57 to learn from, 15 held out")
        self.assertTrue(any(line.startswith("mirror 0: ") for line in lines))
        self.assertFalse(any(line.startswith("epochs") for line in lines))  # it was said
        epochs = [line for line in lines if line.startswith("epoch ")]
        self.assertEqual(len(epochs), 3)
        self.assertRegex(epochs[0], r"^epoch 1/3: loss \d\.\d+, right \d+\.\d\d %; held out: loss ")
        self.assertEqual(lines[-1], f"written: {self.short}")

    def test_it_learns_from_scratch(self):
        mine = self.folder / "mine.safetensors"
        result = self.train(mine, *self.short_options(size=64, epochs=100), "--json", "--threads", 2)
        self.assertEqual((result.status, result.complaints), (0, []))
        report = json.loads("\n".join(result.lines))
        self.assertEqual(len(report["epochs"]), 100)
        self.assertLess(report["epochs"][-1]["loss"], 0.6 * report["epochs"][0]["loss"])
        seen = Result("evaluate", "--weights", mine, "--json", self.folder / "others")
        self.assertEqual(seen.complaints, [])
        accuracy = json.loads("\n".join(seen.lines))["top1"]
        print(f"from scratch: {100 * accuracy:.1f} %")
        self.assertGreaterEqual(accuracy, 0.9)

    def test_trained_weights_need_few_epochs(self):
        mine = self.folder / "fine.safetensors"
        result = self.train(mine, "--init", WEIGHTS, "--size", "32x64", "--json", "--report",
                            self.folder / "page.html", "--curves", self.folder / "curves.svg")
        self.assertEqual((result.status, result.complaints), (0, []))
        report = json.loads("\n".join(result.lines))
        self.assertIn("at first the new head learns alone", "\n".join(report["chosen"]))
        seen = Result("evaluate", "--weights", mine, "--json", self.folder / "others")
        accuracy = json.loads("\n".join(seen.lines))["top1"]
        print(f"fine-tuned: {100 * accuracy:.1f} %")
        self.assertGreaterEqual(accuracy, 0.9)
        page = (self.folder / "page.html").read_text()
        for part in ["<svg", "polyline", "at first the new head learns alone", "</html>"]:
            self.assertIn(part, page)
        self.assertNotIn("http", page)
        self.assertTrue((self.folder / "curves.svg").read_text().startswith("<svg xmlns="))

    def test_other_commands_take_the_result(self):
        picture = self.folder / "others" / "dots" / "00.png"
        self.assertEqual(Result("classify", "--weights", self.short, picture).status, 0)
        listed = Result("convert", "--list", self.short)
        for line in ("classes: 3", "labels: 3", "input: 32x32", "preset: paddle_direct"):
            self.assertIn(line, listed.lines)
        fine = self.folder / "taken.safetensors"
        self.assertEqual(self.train(fine, "--init", WEIGHTS, "--epochs", 2).status, 0)
        onnx = Result("convert", self.short, self.folder / "short.onnx")
        int8 = Result("quantise", "--weights", fine, "--pictures", self.folder / "others",
                      "-o", self.folder / "int8.safetensors")
        for result in (onnx, int8):
            self.assertEqual((result.status, result.complaints), (0, []))

    def test_the_bits_depend_on_the_seed_and_not_on_threads(self):
        files = {}
        for name, more in [("again", ()), ("two", ("--threads", 2)), ("three", ("--threads", 3)),
                           ("other", ("--seed", 1))]:
            path = self.folder / f"{name}.safetensors"
            self.assertEqual(self.train(path, *self.short_options(), *more).status, 0)
            files[name] = path.read_bytes()
        other = files.pop("other")
        self.assertEqual(set(files.values()), {self.short.read_bytes()})
        self.assertNotEqual(other, self.short.read_bytes())

    def killed(self, path, *more, seconds, number):
        """Trains for so long, and sends a signal; what the program complained about."""
        program = subprocess.Popen(
            list(map(str, [*command("pplcnet"), *self.arguments(path, *more)])), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(seconds)
        program.send_signal(number)
        return program.wait(), program.communicate()[1].decode()

    @needs_posix("signals")
    def test_killed_at_any_moment_it_goes_on_to_the_same_bits(self):
        begin = time.monotonic()
        options = ("--average", 0.9, "--mixup", 0.3, "--cutmix", 0.3)
        whole = self.folder / "whole.safetensors"
        self.assertEqual(self.train(whole, *self.short_options(), *options).status, 0)
        seconds = time.monotonic() - begin
        chance, resumed = random.Random(5), 0
        for i in range(6):
            path = self.folder / f"killed{i}.safetensors"
            checkpoint = path.with_suffix(".checkpoint")
            self.killed(path, *self.short_options(), *options, "--checkpoint-seconds", 0,
                        seconds=chance.uniform(0.1, 1.2) * seconds, number=signal.SIGKILL)
            if path.exists():
                self.assertEqual(Result("convert", "--list", path).status, 0)
            if not checkpoint.exists():
                continue
            self.assertIn("velocities", tensors_of(checkpoint))
            result = Result("train", "--resume", checkpoint, "--threads", 1 + i % 2)
            self.assertEqual((result.status, result.complaints), (0, []))
            self.assertEqual(path.read_bytes(), whole.read_bytes())
            self.assertEqual(tensors_of(checkpoint), tensors_of(whole.with_suffix(".checkpoint")))
            resumed += 1
        self.assertGreaterEqual(resumed, 3)

    @needs_posix("signals")
    def test_after_ctrl_c_there_is_a_network_that_can_be_used(self):
        path = self.folder / "stopped.safetensors"
        status, complaints = self.killed(path, *self.short_options(epochs=5000),
                                         "--checkpoint-seconds", 0, seconds=3,
                                         number=signal.SIGINT)
        self.assertEqual(status, 130)
        self.assertIn("--resume", complaints)
        picture = self.folder / "others" / "rows" / "00.png"
        self.assertEqual(Result("classify", "--weights", path, picture).status, 0)
        self.assertEqual([one.name for one in self.folder.glob("stopped*")
                          if one.suffix not in (".safetensors", ".checkpoint")], [])

    def test_other_pictures_do_not_go_on(self):
        pictures = self.folder / "changing"
        shutil.copytree(self.pictures, pictures)
        path = self.folder / "changing.safetensors"
        self.assertEqual(self.train(path, *self.short_options(epochs=1), pictures=pictures).status, 0)
        (pictures / "dots" / "00.png").unlink()
        result = Result("train", "--resume", path.with_suffix(".checkpoint"))
        self.assertEqual(result.status, 1)
        self.assertIn("are others than they were", result.complaints[-1])
        result = Result("train", "--resume", path)
        self.assertIn("no checkpoint of `pplcnet train`", result.complaints[-1])

    def test_a_picture_that_cannot_be_read_is_named_and_left_out(self):
        pictures = self.folder / "broken"
        shutil.copytree(self.pictures, pictures)
        for i in range(20):
            (pictures / "dots" / f"broken{i}.png").write_bytes(b"no picture")
        result = self.train(self.folder / "broken.safetensors", *self.short_options(), pictures=pictures)
        self.assertEqual(result.status, 1)
        self.assertEqual(len(result.complaints), 20)  # each once
        self.assertEqual(len(set(result.complaints)), 20)
        self.assertIn("png: not a picture", result.complaints[0])
        self.assertEqual(result.lines[-1], f"written: {self.folder / 'broken.safetensors'}")

    def test_a_list_is_as_good_as_folders(self):
        lines = [f"{path.relative_to(self.folder)} {sorted(KINDS).index(path.parent.name)}"
                 for path in sorted(self.pictures.rglob("*.png"))]
        listed, labels = self.folder / "list.txt", self.folder / "labels.txt"
        listed.write_text("\n".join(lines) + "\n")
        labels.write_text("\n".join(sorted(KINDS)) + "\n")
        path = self.folder / "listed.safetensors"
        result = self.train(path, *self.short_options(), "--labels", labels, "--validation",
                            self.folder / "others", pictures=listed)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertEqual(result.lines[1], "pictures: 72 to learn from, 30 held out")
        self.assertIn("labels: 3", Result("convert", "--list", path).lines)

    def test_without_a_size_it_follows_from_the_pictures_and_without_held_out_ones_all_learn(self):
        path = self.folder / "all.safetensors"
        result = self.train(path, "--epochs", 2, "--held-out", 0)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertIn("PPLCNet_x0_25, 32x32, 3 classes", result.lines[0])
        self.assertEqual(result.lines[1], "pictures: 72 to learn from, 0 held out")
        self.assertIn("size 32: most pictures have a short side of about 32", result.lines)
        self.assertIn("best: epoch 2", result.lines)
        self.assertIn("preset: paddle_imagenet", Result("convert", "--list", path).lines)

    def test_rotations_are_learnt_from_upright_pictures(self):
        """What is up is told by a light stripe at the top."""
        folder, chance = self.folder / "upright", random.Random(7)
        folder.mkdir()
        def striped():
            top = chance.randrange(3, 9)
            return [[[chance.randrange(160, 256) if y < top else chance.randrange(0, 80)] * 3
                     for _ in range(SIDE)] for y in range(SIDE)]
        for i in range(40):
            (folder / f"{i:02}.png").write_bytes(png_of(striped()))
        path = self.folder / "rotations.safetensors"
        options = self.short_options(epochs=30, rotations=4)
        result = self.train(path, *options, "--json", pictures=folder)
        self.assertEqual((result.status, result.complaints), (0, []))
        report = json.loads("\n".join(result.lines))
        self.assertEqual((report["labels"], report["training"], report["validation"]),
                         (["0", "90", "180", "270"], 128, 32))
        rows, turned = striped(), []
        for angle in (0, 90, 180, 270):
            turned.append(self.folder / f"{angle}.png")
            turned[-1].write_bytes(png_of(rows))
            rows = [list(row) for row in zip(*rows[::-1])]  # a quarter clockwise
        said = Result("orient", "--weights", path, "--sure", 0, *turned).lines
        self.assertEqual([line.split("\t")[1] for line in said], ["0", "90", "180", "270"])
        checkpoint = path.with_suffix(".checkpoint")
        self.assertEqual(Result("train", "--resume", checkpoint, timeout=120).status, 0)
        labels = self.labels_of("up\ndown\n")
        wrong = self.train(path, *options, "--labels", labels, pictures=folder)
        self.assertIn("expected labels of 4 rotations, found 2", wrong.complaints[-1])

    def labels_of(self, text):
        path = self.folder / "labels.txt"
        path.write_text(text)
        return path

    def test_what_cannot_be_learnt_is_said(self):
        one = self.folder / "one"
        shutil.copytree(self.pictures / "dots", one / "dots")
        empty = self.folder / "empty"
        shutil.copytree(self.pictures, empty)
        (empty / "nothing").mkdir()
        bad = self.folder / "bad.txt"
        bad.write_text("pictures/dots/00.png 0\npictures/rows/00.png 3\n")
        labels = self.folder / "three.txt"
        labels.write_text("a\nb\nc\n")
        gap = self.folder / "gap.txt"
        gap.write_text("".join(f"pictures/dots/{i:02}.png {i % 2 * 2}\n" for i in range(20)))
        new = self.folder / "new.safetensors"
        for more, pictures, message in [
            ((), self.folder / "none", "none"),
            ((), one, "expected pictures of two classes or more, found 1 class"),
            (("--labels", labels), bad, "line 2: class 3, the network has 0 to 2"),
            (("--validation", self.folder / "none"), self.pictures, "none"),
        ]:
            result = self.train(new, *self.short_options(), *more, pictures=pictures)
            self.assertNotEqual(result.status, 0)
            self.assertIn(message, result.complaints[-1])
            self.assertFalse(new.exists())
        for pictures, message in [(empty, "nothing: has no pictures"), (gap, "class 1: has no pic")]:
            result = self.train(new, *self.short_options(epochs=1), pictures=pictures)
            self.assertEqual(result.status, 1)
            self.assertIn(message, "\n".join(result.complaints))
            self.assertTrue(new.exists())
        self.assertEqual(self.train(new, "--size", "5").status, 2)
        self.assertEqual(Result("train", "-o", new).status, 2)
        picture = self.pictures / "dots" / "00.png"
        before = picture.read_bytes()
        self.assertNotEqual(self.train(picture, *self.short_options()).status, 0)
        self.assertEqual(picture.read_bytes(), before)

    def test_a_loss_that_is_no_number_ends_it_and_the_checkpoint_stays(self):
        path = self.folder / "diverged.safetensors"
        result = self.train(path, *self.short_options(epochs=40, rate=1e25),
                            "--warm-up", 39, "--checkpoint-seconds", 0)
        self.assertEqual(result.status, 1)
        self.assertRegex(result.complaints[-1], r"step \d+ \(epoch \d+, batch \d+\): .* finite")
        self.assertTrue(Result("convert", "--list", path).lines)
        parameters = tensors_of(path.with_suffix(".checkpoint"))["parameters"]
        values = struct.unpack(f"<{len(parameters) // 4}f", parameters)
        self.assertTrue(all(value - value == 0 for value in values))

    @needs_posix("limits of files")
    def test_a_full_disk_is_an_error_and_what_was_there_stays(self):
        path = self.folder / "full.safetensors"
        self.assertEqual(self.train(path, *self.short_options(epochs=1)).status, 0)
        checkpoint = path.with_suffix(".checkpoint")
        before = path.read_bytes(), checkpoint.read_bytes()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        done = subprocess.run(
            list(map(str, [*command("pplcnet"), *self.arguments(path, *self.short_options())])),
            capture_output=True, text=True, preexec_fn=limit, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("full.", done.stderr.splitlines()[-1])
        self.assertEqual((path.read_bytes(), checkpoint.read_bytes()), before)
        self.assertEqual(sorted(one.name for one in self.folder.glob("*full*")),
                         ["full.checkpoint", "full.safetensors"])

    def test_a_teacher_helps(self):
        teacher = self.folder / "teacher.safetensors"
        self.assertEqual(self.train(teacher, *self.short_options(epochs=10)).status, 0)
        for how in ("kl", "dml"):
            result = self.train(self.folder / "student.safetensors", *self.short_options(), "--teacher",
                                teacher, "--distillation", how, "--threads", 2)
            self.assertEqual((result.status, result.complaints), (0, []))
            self.assertNotEqual((self.folder / "student.safetensors").read_bytes(),
                                self.short.read_bytes())
        result = self.train(self.folder / "new2.safetensors", *self.short_options(), "--teacher", WEIGHTS)
        self.assertEqual(result.status, 1)
        self.assertIn("has 2 classes, the pictures have 3", result.complaints[-1])

    def test_it_ends_early(self):
        result = self.train(self.folder / "early.safetensors", *self.short_options(epochs=60),
                            "--patience", 1)
        self.assertEqual((result.status, result.complaints), (0, []))
        self.assertIn("ended early: no epoch was better for 1 epochs", result.lines)
        self.assertLess(sum(line.startswith("epoch ") for line in result.lines), 60)


unittest.main()
