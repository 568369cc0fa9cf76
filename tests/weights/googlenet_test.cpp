// GoogLeNet of torchvision: its state dict, written down from its source, gives what PyTorch's
// modules give.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/networks/torchvision_googlenet.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "weights/published_state_dicts.hpp"

namespace pplcnet_test::googlenet_test {
namespace {

using published::StateDict;
using torch::Map;
using torch::Modules;

constexpr pplcnet::Extent kInput = {65, 97};

/// Inception(in, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj).
struct Inception {
  const char* name;
  int in, one, reduced3, three, reduced5, five, pooled;
};
constexpr Inception kInceptions[] = {
    {"inception3a", 192, 64, 96, 128, 16, 32, 32},
    {"inception3b", 256, 128, 128, 192, 32, 96, 64},
    {"inception4a", 480, 192, 96, 208, 16, 48, 64},
    {"inception4b", 512, 160, 112, 224, 24, 64, 64},
    {"inception4c", 512, 128, 128, 256, 24, 64, 64},
    {"inception4d", 512, 112, 144, 288, 32, 64, 64},
    {"inception4e", 528, 256, 160, 320, 32, 128, 128},
    {"inception5a", 832, 256, 160, 320, 32, 128, 128},
    {"inception5b", 832, 384, 192, 384, 48, 128, 128},
};

/// With the auxiliary classifiers, as its checkpoint has them.
StateDict state_dict() {
  StateDict state(/*paddle=*/false);
  const auto basic = [&](const std::string& name, int out, int in, int kernel) {
    state.conv(name + ".conv", out, in, kernel);
    state.norm(name + ".bn", out);
  };
  basic("conv1", 64, 3, 7);
  basic("conv2", 64, 64, 1);
  basic("conv3", 192, 64, 3);
  for (const Inception& one : kInceptions) {
    const std::string branch = std::string(one.name) + ".branch";
    basic(branch + "1", one.one, one.in, 1);
    basic(branch + "2.0", one.reduced3, one.in, 1);
    basic(branch + "2.1", one.three, one.reduced3, 3);
    basic(branch + "3.0", one.reduced5, one.in, 1);
    basic(branch + "3.1", one.five, one.reduced5, 3);
    basic(branch + "4.1", one.pooled, one.in, 1);
  }
  for (const auto& [name, in] : {std::pair{"aux1.", 512}, std::pair{"aux2.", 528}}) {
    const std::string aux = name;
    basic(aux + "conv", 128, in, 1);
    state.linear(aux + "fc1", 1024, 2048);
    state.linear(aux + "fc2", 1000, 1024);
  }
  state.linear("fc", 1000, 1024);
  return state;
}

std::vector<double> expected_logits(const StateDict& state, const std::vector<float>& picture) {
  const torch::StateDict tensors = state.modules();
  const Modules torch(tensors, 1e-3);
  const auto basic = [&](const Map& x, const std::string& name, int stride = 1) {
    return activated(torch.norm(torch.conv(x, name + ".conv", stride), name + ".bn"), torch::relu);
  };
  Map x(3, kInput.height, kInput.width);
  x.values.assign(picture.begin(), picture.end());
  x = Modules::max_pool(basic(x, "conv1", 2), 3, 2, 0, true);
  x = Modules::max_pool(basic(basic(x, "conv2"), "conv3"), 3, 2, 0, true);
  for (const Inception& one : kInceptions) {
    const std::string name = one.name, branch = name + ".branch";
    x = Modules::concat({basic(x, branch + "1"), basic(basic(x, branch + "2.0"), branch + "2.1"),
                         basic(basic(x, branch + "3.0"), branch + "3.1"),
                         basic(Modules::max_pool(x, 3, 1, 1, true), branch + "4.1")});
    if (name == "inception3b") x = Modules::max_pool(x, 3, 2, 0, true);
    if (name == "inception4e") x = Modules::max_pool(x, 2, 2, 0, true);
  }
  return torch.linear(Modules::mean(x), "fc").values;
}

TEST(GoogLeNet, OfTorchvisionIsThatOfPyTorchsModules) {
  const StateDict state = state_dict();
  std::optional<pplcnet::AnyNetwork> network;
  ASSERT_FALSE(
      pplcnet::AnyNetwork::make(pplcnet::torchvision_googlenet({.input = kInput}), 1, network));
  const std::string contents = state.pth();
  ASSERT_STREQ(
      pplcnet::loading::load_any_bytes(bytes_of(contents), "googlenet.pth", network->layers(),
                                       network->traits(), network->weights(), nullptr)
          .message(),
      "");
  const std::vector<float> picture =
      synthetic_input(1, 1, 3, std::size_t{kInput.height}, std::size_t{kInput.width});
  const std::vector<double> expected = expected_logits(state, picture);
  double largest = 0;
  for (const double logit : expected) largest = std::max(largest, std::abs(logit));
  for (const pplcnet::Isa isa : available_isas()) {
    std::vector<float> logits(expected.size());
    network->run(pplcnet::Picture::planar(picture.data(), network->input_shape()),
                 network->plan().outputs[0], logits, {.isa = isa});
    for (std::size_t i = 0; i < logits.size(); ++i)
      ASSERT_NEAR(double{logits[i]}, expected[i], 1e-5 * largest) << pplcnet::isa_name(isa);
  }
}

}  // namespace
}  // namespace pplcnet_test::googlenet_test
