#!/usr/bin/env python3
"""Checks that every header can be included alone, and first, and twice; by programs without
exceptions and RTTI, too.

    check.py [--clang] COMPILER [FLAG]...

A file for each would compile most headers again and again. With --clang, if Clang is installed, it
reads each header once, as a module: it is compiled without what is before it, and what it uses must
be in what it includes. Those of the standard library are one module together, as Clang 14 does not
know GCC's as many; standard_names.py checks which of them are included. COMPILER has one file with
all headers, each twice. Otherwise COMPILER has a file for each, which takes minutes.

Files ending in -inl.hpp are parts of the header that includes them once per instruction set.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
WITHOUT_EXCEPTIONS = ["-fno-exceptions", "-fno-rtti"]
THROWS = re.compile(r"^#include <protozero/", re.MULTILINE)  # what reads with it, too
# Those that differ where they have the definitions.
DEFINITIONS, OPENING = "PPLCNET_HAS_DEFINITIONS", "PPLCNET_HAS_OPEN_DEFINITIONS"
QUANTISING = "PPLCNET_HAS_QUANTISED_DEFINITIONS"
TRAINING = "PPLCNET_HAS_TRAINING_DEFINITIONS"
MPI = "pplcnet/train/mpi.hpp"  # checked where there is one
ROOTS = re.compile(r"^pplcnet/(network|pplcnet)\.hpp$")
MODULES = {"std": r"[a-z_]+", "nlohmann": r"nlohmann/\w+\.hpp", "protozero": r"protozero/\w+\.hpp"}


def included(header, texts):
    """A header and all of ours that it includes, but for what only definitions need."""
    result, left = set(), [header]
    while left:
        header = left.pop()
        if header in texts and header not in result:
            result.add(header)
            left += re.findall(r'^#include "(.+)"', declarations(texts[header]), re.MULTILINE)
    return result


def declarations(text):
    return text.partition("#if PPLCNET_HAS_")[0]


def configurations(texts):
    """Which headers are compiled with which flags."""
    throwing = {header for header in texts
                if any(THROWS.search(declarations(texts[one])) for one in included(header, texts))}
    having = lambda name: {header for header, text in texts.items() if name in text}
    # But for those of one file, open.cpp.
    opening = {header for header in having(OPENING) if not header.startswith("pplcnet/open/")}
    compiled = "-DPPLCNET_COMPILED"
    return [
        (texts.keys() - throwing, [compiled, *WITHOUT_EXCEPTIONS]),
        (throwing | opening, [compiled, "-DPPLCNET_OPEN_IMPLEMENTATION"]),
        (having(QUANTISING), ["-DPPLCNET_QUANTISED_IMPLEMENTATION", *WITHOUT_EXCEPTIONS]),
        (having(TRAINING), ["-DPPLCNET_TRAINING_IMPLEMENTATION", *WITHOUT_EXCEPTIONS]),
        (having(DEFINITIONS) | set(filter(ROOTS.match, texts)), WITHOUT_EXCEPTIONS)]


def compiles(headers, command, directory):
    """Whether a file does that includes each header, and each once more."""
    file = directory / "headers.cpp"
    file.write_text("".join(f"#include <{header}>\n" for header in headers * 2))
    done = subprocess.run([*command, "-fsyntax-only", file])
    if done.returncode != 0:
        names = ", ".join(headers[:3]) + ", …" * (len(headers) > 3)
        print(f"in a file that includes {names}, with {' '.join(command)}")
    return done.returncode == 0


def module_map(texts, command):
    """Declares our headers as parts of one module, so that one run reads them all, and those that
    they include as others."""
    searched = subprocess.run([*command, "-E", "-v", "-x", "c++", "/dev/null"], check=True,
                              capture_output=True, text=True).stderr
    folders = [pathlib.Path(line.strip()) for line in searched.splitlines() if line[:2] == " /"]
    names = set(re.findall(r"^#include <(.+)>", "\n".join(texts.values()), re.MULTILINE))
    for module, pattern in MODULES.items():
        paths = [next((folder / name for folder in folders if (folder / name).is_file()), None)
                 for name in sorted(names) if re.fullmatch(pattern, name)]
        headers = " ".join(f'header "{path}"' for path in paths if path)
        yield f"module {module} [system] {{ {headers} export * }}\n"
    yield "module pplcnet {\n"
    for header in texts:
        yield f'  module "{header}" {{ header "{INCLUDE / header}" export * }}\n'
    yield "}\n"


def with_modules(command, flags, directory):
    """The command that reads headers as modules. Those of others, which no macro of ours changes,
    are compiled once and kept."""
    ignored = [flag.replace("-D", "-fmodules-ignore-macro=") for flag in flags if flag[:2] == "-D"]
    return [*command, *flags, *ignored, "-fmodules", "-fno-implicit-module-maps",
            "-fmodule-name=pplcnet", f"-fmodule-map-file={directory / 'module.modulemap'}",
            f"-fmodules-cache-path={directory / 'cache'}"]


def check(texts, command, clang, directory):
    """By run of a compiler, whether all compiles."""
    if clang:
        options = (flag for flag in command[1:] if not flag.startswith("--param"))  # g++'s
        clang = [clang, *options]
        (directory / "module.modulemap").write_text("".join(module_map(texts, clang)))
    for number, (headers, flags) in enumerate(configurations(texts)):
        headers = sorted(headers)
        if clang:
            yield compiles(headers, with_modules(clang, flags, directory), directory)
        else:
            yield from (compiles([header], [*command, *flags], directory) for header in headers)
        if number == 0:
            yield compiles(headers, [*command, *flags], directory)


def main():
    asked = sys.argv[1] == "--clang"
    command = [*sys.argv[1 + asked :], f"-I{INCLUDE}"]
    texts = {path.relative_to(INCLUDE).as_posix(): path.read_text()
             for path in sorted(INCLUDE.rglob("*.hpp")) if not path.name.endswith("-inl.hpp")}
    if not any(re.search("-isystem.*mpi", argument) for argument in command):
        del texts[MPI]
    with tempfile.TemporaryDirectory() as name:
        clang = shutil.which("clang++") if asked else None
        files = list(check(texts, command, clang, pathlib.Path(name)))
    failed = files.count(False)
    print(f"{len(texts)} headers in {len(files)} files, of which {failed} do not compile")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
