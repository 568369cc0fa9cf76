#ifndef PPLCNET_EXAMPLES_TRAIN_TEACHER_HPP
#define PPLCNET_EXAMPLES_TRAIN_TEACHER_HPP

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/weights/error.hpp"

/// A network that has learnt already, and says of each picture what another is to learn: as it is
/// used, with the statistics that it has.
class Teacher {
 public:
  /// Opens a file for pictures of that size; its classes are those of `labels`, in any order, or as
  /// many without names.
  pplcnet::Error open(const std::string& path, pplcnet::Extent input,
                      const std::vector<std::string>& labels, int threads);

  explicit operator bool() const { return !networks_.empty(); }

  /// Computes the logits of pictures in RGB bytes, [image][pitch], in the order of the labels.
  void run(std::span<const std::uint8_t> pixels, int images, std::span<float> logits, int pitch,
           const pplcnet::Executor& executor);

 private:
  std::vector<pplcnet::AnyNetwork> networks_;  // one for each thread
  std::vector<int> classes_;                   // its own, by label
  bool is_bgr_ = false;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables_ = {};
};

#endif  // PPLCNET_EXAMPLES_TRAIN_TEACHER_HPP
