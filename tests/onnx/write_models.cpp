// Writes networks with synthetic weights as ONNX, with pictures and what the networks give:
//
//   onnx_models FOLDER [PICTURES]
//
// NAME.onnx, NAME.x.f32 (three pictures), NAME.y.f32 (of each picture all outputs, one after the
// other); prints a line for each network: name, height and width. Of networks in bytes there are
// more pictures, and the line says how many: PICTURES, where nothing else is written.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "goldens/graph_golden.hpp"
#include "goldens/listed_state_dict.hpp"
#include "goldens/synthetic_network.hpp"
#include "map_operators.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/onnx/save.hpp"
#include "pplcnet/quantise/quantise_network.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "synthetic_weights.hpp"
#include "weights/published_state_dicts.hpp"

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
  std::vector<float> values;
  for (std::size_t image = 0; image < kImages; ++image) {
    typename Net::Features requested;
    std::vector<std::vector<float>> outputs;
    for (int i = 0; i < Net::output_count; ++i)
      requested.outputs[static_cast<std::size_t>(i)] =
          outputs.emplace_back(static_cast<std::size_t>(Net::output_shape(i).size())).data();
    const typename Net::Image picture(pictures.data() + image * Net::input_size, Net::input_size);
    Net::features(*weights, picture, *workspace, requested);
    for (const auto& output : outputs) values.insert(values.end(), output.begin(), output.end());
  }
  write(path + ".y.f32", values);
  std::printf("%s %d %d\n", name, Net::input_shape.height, Net::input_shape.width);
}

/// The same for a network that is known when the program runs.
void write(const std::string& folder, const char* name, pplcnet::AnyNetwork& network,
           const OnnxOptions& options) {
  const std::string path = folder + "/" + name;
  pplcnet::NewFile file(path + ".onnx");
  succeed(save_onnx(file, network, options, {}));
  succeed(file.publish());
  const pplcnet::Shape picture = network.input_shape();
  const std::vector<float> pictures =
      pplcnet_test::synthetic_input(1, kImages, 3, static_cast<std::size_t>(picture.height),
                                    static_cast<std::size_t>(picture.width));
  write(path + ".x.f32", pictures);
  std::vector<float> values;
  for (std::size_t image = 0; image < kImages; ++image) {
    const auto result = static_cast<std::size_t>(network.plan().outputs[0]);
    std::vector<float> logits(static_cast<std::size_t>(network.layers()[result].output.size()));
    network.run(pplcnet::Picture::planar(
                    pictures.data() + image * static_cast<std::size_t>(picture.size()), picture),
                network.plan().outputs[0], logits);
    values.insert(values.end(), logits.begin(), logits.end());
  }
  write(path + ".y.f32", values);
  std::printf("%s %d %d\n", name, picture.height, picture.width);
}

/// Normalised pictures of bytes, planar, and the tables that made them.
struct Pictures {
  explicit Pictures(pplcnet::Shape shape) : shape_(shape) {
    constexpr float kMeans[] = {0.485F, 0.456F, 0.406F}, kDeviations[] = {0.229F, 0.224F, 0.225F};
    for (std::size_t c = 0; c < tables.size(); ++c)
      for (std::size_t byte = 0; byte < tables[c].size(); ++byte)
        tables[c][byte] = (static_cast<float>(byte) / 255 - kMeans[c]) / kDeviations[c];
  }

  std::vector<float> operator()(std::uint64_t seed) const {
    const auto kind =
        seed % 2 == 0 ? pplcnet_test::ImageKind::smooth : pplcnet_test::ImageKind::noise;
    const std::vector<std::uint8_t> pixels =
        pplcnet_test::synthetic_image(kind, seed, static_cast<std::size_t>(shape_.width),
                                      static_cast<std::size_t>(shape_.height));
    std::vector<float> planes(pixels.size());
    for (std::size_t i = 0; i < pixels.size(); ++i)
      planes[i % 3 * (pixels.size() / 3) + i / 3] = tables[i % 3][pixels[i]];
    return planes;
  }

  std::array<pplcnet::ByteTable, 3> tables = {};

 private:
  pplcnet::Shape shape_;
};

/// Makes a network in bytes of one in floats and some pictures.
void quantise(pplcnet::AnyNetwork& network, const Pictures& pictures,
              pplcnet::QuantisedModel& model) {
  constexpr std::uint64_t kSeen = 8;
  pplcnet::Calibration calibration(network.layers());
  for (std::uint64_t seed = 1; seed <= kSeen; ++seed) {
    const std::vector<float> picture = pictures(1000 + seed);
    pplcnet::LayerOutputs outputs(network.layers());
    network.run(pplcnet::Picture::planar(picture.data(), network.input_shape()),
                outputs.destinations());
    calibration.add(outputs);
  }
  pplcnet::ChannelRanges ranges;
  succeed(calibration.choose({}, ranges));
  succeed(pplcnet::quantise(network.plan(), network.weights(), pictures.tables, ranges, model));
}

/// A network in bytes, with as many pictures.
template <class Net>
void write_quantised(const std::string& folder, const char* name, int images,
                     const OnnxOptions& options) {
  const std::string path = folder + "/" + name;
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  pplcnet::AnyNetwork network = pplcnet::AnyNetwork::of(*weights);
  const Pictures pictures(network.input_shape());
  pplcnet::QuantisedModel model;
  quantise(network, pictures, model);
  succeed(pplcnet::save_quantised_onnx(path + ".onnx", model, network.plan(), options));
  std::optional<pplcnet::AnyQuantisedNetwork> bytes;
  succeed(pplcnet::AnyQuantisedNetwork::make(network.graph(), model, 1, bytes));
  std::vector<float> seen, values, output;
  for (int i = 0; i < images; ++i) {
    const std::vector<float> picture = pictures(static_cast<std::uint64_t>(i));
    seen.insert(seen.end(), picture.begin(), picture.end());
    for (int k = 0; k < network.plan().output_count; ++k) {
      const int layer = network.plan().outputs[k];
      const auto& shape = network.layers()[static_cast<std::size_t>(layer)].output;
      output.resize(static_cast<std::size_t>(shape.size()));
      bytes->run(pplcnet::Picture::planar(picture.data(), network.input_shape()), layer, output);
      values.insert(values.end(), output.begin(), output.end());
    }
  }
  write(path + ".x.f32", seen);
  write(path + ".y.f32", values);
  std::printf("%s %d %d %d\n", name, Net::input_shape.height, Net::input_shape.width, images);
}

/// A network that is a function, with synthetic weights.
void write(const std::string& folder, const char* name, const pplcnet::Graph& graph,
           const OnnxOptions& options) {
  std::optional<pplcnet::AnyNetwork> network;
  succeed(pplcnet::AnyNetwork::make(graph, 1, network));
  for (const pplcnet::Layer& layer : network->layers())
    if (layer.owns_weights())
      pack(layer, pplcnet_test::synthetic_parameters(layer), network->weights());
  write(folder, name, *network, options);
}

/// The network of a golden, with its weights.
void write_golden(const std::string& folder, const std::string& name, const OnnxOptions& options) {
  const auto golden = pplcnet_test::Golden::read(pplcnet_test::own_goldens() / (name + ".json"));
  std::optional<pplcnet::AnyNetwork> network;
  succeed(pplcnet::AnyNetwork::make(*pplcnet_test::graph_of_golden(golden), 1, network));
  const auto state = pplcnet_test::listed_state_dict(golden);
  succeed(pplcnet::pack_state_dict(state.file, network->layers(), network->traits(),
                                   network->weights()));
  write(folder, name.c_str(), *network, options);
}

/// A network with the weights of its library's checkpoint.
void write_checkpoint(const std::string& folder, const std::string& name,
                      const pplcnet::Graph& graph,
                      const pplcnet_test::published::StateDict& state) {
  const std::string contents = state.pth();
  std::optional<pplcnet::AnyNetwork> network;
  succeed(pplcnet::AnyNetwork::make(graph, 1, network));
  succeed(pplcnet::loading::load_any_bytes(pplcnet_test::bytes_of(contents), name,
                                           network->layers(), network->traits(), network->weights(),
                                           nullptr));
  write(folder, name.c_str(), *network, kNew);
}

/// torchvision's networks at an odd size.
void write_torchvision(const std::string& folder) {
  namespace published = pplcnet_test::published;
  constexpr pplcnet::WidthOptions kOptions = {.input = {97, 131}};
  write_checkpoint(folder, "torchvision_mobilenet_v2", pplcnet::torchvision_mobilenet_v2(kOptions),
                   published::torchvision_mobilenet_v2());
  write_checkpoint(folder, "torchvision_mobilenet_v3_small",
                   pplcnet::torchvision_mobilenet_v3_small(kOptions),
                   published::torchvision_mobilenet_v3(published::kV3Small));
  write_checkpoint(folder, "torchvision_mobilenet_v3_large",
                   pplcnet::torchvision_mobilenet_v3_large(kOptions),
                   published::torchvision_mobilenet_v3(published::kV3Large));
  for (const published::ShuffleWidths& widths : published::kShuffleWidths)
    write_checkpoint(
        folder, "torchvision_shufflenet_v2_" + std::to_string(widths.percent),
        pplcnet::torchvision_shufflenet_v2({.width = widths.percent, .input = kOptions.input}),
        published::shufflenet_v2(widths, false));
}

/// Every operator: units that are joined, split and shuffled, at odd sizes.
pplcnet::Graph all_operators() {
  using pplcnet::Activation;
  pplcnet::Graph g({61, 75});
  pplcnet::Value x = g.conv(g.image(), 20, {.kernel = 5, .stride = 2, .padding = 1}, "stem");
  const pplcnet::Value small = g.max_pool(x, {.kernel = 3, .stride = 2, .ceil_mode = true});
  const pplcnet::Value mean =
      g.mean_pool(x, {.kernel = 3, .stride = 2, .ceil_mode = true, .count_padding = true});
  x = g.concat({g.conv(small, 12, {.kernel = {1, 3}, .activation = Activation::silu}, "a"),
                g.depthwise(mean, {.kernel = 7, .activation = Activation::gelu}, "b"),
                g.slice(small, 1, 8, 2)});
  x = g.shuffle(x, 5);
  const pplcnet::Value left = g.slice(x, 0, 20), right = g.slice(x, 20, 20);
  x = g.shuffle(g.concat({left, g.add(left, right, Activation::relu6)}), 2);
  const pplcnet::Value factors = g.dense(
      g.global_mean(x), 40, {.activation = Activation::hardsigmoid_of(-0.375F, 0.75F)}, "factors");
  x = g.gate(x, factors, Activation::clip);
  x = g.add(x, g.conv(x, 40, {.kernel = 3, .dilation = 2}, "c"), Activation::relu);
  g.output(g.dense(g.global_mean(x), 5, {}, "classes"));
  return g;
}

constexpr TextOptions kPage = {.input = {97, 131}}, kLine = {.input = {48, 100}};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string to = argv[1];
  const int images = argc > 2 ? std::atoi(argv[2]) : 24;
  write_quantised<PPLCNet<Scale::x0_25>>(to, "int8_x0_25", images, kNew);
  write_quantised<PPLCNet<Scale::x0_25, Options{.classes = 10, .input = {97, 131}}>>(to, "int8_odd",
                                                                                     images, kOld);
  write_quantised<pplcnet::PPLCNetV2<V2::small>>(to, "int8_v2_small", images, kOld);
  write_quantised<pplcnet::models::textline_orientation_x0_25>(to, "int8_textline", images, kNew);
  write_quantised<pplcnet::PPLCNetBackbone<Scale::x0_25>>(to, "int8_backbone", 3, kNew);
  if (argc > 2) return 0;
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
  write(to, "all_operators", all_operators(), kNew);
  write(to, "map_operators", pplcnet_test::map_operators(), kNew);
  write(to, "map_operators_old", pplcnet_test::map_operators(), kOld);
  for (const char* name : {"mbv1_97x131_c10",
                           "mbv2_97x131_c10",
                           "mbv3_small_97x131_c10",
                           "mbv3_large",
                           "mobilenext",
                           "shufflenetv2",
                           "ghostnet_97x131_c10",
                           "paddle_mobilenetv1_x0_25",
                           "paddle_mobilenetv2_x0_5_97x131",
                           "paddle_mobilenetv3_small_x1_25_97x131",
                           "paddle_mobilenetv3_large_x0_35_97x131",
                           "paddle_shufflenetv2_x0_25_97x131",
                           "paddle_shufflenetv2_x1_5_97x131",
                           "paddle_ghostnet_x0_5",
                           "mbv2_ca_97x131_c10",
                           "mbv2_eca_97x131_c10",
                           "mbv2_sa_97x131_c10",
                           "mbv2_triplet_97x131_c10",
                           "resnest50_v1b_97x131_c10",
                           "mobilevit_s",
                           "espnetv2_97x131",
                           "addernet_resnet20_32",
                           "espnetv1_96x136",
                           "shufflenetv1",
                           "resnet50_v1b_97x131_c10",
                           "googlenet_75x53",
                           "inception_v2",
                           "inception_v3",
                           "inception_v4",
                           "xception_97",
                           "ic_resnet50",
                           "ppocr_mobile_det_64x96",
                           "ppocr_mobile_rec_48x100_c97",
                           "deeplabv3p_lcnet_x0_5",
                           "deeplabv3p_lcnet_x1_0_97x131"})
    write_golden(to, name, name[0] == 'p' ? kOld : kNew);
  write_torchvision(to);
  return testing::Test::HasFailure();
}
