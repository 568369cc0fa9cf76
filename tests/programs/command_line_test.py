"""How `pplcnet` behaves as a program: help, misuse, terminals, pipes and Ctrl-C."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from program import ROOT, Result, command, needs_posix, run_tests
from random_weights import write_state_dict

PPLCNET = command("pplcnet")
WEIGHTS = ROOT / "examples" / "orientation" / "text_line_orientation.safetensors"
LINE = ROOT / "examples" / "line.png"
PHOTO = ROOT / "examples" / "page.jpg"

COMMANDS = ["classify", "orient", "detect", "segment", "ocr", "features", "evaluate", "fit", "train",
            "quantise", "parity", "bench", "inspect", "convert"]


def run(*arguments, **more):
    return subprocess.run([*PPLCNET, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, **more)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_help_lists_the_commands_and_each_teaches(self):
        whole = run("--help")
        self.assertEqual((whole.returncode, whole.stderr), (0, ""))
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", whole.stdout)
            one = run(command, "--help")
            self.assertEqual((one.returncode, one.stderr), (0, ""))
            self.assertIn("Options:", one.stdout)
            if command != "inspect":
                self.assertIn("xample", one.stdout)
            if command not in ("bench", "inspect"):
                self.assertRegex(" ".join(one.stdout.split()), r"Exit status: 0.*; 2: usage error")

    def test_the_version_is_that_of_the_library(self):
        text = (ROOT / "include" / "pplcnet" / "version.hpp").read_text()
        numbers = re.findall(r"#define PPLCNET_VERSION_\w+ (\d+)\n", text)
        self.assertEqual(len(numbers), 3)
        result = run("--version")
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, f"pplcnet {'.'.join(numbers)}\n", ""))

    def test_misuse_is_one_sentence_and_status_2(self):
        for arguments in [[], ["clasify"], ["classify"], ["classify", LINE], ["bench", "--isa", "x"],
                          ["classify", "--weights", WEIGHTS, LINE, "--top-k", "many"],
                          ["classify", "--weights", WEIGHTS, LINE, "--json", "--csv"],
                          ["orient", "--weights", WEIGHTS, LINE, "--sure", "2"],
                          ["inspect", "PPLCNet"]]:
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
            self.assertTrue(result.stderr.startswith("pplcnet"))

    def test_a_name_that_begins_with_a_dash_is_not_taken_for_nothing(self):
        shutil.copy(LINE, self.folder / "-dash.png")
        for arguments in [["classify", "--weights", WEIGHTS, "-dash.png"], ["orient", "-dash.png"]]:
            result = run(*arguments, cwd=self.folder)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertEqual(result.stderr, f"pplcnet {arguments[0]}: The following argument was not expected: "
                                            "-dash.png; the file of that name is ./-dash.png\n")
            for name in (["./-dash.png"], ["--", "-dash.png"]):
                self.assertEqual(run(*arguments[:-1], *name, cwd=self.folder).returncode, 0)
        missing = run("classify", "--weights", WEIGHTS, "--foo")
        self.assertEqual((missing.returncode, missing.stderr),
                         (2, "pplcnet classify: The following argument was not expected: --foo\n"))

    def test_a_file_in_place_of_a_model_is_called_so(self):
        for arguments in [["inspect", WEIGHTS], ["classify", "--weights", WEIGHTS, "--model", WEIGHTS, LINE]]:
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(f"model: expected a model's name, found a file: `pplcnet convert --list {WEIGHTS}` "
                          "says what it holds", result.stderr)

    def test_a_layer_that_is_missing_is_answered_with_those_that_there_are(self):
        headless = self.folder / "detector.safetensors"
        write_state_dict(headless, "picodet_xs_416.json")
        for weights, missing, there in [
            (headless, "embedding", ["stage3", "conv1", "blocks6.1.pw_conv"]),
            (WEIGHTS, "nothing", ["embedding", "pooled", "logits", "stage2", "conv1", "fc"]),
        ]:
            result = run("features", "--weights", weights, "--layer", missing, "-o", self.folder / "out", LINE)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            before, after = result.stderr.rstrip("\n").split("; there are ")
            self.assertTrue(before.endswith(f"has no layer '{missing}'"), before)
            words = after.split(", ")
            self.assertEqual([word for word in there if word not in words], [])
            self.assertNotIn(missing, words)
            for word in words[:4]:
                done = run("features", "--weights", weights, "--layer", word, "-o",
                           self.folder / f"{missing}_{word}", LINE)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_names_come_from_a_pipe_as_they_are_written(self):
        with subprocess.Popen([*PPLCNET, "classify", "--weights", WEIGHTS, "-"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            for _ in range(3):
                program.stdin.write(f"{LINE}\n")
                program.stdin.flush()
                self.assertTrue(program.stdout.readline().startswith(f"{LINE}:\t"))
            program.stdin.close()
            self.assertEqual(program.wait(timeout=60), 0)

    def test_patterns_and_folders(self):
        for i in range(12):
            (self.folder / f"{i:02}").mkdir()
            shutil.copy(LINE, self.folder / f"{i:02}" / "line.png")
        everything = Result("orient", "--weights", WEIGHTS, "--threads", 3, self.folder)
        pattern = Result("orient", "--weights", WEIGHTS, f"{self.folder}/*/line.png")
        self.assertEqual(len(everything.lines), 12)
        self.assertEqual(everything.lines, pattern.lines)
        self.assertEqual(everything.lines, sorted(everything.lines))
        none = Result("orient", "--weights", WEIGHTS, f"{self.folder}/*.jpg")
        self.assertEqual((none.status, none.complaints),
                         (1, [f"pplcnet orient: {self.folder}/*.jpg: no pictures have such names"]))

    def progress_of(self, *arguments, stdout):
        """What a terminal shows on standard error."""
        outer, inner = pty.openpty()
        with subprocess.Popen([*PPLCNET, *map(str, arguments)], stderr=inner,
                              stdout=inner if stdout == "terminal" else subprocess.DEVNULL) as program:
            os.close(inner)
            shown = b""
            while True:
                ready, _, _ = select.select([outer], [], [], 60)
                try:
                    piece = os.read(outer, 65536) if ready else b""
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                shown += piece
            self.assertEqual(program.wait(timeout=60), 0)
        os.close(outer)
        return shown.decode()

    @needs_posix("terminals")
    def test_progress_is_for_terminals(self):
        arguments = ["orient", "--weights", WEIGHTS, *[PHOTO] * 60]
        shown = self.progress_of(*arguments, stdout="a file")
        self.assertRegex(shown, r"\[=* *\] \d+/60  \d+/s  \d+:\d\d left")
        self.assertTrue(shown.endswith("\r\x1b[K"))  # and is gone in the end
        self.assertNotIn("left", self.progress_of(*arguments, stdout="terminal"))
        self.assertEqual(run(*arguments).stderr, "")

    def interrupted(self, *arguments, after=0.5):
        with subprocess.Popen([*PPLCNET, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as program:
            time.sleep(after)
            program.send_signal(signal.SIGINT)
            out, said = program.communicate(timeout=60)
            return program.returncode, out.decode(), said.decode()

    @needs_posix("signals")
    def test_ctrl_c_leaves_no_half_file(self):
        many = [PHOTO] * 5000
        array = self.folder / "features.npy"
        status, _, _ = self.interrupted("features", "--weights", WEIGHTS, "-o", array, *many)
        self.assertEqual((status, list(self.folder.iterdir())), (130, []))
        status, out, _ = self.interrupted("classify", "--weights", WEIGHTS, *many)
        self.assertEqual(status, 130)
        self.assertTrue(out.endswith("\n"))
        self.assertLess(out.count("\n"), 5000)

    @needs_posix("signals")
    def test_ctrl_c_while_folders_are_searched_is_no_folder_without_pictures(self):
        many = self.folder / "many"
        for i in range(5000):
            (many / f"{i}").mkdir(parents=True)
        shutil.copy(LINE, many / "4999")
        for delay in range(5, 40):
            status, _, said = self.interrupted("orient", *[many] * 40, after=delay / 100)
            self.assertEqual((status, said), (130, ""))

    @needs_posix("signals")
    def test_an_interrupted_evaluation_says_how_to_go_on(self):
        examples = self.folder / "list.txt"
        examples.write_text("".join(f"{PHOTO} {i % 2}\n" for i in range(5000)))
        predictions = self.folder / "predictions.jsonl"
        status, _, said = self.interrupted("evaluate", "--weights", WEIGHTS, "--predictions", predictions,
                                           examples)
        self.assertEqual(status, 130)
        self.assertIn("the same command resumes from there", said)
        self.assertTrue(predictions.read_text().endswith("}\n"))

    def test_a_reader_that_leaves_ends_it(self):
        program = subprocess.Popen([*PPLCNET, "classify", "--weights", WEIGHTS, *[PHOTO] * 2000],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        program.stdout.readline()
        program.stdout.close()
        begin = time.monotonic()
        program.wait(timeout=60)
        program.stderr.close()
        self.assertLess(time.monotonic() - begin, 5)

    def test_bench_and_inspect_say_what_was_asked(self):
        for half in [[], ["--half-head"]]:
            bench = run("bench", "PPLCNet_x0_25", "--seconds", "0.05", *half)
            self.assertEqual(bench.returncode, 0)
            self.assertIn("PPLCNet_x0_25", bench.stdout)


run_tests()
