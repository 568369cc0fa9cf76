#ifndef PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/join.hpp"

// The metadata of the first files of the project's own, which knew PP-LCNet alone and described it
// block by block. They are read for ever, and written no more.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

/// Returns the width of the layer between pooling and classes, or of the embedding; 0: none.
inline int head_width(std::span<const Layer> layers, const NetworkTraits& traits) {
  if (traits.embedding < 0 || traits.embedding == traits.pooled) return 0;
  return layers[static_cast<std::size_t>(traits.embedding)].output.channels;
}

/// Returns by how much dropout makes the embedding smaller.
inline int dropout_percent(std::span<const Layer> layers) {
  int percent = 0;
  for (const Layer& layer : layers)
    if (layer.scale_percent != 100 || layer.output_percent != 100)
      percent = 200 - layer.scale_percent - layer.output_percent;
  return percent;
}

/// What such a file says of its network, and how.
using FirstWords = std::vector<std::pair<std::string, std::string>>;

/// Returns the words of a network in such a file but for its family and its dialect, which change
/// nothing that the others do not.
PPLCNET_INLINE FirstWords first_description(std::span<const Layer> layers,
                                            const NetworkTraits& traits);

#if PPLCNET_HAS_DEFINITIONS
/// Writes down PP-LCNet's layers block by block.
class FirstDescription {
 public:
  FirstDescription(std::span<const Layer> layers, const NetworkTraits& traits)
      : layers_(layers), traits_(traits) {}

  FirstWords words() {
    for (std::size_t i = 0; i < layers_.size(); ++i) add(i);
    end_block();
    std::string middle = stem_middle_ > 0 ? join({stem_middle_, "-"}) : "";
    FirstWords words = {
        {"stem", join({stem_kind_, ":", middle, stem_.output.channels, ":s", stem_.stride.height,
                       "x", stem_.stride.width})},
        {"blocks", blocks_},
        {"activation", join({activation_name(activation_), affine_ ? ":affine" : ""})},
        {"stem_activation", std::string(activation_name(stem_.activation))},
        {"gate", std::string(activation_name(gate_))},
        {"stage_heads", heads_.empty() ? "none" : heads_},
        {"head", join({head_width(layers_, traits_), linear_head_ ? ":linear:neck" : ""})},
        {"classes", join({traits_.classes})},
        {"storage", std::string(storage_name(traits_.storage))}};
    if (traits_.classes > 0 || linear_head_)
      words.emplace_back("dropout_percent", join({dropout_percent(layers_)}));
    return words;
  }

 private:
  void add(std::size_t index) {
    const Layer& layer = layers_[index];
    const std::string_view part = layer.name.leaf.empty() ? layer.name.pattern : layer.name.leaf;
    affine_ = affine_ || layer.affine;
    if (part == "conv#") add_stem(layer);
    if (part == "stem_pool") stem_kind_ = "branches";
    if (part == ".dw_conv") begin_block(layer);
    if (part == ".se.conv2") gate_ = layer.activation;
    if (part == ".se") squeeze_excite_ = true;
    if (part == ".expand") expansion_ = layer.output.channels;
    if (part == ".pw_conv") add_pointwise(layer);
    if (part == "last_conv") linear_head_ = layer.activation == Activation::none;
    // The stages from blocks2 on; the ones before the first head have none.
    if (part == "blocks#.head")
      heads_ += join({heads_.empty() ? "0-" : "-", layer.output.channels});
    if (layer.name.pattern == "blocks#.#" && layer.has_weights() && !part.starts_with(".se") &&
        activation_ == Activation::none)
      activation_ = layer.activation;
  }

  void add_stem(const Layer& layer) {
    const int number = layer.name.numbers[0];
    if (number == 1) {
      stem_ = layer;
      return;
    }
    if (number == 2 && stem_kind_ == "convolution") stem_kind_ = "convolutions";
    if (stem_middle_ == 0) stem_middle_ = stem_.output.channels;
    stem_.output.channels = layer.output.channels;
  }

  void begin_block(const Layer& layer) {
    end_block();
    depthwise_ = layer;
    has_block_ = true;
  }

  void add_pointwise(const Layer& layer) {
    out_ = layer.output.channels;
    linear_pointwise_ = layer.activation == Activation::none;
    shortcut_ = layer.addend < 0                  ? ""
                : layer.addend == depthwise_.from ? ":add-input"
                                                  : ":add-depthwise";
  }

  void end_block() {
    if (!has_block_) return;
    const Layer& d = depthwise_;
    blocks_ += join({blocks_.empty() ? "" : " ", d.name.numbers[0], ":k", d.kernel.height, ":",
                     d.input.channels, "-"});
    if (expansion_ > 0) blocks_ += join({expansion_, "-"});
    blocks_ += join({out_, ":s", d.stride.height, "x", d.stride.width});
    if (d.dilation != Pair(1)) blocks_ += join({":d", d.dilation.height});
    blocks_ += join({squeeze_excite_ ? ":se" : "",
                     d.activation == Activation::none ? ":linear-depthwise" : "",
                     linear_pointwise_ ? ":linear-pointwise" : "", shortcut_});
    expansion_ = 0;
    squeeze_excite_ = false;
  }

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  std::string_view stem_kind_ = "convolution", shortcut_;
  Layer stem_, depthwise_;
  int stem_middle_ = 0, expansion_ = 0, out_ = 0;
  bool has_block_ = false, squeeze_excite_ = false, linear_pointwise_ = false;
  bool affine_ = false, linear_head_ = false;
  Activation activation_ = Activation::none, gate_ = Activation::hardsigmoid_paddle;
  std::string blocks_, heads_;
};

PPLCNET_INLINE FirstWords first_description(std::span<const Layer> layers,
                                            const NetworkTraits& traits) {
  return FirstDescription(layers, traits).words();
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace native

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP
