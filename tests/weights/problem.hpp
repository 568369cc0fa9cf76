#ifndef PPLCNET_TESTS_WEIGHTS_PROBLEM_HPP
#define PPLCNET_TESTS_WEIGHTS_PROBLEM_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {

/// The path cut away from an error's message, after a check that it is one sentence.
inline std::string without_path(const std::string& message, const std::string& path) {
  if (message.empty()) return "";
  EXPECT_TRUE(message.starts_with(path + ": ")) << message;
  EXPECT_EQ(message.find('\n'), message.npos) << message;
  EXPECT_FALSE(message.ends_with('.')) << message;
  return message.substr(path.size() + 2);
}

/// The same of what `load` says.
template <class Network>
std::string problem(const std::string& path) {
  const auto weights = std::make_unique<typename Network::Weights>();
  return without_path(pplcnet::load(path, *weights).message(), path);
}

inline void write(const std::string& path, const std::string& contents) {
  const std::span<const std::byte> piece = bytes_of(contents);
  ASSERT_STREQ(pplcnet::write_file(path, {&piece, 1}).message(), "");
}

inline void write_tensors(const std::string& path, const pplcnet::TensorFile& file) {
  ASSERT_STREQ(pplcnet::write_safetensors(path, file).message(), "");
}

inline pplcnet::Tensor& tensor(pplcnet::TensorFile& file, std::string_view name) {
  return *std::ranges::find(file.tensors, name, &pplcnet::Tensor::name);
}

inline void remove(pplcnet::TensorFile& file, std::string_view name) {
  const auto removed =
      std::erase_if(file.tensors, [&](const pplcnet::Tensor& t) { return t.name == name; });
  EXPECT_EQ(removed, 1u) << name;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_PROBLEM_HPP
