#!/usr/bin/env python3
"""Checks that a page of documentation is true, in a fresh copy of the project.

    tests/readme/readme_test.py [--bin FOLDER] [--copy FOLDER] [--write] PAGE [COMPILER [FLAG]...]

PAGE is a README.md of the project, by its path. Commands run in the top folder of the copy, which
also has the files that the pages speak of: PaddleOCR's model for text lines, and a picture,
line.png. The page's blocks are taken in order:

    sh     is run by bash; if a block of text or a table follows, it is what must be printed
    cpp    is compiled, inside a function, after prelude.hpp
    text, cmake    are shown; tests/consumers does what CMake's blocks say

A comment before a block changes that:

    <!-- readme_test: write NAME -->       the block becomes a file of the copy
    <!-- readme_test: at file scope -->    C++ that is no statement
    <!-- readme_test: leave out: WHY -->   the block is not run

Every link to a file of the project must lead to one.

    --bin FOLDER     programs that are built: examples/run runs its pplcnet instead of building one,
                     and build/release/bin is this folder
    --copy FOLDER    where the copy is made; its folder build/ is kept from run to run
    --write          put what commands print today into PAGE
"""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
DATA = pathlib.Path(os.environ.get("PPLCNET_TEST_DATA", PROJECT.parent / "shared"))
MODEL = DATA / "models" / "textline_ori_x0_25"
FILES = {
    "inference.pdiparams": MODEL / "inference.pdiparams",
    "inference.json": MODEL / "inference.json",
    "lcnet_050.pth": DATA / "models" / "synthetic" / "timm_lcnet_050.pth",
    "picodet_xs_416.onnx": DATA / "models" / "picodet_xs_416" / "picodet_xs_416_processed.onnx",
    **{name: DATA / "models" / "ppocr_v4" / name
       for name in ("ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt")},
    "line.png": DATA / "images" / "textline_rot180_demo.png",
}
OPENCV = pathlib.Path("/usr/include/opencv4")  # a snippet shows how its pictures are used

BLOCK = re.compile(
    r"(?:<!-- readme_test: (?P<order>.*?) -->\n)?"
    r"```(?P<language>\w+)\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<text>.*?)^```\n|\n(?P<head>\|[^\n]*\n\|[-:|]+\n)(?P<rows>(?:\|[^\n]*\n)+))?",
    re.MULTILINE | re.DOTALL,
)
SHOWN_ONLY = ("text", "cmake")
INDENTED = re.compile(r"(?:^|\n\n)(?: {4}|\t)\S[^\n]*")
LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)|src=\"([^\":]+)\"")


def table_rows(listing):
    """The lines of a listing, without its head, as rows of a table in Markdown."""
    rows = [line.split() for line in listing.splitlines()[1:]]
    cells = [[f"{int(cell):,}" if cell.isdigit() else cell for cell in row] for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def check(commands, folder):
    """Runs commands in the folder and returns what they print."""
    done = subprocess.run(commands, cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"This failed with status {done.returncode}:\n{commands[-1]}\n{done.stdout}")
    return done.stdout


def check_form(page, text, blocks):
    """Ends the test if the page has blocks that would not be run, or links that lead nowhere."""
    if sum(block[0].count("```") for block in blocks) != text.count("```"):
        sys.exit(f"{page} has a block that this test does not understand")
    for block in blocks:
        if not block["order"] and block["language"] not in ("sh", "cpp", *SHOWN_ONLY):
            sys.exit(f"{page}: what is to be done with '{block['language']}'?\n{block['code']}")
    prose = BLOCK.sub("", text)
    if indented := INDENTED.search(prose):
        sys.exit(f"{page}: commands stand between ```sh and ```, not in {indented[0].strip()!r}")
    for link in LINK.finditer(prose):
        target = link[1] or link[2]
        if not (PROJECT / page).parent.joinpath(target).exists():
            sys.exit(f"{page}: the link to {target} leads nowhere")


def make_copy(folder, programs):
    """A copy of the project as a user has it, but for the folder build/ that is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name != "build":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True,
                    ignore=lambda where, _: {"build", ".git"} if where == str(PROJECT) else ())
    for name, path in FILES.items():
        shutil.copy(path, folder / name)
    if programs:
        (folder / "examples/run").write_text(f'#!/bin/sh\nexec "{programs}/pplcnet" "$@"\n')
        release = folder / "build/release"
        release.mkdir(parents=True, exist_ok=True)
        (release / "bin").unlink(missing_ok=True)
        (release / "bin").symlink_to(programs)


def compile_snippets(snippets, compiler, folder):
    source = '#include "prelude.hpp"\n'
    for number, (order, code) in enumerate(snippets):
        # Two pairs of braces: a snippet may have variables of the names of the parameters.
        body = code if order else f"void snippet_{number}(SNIPPET_PARAMETERS) {{{{\n{code}}}}}\n"
        source += body
    file = folder / "snippets.cpp"
    file.write_text(source)
    check([*compiler, "-std=c++20", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Werror",
           "-fsyntax-only", f"-I{HERE}", "-Iinclude", "-isystem", str(OPENCV), str(file)], folder)


def run(text, blocks, compiler, folder):
    """Does what the blocks say; returns the page with what is printed today."""
    truth, end, snippets = "", 0, []  # truth: the page up to `end`
    for block in blocks:
        order, code = block["order"] or "", block["code"]
        if order.startswith("leave out: "):
            continue
        if order.startswith("write "):
            (folder / order.removeprefix("write ")).write_text(code)
        elif block["language"] == "cpp":
            snippets.append((order, code))
        elif block["language"] == "sh":
            print(code, flush=True)
            printed = check(["bash", "-euo", "pipefail", "-c", code], folder)
            shown = "text" if block["text"] else "rows"
            if block[shown]:
                printed = printed if shown == "text" else table_rows(printed)
                truth += text[end : block.start(shown)] + printed
                end = block.end(shown)
    if snippets:
        compile_snippets(snippets, compiler, folder)
    return truth + text[end:]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=lambda folder: pathlib.Path(folder).resolve())
    parser.add_argument("--copy", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("page")
    parser.add_argument("compiler", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    for path in FILES.values():
        if not path.exists():
            print(f"Skipped: {path} is missing")
            return 77
    if not OPENCV.exists():
        print(f"Skipped: {OPENCV} is missing (apt install libopencv-core-dev)")
        return 77

    page = pathlib.Path(options.page).resolve().relative_to(PROJECT)
    text = (PROJECT / page).read_text()
    if "```sh\ndoxygen " in text and not shutil.which("doxygen"):
        print("Skipped: doxygen is missing (apt install doxygen)")
        return 77
    blocks = list(BLOCK.finditer(text))
    check_form(page, text, blocks)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.copy or pathlib.Path(temporary)) / "pplcnet"
        make_copy(folder, options.bin)
        truth = run(text, blocks, options.compiler or ["g++"], folder)
    if options.write:
        (PROJECT / page).write_text(truth)
    elif truth != text:
        print(f"{page} shows other output than there is (readme_test.py --write corrects it):")
        difference = difflib.unified_diff(
            text.splitlines(), truth.splitlines(), "shown", "printed", "", "", 0, ""
        )
        print("\n".join(difference))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
