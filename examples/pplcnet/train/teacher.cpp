#include "train/teacher.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>

#include "pplcnet/open/open_network.hpp"
#include "weights.hpp"

using pplcnet::Error;

Error Teacher::open(const std::string& path, pplcnet::Extent input,
                    const std::vector<std::string>& labels, int threads) {
  pplcnet::WeightFile file;
  std::optional<pplcnet::OpenedNetwork> opened;
  if (auto error = open_weights(path, "", file)) return error;
  if (auto error = pplcnet::open_network(file, "", pplcnet::Purpose::classes, opened)) return error;
  pplcnet::AnyNetwork& network = opened->network;
  if (network.classes() != static_cast<int>(labels.size()))
    return Error::of(path, ": has ", network.classes(), " classes, the pictures have ",
                     labels.size());
  classes_.resize(labels.size());
  std::iota(classes_.begin(), classes_.end(), 0);
  if (!opened->labels.empty())
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto found = std::ranges::find(opened->labels, labels[i]);
      if (found == opened->labels.end())
        return Error::of(path, ": has no class ", pplcnet::quote(labels[i]));
      classes_[i] = static_cast<int>(found - opened->labels.begin());
    }
  if (network.traits().input != input) {
    pplcnet::Adaptation adaptation = opened->adaptation;
    adaptation.input = input;
    if (auto error = network.resize([&] { return opened->published->adapted(adaptation); }))
      return Error::of(path, ": ", error.message());
  }
  is_bgr_ = opened->preprocessing.channel_order == pplcnet::ChannelOrder::bgr;
  tables_ = pplcnet::normalisation_tables(opened->preprocessing.normalisation);
  networks_.assign(static_cast<std::size_t>(threads), network);
  return {};
}

void Teacher::run(std::span<const std::uint8_t> pixels, int images, std::span<float> logits,
                  int pitch, const pplcnet::Executor& executor) {
  const auto body = [&](int part) {
    pplcnet::AnyNetwork& network = networks_[static_cast<std::size_t>(part)];
    const pplcnet::Shape shape = network.input_shape();
    const auto size = static_cast<std::size_t>(shape.size());
    std::vector<float> own(classes_.size());
    for (auto i = static_cast<std::size_t>(part); i < static_cast<std::size_t>(images);
         i += networks_.size()) {
      const auto picture =
          pplcnet::Picture::interleaved(pixels.data() + i * size, tables_.data(), shape);
      network.run(is_bgr_ ? picture.reversed(shape) : picture, network.traits().logits, own);
      for (std::size_t k = 0; k < classes_.size(); ++k)
        logits[i * static_cast<std::size_t>(pitch) + k] =
            own[static_cast<std::size_t>(classes_[k])];
    }
  };
  executor(static_cast<int>(networks_.size()), pplcnet::Task(body));
}
