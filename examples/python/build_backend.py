"""Builds the Python package for pip (PEP 517): CMake compiles, setuptools packs, in build/python.

PPLCNET_PYTHON_BUILD=FOLDER   takes the module from a build of CMake that is there already
"""

import os
import pathlib
import re
import shutil
import sys
import tarfile

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path("build/python")
SOURCES = ("CHANGELOG.md", "CMakeLists.txt", "LICENSE", "examples", "include", "pyproject.toml")


def version():
    header = (PROJECT / "include/pplcnet/version.hpp").read_text()
    return ".".join(re.findall(r"#define PPLCNET_VERSION_[A-Z]+ (\d+)$", header, re.MULTILINE))


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


def run(*command):
    """Runs a command of setuptools, whose settings are those of pyproject.toml and these."""
    (PROJECT / BUILD).mkdir(parents=True, exist_ok=True)
    return setup(
        script_name="build_backend.py",
        script_args=command,
        version=version(),
        ext_modules=[Extension("pplcnet._pplcnet", sources=[])],
        cmdclass={"build_ext": BuildWithCMake},
        options={"build": {"build_base": str(BUILD)}, "egg_info": {"egg_base": str(BUILD)}},
    )


def only(folder, pattern):
    [found] = pathlib.Path(folder).glob(pattern)
    return found.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    run("bdist_wheel", "--dist-dir", wheel_directory)
    return only(wheel_directory, "*.whl")


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    run("editable_wheel", "--dist-dir", wheel_directory)
    return only(wheel_directory, "*.whl")


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    run("dist_info", "--output-dir", metadata_directory)
    return only(metadata_directory, "*.dist-info")


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_sdist(sdist_directory, config_settings=None):
    """Packs what a build needs, which is more than setuptools knows of."""
    def source(member):
        parts = pathlib.PurePath(member.name).parts
        return None if "__pycache__" in parts or member.name.endswith(".so") else member

    run("egg_info")
    root = f"pplcnet-{version()}"
    archive = pathlib.Path(sdist_directory) / f"{root}.tar.gz"
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name in SOURCES:
            tar.add(PROJECT / name, f"{root}/{name}", filter=source)
        tar.add(PROJECT / BUILD / "pplcnet.egg-info/PKG-INFO", f"{root}/PKG-INFO")
    return archive.name
