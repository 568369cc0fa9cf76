#ifndef PPLCNET_WEIGHTS_ERROR_HPP
#define PPLCNET_WEIGHTS_ERROR_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/join.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The result of something that can fail: success by default, otherwise one sentence that says
/// where it failed, what was expected and what was found.
///
///   if (auto error = read_file(path, bytes)) std::puts(error.message());
class [[nodiscard]] Error {
 public:
  Error() = default;
  explicit Error(std::string message) : message_(std::move(message)) {}

  /// Joins texts and integers: `Error::of(path, ": expected ", 4, " classes, found ", count)`. It
  /// is cold, which makes code around it smaller and faster to compile.
  template <typename... Parts>
  [[gnu::cold]] static Error of(const Parts&... parts) {
    return Error(join({parts...}));
  }

  /// The progress of an error that any other attempt would meet, too.
  static constexpr std::size_t kAllSteps = std::numeric_limits<std::size_t>::max();

  /// Records how far the attempt got, in steps of any kind: of several attempts, the error of the
  /// one that got furthest is reported. Keeps the largest number of steps recorded.
  Error with_progress(std::size_t steps) && {
    steps_ = std::max(steps_, steps);
    return std::move(*this);
  }
  std::size_t steps() const noexcept { return steps_; }

  /// Returns true when something went wrong.
  explicit operator bool() const noexcept { return message_.has_value(); }

  /// Returns the sentence; empty on success. Lives as long as this object.
  const char* message() const noexcept { return message_ ? message_->c_str() : ""; }

 private:
  std::optional<std::string> message_;
  std::size_t steps_ = 0;
};

/// Returns text of unknown origin as it may stand in a message: in single quotes, cut after 80
/// bytes, with everything that is not printable ASCII written in hexadecimal (`\xNN`).
PPLCNET_INLINE std::string quote(std::string_view text);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string result = "'";
  for (const char character : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte > 0x7e) {
      result += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      result += character;
    }
  }
  return result + (text.size() > kLongest ? "...'" : "'");
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ERROR_HPP
