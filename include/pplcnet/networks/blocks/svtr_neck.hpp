#ifndef PPLCNET_NETWORKS_BLOCKS_SVTR_NECK_HPP
#define PPLCNET_NETWORKS_BLOCKS_SVTR_NECK_HPP

#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/blocks/transformer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Appends the neck of PaddleOCR's text recognisers (`rnn.py`, EncoderWithSVTR): two layers of a
/// transformer over the columns of a map, and a shortcut around them.
constexpr Value svtr_neck(Graph& g, Value input, int width) {
  constexpr Name kEncoder = "head.ctc_encoder.encoder";
  constexpr double kLastEpsilon = 1e-6;
  const int channels = input.shape.channels;
  const auto conv = [&](Value x, int out, Pair kernel, std::string_view name) {
    return g.conv(x, out, {.kernel = kernel, .activation = Activation::silu}, kEncoder + name);
  };
  const TransformerLayer layer = {.heads = 8,
                                  .attention_width = width,
                                  .hidden = 2 * width,
                                  .attention_norm = ".norm1",
                                  .qkv = ".mixer.qkv",
                                  .projection = ".mixer.proj",
                                  .norm = ".norm2",
                                  .expansion = ".mlp.fc1",
                                  .reduction = ".mlp.fc2"};
  Value x = conv(input, channels / 8, {1, 3}, ".conv1.conv");
  x = g.output(conv(x, width, 1, ".conv2.conv"), Role::stage, kEncoder + ".conv2");
  for (int i = 0; i < 2; ++i) {
    const Name block("head.ctc_encoder.encoder.svtr_block.#", i);
    x = g.output(transformer_layer(g, x, layer, block), Role::stage, block);
  }
  g.norm_epsilon = kLastEpsilon;
  x = g.layer_norm(x, kEncoder + ".norm");
  g.norm_epsilon = kBatchNormEpsilon;
  x = conv(x, channels, 1, ".conv3.conv");
  x = conv(g.concat({input, x}), channels / 8, {1, 3}, ".conv4.conv");
  return conv(x, width, 1, ".conv1x1.conv");
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_SVTR_NECK_HPP
