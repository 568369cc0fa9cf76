#ifndef PPLCNET_CLASSIFIER_HPP
#define PPLCNET_CLASSIFIER_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/classifier_state.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/loaded_weights.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// From decoded pixels to labels: a network with its weights, preprocessing and labels, and what
/// threads need to write to. A published model (see models/) brings the last two.
/// Copies share the weights and have everything else of their own: one copy for each thread, or one
/// classifier that classifies many pictures at once.
template <class Net>
class Classifier : public LoadedWeights<Net, Classifier<Net>> {
  using Loaded = LoadedWeights<Net, Classifier<Net>>;

 public:
  Classifier() = default;
  Classifier(const Classifier& other) : Loaded(other) {}
  Classifier(Classifier&&) noexcept = default;
  Classifier& operator=(const Classifier& other) {
    if (this != &other) *this = Classifier(other);
    return *this;
  }
  Classifier& operator=(Classifier&&) noexcept = default;
  ~Classifier() = default;

  /// Returns the raw scores of a picture, or nothing if weights were not loaded, the picture is
  /// empty or too narrow for the crop, or there is no memory. Valid until the next call.
  std::optional<std::span<const float>> logits(ImageView image, const RunOptions& options = {}) {
    std::optional<Picture> picture;
    const auto see = [&] {
      picture = states_[0]->see(*this, image, 0);
      return Error();
    };
    if (check_ready() || prepare(1) || with_memory_for("picture", see) || !picture)
      return std::nullopt;
    Net::forward_batch(*this->weights(), std::span<const Picture>(&*picture, 1),
                       states_[0]->workspace, first_row(), options);
    return first_row();
  }

  /// Probabilities of all classes: softmax as Paddle computes it, or for attributes sigmoid.
  std::optional<std::span<const float>> probabilities(ImageView image,
                                                      const RunOptions& options = {}) {
    if (!logits(image, options)) return std::nullopt;
    to_probabilities<Net>(first_row());
    return first_row();
  }

  /// Returns a published model's prediction: attributes, or the class above its threshold, with its
  /// score.
  auto predict(ImageView image, const RunOptions& options = {}) requires HasModel<Net> {
    using Predicted = decltype(decode<Net>(std::declval<const typename Net::Logits&>()));
    return probabilities(image, options) ? std::optional<Predicted>(decode<Net>(first_row()))
                                         : std::nullopt;
  }

  /// Returns the kCount most probable classes, best first; class_id is -1 where there is no
  /// prediction.
  template <std::size_t kCount>
  std::array<Prediction, kCount> top_k(ImageView image, const RunOptions& options = {}) {
    const auto scores = probabilities(image, options);
    return scores ? pplcnet::top_k<kCount>(*scores) : std::array<Prediction, kCount>{};
  }

  /// Probabilities of any number of pictures: a row of all classes for each, in their order. The
  /// row of a picture that is empty or too narrow for the crop is full of NaN. Each thread of the
  /// executor takes a few pictures at a time. An error if weights were not loaded, `rows` has
  /// another size, or there is no memory.
  Error probabilities(std::span<const ImageView> images, std::span<float> rows,
                      const RunOptions& options = {}) {
    constexpr auto kClasses = static_cast<std::size_t>(Net::classes);
    if (rows.size() != images.size() * kClasses)
      return Error::of("classifier: expected room for ", images.size(), " times ", kClasses,
                       " probabilities, found room for ", rows.size());
    std::ranges::fill(rows, std::numeric_limits<float>::quiet_NaN());
    return for_each_row(images, options, [&](std::size_t image, std::span<const float> row) {
      std::ranges::copy(row, rows.subspan(image * kClasses).begin());
    });
  }

  /// Finds the most probable classes of any number of pictures, in the same way: `best` has a row
  /// of as many predictions for each, best first; class_id is -1 where there is no prediction.
  Error classify(std::span<const ImageView> images, std::span<Prediction> best,
                 const RunOptions& options = {}) {
    const std::size_t count = images.empty() ? 0 : best.size() / images.size();
    if (best.size() != count * images.size() || (count == 0 && !images.empty()))
      return Error::of("classifier: expected as many predictions for each of ", images.size(),
                       " pictures, found room for ", best.size());
    std::ranges::fill(best, Prediction());
    return for_each_row(images, options, [&](std::size_t image, std::span<const float> row) {
      pplcnet::top_k(row, best.subspan(image * count, count));
    });
  }

  /// Allocates what `threads` threads write to (about Net::workspace_bytes each), which the first
  /// call would do otherwise, and touches it: no picture waits for its pages. Buffers for pictures
  /// grow with the largest one.
  Error prepare(int threads) {
    return with_memory_for("classifier", [&] {
      while (std::ssize(states_) < threads) {
        std::unique_ptr<State> state(new (std::nothrow) State());
        if (state == nullptr) return out_of_memory("classifier");
        states_.push_back(std::move(state));
      }
      return Error();
    });
  }

 private:
  using State = ClassifierState<Net>;
  using Row = std::span<float, Net::classes>;

  Row first_row() const { return Row(states_[0]->logits.data(), Net::classes); }

  Error check_ready() const {
    if (!this->weights()) return Error("classifier: no weights were loaded");
    if (this->preprocessing().tensor_size() == Net::input_size) return {};
    return Error::of("classifier: expected preprocessing for ", Net::input_size, " numbers, found ",
                     this->preprocessing().tensor_size());
  }

  /// Calls visit(image, probabilities) for each picture that has any: each part of the executor has
  /// a state, and takes chunks until none is left.
  template <class Visit>
  Error for_each_row(std::span<const ImageView> images, const RunOptions& options,
                     const Visit& visit) {
    if (auto error = check_ready()) return error;
    const auto most = std::max<std::size_t>(images.size(), 1);
    const auto threads = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::max(options.executor.threads(), 1)), 1, most);
    if (auto error = prepare(static_cast<int>(threads))) return error;
    const std::size_t chunk = std::clamp<std::size_t>(most / threads, 1, kChunk);
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> exhausted = false;
    const auto part = [&](int i) {
      State& state = *states_[static_cast<std::size_t>(i)];
      for (std::size_t begin; (begin = next.fetch_add(chunk)) < images.size();) {
        const auto work = [&] {
          const std::size_t end = std::min(begin + chunk, images.size());
          state.compute(*this, images, begin, end, options.isa, visit);
          return Error();
        };
        if (with_memory_for("pictures", work)) exhausted = true;
      }
    };
    options.executor(static_cast<int>(threads), Task(part));
    return exhausted ? out_of_memory("classifier: pictures") : Error();
  }

  std::vector<std::unique_ptr<State>> states_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CLASSIFIER_HPP
