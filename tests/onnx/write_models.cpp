// Writes networks with synthetic weights as ONNX, with pictures and what the networks answer:
//
//   onnx_models FOLDER
//
// NAME.onnx, NAME.x.f32 (three pictures), NAME.y.f32 (of each picture all outputs, one behind the
// other); prints a line for each network: name, height and width.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/onnx/save.hpp"

namespace {

using pplcnet::Dialect;
using pplcnet::OnnxOptions;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V3;
using pplcnet::V4;

constexpr std::size_t kImages = 3;
constexpr OnnxOptions kNew = {.opset = 17, .batch = 0}, kOld = {.opset = 13, .batch = 1};

void succeed(const pplcnet::Error& error) {
  if (!error) return;
  std::fprintf(stderr, "%s\n", error.message());
  std::exit(1);
}

void write(const std::string& path, const std::vector<float>& values) {
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(values))};
  succeed(pplcnet::write_file(path, pieces));
}

template <class Net>
void write(const std::string& folder, const char* name, const OnnxOptions& options) {
  const std::string path = folder + "/" + name;
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  succeed(save_onnx(path + ".onnx", *weights, options));
  const std::vector<float> pictures =
      pplcnet_test::synthetic_input(1, kImages, 3, Net::input_shape.height, Net::input_shape.width);
  write(path + ".x.f32", pictures);

  const auto workspace = std::make_unique<typename Net::Workspace>();
  std::vector<float> answers;
  for (std::size_t image = 0; image < kImages; ++image) {
    typename Net::Features wanted;
    std::vector<std::vector<float>> outputs;
    for (int i = 0; i < Net::output_count; ++i)
      wanted.outputs[static_cast<std::size_t>(i)] =
          outputs.emplace_back(static_cast<std::size_t>(Net::output_shape(i).size())).data();
    const typename Net::Image picture(pictures.data() + image * Net::input_size, Net::input_size);
    Net::features(*weights, picture, *workspace, wanted);
    for (const auto& output : outputs) answers.insert(answers.end(), output.begin(), output.end());
  }
  write(path + ".y.f32", answers);
  std::printf("%s %d %d\n", name, Net::input_shape.height, Net::input_shape.width);
}

constexpr TextOptions kPage = {.input = {97, 131}}, kLine = {.input = {48, 100}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string to = argv[1];
  write<PPLCNet<Scale::x0_25>>(to, "x0_25", kNew);
  write<PPLCNet<Scale::x0_35>>(to, "x0_35", kNew);
  write<PPLCNet<Scale::x0_5>>(to, "x0_5", kNew);
  write<PPLCNet<Scale::x0_75>>(to, "x0_75", kNew);
  write<PPLCNet<Scale::x1_0>>(to, "x1_0", kNew);
  write<PPLCNet<Scale::x1_5>>(to, "x1_5", kNew);
  write<PPLCNet<Scale::x2_0>>(to, "x2_0", kNew);
  write<PPLCNet<Scale::x2_5>>(to, "x2_5", kNew);
  write<PPLCNet<Scale::x0_25>>(to, "x0_25_old", kOld);
  write<pplcnet::timm::lcnet_050>(to, "lcnet_050", kOld);
  write<pplcnet::pytorch::PPLCNet_x0_35>(to, "pytorch_x0_35", kOld);
  write<pplcnet::models::textline_orientation_x0_25>(to, "textline", kOld);
  write<PPLCNet<Scale::x0_5, Options{.activation = pplcnet::Activation::relu6}>>(to, "relu6", kNew);
  write<pplcnet::PPLCNetBackbone<Scale::x0_25,
                                 pplcnet::BackboneOptions{.input = {97, 131}, .output_stride = 8}>>(
      to, "dilated", kNew);
  write<pplcnet::PPLCNetV2<V2::small>>(to, "v2_small", kNew);
  write<pplcnet::PPLCNetV2Features>(to, "v2_features", kNew);
  write<pplcnet::PPLCNetV3<Scale::x0_75, V3::detection, kPage>>(to, "v3_detection", kNew);
  write<pplcnet::PPLCNetV3<Scale::x0_95, V3::recognition, kLine>>(to, "v3_recognition", kOld);
  write<pplcnet::PPLCNetV4<Size::tiny, V4::detection, kPage>>(to, "v4_detection", kNew);
  write<pplcnet::PPLCNetV4<Size::tiny, V4::recognition, kLine>>(to, "v4_recognition", kOld);
  return testing::Test::HasFailure();
}
