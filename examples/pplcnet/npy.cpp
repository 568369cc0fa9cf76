#include "npy.hpp"

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
#include "pplcnet/weights/tensor.hpp"
#include "pplcnet/weights/torch/zip.hpp"

using pplcnet::Error;

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What stands behind a key in the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3,)}.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::size_t place = header.find(key);
  if (place == header.npos) return {};
  const std::size_t colon = header.find(':', place);
  if (colon == header.npos) return {};
  return header.substr(header.find_first_not_of(' ', colon + 1));
}

/// Row-major, of values whose first dimension runs fastest.
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

/// Source: numpy's lib/format.py.
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
  } else {
    return Error::of(path, ": expected an array of float32, float64 or float16, found ",
                     pplcnet::quote(type.substr(0, type.find(','))));
  }
  std::string_view shape = value_of(header, "'shape'");
  shape = shape.substr(0, shape.find(')'));
  for (std::size_t place = 0; place < shape.size();) {
    std::int64_t dimension = 0;
    const auto [end, error] =
        std::from_chars(shape.data() + place, shape.data() + shape.size(), dimension);
    if (error == std::errc() && dimension >= 0) tensor.shape.push_back(dimension);
    place = static_cast<std::size_t>(end - shape.data()) + 1;
  }
  tensor.data = bytes.subspan(begin + size);
  const auto expected = byte_count(tensor.type, tensor.shape);
  if (expected != tensor.data.size())
    return Error::of(path, ": expected the data of ", describe(tensor.type, tensor.shape),
                     ", found ", tensor.data.size(), " bytes");
  array.values.resize(static_cast<std::size_t>(tensor.element_count()));
  to_float(tensor, array.values);
  array.shape = tensor.shape;
  if (columns_first) array.values = rows_first(array);
  return {};
}

}  // namespace

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
  if (std::filesystem::is_directory(path, ignored)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
      if (entry.path().extension() == kEnding)
        if (auto error = read_arrays(entry.path().string(), arrays)) return error;
    return {};
  }
  pplcnet::FileBytes file;
  if (auto error = read_input(path, file)) return error;
  const auto bytes = std::as_const(file).bytes();
  if (!pplcnet::zip::begins(bytes))
    return parse_npy(bytes, path, arrays[std::filesystem::path(path).stem().string()]);
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
