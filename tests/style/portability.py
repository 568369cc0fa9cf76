#!/usr/bin/env python3
"""Names what only some compilers or systems know in the library, unless it is in an #if that asks for
them: so that those nobody has tried have a fair chance. Names that <windows.h> has macros of are
named too."""

import pathlib
import re
import sys

# What a line has, and what must be asked for around it.
GUARDED = [
    (re.compile(r"\b__builtin_(?!\")|__attribute__|__int128|__typeof|__restrict|#pragma GCC"
                r"|_Pragma\(\"GCC|\b__asm__|\basm\b[ (]|<cpuid\.h>"),
     re.compile(r"__GNUC__|__clang__|_MSC_VER|HWY_COMPILER|__aarch64__|__SSE2_MATH__|__riscv")),
    (re.compile(r"<(unistd|fcntl|poll|glob|dirent|pthread|termios|dlfcn|sys/\w+|netinet/\w+)\.h>"),
     re.compile(r"__linux__|_WIN32|__unix__")),
    (re.compile(r"<(windows|io|share|intrin)\.h>"), re.compile(r"_WIN32|_MSC_VER")),
]
# Never: `long` has 32 bits on Windows, NULL may be a number, M_PI is POSIX, and cl knows the tokens
# only from a header.
NEVER = re.compile(r"\b(?:unsigned |signed )?(?:long|short)\b|\bssize_t\b|\b(?:M_PI|NULL)\b"
                   r"|\b(?:u_int|uint|ulong)\b"
                   r"|(?<!#if )\b(?:and|or|not|xor|bitand|bitor|compl|and_eq|or_eq|not_eq)\b")
# Macros of <windows.h> but those that abi.hpp removes.
MACROS = re.compile(r"\b(?:near|far|hyper|interface|IN|OUT|OPTIONAL|CONST|VOID|TRUE|FALSE|ERROR"
                    r"|NO_ERROR|IGNORE|DELETE|STRICT|ABSOLUTE|RELATIVE|Yield|DrawText|GetObject"
                    r"|CreateFile|DeleteFile|CopyFile|MoveFile|GetMessage|LoadImage)\b")


def code_of(text):
    """The text without comments and what is in quotes, line by line."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"#error(?:.*\\\n)*.*", blank, text)
    text = re.sub(r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/', blank, text)
    quotes = lambda match: match.group() if "GCC" in match.group() else blank(match)
    return re.sub(r"\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])+'", quotes, text).split("\n")


def complaints(path):
    asked = []  # for each open #if, all its conditions so far
    for number, line in enumerate(code_of(path.read_text()), 1):
        word = re.match(r"\s*#\s*(if|elif|else|endif)", line)
        if word and word[1] == "if":
            asked.append(line)
        elif word and word[1] == "endif":
            asked.pop()
        elif word:
            asked[-1] += line
        for pattern, guard in GUARDED:
            found = pattern.search(line)
            if found and not any(guard.search(one) for one in asked):
                yield f"{path}:{number}: {found[0]} outside an #if that asks for its compiler or system"
        for pattern in NEVER, MACROS:
            found = None if line.lstrip().startswith("#") else pattern.search(line)
            if found:
                yield f"{path}:{number}: {found[0]} is not the same everywhere"


def main():
    found = [line for path in sorted(pathlib.Path("include").rglob("*.[ch]pp"))
             for line in complaints(path)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
