#ifndef PPLCNET_OPEN_TAR_HPP
#define PPLCNET_OPEN_TAR_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "pplcnet/weights/join.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A file in a tar archive; its bytes are the archive's.
struct TarEntry {
  std::string name;
  std::span<const std::byte> bytes;
};

/// Lists the regular files of a tar archive (ustar, GNU or pax).
PPLCNET_INLINE Error parse_tar(std::span<const std::byte> archive, std::string_view path,
                               std::vector<TarEntry>& entries);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace tar {

inline constexpr std::size_t kBlock = 512;

/// Returns a text of at most `size` characters that a zero may end.
inline std::string_view text_at(std::span<const std::byte> header, std::size_t place,
                                std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(header.data()) + place, size);
  return text.substr(0, text.find('\0'));
}

/// Returns an octal number with spaces around it; one that is none is too large for any archive.
inline std::uint64_t number_at(std::span<const std::byte> header, std::size_t place,
                               std::size_t size) {
  std::string_view text = text_at(header, place, size);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
  return problem == std::errc() ? number : ~std::uint64_t{0};
}

}  // namespace tar

PPLCNET_INLINE Error parse_tar(std::span<const std::byte> archive, std::string_view path,
                               std::vector<TarEntry>& entries) {
  constexpr std::size_t kMostEntries = 256;
  std::string long_name;  // GNU's, of the entry after it
  std::size_t place = 0;
  while (place + tar::kBlock <= archive.size() && archive[place] != std::byte{0}) {
    const auto header = archive.subspan(place, tar::kBlock);
    const std::uint64_t size = tar::number_at(header, 124, 12);
    place += tar::kBlock;
    if (size > archive.size() - place)
      return Error::of(path, ": the tar archive ends before ", quote(tar::text_at(header, 0, 100)));
    const auto bytes = archive.subspan(place, static_cast<std::size_t>(size));
    place += std::min((bytes.size() + tar::kBlock - 1) / tar::kBlock * tar::kBlock,
                      archive.size() - place);
    const char type = static_cast<char>(header[156]);
    if (type == 'L') long_name = tar::text_at(bytes, 0, bytes.size());
    if (type != '0' && type != '\0') continue;
    const bool posix = header[262] == std::byte{0};  // others keep something else there
    const std::string_view folder = posix ? tar::text_at(header, 345, 155) : "";
    std::string name = !long_name.empty() ? long_name
                       : folder.empty()   ? std::string(tar::text_at(header, 0, 100))
                                          : join({folder, "/", tar::text_at(header, 0, 100)});
    long_name.clear();
    entries.push_back({std::move(name), bytes});
    if (entries.size() > kMostEntries)
      return Error::of(path, ": expected at most ", kMostEntries, " files in it, found more");
  }
  return {};
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_TAR_HPP
