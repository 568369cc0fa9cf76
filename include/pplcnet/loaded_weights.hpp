#ifndef PPLCNET_LOADED_WEIGHTS_HPP
#define PPLCNET_LOADED_WEIGHTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/defaults.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Lookup tables from bytes to values, one for each channel of the network's input.
using ByteTables = std::array<ByteTable, kImageChannels>;

/// Takes labels and preprocessing of a file, if it has any; those for another network are an error.
/// `path` is for messages.
PPLCNET_INLINE Error take_info(ModelInfo& info, std::string_view path, const NetworkTraits& traits,
                               std::vector<std::string>& labels, Preprocessing& preprocessing);

/// A network's weights, and what belongs to them: labels, and how pictures are prepared: the base
/// of `Self`, which sees pictures with them. Copies share the weights.
template <class Net, class Self>
class LoadedWeights {
 public:
  using Weights = typename Net::Weights;
  using WeightsView = typename Net::WeightsView;

  explicit LoadedWeights(const Preprocessing& preprocessing = default_preprocessing<Net>()) {
    set_preprocessing(preprocessing);
  }

  /// Reads weights in any format that `pplcnet::load` knows, or another `read` such as
  /// `pplcnet::load_any`; a native file also brings labels and preprocessing. After an error, which
  /// may be that there is no memory, all is as before.
  Error load(std::string_view path,
             Error (*read)(std::string_view, Weights&, ModelInfo*) = pplcnet::load<Weights>) {
    return load_by(path, [&](auto& weights, auto* info) { return read(path, weights, info); });
  }

  /// Loads the same from the bytes of a file, which are not needed any more then. `name` is for
  /// messages; another `read` is `pplcnet::load_any_bytes`.
  Error load(std::span<const std::byte> bytes, std::string_view name,
             Error (*read)(std::span<const std::byte>, std::string_view, Weights&,
                           ModelInfo*) = pplcnet::load_bytes<Weights>) {
    return load_by(name,
                   [&](auto& weights, auto* info) { return read(bytes, name, weights, info); });
  }

  /// Loads the same with weights that `read(weights, info)` brings; `path` is for messages.
  template <class Read>
  Error load_by(std::string_view path, const Read& read) {
    return with_memory_for(path, [&] {
      const std::shared_ptr<Weights> weights(new (std::nothrow) Weights());
      if (weights == nullptr) return out_of_memory(path);
      ModelInfo info;
      if (auto error = read(*weights, &info)) return error;
      return take(path, *weights, weights, info);
    });
  }

  /// Uses a native file that lies in memory (mapped, or part of the executable) where it is,
  /// without a copy, as `pplcnet::view` does: it must stay there. Labels and preprocessing are its
  /// own.
  Error view(std::span<const std::byte> bytes, std::string_view name) {
    return with_memory_for(name, [&] {
      std::optional<WeightsView> weights;
      ModelInfo info;
      if (auto error = pplcnet::view<Net>(bytes, name, weights, &info)) return error;
      return take(name, *weights, nullptr, info);
    });
  }

  /// Uses packed weights that lie elsewhere, and must stay there.
  void view(WeightsView weights) noexcept {
    weights_ = weights;
    owner_.reset();
  }

  /// Takes one label for each class, or none; any other number is an error.
  Error set_labels(std::vector<std::string> labels) {
    if (auto error = check_label_count(labels.size(), Net::traits.label_count, "labels"))
      return error;
    labels_ = std::move(labels);
    return {};
  }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Returns the label of a class, or its number where there are no labels.
  std::string label(int class_id) const { return label_of(class_id, labels_); }

  /// Sets the preprocessing, whose height and width must be those of the network's input.
  void set_preprocessing(const Preprocessing& preprocessing) {
    preprocessing_ = preprocessing;
    lookup_ = normalisation_tables(preprocessing.normalisation);
  }
  const Preprocessing& preprocessing() const { return preprocessing_; }

  /// Returns what the network sees of the pixels of a picture that is prepared.
  Picture picture(const std::uint8_t* pixels) const {
    const auto seen = Picture::interleaved(pixels, lookup_.data(), Net::input_shape);
    return preprocessing_.channel_order == ChannelOrder::bgr ? seen.reversed(Net::input_shape)
                                                             : seen;
  }

  /// Returns the weights; nothing if none were loaded.
  const std::optional<WeightsView>& weights() const { return weights_; }

 private:
  /// Takes over weights that were read, and what came with them.
  Error take(std::string_view name, WeightsView weights, std::shared_ptr<const Weights> owner,
             ModelInfo& info) {
    if constexpr (requires(Self & self) { self.prepare(1); })
      if (auto error = static_cast<Self&>(*this).prepare(1)) return error;
    if (auto error = take_info(info, name, Net::traits, labels_, preprocessing_)) return error;
    set_preprocessing(preprocessing_);
    weights_ = weights;
    owner_ = std::move(owner);
    return {};
  }

  std::optional<WeightsView> weights_;
  std::shared_ptr<const Weights> owner_;  // null: the caller
  Preprocessing preprocessing_;
  ByteTables lookup_;
  std::vector<std::string> labels_ = default_labels<Net>();
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error take_info(ModelInfo& info, std::string_view path, const NetworkTraits& traits,
                               std::vector<std::string>& labels, Preprocessing& preprocessing) {
  if (auto error = check_label_count(info.labels.size(), traits.label_count, path)) return error;
  std::optional<Preprocessing> preset = preprocessing;
  if (!info.preprocessing.empty())
    preset = find_preset(info.preprocessing, traits.input.height, traits.input.width);
  if (!preset) return Error::of(path, ": unknown preprocessing ", quote(info.preprocessing));
  preprocessing = *preset;
  if (!info.labels.empty()) labels = std::move(info.labels);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_LOADED_WEIGHTS_HPP
