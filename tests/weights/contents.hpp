#ifndef PPLCNET_TESTS_WEIGHTS_CONTENTS_HPP
#define PPLCNET_TESTS_WEIGHTS_CONTENTS_HPP

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/tensor.hpp"

/// Contents of weight files for the tests of their readers, as std::string: easy to put together
/// and to cut.
namespace pplcnet_test {

inline std::span<const std::byte> bytes_of(std::string_view contents) {
  return std::as_bytes(std::span(contents));
}

template <typename Number>
std::string little_endian(Number number) {
  const auto bytes = pplcnet::to_little_endian(number);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string u32(std::uint32_t number) { return little_endian(number); }
inline std::string u64(std::uint64_t number) { return little_endian(number); }
/// The values of a tensor; computers that the tests run on are little-endian.
inline std::string f32(std::span<const float> values) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

/// A safetensors file of this header and data.
inline std::string safetensors_file(const std::string& header, const std::string& data = "") {
  return u64(header.size()) + header + data;
}

/// An integer as protobuf has it.
inline std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number > 127; number >>= 7) bytes += static_cast<char>(number | 128);
  return bytes + static_cast<char>(number);
}

/// The description of a tensor of a .pdiparams file, a field for each dimension.
template <typename Dimensions = std::vector<std::uint64_t>>
std::string description(std::uint64_t type, const Dimensions& shape) {
  std::string message = "\x08" + varint(type);
  for (const auto dimension : shape)
    message += "\x10" + varint(static_cast<std::uint64_t>(dimension));
  return message;
}

/// A record of a .pdiparams file.
inline std::string pdiparams_record(const std::string& description, const std::string& data) {
  return u32(0) + u64(0) + u32(0) + u32(static_cast<std::uint32_t>(description.size())) +
         description + data;
}

/// Contents that a reader must refuse, and what its message must have in it.
struct HostileCase {
  std::string contents;
  std::string expected;
};

inline std::vector<float> floats_of(const pplcnet::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.element_count()));
  pplcnet::to_float(tensor, values);
  return values;
}

/// A folder for the files of one test, gone after it.
struct TemporaryFolder {
  TemporaryFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path = std::filesystem::path(testing::TempDir()) /
           (std::string("pplcnet_") + test->test_suite_name() + "_" + test->name());
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }

  std::string file(const std::string& name) const { return (path / name).string(); }
  std::ptrdiff_t file_count() const {
    return std::distance(std::filesystem::directory_iterator(path), {});
  }

  std::filesystem::path path;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_CONTENTS_HPP
