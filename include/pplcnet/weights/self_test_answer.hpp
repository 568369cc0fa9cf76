#ifndef PPLCNET_WEIGHTS_SELF_TEST_ANSWER_HPP
#define PPLCNET_WEIGHTS_SELF_TEST_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes what a file's self-test has of a network known at run time, in floats or in bytes: of
/// each output the means of its channels.
template <class Network>
std::vector<float> self_test_answer(Network& network, const Picture& picture) {
  const std::span<const int> requested(network.plan().outputs,
                                       static_cast<std::size_t>(network.plan().output_count));
  std::vector<std::vector<float>> outputs;
  std::vector<float*> destinations(network.layers().size());
  for (const int layer : requested) {
    const auto index = static_cast<std::size_t>(layer);
    outputs.emplace_back(static_cast<std::size_t>(network.layers()[index].output.size()));
    destinations[index] = outputs.back().data();
  }
  network.run(picture, destinations);
  std::vector<float> answer;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Shape shape = network.layers()[static_cast<std::size_t>(requested[i])].output;
    const float* value = outputs[i].data();
    for (int channel = 0; channel < shape.channels; ++channel) {
      double sum = 0;
      for (std::int64_t pixel = 0; pixel < shape.pixels(); ++pixel) sum += *value++;
      answer.push_back(static_cast<float>(sum / static_cast<double>(shape.pixels())));
    }
  }
  return answer;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SELF_TEST_ANSWER_HPP
