#ifndef PPLCNET_WEIGHTS_NAMING_NETWORK_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NETWORK_NAMES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "pplcnet/architecture.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "pplcnet/words.hpp"

// Which network a state dict belongs to, as far as its names tell.

namespace pplcnet::inline PPLCNET_ABI {

/// Networks that share a name for the weights of their first layer, or of the first that is called
/// like no other's.
struct NetworkNames {
  std::string_view anchor;  ///< that name
  std::string_view what;    ///< for messages
  Naming naming;
  Family family;
  Dialect dialect = Dialect::paddle;
  Stem stem = Stem::convolution;
  bool maps = true, others = true;  ///< endings

  constexpr bool fits(const Architecture& net) const {
    return net.family == family && net.dialect == dialect && net.stem == stem &&
           (net.ending == Ending::maps ? maps : others);
  }
};

inline constexpr NetworkNames kNetworkNames[] = {
    {"conv1.conv.weight", "Paddle's V1 (dialect paddle)", Naming::paddle, Family::v1},
    {"conv1.conv.weight", "V3", Naming::paddle, Family::v3},
    {"conv_stem.weight", "timm's V1 (dialect timm)", Naming::timm, Family::v1, Dialect::timm},
    {"features.0.weight", "the PyTorch reproduction's V1 (dialect pytorch)", Naming::pytorch,
     Family::v1, Dialect::pytorch},
    {"blocks.0.0.dw_conv.conv.weight", "light_cnns' V1 (dialect light_cnns)", Naming::light_cnns,
     Family::v1, Dialect::light_cnns},
    {"encoder.convolution.convolution.weight", "Hugging Face's V1 (dialect paddle)",
     Naming::hugging_face, Family::v1},
    {"embedder.convolution.convolution.weight", "Hugging Face's V1 (dialect paddle)",
     Naming::hugging_face, Family::v1},
    {"stem.0.conv.weight", "V2", Naming::paddle, Family::v2},
    {"stem.stem1.conv.weight", "V4 for detection", Naming::paddle, Family::v4, Dialect::paddle,
     Stem::branches, true, false},
    {"conv1.stem1.conv.weight", "V4 for recognition", Naming::paddle, Family::v4, Dialect::paddle,
     Stem::branches, false, true},
    {"conv1.0.conv.weight", "V4 tiny for recognition", Naming::paddle, Family::v4, Dialect::paddle,
     Stem::convolutions, false, true},
};

/// Where `anchor` begins at the end of a name, behind a prefix that ends with a point; npos if it
/// does not.
inline std::size_t place_in(std::string_view name, std::string_view anchor) {
  if (!name.ends_with(anchor)) return std::string_view::npos;
  const std::size_t begin = name.size() - anchor.size();
  return begin == 0 || name[begin - 1] == '.' ? begin : std::string_view::npos;
}

/// Whether a file has V3's scales: V1 and V3 call their first layers the same.
inline bool has_affines(const TensorFile& file) {
  return std::ranges::any_of(
      file.tensors, [](const Tensor& tensor) { return tensor.name.ends_with(".lab.scale"); });
}

/// What a type is, in the words of `NetworkNames::what`.
inline std::string what_of(const Architecture& net) {
  if (net.family == Family::other) return "network " + quote(net.name);
  const bool maps = net.ending == Ending::maps;
  std::string text = net.family == Family::v1 && maps ? "a backbone of PP-LCNet V" : "a PP-LCNet V";
  text += family_name(net.family).substr(1);
  if (net.family == Family::v1) text += " with Dialect::" + std::string(dialect_name(net.dialect));
  if (net.family == Family::v3 || net.family == Family::v4)
    text += maps ? " for detection" : " for recognition";
  return text;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NETWORK_NAMES_HPP
