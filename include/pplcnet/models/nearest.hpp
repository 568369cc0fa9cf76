#ifndef PPLCNET_MODELS_NEAREST_HPP
#define PPLCNET_MODELS_NEAREST_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Why weights fit none of several networks: as the one says that they are most like, by how much
/// of it they had (`Error::steps`).
class NearestMiss {
 public:
  /// Adds why they do not fit the network of that name.
  void add(std::string_view name, Error why) {
    ++count_;
    same_ = same_ && (count_ == 1 || std::string_view(why_.message()) == why.message());
    if (count_ > 1 && why.steps() <= why_.steps()) return;
    why_ = std::move(why);
    name_ = name;
  }

  /// Says in one sentence about a file and all `networks`, some of which may have been out of the
  /// question; the reason alone where all have the same, or where it tells all.
  Error error(std::string_view path, std::size_t networks) const {
    if (count_ == 0)
      return Error::of(path, ": has tensors of none of the ", networks,
                       " networks that are expected");
    if (same_ || why_.steps() == Error::kAllSteps) return why_;
    std::string_view reason = why_.message();
    if (reason.starts_with(path)) reason.remove_prefix(path.size() + 2);
    return Error::of(path, ": fits none of ", networks, " networks; ",
                     why_.steps() > 0 ? "the nearest is " : "for example ", name_, ": ", reason);
  }

 private:
  Error why_;
  std::string name_;
  std::size_t count_ = 0;
  bool same_ = true;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_NEAREST_HPP
