#ifndef PPLCNET_TRAIN_BATCH_LOGITS_HPP
#define PPLCNET_TRAIN_BATCH_LOGITS_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A batch's logits, and where the loss by them is written: [image][pitch], of which so many are
/// classes.
struct BatchLogits {
  const float* logits;
  float* gradients;
  int images, classes, pitch;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_BATCH_LOGITS_HPP
