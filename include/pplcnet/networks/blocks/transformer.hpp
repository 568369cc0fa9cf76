#ifndef PPLCNET_NETWORKS_BLOCKS_TRANSFORMER_HPP
#define PPLCNET_NETWORKS_BLOCKS_TRANSFORMER_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a layer of a transformer consists of, and what its modules are called inside of it.
struct TransformerLayer {
  int heads = 1;
  int attention_width = 0;  ///< of all heads together
  int hidden = 0;           ///< channels between the two last dense layers
  bool qkv_bias = true;
  std::string_view attention_norm, qkv, projection, norm, expansion, reduction;
};

/// Appends a layer of a transformer over tokens, each row of which is a sequence: attention, and
/// two dense layers with SiLU between them; each after a layer norm and with a residual.
constexpr Value transformer_layer(Graph& g, Value tokens, const TransformerLayer& layer,
                                  Name name) {
  const int channels = tokens.shape.channels;
  const Conv linear = {.norm = false, .bias = true, .layout = Layout::out_in};
  Conv qkv = linear, silu = linear;
  qkv.bias = layer.qkv_bias;
  silu.activation = Activation::silu;
  Value y = g.layer_norm(tokens, name + layer.attention_norm);
  y = g.attention(g.conv(y, 3 * layer.attention_width, qkv, name + layer.qkv), layer.heads);
  tokens = g.add(tokens, g.conv(y, channels, linear, name + layer.projection));
  y = g.layer_norm(tokens, name + layer.norm);
  y = g.conv(y, layer.hidden, silu, name + layer.expansion);
  return g.add(tokens, g.conv(y, channels, linear, name + layer.reduction));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_TRANSFORMER_HPP
