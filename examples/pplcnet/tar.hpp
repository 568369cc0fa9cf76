#ifndef PPLCNET_EXAMPLES_TAR_HPP
#define PPLCNET_EXAMPLES_TAR_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"

/// A file in a tar archive; its bytes are the archive's.
struct TarEntry {
  std::string name;
  std::span<const std::byte> bytes;
};

/// Lists the regular files of a tar archive (ustar, GNU or pax).
pplcnet::Error parse_tar(std::span<const std::byte> archive, std::string_view path,
                         std::vector<TarEntry>& entries);

#endif  // PPLCNET_EXAMPLES_TAR_HPP
