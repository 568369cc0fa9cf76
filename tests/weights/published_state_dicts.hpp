#ifndef PPLCNET_TESTS_WEIGHTS_PUBLISHED_STATE_DICTS_HPP
#define PPLCNET_TESTS_WEIGHTS_PUBLISHED_STATE_DICTS_HPP

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "synthetic.hpp"
#include "weights/contents.hpp"
#include "weights/pickles.hpp"
#include "weights/torch_modules.hpp"

/// State dicts of torchvision and PaddleClas, written down from their sources: names, shapes and
/// order of all tensors, with synthetic values. Two libraries' dicts of one network, in the same
/// order, have the same values.
namespace pplcnet_test::published {

using Shape = std::vector<std::int64_t>;

struct Tensor {
  std::string name;
  Shape shape;
  std::vector<float> values;
};

class StateDict {
 public:
  explicit StateDict(bool paddle) : paddle_(paddle) {}

  /// A tensor of any shape, which is a parameter.
  void parameter(const std::string& name, const Shape& shape) {
    add(name, shape, name.substr(name.rfind('.')).c_str());
  }
  /// A convolution's weight, which may have a bias.
  void conv(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel,
            bool bias = false) {
    add(name + ".weight", {out, in, kernel, kernel}, ".weight");
    if (bias) add(name + ".bias", {out}, ".bias");
  }
  void norm(const std::string& name, std::int64_t channels) {
    add(name + ".weight", {channels}, ".weight");
    add(name + ".bias", {channels}, ".bias");
    add(name + (paddle_ ? "._mean" : ".running_mean"), {channels}, ".running_mean");
    add(name + (paddle_ ? "._variance" : ".running_var"), {channels}, ".running_var");
    if (!paddle_) counters_.push_back(name + ".num_batches_tracked");
  }
  /// [out][in] in PyTorch, [in][out] in Paddle.
  void linear(const std::string& name, std::int64_t out, std::int64_t in) {
    add(name + ".weight", {out, in}, ".weight");
    if (paddle_) {
      Tensor& weight = tensors.back();
      const std::vector<float> values = weight.values;
      weight.shape = {in, out};
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t i = 0; i < in; ++i)
          weight.values[static_cast<std::size_t>(i * out + o)] =
              values[static_cast<std::size_t>(o * in + i)];
    }
    add(name + ".bias", {out}, ".bias");
  }

  std::string safetensors() const {
    std::string header, data;
    for (const Tensor& tensor : tensors) {
      const std::string begin = std::to_string(data.size());
      data += f32(tensor.values);
      std::string shape;
      for (const std::int64_t size : tensor.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(size);
      header += (header.empty() ? "{\"" : ",\"") + tensor.name + "\":{\"dtype\":\"F32\"," +
                "\"shape\":[" + shape + "],\"data_offsets\":[" + begin + "," +
                std::to_string(data.size()) + "]}";
    }
    return safetensors_file(header + "}", data);
  }

  /// What torch.save writes; batch norms count their batches.
  std::string pth() const {
    pickled::Entries values, storages;
    for (const Tensor& tensor : tensors) {
      const std::string key = std::to_string(storages.size());
      Shape strides(tensor.shape.size(), 1);
      for (std::size_t i = strides.size() - 1; i-- > 0;)
        strides[i] = strides[i + 1] * tensor.shape[i + 1];
      const auto count = static_cast<std::int64_t>(tensor.values.size());
      values.emplace_back(tensor.name, pickled::tensor(pickled::storage("FloatStorage", key, count),
                                                       0, tensor.shape, strides));
      storages.emplace_back(key, f32(tensor.values));
    }
    for (const std::string& counter : counters_) {
      const std::string key = std::to_string(storages.size());
      values.emplace_back(
          counter, pickled::tensor(pickled::storage("LongStorage", key, 1), 0, Shape{}, Shape{}));
      storages.emplace_back(key, u64(7));
    }
    return pickled::torch_zip(pickled::dict(values), storages);
  }

  torch::StateDict modules() const {
    torch::StateDict state;
    for (const Tensor& tensor : tensors) state[tensor.name] = {tensor.shape, tensor.values};
    return state;
  }

  Tensor& find(const std::string& name) {
    for (Tensor& tensor : tensors)
      if (tensor.name == name) return tensor;
    ADD_FAILURE() << "no tensor " << name;
    return tensors.front();
  }

  std::vector<Tensor> tensors;

 private:
  /// Convolutions of maps give about the variance of their inputs, so that many residuals in a row
  /// stay well conditioned.
  void add(const std::string& name, const Shape& shape, const char* leaf) {
    constexpr float kShare = 0.84375F;
    const std::string of_values = "tensor." + std::to_string(tensors.size()) + leaf;
    tensors.push_back({name, shape, synthetic_tensor(of_values, shape, GainFamily::v1)});
    if (shape.size() == 4 && shape[1] != 3)
      for (float& value : tensors.back().values) value *= kShare;
  }

  bool paddle_;
  std::vector<std::string> counters_;
};

// ---- MobileNetV2 -----------------------------------------------------------------------------

struct V2Block {
  int in, hidden, out, stride;
};
inline constexpr V2Block kV2Blocks[] = {
    {32, 32, 16, 1},    {16, 96, 24, 2},    {24, 144, 24, 1}, {24, 144, 32, 2},  {32, 192, 32, 1},
    {32, 192, 32, 1},   {32, 192, 64, 2},   {64, 384, 64, 1}, {64, 384, 64, 1},  {64, 384, 64, 1},
    {64, 384, 96, 1},   {96, 576, 96, 1},   {96, 576, 96, 1}, {96, 576, 160, 2}, {160, 960, 160, 1},
    {160, 960, 160, 1}, {160, 960, 320, 1},
};

inline StateDict torchvision_mobilenet_v2() {
  StateDict state(false);
  state.conv("features.0.0", 32, 3, 3);
  state.norm("features.0.1", 32);
  int feature = 1;
  for (const V2Block& block : kV2Blocks) {
    const std::string conv = "features." + std::to_string(feature++) + ".conv.";
    int module = 0;
    if (block.hidden != block.in) {
      state.conv(conv + "0.0", block.hidden, block.in, 1);
      state.norm(conv + "0.1", block.hidden);
      module = 1;
    }
    state.conv(conv + std::to_string(module) + ".0", block.hidden, 1, 3);
    state.norm(conv + std::to_string(module) + ".1", block.hidden);
    state.conv(conv + std::to_string(module + 1), block.out, block.hidden, 1);
    state.norm(conv + std::to_string(module + 2), block.out);
  }
  state.conv("features.18.0", 1280, 320, 1);
  state.norm("features.18.1", 1280);
  state.linear("classifier.1", 1000, 1280);
  return state;
}

inline StateDict paddle_mobilenet_v2() {
  // conv2 … conv8: blocks of each.
  constexpr int kRepeats[] = {1, 2, 3, 4, 3, 3, 1};
  StateDict state(true);
  const auto layer = [&](const std::string& name, int out, int in, int kernel) {
    state.conv(name + "._conv", out, in, kernel);
    state.norm(name + "._batch_norm", out);
  };
  layer("conv1", 32, 3, 3);
  const V2Block* block = kV2Blocks;
  for (int row = 2; row <= 8; ++row)
    for (int repeat = 1; repeat <= kRepeats[row - 2]; ++repeat, ++block) {
      const std::string conv = "conv" + std::to_string(row) + ".";
      const std::string name =
          repeat == 1 ? conv + "_first_block"
                      : conv + "conv" + std::to_string(row) + "_" + std::to_string(repeat);
      layer(name + "._expand_conv", block->hidden, block->in, 1);
      layer(name + "._bottleneck_conv", block->hidden, 1, 3);
      layer(name + "._linear_conv", block->out, block->hidden, 1);
    }
  layer("conv9", 1280, 320, 1);
  state.linear("out", 1000, 1280);
  return state;
}

// ---- MobileNetV3 -----------------------------------------------------------------------------

struct V3Block {
  int kernel, in, expanded, squeezed, out, stride;  // squeezed: torchvision's; 0 without
  bool hardswish;
};
inline const std::vector<V3Block> kV3Large = {
    {3, 16, 16, 0, 16, 1, false},     {3, 16, 64, 0, 24, 2, false},
    {3, 24, 72, 0, 24, 1, false},     {5, 24, 72, 24, 40, 2, false},
    {5, 40, 120, 32, 40, 1, false},   {5, 40, 120, 32, 40, 1, false},
    {3, 40, 240, 0, 80, 2, true},     {3, 80, 200, 0, 80, 1, true},
    {3, 80, 184, 0, 80, 1, true},     {3, 80, 184, 0, 80, 1, true},
    {3, 80, 480, 120, 112, 1, true},  {3, 112, 672, 168, 112, 1, true},
    {5, 112, 672, 168, 160, 2, true}, {5, 160, 960, 240, 160, 1, true},
    {5, 160, 960, 240, 160, 1, true},
};
inline const std::vector<V3Block> kV3Small = {
    {3, 16, 16, 8, 16, 2, false},   {3, 16, 72, 0, 24, 2, false},   {3, 24, 88, 0, 24, 1, false},
    {5, 24, 96, 24, 40, 2, true},   {5, 40, 240, 64, 40, 1, true},  {5, 40, 240, 64, 40, 1, true},
    {5, 40, 120, 32, 48, 1, true},  {5, 48, 144, 40, 48, 1, true},  {5, 48, 288, 72, 96, 2, true},
    {5, 96, 576, 144, 96, 1, true}, {5, 96, 576, 144, 96, 1, true},
};

inline StateDict torchvision_mobilenet_v3(const std::vector<V3Block>& blocks) {
  const bool small = blocks.size() == 11;
  StateDict state(false);
  state.conv("features.0.0", 16, 3, 3);
  state.norm("features.0.1", 16);
  int feature = 1;
  for (const V3Block& block : blocks) {
    const std::string name = "features." + std::to_string(feature++) + ".block.";
    int module = 0;
    const auto next = [&] { return name + std::to_string(module++); };
    const auto layer = [&](int out, int in, int kernel) {
      const std::string of = next();
      state.conv(of + ".0", out, in, kernel);
      state.norm(of + ".1", out);
    };
    if (block.expanded != block.in) layer(block.expanded, block.in, 1);
    layer(block.expanded, 1, block.kernel);
    if (block.squeezed > 0) {
      const std::string gate = next();
      state.conv(gate + ".fc1", block.squeezed, block.expanded, 1, true);
      state.conv(gate + ".fc2", block.expanded, block.squeezed, 1, true);
    }
    layer(block.out, block.expanded, 1);
  }
  const int last = small ? 576 : 960, head = small ? 1024 : 1280;
  state.conv("features." + std::to_string(feature) + ".0", last, blocks.back().out, 1);
  state.norm("features." + std::to_string(feature) + ".1", last);
  state.linear("classifier.0", head, last);
  state.linear("classifier.3", 1000, head);
  return state;
}

inline StateDict paddle_mobilenet_v3(const std::vector<V3Block>& blocks) {
  const int last = blocks.size() == 11 ? 576 : 960;
  StateDict state(true);
  const auto layer = [&](const std::string& name, int out, int in, int kernel) {
    state.conv(name + ".conv", out, in, kernel);
    state.norm(name + ".bn", out);
  };
  layer("conv", 16, 3, 3);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const V3Block& block = blocks[i];
    const std::string name = "blocks." + std::to_string(i);
    layer(name + ".expand_conv", block.expanded, block.in, 1);
    layer(name + ".bottleneck_conv", block.expanded, 1, block.kernel);
    if (block.squeezed > 0) {
      const int squeezed = block.expanded / 4;
      state.conv(name + ".mid_se.conv1", squeezed, block.expanded, 1, true);
      state.conv(name + ".mid_se.conv2", block.expanded, squeezed, 1, true);
    }
    layer(name + ".linear_conv", block.out, block.expanded, 1);
  }
  layer("last_second_conv", last, blocks.back().out, 1);
  state.conv("last_conv", 1280, last, 1);
  state.linear("fc", 1000, 1280);
  return state;
}

// ---- ShuffleNetV2 ----------------------------------------------------------------------------

struct ShuffleWidths {
  int percent, stages[3], last;
};
inline constexpr ShuffleWidths kShuffleWidths[] = {
    {50, {48, 96, 192}, 1024},
    {100, {116, 232, 464}, 1024},
    {150, {176, 352, 704}, 1024},
    {200, {244, 488, 976}, 2048},
};

inline StateDict shufflenet_v2(const ShuffleWidths& widths, bool paddle) {
  constexpr int kUnits[] = {4, 8, 4};
  StateDict state(paddle);
  /// `name` and `norm` of a convolution, as torchvision numbers them in its sequences.
  const auto layer = [&](const std::string& name, const std::string& sequence, int module, int out,
                         int in, int kernel) {
    const std::string at = sequence + ".";
    state.conv(paddle ? name + "._conv" : at + std::to_string(module), out, in, kernel);
    state.norm(paddle ? name + "._batch_norm" : at + std::to_string(module + 1), out);
  };
  layer("_conv1", "conv1", 0, 24, 3, 3);
  int in = 24;
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kUnits[stage]; ++unit) {
      const int out = widths.stages[stage], half = out / 2;
      const std::string of = std::to_string(stage + 2);
      const std::string name = of + "_" + std::to_string(unit + 1);
      const std::string sequence = "stage" + of + "." + std::to_string(unit);
      if (unit == 0) {
        layer(name + "._conv_dw_1", sequence + ".branch1", 0, in, 1, 3);
        layer(name + "._conv_linear_1", sequence + ".branch1", 2, half, in, 1);
      }
      const std::string number = unit == 0 ? "_2" : "";
      layer(name + "._conv_pw" + number, sequence + ".branch2", 0, half, unit == 0 ? in : half, 1);
      layer(name + "._conv_dw" + number, sequence + ".branch2", 3, half, 1, 3);
      layer(name + "._conv_linear" + number, sequence + ".branch2", 5, half, half, 1);
      in = out;
    }
  layer("_last_conv", "conv5", 0, widths.last, in, 1);
  state.linear(paddle ? "_fc" : "fc", 1000, widths.last);
  return state;
}

}  // namespace pplcnet_test::published

#endif  // PPLCNET_TESTS_WEIGHTS_PUBLISHED_STATE_DICTS_HPP
