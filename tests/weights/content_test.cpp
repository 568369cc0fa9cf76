#include "pplcnet/weights/content.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "weights/contents.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::Content;

Content content_of(std::string_view contents) { return pplcnet::content_of(bytes_of(contents)); }

TEST(ContentTest, IsToldByTheFirstBytes) {
  const std::pair<Content, std::string> beginnings[] = {
      {Content::safetensors, safetensors_file("{")},
      {Content::pdiparams, std::string(16, '\0')},
      {Content::pickle, "\x80"},
      {Content::pdiparams_info, "\x80\2}q\1(X\1aq\1}q\2(X\x0fstructured_name"},
      {Content::zip, "PK\3\4"},
      {Content::onnx, "\x08\x07\x12"},
      {Content::onnx, "\x08\x0a\x3a"},
      {Content::ncnn, "7767517"},
      {Content::json, "{"},
      {Content::pdmodel, std::string("\x0a\x12\x08\0\x10", 5)},
      {Content::pdmodel, std::string("\x0a\x88\x88\x08\x08\0\x10", 7)},
      {Content::tar, std::string(257, 'a').append("ustar")},
      {Content::gzip, "\x1f\x8b"},
      {Content::web_page, "<!DOCTYPE html>"},
      {Content::git_lfs_pointer, "version https://git-lfs.github.com/spec/v1"},
      {Content::unknown, "Hello, these are no weights."},
  };
  for (const auto& [content, beginning] : beginnings) {
    SCOPED_TRACE(name_of(content));
    EXPECT_EQ(content_of(beginning), content);
    EXPECT_EQ(content_of(beginning + std::string(10'000, '\xff')), content);
    for (std::size_t size = 0; size < beginning.size(); ++size)
      content_of(std::string_view(beginning).substr(0, size));  // reads nothing after the end
  }
}

TEST(ContentTest, AWholeHeaderIsNotJson) {
  // 123 bytes of header: the file begins with a brace.
  EXPECT_EQ(content_of(safetensors_file('{' + std::string(122, ' '))), Content::safetensors);
  EXPECT_EQ(content_of("{\"base\":{\"a\": 1}}"), Content::json);
}

}  // namespace
}  // namespace pplcnet_test
