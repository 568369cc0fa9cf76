#include "pplcnet/weights/file_format.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "weights/contents.hpp"

namespace pplcnet_test::file_format_test {
namespace {

using pplcnet::FileFormat;

FileFormat detect_format(std::string_view contents) {
  return pplcnet::detect_format(bytes_of(contents));
}

TEST(ContentTest, IsToldByTheFirstBytes) {
  const std::pair<FileFormat, std::string> beginnings[] = {
      {FileFormat::safetensors, safetensors_file("{")},
      {FileFormat::pdiparams, std::string(16, '\0')},
      {FileFormat::pickle, "\x80"},
      {FileFormat::pdiparams_info, "\x80\2}q\1(X\1aq\1}q\2(X\x0fstructured_name"},
      {FileFormat::zip, "PK\3\4"},
      {FileFormat::onnx, "\x08\x07\x12"},
      {FileFormat::onnx, "\x08\x0a\x3a"},
      {FileFormat::ncnn, "7767517"},
      {FileFormat::json, "{"},
      {FileFormat::pdmodel, std::string("\x0a\x12\x08\0\x10", 5)},
      {FileFormat::pdmodel, std::string("\x0a\x88\x88\x08\x08\0\x10", 7)},
      {FileFormat::tar, std::string(257, 'a').append("ustar")},
      {FileFormat::gzip, "\x1f\x8b"},
      {FileFormat::web_page, "<!DOCTYPE html>"},
      {FileFormat::git_lfs_pointer, "version https://git-lfs.github.com/spec/v1"},
      {FileFormat::unknown, "Hello, these are no weights."},
  };
  for (const auto& [format, beginning] : beginnings) {
    SCOPED_TRACE(name_of(format));
    EXPECT_EQ(detect_format(beginning), format);
    EXPECT_EQ(detect_format(beginning + std::string(10'000, '\xff')), format);
    for (std::size_t size = 0; size < beginning.size(); ++size)
      detect_format(std::string_view(beginning).substr(0, size));  // reads nothing after the end
  }
}

TEST(ContentTest, AWholeHeaderIsNotJson) {
  // 123 bytes of header: the file begins with a brace.
  EXPECT_EQ(detect_format(safetensors_file('{' + std::string(122, ' '))), FileFormat::safetensors);
  EXPECT_EQ(detect_format("{\"base\":{\"a\": 1}}"), FileFormat::json);
}

}  // namespace
}  // namespace pplcnet_test::file_format_test
