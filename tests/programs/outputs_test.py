"""What `pplcnet` writes: no input and no other file is lost, devices and links stay what they
are, and an output is there as a whole or not at all."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from picture_files import png
from program import Result, command, needs_posix, run_tests

PPLCNET = command("pplcnet")


class Outputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.weights = cls.shared / "weights.safetensors"
        subprocess.run([*command("write_weights"), cls.weights], check=True,
                       stdout=subprocess.DEVNULL)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def add(self, name, contents=png(40, 30)):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        return path

    def command(self, name, *arguments, **more):
        return Result(name, "--weights", self.weights, *arguments, **more)

    def contents(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def refused(self, *arguments):
        """A command that must say why it does not write, and leave everything as it was."""
        before = self.contents()
        result = self.command(*arguments)
        self.assertEqual(result.status, 1, (arguments, result.lines))
        self.assertEqual(self.contents(), before, arguments)
        return "\n".join(result.complaints)

    def test_no_input_is_overwritten(self):
        for kind in ("0", "1"):
            for i in range(3):
                self.add(f"train/{kind}/{i}.png", png(40, 30, (40 * i, 20, 200)))
        training = self.folder / "train" / "0" / "1.png"
        listed = self.add("list.txt", b"train/0/0.png 0\ntrain/1/0.png 1\n")
        link = self.folder / "link.html"
        link.symlink_to(listed)
        hard = self.folder / "hard.html"
        os.link(listed, hard)
        labels = self.add("labels.txt", b"".join(b"label %d\n" % i for i in range(1000)))
        weights = self.folder / "own.safetensors"
        shutil.copy(self.weights, weights)
        for arguments in [
            ("fit", "--images", self.folder / "train", "-o", training),
            ("features", "-o", training, training.parent),
            ("evaluate", "--report", listed, listed),
            ("evaluate", "--report", link, listed),
            ("evaluate", "--report", hard, listed),
            ("evaluate", "--report", training, self.folder / "train"),
            ("evaluate", "--report", labels, "--labels", labels, listed),
            ("evaluate", "--predictions", training, self.folder / "train"),
            ("evaluate", "--predictions", listed, listed),
        ]:
            self.assertIn("is both read and to be written", self.refused(*arguments), arguments)
        before = self.contents()
        for arguments in [
            ("features", "--weights", weights, "-o", weights, training),
            ("convert", weights, weights),
            ("convert", weights, self.folder / "train" / ".." / "own.safetensors"),
            ("convert", weights, "--labels", labels, self.folder / "labels.onnx"),
        ]:
            if "--labels" in arguments:
                (self.folder / "labels.onnx").symlink_to(labels)
            result = Result(*arguments)
            self.assertEqual(result.status, 1)
            self.assertIn("is both read and to be written", result.complaints[0])
            self.assertEqual({path: self.contents()[path] for path in before}, before)

    def commands_that_work_long(self, output, page):
        """Each sees a picture that it complains of as soon as it works, and would write there."""
        for kind in ("0", "1"):
            for i in range(3):
                self.add(f"train/{kind}/{i}.png", png(40, 30, (40 * i, 20, 200)))
            self.add(f"train/{kind}/bad.png", b"no picture")
        train = self.folder / "train"
        return [
            ("fit", "--images", train, "-o", output),
            ("quantise", "--pictures", train, "-o", output),
            ("features", "-o", output, train),
            ("evaluate", "--report", page, train),
            ("train", "--images", train, "--epochs", 1, "-o", output),
            ("train", "--images", train, "--epochs", 1, "--report", page, "-o",
             self.folder / "mine.safetensors"),
        ]

    def command_of(self, name, *arguments):
        option = "--init" if name == "train" else "--weights"
        return Result(name, option, self.weights, *arguments)

    def test_an_output_that_cannot_be_written_is_noticed_before_the_work(self):
        folder = self.folder / "taken.safetensors"
        self.add("taken.safetensors/mine", b"mine")
        for output, problem in [(self.folder / "none" / "out.safetensors", "cannot create "),
                                (folder, "cannot be written: Is a directory")]:
            for arguments in self.commands_that_work_long(output, output):
                before = self.contents()
                result = self.command_of(*arguments)
                self.assertEqual((result.status, result.lines), (1, []), arguments)
                self.assertEqual(len(result.complaints), 1, result.complaints)
                self.assertIn(f"{output}: {problem}", result.complaints[0])
                self.assertEqual(self.contents(), before, arguments)

    @needs_posix("modes of folders")
    def test_a_folder_that_may_not_be_written_is_noticed_before_the_work(self):
        locked = self.folder / "locked"
        commands = self.commands_that_work_long(locked / "out.safetensors", locked / "out.html")
        locked.mkdir(mode=0o555)
        as_user = []
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                self.skipTest("root may write everywhere, and there is no setpriv")
            for path in (self.folder, self.shared):
                path.chmod(0o755)
            self.weights.chmod(0o644)
            as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for name, *arguments in commands[:4]:
            done = subprocess.run([*as_user, *PPLCNET, name, "--weights", self.weights, *arguments],
                                  capture_output=True, text=True, timeout=60)
            if "ermission denied" in done.stderr and "pplcnet" not in done.stderr:
                self.skipTest("the program itself may not be run by another user")
            self.assertEqual((done.returncode, done.stdout), (1, ""), done)
            self.assertRegex(done.stderr, r"^pplcnet \w+: .*/out\.\w+: cannot create .*: Permission denied\n$")

    def test_predictions_may_be_added_where_no_file_may_be_made(self):
        train = self.add("train/0/0.png").parent.parent
        predictions = self.folder / "locked" / "predictions.jsonl"
        predictions.parent.mkdir()
        for mode in (0o755, 0o555):
            predictions.parent.chmod(mode)
            self.assertEqual(self.command("evaluate", "--predictions", predictions, train).status, 0)
        predictions.parent.chmod(0o755)
        self.assertEqual([one.name for one in predictions.parent.iterdir()], ["predictions.jsonl"])

    def test_what_fails_leaves_the_output_as_it_was(self):
        output = self.add("old.safetensors", b"old")
        bad = self.add("bad/bad.png", b"no picture").parent
        self.assertIn("no picture to calibrate with",
                      self.refused("quantise", "--pictures", bad, "-o", output))
        for _, *arguments in self.commands_that_work_long(output, output)[:1]:
            for i in range(3):
                self.add(f"train/1/{i}.png", b"no picture")
            self.assertIn("1/0.png: not a picture", self.refused("fit", *arguments))

    def test_an_output_named_after_another_format_is_refused(self):
        for name in ("out.onnx", "out.xyz", "out.pdparams"):
            output = self.folder / name
            for arguments in self.commands_that_work_long(output, output):
                if arguments[-2:] != ("-o", output):
                    continue
                result = self.command_of(*arguments)
                self.assertEqual((result.status, result.lines), (2, []), arguments)
                self.assertEqual(result.complaints, [
                    f"pplcnet {arguments[0]}: {output}: expected a name that ends in .safetensors; `pplcnet "
                    "convert` makes ONNX and other frameworks' weights of such a file"])
                self.assertFalse(output.exists())

    def test_files_of_somebody_else_are_kept_in_folders(self):
        cat = self.add("cat.png")
        cats = self.add("photos/cat.png", png(50, 60))
        self.assertIn("cat.png is there already", self.refused("classify", "--explain", self.folder, cats))
        self.assertIn("cat.png is there already", self.refused("classify", "--explain", self.folder, cat))
        array = self.add("cat.npy", b"mine")
        self.assertIn(f"{array} is there already",
                      self.refused("features", "--layer", "stage5", "-o", self.folder, cat))

    @needs_posix("links to nothing")
    def test_a_link_to_nothing_is_kept_in_a_folder(self):
        (self.folder / "dangling.png").symlink_to(self.folder / "nowhere")
        dangling = self.add("photos/dangling.png")
        self.assertIn("is there already",
                      self.refused("classify", "--explain", self.folder, dangling))

    def test_two_pictures_of_one_name_are_not_one_copy(self):
        pictures = [self.add(f"{i}/page.png", png(300, 200, (i, i, i))) for i in range(24)]
        upright = self.folder / "upright"
        result = Result("orient", "--sure", 0, "--threads", 8, "--rotate", upright, *pictures)
        self.assertEqual(result.status, 1)
        self.assertEqual([path.name for path in upright.iterdir()], ["page.png"])
        self.assertEqual(len(result.lines), 1, result.lines)  # the one that was copied
        self.assertEqual(len(result.complaints), 23)
        for line in result.complaints:
            self.assertIn("page.png is there already", line)

    @needs_posix("modes of files")
    def test_links_are_followed_and_modes_kept(self):
        picture = self.add("cat.png")
        old = self.add("old.npy", b"old")
        old.chmod(0o604)
        link = self.folder / "link.npy"
        link.symlink_to("old.npy")
        self.assertEqual(self.command("features", "-o", link, picture).status, 0)
        self.assertTrue(link.is_symlink())
        self.assertTrue(old.read_bytes().startswith(b"\x93NUMPY"))
        self.assertEqual(old.stat().st_mode & 0o777, 0o604)
        new = self.folder / "new.npy"
        dangling = self.folder / "dangling.npy"
        dangling.symlink_to(new)
        mask = os.umask(0o027)
        self.addCleanup(os.umask, mask)
        self.assertEqual(self.command("features", "-o", dangling, picture).status, 0)
        self.assertTrue(dangling.is_symlink())
        self.assertEqual(new.stat().st_mode & 0o777, 0o640)
        round_and_round = self.folder / "loop.npy"
        round_and_round.symlink_to(round_and_round)
        self.assertIn("symbolic links", self.refused("features", "-o", round_and_round, picture))

    @needs_posix("devices and pipes")
    def test_devices_and_pipes_are_written_through(self):
        picture = self.add("cat.png")
        # A device of our own, in place of the system's /dev/null.
        null = self.folder / "null.safetensors"
        try:
            os.mknod(null, 0o666 | 0o020000, os.makedev(1, 3))
        except PermissionError:
            null.symlink_to("/dev/null")
        for arguments in [("features", "--weights", self.weights, "-o", null, picture),
                          ("convert", self.weights, null)]:
            result = Result(*arguments)
            self.assertEqual((result.status, result.complaints), (0, []))
            self.assertTrue(null.is_char_device())
        full = self.folder / "full.npy"
        full.symlink_to("/dev/full")
        self.assertIn("No space left", self.refused("features", "-o", full, picture))

        pipe = self.folder / "pipe.npy"
        os.mkfifo(pipe)
        received = []
        reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
        reader.start()
        self.assertEqual(self.command("features", "-o", pipe, picture).status, 0)
        reader.join()
        self.assertTrue(received[0].startswith(b"\x93NUMPY"))
        self.assertTrue(pipe.is_fifo())

        array = self.folder / "array.npy"
        with array.open("wb") as output:
            done = subprocess.run([*PPLCNET, "features", "--weights", self.weights, "-o",
                                   "/dev/stdout", picture], stdout=output, timeout=60)
        self.assertEqual(done.returncode, 0)
        written = array.read_bytes()
        self.assertTrue(written.startswith(b"\x93NUMPY"))
        self.assertTrue(written.endswith(f"{picture}\n".encode()))  # nothing is lost of either

    @needs_posix("limits of resources")
    def test_what_fails_leaves_what_was_there(self):
        picture = self.add("cat.png")
        old = self.add("old.npy", b"old")

        def small_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        done = subprocess.run([*PPLCNET, "features", "--weights", self.weights, "-o", old, picture],
                              capture_output=True, text=True, timeout=60, preexec_fn=small_disk)
        self.assertEqual((done.returncode, done.stderr),
                         (1, f"pplcnet features: {old}: cannot be written: File too large\n"))
        self.assertEqual(old.read_bytes(), b"old")
        self.assertEqual(len(list(self.folder.iterdir())), 2)
        for name, why in [("missing/a.npy", "No such file"), (".", "Is a directory")]:
            self.assertIn(why, self.refused("features", "-o", self.folder / name, picture))

    @needs_posix("signals")
    def test_temporaries_do_not_add_up(self):
        picture = self.add("cat.png")
        pipe = self.folder / "names"
        os.mkfifo(pipe)
        array = self.folder / "array.npy"
        stale = self.add("array.npy.pplcnet-tmp0", b"of a run that was killed")
        mine = self.add("array.npy.tmp0", b"mine")
        self.assertEqual(self.command("features", "-o", array, picture).status, 0)
        self.assertFalse(stale.exists())
        self.assertEqual(mine.read_bytes(), b"mine")
        # A fit, which writes last, is killed at any time.
        for kind in ("0", "1"):
            for i in range(3):
                self.add(f"train/{kind}/{i}.png", png(40, 30, (40 * i, 20, 200)))
        output = self.folder / "out" / "mine.safetensors"
        output.parent.mkdir()
        for delay in (0.05, 0.1, 0.2, 0.3, 0.4):
            with subprocess.Popen([*PPLCNET, "fit", "--weights", self.weights, "--images",
                                   self.folder / "train", "-o", output],
                                  stdout=subprocess.DEVNULL) as program:
                time.sleep(delay)
                program.send_signal(signal.SIGKILL)
        self.assertEqual(self.command("fit", "--images", self.folder / "train", "-o", output).status, 0)
        self.assertEqual(list(output.parent.iterdir()), [output])


run_tests()
