#!/usr/bin/env python3
"""Checks that a mistake is refused by the compiler, in the words that the file expects.

    check.py FILE COMPILER [FLAG...]

FILE must compile as it is. With -DMUST_NOT_COMPILE it must not, and the compiler's output must
have the text of each of its lines `// expect: TEXT`; and, if there is a line `// errors: N`, so many
errors of g++.
"""

import subprocess
import sys

file, *compiler = sys.argv[1:]
with open(file) as source:
    lines = source.readlines()
expected = [line.split("// expect:")[1].strip() for line in lines if "// expect:" in line]
counts = [int(line.split("// errors:")[1]) for line in lines if "// errors:" in line]
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
found = sum(" error: " in line for line in wrong.stderr.splitlines())
version = subprocess.run([compiler[0], "--version"], stdout=subprocess.PIPE, text=True).stdout
# Clang goes on with what depends on the mistake.
if counts and "clang" not in version and found != counts[0]:
    sys.exit(f"{file} is refused by {found} errors, not {counts[0]}:\n{wrong.stderr}")
