#!/usr/bin/env python3
"""Checks that mistakes are refused by the compiler, in the words that their files expect.

    check.py FOLDER COMPILER [FLAG...]
    check.py FILE COMPILER [FLAG...]

With -DMUST_NOT_COMPILE a file must not compile, and the compiler's output must have the text of each
of its lines `// expect: TEXT`; and, if there is a line `// errors: N`, so many errors of g++. Without
it the files must compile. Those of a folder are compiled as one, for they are many, each in a namespace
of its own; a file that is not refused in its own words there, because others have the same mistake or
include more, is compiled alone.
"""

import pathlib
import subprocess
import sys


def compile_files(command, files):
    """What the compiler says of them, and whether it takes them."""
    includes, parts = {}, []  # in order, each once
    for file in files:
        for line in file.read_text().splitlines():
            if line.startswith("#include "):
                includes[line] = None
        parts.append(f'namespace {file.stem} {{\n#include "{file.name}"\n}}\n')
    source = "\n".join(includes) + "\n" + "".join(parts)
    done = subprocess.run([*command, "-fsyntax-only", f"-I{files[0].parent}", "-x", "c++", "-"],
                          input=source, stderr=subprocess.PIPE, text=True)
    return done.stderr, done.returncode == 0


def errors_in(output):
    """What belongs to each error: before it where it comes from, after it notes and lines of source."""
    parts = [""]
    for line in output.splitlines(keepends=True):
        if " error: " in parts[-1] and not line.startswith(" ") and " note: " not in line:
            parts.append("")
        parts[-1] += line
    return [part for part in parts if " error: " in part]


def flaw(file, errors, is_clang):
    """What is wrong with the errors that a file is refused with."""
    lines = file.read_text().splitlines()
    expected = [line.split("// expect:")[1].strip() for line in lines if "// expect:" in line]
    counts = [int(line.split("// errors:")[1]) for line in lines if "// errors:" in line]
    if not expected:
        return "has no line '// expect: TEXT'"
    if not errors:
        return "compiles with -DMUST_NOT_COMPILE"
    for text in expected:
        if not any(text in error for error in errors):
            return f"is refused without the words '{text}'"
    # Clang goes on with what depends on the mistake.
    if counts and not is_clang and len(errors) != counts[0]:
        return f"is refused by {len(errors)} errors, not {counts[0]}"
    return None


def check(path, compiler):
    files = sorted(path.glob("*.cpp")) if path.is_dir() else [path]
    output, compiles = compile_files(compiler, files)
    if not compiles:
        sys.exit(f"The files must compile without -DMUST_NOT_COMPILE:\n{output}")
    version = subprocess.run([compiler[0], "--version"], stdout=subprocess.PIPE, text=True).stdout
    is_clang = "clang" in version
    command = [*compiler, "-DMUST_NOT_COMPILE", *(["-ferror-limit=0"] if is_clang else [])]
    errors = errors_in(compile_files(command, files)[0])
    alone = [file for file in files
             if flaw(file, [error for error in errors if f"{file}:" in error], is_clang)]
    flaws = []
    for file in alone:
        output = compile_files(command, [file])[0]
        if said := flaw(file, errors_in(output), is_clang):
            flaws.append(f"{file} {said}:\n{output}")
    if flaws:
        sys.exit("\n".join(flaws))
    print(f"{len(files)} mistakes are refused, {len(alone)} of them alone, and compile without them")


check(pathlib.Path(sys.argv[1]), sys.argv[2:])
