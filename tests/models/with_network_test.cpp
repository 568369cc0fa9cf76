// From a file to its network.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"

namespace pplcnet_test::with_network_test {
namespace {

using pplcnet::ModelList;
namespace pulc = pplcnet::pulc;

using Some = ModelList<pulc::person_exists, pulc::car_exists, pplcnet::timm::lcnet_050,
                       pplcnet::models::PPLCNet_x0_5>;

/// A native file with synthetic weights.
template <class Net>
std::string saved(const char* name) {
  const std::string path =
      testing::TempDir() + "pplcnet_registry_" + std::to_string(getpid()) + name + ".safetensors";
  const auto error = pplcnet::save(path, *pplcnet_test::synthetic_weights<Net>());
  EXPECT_FALSE(error) << error.message();
  return path;
}

/// The name of the network that is found, or why none is.
template <class List>
std::string found(List list, const std::string& path) {
  std::string name;
  const auto visit = [&]<class Net>() { name = Net::Definition::model.name; };
  const auto error = pplcnet::with_network(list, path, visit);
  EXPECT_EQ(static_cast<bool>(error), name.empty());
  return error ? std::string(error.message()).substr(path.size()) : name;
}

/// What lists hold is never looked into: to lay out each network would take seconds.
template <class Name>
struct Unused {
  static_assert(sizeof(Name) == 0);
};
struct First;
struct Second;
static_assert(std::is_same_v<pplcnet::Joined<ModelList<Unused<First>>, ModelList<>,
                                             ModelList<Unused<Second>, Unused<First>>>::List,
                             ModelList<Unused<First>, Unused<Second>, Unused<First>>>);
static_assert(std::is_same_v<pplcnet::Joined<>::List, ModelList<>>);

TEST(WithNetwork, FindsTheOneThatFits) {
  EXPECT_EQ(found(Some{}, saved<pplcnet::timm::lcnet_050>("timm")), "lcnet_050");
  EXPECT_EQ(found(Some{}, saved<pplcnet::PPLCNet<pplcnet::Scale::x0_5>>("plain")), "PPLCNet_x0_5");
}

TEST(WithNetwork, ANativeFileOfAModelIsThatModels) {
  EXPECT_EQ(found(Some{}, saved<pulc::car_exists>("car")), "car_exists");
}

TEST(WithNetwork, SaysWhatItCannotTell) {
  using Two = pplcnet::PPLCNet<pplcnet::Scale::x1_0, pplcnet::Options{.classes = 2}>;
  EXPECT_EQ(found(Some{}, saved<Two>("two")),
            ": fits 2 networks, say which of them it is: person_exists, car_exists");
}

TEST(WithNetwork, SaysWhatTheNearestLacks) {
  EXPECT_EQ(found(Some{}, saved<pulc::traffic_sign>("sign")),
            ": fits none of 4 networks; the nearest is person_exists: its network has classes "
            "'232', the type's (x1_0) has '2'");
  using Wide = pplcnet::PPLCNet<pplcnet::Scale::x0_5, pplcnet::Options{.head = 512}>;
  EXPECT_EQ(found(Some{}, saved<Wide>("wide")),
            ": fits none of 4 networks; the nearest is PPLCNet_x0_5: its network has head '512', "
            "the type's (x0_5) has '1280'");
}

TEST(WithNetwork, AStateDictThatLacksATensorIsNearestToItsNetwork) {
  using Net = pplcnet::timm::lcnet_050;
  const std::string path = saved<Net>("lacking");
  auto state = pplcnet_test::synthetic_state_dict(Net::layers, Net::traits);
  const auto write = [&] {
    const auto error = pplcnet::write_safetensors(path, state.file);
    EXPECT_FALSE(error) << error.message();
  };
  write();
  EXPECT_EQ(found(Some{}, path), "lcnet_050");
  const auto lacked =
      std::ranges::find(state.file.tensors, "blocks.3.1.bn1.bias", &pplcnet::Tensor::name);
  ASSERT_NE(lacked, state.file.tensors.end());
  lacked->name = "other";
  write();
  EXPECT_EQ(found(Some{}, path),
            ": fits none of 4 networks; the nearest is lcnet_050: tensor 'blocks.3.1.bn1.bias' F32 "
            "[128] is missing");
  for (auto& tensor : state.file.tensors) tensor.name = "lora." + tensor.name + ".lora_A";
  write();
  EXPECT_TRUE(
      found(Some{}, path)
          .starts_with(
              ": fits none of 4 networks; for example person_exists: no tensor is named as in "))
      << found(Some{}, path);
}

TEST(WithNetwork, SaysWhyWhereThereIsOneReason) {
  EXPECT_EQ(found(Some{}, "/nowhere/net.safetensors"), ": there is no such file");
  EXPECT_EQ(found(ModelList<pulc::car_exists>{}, saved<pulc::person_exists>("person")),
            ": holds 'person_exists', not 'car_exists'");
}

}  // namespace
}  // namespace pplcnet_test::with_network_test
