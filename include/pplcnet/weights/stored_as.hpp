#ifndef PPLCNET_WEIGHTS_STORED_AS_HPP
#define PPLCNET_WEIGHTS_STORED_AS_HPP

#include <optional>
#include <string_view>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <utility>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/safetensors/native_storage.hpp"
#endif

// A network with its weights in another storage.

namespace pplcnet::inline PPLCNET_ABI {

/// Says what `StoredAs` is: a published model stays one.
template <class Net, Storage kStorage>
struct StoredDefinition : Net::Definition {
  static constexpr Storage storage = kStorage;
};

/// Any network with its weights in a storage that is asked for, such as
/// `StoredAs<models::PPLCNet_x0_25, Storage::half_head>`. Whatever file the network loads, this
/// loads, too, and rounds to float16 what is to be float16; a number that float16 cannot hold is an
/// error that names its tensor.
template <class Net, Storage kStorage>
using StoredAs = NetworkOf<StoredDefinition<Net, kStorage>>;

/// Stores the same of a network that is known only when the program runs: a copy for one thread.
/// `name` is for messages.
PPLCNET_INLINE Error store_as(Storage storage, const AnyNetwork& network, std::string_view name,
                              std::optional<AnyNetwork>& result);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error store_as(Storage storage, const AnyNetwork& network, std::string_view name,
                              std::optional<AnyNetwork>& result) {
  std::optional<AnyNetwork> stored;
  if (auto error = network.make_empty(storage, stored))
    return Error::of(name, ": ", error.message());
  copy_packed(network.layers(), network.weights(), stored->layers(), stored->weights());
  if (auto error = check_packed(stored->layers(), stored->weights(), name, kWhenStored))
    return error;
  result = std::move(stored);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STORED_AS_HPP
