#ifndef PPLCNET_TESTS_KERNELS_BLOCK_NETWORK_HPP
#define PPLCNET_TESTS_KERNELS_BLOCK_NETWORK_HPP

#include <vector>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/pplcnet_v4.hpp"
#include "pplcnet/networks/squeeze_excite.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet_test {

/// What is added to a block's output.
enum class Residual {
  none,
  input,      ///< the block's input
  depthwise,  ///< what its pointwise layers read
};

/// A depthwise layer, squeeze-excite, one or two pointwise layers.
struct Block {
  int kernel, in, out;
  pplcnet::Stride stride = 1;
  bool squeeze_excite = false;
  int expansion = 0;  ///< `in` → `expansion` → `out`; 0: in one layer
  Residual residual = Residual::none;
  bool linear_depthwise = false, linear_pointwise = false;
  int dilation = 1;
};

/// How a network begins: with one convolution, with two, or as V4 does.
enum class Stem { convolution, convolutions, branches };
/// How it ends: with pool, embedding, classes; with the maps of its blocks; with columns of means.
enum class Ending { classifier, maps, columns };

/// A small network made of blocks, in which everything that the kernels tell apart can be chosen.
struct BlockNetwork {
  pplcnet::Extent input = {224, 224};
  Stem stem = Stem::convolution;
  int stem_channels = 16, stem_middle = 0;
  pplcnet::Stride stem_stride = 1;
  pplcnet::Activation stem_activation = pplcnet::Activation::hardswish;
  std::vector<Block> blocks;
  pplcnet::Activation activation = pplcnet::Activation::hardswish;
  pplcnet::Activation gate = pplcnet::Activation::hardsigmoid_paddle;
  bool affine = false;
  Ending ending = Ending::classifier;
  std::vector<int> map_heads;  ///< widths of layers that read the blocks' maps
  int head = 0, classes = 3;

  pplcnet::Graph graph() const {
    using pplcnet::Role;
    pplcnet::Graph g(input, pplcnet::kPaddleClas, "blocks");
    pplcnet::Value x = add_stem(g);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      x = add_block(g, x, blocks[i], {"blocks#.#", static_cast<int>(i) + 2, 0});
      g.output(x, Role::stage);
      if (ending == Ending::maps && map_heads.empty()) g.output(x);
      if (i < map_heads.size()) g.output(g.conv(x, map_heads[i], {.norm = false, .bias = true}));
    }
    if (ending == Ending::columns) g.output(g.mean_pool(x, {.kernel = {3, 2}, .stride = {3, 2}}));
    if (ending != Ending::classifier) return g;
    x = g.global_mean(x, "avg_pool");
    if (head > 0)
      x = g.dense(x, head,
                  {.activation = activation, .bias = false, .layout = pplcnet::Layout::convolution},
                  "last_conv");
    g.output(g.dense(x, classes, {.layout = pplcnet::Layout::in_out}, "fc"));
    return g;
  }

 private:
  pplcnet::Value add_stem(pplcnet::Graph& g) const {
    pplcnet::Conv conv = {.kernel = 3, .stride = stem_stride, .activation = stem_activation};
    if (stem == Stem::convolution) return g.conv(g.image(), stem_channels, conv, {"conv#", 1});
    if (stem == Stem::branches)
      return pplcnet::v4::add_branches(g, {.name = "",
                                           .branches = true,
                                           .stem_middle = stem_middle,
                                           .stem_channels = stem_channels,
                                           .stages = {}});
    const pplcnet::Value x = g.conv(g.image(), stem_middle, conv, {"conv#", 1});
    conv.activation = pplcnet::Activation::none;
    conv.stride = 2;
    return g.conv(x, stem_channels, conv, {"conv#", 2});
  }

  pplcnet::Value add_block(pplcnet::Graph& g, pplcnet::Value x, const Block& block,
                           pplcnet::Name name) const {
    const auto activated = [&](bool linear) {
      return linear ? pplcnet::Activation::none : activation;
    };
    const pplcnet::Value input_map = x;
    x = g.depthwise(x,
                    {.kernel = block.kernel,
                     .stride = block.stride,
                     .dilation = block.dilation,
                     .activation = activated(block.linear_depthwise),
                     .affine = affine && !block.linear_depthwise},
                    name + ".dw_conv");
    if (block.squeeze_excite)
      x = pplcnet::squeeze_excite(g, x, {.squeezed = x.shape.channels / 4, .gate = gate}, name);
    const pplcnet::Value mixed = x;
    if (block.expansion > 0)
      x = g.conv(x, block.expansion, {.activation = activation, .affine = affine},
                 name + ".expand");
    x = g.conv(x, block.out,
               {.activation = activated(block.linear_pointwise),
                .affine = affine && !block.linear_pointwise},
               name + ".pw_conv");
    if (block.residual == Residual::none) return x;
    return g.add(block.residual == Residual::input ? input_map : mixed, x);
  }
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_BLOCK_NETWORK_HPP
