// The operators of graphs on every instruction set against a plain computation in double precision,
// at sizes that do not suit vectors, in memory that begins as NaN. Each layer is judged alone.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "kernels/oracle.hpp"
#include "kernels/small_network.hpp"
#include "pplcnet/graph/graph.hpp"

namespace {

using pplcnet::Activation;
using pplcnet::Extent;
using pplcnet::Graph;
using pplcnet::Isa;
using pplcnet::Padding;
using pplcnet::Pair;
using pplcnet::Pool;
using pplcnet::Value;
using pplcnet_test::expected_output;
using pplcnet_test::Layer;
using pplcnet_test::Matrix;
using pplcnet_test::Operator;
using pplcnet_test::read_map;
using pplcnet_test::SmallNetwork;

constexpr double kTolerance = 1e-5;  // of the largest value that goes in or comes out
constexpr Extent kInputs[] = {{9, 17}, {12, 10}, {7, 8}};
constexpr int kChannels[] = {1, 5, 8, 12, 16, 24, 36, 40};
constexpr Activation kActivations[] = {
    Activation::none,
    Activation::relu,
    Activation::relu6,
    Activation::hardswish,
    Activation::sigmoid,
    Activation::hardsigmoid,
    Activation::hardsigmoid_paddle,
    Activation::hardsigmoid_of(0.2F),
    Activation::hardsigmoid_of(-1.5F, 0.25F),
    Activation::clip,
    Activation::silu,
    Activation::gelu,
    Activation::linear_of(0.25F, -1),
    Activation::root_of(2),
};

class GraphKernels : public testing::TestWithParam<Isa> {
 protected:
  /// A map with so many channels.
  static Value map(Graph& graph, int channels) {
    return graph.conv(graph.image(), channels, {.kernel = 3}, "map");
  }

  /// Compares every layer; then asks three threads, and for the result alone: the same bits.
  void judge(const Graph& graph) {
    const pplcnet::GraphFlaw flaw = graph.flaw();
    ASSERT_FALSE(flaw) << text_of(flaw.broken) << " " << flaw.found;
    const SmallNetwork net(graph);
    const pplcnet::Shape& picture = graph.nodes[0].shape;
    const std::vector<float> pixels = pplcnet_test::synthetic_input(
        1, 1, 3, static_cast<std::size_t>(picture.height), static_cast<std::size_t>(picture.width));
    const auto outputs = net.outputs(pixels, 1, GetParam(), 1);
    EXPECT_EQ(outputs, net.outputs(pixels, 1, GetParam(), 3)) << "with three threads";
    EXPECT_EQ(net.logits(pixels, 1, GetParam(), 1).front(), outputs.front().back());
    const auto layers = net.layers();
    std::vector<Matrix> values;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      const auto read = [&](int from, int channel, int channels, int step) {
        if (from < 0) return Matrix();
        return read_map(layers, values, from, channel, channels, step);
      };
      const Matrix input = layer.from < 0 ? pplcnet_test::matrix(pixels, 3)
                                          : read(layer.from, layer.from_channel,
                                                 layer.input.channels, layer.read_step);
      const Matrix addend = read(
          layer.addend, layer.addend_channel,
          layer.op == Operator::multiply ? layer.factor_shape.channels : layer.output.channels, 1);
      const Matrix factors = read(layer.factors, 0, layer.output.channels, 1);
      const Matrix expected = expected_output(layer, net.parameters(i), input, factors, addend);
      values.push_back(pplcnet_test::matrix(outputs.front()[i], layer.output.channels));
      const double largest = std::max(input.cwiseAbs().maxCoeff(), expected.cwiseAbs().maxCoeff());
      // Written so that NaN fails.
      const double error = (values.back() - expected).cwiseAbs().maxCoeff();
      EXPECT_TRUE(error <= kTolerance * largest)
          << "layer " << i << " of " << layers.size() << ", operator " << static_cast<int>(layer.op)
          << ", " << layer.input.channels << " to " << layer.output.channels
          << " channels: " << error;
    }
  }
};

TEST_P(GraphKernels, ConvolutionOfAnyKernel) {
  constexpr pplcnet::Conv kConvolutions[] = {
      {.kernel = 1, .padding = 1},
      {.kernel = 1, .stride = 2},
      {.kernel = {1, 7}},
      {.kernel = {7, 1}, .stride = {1, 2}},
      {.kernel = 3, .padding = 0},
      {.kernel = {5, 3}, .stride = 3},
      {.kernel = 2, .stride = 2},
      {.kernel = 3, .dilation = {2, 3}},
      {.kernel = 7, .stride = 2, .padding = Padding(3, 2, 1, 4)},
  };
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const pplcnet::Conv& conv : kConvolutions) {
        Graph graph(input);
        graph.output(graph.conv(map(graph, channels), 13, conv, "conv"));
        judge(graph);
        Graph of_picture(input);
        of_picture.output(of_picture.conv(of_picture.image(), channels, conv, "conv"));
        judge(of_picture);
      }
}

/// Tiles that cross rows, maps smaller than a tile, kernels larger than the map; outputs that are
/// no multiple of a half panel, and those that another layer reads from scratch.
TEST_P(GraphKernels, ConvolutionsOfMapsOfAnySize) {
  constexpr pplcnet::Conv kConvolutions[] = {
      {.kernel = 3, .activation = Activation::relu},
      {.kernel = 3, .stride = 2, .activation = Activation::hardswish},
      {.kernel = 5, .activation = Activation::silu},
      {.kernel = {1, 7}},
      {.kernel = {3, 1}, .stride = {1, 2}, .dilation = {4, 1}},
      {.kernel = 3, .dilation = 3, .padding = Padding(3, 3, 4, 3)},
  };
  for (const Extent input : {Extent{1, 1}, Extent{7, 7}, Extent{8, 13}})
    for (const int channels : {1, 3, 8, 17, 64})
      for (const int outputs : {17, 33, 64})
        for (const pplcnet::Conv& conv : kConvolutions) {
          Graph graph(input);
          const Value x = graph.conv(map(graph, channels), outputs, conv, "conv");
          graph.output(graph.conv(x, 24, {.activation = Activation::relu}, "pointwise"));
          judge(graph);
        }
}

TEST_P(GraphKernels, GroupsOfChannels) {
  for (const int groups : {2, 3, 4})
    for (const int in : {1, 4, 8, 10})
      for (const int out : {2, 8, 12})
        for (const Pair kernel : {Pair(1), Pair(3)}) {
          Graph graph(kInputs[0]);
          const Value x = map(graph, groups * in);
          graph.output(graph.conv(x, groups * out,
                                  {.kernel = kernel,
                                   .stride = kernel.height,
                                   .groups = groups,
                                   .activation = Activation::relu},
                                  "groups"));
          judge(graph);
        }
}

TEST_P(GraphKernels, DepthwiseOfAnyKernel) {
  constexpr pplcnet::Conv kConvolutions[] = {
      {.kernel = 1},
      {.kernel = 3, .activation = Activation::relu6},
      {.kernel = 5, .stride = {2, 1}},
      {.kernel = 7, .activation = Activation::hardswish},
      {.kernel = 7, .stride = 2, .dilation = 2},
      {.kernel = {1, 9}},
      {.kernel = {5, 3}, .stride = 3},
      {.kernel = 3, .dilation = {1, 2}},
      {.kernel = 3, .padding = 0},
      {.kernel = 2, .activation = Activation::gelu},
  };
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const pplcnet::Conv& conv : kConvolutions) {
        Graph graph(input);
        graph.output(graph.depthwise(map(graph, channels), conv, "depthwise"));
        judge(graph);
      }
}

TEST_P(GraphKernels, PoolsOfAnyWindow) {
  constexpr Pool kPools[] = {
      {.kernel = 2, .stride = 2},
      {.kernel = 3, .stride = 2, .padding = 1},
      {.kernel = 3, .stride = 1, .padding = 1, .count_padding = true},
      {.kernel = 3, .stride = 2, .ceil_mode = true},
      {.kernel = 3, .stride = 2, .padding = 1, .ceil_mode = true, .count_padding = true},
      {.kernel = {5, 2}, .stride = {3, 1}, .padding = Padding(2, 0, 1, 1)},
      {.kernel = 7, .stride = 7},
  };
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const Pool& pool : kPools)
        for (const bool maximum : {true, false}) {
          Graph graph(input);
          const Value x = map(graph, channels);
          graph.output(maximum ? graph.max_pool(x, pool) : graph.mean_pool(x, pool));
          judge(graph);
        }
}

TEST_P(GraphKernels, SumsAndActivations) {
  for (const int channels : kChannels)
    for (const Activation activation : kActivations)
      for (const Activation after : {Activation::none, Activation::relu, activation}) {
        Graph graph(kInputs[0]);
        const Value x = map(graph, channels);
        const Value y = graph.conv(x, channels, {.activation = activation}, "pointwise");
        const Value z = graph.depthwise(y, {.kernel = 3, .activation = activation}, "depthwise");
        const Value last = graph.add(x, z, after);  // part of the depthwise layer
        graph.output(graph.add(graph.add(y, x, after), last, after));  // layers of their own
        judge(graph);
      }
}

TEST_P(GraphKernels, ConcatsSlicesAndShuffles) {
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const int other : {3, 8, 20}) {
        Graph graph(input);
        const Value a = map(graph, channels);
        const Value b = graph.conv(a, other, {.activation = Activation::relu}, "b");
        const Value c = graph.depthwise(b, {.kernel = 3}, "c");
        const Value all = graph.concat({b, a, c, b});
        const int width = all.shape.channels;
        const Value again =
            graph.concat({graph.max_pool(all, {.kernel = 3, .stride = 1, .padding = 1}),
                          graph.slice(all, 1, width / 2, 2)});
        const Value part = graph.slice(all, 8 * (width / 16), width - 8 * (width / 16));
        Value x = graph.conv(again, 2 * other, {}, "x");
        const Value y = graph.conv(part, 2 * other, {.kernel = 3}, "y");
        x = graph.shuffle(graph.concat({x, y}), 2);              // the parts interleave
        x = graph.concat({graph.slice(x, 1, 2 * other, 2), y});  // a copy is a part at once
        x = graph.shuffle(graph.add(x, x), other);               // a permutation of one map
        graph.output(x, pplcnet::Role::stage);
        graph.output(graph.depthwise(x, {.kernel = 5}, "last"));
        judge(graph);
      }
}

TEST_P(GraphKernels, Gates) {
  for (const int channels : kChannels)
    for (const Activation activation : kActivations) {
      Graph graph(kInputs[0]);
      const Value x = map(graph, channels);
      const Value factors = graph.dense(graph.global_mean(x), channels,
                                        {.activation = Activation::sigmoid}, "factors");
      const Value in_place = graph.gate(graph.conv(x, channels, {}, "y"), factors, activation);
      const Value apart = graph.gate(x, factors, activation);  // x is read again
      graph.output(graph.add(graph.concat({in_place, apart}), graph.concat({x, x})));
      judge(graph);
    }
}

TEST_P(GraphKernels, ScalesAndSlopes) {
  for (const int channels : kChannels)
    for (const pplcnet::Layout layout :
         {pplcnet::Layout::none, pplcnet::Layout::vector, pplcnet::Layout::pixel})
      for (const Activation activation : {Activation::none, Activation::prelu, Activation::silu}) {
        Graph graph(kInputs[0]);
        const Value x = map(graph, channels);
        const bool none = layout == pplcnet::Layout::none;
        const Value y =
            graph.affine(x, {.activation = activation, .norm = none, .layout = layout}, "scaled");
        const Value z =
            graph.conv(y, channels, {.kernel = 3, .activation = Activation::prelu}, "dense");
        const Value u = graph.depthwise(z, {.kernel = 3, .activation = Activation::prelu}, "alone");
        const Value sum = graph.activate(graph.add(u, x), Activation::prelu, "slopes");
        graph.output(graph.concat({sum, graph.activate(y, Activation::relu6)}));
        judge(graph);
      }
}

TEST_P(GraphKernels, Reductions) {
  using pplcnet::Axis;
  const std::initializer_list<Axis> kAxes[] = {
      {Axis::rows},
      {Axis::columns},
      {Axis::channels},
      {Axis::rows, Axis::columns},
      {Axis::rows, Axis::channels},
      {Axis::columns, Axis::channels},
      {Axis::rows, Axis::columns, Axis::channels},
  };
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const auto& axes : kAxes)
        for (const pplcnet::Reduction reduction :
             {pplcnet::Reduction::mean, pplcnet::Reduction::maximum,
              pplcnet::Reduction::variance}) {
          Graph graph(input);
          const Value x = map(graph, channels);
          const Value y = graph.reduce(x, reduction, axes);
          graph.output(y, pplcnet::Role::stage);
          graph.output(graph.multiply(x, y, Activation::relu));
          judge(graph);
        }
}

TEST_P(GraphKernels, MaximaAndMeans) {
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const pplcnet::Axis axis :
           {pplcnet::Axis::rows, pplcnet::Axis::columns, pplcnet::Axis::channels}) {
        Graph graph(input);
        graph.output(graph.maximum_and_mean(map(graph, channels), axis));
        judge(graph);
      }
}

TEST_P(GraphKernels, ProductsOfMaps) {
  for (const int channels : kChannels) {
    Graph graph(kInputs[1]);
    const Value x = map(graph, 2 * channels);
    const Value y = graph.conv(x, channels, {}, "y");
    const Value product = graph.multiply(graph.conv(x, channels, {}, "z"), y, Activation::sigmoid);
    graph.output(graph.multiply(product, graph.slice(x, channels, channels)));
    judge(graph);
  }
}

TEST_P(GraphKernels, Normalisations) {
  for (const Extent input : kInputs)
    for (const int channels : kChannels) {
      Graph graph(input);
      const Value x = map(graph, channels);
      const Value pixels = graph.layer_norm(x, "pixels");
      graph.norm_epsilon = 0.5;
      const Value alone = graph.instance_norm(x, "alone", channels % 2 == 0 ? 2 : 1);
      graph.output(graph.concat({pixels, alone}));
      judge(graph);
    }
}

TEST_P(GraphKernels, Rearrangements) {
  using pplcnet::Axis;
  for (const int channels : kChannels) {
    constexpr Axis kOrders[][2] = {{Axis::rows, Axis::channels},    {Axis::columns, Axis::rows},
                                   {Axis::columns, Axis::channels}, {Axis::channels, Axis::rows},
                                   {Axis::channels, Axis::columns}, {Axis::rows, Axis::columns}};
    for (const auto& [rows, columns] : kOrders) {
      Graph graph(kInputs[0]);
      const Value x = graph.transpose(map(graph, channels), rows, columns);
      graph.output(graph.conv(x, 3, {.kernel = 3}, "reader"));
      judge(graph);
    }
    Graph graph({12, 8});
    const Value x = map(graph, 4 * channels);
    const Value tokens = graph.space_to_rows(x, 2);
    graph.output(tokens, pplcnet::Role::stage);
    const Value again = graph.rows_to_space(graph.conv(tokens, 8, {}, "tokens"), 2, 8);
    graph.output(graph.shuffle_blocks(x, 2, channels), pplcnet::Role::stage);
    graph.output(graph.shuffle_blocks(x, channels, 2), pplcnet::Role::stage);
    const Value spread = graph.depth_to_space(x, 2);
    graph.output(graph.transposed_conv(spread, channels, 2, {.activation = Activation::relu}, "t"));
    graph.output(again);
    judge(graph);
  }
}

/// Layers that pixels go through while they are in scratch; that a stage's map, another reader or a
/// concat comes between; results that no layer reads.
TEST_P(GraphKernels, TransposedConvolutions) {
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const int side : {2, 3}) {
        Graph graph(input);
        const Value x = graph.conv(map(graph, 8), 8, {.kernel = 3}, "x");
        const Value y =
            graph.transposed_conv(x, channels, side, {.activation = Activation::silu}, "first");
        graph.output(graph.concat({y, y}), pplcnet::Role::stage);
        const Value z = graph.transposed_conv(y, 3, side, {.norm = false, .bias = true}, "second");
        graph.output(graph.conv(z, 1, {.kernel = 3}, "reader"), pplcnet::Role::stage);
        const Value stage = graph.conv(y, 4 * channels, {.activation = Activation::relu}, "stage");
        graph.output(stage, pplcnet::Role::stage);
        graph.output(graph.depth_to_space(stage, 2), pplcnet::Role::stage);
        graph.output(graph.transposed_conv(y, 1, side, {.activation = Activation::sigmoid}, "t"));
        judge(graph);
      }
}

TEST_P(GraphKernels, Resizes) {
  constexpr Extent kSizes[] = {{18, 34}, {27, 68}, {1, 1}, {5, 4}, {9, 17}, {19, 7}, {40, 33}};
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const Extent size : kSizes)
        for (const auto how : {pplcnet::Resampling::nearest, pplcnet::Resampling::bilinear}) {
          Graph graph(input);
          const Value x = map(graph, channels);
          const Value y = graph.resize(x, size, how);
          const Value of_pixel =
              graph.resize(graph.reduce(x, pplcnet::Reduction::mean,
                                        {pplcnet::Axis::rows, pplcnet::Axis::columns}),
                           size, how);
          const Value of_part = graph.resize(
              graph.slice(graph.concat({x, x}), 8 * (channels / 8), channels), size, how);
          graph.output(graph.conv(graph.concat({y, of_pixel, of_part}), 3, {.kernel = 3}, "r"));
          judge(graph);
        }
}

/// Layers whose rows are computed together, of which a block may have fewer than the map: gates,
/// sums and enlarged maps, a stage's among them, one that is read again, parts of a concat.
TEST_P(GraphKernels, ChainsOfMaps) {
  constexpr auto kNearest = pplcnet::Resampling::nearest;
  for (const Extent input : {Extent{11, 65}, Extent{6, 130}, Extent{7, 8}})
    for (const int channels : {8, 12, 64}) {
      Graph graph(input);
      const Value x = map(graph, channels);
      const Value small = graph.conv(x, channels, {.kernel = 3, .stride = 2}, "small");
      const Value factors = graph.dense(graph.global_mean(x), channels, {}, "factors");
      const Value sum = graph.add(x, graph.gate(x, factors));
      graph.output(sum, pplcnet::Role::stage, "sum");
      const Value y = graph.add(sum, graph.resize(small, input, kNearest));
      const Value z = graph.add(y, graph.resize(y, input, kNearest));
      const Value parts = graph.concat({graph.gate(z, factors, Activation::silu),
                                        graph.add(x, graph.resize(small, input, kNearest))});
      graph.output(graph.conv(parts, 3, {.kernel = 3}, "reader"));
      judge(graph);
    }
}

TEST_P(GraphKernels, Softmaxes) {
  for (const int channels : kChannels)
    for (const int blocks : {1, 2, 3}) {
      Graph graph(kInputs[2]);
      const Value x = map(graph, blocks * channels);
      graph.output(graph.softmax(x, blocks), pplcnet::Role::stage);
      graph.output(graph.softmax(x, blocks * channels));
      judge(graph);
    }
}

TEST_P(GraphKernels, Attentions) {
  for (const Extent input : kInputs)
    for (const int depth : {1, 5, 8, 15, 32})
      for (const int heads : {1, 3}) {
        Graph graph(input);
        graph.output(graph.attention(map(graph, 3 * heads * depth), heads));
        judge(graph);
      }
}

TEST_P(GraphKernels, Distances) {
  for (const Extent input : kInputs)
    for (const int channels : kChannels)
      for (const pplcnet::Conv& conv :
           {pplcnet::Conv{.kernel = 3, .norm = false}, pplcnet::Conv{.kernel = 1, .norm = false},
            pplcnet::Conv{.kernel = 3, .stride = 2, .norm = false}}) {
        Graph graph(input);
        const Value x = map(graph, channels);
        const Value y = graph.l1_conv(x, 13, conv, "distances");
        graph.output(graph.affine(y, {.activation = Activation::relu}, "norm"));
        judge(graph);
      }
}

TEST_P(GraphKernels, SharedWeights) {
  Graph graph(kInputs[0]);
  const Value x = map(graph, 8), y = graph.conv(x, 8, {}, "shared");
  const Value z = graph.conv(graph.depthwise(y, {.kernel = 3}, "z"), 8, {.weights_of = y});
  graph.output(graph.add(y, z));
  const pplcnet::Plan plan = make_plan(graph);
  EXPECT_EQ(plan.parameter_count, 3 * 9 * 8 + 16 + 64 + 16 + 72 + 16);
  judge(graph);
}

INSTANTIATE_TEST_SUITE_P(Each, GraphKernels, testing::ValuesIn(pplcnet_test::available_isas()),
                         [](const auto& test) { return pplcnet::isa_name(test.param); });

}  // namespace
