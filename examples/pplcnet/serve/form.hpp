#ifndef PPLCNET_EXAMPLES_SERVE_FORM_HPP
#define PPLCNET_EXAMPLES_SERVE_FORM_HPP

#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"

/// A part of a form.
struct FormPart {
  std::string name;  ///< the file's, or where it has none the field's
  std::string_view content;
};

/// Splits a body of multipart/form-data (RFC 7578), in time that is in proportion to its length;
/// `parameters` are those of its Content-Type.
pplcnet::Error split_form(std::string_view body, std::string_view parameters,
                          std::vector<FormPart>& parts);

#endif  // PPLCNET_EXAMPLES_SERVE_FORM_HPP
