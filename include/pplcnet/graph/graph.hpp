#ifndef PPLCNET_GRAPH_GRAPH_HPP
#define PPLCNET_GRAPH_GRAPH_HPP

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "pplcnet/graph/flaw.hpp"
#include "pplcnet/graph/node.hpp"

namespace pplcnet::inline PPLCNET_ABI {

class Graph;

/// The output of an operator: what the next ones take.
struct Value {
  const Graph* graph = nullptr;
  int node = -1;
  Shape shape = {};
};

/// What an output of a network is.
enum class Role : unsigned char {
  stage,      ///< a feature map, or anything that is worth looking at
  result,     ///< what the network is for: the logits, if it is a vector, or maps
  embedding,  ///< a vector that the network is for, and no logits
};

/// Attributes of a convolution. Without a padding it keeps the size of a map at a stride of 1.
struct Conv {
  static constexpr Padding kSame = {-1, -1, -1, -1};

  Pair kernel = 1;
  Stride stride = 1;
  Pair dilation = 1;
  Padding padding = kSame;
  int groups = 1;  ///< of channels, each of which is read by its own part of the output
  Activation activation = Activation::none;
  bool norm = true;
  bool bias = false;
  Training training = no_branches;  ///< what it consists of in training
  bool affine = false;              ///< a learnable scale and shift follow the activation
  Name norm_name = {};              ///< where it does not follow from the convolution's
  Layout layout = Layout::convolution;
  Value weights_of = {};           ///< of a convolution like it, that has the same weights
  int group = 0, group_count = 1;  ///< which part of a convolution with groups it is
  int output_percent = 100;  ///< weight × input + bias are multiplied by this / 100 before the norm
};

/// Attributes of a dense layer.
struct Dense {
  Activation activation = Activation::none;
  bool norm = false;
  bool bias = true;
  Layout layout = Layout::out_in;
  int input_percent = 100;   ///< the input is multiplied by this / 100 (dropout)
  int output_percent = 100;  ///< so is weight × input + bias, before the batch norm
  Name norm_name = {};
};

/// Attributes of a scale and a shift of each channel: those of a batch norm, or weights and biases.
struct Affine {
  Activation activation = Activation::none;
  bool norm = true;
  Layout layout = Layout::none;  ///< none: a batch norm alone
  Name norm_name = {};
  int repeats = 1;  ///< channels with the same parameters: every (channels / repeats)-th
};

/// Attributes of a pooling window.
struct Pool {
  Pair kernel = 2;
  Stride stride = 2;
  Padding padding = 0;
  bool ceil_mode = false;
  bool count_padding = false;  ///< a mean is divided by the window's size wherever it is
};

/// A network: operators in the order in which they are computed, built by a function that is
/// evaluated by the compiler, or when a program runs. It knows no memory, file or CPU. An operator
/// that cannot be computed is remembered as the graph's flaw; what follows it changes nothing.
class Graph {
 public:
  static constexpr int kMaxNodes = 512;
  static constexpr int kMaxLayers = 896;  ///< that the operators become, see `layers_of`
  static constexpr int kMaxParts = 36;
  static constexpr int kMaxOutputs = 64;
  static constexpr int kMostChannels = 32768;
  static constexpr int kMostOutputs = 1 << 22;  ///< of a dense layer
  /// Of a convolution, so that those of a whole network are counted in 64 bits.
  static constexpr std::int64_t kMostMultiplyAdds = std::int64_t{1} << 52;
  static constexpr int kLongestSide = 32768;
  static constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;
  static constexpr int kLargestKernel = 63, kLargestStride = 32, kMostDilation = 1024;

  /// What a network gives: the output of a node, by name.
  struct Output {
    Role role = Role::stage;
    int node = -1;
    Name name;
  };

  constexpr explicit Graph(Extent input, TensorNames names = {},
                           std::string_view network = "custom")
      : title(network), tensor_names(names) {
    const auto [height, width] = input;
    if (height < 1 || height > kLongestSide) fail(GraphRule::image, height);
    if (width < 1 || width > kLongestSide) fail(GraphRule::image, width);
    if (std::int64_t{height} * width > kMostPixels)
      fail(GraphRule::image, std::int64_t{height} * width);
    nodes[0].shape = {height, width, 3};
    node_count = 1;
  }

  /// Returns the picture, planar or interleaved, of 3 channels.
  constexpr Value image() const { return value(0); }
  /// Returns the output of a node.
  constexpr Value value(int node) const { return {this, node, nodes[node].shape}; }

  /// Appends a convolution of a map: weights, batch norm, activation.
  constexpr Value conv(Value x, int channels, const Conv& options, Name name = {});
  /// Appends a convolution whose every channel is alone.
  constexpr Value depthwise(Value x, Conv options, Name name = {}) {
    if (options.groups != 1 && options.groups != x.shape.channels)
      fail(GraphRule::groups, options.groups);
    options.groups = x.shape.channels;
    return conv(x, x.shape.channels, options, name);
  }
  /// Appends a product of a vector, or of a map of one pixel, with a matrix.
  constexpr Value dense(Value x, int width, const Dense& options, Name name = {});
  /// Appends the maximum of windows; what is outside of the map does not count.
  constexpr Value max_pool(Value x, const Pool& pool, Name name = {}) {
    return window(Operator::max_pool, x, pool, name);
  }
  /// Appends the mean of windows.
  constexpr Value mean_pool(Value x, const Pool& pool, Name name = {}) {
    return window(Operator::average_pool, x, pool, name);
  }
  /// Appends the mean over all pixels: a vector.
  constexpr Value global_mean(Value x, Name name = {});
  /// Appends a map times a vector of factors, channel by channel, and an activation.
  constexpr Value gate(Value x, Value factors, Activation after = Activation::none, Name name = {});
  /// Appends the sum of two maps, and an activation.
  constexpr Value add(Value a, Value b, Activation after = Activation::none);
  /// Appends maps side by side: their channels follow each other.
  constexpr Value concat(std::initializer_list<Value> list) {
    return concat(std::span(list.begin(), list.size()));
  }
  constexpr Value concat(std::span<const Value> list);
  /// Appends `channels` channels of a map from `first` on, every `step`-th one.
  constexpr Value slice(Value x, int first, int channels, int step = 1);
  /// Appends a permutation of channels: `groups` rows of them become columns.
  constexpr Value shuffle(Value x, int groups);

  // See map_operators.hpp.
  constexpr Value affine(Value x, const Affine& options, Name name = {});
  constexpr Value activate(Value x, Activation activation, Name slopes = {});
  constexpr Value reduce(Value x, Reduction reduction, std::initializer_list<Axis> axes);
  constexpr Value maximum_and_mean(Value x, Axis axis);
  constexpr Value multiply(Value x, Value factors, Activation after = Activation::none);
  constexpr Value layer_norm(Value x, Name name);
  constexpr Value instance_norm(Value x, Name name, int repeats = 1);
  constexpr Value transpose(Value x, Axis rows, Axis columns);
  constexpr Value shuffle_blocks(Value x, int groups, int blocks);
  constexpr Value space_to_rows(Value x, int side);
  constexpr Value rows_to_space(Value x, int side, int columns);
  constexpr Value depth_to_space(Value x, int side);
  constexpr Value transposed_conv(Value x, int channels, int side, Conv options, Name name = {});
  constexpr Value softmax(Value x, int blocks);
  constexpr Value attention(Value x, int heads);
  constexpr Value resize(Value x, Extent size, Resampling resampling);
  constexpr Value l1_conv(Value x, int channels, const Conv& options, Name name = {});
  /// Says that a value is an output of the network.
  constexpr Value output(Value x, Role role = Role::result, Name name = {});

  /// Remembers what is wrong, unless something is already: for functions that take options and have
  /// no network for some of them.
  constexpr void fail(GraphRule rule, std::int64_t found) {
    if (!flaw_) flaw_ = {rule, found, node_count};
  }

  /// Has the last dense layer give another number of classes.
  constexpr void set_classes(int classes);

  /// Returns a number that tells one graph from another: all counts but sizes of maps, titles,
  /// names, and what is folded into weights.
  constexpr std::uint64_t fingerprint() const;

  /// Returns the first thing that is wrong.
  constexpr GraphFlaw flaw() const {
    if (!flaw_ && std::none_of(outputs, outputs + output_count,
                               [](const Output& one) { return one.role != Role::stage; }))
      return {GraphRule::output, output_count, node_count};
    return flaw_;
  }

  std::string_view title;
  std::string_view what = {};  ///< in a sentence of a message: "a PP-LCNet V2"; empty: the title
  TensorNames tensor_names;
  double norm_epsilon = kBatchNormEpsilon;  ///< of the batch norms of what is appended from now on
  /// How frameworks name the tensors; none: as the graph does.
  std::span<const Naming> namings = {};
  /// Modules that files may have beside what the graph computes.
  std::span<const Name> unused = {};
  std::span<const OptionalModule> optional = {};
  Node nodes[kMaxNodes] = {};
  int node_count = 0;
  int parts[kMaxNodes] = {};  ///< of concats
  int part_count = 0;
  Output outputs[kMaxOutputs] = {};
  int output_count = 0;

 private:
  // Each of these says whether nothing is wrong so far.
  constexpr bool check(Value x) {
    if (x.graph != this || x.node < 0 || x.node >= node_count) fail(GraphRule::foreign, x.node);
    return !flaw_;
  }
  constexpr bool check_map(Value x) {
    if (check(x) && nodes[x.node].vector) fail(GraphRule::map, x.node);
    return !flaw_;
  }
  constexpr bool check_range(GraphRule rule, int value, int least, int most) {
    if (value < least || value > most) fail(rule, value);
    return !flaw_;
  }
  constexpr void set_norm(Node& node, bool norm);
  constexpr void share_weights(Node& node, Value owner);
  constexpr bool check_steps(const Pair& kernel, const Stride& stride, const Pair& dilation);
  constexpr bool check_window(const Window& window, const Shape& input);
  /// Returns the most layers that an operator becomes.
  static constexpr int layers_of(const Node& node) {
    if (node.op == Operator::concat) return node.part_count;
    return node.op == Operator::shuffle ? node.groups : 1;
  }
  /// Counts layers.
  constexpr void count(int layers) {
    layer_count_ += std::min(layers, kMaxLayers);
    if (layer_count_ > kMaxLayers) fail(GraphRule::nodes, layer_count_);
  }
  constexpr Value unchanged(const Shape& shape) const { return {this, 0, shape}; }
  constexpr Value grouped(Value x, int channels, const Conv& options, Name name);
  constexpr Value on_map(Operator op, Value x, const Shape& shape, Name name = {});
  constexpr Value rearrange(Value x, const Rearrangement& how, const Shape& shape);
  constexpr Value window(Operator op, Value x, const Pool& pool, Name name);
  constexpr Value append(const Node& node) {
    constexpr float kMost = 1000;
    for (const float number : {node.activation.slope, node.activation.offset})
      if (!(number >= -kMost && number <= kMost)) fail(GraphRule::activation, node_count);
    if (node_count == kMaxNodes) fail(GraphRule::nodes, node_count);
    if (node.activation.kind == Activation::Kind::prelu && node.op != Operator::convolution &&
        node.op != Operator::affine)
      fail(GraphRule::slopes, node_count);
    count(layers_of(node));
    if (flaw_) return unchanged(node.shape);
    nodes[node_count] = node;
    return {this, node_count++, node.shape};
  }

  GraphFlaw flaw_;
  int layer_count_ = 1;  // the picture
};

}  // namespace pplcnet::inline PPLCNET_ABI

#include "pplcnet/graph/map_operators.hpp"
#include "pplcnet/graph/operators.hpp"

#endif  // PPLCNET_GRAPH_GRAPH_HPP
