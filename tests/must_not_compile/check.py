#!/usr/bin/env python3
"""Checks that a mistake is refused by the compiler, in the words that the file expects.

    check.py FILE COMPILER [FLAG...]

FILE must compile as it is. With -DMUST_NOT_COMPILE it must not, and the compiler's output must
have the text of each of its lines `// expect: TEXT`.
"""

import subprocess
import sys

file, *compiler = sys.argv[1:]
with open(file) as source:
    expected = [line.split("// expect:")[1].strip() for line in source if "// expect:" in line]
if not expected:
    sys.exit(f"{file} has no line '// expect: TEXT'.")


def compile_file(*flags):
    command = [*compiler, "-fsyntax-only", *flags, file]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True)


right, wrong = compile_file(), compile_file("-DMUST_NOT_COMPILE")
if right.returncode != 0:
    sys.exit(f"{file} must compile without -DMUST_NOT_COMPILE:\n{right.stderr}")
if wrong.returncode == 0:
    sys.exit(f"{file} compiles with -DMUST_NOT_COMPILE.")
for text in expected:
    if text not in wrong.stderr:
        sys.exit(f"{file} is refused without the words '{text}':\n{wrong.stderr}")
