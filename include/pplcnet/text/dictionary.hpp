#ifndef PPLCNET_TEXT_DICTIONARY_HPP
#define PPLCNET_TEXT_DICTIONARY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/text/ctc.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/utf8.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The characters of a text recogniser, as PaddleOCR's dictionaries list them: an entry on each
/// line, in UTF-8. Class 0 is the blank, the entries follow, the last class is the space.
class Dictionary {
 public:
  /// Reads a dictionary. Only line ends are no part of an entry: characters such as U+3000 stay.
  static Error parse(std::string_view text, std::string_view path, Dictionary& result) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Dictionary dictionary;
    for (std::size_t line = 1; !text.empty(); ++line) {
      std::string_view entry = text.substr(0, text.find('\n'));
      text.remove_prefix(entry.size() < text.size() ? entry.size() + 1 : text.size());
      while (entry.ends_with('\r')) entry.remove_suffix(1);
      if (!is_utf8(entry))
        return Error::of(path, ": line ", line, ": expected UTF-8, found ", quote(entry));
      dictionary.add(entry);
    }
    if (dictionary.classes() == 1)
      return Error::of(path, ": expected a character on each line, found none");
    dictionary.add(" ");
    result = std::move(dictionary);
    return {};
  }

  /// Makes a dictionary of entries that were read elsewhere.
  static Dictionary of(std::span<const std::string> entries) {
    Dictionary dictionary;
    for (const std::string& entry : entries) dictionary.add(entry);
    dictionary.add(" ");
    return dictionary;
  }

  /// Reads the file of a dictionary.
  static Error read(std::string_view path, Dictionary& result) {
    constexpr std::uint64_t kMaxBytes = 1 << 22;
    return with_memory_for(path, [&]() -> Error {
      FileBytes bytes;
      if (auto error = read_file(path, bytes, kMaxBytes)) return error;
      const std::span<const std::byte> all = std::as_const(bytes).bytes();
      return parse({reinterpret_cast<const char*>(all.data()), all.size()}, path, result);
    });
  }

  /// Returns how many classes a recogniser of these characters has.
  int classes() const { return static_cast<int>(ends_.size()); }

  /// Returns the bytes of the longest text of a class.
  std::size_t longest() const {
    std::size_t most = 0;
    for (std::size_t i = 1; i < ends_.size(); ++i) most = std::max(most, ends_[i] - ends_[i - 1]);
    return most;
  }

  /// Returns the text of a class; empty for the blank, and for what is no class.
  std::string_view operator[](int label) const {
    if (label <= kCtcBlank || label >= classes()) return {};
    const auto index = static_cast<std::size_t>(label);
    return std::string_view(text_).substr(ends_[index - 1], ends_[index] - ends_[index - 1]);
  }

 private:
  void add(std::string_view entry) {
    text_ += entry;
    ends_.push_back(text_.size());
  }

  std::string text_;
  std::vector<std::size_t> ends_ = {0};  // of the entries in the text; of the blank
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_DICTIONARY_HPP
