#include "errors.hpp"

#include <unistd.h>

namespace py = pybind11;

py::str text_of(std::string_view text) {
  PyObject* const decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

std::string path_of(py::handle path) {
  PyObject* bytes = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(bytes);
}

void throw_type_error(std::string_view expected, py::handle found) {
  const std::string type = py::str(py::type::handle_of(found).attr("__name__"));
  throw py::type_error("expected " + std::string(expected) + ", found " + type);
}

void throw_error(const pplcnet::Error& error, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (access(path.c_str(), R_OK) == 0) continue;
    PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, text_of(path).ptr());
    throw py::error_already_set();
  }
  PyErr_SetObject(PyExc_ValueError, text_of(error.message()).ptr());
  throw py::error_already_set();
}
