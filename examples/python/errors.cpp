#include "errors.hpp"

#include <cerrno>

#include <unistd.h>

namespace py = pybind11;

namespace {

/// Returns the exception for what is wrong with a file, or in it.
PyObject* exception_of(const std::string& path) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return PyExc_ValueError;
  if (errno == ENOENT || errno == ENOTDIR) return PyExc_FileNotFoundError;
  return errno == EACCES ? PyExc_PermissionError : PyExc_OSError;
}

}  // namespace

py::str text_of(std::string_view text) {
  PyObject* const decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

void throw_error(const pplcnet::Error& error, const std::string& path) {
  PyErr_SetObject(exception_of(path), text_of(error.message()).ptr());
  throw py::error_already_set();
}
