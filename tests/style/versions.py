#!/usr/bin/env python3
"""Compares the version of the library with every other place that has it: versions.py BUILD"""

import json
import pathlib
import re
import sys

PACKAGES = pathlib.Path("examples/packages")


def first(path, pattern):
    """Returns what the pattern's group is where it first matches in the file."""
    match = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    return match and match[1]


def python_package():
    """Returns the version that pip is told."""
    sys.path.append("examples/python")
    import build_backend
    return build_backend.version()


def versions(build):
    yield "CHANGELOG.md", first("CHANGELOG.md", r"^## (\S+?),? ")
    yield "abi.hpp", first("include/pplcnet/abi.hpp", r"such as v(\w+)_avx2;").replace("_", ".")
    yield "version.hpp, its comment", first("include/pplcnet/version.hpp", r'/// "(.*)"$')
    yield "CMake", first(build / "pplcnetConfigVersion.cmake", r'PACKAGE_VERSION "(.*)"\)$')
    yield "pkg-config", first(build / "pplcnet.pc", r"^Version: (.*)$")
    yield "CPack", first(build / "CPackConfig.cmake", r'CPACK_PACKAGE_VERSION "(.*)"\)$')
    yield "Debian's changelog", first(build / "debian/changelog", r"^pplcnet \((.*)\) ")
    bill = json.loads((build / "pplcnet.spdx.json").read_text())
    yield "the bill of materials", bill["packages"][0]["versionInfo"]
    port = json.loads((PACKAGES / "vcpkg/ports/pplcnet/vcpkg.json").read_text())
    yield "vcpkg's port", port["version-semver"]
    yield "Conan's recipe", first(PACKAGES / "conan/recipes/pplcnet/config.yml", r'^  "(.*)":$')
    yield "the Python package", python_package()


def main():
    header = pathlib.Path("include/pplcnet/version.hpp").read_text()
    numbers = re.findall(r"#define PPLCNET_VERSION_[A-Z]+ (\d+)$", header, re.MULTILINE)
    expected = ".".join(numbers)
    wrong = [f"{place}: {found}, but version.hpp has {expected}"
             for place, found in versions(pathlib.Path(sys.argv[1])) if found != expected]
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
