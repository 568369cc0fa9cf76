"""What pip is given: an archive of sources, from which it builds, a wheel, an editable one."""

import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

import pplcnet
from conftest import PROJECT

BUILD = pathlib.Path(pplcnet.__file__).parent.parent.parent
NAME = f"pplcnet-{pplcnet.__version__}"
HOOK = """
import sys
sys.path.insert(0, "examples/python")
import build_backend
getattr(build_backend, sys.argv[1])(sys.argv[2])
"""


def call(project, hook, folder):
    """Calls the build backend as pip does, but that the module is compiled already."""
    if not (BUILD / "CMakeCache.txt").exists():
        pytest.skip("the package is not that of a build")
    subprocess.run([sys.executable, "-B", "-c", HOOK, hook, folder], cwd=project, check=True,
                   env={**os.environ, "PPLCNET_PYTHON_BUILD": str(BUILD)})
    [made] = [path for path in folder.iterdir() if path.is_file()]
    return made


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """The unpacked archive of sources."""
    folder = tmp_path_factory.mktemp("sources")
    archive = call(PROJECT, "build_sdist", folder)
    assert archive.name == f"{NAME}.tar.gz"
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return folder / NAME


def test_the_archive_has_what_cmake_needs(sources, tmp_path):
    assert f"Version: {pplcnet.__version__}" in (sources / "PKG-INFO").read_text()
    subprocess.run(["cmake", "-S", sources, "-B", tmp_path, "-G", "Ninja",
                    "-DPPLCNET_BUILD_PYTHON=ON", "-DPPLCNET_BUILD_TESTS=OFF",
                    "-DPPLCNET_BUILD_BENCH=OFF"], check=True)
    subprocess.run(["cmake", "--build", tmp_path, "--target", "pplcnet_python", "--", "-n"],
                   check=True)


def test_a_wheel_of_the_archive(sources, tmp_path):
    wheel = call(sources, "build_wheel", tmp_path)
    assert wheel.name.startswith(f"{NAME}-cp3") and "linux" in wheel.name
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        metadata = packed.read(f"{NAME}.dist-info/METADATA").decode()
    package = {path.name for path in (BUILD / "python/pplcnet").iterdir()} - {"__pycache__"}
    assert {f"pplcnet/{name}" for name in package} <= names
    assert f"{NAME}.dist-info/LICENSE" in names
    assert "\nRequires-Dist: numpy\n" in metadata


def test_an_editable_wheel_of_the_archive(sources, tmp_path):
    wheel = call(sources, "build_editable", tmp_path)
    with zipfile.ZipFile(wheel) as packed:
        links = [name for name in packed.namelist() if name.startswith("__editable__")]
    assert links
