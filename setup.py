"""Builds the Python package: CMake compiles, setuptools packs. Everything is made in build/python.

PPLCNET_PYTHON_BUILD=FOLDER   takes the module from a build of CMake that is there already
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PROJECT = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path("build/python")


class BuildWithCMake(build_ext):
    def build_extension(self, ext):
        build = os.environ.get("PPLCNET_PYTHON_BUILD")
        if build is None:
            build = BUILD / sys.implementation.cache_tag
            self.spawn(["cmake", "-S", str(PROJECT), "-B", str(build), *self.options()])
            self.spawn(["cmake", "--build", str(build), "--target", "pplcnet_python",
                        "--parallel", str(os.cpu_count())])
        made = pathlib.Path(self.get_ext_fullpath(ext.name))
        made.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pathlib.Path(build) / "python/pplcnet" / made.name, made)

    @staticmethod
    def options():
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O2",
                   f"-DPython_EXECUTABLE={sys.executable}",
                   "-DPPLCNET_BUILD_PYTHON=ON", "-DPPLCNET_BUILD_TESTS=OFF",
                   "-DPPLCNET_BUILD_BENCH=OFF"]
        try:
            import pybind11  # of an isolated build; otherwise CMake finds the system's
            options.append(f"-Dpybind11_DIR={pybind11.get_cmake_dir()}")
        except ImportError:
            pass
        return options


def version():
    header = (PROJECT / "include/pplcnet/version.hpp").read_text()
    return ".".join(re.findall(r"#define PPLCNET_VERSION_[A-Z]+ (\d+)$", header, re.MULTILINE))


(PROJECT / BUILD).mkdir(parents=True, exist_ok=True)
setup(
    version=version(),
    ext_modules=[Extension("pplcnet._pplcnet", sources=[])],
    cmdclass={"build_ext": BuildWithCMake},
    options={"build": {"build_base": str(BUILD)}, "egg_info": {"egg_base": str(BUILD)}},
)
