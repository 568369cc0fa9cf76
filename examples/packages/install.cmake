# What `cmake --install` installs, and what `cpack` packs. All of it is the same for every architecture.

# ---- find_package(pplcnet) -------------------------------------------------------------------

include(CMakePackageConfigHelpers)
set(package_dir share/cmake/pplcnet)  # no architecture in it: there is nothing but headers
file(CONFIGURE OUTPUT pplcnetConfig.cmake @ONLY CONTENT [[
include(${CMAKE_CURRENT_LIST_DIR}/pplcnetTargets.cmake)
# This file may have been moved, as vcpkg does: the targets know where the headers are.
get_target_property(PPLCNET_INCLUDE_DIR pplcnet::pplcnet INTERFACE_INCLUDE_DIRECTORIES)
include(${CMAKE_CURRENT_LIST_DIR}/pplcnet.cmake)
find_path(PPLCNET_HIGHWAY_INCLUDE_DIR hwy/highway.h DOC "The folder that has hwy/highway.h")
if(PPLCNET_HIGHWAY_INCLUDE_DIR)
  target_include_directories(pplcnet::pplcnet SYSTEM INTERFACE ${PPLCNET_HIGHWAY_INCLUDE_DIR})
else()
  set(pplcnet_FOUND FALSE)
  set(pplcnet_NOT_FOUND_MESSAGE "hwy/highway.h is missing: apt install libhwy-dev")
endif()
if(NOT TARGET pplcnet::compiled)
  pplcnet_add_compiled(${PPLCNET_INCLUDE_DIR}/pplcnet/pplcnet.cpp)
  pplcnet_add_quantised(${PPLCNET_INCLUDE_DIR}/pplcnet/quantised.cpp)
  pplcnet_add_training(${PPLCNET_INCLUDE_DIR}/pplcnet/training.cpp)
  if(EXISTS ${PPLCNET_INCLUDE_DIR}/pplcnet/open)
    pplcnet_add_open(${PPLCNET_INCLUDE_DIR}/pplcnet/open/open.cpp)
  endif()
endif()
]])
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pplcnetConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
install(DIRECTORY ${header_dir}/ DESTINATION include
        FILES_MATCHING PATTERN *.hpp PATTERN *.cpp)
install(TARGETS pplcnet EXPORT pplcnetTargets)
install(EXPORT pplcnetTargets NAMESPACE pplcnet:: DESTINATION ${package_dir})
install(FILES ${PROJECT_BINARY_DIR}/pplcnetConfig.cmake
              ${PROJECT_BINARY_DIR}/pplcnetConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/include/pplcnet/pplcnet.cmake
        DESTINATION ${package_dir})

# ---- pkg-config, the licence, the bill of materials ------------------------------------------

set(packages ${CMAKE_CURRENT_LIST_DIR})
configure_file(${packages}/pplcnet.pc.in pplcnet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pplcnet.pc DESTINATION share/pkgconfig)

file(STRINGS ${PPLCNET_HIGHWAY_INCLUDE_DIR}/hwy/highway.h numbers
     REGEX "^#define HWY_(MAJOR|MINOR|PATCH) [0-9]+$")
list(TRANSFORM numbers REPLACE ".* " "")
list(JOIN numbers "." highway_version)
string(TIMESTAMP now "%Y-%m-%dT%H:%M:%SZ" UTC)  # or $SOURCE_DATE_EPOCH
configure_file(${packages}/pplcnet.spdx.json.in pplcnet.spdx.json @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pplcnet.spdx.json DESTINATION share/doc/pplcnet)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/pplcnet RENAME copyright
        COMPONENT licence)

# ---- The API reference, by `cmake --install … --component documentation` ---------------------

find_program(DOXYGEN doxygen)
if(DOXYGEN)
  file(WRITE ${PROJECT_BINARY_DIR}/Doxyfile "@INCLUDE = include/pplcnet/Doxyfile
    OUTPUT_DIRECTORY = \"${PROJECT_BINARY_DIR}\"\n")
  install(CODE "file(REMOVE_RECURSE \"${PROJECT_BINARY_DIR}/reference\")
    execute_process(COMMAND \"${DOXYGEN}\" \"${PROJECT_BINARY_DIR}/Doxyfile\"
                    WORKING_DIRECTORY \"${PROJECT_SOURCE_DIR}\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT documentation EXCLUDE_FROM_ALL)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/reference DESTINATION share/doc/pplcnet
          COMPONENT documentation EXCLUDE_FROM_ALL)
endif()

# ---- libpplcnet-dev.deb and libpplcnet-doc.deb, which refer to Debian's copy of the licence --

if(NOT PROJECT_IS_TOP_LEVEL)  # there, packages are those of the whole project
  return()
endif()
set(contact "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")  # as Debian's own tools
if(NOT DEFINED ENV{DEBFULLNAME} OR NOT DEFINED ENV{DEBEMAIL})
  set(contact "pplcnet <pplcnet@example.org>")
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL library debian_dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_CONTACT ${contact})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each description begins with its own
set(CPACK_COMPONENT_LIBRARY_GROUP dev)
set(CPACK_COMPONENT_DEBIAN_DEV_GROUP dev)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libpplcnet-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS libhwy-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS  # headers of pplcnet::open
    "libprotozero-dev, nlohmann-json3-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION
"lightweight neural networks on CPUs, header-only
A C++20 library that runs PP-LCNet and other lightweight networks: classes,
orientation, objects, pixels and text of pictures. A network is a type; once
loaded it cannot fail, never allocates, and gives the same bits on every CPU.

It is found by CMake's find_package(pplcnet) and by pkg-config.")
set(kinds dev)
if(DOXYGEN)
  list(APPEND kinds doc)
  list(APPEND CPACK_COMPONENTS_ALL documentation debian_doc)
  set(CPACK_COMPONENT_DOCUMENTATION_GROUP doc)
  set(CPACK_COMPONENT_DEBIAN_DOC_GROUP doc)
  set(CPACK_DEBIAN_DOC_PACKAGE_NAME libpplcnet-doc)
  set(CPACK_DEBIAN_DOC_PACKAGE_SECTION doc)
  set(CPACK_DEBIAN_DOC_DESCRIPTION
"lightweight neural networks on CPUs (API reference)
The API reference of pplcnet, a C++20 library that runs PP-LCNet and other
lightweight networks on CPUs, as pages of HTML.")
endif()
include(CPack)

set(folder ${PROJECT_BINARY_DIR}/debian)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${packages}/debian/changelog.in debian/changelog @ONLY)
file(ARCHIVE_CREATE OUTPUT ${folder}/changelog.gz PATHS ${folder}/changelog
     FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
install(FILES ${packages}/debian/doc-base DESTINATION share/doc-base
        RENAME libpplcnet-doc.pplcnet COMPONENT debian_doc EXCLUDE_FROM_ALL)
foreach(kind IN LISTS kinds)
  install(FILES ${packages}/debian/copyright ${folder}/changelog.gz
          DESTINATION share/doc/libpplcnet-${kind} COMPONENT debian_${kind} EXCLUDE_FROM_ALL)
endforeach()
