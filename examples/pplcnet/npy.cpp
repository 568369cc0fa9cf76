#include "npy.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/path.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "pplcnet/weights/torch/zip.hpp"

using pplcnet::Error;

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns what stands after a key in the header: {'descr': '<f4', 'fortran_order': False, 'shape':
/// (3,)}. Empty if nothing does.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::size_t place = header.find(key);
  const std::size_t colon = place == header.npos ? place : header.find(':', place);
  if (colon == header.npos) return {};
  header.remove_prefix(colon + 1);
  return header.substr(std::min(header.find_first_not_of(' '), header.size()));
}

/// Reads the numbers of `(3, 224, 224)`, up to the bracket.
bool parse_shape(std::string_view text, std::vector<std::int64_t>& shape) {
  constexpr std::size_t kMostDimensions = 32;  // of numpy
  const std::size_t bracket = text.find(')');
  if (!text.starts_with('(') || bracket == text.npos) return false;
  text = text.substr(1, bracket - 1);
  const auto skip_spaces = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  };
  for (skip_spaces(); !text.empty(); skip_spaces()) {
    std::int64_t dimension = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, dimension);
    if (problem != std::errc() || dimension < 0 || shape.size() == kMostDimensions) return false;
    shape.push_back(dimension);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    skip_spaces();
    if (!text.empty() && text.front() != ',') return false;
    if (!text.empty()) text.remove_prefix(1);
  }
  return true;
}

/// Returns values in row-major order, of values whose first dimension runs fastest.
std::vector<float> rows_first(const NumpyArray& array) {
  std::vector<float> result(array.values.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::size_t rest = i, place = 0;
    for (const std::int64_t dimension : array.shape) {
      const auto size = static_cast<std::size_t>(dimension);
      place = place * size + rest % size;
      rest /= size;
    }
    result[place] = array.values[i];
  }
  return result;
}

}  // namespace

// Source: numpy's lib/format.py.
Error parse_npy(std::span<const std::byte> bytes, std::string_view path, NumpyArray& array) {
  const auto problem = [&](std::string_view what) { return Error::of(path, ": expected ", what); };
  if (bytes.size() < 12 || !text_of(bytes).starts_with(kMagic))
    return problem("an array of numpy's");
  const bool is_old = bytes[6] == std::byte{1};
  const std::size_t begin = is_old ? 10 : 12;
  const std::size_t size = is_old ? pplcnet::read_little_endian<std::uint16_t>(bytes.subspan(8))
                                  : pplcnet::read_little_endian<std::uint32_t>(bytes.subspan(8));
  if (size > bytes.size() - begin) return problem("a header, found the end");
  const std::string_view header = text_of(bytes.subspan(begin, size));
  const std::string_view type = value_of(header, "'descr'");
  const bool columns_first = value_of(header, "'fortran_order'").starts_with("True");
  pplcnet::Tensor tensor;
  if (type.starts_with("'<f4'")) {
    tensor.type = pplcnet::DataType::f32;
  } else if (type.starts_with("'<f8'")) {
    tensor.type = pplcnet::DataType::f64;
  } else if (type.starts_with("'<f2'")) {
    tensor.type = pplcnet::DataType::f16;
  } else if (type.starts_with("'|u1'")) {
    tensor.type = pplcnet::DataType::u8;
  } else {
    return Error::of(path, ": expected an array of float32, float64, float16 or uint8, found ",
                     pplcnet::quote(type.substr(0, type.find(','))));
  }
  if (const auto shape = value_of(header, "'shape'"); !parse_shape(shape, tensor.shape))
    return Error::of(path, ": expected a shape, found ", pplcnet::quote(shape));
  tensor.data = bytes.subspan(begin + size);
  const auto expected = byte_count(tensor.type, tensor.shape);
  if (expected != tensor.data.size())
    return Error::of(path, ": expected the data of ", describe(tensor.type, tensor.shape),
                     ", found ", tensor.data.size(), " bytes");
  array.values.resize(static_cast<std::size_t>(tensor.element_count()));
  if (tensor.type == pplcnet::DataType::u8)
    std::ranges::transform(tensor.data, array.values.begin(), [](std::byte byte) {
      return static_cast<float>(std::to_integer<int>(byte));
    });
  else
    to_float(tensor, array.values);
  array.shape = tensor.shape;
  if (columns_first) array.values = rows_first(array);
  return {};
}

Error write_npy(const std::string& path, std::span<const std::int64_t> shape,
                std::span<const float> values, OutputFile::Existing existing) {
  static_assert(std::endian::native == std::endian::little);
  std::string dimensions;
  for (const std::int64_t dimension : shape) dimensions += pplcnet::join({dimension, ","});
  std::string header =
      pplcnet::join({"{'descr': '<f4', 'fortran_order': False, 'shape': (", dimensions, "), }"});
  constexpr std::size_t kBegin = 10, kAlignment = 64;
  while ((kBegin + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';
  std::string file = std::string(kMagic) + std::string("\1\0", 2);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(file)),
                                               std::as_bytes(values)};
  OutputFile target(path, existing);
  if (auto error = target.write(pieces)) return error;
  return target.publish();
}

Error read_arrays(const std::string& path, std::map<std::string, NumpyArray>& arrays) {
  constexpr std::string_view kEnding = ".npy";
  std::error_code ignored;
  if (std::filesystem::is_directory(pplcnet::path_of(path), ignored)) {
    std::error_code problem;
    for (std::filesystem::directory_iterator entry(pplcnet::path_of(path), problem), end;
         !problem && entry != end; entry.increment(problem))
      if (entry->path().extension() == kEnding)
        if (auto error = read_arrays(pplcnet::name_of(entry->path()), arrays)) return error;
    if (problem) return Error::of(path, ": cannot be read: ", problem.message());
    return {};
  }
  pplcnet::FileBytes file;
  if (auto error = read_input(path, file)) return error;
  const auto bytes = std::as_const(file).bytes();
  if (!pplcnet::zip::begins(bytes))
    return parse_npy(bytes, path, arrays[pplcnet::name_of(pplcnet::path_of(path).stem())]);
  std::vector<pplcnet::ZipEntry> entries;
  pplcnet::MemoryBudget budget(bytes.size());
  if (auto error = pplcnet::read_zip(bytes, path, budget, entries)) return error;
  for (const pplcnet::ZipEntry& entry : entries) {
    std::string name(entry.name);
    if (name.ends_with(kEnding)) name.resize(name.size() - kEnding.size());
    if (auto error = parse_npy(entry.data, pplcnet::join({path, ": ", name}), arrays[name]))
      return error;
  }
  return {};
}
