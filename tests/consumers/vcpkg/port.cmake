# Runs a port as vcpkg does, with what its functions do to a port of headers:
#
#   cmake -DPORT=NAME -DCURRENT_PORT_DIR=… -DCURRENT_BUILDTREES_DIR=… -DCURRENT_PACKAGES_DIR=… -P port.cmake

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" SOURCE_PATH OPTIONS)
  run(${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${CURRENT_BUILDTREES_DIR} ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
  run(${CMAKE_COMMAND} --install ${CURRENT_BUILDTREES_DIR} --prefix ${CURRENT_PACKAGES_DIR})
endfunction()

# The files of find_package come to share/NAME, and those that CMake has made know it.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" CONFIG_PATH "")
  set(folder ${CURRENT_PACKAGES_DIR}/share/${PORT})
  file(RENAME ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH} ${folder})
  file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/share/cmake)
  file(READ ${folder}/${PORT}Targets.cmake text)
  set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
  string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
  file(WRITE ${folder}/${PORT}Targets.cmake "${text}")
endfunction()

function(vcpkg_fixup_pkgconfig)
  file(SIZE ${CURRENT_PACKAGES_DIR}/share/pkgconfig/${PORT}.pc size)
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
  file(INSTALL ${arg_FILE_LIST} DESTINATION ${CURRENT_PACKAGES_DIR}/share/${PORT} RENAME copyright)
endfunction()

include(${CURRENT_PORT_DIR}/portfile.cmake)
