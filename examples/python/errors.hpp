#ifndef PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP
#define PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

#include "pplcnet/weights/error.hpp"

/// Returns text as Python has it; bytes that are not UTF-8 as in names of files.
pybind11::str text_of(std::string_view text);

/// Throws an error as a Python exception: ValueError, or what is usual for a file, `path`, that is
/// missing or may not be read.
[[noreturn]] void throw_error(const pplcnet::Error& error, const std::string& path = {});

/// Throws the error, if it is one.
inline void check(const pplcnet::Error& error, const std::string& path = {}) {
  if (error) throw_error(error, path);
}

#endif  // PPLCNET_EXAMPLES_PYTHON_ERRORS_HPP
