# What a project does with the library besides including it. CMakeLists.txt and the installed package
# have it from here.

# Lets a static library be part of a shared one too, such as a module of Python. What is hidden in it
# is called as in a program, so that this costs nothing.

function(pplcnet_allow_in_shared_library target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# Leaves out of g++'s work on kernels what makes no network faster: their instructions are in order
# as they are written, and they have few branches.

function(pplcnet_compile_kernels target)
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fno-schedule-insns2 -fno-tree-vrp -fno-thread-jumps>)
endfunction()

# pplcnet_add_compiled(SOURCE): the target pplcnet::compiled, which compiles the kernels once, for
# programs of many files.

function(pplcnet_add_compiled source)
  add_library(pplcnet_compiled STATIC EXCLUDE_FROM_ALL ${source})
  add_library(pplcnet::compiled ALIAS pplcnet_compiled)
  target_link_libraries(pplcnet_compiled PUBLIC pplcnet::pplcnet)
  target_compile_definitions(pplcnet_compiled PUBLIC PPLCNET_COMPILED)
  pplcnet_allow_in_shared_library(pplcnet_compiled)
  pplcnet_compile_kernels(pplcnet_compiled)
endfunction()

# pplcnet_add_quantised(SOURCE): the target pplcnet::quantised, which has the kernels of networks in
# bytes besides.

function(pplcnet_add_quantised source)
  add_library(pplcnet_quantised STATIC EXCLUDE_FROM_ALL ${source})
  add_library(pplcnet::quantised ALIAS pplcnet_quantised)
  target_link_libraries(pplcnet_quantised PUBLIC pplcnet::compiled)
  pplcnet_allow_in_shared_library(pplcnet_quantised)
  pplcnet_compile_kernels(pplcnet_quantised)
endfunction()

# pplcnet_add_training(SOURCE): the target pplcnet::training, which has what trains networks besides.

function(pplcnet_add_training source)
  add_library(pplcnet_training STATIC EXCLUDE_FROM_ALL ${source})
  add_library(pplcnet::training ALIAS pplcnet_training)
  target_link_libraries(pplcnet_training PUBLIC pplcnet::compiled)
  pplcnet_allow_in_shared_library(pplcnet_training)
  pplcnet_compile_kernels(pplcnet_training)
endfunction()

# pplcnet_add_open(SOURCE): the target pplcnet::open, which reads graphs, writes ONNX and opens weight
# files of any kind, where the headers that it needs are there.

function(pplcnet_add_open source)
  find_path(PPLCNET_PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp)
  find_path(PPLCNET_JSON_INCLUDE_DIR nlohmann/json.hpp)
  if(NOT PPLCNET_PROTOZERO_INCLUDE_DIR OR NOT PPLCNET_JSON_INCLUDE_DIR)
    message(STATUS "pplcnet::open is left out: apt install libprotozero-dev nlohmann-json3-dev")
    return()
  endif()
  add_library(pplcnet_open STATIC EXCLUDE_FROM_ALL ${source})
  add_library(pplcnet::open ALIAS pplcnet_open)
  target_link_libraries(pplcnet_open PUBLIC pplcnet::quantised)
  pplcnet_allow_in_shared_library(pplcnet_open)
  # It runs once for a file, and much of it for few files: what -Og leaves out is not missed, and
  # takes as long to compile as the rest.
  target_compile_options(pplcnet_open PRIVATE $<$<CONFIG:Release>:-Og>)
  target_include_directories(pplcnet_open SYSTEM PUBLIC
    ${PPLCNET_PROTOZERO_INCLUDE_DIR} ${PPLCNET_JSON_INCLUDE_DIR})
endfunction()

# pplcnet_embed(TARGET FILE NAME): makes a weight file part of a program. Its bytes are taken as they
# are, by the assembler, or where compilers have none (cl, and clang-cl for it) as an array, which
# PPLCNET_EMBED_AS_ARRAY asks of all. They begin at a multiple of 64, so that a native file can be
# viewed without a copy and without a file system:
#
#   pplcnet_embed(my_program net.safetensors text_line)
#
#   #include "pplcnet_embedded/text_line.hpp"
#   std::optional<Net::WeightsView> weights;
#   if (auto error = pplcnet::view<Net>(pplcnet_embedded::text_line(), "text_line", weights)) ...

function(pplcnet_embed target file name)
  get_filename_component(path ${file} ABSOLUTE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/embedded_in_${target})
  file(CONFIGURE OUTPUT ${folder}/pplcnet_embedded/${name}.hpp @ONLY CONTENT [[
#ifndef PPLCNET_EMBEDDED_@name@
#define PPLCNET_EMBEDDED_@name@

#include <cstddef>
#include <span>

namespace pplcnet_embedded {

/// The bytes of @path@.
std::span<const std::byte> @name@() noexcept;

}  // namespace pplcnet_embedded

#endif  // PPLCNET_EMBEDDED_@name@
]])
  if(MSVC OR PPLCNET_EMBED_AS_ARRAY)
    file(READ ${path} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
    set(source [[
alignas(64) static constexpr unsigned char kBytes[] = {
@bytes@};

std::span<const std::byte> pplcnet_embedded::@name@() noexcept {
  return std::as_bytes(std::span(kBytes));
}
]])
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  else()
    set(source [[
#if defined(__APPLE__)
#define PPLCNET_SECTION ".const_data"
#define PPLCNET_SYMBOL "_pplcnet_embedded_@name@"
#elif defined(_WIN32)
#define PPLCNET_SECTION ".section .rdata,\"dr\""
#define PPLCNET_SYMBOL "pplcnet_embedded_@name@"
#else
#define PPLCNET_SECTION ".section .rodata"
#define PPLCNET_SYMBOL "pplcnet_embedded_@name@"
#endif

__asm__(PPLCNET_SECTION "\n"
        ".balign 64\n"
        ".globl " PPLCNET_SYMBOL "_begin\n"
        ".globl " PPLCNET_SYMBOL "_end\n" PPLCNET_SYMBOL "_begin:\n"
        ".incbin \"@path@\"\n" PPLCNET_SYMBOL "_end:\n"
        ".byte 0\n.text\n");

extern "C" const std::byte pplcnet_embedded_@name@_begin[], pplcnet_embedded_@name@_end[];

std::span<const std::byte> pplcnet_embedded::@name@() noexcept {
  return {pplcnet_embedded_@name@_begin, pplcnet_embedded_@name@_end};
}
]])
  endif()
  file(CONFIGURE OUTPUT ${folder}/${name}.cpp @ONLY
       CONTENT "#include \"pplcnet_embedded/@name@.hpp\"\n\n${source}")
  set_source_files_properties(${folder}/${name}.cpp PROPERTIES OBJECT_DEPENDS ${path}
    SKIP_UNITY_BUILD_INCLUSION ON)  # another one has the same macros
  target_sources(${target} PRIVATE ${folder}/${name}.cpp)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
