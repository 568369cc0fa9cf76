#!/usr/bin/env python3
"""Checks that mistakes are refused by the compiler, in the words that their files expect.

    check.py FILE COMPILER [FLAG...]
    check.py --without-mistakes FOLDER COMPILER [FLAG...]

With -DMUST_NOT_COMPILE FILE must not compile, and the compiler's output must have the text of each of
its lines `// expect: TEXT`; and, if there is a line `// errors: N`, so many errors of g++. Without
it all files of FOLDER must compile: as one, for they are many, each in a namespace of its own.
"""

import pathlib
import subprocess
import sys


def compile_file(command, file, source=None):
    return subprocess.run([*command, "-fsyntax-only", file], input=source, stderr=subprocess.PIPE,
                          text=True)


def check_without_mistakes(folder, compiler):
    files = sorted(pathlib.Path(folder).glob("*.cpp"))
    includes, parts = {}, []  # in order, each once
    for file in files:
        for line in file.read_text().splitlines():
            if line.startswith("#include "):
                includes[line] = None
        parts.append(f'namespace {file.stem} {{\n#include "{file.name}"\n}}\n')
    source = "\n".join(includes) + "\n" + "".join(parts)
    done = compile_file([*compiler, f"-I{folder}", "-x", "c++"], "-", source)
    if done.returncode != 0:
        sys.exit(f"The files must compile without -DMUST_NOT_COMPILE:\n{done.stderr}")
    print(f"{len(files)} files compile without -DMUST_NOT_COMPILE")


def check_mistake(file, compiler):
    lines = pathlib.Path(file).read_text().splitlines()
    expected = [line.split("// expect:")[1].strip() for line in lines if "// expect:" in line]
    counts = [int(line.split("// errors:")[1]) for line in lines if "// errors:" in line]
    if not expected:
        sys.exit(f"{file} has no line '// expect: TEXT'.")
    wrong = compile_file([*compiler, "-DMUST_NOT_COMPILE"], file)
    if wrong.returncode == 0:
        sys.exit(f"{file} compiles with -DMUST_NOT_COMPILE.")
    for text in expected:
        if text not in wrong.stderr:
            sys.exit(f"{file} is refused without the words '{text}':\n{wrong.stderr}")
    if not counts:
        return
    found = sum(" error: " in line for line in wrong.stderr.splitlines())
    version = subprocess.run([compiler[0], "--version"], stdout=subprocess.PIPE, text=True).stdout
    # Clang goes on with what depends on the mistake.
    if "clang" not in version and found != counts[0]:
        sys.exit(f"{file} is refused by {found} errors, not {counts[0]}:\n{wrong.stderr}")


if sys.argv[1] == "--without-mistakes":
    check_without_mistakes(sys.argv[2], sys.argv[3:])
else:
    check_mistake(sys.argv[1], sys.argv[2:])
