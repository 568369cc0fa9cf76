import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy, rmdir
from conan.tools.layout import basic_layout

required_conan_version = ">=2.0"


class PplcnetConan(ConanFile):
    name = "pplcnet"
    description = "PP-LCNet and other lightweight networks on CPUs, header-only"
    license = "Apache-2.0"
    topics = ("neural-network", "inference", "image-classification", "simd", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps"
    no_copy_source = True

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        self.requires("highway/1.0.3", libs=False)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def export_sources(self):
        # These sources; in Conan's repository, conandata.yml names a release.
        project = os.path.join(self.recipe_folder, "..", "..", "..", "..", "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "examples/packages/*"):
            copy(self, pattern, project, os.path.join(self.export_sources_folder, "src"))

    def generate(self):
        toolchain = CMakeToolchain(self)
        highway = self.dependencies["highway"].cpp_info.includedirs[0]
        toolchain.cache_variables["PPLCNET_HIGHWAY_INCLUDE_DIR"] = highway.replace("\\", "/")
        for programs in ("TESTS", "EXAMPLES", "BENCH"):
            toolchain.cache_variables[f"PPLCNET_BUILD_{programs}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "pplcnet")
        self.cpp_info.set_property("cmake_target_name", "pplcnet::pplcnet")
        self.cpp_info.set_property("pkg_config_name", "pplcnet")
