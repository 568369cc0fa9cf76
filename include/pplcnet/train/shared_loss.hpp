#ifndef PPLCNET_TRAIN_SHARED_LOSS_HPP
#define PPLCNET_TRAIN_SHARED_LOSS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/train/exchange.hpp"
#include "pplcnet/train/loss.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the loss of a batch of which processes have their images each, and writes the gradients
/// of own images. The targets are those of the whole batch (a teacher's logits are gathered by
/// `TrainingExchange::gather`): each process computes all of the loss, which is the same in all of
/// them, and that of one process with the whole batch.
inline BatchLoss loss_and_gradients(TrainingExchange& exchange, int batch,
                                    const LossOptions& options, const LossTargets& targets,
                                    const BatchLogits& own, std::span<double> scratch) {
  if (!exchange.expects(own.images, batch)) return {};
  const auto pitch = static_cast<std::size_t>(own.pitch);
  const auto floats = pitch * static_cast<std::size_t>(batch);
  float* const logits = exchange.memory(2 * floats);
  if (logits == nullptr) return {};
  const std::size_t begin = pitch * static_cast<std::size_t>(exchange.images(batch).begin);
  const std::size_t count = pitch * static_cast<std::size_t>(own.images);
  std::copy_n(own.logits, count, logits + begin);
  exchange.gather(logits, batch, pitch);
  const BatchLoss loss = loss_and_gradients(options, targets,
                                            {.logits = logits,
                                             .gradients = logits + floats,
                                             .images = batch,
                                             .classes = own.classes,
                                             .pitch = own.pitch},
                                            scratch);
  std::copy_n(logits + floats + begin, count, own.gradients);
  return loss;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_SHARED_LOSS_HPP
