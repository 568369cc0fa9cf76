#ifndef PPLCNET_WEIGHTS_TORCH_ZIP_HPP
#define PPLCNET_WEIGHTS_TORCH_ZIP_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/byte_stream.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/memory_budget.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A file inside an archive; name and data are views of the archive.
struct ZipEntry {
  std::string_view name;
  std::span<const std::byte> data;
};

/// Returns the entry of that name, or null. The entries are sorted.
inline const ZipEntry* find_entry(std::span<const ZipEntry> entries, std::string_view name) {
  const auto found = std::ranges::lower_bound(entries, name, {}, &ZipEntry::name);
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

/// The format: APPNOTE.TXT of PKWARE, 4.3. The directory after the entries says what they are.
namespace zip {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kDirectoryHeader = 0x02014b50,
                        kDirectoryEnd = 0x06054b50;
constexpr std::size_t kLocalHeaderBytes = 30, kDirectoryEndBytes = 22;

/// Returns whether it is how an archive begins.
inline bool begins(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && read_little_endian<std::uint32_t>(bytes) == kLocalHeader;
}

/// Returns the little-endian `Number` at a place that is known to be in `bytes`.
template <class Number>
std::uint64_t number_at(std::span<const std::byte> bytes, std::size_t place) {
  return read_little_endian<Number>(bytes.subspan(place));
}

/// Returns the record of the directory's end, which is the last but for a comment; empty if there
/// is none.
inline std::span<const std::byte> find_end(std::span<const std::byte> bytes) {
  constexpr std::size_t kMaxCommentBytes = 0xffff;
  for (std::size_t comment = 0;
       comment <= kMaxCommentBytes && comment + kDirectoryEndBytes <= bytes.size(); ++comment) {
    const auto end = bytes.last(kDirectoryEndBytes + comment);
    if (number_at<std::uint32_t>(end, 0) == kDirectoryEnd &&
        number_at<std::uint16_t>(end, 20) == comment)
      return end;
  }
  return {};
}

/// Takes one header from the directory, and finds what it speaks of.
inline Error read_entry(std::span<const std::byte> bytes, ByteStream& directory,
                        std::string_view path, ZipEntry& entry) {
  std::span<const std::byte> header, name, surplus;
  const auto damaged = [&] { return Error::of(path, ": the directory of the archive is damaged"); };
  if (!directory.take(46, header) || number_at<std::uint32_t>(header, 0) != kDirectoryHeader ||
      !directory.take(number_at<std::uint16_t>(header, 28), name) ||
      !directory.take(number_at<std::uint16_t>(header, 30), surplus) ||
      !directory.take(number_at<std::uint16_t>(header, 32), surplus))
    return damaged();
  entry.name = {reinterpret_cast<const char*>(name.data()), name.size()};
  const std::uint64_t encrypted = number_at<std::uint16_t>(header, 8) & 1;
  const std::uint64_t method = number_at<std::uint16_t>(header, 10);
  const std::uint64_t size = number_at<std::uint32_t>(header, 20);
  const std::uint64_t begin = number_at<std::uint32_t>(header, 42);
  if (method != 0 || encrypted != 0 || number_at<std::uint32_t>(header, 24) != size)
    return Error::of(path, ": ", quote(entry.name), " in the archive is ",
                     encrypted != 0 ? "encrypted" : "compressed",
                     ", only stored ones are read, as torch.save writes them");
  ByteStream rest{bytes};
  std::span<const std::byte> local;
  if (!rest.take(begin, surplus) || !rest.take(kLocalHeaderBytes, local) || !begins(local) ||
      !rest.take(number_at<std::uint16_t>(local, 26), surplus) ||
      !rest.take(number_at<std::uint16_t>(local, 28), surplus) || !rest.take(size, entry.data))
    return damaged();
  return {};
}

}  // namespace zip

/// Finds the entries of an archive of less than 4 GiB whose entries are stored, not compressed, and
/// sorts them by name.
inline Error read_zip(std::span<const std::byte> bytes, std::string_view path, MemoryBudget& budget,
                      std::vector<ZipEntry>& entries) {
  const std::span<const std::byte> end = zip::find_end(bytes);
  if (end.empty())
    return Error::of(path, ": expected a zip archive, found its beginning without its end");
  const std::uint64_t count = zip::number_at<std::uint16_t>(end, 10);
  const std::uint64_t size = zip::number_at<std::uint32_t>(end, 12);
  const std::uint64_t begin = zip::number_at<std::uint32_t>(end, 16);
  if (count == 0xffff || size == 0xffffffff || begin == 0xffffffff)
    return Error::of(path,
                     ": expected a zip archive of less than 4 GiB, found a larger one (zip64)");
  if (begin > bytes.size() || size > bytes.size() - begin)
    return Error::of(path, ": expected the directory of a zip archive at byte ", begin,
                     ", found the end");
  ByteStream directory{
      bytes.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size))};
  if (!budget.reserve(entries, static_cast<std::size_t>(count)))
    return MemoryBudget::exceeded(path);
  for (std::uint64_t i = 0; i < count; ++i)
    if (auto error = zip::read_entry(bytes, directory, path, entries.emplace_back())) return error;
  std::ranges::sort(entries, {}, &ZipEntry::name);
  const auto twice = std::ranges::adjacent_find(entries, {}, &ZipEntry::name);
  if (twice != entries.end())
    return Error::of(path, ": the archive holds ", quote(twice->name), " twice");
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_TORCH_ZIP_HPP
