#ifndef PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/safetensors/first_description.hpp"
#include "pplcnet/weights/tensor.hpp"

// What fixes a network's arithmetic, as metadata of files of the project's own and for messages.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

inline std::string size_of(std::string_view before, Pair size) {
  return size == Pair(1) ? "" : join({":", before, size.height, "x", size.width});
}

/// Returns a layer as one word: its name, kernel, stride, dilation, channels, and what follows.
PPLCNET_INLINE std::string word_of(const Layer& layer);

}  // namespace native

/// Returns the words for everything that fixes a network's arithmetic with weights in a storage.
inline std::vector<std::pair<std::string, std::string>> describe(std::span<const Layer> layers,
                                                                 const NetworkTraits& traits,
                                                                 std::string_view storage) {
  std::string words;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    if (!words.empty()) words += ' ';
    words += native::word_of(layer);
  }
  return {{"head", join({native::head_width(layers, traits)})},
          {"dropout_percent", join({native::dropout_percent(layers)})},
          {"classes", join({traits.classes})},
          {"layers", words},
          {"graph", join({traits.fingerprint})},
          {"storage", std::string(storage)}};
}
inline std::vector<std::pair<std::string, std::string>> describe(std::span<const Layer> layers,
                                                                 const NetworkTraits& traits) {
  return describe(layers, traits, storage_name(traits.storage));
}

namespace native {

inline const std::string* find(const TensorFile& file, std::string_view key) {
  for (const auto& [name, value] : file.metadata)
    if (name == key) return &value;
  return nullptr;
}

/// Returns where two texts of words begin to differ: that word of `text`.
inline std::string_view differing_word(std::string_view text, std::string_view other) {
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(text, other).in1 - text.begin());
  const std::size_t begin = text.substr(0, same).rfind(' ') + 1;  // 0 if there is no space
  return text.substr(begin, text.find(' ', same + 1) - begin);
}

/// Returns how many words two texts have in common at their beginning.
inline std::size_t count_same_words(std::string_view text, std::string_view other) {
  const auto same = std::ranges::mismatch(text, other).in1;
  return static_cast<std::size_t>(std::count(text.begin(), same, ' '));
}

}  // namespace native

/// Checks that a file's metadata describe a network with weights in a storage.
PPLCNET_INLINE Error check_description(const TensorFile& file, std::span<const Layer> layers,
                                       const NetworkTraits& traits, std::string_view storage);

#if PPLCNET_HAS_DEFINITIONS
namespace native {

PPLCNET_INLINE std::string word_of(const Layer& layer) {
  std::string word = join({layer_name(layer), size_of("k", layer.kernel),
                           size_of("s", layer.stride), size_of("d", layer.dilation), ":"});
  if (layer.op != Operator::depthwise) word += join({layer.input.channels, "-"});
  word += join({layer.output.channels});
  for (const Activation activation : {layer.activation, layer.last_activation})
    if (activation != Activation::none) word += join({":", activation_name(activation)});
  if (layer.affine) word += ":affine";
  if (layer.addend >= 0) word += ":add";
  return word;
}

}  // namespace native

PPLCNET_INLINE Error check_description(const TensorFile& file, std::span<const Layer> layers,
                                       const NetworkTraits& traits, std::string_view storage) {
  const bool first = native::find(file, "blocks") != nullptr;
  const auto words =
      first ? native::first_description(layers, traits) : describe(layers, traits, storage);
  // Of several networks that a file is not, the nearest has most of its layers.
  std::size_t same = 0;
  for (const auto& [key, expected] : words)
    if (const std::string* found = native::find(file, key); key == "layers" || key == "blocks")
      same = found == nullptr ? 0 : native::count_same_words(*found, expected);
  for (const auto& [key, expected] : words) {
    const std::string* found = native::find(file, key);
    if (found == nullptr)
      return Error::of(file.path, ": does not say what its network's ", key, " is");
    if (*found != expected)
      return Error::of(file.path, ": its network has ", key, " ",
                       quote(native::differing_word(*found, expected)), ", the type's (",
                       traits.name, ") has ", quote(native::differing_word(expected, *found)))
          .with_progress(same);
  }
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
