#ifndef PPLCNET_EXAMPLES_BROWSER_VIEWER_HPP
#define PPLCNET_EXAMPLES_BROWSER_VIEWER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/loaded_weights.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/stored_as.hpp"

/// A network that sees pictures. Its kernels are the baseline's whatever compiles it, so that the
/// answers have the bits of every CPU without fused multiply-add: those of WebAssembly.
class Viewer {
 public:
  /// Takes the weights of a native file for `Net`, as which it is stored, and keeps them as
  /// float32. The file begins at a multiple of 64. The only kernels that are compiled are `kNeeds`.
  template <class Net, pplcnet::Needs kNeeds>
  static pplcnet::Error open(std::span<const std::byte> file, std::string_view name,
                             std::optional<Viewer>& result) {
    std::optional<typename Net::WeightsView> weights;
    pplcnet::ModelInfo info;
    if (auto error = pplcnet::view<Net>(file, name, weights, &info)) return error;
    std::vector<std::string> labels;
    auto preprocessing = pplcnet::default_preprocessing<Net>();
    if (auto error = pplcnet::take_info(info, name, Net::traits, labels, preprocessing))
      return error;
    std::optional<pplcnet::AnyNetwork> stored, network;
    if (auto error = pplcnet::AnyNetwork::make<kNeeds>(Net::Definition::graph(), /*threads=*/1,
                                                       stored, Net::traits.storage))
      return error;
    std::copy_n(weights->values(), Net::weight_count, stored->weights().begin());
    if (auto error = pplcnet::store_as(pplcnet::Storage::single, *stored, name, network))
      return error;
    result.emplace(std::move(*network), preprocessing);
    return {};
  }

  Viewer(pplcnet::AnyNetwork network, const pplcnet::Preprocessing& preprocessing)
      : network_(std::move(network)),
        preprocessing_(preprocessing),
        lookup_(pplcnet::normalisation_tables(preprocessing.normalisation)) {}

  const pplcnet::AnyNetwork& network() const { return network_; }
  const pplcnet::Preprocessing& preprocessing() const { return preprocessing_; }

  /// Computes the output of a layer, planar; false if there is nothing to see.
  bool run(pplcnet::ImageView image, int layer, std::vector<float>& output) {
    if (!pplcnet::resize_and_crop(preprocessing_, image, scratch_)) return false;
    const pplcnet::Shape shape = network_.input_shape();
    auto picture = pplcnet::Picture::interleaved(scratch_.pixels.data(), lookup_.data(), shape);
    if (preprocessing_.channel_order == pplcnet::ChannelOrder::bgr)
      picture = picture.reversed(shape);
    const auto& wanted = network_.layers()[static_cast<std::size_t>(layer)];
    output.resize(static_cast<std::size_t>(wanted.output.size()));
    network_.run(picture, layer, output, {.isa = pplcnet::Isa::baseline});
    return true;
  }

  bool probabilities(pplcnet::ImageView image, std::vector<float>& scores) {
    if (!run(image, network_.traits().logits, scores)) return false;
    pplcnet::softmax(scores);
    return true;
  }

 private:
  pplcnet::AnyNetwork network_;
  pplcnet::Preprocessing preprocessing_;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> lookup_;
  pplcnet::PreprocessScratch scratch_;
};

#endif  // PPLCNET_EXAMPLES_BROWSER_VIEWER_HPP
