#ifndef PPLCNET_WEIGHTS_REPARAMETERISE_HPP
#define PPLCNET_WEIGHTS_REPARAMETERISE_HPP

#include <cmath>
#include <cstddef>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/weights/fold.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Adds up the branches of a layer, which become one convolution with a bias. In double precision:
/// what is rounded is the result.
class BranchSum {
 public:
  explicit BranchSum(const Layer& layer)
      : outputs_(static_cast<std::size_t>(layer.output.channels)),
        kernel_(static_cast<std::size_t>(layer.kernel.height)),
        inputs_(static_cast<std::size_t>(layer.depth()) / (kernel_ * kernel_)),
        depthwise_(layer.op == Operator::depthwise),
        weight_(outputs_ * inputs_ * kernel_ * kernel_),
        bias_(outputs_) {}

  /// Adds a branch: a smaller kernel, and the one of an identity, lies in the middle.
  void add(const Branch& branch, const Parameters& parameters) {
    const auto kernel = static_cast<std::size_t>(branch.kernel);
    const std::size_t margin = (kernel_ - kernel) / 2;
    for (std::size_t o = 0; o < outputs_; ++o) {
      const Linear norm = batch_norm_of(parameters, o);
      bias_[o] += parameters.bias.empty() ? norm.offset
                                          : std::fma(parameters.bias[o], norm.factor, norm.offset);
      if (branch.identity) {
        at(o, depthwise_ ? 0 : o, kernel_ / 2, kernel_ / 2) += norm.factor;
        continue;
      }
      const float* weight = parameters.weight.data() + o * inputs_ * kernel * kernel;
      for (std::size_t i = 0; i < inputs_; ++i)
        for (std::size_t y = 0; y < kernel; ++y)
          for (std::size_t x = 0; x < kernel; ++x)
            at(o, i, margin + y, margin + x) += rounded(*weight++ * norm.factor);
    }
  }

  /// What follows the sum, output by output.
  void scale(std::size_t o, const Linear& linear) {
    const std::size_t depth = inputs_ * kernel_ * kernel_;
    for (std::size_t k = 0; k < depth; ++k) weight_[o * depth + k] *= linear.factor;
    bias_[o] = std::fma(bias_[o], linear.factor, linear.offset);
  }

  /// Sets weight and bias.
  void round_to(Parameters& parameters) const {
    parameters.weight.assign(weight_.begin(), weight_.end());
    parameters.bias.assign(bias_.begin(), bias_.end());
  }

 private:
  double& at(std::size_t o, std::size_t i, std::size_t y, std::size_t x) {
    return weight_[((o * inputs_ + i) * kernel_ + y) * kernel_ + x];
  }

  std::size_t outputs_, kernel_, inputs_;
  bool depthwise_;
  std::vector<double> weight_, bias_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_REPARAMETERISE_HPP
