#include "text_file.hpp"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "output_file.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/path.hpp"

using pplcnet::Error;

Error read_text(const std::string& path, pplcnet::FileBytes& file) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;
  return read_input(path, file, kMostBytes);
}

std::string_view text_of(const pplcnet::FileBytes& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Error check_name(std::string_view list, std::size_t number, std::string_view name,
                 const std::string& path) {
  std::error_code ignored;
  auto error = pplcnet::check_utf8(list, number, name);
  return error && std::filesystem::exists(pplcnet::path_of(path), ignored) ? Error() : error;
}
