// Weights of operators that share them between channels or layers, or have other shapes in files
// than in memory: state dicts in and out, native files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "map_operators.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/save.hpp"
#include "pplcnet/weights/state_dict_out.hpp"

namespace pplcnet_test::map_operators_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Tensor;

class MapOperators : public testing::Test {
 protected:
  MapOperators() {
    EXPECT_FALSE(AnyNetwork::make(pplcnet_test::map_operators(), 1, network_));
    state_ = pplcnet_test::synthetic_state_dict(network_->layers(), network_->traits());
  }

  pplcnet::Error load() {
    return pplcnet::pack_state_dict(state_.file, network_->layers(), network_->traits(),
                                    network_->weights());
  }
  Tensor& tensor(const std::string& name) {
    return *std::ranges::find(state_.file.tensors, name, &Tensor::name);
  }

  std::optional<AnyNetwork> network_;
  pplcnet_test::SyntheticStateDict state_;
};

TEST_F(MapOperators, ShapesAreThoseOfFiles) {
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(tensor("a.act.weight").shape, Shape{20});  // slopes
  EXPECT_EQ(tensor("d.weight").shape, Shape{5});       // of 20 channels
  EXPECT_EQ(tensor("g.adder").shape, (Shape{21, 50, 3, 3}));
  EXPECT_EQ(tensor("i.weight").shape, (Shape{21, 12, 2, 2}));  // [in][out]
  EXPECT_EQ(tensor("i.bn.running_mean").shape, Shape{12});
  EXPECT_EQ(std::ranges::count(state_.file.tensors, "gate.weight", &Tensor::name), 1);
}

TEST_F(MapOperators, AStateDictGoesInAndOut) {
  ASSERT_STREQ(load().message(), "");
  const pplcnet::Naming naming = pplcnet::namings_of(network_->traits()).front();
  pplcnet::StateDictOut out({network_->layers(), network_->traits(), naming}, "out");
  ASSERT_STREQ(out.add(state_.file, network_->layers(), network_->traits()).message(), "");
  ASSERT_EQ(out.file().tensors.size(), state_.file.tensors.size());
  for (const Tensor& written : out.file().tensors) {
    SCOPED_TRACE(written.name);
    const Tensor& own = tensor(written.name);
    EXPECT_EQ(written.shape, own.shape);
    ASSERT_EQ(written.data.size(), own.data.size());
    EXPECT_EQ(std::memcmp(written.data.data(), own.data.data(), own.data.size()), 0);
  }
}

TEST_F(MapOperators, WrongShapesAreRefused) {
  tensor("a.act.weight").shape = {10, 2};
  EXPECT_STREQ(load().message(),
               "synthetic: tensor 'a.act.weight': expected F32 [20], found F32 [10, 2]");
}

TEST_F(MapOperators, ANativeFileHasTheSameWeights) {
  ASSERT_STREQ(load().message(), "");
  const std::string path = testing::TempDir() + "map_operators.safetensors";
  ASSERT_STREQ(save(path, *network_, {}, pplcnet::Storage::single).message(), "");
  std::optional<AnyNetwork> other;
  ASSERT_FALSE(AnyNetwork::make(pplcnet_test::map_operators(), 1, other));
  ASSERT_STREQ(
      pplcnet::loading::load_file(path, other->layers(), other->traits(), other->weights(), nullptr)
          .message(),
      "");
  EXPECT_TRUE(
      std::ranges::equal(std::as_const(*network_).weights(), std::as_const(*other).weights()));
  EXPECT_STREQ(self_test(path, *other).message(), "");
}

}  // namespace
}  // namespace pplcnet_test::map_operators_test
