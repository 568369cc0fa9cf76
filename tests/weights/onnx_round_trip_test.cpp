// Any network leaves as ONNX and comes back bit for bit; files of this library say which it is.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"

namespace pplcnet_test::onnx_round_trip_test {
namespace {

using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::Storage;
using pplcnet::TextOptions;

constexpr TextOptions kPage = {.input = {64, 64}}, kLine = {.input = {48, 64}};
constexpr Options kHalf = {.classes = 10, .input = {32, 32}, .storage = Storage::half};

/// PReLU after a convolution, a sum, a concat, and the batch norm of one.
constexpr pplcnet::Graph learned_slopes() {
  using enum pplcnet::Role;
  constexpr pplcnet::Activation kPrelu = pplcnet::Activation::prelu;
  pplcnet::Graph g({19, 23}, {.weights = ".conv", .norm = ".bn", .slopes = ".act"});
  const pplcnet::Value a =
      g.conv(g.image(), 20, {.kernel = 3, .stride = 2, .activation = kPrelu}, "a");
  const pplcnet::Value b = g.conv(a, 20, {}, "b");
  const pplcnet::Value sum = g.activate(g.add(a, b), kPrelu, "sum.act");
  const pplcnet::Value both = g.activate(g.concat({sum, b}), kPrelu, "both.act");
  const pplcnet::Value normed = g.affine(g.concat({both, a}), {.activation = kPrelu}, "normed");
  g.output(g.dense(g.global_mean(normed), 5, {}, "fc"), result);
  return g;
}

/// Tests run side by side: a file for each process.
std::string temporary_file() {
  return testing::TempDir() + "pplcnet_" + std::to_string(getpid()) + ".onnx";
}

template <class Net>
class OnnxRoundTrip : public testing::Test {};
using Nets =
    testing::Types<PPLCNet<Scale::x0_25>, PPLCNet<Scale::x0_5, Options{.dialect = Dialect::timm}>,
                   PPLCNet<Scale::x0_35, Options{.dialect = Dialect::pytorch}>,
                   PPLCNet<Scale::x0_25, kHalf>, pplcnet::models::textline_orientation_x0_25,
                   pplcnet::PPLCNetBackbone<Scale::x0_35>, pplcnet::PPLCNetV2<pplcnet::V2::small>,
                   pplcnet::PPLCNetV2Features,
                   pplcnet::PPLCNetV3<Scale::x0_75, pplcnet::V3::detection, kPage>,
                   pplcnet::PPLCNetV3<Scale::x0_5, pplcnet::V3::recognition, kLine>,
                   pplcnet::PPLCNetV4<Size::tiny, pplcnet::V4::detection, kPage>,
                   pplcnet::PPLCNetV4<Size::tiny, pplcnet::V4::recognition, kLine>,
                   pplcnet::Network<learned_slopes>>;
TYPED_TEST_SUITE(OnnxRoundTrip, Nets);

TYPED_TEST(OnnxRoundTrip, KeepsEveryBit) {
  const auto weights = pplcnet_test::synthetic_weights<TypeParam>();
  for (const int opset : {13, 17}) {
    const std::string path = temporary_file();
    const auto saved = save_onnx(path, *weights, {.opset = opset});
    ASSERT_FALSE(saved) << saved.message();
    const auto back = std::make_unique<typename TypeParam::Weights>();
    const auto error = load_onnx(path, *back);
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(std::memcmp(back->values.data(), weights->values.data(), TypeParam::weight_bytes), 0);
  }
}

TEST(OnnxOut, AnotherNetworkIsSaid) {
  const std::string path = temporary_file();
  using Net = pplcnet::models::textline_orientation_x0_25;
  ASSERT_FALSE(save_onnx(path, *pplcnet_test::synthetic_weights<Net>()));
  const auto other = std::make_unique<PPLCNet<Scale::x0_25>::Weights>();
  EXPECT_EQ(std::string(load_onnx(path, *other).message()),
            path + ": its network has classes '2', the type's (x0_25) has '1000'");
}

TEST(OnnxOut, AnOldOpsetIsRefused) {
  const auto weights = pplcnet_test::synthetic_weights<PPLCNet<Scale::x0_25>>();
  EXPECT_EQ(std::string(save_onnx("net.onnx", *weights, {.opset = 12}).message()),
            "net.onnx: expected an opset from 13 to 24, found 12");
}

}  // namespace
}  // namespace pplcnet_test::onnx_round_trip_test
