#ifndef PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP
#define PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"

/// Returns text as Python has it; bytes that are not UTF-8 as in names of files.
pybind11::str text_of(std::string_view text);

/// Returns the bytes of a path that Python has as str, bytes or os.PathLike; else it is a
/// TypeError.
std::string path_of(pybind11::handle path);

/// Throws a TypeError that says what was expected, and the type of what was found.
[[noreturn]] void throw_type_error(std::string_view expected, pybind11::handle found);

/// Throws an error as a Python exception: ValueError, or Python's own for the first of the files,
/// `paths`, that is missing or may not be read.
[[noreturn]] void throw_error(const pplcnet::Error& error,
                              const std::vector<std::string>& paths = {});

/// Throws the error, if it is one.
inline void check(const pplcnet::Error& error, const std::vector<std::string>& paths = {}) {
  if (error) throw_error(error, paths);
}

#endif  // PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP
