// Every kernel on every instruction set against a plain computation in double precision, at sizes
// that do not suit vectors. Each layer is judged alone: its input is what the layers before it
// really gave.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "kernels/block_network.hpp"
#include "kernels/oracle.hpp"
#include "kernels/small_network.hpp"

namespace {

using pplcnet::Extent;
using pplcnet::Isa;
using pplcnet::Stride;
using pplcnet_test::Activation;
using pplcnet_test::Block;
using pplcnet_test::BlockNetwork;
using pplcnet_test::Ending;
using pplcnet_test::expected_output;
using pplcnet_test::Layer;
using pplcnet_test::Matrix;
using pplcnet_test::matrix;
using pplcnet_test::Operator;
using pplcnet_test::Residual;
using pplcnet_test::SmallNetwork;
using pplcnet_test::Stem;

constexpr double kTolerance = 1e-5;  // of the largest value that goes in or comes out

constexpr int kHeights[] = {1, 2, 5};
constexpr int kWidths[] = {1, 2, 3, 6, 7, 8, 13, 14, 15, 29};
constexpr int kChannels[] = {8, 16, 24, 40, 88, 96};
constexpr Stride kStrides[] = {{1, 1}, {2, 2}, {1, 2}, {2, 1}};
constexpr std::size_t kBatches[] = {1, 3, 8};
/// Five, so that in turns each meets every stride.
constexpr Activation kActivations[] = {Activation::none, Activation::hardswish, Activation::relu,
                                       Activation::hardswish, Activation::relu6};

std::string case_name(const BlockNetwork& net) {
  std::ostringstream name;
  name << net.input.height << "x" << net.input.width << " / " << net.stem_stride.height << "x"
       << net.stem_stride.width;
  for (const Block& block : net.blocks)
    name << ", " << block.in << " -> " << block.out << " kernel " << block.kernel << " / "
         << block.stride.height << "x" << block.stride.width
         << (block.squeeze_excite ? " squeeze-excite" : "");
  name << ", head " << net.head << ", " << net.classes << " classes, activation "
       << static_cast<int>(net.activation.kind);
  return name.str();
}

/// Stem, one block, pool, classifier.
BlockNetwork network(Extent input, const Block& block) {
  BlockNetwork net;
  net.input = input;
  net.stem_channels = block.in;
  net.blocks = {block};
  return net;
}

class Kernels : public testing::TestWithParam<Isa> {
 protected:
  /// Compares the layers that have one of these operators; then asks three threads for all layers,
  /// and for the logits alone: their bits must be the same.
  void judge(const BlockNetwork& network, const std::set<Operator>& operators,
             std::size_t images = 1) {
    SCOPED_TRACE(case_name(network));
    EXPECT_FALSE(network.graph().flaw());
    const SmallNetwork net(network.graph());
    const auto height = static_cast<std::size_t>(network.input.height);
    const auto width = static_cast<std::size_t>(network.input.width);
    const std::vector<float> pictures = pplcnet_test::synthetic_input(1, images, 3, height, width);
    const auto outputs = net.outputs(pictures, images, GetParam(), 1);
    EXPECT_EQ(outputs, net.outputs(pictures, images, GetParam(), 3)) << "with three threads";
    const auto logits = net.logits(pictures, images, GetParam(), 3);
    for (std::size_t image = 0; image < outputs.size(); ++image) {
      const auto picture = pictures.begin() + static_cast<long>(image * 3 * height * width);
      const std::vector<float> pixels(picture, picture + static_cast<long>(3 * height * width));
      for (std::size_t i = 0; i < net.layers().size(); ++i)
        if (operators.contains(net.layers()[i].op)) judge(net, i, pixels, outputs[image]);
      EXPECT_EQ(logits[image], outputs[image].back()) << "logits alone, with three threads";
    }
  }

  /// Activations take turns.
  Activation next_activation() { return kActivations[turn_++ % std::size(kActivations)]; }

 private:
  static void judge(const SmallNetwork& net, std::size_t index, const std::vector<float>& picture,
                    const SmallNetwork::Outputs& outputs) {
    const auto layers = net.layers();
    const Layer& layer = layers[index];
    const auto output_of = [&](int i) {
      const auto at = static_cast<std::size_t>(i);
      return i < 0 ? Matrix() : matrix(outputs[at], layers[at].output.channels);
    };
    Matrix input = layer.from < 0 ? matrix(picture, layer.input.channels) : output_of(layer.from);
    // What lies beside it is read with it.
    for (std::size_t i = 0; i < index && input.rows() < layer.input.channels; ++i) {
      if (layers[i].owner != layer.from || layers[i].owner_channel == 0) continue;
      const Matrix upper = input, lower = output_of(static_cast<int>(i));
      input.resize(upper.rows() + lower.rows(), upper.cols());
      input << upper, lower;
    }
    const Matrix gates = output_of(static_cast<int>(index) - 1), addend = output_of(layer.addend);
    const Matrix expected = expected_output(layer, net.parameters(index), input, gates, addend);
    const Matrix found = matrix(outputs[index], layer.output.channels);
    const double largest = std::max(input.cwiseAbs().maxCoeff(), expected.cwiseAbs().maxCoeff());
    EXPECT_LE((found - expected).cwiseAbs().maxCoeff(), kTolerance * largest)
        << "layer " << index << ", " << pplcnet::layer_name(layer);
  }

  std::size_t turn_ = 0;
};

TEST_P(Kernels, Convolution) {
  std::vector<Extent> inputs = {{1, 9}, {5, 1}, {9, 9}, {64, 64}};
  for (const int height : kHeights)
    for (const int width : kWidths) inputs.push_back({height, width});
  for (const Extent input : inputs)
    for (const int channels : kChannels)
      for (const Stride stride : kStrides) {
        BlockNetwork net = network(input, {3, channels, 8, 1, false});
        net.stem_stride = stride;
        net.stem_activation = next_activation();
        judge(net, {Operator::convolution});
      }
}

TEST_P(Kernels, Depthwise) {
  for (const int height : kHeights)
    for (const int width : kWidths)
      for (const int channels : kChannels)
        for (const int kernel : {3, 5})
          for (const Stride stride : kStrides)
            for (const bool squeeze_excite : {false, true}) {
              const Block block = {kernel, channels, 8, stride, squeeze_excite};
              BlockNetwork net = network({height, width}, block);
              net.activation = next_activation();
              judge(net, {Operator::depthwise});
            }
}

TEST_P(Kernels, Pointwise) {
  for (const int height : kHeights)
    for (const int width : kWidths)
      for (const int in : {8, 24, 88, 512})  // 512: pixels lie further apart
        for (const int out : kChannels)
          for (const bool squeeze_excite : {false, true}) {
            BlockNetwork net = network({height, width}, {3, in, out, 1, squeeze_excite});
            net.activation = next_activation();
            judge(net, {Operator::pointwise});
          }
}

TEST_P(Kernels, Pool) {
  for (const int height : kHeights)
    for (const int width : kWidths)
      for (const int channels : kChannels)
        judge(network({height, width}, {3, 16, channels, 1, false}), {Operator::pool});
}

TEST_P(Kernels, Dense) {
  for (const int channels : kChannels)
    for (const int head : {0, 1, 19, 1280})
      for (const int classes : {1, 3, 17, 1000})
        for (const std::size_t images : kBatches) {
          BlockNetwork net = network({1, 2}, {3, channels, channels, 1, true});
          net.head = head;
          net.classes = classes;
          net.gate = images == 1 ? Activation::hardsigmoid : Activation::hardsigmoid_paddle;
          net.activation = next_activation();
          judge(net, {Operator::dense}, images);
        }
}

TEST_P(Kernels, Gate) {
  for (const int height : kHeights)
    for (const int width : kWidths)
      for (const int channels : kChannels)
        judge(network({height, width}, {5, channels, 8, 1, true}), {Operator::gate});
}

/// Maps that are too large to be stored whole, computed in blocks of rows that divide their height
/// in all ways.
TEST_P(Kernels, Chains) {
  for (int height = 55; height < 65; ++height)
    for (const int channels : {8, 16, 24, 40})
      for (const int kernel : {3, 5})
        for (const int stride : {1, 2}) {
          const bool first = stride == 2, second = kernel == 5;  // squeeze-excite
          BlockNetwork net = network({height, 92}, {3, channels, 32, 1, first});
          net.blocks.push_back({kernel, 32, 8, stride, second});
          judge(net, {Operator::convolution, Operator::depthwise, Operator::pointwise});
        }
}

/// As many layers as there can be, whose maps are all too large to be stored whole.
TEST_P(Kernels, LongestChain) {
  BlockNetwork net = network({5200, 4}, {3, 8, 8, 1, false});
  constexpr std::size_t kBlocks = 32;
  net.blocks[0].expansion = 8;
  net.blocks.resize(kBlocks, net.blocks[0]);
  net.activation = Activation::relu;
  judge(net, {Operator::depthwise, Operator::pointwise});
}

/// Two pointwise layers, and what is added after them: rows of three layers share a thread's
/// scratch, or begin with a gated map.
TEST_P(Kernels, Expansion) {
  for (const Extent input : {Extent{1, 1}, Extent{5, 13}, Extent{14, 14}, Extent{29, 61}})
    for (const int channels : {8, 24, 40, 160})
      for (const bool squeeze_excite : {false, true})
        for (const auto residual : {Residual::none, Residual::input, Residual::depthwise}) {
          BlockNetwork net = network(input, {3, channels, channels, 1, squeeze_excite});
          net.blocks[0].expansion = 2 * channels;
          net.blocks[0].residual = residual;
          net.blocks[0].linear_depthwise = residual == Residual::depthwise;
          net.blocks[0].linear_pointwise = residual == Residual::depthwise;
          net.gate = Activation::sigmoid;
          net.activation = residual == Residual::none ? next_activation() : Activation::gelu;
          judge(net, {Operator::pointwise, Operator::gate, Operator::dense});
        }
}

/// One pointwise layer and the block's input.
TEST_P(Kernels, Residual) {
  for (const Extent input : {Extent{1, 1}, Extent{5, 13}, Extent{29, 61}})
    for (const int channels : kChannels)
      for (const bool squeeze_excite : {false, true}) {
        BlockNetwork net = network(input, {3, 16, channels, 1, false});
        net.blocks.push_back({5, channels, channels, 1, squeeze_excite});
        net.blocks[1].residual = Residual::input;
        net.activation = next_activation();
        judge(net, {Operator::pointwise});
      }
}

/// V3: a scale and a shift after the activations, and a head of any width beside each stage, whose
/// map has a frame for the next one's kernel.
TEST_P(Kernels, AffineAndStageHeads) {
  for (const Extent input : {Extent{1, 1}, Extent{5, 13}, Extent{97, 92}})
    for (const int channels : {8, 24, 48})
      for (const bool squeeze_excite : {false, true}) {
        BlockNetwork net = network(input, {3, 16, channels, 2, squeeze_excite});
        net.blocks.push_back({5, channels, 2 * channels, 1, squeeze_excite});
        net.blocks[1].linear_depthwise = true;
        net.affine = true;
        net.map_heads = {12, 42};
        net.ending = Ending::maps;
        judge(net, {Operator::depthwise, Operator::pointwise});
      }
}

TEST_P(Kernels, Dilation) {
  for (const Extent input : {Extent{1, 1}, Extent{5, 13}, Extent{14, 15}, Extent{61, 92}})
    for (const int channels : kChannels)
      for (const int kernel : {3, 5})
        for (const int dilation : {2, 4})
          for (const Stride stride : kStrides) {
            const bool squeeze_excite = stride.height == stride.width;
            BlockNetwork net = network(input, {kernel, channels, 8, stride, squeeze_excite});
            net.blocks[0].dilation = dilation;
            net.activation = next_activation();
            judge(net, {Operator::depthwise});
          }
}

/// Dense convolutions of maps, maxima beside them, and columns of means.
TEST_P(Kernels, StemsAndColumns) {
  for (const Extent input : {Extent{12, 8}, Extent{13, 29}, Extent{48, 61}, Extent{97, 131}})
    for (const int middle : {16, 24, 48})
      for (const auto stem : {Stem::convolutions, Stem::branches}) {
        BlockNetwork net = network(input, {3, 2 * middle, 40, 1, false});
        net.stem = stem;
        net.stem_middle = middle;
        net.stem_stride = 2;
        net.stem_activation = stem == Stem::branches ? Activation::relu : Activation::gelu;
        net.ending = Ending::columns;
        judge(net, {Operator::convolution, Operator::pointwise, Operator::max_pool,
                    Operator::average_pool});
      }
}

INSTANTIATE_TEST_SUITE_P(Each, Kernels, testing::ValuesIn(pplcnet_test::available_isas()),
                         [](const auto& test) {
                           return std::string(pplcnet::isa_name(test.param));
                         });

}  // namespace
