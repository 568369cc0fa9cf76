// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

// from pplcnet/pplcnet.hpp
#ifndef PPLCNET_PPLCNET_HPP
#define PPLCNET_PPLCNET_HPP

// Table of contents. Each header says what it is for. Beside it, for programs that need them:
// detector.hpp, segmenter.hpp, text_reader.hpp.

// A network: graph → plan → network → forward → kernel.
// from pplcnet/graph/graph.hpp
#ifndef PPLCNET_GRAPH_GRAPH_HPP
#define PPLCNET_GRAPH_GRAPH_HPP

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

// from pplcnet/graph/flaw.hpp
#ifndef PPLCNET_GRAPH_FLAW_HPP
#define PPLCNET_GRAPH_FLAW_HPP

#include <cstdint>

// from pplcnet/abi.hpp
#ifndef PPLCNET_ABI_HPP
#define PPLCNET_ABI_HPP

// from pplcnet/version.hpp
#ifndef PPLCNET_VERSION_HPP
#define PPLCNET_VERSION_HPP

/// The version of the library, https://semver.org; CMake reads it here.
#define PPLCNET_VERSION_MAJOR 0
#define PPLCNET_VERSION_MINOR 2
#define PPLCNET_VERSION_PATCH 0

#define PPLCNET_QUOTE_VERSION(major, minor, patch) #major "." #minor "." #patch
#define PPLCNET_QUOTE_EXPANDED_VERSION(major, minor, patch) \
  PPLCNET_QUOTE_VERSION(major, minor, patch)
/// "0.2.0"
#define PPLCNET_VERSION_STRING                                                 \
  PPLCNET_QUOTE_EXPANDED_VERSION(PPLCNET_VERSION_MAJOR, PPLCNET_VERSION_MINOR, \
                                 PPLCNET_VERSION_PATCH)

#endif  // PPLCNET_VERSION_HPP

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "pplcnet needs C++20: compile with -std=c++20 (g++ 12, clang 14 or newer)"
#include "C++20"  // Is not there, which ends the compilation before hundreds of other errors.
#endif

// Compilers that may reorder sums or ignore NaN change the bits of preprocessing, and rank NaN
// first among predictions. (A compiler does not tell of every single option of this kind.)
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define PPLCNET_FAST_MATH_SUFFIX _fast_math
#ifndef PPLCNET_ALLOW_FAST_MATH
#error \
    "pplcnet: -ffast-math changes outputs; compile this file without it, or define \
PPLCNET_ALLOW_FAST_MATH if outputs need not have the bits of other builds"
#endif
#else
#define PPLCNET_FAST_MATH_SUFFIX
#endif

// Files of one program may be compiled with different -march, or with different versions of this
// header. Their copies of an inline function are different code under one name, of which the linker
// keeps a single one: the wrong one for some files. So everything lives in an inline namespace
// named after the version and the instruction set that the compiler was given, such as v0_2_0_avx2;
// it is never written out, but the linker keeps the copies apart.
#if defined(__AVX512BF16__)
#define PPLCNET_ISA_SUFFIX _avx512_bf16
#elif defined(__AVX512VBMI2__)
#define PPLCNET_ISA_SUFFIX _avx512_vbmi2
#elif defined(__AVX512F__)
#define PPLCNET_ISA_SUFFIX _avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define PPLCNET_ISA_SUFFIX _avx2
#elif defined(__AVX2__)
#define PPLCNET_ISA_SUFFIX _avx2_without_fma
#elif defined(__AVX__)
#define PPLCNET_ISA_SUFFIX _avx
#elif defined(__SSE4_1__)
#define PPLCNET_ISA_SUFFIX _sse4
#elif defined(__SSSE3__)
#define PPLCNET_ISA_SUFFIX _ssse3
#elif defined(__ARM_FEATURE_SVE)
#define PPLCNET_ISA_SUFFIX _sve
#else
#define PPLCNET_ISA_SUFFIX
#endif

#define PPLCNET_JOIN_ABI(major, minor, patch, isa, math) v##major##_##minor##_##patch##isa##math
#define PPLCNET_JOIN_EXPANDED_ABI(major, minor, patch, isa, math) \
  PPLCNET_JOIN_ABI(major, minor, patch, isa, math)
#define PPLCNET_ABI                                                                              \
  PPLCNET_JOIN_EXPANDED_ABI(PPLCNET_VERSION_MAJOR, PPLCNET_VERSION_MINOR, PPLCNET_VERSION_PATCH, \
                            PPLCNET_ISA_SUFFIX, PPLCNET_FAST_MATH_SUFFIX)

/// The library. Everything is in this namespace; the inline one inside it is never written.
namespace pplcnet {
inline namespace PPLCNET_ABI {}
}  // namespace pplcnet

#endif  // PPLCNET_ABI_HPP

// What a graph must keep to, so that the plan and the kernels compute what it says.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_GRAPH_RULES(rule)                                                                 \
  rule(nodes, "Graph: at most Graph::kMaxNodes operators, which become at most "                  \
       "Graph::kMaxLayers layers, and Graph::kMaxOutputs outputs")                                \
  rule(foreign, "Graph: an operator takes only values of the same graph")                         \
  rule(image, "Graph: the picture has a height and a width from 1 to 32768, at most 2^26 pixels") \
  rule(channels, "Graph: an operator gives from 1 to 32768 channels, a dense layer to 4194304")   \
  rule(kernel, "Graph::conv, pool: kernels from 1 to 63, no larger than the padded input")        \
  rule(stride, "Graph::conv, pool: strides from 1 to 32")                                         \
  rule(dilation, "Graph::conv: dilations from 1 to 1024")                                         \
  rule(padding, "Graph::conv, pool: paddings from 0 to less than the kernel's reach")             \
  rule(multiply_adds, "Graph::conv: at most 2^52 multiply-adds")                                  \
  rule(groups, "Graph::conv: at most Graph::kMaxParts groups of equally many channels, or each "  \
       "channel its own")                                                                         \
  rule(vector, "Graph::dense: reads a vector or a map of one pixel")                              \
  rule(percent, "Graph::conv, dense: percents from 1 to 100")                                       \
  rule(map, "Graph: convolutions, pools, sums, concats and slices read maps")                     \
  rule(equal_shapes, "Graph::add: both maps have the same shape")                                 \
  rule(factors, "Graph::gate: a vector of as many factors as the map has channels")               \
  rule(parts, "Graph::concat: from 1 to Graph::kMaxParts maps of the same height and width")      \
  rule(slice, "Graph::slice: channels that the map has")                                          \
  rule(shuffle, "Graph::shuffle: the number of groups divides that of channels")                  \
  rule(repeats, "Graph::affine, instance_norm: the number of repeats divides that of channels")    \
  rule(broadcast, "Graph::multiply: along each axis as many factors as the map has, or one")       \
  rule(rearrange, "Graph::transpose: two axes; shuffle_blocks, space_to_rows, rows_to_space, "     \
       "depth_to_space: what divides the axis that is taken apart")                                \
  rule(blocks, "Graph::softmax: the number of blocks divides that of channels")                    \
  rule(heads, "Graph::attention: a map of queries, keys and values, each for all heads")           \
  rule(resize, "Graph::resize: to a height and a width from 1 to 32768, at most 2^26 pixels")      \
  rule(same_weights, "Conv::weights_of: a convolution of the same kernel, channels, norm and bias") \
  rule(slopes, "Activation::prelu: of a convolution or an affine")                                 \
  rule(width, "WidthOptions::width: in percent, one of those that the network comes in")           \
  rule(epsilon, "Graph::norm_epsilon: a number from 0 to 1000")                                   \
  rule(activation, "Activation::hardsigmoid_of: slope and offset from -1000 to 1000")             \
  rule(output, "Graph: a network has an output")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class GraphRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_GRAPH_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(GraphRule rule) {
  switch (rule) {
    case GraphRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case GraphRule::rule:          \
    return text;
      PPLCNET_GRAPH_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// What is wrong with a graph: the rule that it breaks, what was found, and at which operator.
struct GraphFlaw {
  GraphRule broken = GraphRule::none;
  std::int64_t found = 0;
  int node = -1;

  constexpr explicit operator bool() const { return broken != GraphRule::none; }
};

/// Has the compiler say which rule is broken, by which operator, and what it found.
template <GraphRule kBroken, int kOperator, std::int64_t kFound>
struct SoundGraph {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != GraphRule::rule, text);
  PPLCNET_GRAPH_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == GraphRule::none;
};
#undef PPLCNET_GRAPH_RULES

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_FLAW_HPP
// from pplcnet/graph/node.hpp
#ifndef PPLCNET_GRAPH_NODE_HPP
#define PPLCNET_GRAPH_NODE_HPP

// from pplcnet/graph/activation.hpp
#ifndef PPLCNET_GRAPH_ACTIVATION_HPP
#define PPLCNET_GRAPH_ACTIVATION_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// What is applied to a value, element by element.
struct Activation {
  enum class Kind : unsigned char {
    none,
    relu,         ///< max(x, 0)
    relu6,        ///< min(max(x, 0), 6)
    hardswish,    ///< x * clamp(x / 6 + 0.5, 0, 1)
    hardsigmoid,  ///< clamp(x * slope + offset, 0, 1)
    sigmoid,      ///< 1 / (1 + exp(-x))
    gelu,         ///< x * (1 + erf(x / sqrt(2))) / 2
    silu,         ///< x / (1 + exp(-x))
    linear,       ///< x * slope + offset
    root,         ///< sqrt(max(x + offset, 0))
    prelu,        ///< max(x, 0) + min(x, 0) * s, where each channel has an s of its own
  };

  Kind kind = Kind::none;
  float slope = 0, offset = 0;  ///< of a hardsigmoid and of a linear one; a root's offset

  static const Activation none, relu, relu6, hardswish, sigmoid, gelu, silu, prelu;
  static const Activation hardsigmoid;         ///< clamp(x / 6 + 0.5, 0, 1)
  static const Activation hardsigmoid_paddle;  ///< Paddle's slope is not quite 1/6
  static const Activation clip;                ///< clamp(x, 0, 1)
  /// Returns clamp(x * slope + offset, 0, 1).
  static constexpr Activation hardsigmoid_of(float slope, float offset = 0.5F) {
    return {Kind::hardsigmoid, slope, offset};
  }

  /// Returns x * slope + offset.
  static constexpr Activation linear_of(float slope, float offset = 0) {
    return {Kind::linear, slope, offset};
  }

  /// Returns sqrt(max(x + offset, 0)).
  static constexpr Activation root_of(float offset) { return {Kind::root, 0, offset}; }

  constexpr bool operator==(const Activation&) const = default;
};

inline constexpr Activation Activation::none = {};
inline constexpr Activation Activation::relu = {Kind::relu};
inline constexpr Activation Activation::relu6 = {Kind::relu6};
inline constexpr Activation Activation::hardswish = {Kind::hardswish};
inline constexpr Activation Activation::sigmoid = {Kind::sigmoid};
inline constexpr Activation Activation::gelu = {Kind::gelu};
inline constexpr Activation Activation::silu = {Kind::silu};
inline constexpr Activation Activation::prelu = {Kind::prelu};
inline constexpr Activation Activation::hardsigmoid = hardsigmoid_of(1.0F / 6);
inline constexpr Activation Activation::hardsigmoid_paddle = hardsigmoid_of(0.1666667F);
inline constexpr Activation Activation::clip = hardsigmoid_of(1, 0);

/// Returns the name of an activation, as it is spelled in `Activation`.
constexpr std::string_view activation_name(const Activation& activation) {
  constexpr struct {
    Activation activation;
    std::string_view name;
  } kNames[] = {{Activation::none, "none"},
                {Activation::relu, "relu"},
                {Activation::relu6, "relu6"},
                {Activation::hardswish, "hardswish"},
                {Activation::hardsigmoid, "hardsigmoid"},
                {Activation::hardsigmoid_paddle, "hardsigmoid_paddle"},
                {Activation::clip, "clip"},
                {Activation::sigmoid, "sigmoid"},
                {Activation::gelu, "gelu"},
                {Activation::silu, "silu"},
                {Activation::prelu, "prelu"}};
  for (const auto& [known, name] : kNames)
    if (known == activation) return name;
  if (activation.kind == Activation::Kind::root) return "root_of";
  return activation.kind == Activation::Kind::linear ? "linear_of" : "hardsigmoid_of";
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_ACTIVATION_HPP
// from pplcnet/graph/name.hpp
#ifndef PPLCNET_GRAPH_NAME_HPP
#define PPLCNET_GRAPH_NAME_HPP

#include <array>
#include <cstddef>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The name of a module of a network: a pattern in which each `#` stands for a number, and what
/// follows it. `Name("blocks.#.#", 3, 1) + ".conv_dw"` is `blocks.3.1.conv_dw`. Nothing is joined
/// by the compiler; `text_of` (weights/naming/) joins it.
struct Name {
  static constexpr int kMostNumbers = 3;

  std::string_view pattern;
  std::array<int, kMostNumbers> numbers = {};
  std::string_view leaf;

  constexpr Name() = default;
  constexpr Name(std::string_view text) : pattern(text) {}  // NOLINT(google-explicit-constructor)
  constexpr Name(const char* text) : pattern(text) {}       // NOLINT(google-explicit-constructor)
  constexpr Name(std::string_view text, int a, int b = 0, int c = 0)
      : pattern(text), numbers{a, b, c} {}

  constexpr bool empty() const { return pattern.empty() && leaf.empty(); }
  constexpr bool operator==(const Name&) const = default;

  /// Returns the number of `#` in the pattern and in what follows it.
  constexpr int count() const {
    int found = 0;
    for (const char c : pattern) found += c == '#' ? 1 : 0;
    for (const char c : leaf) found += c == '#' ? 1 : 0;
    return found;
  }

  /// Returns the name of a module inside this one; only one literal can be added.
  friend constexpr Name operator+(Name name, std::string_view module) {
    name.leaf = module;
    return name;
  }

  /// Returns the name of a module inside this one that has a number:
  /// `Name("blocks.#.#", 3, 1).inside(".conv.#", 2)` is `blocks.3.1.conv.2`.
  constexpr Name inside(std::string_view module, int number) const {
    Name name = *this + module;
    name.numbers[static_cast<std::size_t>(count())] = number;
    return name;
  }
};

/// What the tensors of a network are called beside the names of its modules: a convolution
/// `blocks.3` has `blocks.3.conv.weight` and `blocks.3.bn.weight`.
struct TensorNames {
  std::string_view weights = {}, norm = {};
  std::string_view mean = ".running_mean", variance = ".running_var";
  std::string_view slopes = {};  ///< of a PReLU, after a batch norm
  bool norm_is_next = false;     ///< a module of a sequence: the batch norm has the next number

  constexpr bool operator==(const TensorNames&) const = default;
};
inline constexpr TensorNames kTorchSequence = {.norm_is_next = true};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_NAME_HPP
// from pplcnet/graph/naming.hpp
#ifndef PPLCNET_GRAPH_NAMING_HPP
#define PPLCNET_GRAPH_NAMING_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// How a file holds the weights of a layer.
enum class Layout : unsigned char {
  convolution,  ///< [out][in][kernel][kernel]
  out_in,       ///< PyTorch's linear
  in_out,       ///< Paddle's linear
  line,         ///< [out][in][kernel]: along a row
  transposed,   ///< [in][out][kernel][kernel]: of a transposed convolution
  vector,       ///< [out]: a scale for each channel
  pixel,        ///< [1][out][1][1], and so the bias: the same, as light_cnns' attention has it
  none,         ///< not at all: ones
};

/// Returns whether it is a matrix.
constexpr bool is_linear(Layout layout) {
  return layout == Layout::out_in || layout == Layout::in_out;
}

/// A module of a network in another naming: its weights, and the batch norm after them, where that
/// does not follow from the first.
struct ModuleNames {
  Name weights, norm = {};
};

/// How one framework names the tensors of a network, and lays out its linear layers.
struct Naming {
  std::string_view framework = {};  ///< paddle, timm, pytorch, light_cnns, huggingface, torchvision
  std::string_view what = {};       ///< whose tensors these are, for messages
  TensorNames tensors = {};
  Layout linear = Layout::out_in;
  /// Returns the names of the module that a graph calls `own`; null: the same.
  ModuleNames (*module)(const Name& own) = nullptr;
  /// The same in older files, some or all of whose names may be such; null: there are none.
  ModuleNames (*older_module)(const Name& own) = nullptr;
  /// Returns what Paddle calls a module's parameters inside of a graph; null: it numbers them.
  ModuleNames (*parameters)(const Name& own) = nullptr;

  /// Returns the naming of older files.
  constexpr Naming older() const {
    Naming naming = *this;
    naming.module = older_module;
    naming.older_module = nullptr;
    return naming;
  }
};

/// Whose tensors the files are that are known by their names, as `Naming::what` says it.
namespace tensors_of {

inline constexpr std::string_view kPaddleV1 = "Paddle's V1 (dialect paddle)";
inline constexpr std::string_view kHuggingFaceV1 = "Hugging Face's V1 (dialect paddle)";
inline constexpr std::string_view kTimmV1 = "timm's V1 (dialect timm)";
inline constexpr std::string_view kPyTorchV1 = "the PyTorch reproduction's V1 (dialect pytorch)";
inline constexpr std::string_view kLightCnnsV1 = "light_cnns' V1 (dialect light_cnns)";
inline constexpr std::string_view kV2 = "V2";
inline constexpr std::string_view kV3Detection = "V3 for detection";
inline constexpr std::string_view kV3Recognition = "V3 for recognition";
inline constexpr std::string_view kV4Detection = "V4 for detection";
inline constexpr std::string_view kV4Recognition = "V4 for recognition";
inline constexpr std::string_view kV4TinyRecognition = "V4 tiny for recognition";

}  // namespace tensors_of

/// A module that a network has with some options only, and which one says so.
struct OptionalModule {
  Name module;
  std::string_view option;
  bool is_flag = false;  ///< the option is true or false, otherwise the module's width
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_NAMING_HPP
// from pplcnet/graph/operator.hpp
#ifndef PPLCNET_GRAPH_OPERATOR_HPP
#define PPLCNET_GRAPH_OPERATOR_HPP

#include <array>
#include <cstddef>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// The list of operators: what the nodes of a graph compute, and the layers of a plan. How one is
/// added is in kernels/README.md. A graph's fingerprint has their numbers: a new one comes after
/// the last of those that graphs have.
enum class Operator : unsigned char {
  picture,       ///< 3 channels; a layer makes a map of it
  convolution,   ///< dense: of the picture 3×3 (the stem), of a map with any kernel
  dense,         ///< a matrix-vector product (squeeze-excite, embedding, classifier)
  max_pool,      ///< maximum of a window of pixels
  average_pool,  ///< mean of a window of pixels
  pool,          ///< mean over all pixels: a map becomes a vector
  gate,          ///< a map times a vector, channel by channel
  add,           ///< the sum of two maps
  concat,        ///< along channels
  slice,         ///< some channels
  shuffle,       ///< channel i * groups + j is that of number j * (channels / groups) + i
  affine,        ///< a scale and a shift of each channel
  reduce,        ///< means, maxima or variances along axes, of which one value is left
  multiply,      ///< a map times another one, which is repeated along axes
  normalise,     ///< by means and variances of channels, or of pixels
  rearrange,     ///< the same numbers in other places
  softmax,       ///< over blocks of channels
  attention,     ///< of each row, whose pixels are tokens
  resize,        ///< to another height and width
  l1,            ///< a convolution that takes differences where others take products

  // Of layers alone.
  depthwise,  ///< each channel alone
  pointwise,  ///< 1×1: a matrix product over channels, pixel by pixel
  copy,       ///< some channels of a map go to others of another one
};

inline constexpr std::size_t kOperatorCount = static_cast<std::size_t>(Operator::copy) + 1;

/// Returns a table with `entry.operator()<op>()` for each operator, by its number.
template <class Entry>
constexpr auto operator_table(const Entry& entry) {
  return [&]<std::size_t... kNumber>(std::index_sequence<kNumber...>) {
    return std::array{entry.template operator()<Operator{kNumber}>()...};
  }
  (std::make_index_sequence<kOperatorCount>());
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_OPERATOR_HPP
// from pplcnet/graph/shape.hpp
#ifndef PPLCNET_GRAPH_SHAPE_HPP
#define PPLCNET_GRAPH_SHAPE_HPP

#include <cstdint>


// Sizes: of maps, kernels, strides.

namespace pplcnet::inline PPLCNET_ABI {

/// A vertical and a horizontal size, in pixels; a plain number means both.
struct Pair {
  int height = 1, width = 1;

  constexpr Pair() = default;
  constexpr Pair(int both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor)
  constexpr Pair(int h, int w) : height(h), width(w) {}
  constexpr bool operator==(const Pair&) const = default;
};

/// Steps of a convolution.
using Stride = Pair;

/// Size of a picture in pixels.
struct Extent {
  int height = 224, width = 224;
  constexpr bool operator==(const Extent&) const = default;
};

/// Height, width and channels of one image's activations.
struct Shape {
  int height = 1, width = 1, channels = 0;

  constexpr std::int64_t pixels() const { return std::int64_t{height} * width; }
  constexpr std::int64_t size() const { return pixels() * channels; }
  constexpr bool operator==(const Shape&) const = default;
};

/// Rows and columns around a map that a kernel sees as zeros.
struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;

  constexpr Padding() = default;
  constexpr Padding(int all)  // NOLINT(google-explicit-constructor)
      : top(all), left(all), bottom(all), right(all) {}
  constexpr Padding(int t, int l, int b, int r) : top(t), left(l), bottom(b), right(r) {}
  constexpr bool operator==(const Padding&) const = default;

  /// Returns what keeps the size of a map at a stride of 1: a kernel's reach less one in all, of
  /// which an even kernel has one more below and right.
  static constexpr Padding same(Pair kernel, Pair dilation = 1) {
    const int top = (kernel.height - 1) / 2 * dilation.height;
    const int left = (kernel.width - 1) / 2 * dilation.width;
    return {top, left, top + (kernel.height - 1) % 2, left + (kernel.width - 1) % 2};
  }
};

/// A kernel or a pooling window that moves over a map.
struct Window {
  Pair kernel = 1;
  Stride stride = 1;
  Pair dilation = 1;
  Padding padding = 0;
  bool ceil_mode = false;  ///< a last output may read beyond the padding

  /// Returns the rows and columns from a kernel's first tap to its last.
  constexpr Pair reach() const {
    return {(kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1};
  }
  /// Returns the shape of the output; its height or width is below 1 where the kernel does not fit.
  constexpr Shape output(const Shape& input, int channels) const {
    const auto size = [&](int n, int before, int after, int reached, int step) {
      const int room = n + before + after - reached;
      if (room < 0) return 0;
      const int count = (room + (ceil_mode ? step - 1 : 0)) / step + 1;
      return ceil_mode && (count - 1) * step >= n + before ? count - 1 : count;
    };
    return {size(input.height, padding.top, padding.bottom, reach().height, stride.height),
            size(input.width, padding.left, padding.right, reach().width, stride.width), channels};
  }
  constexpr bool operator==(const Window&) const = default;
};

constexpr std::int64_t ceil_div(std::int64_t value, std::int64_t divisor) {
  return (value + divisor - 1) / divisor;
}
constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return ceil_div(value, multiple) * multiple;
}

/// Returns `hundredths / 100` to the nearest multiple of `divisor`, at least one of it, and never
/// more than 10 % below the exact value: `make_divisible` of all frameworks.
constexpr int make_divisible(int hundredths, int divisor) {
  const int step = 100 * divisor;
  int rounded = (hundredths + step / 2) / step * divisor;
  if (rounded < divisor) rounded = divisor;
  return rounded * 1000 < hundredths * 9 ? rounded + divisor : rounded;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_SHAPE_HPP
// from pplcnet/graph/training.hpp
#ifndef PPLCNET_GRAPH_TRAINING_HPP
#define PPLCNET_GRAPH_TRAINING_HPP

#include <initializer_list>
#include <string_view>


// Structural re-parameterisation: a convolution that was trained as several.

namespace pplcnet::inline PPLCNET_ABI {

/// One of the parallel paths that a convolution consists of in training; their sum is one
/// convolution. Names follow that of the convolution.
struct Branch {
  int kernel = 1;
  std::string_view weight = {};
  std::string_view norm = {};  ///< empty: no batch norm
  bool identity = false;       ///< has no weights of its own
};

/// What a convolution consists of in training, in the order of a state dict.
struct TrainingForm {
  static constexpr int kMost = 6;

  Branch branches[kMost] = {};
  int count = 0;
  std::string_view norm = {};  ///< the batch norm after the sum; empty: none
  /// The one convolution that is deployed.
  std::string_view deployed = {};
  bool keeps_deployed = false;  ///< a training checkpoint has it, too, and does not use it
  /// Learnable scalars, a scale and a shift: after the sum, and after the activation.
  std::string_view affine = {}, last_affine = {};

  constexpr void add(const Branch& branch) { branches[count++] = branch; }
};

/// Returns what a convolution of that window, with as many outputs as inputs or not, consists of.
using Training = TrainingForm (*)(const Window& window, bool same_channels);

/// It is trained as it is deployed.
constexpr TrainingForm no_branches(const Window& /*window*/, bool /*same_channels*/) {
  const TrainingForm none;
  return none;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_TRAINING_HPP

// What a network is made of: one node for each operator.

namespace pplcnet::inline PPLCNET_ABI {

/// What a batch norm adds to the variance, unless a network says otherwise; in every framework.
inline constexpr double kBatchNormEpsilon = 1e-5;

/// An axis of a map.
enum class Axis : unsigned char { rows, columns, channels };

/// What becomes of the values along axes.
enum class Reduction : unsigned char {
  mean,
  maximum,
  variance,
  maximum_and_mean,  ///< two values are left
};

/// What a resized map has between the pixels of its input.
enum class Resampling : unsigned char {
  nearest,   ///< output i of n is input ⌊i · size / n⌋
  bilinear,  ///< at (i + 1/2) · size / n - 1/2, or at the first or the last pixel beyond them
};

/// Where the numbers of a map go.
struct Rearrangement {
  enum class Kind : unsigned char {
    transpose,       ///< its rows are the input's axis `first`, its columns the axis `second`
    shuffle,         ///< channels [first][second][rest] become [second][first][rest]
    space_to_rows,   ///< squares of `first` × `first` pixels: row i has the i-th pixel of each
    rows_to_space,   ///< the opposite, to `second` columns
    depth_to_space,  ///< channels [first][first][rest] become squares of pixels
  };
  Kind kind = Kind::transpose;
  int first = 0, second = 0;
  constexpr bool operator==(const Rearrangement&) const = default;
};

/// What a node of a graph says of its operator, and so does the layer that computes it.
struct Attributes {
  Operator op = Operator::picture;
  Activation activation = Activation::none;
  Layout layout = Layout::convolution;
  bool bias = false;           ///< the weights have a bias of their own
  bool affine = false;         ///< a learnable scale and shift follow the activation
  bool count_padding = false;  ///< in the number that a mean is divided by
  Reduction reduction = Reduction::mean;
  Resampling resampling = Resampling::nearest;
  Rearrangement rearrangement = {};
  /// Of a convolution: one, or each channel its own; of a shuffle; of a normalisation: one, or each
  /// channel its own; the blocks of channels that a softmax compares; the heads of an attention; of
  /// a reduction to two values the axis.
  int groups = 1;
  int repeats = 1;  ///< channels with the same parameters: every (channels / repeats)-th
  int group = 0, group_count = 1;  ///< of which convolution this is a part, in files
  int output_percent = 100;  ///< weight × input + bias are multiplied by this / 100 before the norm
  double norm_epsilon = kBatchNormEpsilon;  ///< that the batch norm adds to the variance
  Training training = no_branches;          ///< what a convolution consists of in training
  Name name = {}, norm_name = {};
};

/// One operator of a graph. Values are numbered by the nodes that give them.
struct Node : Attributes {
  bool norm = false;            ///< a batch norm follows the weights
  bool vector = false;          ///< its output is a vector, not a map
  bool reads_group = false;     ///< a convolution reads the channels of its group alone
  int input = -1, second = -1;  ///< nodes; a concat's are in Graph::parts
  int first_part = 0, part_count = 0;
  int weights_of = -1;      ///< the node whose weights it has, too; -1: none
  int first = 0, step = 1;  ///< of a slice
  int input_percent = 100;  ///< the input is multiplied by this / 100 (dropout)
  Window window;
  Shape shape;  ///< of the output
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_NODE_HPP

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

// from pplcnet/graph/map_operators.hpp
#ifndef PPLCNET_GRAPH_MAP_OPERATORS_HPP
#define PPLCNET_GRAPH_MAP_OPERATORS_HPP

#include <initializer_list>


// Operators of a graph that take maps as wholes: along their axes, or in other orders.

namespace pplcnet::inline PPLCNET_ABI {

/// Appends an operator that reads one map.
constexpr Value Graph::on_map(Operator op, Value x, const Shape& shape, Name name) {
  if (!check_map(x)) return unchanged(shape);
  Node node;
  node.op = op;
  node.input = x.node;
  node.shape = shape;
  node.name = name;
  return append(node);
}

/// Appends activation(x * scale + shift), with a scale and a shift for each channel: a batch norm
/// that follows no convolution, or weights.
constexpr Value Graph::affine(Value x, const Affine& options, Name name) {
  if (!check_map(x)) return unchanged(x.shape);
  if (options.repeats < 1 || x.shape.channels % options.repeats != 0)
    fail(GraphRule::repeats, options.repeats);
  Node node;
  node.op = Operator::affine;
  node.input = x.node;
  node.shape = x.shape;
  node.groups = x.shape.channels;
  node.layout = options.layout;
  node.bias = options.layout != Layout::none;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.repeats = options.repeats;
  node.name = name.empty() ? options.norm_name : name;
  node.norm_name = options.norm_name;
  return append(node);
}

/// Appends an activation; a PReLU's slopes have a name.
constexpr Value Graph::activate(Value x, Activation activation, Name slopes) {
  return affine(x, {.activation = activation, .norm = false}, slopes);
}

/// Appends means, maxima or variances along axes, of which one value is left: rows and columns give
/// a map of one pixel, channels one of one channel.
constexpr Value Graph::reduce(Value x, Reduction reduction, std::initializer_list<Axis> axes) {
  Shape shape = x.shape;
  for (const Axis axis : axes)
    (axis == Axis::rows ? shape.height : axis == Axis::columns ? shape.width : shape.channels) = 1;
  const Value y = on_map(Operator::reduce, x, shape);
  if (!flaw_) nodes[y.node].reduction = reduction;
  return y;
}

/// Appends a map times another one, which may have one row, one column or one channel, or be a
/// vector; and an activation.
constexpr Value Graph::multiply(Value x, Value factors, Activation after) {
  if (!check_map(x) || !check(factors)) return unchanged(x.shape);
  if (nodes[factors.node].vector) return gate(x, factors, after);
  const auto fits = [](int size, int whole) { return size == 1 || size == whole; };
  if (!fits(factors.shape.height, x.shape.height)) fail(GraphRule::broadcast, factors.shape.height);
  if (!fits(factors.shape.width, x.shape.width)) fail(GraphRule::broadcast, factors.shape.width);
  if (!fits(factors.shape.channels, x.shape.channels))
    fail(GraphRule::broadcast, factors.shape.channels);
  Node node;
  node.op = Operator::multiply;
  node.input = x.node;
  node.second = factors.node;
  node.activation = after;
  node.shape = x.shape;
  return append(node);
}

/// Appends maxima and means along one axis, of which these two values are left.
constexpr Value Graph::maximum_and_mean(Value x, Axis axis) {
  Shape shape = x.shape;
  (axis == Axis::rows ? shape.height : axis == Axis::columns ? shape.width : shape.channels) = 2;
  const Value y = on_map(Operator::reduce, x, shape);
  if (flaw_) return y;
  nodes[y.node].reduction = Reduction::maximum_and_mean;
  nodes[y.node].groups = static_cast<int>(axis);
  return y;
}

/// Appends a normalisation of each pixel by the mean and the variance of its channels, and a scale
/// and a shift.
constexpr Value Graph::layer_norm(Value x, Name name) {
  const Value y = on_map(Operator::normalise, x, x.shape, name);
  if (flaw_) return y;
  set_norm(nodes[y.node], false);
  nodes[y.node].layout = Layout::vector;
  nodes[y.node].bias = true;
  return y;
}

/// Appends a normalisation of each channel by the mean and the variance of its pixels, and a scale
/// and a shift.
constexpr Value Graph::instance_norm(Value x, Name name, int repeats) {
  if (repeats < 1 || x.shape.channels % repeats != 0) fail(GraphRule::repeats, repeats);
  const Value y = layer_norm(x, name);
  if (flaw_) return y;
  nodes[y.node].groups = x.shape.channels;
  nodes[y.node].repeats = repeats;
  return y;
}

constexpr Value Graph::rearrange(Value x, const Rearrangement& how, const Shape& shape) {
  check_range(GraphRule::channels, shape.channels, 1, kMostChannels);
  check_range(GraphRule::image, shape.height, 1, kLongestSide);
  check_range(GraphRule::image, shape.width, 1, kLongestSide);
  const Value y = on_map(Operator::rearrange, x, shape);
  if (!flaw_) nodes[y.node].rearrangement = how;
  return y;
}

/// Appends a map whose rows are one of the input's axes, its columns another one, and its channels
/// the one that is left.
constexpr Value Graph::transpose(Value x, Axis rows, Axis columns) {
  if (rows == columns) fail(GraphRule::rearrange, static_cast<int>(rows));
  const int sizes[] = {x.shape.height, x.shape.width, x.shape.channels};
  const int first = static_cast<int>(rows), second = static_cast<int>(columns);
  if (flaw_) return unchanged(x.shape);
  return rearrange(x, {Rearrangement::Kind::transpose, first, second},
                   {sizes[first], sizes[second], sizes[3 - first - second]});
}

/// Appends a permutation of blocks of channels: `groups` rows of `blocks` blocks become columns.
constexpr Value Graph::shuffle_blocks(Value x, int groups, int blocks) {
  if (groups < 1 || blocks < 1 || groups > kMostChannels || blocks > kMostChannels ||
      x.shape.channels % (groups * blocks) != 0)
    fail(GraphRule::rearrange, groups);
  return rearrange(x, {Rearrangement::Kind::shuffle, groups, blocks}, x.shape);
}

/// Appends a map that has a row for each pixel of a square of `side` × `side`: in it that pixel of
/// all such squares, in raster order.
constexpr Value Graph::space_to_rows(Value x, int side) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || height % side != 0 || width % side != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::space_to_rows, side, 0},
                   {side * side, height / side * (width / side), channels});
}

/// Appends the opposite: a map with so many columns.
constexpr Value Graph::rows_to_space(Value x, int side, int columns) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || columns < side || height != side * side ||
      columns % side != 0 || width % (columns / side) != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::rows_to_space, side, columns},
                   {width / (columns / side) * side, columns, channels});
}

/// Appends a map in which a square of `side` × `side` pixels shares the channels of one.
constexpr Value Graph::depth_to_space(Value x, int side) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || channels % (side * side) != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::depth_to_space, side, 0},
                   {height * side, width * side, channels / (side * side)});
}

/// Appends a transposed convolution whose kernel and stride are `side`: each pixel becomes a square
/// of pixels.
constexpr Value Graph::transposed_conv(Value x, int channels, int side, Conv options, Name name) {
  if (!check_range(GraphRule::stride, side, 1, kLargestStride) ||
      !check_range(GraphRule::channels, channels, 1, kMostChannels))
    return unchanged(x.shape);
  options.kernel = 1;
  options.layout = Layout::transposed;
  const Value y = conv(x, channels * side * side, options, name);
  if (flaw_) return y;
  nodes[y.node].repeats = side * side;
  return depth_to_space(y, side);
}

/// Appends a softmax over blocks of channels: each of the first block with its likes in the others.
/// As many blocks as channels: over all of them.
constexpr Value Graph::softmax(Value x, int blocks) {
  if (blocks < 1 || x.shape.channels % blocks != 0) fail(GraphRule::blocks, blocks);
  const Value y = on_map(Operator::softmax, x, x.shape);
  if (!flaw_) nodes[y.node].groups = blocks;
  return y;
}

/// Appends softmax(q · kᵀ / √d) · v for each row of a map, a sequence whose pixels are tokens, and
/// for each head. Channels are [q, k, v][heads][d].
constexpr Value Graph::attention(Value x, int heads) {
  Shape shape = x.shape;
  shape.channels /= 3;
  if (heads < 1 || heads > kMostChannels || x.shape.channels % (3 * heads) != 0)
    fail(GraphRule::heads, heads);
  const Value y = on_map(Operator::attention, x, shape);
  if (!flaw_) nodes[y.node].groups = heads;
  return y;
}

/// Appends a map of another height and width.
constexpr Value Graph::resize(Value x, Extent size, Resampling resampling) {
  const Shape shape = {size.height, size.width, x.shape.channels};
  check_range(GraphRule::resize, size.height, 1, kLongestSide);
  check_range(GraphRule::resize, size.width, 1, kLongestSide);
  if (shape.pixels() > kMostPixels) fail(GraphRule::resize, shape.pixels());
  const Value y = on_map(Operator::resize, x, shape);
  if (!flaw_) nodes[y.node].resampling = resampling;
  return y;
}

/// Appends -Σ|weight - x| over a kernel, which sees zeros outside of the map.
constexpr Value Graph::l1_conv(Value x, int channels, const Conv& options, Name name) {
  if (options.norm || options.bias || options.groups != 1) {
    fail(GraphRule::groups, options.groups);
    return unchanged(x.shape);
  }
  const Value y = conv(x, channels, options, name);
  if (flaw_) return y;
  Node& node = nodes[y.node];
  node.op = Operator::l1;
  count(node.window == Window{} ? 1 : 0);
  return y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_MAP_OPERATORS_HPP
// from pplcnet/graph/operators.hpp
#ifndef PPLCNET_GRAPH_OPERATORS_HPP
#define PPLCNET_GRAPH_OPERATORS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>


// What the operators of a graph check and append.

namespace pplcnet::inline PPLCNET_ABI {

constexpr bool Graph::check_steps(const Pair& kernel, const Stride& stride, const Pair& dilation) {
  for (const auto [size, step, spread] : {std::array{kernel.height, stride.height, dilation.height},
                                          std::array{kernel.width, stride.width, dilation.width}}) {
    check_range(GraphRule::kernel, size, 1, kLargestKernel);
    check_range(GraphRule::stride, step, 1, kLargestStride);
    check_range(GraphRule::dilation, spread, 1, kMostDilation);
  }
  return !flaw_;
}

constexpr bool Graph::check_window(const Window& window, const Shape& input) {
  if (!check_steps(window.kernel, window.stride, window.dilation)) return false;
  const Pair reach = window.reach();
  for (const auto [before, after, reached] :
       {std::array{window.padding.top, window.padding.bottom, reach.height},
        std::array{window.padding.left, window.padding.right, reach.width}}) {
    // A 1×1 kernel may have a ring of zeros around its map.
    check_range(GraphRule::padding, before, 0, std::max(1, reached - 1));
    check_range(GraphRule::padding, after, 0, std::max(1, reached - 1));
  }
  if (flaw_) return false;
  const Shape output = window.output(input, input.channels);
  check_range(GraphRule::kernel, output.height, 1, kLongestSide);
  return check_range(GraphRule::kernel, output.width, 1, kLongestSide);
}

constexpr void Graph::set_norm(Node& node, bool norm) {
  constexpr double kMost = 1000;
  node.norm = norm;
  node.norm_epsilon = norm_epsilon;
  if (!norm || (norm_epsilon >= 0 && norm_epsilon <= kMost)) return;
  fail(GraphRule::epsilon, norm_epsilon < 0 ? -1 : 1001);
}

constexpr Value Graph::conv(Value x, int channels, const Conv& options, Name name) {
  if (!check_map(x) || !check_range(GraphRule::channels, channels, 1, kMostChannels))
    return unchanged({1, 1, channels});
  if (!check_steps(options.kernel, options.stride, options.dilation))
    return unchanged({1, 1, channels});
  Window window = {options.kernel, options.stride, options.dilation, options.padding};
  if (options.padding == Conv::kSame)
    window.padding = Padding::same(options.kernel, options.dilation);
  if (!check_window(window, x.shape)) return unchanged({1, 1, channels});
  const int groups = options.groups;
  const bool alone = groups == x.shape.channels && groups == channels;
  if (groups < 1 ||
      (!alone && (groups > kMaxParts || x.shape.channels % groups != 0 || channels % groups != 0)))
    fail(GraphRule::groups, groups);
  if (options.group < 0 || options.group >= options.group_count ||
      options.group_count > (groups > 1 ? 1 : kMaxParts))
    fail(GraphRule::groups, options.group_count);
  check_range(GraphRule::percent, options.output_percent, 1, 100);
  const std::int64_t pixels = std::max<std::int64_t>(1, window.output(x.shape, channels).pixels());
  const std::int64_t products = std::int64_t{options.kernel.height} * options.kernel.width *
                                (alone ? 1 : x.shape.channels) * channels;
  if (constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
      products > kMostMultiplyAdds / pixels)
    fail(GraphRule::multiply_adds, products > kMost / pixels ? kMost : products * pixels);
  if (groups > 1 && !alone && !flaw_) return grouped(x, channels, options, name);
  Node node;
  node.op = Operator::convolution;
  node.input = x.node;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.bias = options.bias;
  node.groups = groups;
  node.group = options.group;
  node.group_count = options.group_count;
  node.window = window;
  node.shape = window.output(x.shape, channels);
  node.training = options.training;
  node.affine = options.affine;
  node.output_percent = options.output_percent;
  node.name = name;
  node.norm_name = options.norm_name;
  node.layout = options.layout;
  if (options.weights_of.graph != nullptr) share_weights(node, options.weights_of);
  return append(node);
}

constexpr void Graph::share_weights(Node& node, Value owner) {
  if (!check(owner)) return;
  const Node& other = nodes[owner.node];
  if (other.op != node.op || other.groups != node.groups || other.weights_of >= 0 ||
      other.window.kernel != node.window.kernel || other.norm != node.norm ||
      other.bias != node.bias || other.shape.channels != node.shape.channels ||
      nodes[other.input].shape.channels != nodes[node.input].shape.channels)
    fail(GraphRule::same_weights, owner.node);
  node.weights_of = owner.node;
}

/// A convolution for each group of channels, side by side.
constexpr Value Graph::grouped(Value x, int channels, const Conv& options, Name name) {
  const int groups = options.groups;
  Value results[kMaxParts];
  Conv conv = options;
  conv.groups = 1;
  conv.group_count = groups;
  for (; conv.group < groups; ++conv.group) {
    const Value part = this->conv(x, channels / groups, conv, name);
    if (!flaw_) nodes[part.node].reads_group = true;
    results[conv.group] = part;
  }
  return concat(std::span<const Value>(results, static_cast<std::size_t>(groups)));
}

constexpr Value Graph::dense(Value x, int width, const Dense& options, Name name) {
  if (!check(x) || !check_range(GraphRule::channels, width, 1, kMostOutputs))
    return unchanged({1, 1, width});
  if (x.shape.pixels() != 1) fail(GraphRule::vector, x.shape.pixels());
  check_range(GraphRule::percent, options.input_percent, 1, 100);
  check_range(GraphRule::percent, options.output_percent, 1, 100);
  if (!flaw_ && !nodes[x.node].vector) x = global_mean(x);
  Node node;
  node.op = Operator::dense;
  node.input = x.node;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.bias = options.bias;
  node.layout = options.layout;
  node.vector = true;
  node.shape = {1, 1, width};
  node.input_percent = options.input_percent;
  node.output_percent = options.output_percent;
  node.name = name;
  node.norm_name = options.norm_name;
  return append(node);
}

constexpr Value Graph::window(Operator op, Value x, const Pool& pool, Name name) {
  if (!check_map(x)) return unchanged(x.shape);
  Node node;
  node.op = op;
  node.input = x.node;
  node.window = {pool.kernel, pool.stride, 1, pool.padding, pool.ceil_mode};
  node.count_padding = pool.count_padding;
  node.name = name;
  if (!check_window(node.window, x.shape)) return unchanged(x.shape);
  // Every window has a pixel of the map.
  const Padding& padding = pool.padding;
  check_range(GraphRule::padding, std::max(padding.top, padding.bottom), 0, pool.kernel.height - 1);
  if (!check_range(GraphRule::padding, std::max(padding.left, padding.right), 0,
                   pool.kernel.width - 1))
    return unchanged(x.shape);
  node.shape = node.window.output(x.shape, x.shape.channels);
  return append(node);
}

constexpr Value Graph::global_mean(Value x, Name name) {
  if (!check_map(x)) return unchanged({1, 1, x.shape.channels});
  Node node;
  node.op = Operator::pool;
  node.input = x.node;
  node.vector = true;
  node.shape = {1, 1, x.shape.channels};
  node.name = name;
  return append(node);
}

constexpr Value Graph::gate(Value x, Value factors, Activation after, Name name) {
  if (!check_map(x) || !check(factors)) return unchanged(x.shape);
  if (!nodes[factors.node].vector || factors.shape.channels != x.shape.channels)
    fail(GraphRule::factors, factors.shape.channels);
  Node node;
  node.op = Operator::gate;
  node.input = x.node;
  node.second = factors.node;
  node.activation = after;
  node.shape = x.shape;
  node.name = name;
  return append(node);
}

constexpr Value Graph::add(Value a, Value b, Activation after) {
  if (!check_map(a) || !check_map(b)) return unchanged(a.shape);
  if (a.shape != b.shape) fail(GraphRule::equal_shapes, b.shape.size());
  Node node;
  node.op = Operator::add;
  node.input = a.node;
  node.second = b.node;
  node.activation = after;
  node.shape = a.shape;
  return append(node);
}

constexpr Value Graph::concat(std::span<const Value> list) {
  Node node;
  node.op = Operator::concat;
  node.first_part = part_count;
  node.part_count = static_cast<int>(list.size());
  check_range(GraphRule::parts, static_cast<int>(list.size()), 1, kMaxParts);
  for (const Value& part : list) {
    if (!check_map(part)) break;
    if (part_count == kMaxNodes) fail(GraphRule::nodes, part_count);
    if (node.shape.channels > 0 &&
        (part.shape.height != node.shape.height || part.shape.width != node.shape.width))
      fail(GraphRule::parts, part.shape.height);
    if (flaw_) break;
    parts[part_count++] = part.node;
    node.shape = {part.shape.height, part.shape.width, node.shape.channels + part.shape.channels};
  }
  check_range(GraphRule::channels, node.shape.channels, 1, kMostChannels);
  return append(node);
}

constexpr Value Graph::slice(Value x, int first, int channels, int step) {
  const Shape shape = {x.shape.height, x.shape.width, channels};
  if (!check_map(x)) return unchanged(shape);
  const std::int64_t last = first + (std::int64_t{channels} - 1) * step;
  if (first < 0 || step < 1 || channels < 1 || last >= x.shape.channels)
    fail(GraphRule::slice, channels);
  Node node;
  node.op = Operator::slice;
  node.input = x.node;
  node.first = first;
  node.step = step;
  node.shape = shape;
  return append(node);
}

constexpr Value Graph::shuffle(Value x, int groups) {
  if (!check_map(x)) return unchanged(x.shape);
  if (groups < 1 || x.shape.channels % groups != 0) fail(GraphRule::shuffle, groups);
  Node node;
  node.op = Operator::shuffle;
  node.input = x.node;
  node.groups = groups;
  node.shape = x.shape;
  return append(node);
}

constexpr std::uint64_t Graph::fingerprint() const {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325, kPrime = 0x100000001b3;  // FNV-1a
  std::uint64_t sum = kOffset;
  const auto add = [&](std::initializer_list<int> values) {
    for (const int value : values) sum = (sum ^ static_cast<std::uint32_t>(value)) * kPrime;
  };
  for (int i = 0; i < node_count; ++i) {
    const Node& node = nodes[i];
    const Window& window = node.window;
    const Padding& padding = window.padding;
    add({static_cast<int>(node.activation.kind), std::bit_cast<int>(node.activation.slope),
         std::bit_cast<int>(node.activation.offset)});
    add({static_cast<int>(node.op), node.input, node.second, node.groups, node.first, node.step,
         node.count_padding ? 1 : 0});
    add({window.kernel.height, window.kernel.width, window.stride.height, window.stride.width,
         window.dilation.height, window.dilation.width, padding.top, padding.left,
         window.ceil_mode ? 1 : 0});
    add({node.shape.channels, node.input_percent, node.output_percent, node.affine ? 1 : 0});
    if (node.reads_group) add({node.group});
    if (node.op > Operator::shuffle || node.weights_of >= 0)
      add({static_cast<int>(node.reduction), static_cast<int>(node.rearrangement.kind),
           node.rearrangement.first, node.rearrangement.second, node.repeats, node.weights_of,
           node.shape.height == 1 ? 1 : 0, node.shape.width == 1 ? 1 : 0});
    // What is newer counts where it is not as by default: it changes no other graph's number.
    if (node.resampling != Resampling::nearest) add({static_cast<int>(node.resampling)});
    for (int part = 0; part < node.part_count; ++part) add({parts[node.first_part + part]});
  }
  return sum;
}

constexpr void Graph::set_classes(int classes) {
  check_range(GraphRule::channels, classes, 1, kMostOutputs);
  Node& last = nodes[node_count - 1];
  if (last.op == Operator::dense && !flaw_) last.shape.channels = classes;
}

constexpr Value Graph::output(Value x, Role role, Name name) {
  if (!check(x)) return x;
  if (output_count == kMaxOutputs) fail(GraphRule::nodes, output_count);
  count(1);
  if (!flaw_) outputs[output_count++] = {role, x.node, name};
  return x;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_OPERATORS_HPP

#endif  // PPLCNET_GRAPH_GRAPH_HPP
// from pplcnet/kernels/executor.hpp
#ifndef PPLCNET_KERNELS_EXECUTOR_HPP
#define PPLCNET_KERNELS_EXECUTOR_HPP

#include <memory>


namespace pplcnet::inline PPLCNET_ABI {

/// A piece of work that an executor runs: `body(i)` does the i-th part. Cheap to copy; valid only
/// until the executor returns.
class Task {
 public:
  Task() = default;
  template <class Body>
  explicit Task(const Body& body) noexcept
      : body_(&body), call_([](const void* b, int i) { (*static_cast<const Body*>(b))(i); }) {}

  void operator()(int part) const noexcept { call_(body_, part); }

 private:
  const void* body_ = nullptr;
  void (*call_)(const void*, int) = nullptr;
};

/// Whoever owns threads lends them through this. It refers to any callable
/// `parallel_for(int parts, pplcnet::Task task)` that calls `task(0)` … `task(parts - 1)`, each
/// once, in any order, on any threads, and returns when all are done. By default everything runs
/// in the calling thread. The output has the same bits whatever the executor. It is called by
/// functions that are noexcept: an exception that leaves it ends the program (std::terminate), so
/// that no part is ever left out; what cannot be given to a thread, it does itself.
class Executor {
 public:
  constexpr Executor() = default;

  /// Splits work into at most `threads` parts; refers to `parallel_for`, which must outlive it.
  template <class ParallelFor>
  Executor(ParallelFor& parallel_for, int threads) noexcept
      : threads_(threads),
        context_(std::addressof(parallel_for)),
        run_([](void* context, int parts, Task task) {
          (*static_cast<ParallelFor*>(context))(parts, task);
        }) {}

  int threads() const noexcept { return threads_; }
  void operator()(int parts, Task task) const noexcept {
    if (run_ != nullptr && parts > 1) return run_(context_, parts, task);
    for (int i = 0; i < parts; ++i) task(i);
  }

 private:
  int threads_ = 1;
  void* context_ = nullptr;
  void (*run_)(void*, int, Task) = nullptr;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_EXECUTOR_HPP
// from pplcnet/kernels/isa.hpp
#ifndef PPLCNET_KERNELS_ISA_HPP
#define PPLCNET_KERNELS_ISA_HPP

// from pplcnet/compiled.hpp
#ifndef PPLCNET_COMPILED_HPP
#define PPLCNET_COMPILED_HPP

// Header-only is the default: nothing is defined and nothing is linked. A program of many files
// compiles the kernels and all that is no template once instead: PPLCNET_COMPILED is defined for
// all of its files (CMake's target pplcnet::compiled does that), and one of them is pplcnet.cpp,
// which has the definitions of the functions that the headers declare as PPLCNET_INLINE.
#if defined(PPLCNET_IMPLEMENTATION) && !defined(PPLCNET_COMPILED)
#define PPLCNET_COMPILED
#endif

#if defined(PPLCNET_COMPILED)
#define PPLCNET_INLINE
#else
#define PPLCNET_INLINE inline
#endif

// Whether this file has those definitions, and includes what only they need.
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_IMPLEMENTATION)
#define PPLCNET_HAS_DEFINITIONS 1
#else
#define PPLCNET_HAS_DEFINITIONS 0
#endif

// The same for pplcnet/open/, which finds out what a file is. It needs more packages than all
// others, so open/open.cpp is a file of its own (CMake's target pplcnet::open).
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_OPEN_IMPLEMENTATION)
#define PPLCNET_HAS_OPEN_DEFINITIONS 1
#else
#define PPLCNET_HAS_OPEN_DEFINITIONS 0
#endif

#endif  // PPLCNET_COMPILED_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A copy of the kernels. `baseline` is what the compiler was told to assume, SSE2 on x86-64; where
/// that is at least AVX2, or on ARM, it is the only copy.
enum class Isa : unsigned char { baseline, avx2, avx512 };

/// Returns the best copy for this CPU, which is asked once.
PPLCNET_INLINE Isa best_isa() noexcept;

/// Returns whether the program has a copy that this CPU can run.
PPLCNET_INLINE bool has_isa(Isa isa) noexcept;

/// Returns a copy's name in Highway's terms ("AVX3" is AVX-512), for logs and reports.
PPLCNET_INLINE const char* isa_name(Isa isa = best_isa()) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

// from pplcnet/kernels/detect_isa.hpp
#ifndef PPLCNET_KERNELS_DETECT_ISA_HPP
#define PPLCNET_KERNELS_DETECT_ISA_HPP

// from pplcnet/kernels/highway.hpp
#ifndef PPLCNET_KERNELS_HIGHWAY_HPP
#define PPLCNET_KERNELS_HIGHWAY_HPP


#if PPLCNET_HAS_DEFINITIONS
#if !__has_include(<hwy/highway.h>)
#error "pplcnet needs the headers of Google Highway (Debian: apt install libhwy-dev)"
#endif
#ifdef HIGHWAY_HWY_FOREACH_TARGET_H_
#error "include pplcnet before hwy/foreach_target.h"
#endif
// Highway 1.0 refuses -march=native on Ice Lake and newer unless AVX3_DL is asked for.
#if defined(__AVX512VBMI2__) && !defined(HWY_WANT_AVX3_DL)
#define HWY_WANT_AVX3_DL
#endif
#include <hwy/highway.h>

// The one rule. x86 with a compiler target below AVX2: the kernels are compiled for the baseline,
// AVX2 and AVX-512, but for what HWY_DISABLED_TARGETS leaves out, and the CPU chooses at run time.
// Anything else (-march=…, ARM): one copy. Highway numbers better targets lower.
#if HWY_ARCH_X86 && !HWY_IDE && (HWY_STATIC_TARGET > HWY_AVX2)
#define PPLCNET_HAS_AVX2 ((HWY_TARGETS & HWY_AVX2) != 0)
#define PPLCNET_HAS_AVX512 ((HWY_TARGETS & HWY_AVX3) != 0)
#else
#define PPLCNET_HAS_AVX2 0
#define PPLCNET_HAS_AVX512 0
#endif
#define PPLCNET_CHOOSE_ISA (PPLCNET_HAS_AVX2 || PPLCNET_HAS_AVX512)
#if PPLCNET_CHOOSE_ISA
#include <cpuid.h>
#endif

// The target of the baseline's kernels. They keep vectors in arrays, so their size must be known:
// an ARM with SVE runs them as NEON. Every 64-bit x86 has SSE2, which Highway knows from 1.0.7 on:
// before, the kernels have it from sse2-inl.hpp.
#if defined(HWY_COMPILE_ONLY_SCALAR) || defined(HWY_COMPILE_ONLY_EMU128)
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#elif HWY_ARCH_ARM_A64
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_NEON
#define PPLCNET_BASELINE_NAMESPACE N_NEON
#elif HWY_ARCH_X86_64 && (HWY_STATIC_TARGET >= HWY_EMU128) && !defined(HWY_SSE2)
#define PPLCNET_OWN_SSE2 1
#define PPLCNET_BASELINE (1LL << 14)  // Highway's number for it
#define PPLCNET_BASELINE_NAMESPACE N_SSE2
#else
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#endif
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_HIGHWAY_HPP

#if PPLCNET_HAS_DEFINITIONS
namespace pplcnet::inline PPLCNET_ABI {

#if PPLCNET_CHOOSE_ISA
/// Returns the best of the copies that cpuid and the operating system (through xgetbv) allow; the
/// bits are those that Highway's targets AVX2 and AVX3 assume.
inline Isa detect_isa() noexcept {
  constexpr auto has = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  unsigned a = 0, b = 0, c = 0, d = 0;
  // SSE3, SSSE3, FMA, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, PCLMULQDQ, OSXSAVE, AVX, F16C.
  constexpr unsigned kLeaf1 = 1u << 0 | 1u << 1 | 1u << 9 | 1u << 12 | 1u << 19 | 1u << 20 |
                              1u << 22 | 1u << 23 | 1u << 25 | 1u << 27 | 1u << 28 | 1u << 29;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !has(c, kLeaf1)) return Isa::baseline;
  unsigned saved = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if (!has(saved, 0x6)) return Isa::baseline;  // XMM and YMM
  if (__get_cpuid(0x80000001u, &a, &b, &c, &d) == 0 || !has(c, 1u << 5)) return Isa::baseline;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return Isa::baseline;
  if (!has(b, 1u << 3 | 1u << 5 | 1u << 8)) return Isa::baseline;  // BMI, AVX2, BMI2
  constexpr unsigned kAvx512 =
      1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;  // F DQ CD BW VL
  if (PPLCNET_HAS_AVX512 && has(b, kAvx512) && has(saved, 0xE6)) return Isa::avx512;
  return PPLCNET_HAS_AVX2 ? Isa::avx2 : Isa::baseline;
}

PPLCNET_INLINE Isa best_isa() noexcept {
  static const Isa isa = detect_isa();
  return isa;
}
#else
PPLCNET_INLINE Isa best_isa() noexcept { return Isa::baseline; }
#endif

PPLCNET_INLINE bool has_isa(Isa isa) noexcept {
  return isa <= best_isa() && (isa != Isa::avx2 || PPLCNET_HAS_AVX2);
}

PPLCNET_INLINE const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::avx512:
      return "AVX3";
    case Isa::avx2:
      return "AVX2";
    case Isa::baseline:
      break;
  }
  return PPLCNET_OWN_SSE2 ? "SSE2" : hwy::TargetName(PPLCNET_BASELINE);
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_DETECT_ISA_HPP

#endif  // PPLCNET_KERNELS_ISA_HPP
// from pplcnet/network.hpp
#ifndef PPLCNET_NETWORK_HPP
#define PPLCNET_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// from pplcnet/huge_pages.hpp
#ifndef PPLCNET_HUGE_PAGES_HPP
#define PPLCNET_HUGE_PAGES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif


namespace pplcnet::inline PPLCNET_ABI {

// A forward pass reads all weights once, and 4 KiB pages of weights and feature maps are more than
// a CPU's TLB holds. Linux gives huge pages on request; elsewhere nothing here does anything.

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Asks for huge pages wherever `memory`, of `size` bytes, covers a whole one: for weights and
/// workspaces in memory of your own, such as an arena or an anonymous mapping, before it is written
/// for the first time. Pages of a mapped file or of the executable stay as they are on most
/// systems.
inline void prefer_huge_pages([[maybe_unused]] void* memory,
                              [[maybe_unused]] std::size_t size) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t skipped = (kHugePage - address % kHugePage) % kHugePage;
  if (size < skipped + kHugePage) return;
  // A hint: a system that ignores it is slower, and computes the same.
  static_cast<void>(madvise(static_cast<char*>(memory) + skipped,
                            (size - skipped) / kHugePage * kHugePage, MADV_HUGEPAGE));
#endif
}

/// Allocates large objects in huge pages. A tail of less than half a page stays in small pages, and
/// so does an object that is smaller than that; others are rounded up to whole pages.
struct HugePageMemory {
  static constexpr std::size_t kCacheLine = 64;

  /// Returns null if there is no memory.
  static void* allocate(std::size_t size) noexcept {
    const std::size_t room = std::max(size, huge(size));
    void* const memory = ::operator new(room, alignment(size), std::nothrow);
    if (memory != nullptr) prefer_huge_pages(memory, room);
    return memory;
  }
  static void free(void* memory, std::size_t size) noexcept {
    ::operator delete(memory, alignment(size));
  }
  static constexpr std::align_val_t alignment(std::size_t size) {
    return std::align_val_t(huge(size) > 0 ? kHugePage : kCacheLine);
  }

 private:
  static constexpr std::size_t huge(std::size_t size) {
    return (size + kHugePage / 2) / kHugePage * kHugePage;
  }
};

/// Base of types whose objects lie in huge pages if they are made by `new`, and so by
/// std::make_unique; std::make_shared and containers allocate for themselves.
struct InHugePages {
  // Not inlined: where only one of the two were, g++ 12 would warn of a mismatched pair.
  // NOLINTNEXTLINE(misc-new-delete-overloads): the one that knows the size matches all.
  [[gnu::noinline]] static void* operator new(std::size_t size) {
    if (void* const memory = HugePageMemory::allocate(size)) return memory;
    return ::operator new(size, HugePageMemory::alignment(size));  // throws
  }
  [[gnu::noinline]] static void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return HugePageMemory::allocate(size);
  }
  static void* operator new(std::size_t, void* place) noexcept { return place; }
  [[gnu::noinline]] static void operator delete(void* memory, std::size_t size) noexcept {
    HugePageMemory::free(memory, size);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_HUGE_PAGES_HPP
// from pplcnet/kernels/forward.hpp
#ifndef PPLCNET_KERNELS_FORWARD_HPP
#define PPLCNET_KERNELS_FORWARD_HPP

// from pplcnet/kernels/needs.hpp
#ifndef PPLCNET_KERNELS_NEEDS_HPP
#define PPLCNET_KERNELS_NEEDS_HPP

#include <algorithm>
#include <cstdint>
#include <span>

// from pplcnet/plan/layer.hpp
#ifndef PPLCNET_PLAN_LAYER_HPP
#define PPLCNET_PLAN_LAYER_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// from pplcnet/graph/storage.hpp
#ifndef PPLCNET_GRAPH_STORAGE_HPP
#define PPLCNET_GRAPH_STORAGE_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// How weights are kept in memory and in native files. Arithmetic is float32 whatever it is.
enum class Storage : unsigned char {
  single,     ///< float32
  half_head,  ///< float16 in the dense layers after the last pooling: most of a small network
  half,       ///< float16 in these, in pointwise and in squeeze-excite layers: nearly all
};

/// Returns "single", "half_head" or "half".
constexpr std::string_view storage_name(Storage storage) {
  constexpr std::string_view kNames[] = {"single", "half_head", "half"};
  return kNames[static_cast<int>(storage)];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_STORAGE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Weights are stored in panels of this many output channels, the widest vector of any supported
/// CPU, so that one file of packed weights serves every instruction set.
inline constexpr int kPanel = 16;
/// Kernels compute channels by half panels; a map has room for whole ones.
inline constexpr int kHalfPanel = kPanel / 2;

/// Activations in the workspace, channels last. Each row has zeros at its left and right, as many
/// as the padding of the convolutions that read it, so that no kernel ever asks where the border
/// is; for the rows above and below there is one row of zeros. Rows are kept in a ring: all of them
/// where the map is stored whole, or only as many as their reader needs at a time.
struct Map {
  std::size_t offset =
      0;  ///< of the first float: in the workspace's maps, or in a thread's scratch
  Shape shape = {};
  int left = 0, right = 0;  ///< frame, in pixels
  int pixel_pitch = 0;      ///< floats from a pixel to its right neighbour
  int ring = 0;             ///< rows that are kept
  bool local = false;       ///< in scratch: each thread has its own

  constexpr bool exists() const { return pixel_pitch > 0; }
  constexpr std::size_t row_pitch() const {
    return static_cast<std::size_t>(left + shape.width + right) *
           static_cast<std::size_t>(pixel_pitch);
  }
  constexpr std::size_t floats() const {
    return static_cast<std::size_t>(
        round_up(std::int64_t{ring} * static_cast<std::int64_t>(row_pitch()), kPanel));
  }
  /// Returns the offset of row y, left frame first.
  constexpr std::size_t row(int y) const {
    return offset + static_cast<std::size_t>(y % ring) * row_pitch();
  }
  /// Returns the offset of pixel (y, 0).
  constexpr std::size_t pixels(int y) const {
    return row(y) + static_cast<std::size_t>(left) * static_cast<std::size_t>(pixel_pitch);
  }
};

/// One step of the plan: what to compute, from where, to where, with which weights.
struct Layer : Attributes {
  Activation last_activation = Activation::none;  ///< after the addend
  Pair kernel = 1, dilation = 1;
  Stride stride = 1;
  Padding padding = {};
  Shape input = {}, output = {};

  // Which layers' outputs are read; ordinals in the plan, and the first channel there.
  int from = -1;  ///< what this layer computes with; -1: the picture
  int from_channel = 0;
  int addend = -1;  ///< what is added to its output, or multiplies it; -1: nothing
  int addend_channel = 0;
  int factors = -1;                   ///< of a gate: the vector that multiplies the map
  int read_step = 1, write_step = 1;  ///< of a copy: every so many channels
  Shape factor_shape = {};            ///< of the map that multiplies: along each axis all or one

  // Whose map holds its output: its own ordinal or that of a layer before it, and where.
  int owner = -1;
  int owner_channel = 0;
  int map_channels = 0;  ///< of the owner's map

  // In files.
  bool batch_norm = false;         ///< a batch norm follows the weights
  int weights_of = -1;             ///< the layer whose weights it has, too; -1: it has its own
  int scale_percent = 100;         ///< the input is multiplied by this / 100 (dropout)
  std::int64_t parameters = 0;     ///< trainable: weights, biases, gamma and beta, affine
  std::int64_t buffers = 0;        ///< batch norm's mean and variance
  std::int64_t multiply_adds = 0;  ///< without biases and activations

  // In memory; offsets count floats.
  bool half = false;        ///< the weights are stored as float16, two in the place of a float
  std::size_t weights = 0;  ///< in Weights: [panel][k][16]
  std::size_t biases = 0;   ///< in Weights: [channels rounded up to 16], then the affine's two
  Map source = {},
      target = {};  ///< maps that are read and written in full (target: unless `fused`)
  Map addend_map = {};
  std::size_t source_vector = 0, target_vector = 0;  ///< in the workspace, per image of a chunk
  int rows = 1;                                      ///< output rows that are computed at a time
  int chain_end = 0;  ///< in the first layer of a chain: the layer after its last one
  int pitch = 0;      ///< floats from pixel to pixel of its output in scratch
  std::size_t float32_scratch =
      0;                         ///< in scratch: where a panel of float16 weights becomes float32
  std::size_t scratch = 0;       ///< in scratch: where a block of rows goes, after the row of zeros
  bool fused = false;            ///< its rows go through scratch into the next layer
  bool optional_output = false;  ///< no layer reads it: computed only on request

  /// Returns the length of the sum of one output channel.
  constexpr int depth() const {
    const int taps = kernel.height * kernel.width;
    if (op == Operator::normalise) return 1;
    return op == Operator::depthwise ? taps : taps * input.channels;
  }
  /// Returns the rows and columns from a kernel's first tap to its last.
  constexpr Pair reach() const {
    return {(kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1};
  }
  /// Returns the columns of the framed input that the kernel reads.
  constexpr int framed_columns() const { return (output.width - 1) * stride.width + reach().width; }
  /// The picture's framed columns are taken apart by their remainder modulo the stride: so many
  /// floats are kept for each, a panel in front for the frame and a last vector's excess included.
  constexpr std::size_t phase_columns() const {
    return static_cast<std::size_t>(
        kPanel + round_up(output.width + (kernel.width - 1) / stride.width, kPanel));
  }
  /// It scales and shifts channels, which do not count as products.
  constexpr bool is_elementwise() const {
    return layout == Layout::none || layout == Layout::vector || layout == Layout::pixel;
  }
  /// It is a convolution of the picture, which has a kernel of its own.
  constexpr bool is_stem() const { return op == Operator::convolution && from < 0; }
  /// It is a dense convolution of a map.
  constexpr bool is_map_convolution() const { return op == Operator::convolution && from >= 0; }
  /// It is a matrix product over the channels of a map, tap by tap, or what has the form of one.
  constexpr bool is_product() const {
    return op == Operator::pointwise || op == Operator::l1 || is_map_convolution();
  }
  /// Returns whether its kernel reads several rows of a map inside its frame.
  constexpr bool reads_neighbours() const {
    return op == Operator::depthwise || (is_product() && op != Operator::pointwise);
  }
  /// It is computed by blocks of rows.
  constexpr bool works_by_rows() const {
    return op == Operator::convolution || op == Operator::depthwise || is_product();
  }
  /// Each of its pixels is a part of one of the input: rows can go through scratch into it.
  constexpr bool spreads_pixels() const {
    return op == Operator::rearrange && rearrangement.kind == Rearrangement::Kind::depth_to_space;
  }
  /// Returns how many rows of its output are made from one row that its unit computes.
  constexpr int rows_of_one() const { return spreads_pixels() ? rearrangement.first : 1; }
  constexpr bool gives_vector() const { return op == Operator::pool || op == Operator::dense; }
  constexpr bool has_weights() const {
    return op == Operator::convolution || op == Operator::depthwise || op == Operator::dense ||
           op == Operator::normalise || is_product();
  }
  /// It has weights that no layer before it has.
  constexpr bool owns_weights() const { return has_weights() && weights_of < 0; }
  constexpr bool has_slopes() const { return activation.kind == Activation::Kind::prelu; }
  /// Returns what the kernels compute.
  constexpr int padded_channels() const {
    return static_cast<int>(round_up(output.channels, kHalfPanel));
  }
  constexpr std::size_t weight_floats() const {
    if (!has_weights()) return 0;
    return static_cast<std::size_t>(round_up(output.channels, kPanel) * depth() / (half ? 2 : 1));
  }
  constexpr std::size_t bias_floats() const {
    if (!has_weights()) return 0;
    return static_cast<std::size_t>(round_up(output.channels, kPanel) * (has_slopes() ? 2 : 1) +
                                    (affine ? kPanel : 0));
  }
  /// Where a PReLU's slopes are.
  constexpr std::size_t slopes_place() const {
    return biases + bias_floats() - static_cast<std::size_t>(round_up(output.channels, kPanel));
  }
  /// Where the affine's scale is; its shift is after it.
  constexpr std::size_t affine_place() const {
    return biases + static_cast<std::size_t>(round_up(output.channels, kPanel));
  }
};

/// Images that share one pass over the weights of the head.
inline constexpr int kChunk = 8;

/// What a network is besides its layers.
struct NetworkTraits {
  std::string_view name = "custom", what = {};
  Extent input = {224, 224};
  int classes = 0;      ///< 0: no classifier
  int label_count = 0;  ///< labels that it may have: of its classes, or of the channels of its map
  int logits = -1;      ///< layer; -1: none, as in all of these
  int embedding = -1;   ///< what the classifier sees, or the result that is a vector
  int pooled = -1;      ///< the last mean over all pixels before these
  Storage storage = Storage::single;
  TensorNames tensor_names = {};
  std::span<const Naming> namings = {};
  std::span<const Name> unused = {};  ///< modules that files may have besides
  std::span<const OptionalModule> optional = {};
  std::uint64_t fingerprint = 0;  ///< of the graph, whatever its input's size
};

/// A network, laid out: its layers in order of execution, and the memory they need.
struct Plan {
  static constexpr int kMaxLayers = Graph::kMaxLayers;
  static constexpr int kMaxChain = 96;  ///< layers of a chain

  NetworkTraits traits;
  Layer layers[kMaxLayers] = {};
  int layer_count = 0;
  int stages[Graph::kMaxOutputs] = {};  ///< index of each stage's last layer
  Name stage_names[Graph::kMaxOutputs] = {};
  int stage_count = 0;
  /// What the network is for: logits, an embedding, or maps.
  int outputs[Graph::kMaxOutputs] = {};
  Name output_names[Graph::kMaxOutputs] = {};  ///< where they have names of their own
  int output_count = 0;

  std::size_t weight_floats = 0;
  std::size_t map_floats = 0;      ///< workspace: maps, shared by liveness
  std::size_t vector_floats = 0;   ///< workspace: pooled vectors, gates, embedding, logits
  std::size_t scratch_floats = 0;  ///< workspace: for each thread

  std::int64_t parameter_count = 0;
  std::int64_t buffer_count = 0;
  std::int64_t multiply_add_count = 0;

  constexpr const Layer& back() const { return layers[layer_count - 1]; }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Which activations layers by rows have while they are stored.
struct TileEnds {
  bool hardswish = true;
  bool clamp = true;  ///< all others
};

/// Pixels of the longest strip of a depthwise tile.
inline constexpr int kLongestStrip = 7;

/// Which kernels the layers of a plan run. A program that compiles the kernels itself compiles
/// those of its networks only; by default all of them.
struct Needs {
  std::uint64_t operators = ~std::uint64_t{0};  ///< a set of them, of which some are in all sets
  bool half_panels = true;   ///< layers by rows whose channels are no multiple of 16
  bool half_weights = true;  ///< float16
  TileEnds ends = {};
  bool convolution_stride_1 = true, convolution_stride_2 = true;
  bool depthwise_3 = true, depthwise_5 = true;  ///< kernels that have tiles of their own
  bool depthwise_oblong = true;                 ///< of those, another stride down than across
  bool depthwise_narrow = true;                 ///< of those, rows that are shorter than a tile
  bool depthwise_any = true;                    ///< kernels and strides without such tiles
  bool map_convolution = true;                  ///< dense, of a map
  bool prelu = true;
  bool exponentials = true;  ///< activations that are made of one

  /// Returns whether layers have an operator.
  constexpr bool has(Operator op) const { return (operators & bit_of(op)) != 0; }
  /// Returns the bit of an operator in a set of them.
  static constexpr std::uint64_t bit_of(Operator op) {
    return std::uint64_t{1} << static_cast<int>(op);
  }
  /// What nearly all networks have does not tell their needs apart.
  static constexpr std::uint64_t in_all() {
    return bit_of(Operator::convolution) | bit_of(Operator::depthwise) |
           bit_of(Operator::pointwise) | bit_of(Operator::pool) | bit_of(Operator::dense);
  }
};
static_assert(kOperatorCount <= 64);

/// Returns whether there are tiles for the kernel and the strides of a depthwise layer.
constexpr bool has_depthwise_tiles(const Layer& layer) {
  return (layer.kernel == Pair(3) || layer.kernel == Pair(5)) && layer.stride.height <= 2 &&
         layer.stride.width <= 2;
}

/// Returns whether an activation is made of an exponential.
constexpr bool has_exponential(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::sigmoid || activation.kind == Kind::silu ||
         activation.kind == Kind::gelu;
}

/// Returns what the layers of a plan need.
constexpr Needs needs_of(std::span<const Layer> layers) {
  const auto any = [&](auto is) { return std::any_of(layers.begin(), layers.end(), is); };
  const auto any_convolution = [&](int stride) {
    return any([&](const Layer& layer) {
      return layer.is_stem() && (layer.stride.width == 2) == (stride == 2);
    });
  };
  const auto any_depthwise = [&](auto is) {
    return any([&](const Layer& layer) {
      return layer.op == Operator::depthwise && has_depthwise_tiles(layer) && is(layer);
    });
  };
  const auto any_activation = [&](bool hardswish) {
    return any([&](const Layer& layer) {
      return layer.works_by_rows() &&
             (layer.activation.kind == Activation::Kind::hardswish) == hardswish;
    });
  };
  const bool half_panels = any([](const Layer& layer) {
    return layer.works_by_rows() && layer.padded_channels() % kPanel != 0;
  });
  // Eight channels of two pixels may be taken for one pixel of sixteen.
  const int least_width = (half_panels ? 2 : 1) * kLongestStrip;
  std::uint64_t operators = Needs::in_all();
  for (const Layer& layer : layers) operators |= Needs::bit_of(layer.op);
  return {
      .operators = operators,
      .half_panels = half_panels,
      .half_weights = any([](const Layer& layer) { return layer.half; }),
      .ends = {.hardswish = any_activation(true), .clamp = any_activation(false)},
      .convolution_stride_1 = any_convolution(1),
      .convolution_stride_2 = any_convolution(2),
      .depthwise_3 = any_depthwise([](const Layer& layer) { return layer.kernel == Pair(3); }),
      .depthwise_5 = any_depthwise([](const Layer& layer) { return layer.kernel == Pair(5); }),
      .depthwise_oblong = any_depthwise(
          [](const Layer& layer) { return layer.stride.height != layer.stride.width; }),
      .depthwise_narrow = any_depthwise([&](const Layer& layer) {
        return layer.output.width / layer.dilation.width < least_width;
      }),
      .depthwise_any = any([](const Layer& layer) {
        return layer.op == Operator::depthwise && !has_depthwise_tiles(layer);
      }),
      .map_convolution = any([](const Layer& layer) { return layer.is_map_convolution(); }),
      .prelu = any([](const Layer& layer) { return layer.has_slopes(); }),
      .exponentials = any([](const Layer& layer) {
        return has_exponential(layer.activation) || has_exponential(layer.last_activation);
      }),
  };
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_NEEDS_HPP
// from pplcnet/kernels/run.hpp
#ifndef PPLCNET_KERNELS_RUN_HPP
#define PPLCNET_KERNELS_RUN_HPP

#include <cstddef>
#include <cstdint>

// from pplcnet/picture.hpp
#ifndef PPLCNET_PICTURE_HPP
#define PPLCNET_PICTURE_HPP

#include <array>
#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// A lookup table: the normalised value of each byte in one channel of the network's input.
using ByteTable = std::array<float, 256>;

/// Non-owning view of a picture of the network's input size, read in place: planar or interleaved,
/// as normalised float32 values or as bytes that are normalised through lookup tables.
struct Picture {
  const float* values = nullptr;        ///< channel 0, row 0, column 0; null if bytes are given
  const std::uint8_t* bytes = nullptr;  ///< channel 0, row 0, column 0; null if values are given
  const ByteTable* lookup = nullptr;    ///< one table for each channel, if bytes are given
  std::ptrdiff_t row = 0, channel = 0;  ///< elements to the next row, the next channel
  std::ptrdiff_t pixel = 1;             ///< elements to the right neighbour

  /// Returns a picture [channels][height][width].
  static constexpr Picture planar(const float* values, const Shape& shape) {
    return {.values = values, .row = shape.width, .channel = shape.pixels()};
  }
  /// Returns a picture [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const float* values, const Shape& shape,
                                       std::ptrdiff_t row = 0) {
    return {.values = values,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// Returns a picture [channels][height][width]; `lookup` points to a table for each channel.
  static constexpr Picture planar(const std::uint8_t* bytes, const ByteTable* lookup,
                                  const Shape& shape) {
    return {.bytes = bytes, .lookup = lookup, .row = shape.width, .channel = shape.pixels()};
  }
  /// Returns a picture [height][width][channels]; a row may be longer.
  static constexpr Picture interleaved(const std::uint8_t* bytes, const ByteTable* lookup,
                                       const Shape& shape, std::ptrdiff_t row = 0) {
    return {.bytes = bytes,
            .lookup = lookup,
            .row = row != 0 ? row : std::ptrdiff_t{shape.width} * shape.channels,
            .channel = 1,
            .pixel = shape.channels};
  }
  /// Returns the same with its channels in the opposite order: BGR for a network that was trained
  /// on RGB, or the other way round. `lookup` stays in the order of the network's channels.
  constexpr Picture reversed(const Shape& shape) const {
    Picture other = *this;
    const std::ptrdiff_t last = (shape.channels - 1) * channel;
    if (values != nullptr) other.values += last;
    if (bytes != nullptr) other.bytes += last;
    other.channel = -channel;
    return other;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PICTURE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// One call of forward: what the kernels are given.
struct Run {
  const Layer* layers = nullptr;
  int layer_count = 0;
  const float* weights = nullptr;
  const Picture* pictures = nullptr;
  int images = 1;  ///< at most kChunk
  /// [images][layer_count]: where a copy of a layer's output goes, planar
  /// [channels][height][width], as after its activation; null: not requested. Layers after the
  /// last requested one are not computed.
  float* const* destinations = nullptr;

  float* maps = nullptr;     ///< plan.map_floats
  float* vectors = nullptr;  ///< plan.vector_floats
  float* scratch = nullptr;  ///< threads × scratch_floats
  std::size_t scratch_floats = 0;
  int threads = 1;
  /// Multiply-adds for which a second thread is worth waiting for: some two microseconds.
  std::int64_t shared_work = 1 << 18;
  Executor executor = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_RUN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Runs a plan with the kernels of one instruction set, or the best one that this CPU has. All that
/// a network needs of the kernels is this function. The plan needs no kernels but `kNeeds`, which
/// by default are all.
template <Needs kNeeds = Needs{}>
void forward(const Run& run, Isa isa) noexcept;

#if defined(PPLCNET_COMPILED)
/// Computes the same where the kernels are compiled once, which are all.
void forward(const Run& run, Isa isa) noexcept;
#endif

}  // namespace pplcnet::inline PPLCNET_ABI

// from pplcnet/kernels/kernels.hpp
#ifndef PPLCNET_KERNELS_KERNELS_HPP
#define PPLCNET_KERNELS_KERNELS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

// from pplcnet/plan/make_plan.hpp
#ifndef PPLCNET_PLAN_MAKE_PLAN_HPP
#define PPLCNET_PLAN_MAKE_PLAN_HPP

#include <memory>
#include <new>

// from pplcnet/plan/lower.hpp
#ifndef PPLCNET_PLAN_LOWER_HPP
#define PPLCNET_PLAN_LOWER_HPP

// from pplcnet/plan/layer_of.hpp
#ifndef PPLCNET_PLAN_LAYER_OF_HPP
#define PPLCNET_PLAN_LAYER_OF_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns a layer that computes a node.
constexpr Layer layer_of(const Node& node) {
  Layer layer;
  static_cast<Attributes&>(layer) = node;
  layer.batch_norm = node.norm;
  layer.scale_percent = node.input_percent;
  layer.kernel = node.window.kernel;
  layer.stride = node.window.stride;
  layer.dilation = node.window.dilation;
  layer.padding = node.window.padding;
  layer.output = node.shape;
  return layer;
}

/// Returns whether the kernel for stems computes a convolution of the picture.
constexpr bool is_stem(const Node& node) {
  const Window& window = node.window;
  return node.groups == 1 && !node.reads_group && window.kernel == Pair(3) &&
         window.dilation == Pair(1) && window.padding == Padding(1) && window.stride.height <= 2 &&
         window.stride.width <= 2;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LAYER_OF_HPP
// from pplcnet/plan/readers.hpp
#ifndef PPLCNET_PLAN_READERS_HPP
#define PPLCNET_PLAN_READERS_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// A place in the map of a concat (or a shuffle), by its node; -1: none.
struct Slot {
  int concat = -1, channel = 0;
  constexpr bool operator==(const Slot&) const = default;
};

/// Whether a slice is read where it is: whole half panels of a map.
constexpr bool is_view(const Node& node) {
  return node.op == Operator::slice && node.step == 1 && node.first % kHalfPanel == 0;
}

/// Who reads the value of each node of a graph.
class Readers {
 public:
  constexpr explicit Readers(const Graph& graph) : graph_(graph) {
    for (int i = 1; i < graph.node_count; ++i) {
      const Node& node = graph.nodes[i];
      if (node.op != Operator::concat) {
        add(node.input, i);
        if (node.second >= 0) add(node.second, i);
        continue;
      }
      for (int part = 0, channel = 0; part < node.part_count; ++part) {
        const int index = graph.parts[node.first_part + part];
        add(index, i);
        offer(index, {i, channel}, part + 1 == node.part_count);
        channel += graph.nodes[index].shape.channels;
      }
    }
    for (int i = 0; i < graph.output_count; ++i) readers_[graph.outputs[i].node].is_output = true;
  }

  /// Returns whether `reader` is the last reader of `node`, and no other value is a part of it.
  constexpr bool is_last(int reader, int node) const {
    return readers_[node].last == reader && !readers_[node].has_aliases;
  }

  constexpr bool is_output(int node) const { return readers_[node].is_output; }

  /// Returns the sum that is the only reader of a convolution and adds what is there before it; -1:
  /// none.
  constexpr int sum_after(int convolution) const {
    const Reader& reader = readers_[convolution];
    if (reader.count != 1 || reader.is_output) return -1;
    const Node& sum = graph_.nodes[reader.last];
    if (sum.op != Operator::add) return -1;
    const int other = sum.input == convolution ? sum.second : sum.input;
    return other < convolution ? reader.last : -1;
  }

  /// Returns the shuffle that is the only reader of a concat, and that interleaves its parts; -1:
  /// none.
  constexpr int interleaving(int concat) const {
    const Node& node = graph_.nodes[concat];
    const Reader& reader = readers_[concat];
    if (node.op != Operator::concat || reader.count != 1 || reader.is_output) return -1;
    const Node& shuffle = graph_.nodes[reader.last];
    if (shuffle.op != Operator::shuffle || shuffle.groups != node.part_count) return -1;
    for (int i = 0; i < node.part_count; ++i)
      if (graph_.nodes[graph_.parts[node.first_part + i]].shape.channels * node.part_count !=
          node.shape.channels)
        return -1;
    return reader.last;
  }

  /// Returns where in the map of a concat the value of a node is written at once.
  constexpr Slot slot(int node) const {
    const Slot& slot = readers_[node].slot;
    return slot.concat >= 0 && interleaving(slot.concat) < 0 ? slot : Slot{};
  }

 private:
  struct Reader {
    int count = 0, last = -1;
    bool is_output = false;
    bool has_aliases = false;  ///< slices, and concats that it is a part of
    Slot slot;
  };

  constexpr void add(int node, int reader) {
    const Operator op = graph_.nodes[reader].op;
    ++readers_[node].count;
    readers_[node].last = reader;
    if (op == Operator::concat || op == Operator::slice) readers_[node].has_aliases = true;
  }

  /// What a layer computes are whole half panels, so that parts in front of others have to be such;
  /// a copy writes just its channels.
  constexpr void offer(int node, const Slot& slot, bool last) {
    const Node& part = graph_.nodes[node];
    if (part.op == Operator::picture || part.op == Operator::concat ||
        part.op == Operator::shuffle || is_view(part) || readers_[node].slot.concat >= 0)
      return;
    const bool in_panels =
        slot.channel % kHalfPanel == 0 && (last || part.shape.channels % kHalfPanel == 0);
    if (in_panels || part.op == Operator::slice) readers_[node].slot = slot;
  }

  const Graph& graph_;
  Reader readers_[Graph::kMaxNodes] = {};
};

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_READERS_HPP

// From a graph's nodes to the layers that kernels compute.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Where the value of a node is: in the output of a layer, from a channel on.
struct Where {
  int layer = -1, channel = 0;
};

/// Appends layers to a plan, node by node. A sum becomes the last step of the convolution before
/// it, where it is the only reader; a concat is one map that its parts are written to; a slice is
/// a part of a map. What cannot be read or written where it is gets copied.
class Lowering {
 public:
  constexpr Lowering(const Graph& graph, Plan& plan) : graph_(graph), plan_(plan), readers_(graph) {
    for (int i = 0; i < graph.node_count; ++i) owners_[i] = -1;
  }

  constexpr void run() {
    for (int node = 1; node < graph_.node_count; ++node) {
      lower(node);
      if (readers_.is_output(node)) results_[node] = whole(node);
    }
    for (int i = 0; i < graph_.output_count; ++i) {
      const auto& [role, node, name] = graph_.outputs[i];
      const int layer = results_[node];
      if (role == Role::stage) {
        plan_.stage_names[plan_.stage_count] = name;
        plan_.stages[plan_.stage_count++] = layer;
      } else {
        plan_.output_names[plan_.output_count] = name;
        plan_.outputs[plan_.output_count++] = layer;
      }
    }
  }

 private:
  constexpr void lower(int index) {
    const Node& node = graph_.nodes[index];
    switch (node.op) {
      case Operator::picture:
        break;
      case Operator::convolution:
      case Operator::affine:
      case Operator::l1:
        return lower_convolution(index);
      case Operator::gate:
      case Operator::multiply:
        return lower_product(index);
      case Operator::add:
        return lower_add(index);
      case Operator::concat:
        return lower_concat(index);
      case Operator::slice:
        return lower_slice(index);
      case Operator::shuffle:
        return lower_shuffle(index);
      default:
        return lower_reader(index);
    }
  }

  /// Has a layer read the value of a node.
  constexpr void read(Layer& layer, int node) {
    const Where from = where(node);
    layer.from = from.layer;
    layer.from_channel = from.channel;
    layer.input = graph_.nodes[node].shape;
  }

  /// Returns where the value of a node is; the picture becomes a map when one is asked for.
  constexpr Where where(int node) {
    if (node == 0 && where_[0].layer < 0) {
      Layer layer;
      layer.op = Operator::picture;
      layer.input = layer.output = graph_.nodes[0].shape;
      where_[0] = {append(layer), 0};
    }
    return where_[node];
  }

  /// Appends a layer that writes a map of its own, or its part of a concat's.
  constexpr int append(Layer layer, int node = -1) {
    const int index = plan_.layer_count++;
    layer.owner = index;
    layer.map_channels = layer.output.channels;
    if (node >= 0) {
      where_[node] = {index, 0};
      if (const Slot slot = readers_.slot(node); slot.concat >= 0) join(layer, index, slot);
    }
    plan_.layers[index] = layer;
    return index;
  }

  /// Makes a layer's output part of a concat's map, which the first one of its parts owns.
  constexpr void join(Layer& layer, int index, const Slot& slot) {
    int& owner = owners_[slot.concat];
    if (owner < 0) {
      owner = index;
      layer.map_channels = graph_.nodes[slot.concat].shape.channels;
    }
    layer.owner = owner;
    layer.owner_channel = slot.channel;
  }

  /// Appends a copy of some channels of a layer's output.
  constexpr int append_copy(Where from, const Shape& shape, int read_step, int write_step,
                            const Slot& slot, int node = -1) {
    Layer layer;
    layer.op = Operator::copy;
    layer.from = from.layer;
    layer.from_channel = from.channel;
    layer.input = layer.output = shape;
    layer.read_step = read_step;
    layer.write_step = write_step;
    const int index = append(layer, node);
    if (slot.concat >= 0) join(plan_.layers[index], index, slot);
    return index;
  }

  constexpr void lower_convolution(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    if (node.groups > 1 || node.op == Operator::affine)
      layer.op = Operator::depthwise;
    else if (node.op == Operator::convolution && node.window == Window{})
      layer.op = Operator::pointwise;
    if (node.input == 0 && is_stem(node))
      layer.input = graph_.nodes[0].shape;
    else
      read(layer, node.input);
    if (node.reads_group) {
      layer.input.channels /= node.group_count;
      layer.from_channel += layer.input.channels * node.group;
    }
    if (node.weights_of >= 0) layer.weights_of = weights_[node.weights_of];
    const int sum = readers_.sum_after(index);
    if (sum < 0) {
      weights_[index] = append(layer, index);
      return;
    }
    const Node& add = graph_.nodes[sum];
    const Where addend = where(add.input == index ? add.second : add.input);
    layer.addend = addend.layer;
    layer.addend_channel = addend.channel;
    layer.last_activation = add.activation;
    weights_[index] = append(layer, sum);
  }

  /// Appends the layer of a node that reads one value.
  constexpr void lower_reader(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    read(layer, node.input);
    append(layer, index);
  }

  /// Appends a map times a vector, or times another map.
  constexpr void lower_product(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    read(layer, node.input);
    const Where factors = where(node.second);
    if (node.op == Operator::gate) {
      layer.factors = factors.layer;
    } else {
      layer.addend = factors.layer;
      layer.addend_channel = factors.channel;
      layer.factor_shape = graph_.nodes[node.second].shape;
    }
    const int gate = append(layer, index);
    // In place, where it is the last reader of the map.
    const Layer& source = plan_.layers[layer.from];
    if (!readers_.is_last(index, node.input) || source.owner != layer.from ||
        source.output != node.shape || source.map_channels != source.output.channels ||
        readers_.slot(index).concat >= 0)
      return;
    plan_.layers[gate].owner = layer.from;
  }

  constexpr void lower_add(int index) {
    const Node& node = graph_.nodes[index];
    if (where_[index].layer >= 0) return;  // the last step of a convolution
    Layer layer = layer_of(node);
    read(layer, node.input);
    const Where addend = where(node.second);
    layer.addend = addend.layer;
    layer.addend_channel = addend.channel;
    append(layer, index);
  }

  constexpr void lower_concat(int index) {
    const Node& node = graph_.nodes[index];
    if (readers_.interleaving(index) >= 0) return;
    for (int i = 0, channel = 0; i < node.part_count; ++i) {
      const int part = graph_.parts[node.first_part + i];
      const Shape& shape = graph_.nodes[part].shape;
      if (const Slot slot = {index, channel}; readers_.slot(part) != slot)
        append_copy(where(part), shape, 1, 1, slot);
      channel += shape.channels;
    }
    const int owner = owners_[index];
    where_[index] = {owner, -plan_.layers[owner].owner_channel};
  }

  /// Whole half panels of a map are read where they are.
  constexpr void lower_slice(int index) {
    const Node& node = graph_.nodes[index];
    const Where from = where(node.input);
    const Where first = {from.layer, from.channel + node.first};
    if (is_view(node) && from.layer >= 0)
      where_[index] = first;
    else
      append_copy(first, node.shape, node.step, 1, {}, index);
  }

  /// Appends a shuffle: each group becomes every so many channels.
  constexpr void lower_shuffle(int index) {
    const Node& node = graph_.nodes[index];
    const Node& input = graph_.nodes[node.input];
    const bool interleaves = readers_.interleaving(node.input) == index;
    const Shape shape = {node.shape.height, node.shape.width, node.shape.channels / node.groups};
    for (int i = 0; i < node.groups; ++i) {
      Where from;
      if (interleaves) {
        from = where(graph_.parts[input.first_part + i]);
      } else {
        from = where(node.input);
        from.channel += i * shape.channels;
      }
      append_copy(from, shape, 1, node.groups, {index, i});
    }
    where_[index] = {owners_[index], 0};
  }

  /// Returns the layer whose whole output the value of a node is.
  constexpr int whole(int node) {
    const Where from = where(node);
    const Layer& layer = plan_.layers[from.layer];
    const Shape& shape = graph_.nodes[node].shape;
    if (from.channel == 0 && layer.output == shape && layer.write_step == 1) return from.layer;
    return append_copy(from, shape, 1, 1, {});
  }

  const Graph& graph_;
  Plan& plan_;
  Readers readers_;
  Where where_[Graph::kMaxNodes] = {};
  int results_[Graph::kMaxNodes] = {};  // layers whose output is that of a node
  int weights_[Graph::kMaxNodes] = {};  // layers that have the weights of a node
  int owners_[Graph::kMaxNodes] = {};   // of the maps of concats and shuffles: a layer, or -1
};

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LOWER_HPP
// from pplcnet/plan/place.hpp
#ifndef PPLCNET_PLAN_PLACE_HPP
#define PPLCNET_PLAN_PLACE_HPP

#include <algorithm>
#include <cstddef>

// from pplcnet/plan/schedule.hpp
#ifndef PPLCNET_PLAN_SCHEDULE_HPP
#define PPLCNET_PLAN_SCHEDULE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

// from pplcnet/plan/map_chains.hpp
#ifndef PPLCNET_PLAN_MAP_CHAINS_HPP
#define PPLCNET_PLAN_MAP_CHAINS_HPP

#include <algorithm>
#include <cstddef>

// from pplcnet/plan/uses.hpp
#ifndef PPLCNET_PLAN_USES_HPP
#define PPLCNET_PLAN_USES_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// What a plan's passes know of each layer.
struct Uses {
  int last_reader[Plan::kMaxLayers] = {};  ///< of its own output; -1: none
  int last[Plan::kMaxLayers] = {};  ///< the last layer that reads or writes its map; an owner's
};

constexpr Uses uses_of(const Plan& plan) {
  Uses uses;
  for (int i = 0; i < plan.layer_count; ++i) {
    uses.last_reader[i] = -1;
    uses.last[i] = i;
    const Layer& layer = plan.layers[i];
    for (const int read : {layer.from, layer.addend, layer.factors}) {
      if (read < 0) continue;
      uses.last_reader[read] = i;
      uses.last[plan.layers[read].owner] = i;
    }
    uses.last[layer.owner] = i;
    if (layer.owner != i) uses.last_reader[layer.owner] = i;
  }
  return uses;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_USES_HPP

// Chains of layers that write maps pixel by pixel: a gate, a sum, a map that is enlarged for one.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Has a layer's output go to a ring of so many rows in scratch.
constexpr void keep_rows(Plan& plan, Layer& layer, int rows) {
  layer.target.ring = rows;
  layer.target.local = true;
  layer.target.offset = plan.scratch_floats;
  plan.scratch_floats += layer.target.floats();
}

/// Returns whether a row of a layer's output is made from the same row of the maps that it reads,
/// or from one of a map of another height.
constexpr bool reads_same_row(const Layer& layer) {
  return layer.op == Operator::gate || layer.op == Operator::add ||
         (layer.op == Operator::resize && layer.resampling == Resampling::nearest);
}

/// Returns whether a layer can be in a chain: some layer reads its output, else it would be
/// computed on request only.
constexpr bool can_chain(const Plan& plan, const Uses& uses, int layer) {
  return reads_same_row(plan.layers[layer]) && uses.last[plan.layers[layer].owner] > layer;
}

/// Returns whether a layer writes to the map of another one's output.
constexpr bool shares_map(const Plan& plan, int layer, int other) {
  return plan.layers[layer].owner == plan.layers[other].owner;
}

/// Returns the end of the chain that layer `first` can begin: layers one after the other, whose
/// outputs have the same rows; what is resized is there before.
constexpr int map_chain_end(const Plan& plan, const Uses& uses, int first) {
  const auto continues = [&](int layer) {
    const Layer& next = plan.layers[layer];
    if (!can_chain(plan, uses, layer) || next.output.height != plan.layers[first].output.height)
      return false;
    if (next.op != Operator::resize) return true;
    for (int i = first; i < layer; ++i)
      if (shares_map(plan, i, next.from)) return false;
    return true;
  };
  int end = first;
  while (end < plan.layer_count && continues(end)) ++end;
  return end;
}

/// Makes layers [first, end) a chain: a few rows of all of them at a time, which fill `bytes` of a
/// cache. Maps that only they read are not stored whole.
constexpr void form_map_chain(Plan& plan, const Uses& uses, int first, int end, std::size_t bytes) {
  std::size_t row = 0;
  for (int i = first; i < end; ++i)
    row += sizeof(float) * plan.layers[plan.layers[i].owner].target.row_pitch();
  const auto height = static_cast<std::size_t>(plan.layers[first].output.height);
  const auto rows =
      static_cast<int>(std::clamp(bytes / std::max<std::size_t>(row, 1), std::size_t{1}, height));
  for (int i = first; i < end; ++i) {
    Layer& layer = plan.layers[i];
    layer.rows = rows;
    if (layer.owner == i && uses.last[i] < end) keep_rows(plan, layer, rows);
  }
  plan.layers[first].chain_end = end;
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAP_CHAINS_HPP

// Which layers are computed together, and how many rows at a time.

namespace pplcnet::inline PPLCNET_ABI {

/// The cost model: how much of each cache a block of rows may fill, in bytes. Rows of a depthwise
/// layer wait in scratch for the pointwise layer that reads them. Where the pointwise weights fit
/// L1 beside them, the rows should too; where the weights stream from L2 anyway, more rows share
/// each pass over them.
inline constexpr std::size_t kL1Share = 28 << 10;
inline constexpr std::size_t kL2Share = 256 << 10;
/// The lines of the picture that a block of a convolution's rows reads: less than other blocks, as
/// they are written first.
inline constexpr std::size_t kLinesShare = 14 << 10;

/// Queries of an attention whose scores are computed at a time: as many sums hide an FMA's latency.
inline constexpr int kQueries = 8;

/// Panels of float16 weights that become float32 at a time: what a product's tile can use.
inline constexpr int kConvertedPanels = 2;

/// A map larger than this would not be in L2 any more when it is read: it is not stored whole, but
/// computed a few rows at a time, just before its reader needs them (a chain).
inline constexpr std::size_t kLargestMap = 640 << 10;

namespace planning {

/// Pixels whose distance is a multiple of 512 bytes compete for an eighth of L1 or less, and a 5×5
/// kernel reads dozens of them at a time: one more cache line between them spreads them over all
/// of it.
constexpr int spread_pitch(int channels) {
  return channels % 128 == 0 ? channels + kPanel : channels;
}

/// Finds units: layers whose rows go through scratch into the next one, which is pointwise or
/// spreads pixels, and which have no reader outside of the unit. The map of a stage is stored.
constexpr void form_units(Plan& plan, const Uses& uses) {
  bool is_stage[Plan::kMaxLayers] = {};
  for (int i = 0; i < plan.stage_count; ++i) is_stage[plan.stages[i]] = true;
  int end = plan.layer_count - 1;  // the last layer of the unit that the next layer is in
  for (int i = plan.layer_count - 2; i >= 0; --i) {
    Layer& layer = plan.layers[i];
    const Layer& next = plan.layers[i + 1];
    const bool streams = layer.op == Operator::depthwise || layer.is_product();
    layer.fused = streams && !is_stage[i] &&
                  (next.op == Operator::pointwise || next.spreads_pixels()) && next.from == i &&
                  next.from_channel == 0 && uses.last_reader[i] <= end &&
                  uses.last[i] == uses.last_reader[i] && layer.owner == i &&
                  layer.map_channels == layer.output.channels;
    if (!layer.fused) end = i;
  }
}

/// Returns the last layer of the unit that `first` begins.
constexpr int unit_end(const Plan& plan, int first) {
  while (plan.layers[first].fused) ++first;
  return first;
}

/// Gives every map that is stored its shape, and the frame that its readers need.
constexpr void frame_maps(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.owner == i && !layer.fused && !layer.gives_vector()) {
      layer.target.shape = layer.output;
      layer.target.shape.channels = layer.map_channels;
      layer.target.ring = layer.output.height;
      layer.target.pixel_pitch =
          spread_pitch(static_cast<int>(round_up(layer.map_channels, kHalfPanel)));
    }
    if (!layer.reads_neighbours() || layer.from < 0) continue;
    Map& source = plan.layers[plan.layers[layer.from].owner].target;
    source.left = std::max(source.left, layer.padding.left);
    source.right =
        std::max(source.right, layer.framed_columns() - layer.padding.left - layer.input.width);
  }
}

/// Returns rows that fit, in blocks of nearly equal height; an even number where there is more than
/// one block, since depthwise tiles are two rows high.
constexpr int rows_of(std::size_t bytes, std::size_t bytes_per_row, int height) {
  const auto fit = static_cast<int>(
      std::clamp<std::size_t>(bytes / bytes_per_row, 2, static_cast<std::size_t>(height) + 1));
  const auto blocks = ceil_div(height, fit / 2 * 2);
  return std::min(height, static_cast<int>(round_up(ceil_div(height, blocks), 2)));
}

/// Returns room for the row of zeros, which stands for the rows above and below any map.
constexpr std::size_t zero_row(const Plan& plan) {
  std::size_t zeros = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    const Layer& layer = plan.layers[i];
    if (layer.reads_neighbours())
      zeros = std::max(zeros, plan.layers[plan.layers[layer.from].owner].target.row_pitch());
  }
  return static_cast<std::size_t>(round_up(static_cast<std::int64_t>(zeros), kPanel));
}

/// Decides the rows of a convolution, and the floats of scratch that their lines of the picture
/// take.
constexpr std::size_t choose_convolution_rows(Layer& layer) {
  const std::size_t line =
      layer.phase_columns() * static_cast<std::size_t>(layer.input.channels * layer.stride.width);
  layer.rows =
      rows_of(kLinesShare, sizeof(float) * line * static_cast<std::size_t>(layer.stride.height),
              layer.output.height);
  return line *
         static_cast<std::size_t>((layer.rows - 1) * layer.stride.height + layer.kernel.height);
}

/// Returns the rows of a convolution of a map: those that it reads fit L2 while the weights pass
/// by, unless these are so many that one pass over all rows is cheaper. More rows share each pass
/// where weights do not stay in L2 themselves. A large map need not be stored whole.
constexpr int map_convolution_rows(const Layer& layer) {
  constexpr int kTileChannels = 2 * kPanel;  // for which the rows are read again
  if (static_cast<std::size_t>(layer.depth() * kTileChannels) * sizeof(float) > kL2Share)
    return layer.output.height;
  const auto values = static_cast<std::size_t>(layer.input.width) *
                      static_cast<std::size_t>(layer.input.channels * layer.stride.height);
  const bool weights_stay = layer.weight_floats() * sizeof(float) <= kLargestMap;
  return rows_of(weights_stay ? kL2Share : 2 * kL2Share, sizeof(float) * values,
                 layer.output.height);
}

/// Decides the rows of a unit of several layers, and the floats of scratch that they take.
constexpr std::size_t choose_unit_rows(Plan& plan, int first, int last) {
  std::size_t line = 0, weights = 0;
  for (int i = first; i <= last; ++i) {
    Layer& layer = plan.layers[i];
    if (layer.is_product()) weights += layer.weight_floats();
    if (i == last) break;
    layer.pitch = spread_pitch(layer.padded_channels());
    line += static_cast<std::size_t>(layer.output.width) * static_cast<std::size_t>(layer.pitch);
  }
  const bool small = weights * sizeof(float) <= kL1Share;
  const int rows =
      rows_of(small ? kL1Share : kL2Share, sizeof(float) * line, plan.layers[first].output.height);
  std::size_t place = plan.layers[first].scratch;
  for (int i = first; i <= last; ++i) {
    Layer& layer = plan.layers[i];
    layer.rows = rows;
    layer.scratch = place;
    place += static_cast<std::size_t>(layer.output.width) * static_cast<std::size_t>(layer.pitch) *
             static_cast<std::size_t>(rows);
  }
  return line * static_cast<std::size_t>(rows);
}

/// Returns the floats of scratch that the kernel of a whole map takes: that of an attention for the
/// keys of a sequence, transposed, and the scores of some queries.
constexpr std::size_t map_scratch(const Layer& layer) {
  if (layer.op != Operator::attention) return 0;
  const std::int64_t depth = layer.output.channels / layer.groups;
  return static_cast<std::size_t>(round_up(layer.input.width, kPanel) * (depth + kQueries));
}

/// Decides how many rows each layer computes at a time, and the scratch that takes.
constexpr void choose_rows(Plan& plan) {
  const std::size_t zeros = zero_row(plan);
  std::size_t blocks = zeros, float32_scratch = 0;  // after each other
  for (int first = 0, last = 0; first < plan.layer_count; first = last + 1) {
    last = unit_end(plan, first);
    Layer& layer = plan.layers[first];
    std::size_t floats = 0;
    layer.rows = layer.output.height;
    for (int i = first; i <= last; ++i) plan.layers[i].scratch = zeros;
    if (last > first)
      floats = choose_unit_rows(plan, first, last);
    else if (layer.is_stem())
      floats = choose_convolution_rows(layer);
    else if (layer.is_map_convolution())
      layer.rows = map_convolution_rows(layer);
    else
      floats = map_scratch(layer);
    blocks = std::max(blocks, static_cast<std::size_t>(
                                  round_up(static_cast<std::int64_t>(zeros + floats), kPanel)));
    for (int i = first; i <= last; ++i)
      if (plan.layers[i].half)
        float32_scratch =
            std::max(float32_scratch,
                     kConvertedPanels * kPanel * static_cast<std::size_t>(plan.layers[i].depth()));
  }
  for (int i = 0; i < plan.layer_count; ++i) plan.layers[i].float32_scratch = blocks;
  plan.scratch_floats = blocks + float32_scratch;
}

/// Returns the rows of `writer`'s map that must be kept while `reader` works through it block by
/// block: what one of its blocks needs, and what is written beyond it, the rest of the writer's
/// block.
constexpr int ring_rows(const Layer& writer, const Layer& reader) {
  const int needed =
      (reader.rows - 1) * reader.stride.height + reader.reach().height + writer.rows - 1;
  return std::min(writer.output.height, static_cast<int>(round_up(needed, writer.rows)));
}

/// Returns whether `layer` can be in one chain with the layer after it, its only reader, and its
/// output is too large to be stored whole.
constexpr bool joins(const Plan& plan, const Uses& uses, int layer) {
  if (layer + 1 == plan.layer_count) return false;
  const Layer& writer = plan.layers[layer];
  const Layer& reader = plan.layers[layer + 1];
  if (!writer.works_by_rows() || !reader.reads_neighbours()) return false;
  if (reader.from != layer || uses.last[layer] != layer + 1) return false;
  return 2 * ring_rows(writer, reader) < writer.output.height &&
         writer.target.floats() * sizeof(float) > kLargestMap;
}

/// Joins layers into chains: a layer whose output is too large to be stored whole is in one chain
/// with its reader, and its output goes to a ring of rows in scratch. (Stored whole it is where a
/// chain would become too long, after which another one begins.) So does the output of a chain of
/// several layers if no layer reads it: it is copied block by block. Other chains are those of
/// map_chains.hpp.
constexpr void form_chains(Plan& plan, const Uses& uses) {
  int first = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    if (const int end = map_chain_end(plan, uses, i); first == i && end > i + 1) {
      form_map_chain(plan, uses, first, end, kL2Share);
      first = end;
      i = end - 1;
      continue;
    }
    Layer& layer = plan.layers[i];
    const bool owns = layer.owner == i && !layer.gives_vector();
    layer.optional_output = owns && uses.last[i] == i;
    bool joined = layer.fused;
    if (owns && !layer.fused && joins(plan, uses, i) &&
        unit_end(plan, i + 1) - first < Plan::kMaxChain) {
      joined = true;
      keep_rows(plan, layer, ring_rows(layer, plan.layers[i + 1]));
    }
    if (joined) continue;
    if (layer.optional_output && i > first)
      keep_rows(plan, layer, layer.rows * layer.rows_of_one());
    plan.layers[first].chain_end = i + 1;
    first = i + 1;
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_SCHEDULE_HPP
// from pplcnet/plan/training_form.hpp
#ifndef PPLCNET_PLAN_TRAINING_FORM_HPP
#define PPLCNET_PLAN_TRAINING_FORM_HPP

#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns what a layer consists of in training; no branches, if it is trained as it is deployed.
constexpr TrainingForm training_form(const Layer& layer) {
  return layer.training({.kernel = layer.kernel, .stride = layer.stride},
                        layer.input.channels == layer.output.channels);
}

/// What papers and checkpoints count.
struct Counts {
  std::int64_t parameters = 0, buffers = 0, multiply_adds = 0;
  constexpr bool operator==(const Counts&) const = default;
};

/// Returns the counts of a layer as it is trained; as it is deployed, where there are no branches.
constexpr Counts training_counts(const Layer& layer) {
  const TrainingForm form = training_form(layer);
  if (form.count == 0) return {layer.parameters, layer.buffers, layer.multiply_adds};
  const std::int64_t channels = layer.output.channels;
  const std::int64_t taps = std::int64_t{layer.kernel.height} * layer.kernel.width;
  // Products per output for each tap of the kernel.
  const std::int64_t inputs = layer.depth() / taps;
  Counts counts;
  const auto add_norm = [&](bool is_there) {
    counts.parameters += is_there ? 2 * channels : 0;
    counts.buffers += is_there ? 2 * channels : 0;
  };
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    const std::int64_t weights =
        branch.identity ? 0 : inputs * branch.kernel * branch.kernel * channels;
    counts.parameters += weights;
    counts.multiply_adds += weights * layer.output.pixels();
    add_norm(!branch.norm.empty());
  }
  add_norm(!form.norm.empty());
  // Scales and shifts are trained and deployed.
  const std::int64_t fused = std::int64_t{layer.depth()} * channels + channels;
  counts.parameters += layer.parameters - fused;
  return counts;
}

/// Returns the counts of a whole network as it is trained.
constexpr Counts training_counts(const Plan& plan) {
  Counts sum;
  for (int i = 0; i < plan.layer_count; ++i) {
    const Counts counts = training_counts(plan.layers[i]);
    sum.parameters += counts.parameters;
    sum.buffers += counts.buffers;
    sum.multiply_adds += counts.multiply_adds;
  }
  return sum;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_TRAINING_FORM_HPP

// Where a plan's weights and activations live.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns whether a layer's weights are stored as float16; the head is the dense layers after the
/// last map. A panel of odd depth would not end where the next can begin.
constexpr bool stored_in_half(const Layer& layer, bool in_head, Storage storage) {
  const bool product = layer.is_product() || layer.op == Operator::dense;
  return layer.depth() % 2 == 0 &&
         (storage == Storage::half ? product : storage == Storage::half_head && in_head && product);
}

/// Returns the first of the dense layers after the last map.
constexpr int head_of(const Layer* layers, int count) {
  while (count > 0 && layers[count - 1].op == Operator::dense) --count;
  return count;
}

/// Counts the parameters of every layer and places its weights.
constexpr void place_weights(Plan& plan, Storage storage) {
  const int head = head_of(plan.layers, plan.layer_count);
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (!layer.has_weights()) continue;
    if (layer.weights_of >= 0) {
      const Layer& owner = plan.layers[layer.weights_of];
      layer.half = owner.half;
      layer.weights = owner.weights;
      layer.biases = owner.biases;
      layer.multiply_adds = owner.multiply_adds / owner.output.pixels() * layer.output.pixels();
      plan.multiply_add_count += layer.multiply_adds;
      continue;
    }
    constexpr int kAffine = 4;  // scale and shift, before the activation and after it
    const std::int64_t weights = std::int64_t{layer.depth()} * layer.output.channels;
    layer.half = stored_in_half(layer, i >= head, storage);
    const int channels = layer.output.channels / layer.repeats;  // that have own parameters
    layer.parameters = (layer.layout == Layout::none         ? 0
                        : layer.layout == Layout::transposed ? weights
                                                             : weights / layer.repeats) +
                       (layer.bias ? channels : 0) + (layer.batch_norm ? 2 * channels : 0) +
                       (layer.has_slopes() ? channels : 0) +
                       (training_form(layer).affine.empty() ? 0 : kAffine);
    layer.buffers = layer.batch_norm ? 2 * channels : 0;
    const bool multiplies = !layer.is_elementwise() && layer.op != Operator::l1;
    layer.multiply_adds = multiplies ? weights * layer.output.pixels() : 0;
    layer.weights = plan.weight_floats;
    layer.biases = layer.weights + layer.weight_floats();
    plan.weight_floats = layer.biases + layer.bias_floats();
    plan.parameter_count += layer.parameters;
    plan.buffer_count += layer.buffers;
    plan.multiply_add_count += layer.multiply_adds;
  }
}

/// Whole maps that live at the same time, by their owners.
class LiveMaps {
 public:
  constexpr LiveMaps(Plan& plan, const int* last_uses) : plan_(plan), last_uses_(last_uses) {}

  /// Forgets the maps that are not used from `layer` on.
  constexpr void begin(int layer) {
    int kept = 0;
    for (int i = 0; i < count_; ++i)
      if (last_uses_[owners_[i]] >= layer) owners_[kept++] = owners_[i];
    count_ = kept;
  }
  constexpr void add(int owner) { owners_[count_++] = owner; }

  constexpr std::size_t floats() const {
    std::size_t sum = 0;
    for (int i = 0; i < count_; ++i) sum += map(i).floats();
    return sum;
  }

  /// Gives a map its place: the lowest or the highest one that is free.
  constexpr void place(int owner, bool low) {
    Map& map = plan_.layers[owner].target;
    const std::size_t size = map.floats();
    map.offset = low ? 0 : plan_.map_floats - size;
    for (int i = 0; i < count_;) {
      const Map& other = this->map(i);
      if (map.offset >= other.offset + other.floats() || other.offset >= map.offset + size) {
        ++i;
        continue;
      }
      low = low || other.offset < size;  // there is no room below: look from below
      map.offset = low ? other.offset + other.floats() : other.offset - size;
      i = 0;
    }
    plan_.map_floats = std::max(plan_.map_floats, map.offset + size);
    add(owner);
  }

 private:
  constexpr const Map& map(int i) const { return plan_.layers[owners_[i]].target; }

  Plan& plan_;
  const int* last_uses_;
  int owners_[Plan::kMaxLayers] = {};
  int count_ = 0;
};

constexpr bool is_stored(const Layer& layer) {
  return layer.target.exists() && !layer.target.local;
}

/// Gives every whole map its place. Mostly two maps live, the one being read and the one being
/// written: they take turns at the two ends of the region. A map lives until the end of the chain
/// in which it is used last.
constexpr void place_maps(Plan& plan, const Uses& uses) {
  int chain_ends[Plan::kMaxLayers] = {}, last_uses[Plan::kMaxLayers] = {};
  for (int first = 0; first < plan.layer_count; first = plan.layers[first].chain_end)
    for (int i = first; i < plan.layers[first].chain_end; ++i)
      chain_ends[i] = plan.layers[first].chain_end - 1;
  for (int i = 0; i < plan.layer_count; ++i) last_uses[i] = chain_ends[uses.last[i]];
  LiveMaps measured(plan, last_uses), placed(plan, last_uses);
  for (int i = 0; i < plan.layer_count; ++i) {
    if (!is_stored(plan.layers[i])) continue;
    measured.begin(i);
    measured.add(i);
    plan.map_floats = std::max(plan.map_floats, measured.floats());
  }
  bool low = true;
  for (int i = 0; i < plan.layer_count; ++i) {
    if (!is_stored(plan.layers[i])) continue;
    placed.begin(i);
    placed.place(i, low);
    low = !low;
  }
}

/// Gives every vector its place.
constexpr void place_vectors(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0) layer.source_vector = plan.layers[vector].target_vector;
    if (!layer.gives_vector()) continue;
    layer.target_vector = plan.vector_floats;
    plan.vector_floats +=
        static_cast<std::size_t>(round_up(layer.output.channels, kPanel) * kChunk);
  }
}

/// Returns the map of a layer's output, from a channel of it on.
constexpr Map map_of(const Plan& plan, int layer, int channel) {
  if (layer < 0) return {};
  const Layer& writer = plan.layers[layer];
  Map map = plan.layers[writer.owner].target;
  map.offset = static_cast<std::size_t>(static_cast<std::int64_t>(map.offset) +
                                        writer.owner_channel + channel);
  return map;
}

/// Tells every layer which maps it reads and writes. An owner's map is changed after all others.
constexpr void connect_maps(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    layer.source = map_of(plan, layer.from, layer.from_channel);
    if (layer.source.exists()) layer.source.shape = layer.input;
    layer.addend_map = map_of(plan, layer.addend, layer.addend_channel);
  }
  for (int i = plan.layer_count - 1; i >= 0; --i) {
    Layer& layer = plan.layers[i];
    if (!layer.gives_vector() && !layer.fused) layer.target = map_of(plan, i, 0);
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_PLACE_HPP

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Says what the graph is, and which layers are the logits and what leads to them.
constexpr void describe(Plan& plan, const Graph& graph, Storage storage) {
  NetworkTraits& traits = plan.traits;
  traits.name = graph.title;
  traits.what = graph.what;
  traits.input = {graph.nodes[0].shape.height, graph.nodes[0].shape.width};
  traits.storage = storage;
  traits.tensor_names = graph.tensor_names;
  traits.namings = graph.namings;
  traits.unused = graph.unused;
  traits.optional = graph.optional;
  traits.fingerprint = graph.fingerprint();
  const Layer& result = plan.layers[plan.outputs[0]];
  if (!result.gives_vector()) {
    // Of one map, or of a detector's first ones; a backbone's have different channels.
    const Layer& second = plan.layers[plan.outputs[plan.output_count > 1 ? 1 : 0]];
    if (second.output.channels == result.output.channels)
      traits.label_count = result.output.channels;
    return;
  }
  for (int i = 0; i < plan.layer_count; ++i)
    if (plan.layers[i].op == Operator::pool) traits.pooled = i;
  traits.embedding = plan.outputs[0];
  for (int i = 0; i < graph.output_count; ++i)
    if (graph.outputs[i].role == Role::embedding) return;
  traits.logits = plan.outputs[0];
  traits.classes = traits.label_count = result.output.channels;
  traits.embedding = result.from;
}

}  // namespace planning

/// Lays a graph without a flaw out: its layers in order of execution, with shapes, counts, weights,
/// blocks of rows and places in memory.
constexpr Plan make_plan(const Graph& graph, Storage storage = Storage::single) {
  Plan plan;
  planning::Lowering(graph, plan).run();
  planning::place_weights(plan, storage);
  const planning::Uses uses = planning::uses_of(plan);
  planning::form_units(plan, uses);
  planning::frame_maps(plan);
  planning::choose_rows(plan);
  planning::form_chains(plan, uses);
  planning::place_maps(plan, uses);
  planning::place_vectors(plan);
  planning::connect_maps(plan);
  planning::describe(plan, graph, storage);
  return plan;
}

/// Returns the same when a program runs, compiled once; null if there is no memory.
PPLCNET_INLINE std::unique_ptr<Plan> new_plan(const Graph& graph, Storage storage) noexcept;

/// Has a plan become that of another graph, in the same memory.
PPLCNET_INLINE void replace_plan(Plan& plan, const Graph& graph, Storage storage) noexcept;

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::unique_ptr<Plan> new_plan(const Graph& graph, Storage storage) noexcept {
  std::unique_ptr<Plan> plan(new (std::nothrow) Plan);
  if (plan != nullptr) replace_plan(*plan, graph, storage);
  return plan;
}

PPLCNET_INLINE void replace_plan(Plan& plan, const Graph& graph, Storage storage) noexcept {
  std::destroy_at(&plan);
  ::new (&plan) Plan(make_plan(graph, storage));
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_MAKE_PLAN_HPP

#if PPLCNET_HAS_DEFINITIONS
// from pplcnet/kernels/arguments.hpp
#ifndef PPLCNET_KERNELS_ARGUMENTS_HPP
#define PPLCNET_KERNELS_ARGUMENTS_HPP

#include <array>
#include <cstddef>

// from pplcnet/kernels/rows.hpp
#ifndef PPLCNET_KERNELS_ROWS_HPP
#define PPLCNET_KERNELS_ROWS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>


namespace pplcnet::inline PPLCNET_ABI {

/// Channels [begin, end) of a layer, or those of them that it has; begin is a multiple of 16.
struct ChannelRange {
  static constexpr int kAll = std::numeric_limits<int>::max();
  int begin = 0, end = kAll;
};

/// Rows of pixels somewhere in memory.
struct Rows {
  float* pixels;
  std::size_t pixel_pitch, row_pitch;
};

/// Returns where row y of a map is, whose first row is `base`'s.
inline Rows rows_of(const Map& map, float* base, int y) {
  return {base + map.pixels(y), static_cast<std::size_t>(map.pixel_pitch), map.row_pitch()};
}

/// Returns the whole map of which a layer's output, that of its owner, is the first part or another
/// one.
inline Map whole_map(const Layer& owner) {
  Map map = owner.target;
  map.offset -= static_cast<std::size_t>(owner.owner_channel);
  return map;
}

/// Copies rows [begin, end), of which the first is at `from`, into a planar destination: a row of a
/// channel at a time, since those of all channels may compete for the same place in the cache.
inline void copy_planar(const Shape& shape, Rows from, int begin, int end, float* destination,
                        int channel_step = 1) {
  for (int y = begin; y < end; ++y, from.pixels += from.row_pitch)
    for (int c = 0; c < shape.channels; ++c)
      for (int x = 0; x < shape.width; ++x)
        destination[c * shape.pixels() + std::int64_t{y} * shape.width + x] =
            from.pixels[static_cast<std::size_t>(x) * from.pixel_pitch +
                        static_cast<std::size_t>(c * channel_step)];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_ROWS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Rows of the picture that two output rows are computed from, and where these go. A picture has
/// few channels and its output few more, so a vector holds neighbouring outputs of one channel,
/// which are turned into pixels when they are stored.
struct ConvolutionRows {
  const float *upper, *lower;  // [kernel row][in][phase][column], from load_lines
  std::size_t phase_pitch;
  int lines;             // kernel rows × input channels
  const float* weights;  // [panel][kernel row][in][kernel column][16]
  const float* biases;
  int channels;  // a multiple of 8
  Activation::Kind activation;
  int width;
  float *upper_output, *lower_output;
  std::size_t pixel_pitch;
};

/// Rows of a depthwise layer: what they are computed from, and where they go.
struct DepthwiseRows {
  const float* const* inputs;  // [kernel row]: the left frame of the first output row's inputs
  int row_step;                // from an output row's inputs to the next one's
  std::size_t input_pixel_pitch;
  const float* weights;  // [panel][tap][16]
  const float* biases;
  int channels;
  Activation::Kind activation;
  int count, width;
  float* output;
  std::size_t output_pixel_pitch, output_row_pitch;
};

/// output[m][o] = activation(bias[o] + sum_k input[m][k] * weights[k][o]), summed in the order of
/// k: in a convolution the channels of one tap after those of the other.
struct Product {
  const float* input = nullptr;  // of a pointwise layer
  std::size_t pixel_pitch = 0;
  int depth;               // taps × tap_depth
  int tap_depth;           // input channels
  const float* weights;    // [panel][k][16]
  bool half;               // they are float16, and become float32 at
  float* float32_scratch;  // kConvertedPanels panels
  const float* biases;
  int channels;  // a multiple of 8
  Activation::Kind activation;
  float* output;  // pixel m is at (m / width, m % width)
  int width;
  std::size_t output_pixel_pitch, output_row_pitch;
  // Of a convolution.
  const float* const* rows = nullptr;  // [output row][kernel row]: where the row's first input is
  int kernel_rows = 1, kernel_columns = 1;
  std::size_t tap_pitch = 0;  // floats from a tap to its right neighbour
};

/// Returns what products with a layer's weights have in common; the inputs are left out.
inline Product product_of(const Layer& layer, const float* weights, float* scratch,
                          const Rows& output) {
  return {.depth = layer.depth(),
          .tap_depth = layer.input.channels,
          .weights = weights + layer.weights,
          .half = layer.half,
          .float32_scratch = scratch + layer.float32_scratch,
          .biases = weights + layer.biases,
          .channels = layer.padded_channels(),
          .activation = layer.activation.kind,
          .output = output.pixels,
          .width = layer.output.width,
          .output_pixel_pitch = output.pixel_pitch,
          .output_row_pitch = output.row_pitch};
}

/// Each of `count` × `width` pixels becomes activation(x), x * scale + shift, x + addend; in this
/// order, and whatever of it there is.
struct Epilogue {
  Activation activation;
  const float* affine;  // scale and shift; null: none
  Rows addend;          // null: none
  Rows rows;
  int count, width;
};

/// Returns whether tiles compute an activation while they are stored. The others are dear or rare:
/// they come after. (So does a PReLU.)
inline bool fuses_into_tile(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::none || activation.kind == Kind::relu ||
         activation.kind == Kind::relu6 || activation.kind == Kind::hardswish ||
         activation.kind == Kind::prelu;
}

/// One image's way through the layers, in one thread.
struct Context {
  const Run& run;
  int image;
  int thread;

  const Picture& picture() const { return run.pictures[image]; }
  /// Returns the image's vector at an offset, that of a layer or one that it reads.
  float* vector(std::size_t offset, const Shape& shape) const {
    return run.vectors + offset +
           static_cast<std::size_t>(image) *
               static_cast<std::size_t>(round_up(shape.channels, kPanel));
  }
  /// Returns what a map's offset counts from.
  float* base(const Map& map) const {
    if (!map.local) return run.maps;
    return run.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
  float* pixels(const Map& map, int y) const { return base(map) + map.pixels(y); }
  /// Returns the floats of scratch that a layer asks for (`planning::map_scratch`).
  float* scratch(const Layer& layer) const {
    return run.scratch + layer.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
};

/// Computes rows [begin, end) of a layer's output.
using MapRows = void (*)(const Context& context, const Layer& layer, int begin, int end);

/// The kernels of one instruction set: what `forward` calls. Those that a program does not need are
/// null.
struct Kernels {
  /// Computes some channels of a product over so many pixels.
  using ProductRows = void (*)(const Product&, int pixels, int begin, int end);
  /// Convolutions of the picture, of one stride.
  struct Stem {
    void (*load_lines)(const Layer&, const Picture&, int begin, int end, float* lines) = nullptr;
    void (*rows)(const ConvolutionRows&) = nullptr;
  };

  int share = kPanel;  ///< channels that a thread takes at least
  Stem stems[2] = {};  ///< by stride: 1, 2
  ProductRows pointwise = nullptr, convolution = nullptr, l1 = nullptr;
  void (*depthwise)(const DepthwiseRows&, int kernel, int stride) = nullptr;
  void (*depthwise_any)(const Layer&, const float* const* inputs, const float* weights, int begin,
                        int end, const Rows& output) = nullptr;
  void (*spread_pixels)(const Layer&, Rows from, int count, Rows to) = nullptr;
  void (*prelu)(const Layer&, const float* weights, const Rows&, int count,
                const ChannelRange&) = nullptr;
  void (*epilogue)(const Epilogue&, int begin, int end) = nullptr;
  void (*clear_frame)(const Map&, float* base, int begin, int end) = nullptr;
  void (*pool)(const Layer&, const float* maps, int begin, int end, float* output) = nullptr;
  /// Computes panels [begin, end) of a dense layer for so many images.
  void (*dense)(const Run&, const Layer&, int image, int images, int begin, int end) = nullptr;
  std::array<MapRows, kOperatorCount> maps = {};  ///< by the numbers of their operators
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_ARGUMENTS_HPP
// from pplcnet/kernels/walk.hpp
#ifndef PPLCNET_KERNELS_WALK_HPP
#define PPLCNET_KERNELS_WALK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

// from pplcnet/kernels/chain.hpp
#ifndef PPLCNET_KERNELS_CHAIN_HPP
#define PPLCNET_KERNELS_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

// from pplcnet/kernels/stem.hpp
#ifndef PPLCNET_KERNELS_STEM_HPP
#define PPLCNET_KERNELS_STEM_HPP

#include <algorithm>
#include <cstddef>


namespace pplcnet::inline PPLCNET_ABI {

/// Computes rows [begin, end) of a convolution of the picture, two at a time; the rows that they
/// read become `lines`.
inline void stem_rows(const Kernels& kernels, const Run& run, const Layer& layer,
                      const Picture& picture, float* lines, int begin, int end,
                      const Rows& output) {
  const int stride = layer.stride.width == 2 ? 2 : 1;
  const Kernels::Stem& kernel = kernels.stems[stride - 1];
  const int step = layer.stride.height, top = begin * step - layer.padding.top;
  kernel.load_lines(layer, picture, top, top + (end - begin - 1) * step + layer.kernel.height,
                    lines);
  const std::size_t row =
      layer.phase_columns() * static_cast<std::size_t>(stride * layer.input.channels * step);
  for (int y = 0; y < end - begin; y += 2) {
    const int upper = std::max(0, std::min(y, end - begin - 2));
    const int lower = std::min(upper + 1, end - begin - 1);
    const auto input = [&](int i) { return lines + static_cast<std::size_t>(i) * row; };
    const auto target = [&](int i) {
      return output.pixels + static_cast<std::size_t>(i) * output.row_pitch;
    };
    kernel.rows({.upper = input(upper),
                 .lower = input(lower),
                 .phase_pitch = layer.phase_columns(),
                 .lines = layer.kernel.height * layer.input.channels,
                 .weights = run.weights + layer.weights,
                 .biases = run.weights + layer.biases,
                 .channels = layer.padded_channels(),
                 .activation = layer.activation.kind,
                 .width = layer.output.width,
                 .upper_output = target(upper),
                 .lower_output = target(lower),
                 .pixel_pitch = output.pixel_pitch});
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_STEM_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a chain of layers, or a part of it, in one thread: some of its rows or, where it is one
/// layer, some of its channels. A unit of the chain is a layer or several that are fused: whose
/// rows go through scratch into the next one. A unit is named by its last layer.
class Chain {
 public:
  Chain(const Kernels& kernels, const Run& run, const Picture& picture, float* const* destinations,
        int part, int first, ChannelRange channels = {})
      : kernels_(kernels),
        run_(run),
        picture_(picture),
        destinations_(destinations),
        scratch_(run.scratch + static_cast<std::size_t>(part) * run.scratch_floats),
        first_(first),
        channels_(channels) {}

  /// Computes rows [begin, end) of the chain's last layer, and of the layers before it what these
  /// need. Copies what is requested, unless it has only some of the channels.
  void compute(int last, int begin, int end) {
    std::size_t zeros = 0;
    for (int unit = last, from = begin, to = end; unit >= first_; unit = unit_begin(unit) - 1) {
      const Layer& reader = run_.layers[unit_begin(unit)];
      if (reader.reads_neighbours()) zeros = std::max(zeros, reader.source.row_pitch());
      origins_[unit - first_] = run_.layers[unit].target.local ? from : 0;
      produced_[unit - first_] = from;
      needed_[unit - first_] = to;
      from = std::max(0, from * reader.stride.height - reader.padding.top);
      to = std::min(reader.input.height, rows_read(reader, to));
    }
    std::memset(scratch_, 0, zeros * sizeof(float));
    produce(last, end);
  }

 private:
  int unit_begin(int last) const {
    while (last > first_ && run_.layers[last - 1].fused) --last;
    return last;
  }

  float* base(const Map& map) const { return map.local ? scratch_ : run_.maps; }

  /// Returns the row with which the ring of `layer`'s source begins.
  int source_origin(int layer) const { return layer > first_ ? origins_[layer - 1 - first_] : 0; }

  /// Returns the rows of its input, from the top, that a layer's first `rows` rows need.
  static int rows_read(const Layer& layer, int rows) {
    return (rows - 1) * layer.stride.height - layer.padding.top + layer.reach().height;
  }

  /// Computes rows of a unit up to `end` at least, block by block; before each block, the rows it
  /// reads.
  void produce(int last, int end) {
    const int first = unit_begin(last);
    const Layer& reader = run_.layers[first];
    int& produced = produced_[last - first_];
    while (produced < end) {
      const int begin = produced;
      produced = std::min(begin + reader.rows, needed_[last - first_]);
      if (first > first_)
        produce(first - 1, std::min(rows_read(reader, produced), reader.input.height));
      compute_block(first, last, begin, produced);
    }
  }

  void compute_block(int first, int last, int begin, int end) const {
    const Layer& writer = run_.layers[last];
    const int count = end - begin;
    const int to = (begin - origins_[last - first_]) * writer.rows_of_one();  // in its target
    for (int i = first; i <= last; ++i) {
      const Layer& layer = run_.layers[i];
      const Rows rows = i == last ? rows_of(writer.target, base(writer.target), to) : block_of(i);
      if (layer.is_stem())
        stem_rows(kernels_, run_, layer, picture_, scratch_ + layer.scratch, begin, end, rows);
      else if (layer.op == Operator::pointwise)
        pointwise(i, i > first, begin, count, rows);
      else if (layer.op == Operator::depthwise)
        depthwise_rows(i, begin, end, rows);
      else if (layer.spreads_pixels())
        kernels_.spread_pixels(layer, block_of(i - 1), count, rows);
      else
        map_convolution(i, begin, end, rows);
      if (layer.has_slopes())
        kernels_.prelu(layer, run_.weights, rows, count, {channels_.begin, end_channel(layer)});
      apply_epilogue(layer, addend_of(layer, first, begin), rows, count);
      if (destinations_[i] != nullptr && channels_.end == ChannelRange::kAll)
        copy_planar(layer.output, rows, begin * layer.rows_of_one(), end * layer.rows_of_one(),
                    destinations_[i]);
    }
    if (writer.owner == last && channels_.begin == 0)
      kernels_.clear_frame(whole_map(writer), base(writer.target), to,
                           to + count * writer.rows_of_one());
  }

  /// Applies what does not fit a register tile to rows of a layer's output.
  void apply_epilogue(const Layer& layer, const Rows& addend, const Rows& rows, int count) const {
    const bool fused = fuses_into_tile(layer.activation);
    Epilogue what = {.activation = fused ? Activation::none : layer.activation,
                     .affine = layer.affine ? run_.weights + layer.affine_place() : nullptr,
                     .addend = addend,
                     .rows = rows,
                     .count = count,
                     .width = layer.output.width};
    if (!fused || layer.affine || layer.addend >= 0)
      kernels_.epilogue(what, channels_.begin, end_channel(layer));
    if (layer.last_activation.kind == Activation::Kind::none) return;
    what.activation = layer.last_activation;
    what.affine = nullptr;
    what.addend = {};
    kernels_.epilogue(what, channels_.begin, end_channel(layer));
  }

  int end_channel(const Layer& layer) const {
    return std::min(layer.padded_channels(), channels_.end);
  }

  /// Returns the block of rows in scratch that a fused layer writes.
  Rows block_of(int index) const {
    const Layer& layer = run_.layers[index];
    const auto pitch = static_cast<std::size_t>(layer.pitch);
    return {scratch_ + layer.scratch, pitch, pitch * static_cast<std::size_t>(layer.output.width)};
  }

  /// Returns what is added to the rows of a unit from `begin` on.
  Rows addend_of(const Layer& layer, int first, int begin) const {
    if (layer.addend < 0) return {};
    if (layer.addend < first) return rows_of(layer.addend_map, run_.maps, begin);
    Rows rows = block_of(layer.addend);
    rows.pixels += layer.addend_channel;
    return rows;
  }

  void pointwise(int index, bool from_block, int begin, int count, const Rows& output) const {
    const Layer& layer = run_.layers[index];
    const Map& source = layer.source;
    const Rows input = from_block ? block_of(index - 1)
                                  : rows_of(source, base(source), begin - source_origin(index));
    Product product = product_of(layer, run_.weights, scratch_, output);
    product.input = input.pixels;
    product.pixel_pitch = input.pixel_pitch;
    // Pixels follow each other without a gap unless the map has a frame, for another reader.
    const bool gaps =
        input.row_pitch != input.pixel_pitch * static_cast<std::size_t>(product.width);
    const int rows = gaps ? 1 : count;
    for (int y = 0; y < count; y += rows) {
      kernels_.pointwise(product, rows * product.width, channels_.begin, end_channel(layer));
      product.input += input.row_pitch;
      product.output += output.row_pitch;
    }
  }

  /// Where row y of what a layer reads begins, its own padding included: in its source or, above
  /// and below that, the row of zeros.
  const float* input_row(int index, int y) const {
    const Layer& layer = run_.layers[index];
    const Map& source = layer.source;
    if (y < 0 || y >= layer.input.height) return scratch_;
    return base(source) + source.row(y - source_origin(index)) +
           static_cast<std::size_t>((source.left - layer.padding.left) * source.pixel_pitch);
  }

  /// Computes a dense convolution of a map; each of its rows of outputs has a pointer for each row
  /// of the kernel.
  void map_convolution(int index, int begin, int end, const Rows& output) const {
    constexpr int kMostPointers = 512;
    const Layer& layer = run_.layers[index];
    const auto compute = layer.op == Operator::l1 ? kernels_.l1 : kernels_.convolution;
    const auto pitch = static_cast<std::size_t>(layer.source.pixel_pitch);
    const int kernel_rows = layer.kernel.height, most = kMostPointers / kernel_rows;
    const float* inputs[kMostPointers];
    Product product = product_of(layer, run_.weights, scratch_, output);
    product.rows = inputs;
    product.kernel_rows = kernel_rows;
    product.kernel_columns = layer.kernel.width;
    product.pixel_pitch = static_cast<std::size_t>(layer.stride.width) * pitch;
    product.tap_pitch = static_cast<std::size_t>(layer.dilation.width) * pitch;
    for (int y = begin; y < end; y += most) {
      const int count = std::min(most, end - y);
      for (int i = 0; i < count * kernel_rows; ++i)
        inputs[i] =
            input_row(index, (y + i / kernel_rows) * layer.stride.height - layer.padding.top +
                                 i % kernel_rows * layer.dilation.height);
      compute(product, count * product.width, channels_.begin, end_channel(layer));
      product.output += static_cast<std::size_t>(count) * output.row_pitch;
    }
  }

  /// Computes rows: with dilation, every so many rows and columns are an image of their own, of
  /// which the kernel reads neighbours.
  void depthwise_rows(int index, int begin, int end, const Rows& output) const {
    const Layer& layer = run_.layers[index];
    if (!has_depthwise_tiles(layer)) return depthwise_any(index, begin, end, output);
    const auto [rows, columns] = layer.dilation;
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column)
        depthwise_phase(index, begin + row, end, column,
                        {output.pixels + static_cast<std::size_t>(row) * output.row_pitch +
                             static_cast<std::size_t>(column) * output.pixel_pitch,
                         output.pixel_pitch * static_cast<std::size_t>(columns),
                         output.row_pitch * static_cast<std::size_t>(rows)});
  }

  /// Computes rows of a kernel or a stride that has no tiles.
  void depthwise_any(int index, int begin, int end, Rows output) const {
    const Layer& layer = run_.layers[index];
    const float* inputs[Graph::kLargestKernel];
    for (int y = begin; y < end; ++y, output.pixels += output.row_pitch) {
      const int top = y * layer.stride.height - layer.padding.top;
      for (int i = 0; i < layer.kernel.height; ++i)
        inputs[i] = input_row(index, top + i * layer.dilation.height);
      kernels_.depthwise_any(layer, inputs, run_.weights, channels_.begin, end_channel(layer),
                             output);
    }
  }

  /// Computes rows begin, begin + dilation, … and columns column, column + dilation, … .
  void depthwise_phase(int index, int begin, int end, int column, Rows output) const {
    const Layer& layer = run_.layers[index];
    const int dilation = layer.dilation.height, step = layer.stride.height;
    const auto width =
        static_cast<int>(ceil_div(layer.output.width - column, layer.dilation.width));
    const int begin_channel = channels_.begin;
    const auto offset = static_cast<std::size_t>(
        column * layer.stride.width * layer.source.pixel_pitch + begin_channel);
    if (width <= 0) return;
    output.pixels += begin_channel;
    constexpr int kMaxRows = 8;  // at a time: what fits a small array of row pointers
    constexpr int kMaxInputs = (kMaxRows - 1) * 2 + 5;
    const float* inputs[kMaxInputs];
    for (int y = begin; y < end;
         y += kMaxRows * dilation, output.pixels += kMaxRows * output.row_pitch) {
      const int count = std::min(kMaxRows, static_cast<int>(ceil_div(end - y, dilation)));
      const int top = y * step - layer.padding.top;
      const int used = (count - 1) * step + layer.kernel.height;
      for (int i = 0; i < used; ++i) inputs[i] = input_row(index, top + i * dilation) + offset;
      kernels_.depthwise({.inputs = inputs,
                          .row_step = step,
                          .input_pixel_pitch = static_cast<std::size_t>(layer.source.pixel_pitch *
                                                                        layer.dilation.width),
                          .weights = run_.weights + layer.weights + begin_channel * layer.depth(),
                          .biases = run_.weights + layer.biases + begin_channel,
                          .channels = end_channel(layer) - begin_channel,
                          .activation = layer.activation.kind,
                          .count = count,
                          .width = width,
                          .output = output.pixels,
                          .output_pixel_pitch = output.pixel_pitch,
                          .output_row_pitch = output.row_pitch},
                         layer.kernel.height, layer.stride.width);
    }
  }

  const Kernels& kernels_;
  const Run& run_;
  const Picture& picture_;
  float* const* destinations_;
  float* scratch_;  // begins with a row of zeros
  int first_;
  ChannelRange channels_;  // of a layer that is the whole chain
  // Of each unit.
  int origins_[Plan::kMaxChain] = {};   // the row with which its ring begins
  int produced_[Plan::kMaxChain] = {};  // its rows so far
  int needed_[Plan::kMaxChain] = {};    // where they end
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_CHAIN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What takes longer than it computes counts for so many multiply-adds: a weight that comes from
/// L3, and a value of a map that is used once.
inline constexpr std::int64_t kWeightWork = 8, kPixelWork = 4;

/// Splits `count` units into at most so many parts as there are threads, if there is work enough,
/// and runs `body(part, begin, end)` for each.
template <class Body>
void split(const Run& run, std::int64_t work, int count, const Body& body) {
  const int parts = work < run.shared_work ? 1 : std::min(run.threads, count);
  if (parts <= 1) return body(0, 0, count);
  const auto part = [&](int i) { body(i, count * i / parts, count * (i + 1) / parts); };
  run.executor(parts, Task(part));
}

/// Computes a dense layer for `images` images from `image` on.
inline void dense_layer(const Kernels& kernels, const Run& run, int index, int image, int images) {
  const Layer& layer = run.layers[index];
  const std::int64_t work = layer.multiply_adds * images * kWeightWork;
  split(run, work, static_cast<int>(ceil_div(layer.output.channels, kPanel)),
        [&](int, int begin, int end) { kernels.dense(run, layer, image, images, begin, end); });
}

/// One image's way through the layers.
class ImageRun {
 public:
  ImageRun(const Kernels& kernels, const Run& run, int image)
      : kernels_(kernels),
        run_(run),
        picture_(run.pictures[image]),
        destinations_(run.destinations + std::ptrdiff_t{image} * run.layer_count),
        image_(image) {}

  /// Computes layers [begin, end).
  void layers(int begin, int end) const {
    for (int i = begin; i < end;) {
      const Layer& layer = run_.layers[i];
      const int next = layer.chain_end;
      if (run_.layers[next - 1].optional_output && !requested(i, next)) {
        i = next;
        continue;
      }
      if (layer.works_by_rows())
        chain(i, next - 1);
      else if (layer.op == Operator::pool)
        pool_map(layer);
      else if (layer.op == Operator::dense)
        dense_layer(kernels_, run_, i, image_, 1);
      else
        whole_maps(i, next);
      copy_vector(i);
      i = next;
    }
  }

  /// Copies the vector that a layer has left in the workspace, if requested.
  void copy_vector(int index) const {
    const Layer& layer = run_.layers[index];
    if (destinations_[index] != nullptr && layer.gives_vector())
      std::memcpy(destinations_[index], context().vector(layer.target_vector, layer.output),
                  sizeof(float) * static_cast<std::size_t>(layer.output.channels));
  }

 private:
  Context context(int thread = 0) const { return {run_, image_, thread}; }

  /// Returns whether the output of one of these layers is requested.
  bool requested(int begin, int end) const {
    for (int i = begin; i < end; ++i)
      if (destinations_[i] != nullptr) return true;
    return false;
  }

  /// Computes a chain: each thread a band of its last rows, and what these need.
  void chain(int first, int last) const {
    if (run_.threads > 1 && first == last && splits_by_channels(run_.layers[first]))
      return layer_by_channels(first);
    // Bands overlap above the last unit: copies of what is there are left to one thread.
    int unit = last;
    while (unit > first && run_.layers[unit - 1].fused) --unit;
    const int height = run_.layers[last].output.height / run_.layers[last].rows_of_one();
    const auto band = [&](int part, int begin, int end) {
      Chain(kernels_, run_, picture_, destinations_, part, first).compute(last, begin, end);
    };
    if (requested(first, unit)) return band(0, 0, height);
    std::int64_t work = 0;
    for (int i = first; i <= last; ++i) work += work_of(run_.layers[i]);
    split(run_, work, height, band);
  }

  bool splits_by_channels(const Layer& layer) const {
    return (layer.is_product() || layer.op == Operator::depthwise) &&
           layer.output.channels >= run_.threads * kernels_.share;
  }

  /// Computes a layer alone, split by channels, as the layers around it are: its map is small, its
  /// weights are not, and much of what a thread reads it has written itself.
  void layer_by_channels(int index) const {
    const Layer& layer = run_.layers[index];
    const int height = layer.output.height;
    split(run_, work_of(layer), static_cast<int>(ceil_div(layer.output.channels, kernels_.share)),
          [&](int part, int begin, int end) {
            const ChannelRange channels = {begin * kernels_.share, end * kernels_.share};
            Chain(kernels_, run_, picture_, destinations_, part, index, channels)
                .compute(index, 0, height);
          });
    if (destinations_[index] != nullptr)
      copy_planar(layer.output, rows_of(layer.target, run_.maps, 0), 0, height,
                  destinations_[index]);
  }

  /// Returns multiply-adds, or what takes as long.
  static std::int64_t work_of(const Layer& layer) {
    if (layer.op == Operator::l1) return layer.output.size() * layer.depth();
    return layer.is_elementwise() ? layer.output.size() * kPixelWork : layer.multiply_adds;
  }

  static std::int64_t pixel_work(const Layer& layer) {
    return std::max(layer.input.size(), layer.output.size()) * kPixelWork;
  }

  /// Computes a chain of layers that write maps, row by row: a block of rows of all of them at a
  /// time.
  void whole_maps(int first, int end) const {
    const Layer& last = run_.layers[end - 1];
    std::int64_t work = 0;
    for (int i = first; i < end; ++i) work += pixel_work(run_.layers[i]);
    split(run_, work, last.output.height, [&](int part, int begin, int stop) {
      for (int y = begin, next; y < stop; y = next) {
        next = std::min(stop, (y / last.rows + 1) * last.rows);  // a ring's end is a block's
        for (int i = first; i < end; ++i) map_rows(i, context(part), y, next);
      }
    });
  }

  /// Computes rows [begin, end) of one of these layers, and copies them if requested.
  void map_rows(int index, const Context& context, int begin, int end) const {
    const Layer& layer = run_.layers[index];
    float* const base = context.base(layer.target);
    const Rows rows = rows_of(layer.target, base, begin);
    kernels_.maps[static_cast<std::size_t>(layer.op)](context, layer, begin, end);
    if (layer.activation.kind != Activation::Kind::none)
      kernels_.epilogue({.activation = layer.activation,
                         .affine = nullptr,
                         .addend = {},
                         .rows = rows,
                         .count = end - begin,
                         .width = layer.output.width},
                        0, layer.padded_channels());
    if (layer.owner == index) kernels_.clear_frame(whole_map(layer), base, begin, end);
    if (destinations_[index] != nullptr)
      copy_planar(layer.output, rows, begin, end, destinations_[index], layer.write_step);
  }

  void pool_map(const Layer& layer) const {
    const int channels = layer.output.channels;
    float* const to = context().vector(layer.target_vector, layer.output);
    split(run_, pixel_work(layer), static_cast<int>(ceil_div(channels, kPanel)),
          [&](int, int begin, int end) {
            kernels_.pool(layer, run_.maps, begin * kPanel, std::min(channels, end * kPanel), to);
          });
  }

  const Kernels& kernels_;
  const Run& run_;
  const Picture& picture_;
  float* const* destinations_;
  int image_;
};

/// Runs a plan for up to kChunk images; the dense layers at its end, which are nearly all
/// weights, pass over them once for all images.
inline void walk(const Run& run, const Kernels& kernels) noexcept {
  int last = run.layer_count;
  const auto requested = [&](int layer) {
    for (int image = 0; image < run.images; ++image)
      if (run.destinations[image * run.layer_count + layer] != nullptr) return true;
    return false;
  };
  while (last > 0 && !requested(last - 1)) --last;
  int head = last;
  while (head > 0 && run.layers[head - 1].op == Operator::dense) --head;
  for (int image = 0; image < run.images; ++image) ImageRun(kernels, run, image).layers(0, head);
  for (int layer = head; layer < last; ++layer) {
    dense_layer(kernels, run, layer, 0, run.images);
    for (int image = 0; image < run.images; ++image)
      ImageRun(kernels, run, image).copy_vector(layer);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_WALK_HPP

// Compiles the kernels once for each instruction set.
#if PPLCNET_CHOOSE_ISA
// Two flips leave Highway as it was, also where one of the copies is left out.
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#if PPLCNET_HAS_AVX2
// from pplcnet/kernels/forward-inl.hpp
// All kernels. Compiled once per instruction set.
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
namespace hn = hwy::HWY_NAMESPACE;
#endif

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The files above are used by those below.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    const V tail = exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
    return hn::NegMulAdd(size, tail, hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates and stores a register tile. The choice is made once per tile, not per vector, and
/// between few: what is compiled is a copy of the tile's end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(const Tile& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.store(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.store(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.store(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-kernel-inl.hpp
// What the kernels of operators that write a map, row by row, from whole maps have in common.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernel of an operator, of which this is specialised where it is; null: it is none of these.
template <Operator kOperator>
inline constexpr MapRows kMapKernel = nullptr;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/partial-inl.hpp
// Sums and maxima over channels: of every 16th, then of these 16, whatever the width of a vector,
// so that all instruction sets get the same bits. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

using Lane = hn::CappedTag<float, 1>;

/// Adds values.
struct Sum {
  static constexpr float kStart = 0;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V sum, V x) const {
    return hn::Add(sum, x);
  }
};

/// Keeps the largest.
struct Maximum {
  static constexpr float kStart = std::numeric_limits<float>::lowest();
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V most, V x) const {
    return hn::Max(most, x);
  }
};

/// Adds the squares of distances from a mean.
struct SquaredDistances {
  static constexpr float kStart = 0;
  float mean;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V sum, V x) const {
    const V distance = hn::Sub(x, hn::Set(d, mean));
    return hn::MulAdd(distance, distance, sum);
  }
};

/// 16 partial results.
class Partial {
 public:
  explicit Partial(float start) { std::fill_n(results_, kPanel, start); }

  /// Takes `count` values.
  template <class Combine>
  HWY_INLINE void add(const float* values, int count, const Combine& combine) {
    const Lanes16 d;
    const int whole = count / kPanel * kPanel;
    for (int lane = 0; lane < kPanel && whole > 0; lane += kLanes) {
      auto result = hn::Load(d, results_ + lane);
      for (int i = lane; i < whole; i += kPanel)
        result = combine(d, result, hn::LoadU(d, values + i));
      hn::Store(result, d, results_ + lane);
    }
    for (int i = whole; i < count; ++i) results_[i - whole] = one(combine, i - whole, values[i]);
  }

  /// Returns the result of all.
  template <class Combine>
  HWY_INLINE float total(const Combine& combine) {
    for (int half = kPanel / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) results_[i] = one(combine, i, results_[i + half]);
    return results_[0];
  }

 private:
  template <class Combine>
  HWY_INLINE float one(const Combine& combine, int i, float value) const {
    const Lane d;
    return hn::GetLane(combine(d, hn::Set(d, results_[i]), hn::Set(d, value)));
  }

  alignas(64) float results_[kPanel];
};

/// Calls `visit(d, i)` for every vector of `count` values from the i-th on, single ones at the end.
template <class Visit>
HWY_INLINE void for_each_vector(int count, const Visit& visit) {
  const Lanes8 d;
  int i = 0;
  for (; i + static_cast<int>(hn::MaxLanes(d)) <= count; i += static_cast<int>(hn::MaxLanes(d)))
    visit(d, i);
  for (; i < count; ++i) visit(Lane(), i);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rows-inl.hpp
// What is done with rows of maps besides arithmetic. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Zeroes [begin, end), a multiple of 8 floats: a few, for which memset, of which the compiler
/// would think, is slow.
HWY_INLINE void clear(float* begin, const float* end) {
  const Lanes8 d;
  const auto zero = in_register(hn::Zero(d));
  for (; begin != end; begin += hn::MaxLanes(d)) hn::StoreU(zero, d, begin);
}

/// Zeroes the frame at both ends of rows [begin, end) of a map.
inline HWY_NOINLINE void clear_frame(const Map& map, float* base, int begin, int end) {
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  for (int y = begin; y < end && left + right > 0; ++y) {
    float* const row = base + map.row(y);
    clear(row, row + left);
    clear(row + map.row_pitch() - right, row + map.row_pitch());
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/product-inputs-inl.hpp
// Where a tile of a product finds its inputs. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a pointwise layer's tile: pixels at equal distances.
template <int kPixels>
class PixelInputs {
 public:
  HWY_INLINE PixelInputs(const Product& product, int pixel) : pixel_pitch_(product.pixel_pitch) {
    point(product.input + static_cast<std::size_t>(pixel) * pixel_pitch_, Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return rows_[kPixel / kGroup] + kPixel % kGroup * pixel_pitch_;
  }

  HWY_INLINE void advance(int channels) { advance(channels, Indices()); }

  static constexpr bool next_tap() { return false; }

  /// Adds the term of one k to a sum.
  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  // On x86 every third pixel has a pointer of its own; its neighbours are one and two pitches
  // away, which it addresses without further arithmetic. Fourteen pointers would be spilled.
  static constexpr int kGroup = HWY_ARCH_ARM ? 1 : 3;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;
  using Indices = std::make_integer_sequence<int, kGroups>;

  template <int... kIndex>
  HWY_INLINE void point(const float* input, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = input + kGroup * kIndex * pixel_pitch_), ...);
  }

  template <int... kIndex>
  HWY_INLINE void advance(int channels, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] += channels), ...);
  }

  std::size_t pixel_pitch_;
  const float* rows_[kGroups];
};

/// The inputs of a convolution's tile, tap by tap: its pixels may be in several rows. Few of their
/// pointers are in registers, but none of them changes before the kernel's next row.
template <int kPixels>
class TapInputs {
  using Indices = std::make_integer_sequence<int, kPixels>;

 public:
  HWY_INLINE TapInputs(const Product& product, int pixel) : product_(product) {
    int row = pixel / product.width, column = pixel - row * product.width;
    for (int i = 0; i < kPixels; ++i) {
      rows_[i] = product.rows + row * product.kernel_rows;
      offsets_[i] = static_cast<std::size_t>(column) * product.pixel_pitch;
      if (++column < product.width) continue;
      column = 0;
      ++row;
    }
    point(Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return pixels_[kPixel] + channel_;
  }

  HWY_INLINE void advance(int channels) { channel_ += static_cast<std::size_t>(channels); }

  HWY_INLINE bool next_tap() {
    if (++column_ == product_.kernel_columns) {
      if (++row_ == product_.kernel_rows) return false;
      column_ = 0;
      point(Indices());
    }
    channel_ = static_cast<std::size_t>(column_) * product_.tap_pitch;
    return true;
  }

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  template <int... kPixel>
  HWY_INLINE void point(std::integer_sequence<int, kPixel...>) {
    ((pixels_[kPixel] = rows_[kPixel][row_] + offsets_[kPixel]), ...);
  }

  const Product& product_;
  int row_ = 0, column_ = 0;  // of the kernel
  std::size_t channel_ = 0;   // from a pixel of the kernel's first column on
  const float* pixels_[kPixels];
  const float* const* rows_[kPixels];
  std::size_t offsets_[kPixels];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-pairs-inl.hpp
// A product's last 24 channels, where a vector holds a panel of 16: half of one would be wasted on
// the last 8, which two pixels share. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <template <int> class Inputs, class D, int kPixels>
class PairTile;

/// Tiles of 24 channels; see VectorTiles.
struct PairTiles {
  static constexpr int kChannels = kPanel + kHalfPanel, kPixels = 16;
  template <template <int> class Inputs, int kSize>
  using Tile = PairTile<Inputs, Lanes16, kSize>;
};

#if HWY_CAP_GE256
/// One and a half panels of the outputs of kPixels pixels: a vector for each pixel, and one for the
/// half panels of a pair of pixels. It computes what a ProductTile computes.
template <template <int> class Inputs, class D, int kPixels>
class PairTile {
  using V = hn::Vec<D>;
  using Half = hn::Half<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kSums = 3;  // of a pair: each pixel's own, and the shared one
  using Pairs = std::make_integer_sequence<int, (kPixels + 1) / 2>;

 public:
  HWY_INLINE PairTile(const Product& product, const float* weights, int channel, int pixel,
                      const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(product.biases + channel, Pairs());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      for (const float* const end = weights + tap; weights != end;
           weights += kPanel, ahead += ahead_step) {
        add_pairs(inputs, hn::Load(D(), weights), twice(weights + panel_pitch), Pairs());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pairs(activate,
                product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                    static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                column, Pairs());
  }

 private:
  /// Returns half a vector in both halves of one.
  static HWY_INLINE V twice(const float* values) {
    const auto half = hn::Load(Half(), values);
    return hn::Combine(D(), half, half);
  }

  /// The second pixel of a pair; where there is none, the first one.
  template <int kPair>
  static constexpr int kSecond = std::min(2 * kPair + 1, kPixels - 1);

  template <int... kPair>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kPair...>) {
    const V whole = hn::Load(D(), biases), half = twice(biases + kPanel);
    ((sums_[kSums * kPair] = sums_[kSums * kPair + 1] = whole, sums_[kSums * kPair + 2] = half),
     ...);
  }

  template <int... kPair>
  HWY_INLINE void add_pairs(const TileInputs& inputs, V whole, V half,
                            std::integer_sequence<int, kPair...>) {
    (add_pair<kPair>(in_register(hn::Set(D(), *inputs.template address<2 * kPair>())),
                     in_register(hn::Set(D(), *inputs.template address<kSecond<kPair>>())), whole,
                     half),
     ...);
  }

  template <int kPair>
  HWY_INLINE void add_pair(V first, V second, V whole, V half) {
    V* const sums = sums_ + kSums * kPair;
    sums[0] = TileInputs::add(first, whole, sums[0]);
    sums[1] = TileInputs::add(second, whole, sums[1]);
    sums[2] = TileInputs::add(hn::ConcatUpperLower(D(), second, first), half, sums[2]);
  }

  template <class Activate, int... kPair>
  HWY_INLINE void store_pairs(const Activate& activate, float* to, int column,
                              std::integer_sequence<int, kPair...>) const {
    (store_pair<kPair>(activate, to, column), ...);
  }

  template <int kPair, class Activate>
  HWY_INLINE void store_pair(const Activate& activate, float*& to, int& column) const {
    const D d;
    const V* const sums = sums_ + kSums * kPair;
    const V halves = activate(d, sums[2]);
    store_pixel(activate(d, sums[0]), hn::LowerHalf(Half(), halves), to, column);
    if constexpr (kSecond<kPair> != 2 * kPair)
      store_pixel(activate(d, sums[1]), hn::UpperHalf(Half(), halves), to, column);
  }

  HWY_INLINE void store_pixel(V whole, hn::Vec<Half> half, float*& to, int& column) const {
    hn::StoreU(whole, D(), to);
    hn::StoreU(half, Half(), to + kPanel);
    to += product_.output_pixel_pitch;
    if (++column < product_.width) return;
    column = 0;
    to += product_.output_row_pitch -
          static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kSums * ((kPixels + 1) / 2)];
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Kernels.
// from pplcnet/kernels/convolution-inl.hpp
// The 3×3 convolution over the picture. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns how many columns of frame the phase of kernel column `column` begins with.
template <int kStride>
constexpr std::size_t framed_before(std::size_t column) {
  constexpr std::size_t kPad = 1;
  return column % kStride < kPad ? 1 : 0;
}

/// Copies the values at columns [0, count) to their phases.
template <int kStride, class Phase, class Value>
HWY_INLINE void copy_columns(std::size_t count, const Phase& phase, const Value& value) {
  float* to[kStride];
  for (std::size_t offset = 0; offset < kStride; ++offset) to[offset] = phase(offset);
  constexpr std::size_t kUnroll = 8;
  std::size_t x = 0;
  for (; x + kUnroll <= count; x += kUnroll) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kUnroll; ++i)
      to[i % kStride][x / kStride + i / kStride] = value(static_cast<std::ptrdiff_t>(x + i));
  }
  for (; x < count; ++x) to[x % kStride][x / kStride] = value(static_cast<std::ptrdiff_t>(x));
}

/// Copies two vectors of values, of which the even ones go to `even` and the odd ones to `odd`.
template <class D>
HWY_INLINE void copy_pairs(D d, const float* from, float* even, float* odd) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  // g++ would read both twice, which takes twice as long where a picture begins anywhere.
  const auto a = in_register(hn::LoadU(d, from));
  const auto b = in_register(hn::LoadU(d, from + hn::MaxLanes(d)));
  hn::StoreU(hn::ConcatEven(d, b, a), d, even);
  hn::StoreU(hn::ConcatOdd(d, b, a), d, odd);
#else
  hn::Vec<D> a, b;
  hn::LoadInterleaved2(d, from, a, b);
  hn::StoreU(a, d, even);
  hn::StoreU(b, d, odd);
#endif
}

/// Copies columns like copy_columns, for values that lie side by side.
template <int kStride, class Phase>
HWY_INLINE void copy_planar_columns(std::size_t count, const Phase& phase, const float* from) {
  using D = Lanes16;
  float* const even = phase(0);
  if constexpr (kStride == 1) {
    std::memcpy(even, from, count * sizeof(float));
  } else {
    float* const odd = phase(1);
    std::size_t i = 0;
    for (; 2 * (i + hn::MaxLanes(D())) <= count; i += hn::MaxLanes(D()))
      copy_pairs(D(), from + 2 * i, even + i, odd + i);
    for (; 2 * i < count; ++i) {
      even[i] = from[2 * i];
      if (2 * i + 1 < count) odd[i] = from[2 * i + 1];
    }
  }
}

/// Copies rows [begin, end) of the picture into lines, [row][in][phase][column], inside the frame
/// of zeros. With a stride of two the even and the odd columns of the frame are two phases, so that
/// what neighbouring outputs read lies side by side. The frame's columns end at a panel's end: what
/// is copied begins with one.
template <int kStride>
HWY_NOINLINE void load_lines(const Layer& layer, const Picture& input, int begin, int end,
                             float* lines) {
  const Shape& picture = layer.input;
  const auto pad = static_cast<std::size_t>(layer.padding.left);
  const std::size_t phase_pitch = layer.phase_columns();
  const std::size_t used = std::min(static_cast<std::size_t>(picture.width),
                                    static_cast<std::size_t>(layer.framed_columns()) - pad);
  // Where the picture's columns offset, offset + kStride, … go.
  const auto phase = [&](std::size_t offset) {
    float* const line = lines + (pad + offset) % kStride * phase_pitch;
    const std::size_t count = (used + kStride - 1 - offset) / kStride;
    clear(line, line + kPanel);
    clear(line + kPanel + count / kPanel * kPanel, line + phase_pitch);
    return line + kPanel;
  };
  for (int y = begin; y < end; ++y)
    for (int c = 0; c < picture.channels; ++c, lines += kStride * phase_pitch) {
      if (y < 0 || y >= picture.height) {
        clear(lines, lines + kStride * phase_pitch);
        continue;
      }
      const std::ptrdiff_t first = c * input.channel + y * input.row;
      if (input.values == nullptr) {
        const ByteTable& lookup = input.lookup[c];
        copy_columns<kStride>(used, phase, [&](std::ptrdiff_t x) {
          return lookup[input.bytes[first + x * input.pixel]];
        });
      } else if (input.pixel == 1) {
        copy_planar_columns<kStride>(used, phase, input.values + first);
      } else {
        copy_columns<kStride>(
            used, phase, [&](std::ptrdiff_t x) { return input.values[first + x * input.pixel]; });
      }
    }
}

/// kChannels channels of two rows of one vector of outputs; the sum's order is that of the weights.
template <class D, int kStride, int kChannels>
class ConvolutionTile {
  using V = hn::Vec<D>;
  static constexpr int kKernel = 3;
  static constexpr int kQuads = kChannels / 4;
  /// Where in its phase the first output's input for a kernel column is.
  template <int kColumn>
  static constexpr std::size_t kFirst = kPanel -
                                        framed_before<kStride>(kColumn) + kColumn / kStride;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE ConvolutionTile(const ConvolutionRows& rows, const float* weights, const float* biases,
                             std::size_t column, float* upper_output, float* lower_output,
                             std::size_t pixel_pitch)
      : upper_output_(upper_output), lower_output_(lower_output), pixel_pitch_(pixel_pitch) {
    start(biases, Indices<2 * kChannels>());
    const float* upper = rows.upper + column;
    const float* lower = rows.lower + column;
    for (int i = 0; i < rows.lines; ++i, weights += kKernel * kPanel) {
      add_columns(upper, lower, rows.phase_pitch, weights, Indices<kKernel>());
      upper += kStride * rows.phase_pitch;
      lower += kStride * rows.phase_pitch;
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_row<0>(activate, upper_output_, Indices<kQuads>());
    store_row<kChannels>(activate, lower_output_, Indices<kQuads>());
  }

 private:
  template <int... kSum>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = hn::Set(D(), biases[kSum % kChannels])), ...);
  }

  template <int... kColumn>
  HWY_INLINE void add_columns(const float* upper, const float* lower, std::size_t phase_pitch,
                              const float* weights, std::integer_sequence<int, kColumn...>) {
    (add_column(hn::LoadU(D(), upper + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                hn::LoadU(D(), lower + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                weights + kColumn * kPanel, Indices<kChannels>()),
     ...);
  }

  template <int... kChannel>
  HWY_INLINE void add_column(V upper, V lower, const float* weights,
                             std::integer_sequence<int, kChannel...>) {
    (add_products<kChannel>(upper, lower, in_register(hn::Set(D(), weights[kChannel]))), ...);
  }

  template <int kChannel>
  HWY_INLINE void add_products(V upper, V lower, V weight) {
    sums_[kChannel] = hn::MulAdd(upper, weight, sums_[kChannel]);
    sums_[kChannels + kChannel] = hn::MulAdd(lower, weight, sums_[kChannels + kChannel]);
  }

  template <int kFirst, class Activate, int... kQuad>
  HWY_INLINE void store_row(const Activate& activate, float* to,
                            std::integer_sequence<int, kQuad...>) const {
    (store_quad<kFirst + 4 * kQuad>(activate, to + 4 * kQuad), ...);
  }

  /// Stores four vectors of one channel each as pixels of four channels each.
  template <int kSum, class Activate>
  HWY_INLINE void store_quad(const Activate& activate, float* to) const {
    const D d;
    const V a = activate(d, sums_[kSum]), b = activate(d, sums_[kSum + 1]);
    const V c = activate(d, sums_[kSum + 2]), e = activate(d, sums_[kSum + 3]);
#if HWY_TARGET == HWY_SCALAR
    const V quad[] = {a, b, c, e};
    for (int i = 0; i < 4; ++i) hn::StoreU(quad[i], d, to + i);
#else
    const std::size_t pixel_pitch = opaque(pixel_pitch_);
    const hn::RepartitionToWide<hn::RebindToUnsigned<D>> pairs;
    const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
    const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
    const auto upper_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
    const auto upper_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), to, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), to + pixel_pitch,
                 pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, upper_ab, upper_ce)),
                 to + 2 * pixel_pitch, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, upper_ab, upper_ce)),
                 to + 3 * pixel_pitch, pixel_pitch);
#endif
  }

  /// Stores four channels of every fourth pixel.
  template <class Blocks>
  HWY_INLINE void store_blocks(Blocks d, hn::Vec<Blocks> vector, float* to,
                               [[maybe_unused]] std::size_t pixel_pitch) const {
#if HWY_CAP_GE256
    if constexpr (hn::MaxLanes(Blocks()) > 4) {
      const hn::Half<Blocks> half;
      store_blocks(half, hn::LowerHalf(half, vector), to, pixel_pitch);
      store_blocks(half, hn::UpperHalf(half, vector), to + hn::MaxLanes(d) / 2 * pixel_pitch,
                   pixel_pitch);
      return;
    }
#endif
    hn::StoreU(vector, d, to);
  }

  float *upper_output_, *lower_output_;
  std::size_t pixel_pitch_;
  V sums_[2 * kChannels];
};

/// Computes two output rows.
template <TileEnds kEnds, int kStride>
HWY_NOINLINE void convolution_rows(const ConvolutionRows& rows) {
  using D = Lanes16;
  constexpr int kChannels = kLanes == 16 || HWY_ARCH_ARM ? 8 : 4;
  const auto width = static_cast<std::size_t>(rows.width);
  const std::size_t panel = static_cast<std::size_t>(rows.lines) * 3 * kPanel;
  for (std::size_t x = 0; x < width; x += kLanes) {
    // The last tile may overlap the one before it: what it computes again has the same bits.
    const std::size_t column = width < kLanes ? 0 : std::min(x, width - kLanes);
    for (std::size_t c = 0; c < static_cast<std::size_t>(rows.channels); c += kChannels) {
      const float* const weights = rows.weights + c / kPanel * panel + c % kPanel;
      const auto tile = [&](float* upper, float* lower, std::size_t pixel_pitch) HWY_ATTR {
        finish<kEnds>(ConvolutionTile<D, kStride, kChannels>(rows, weights, rows.biases + c, column,
                                                             upper, lower, pixel_pitch),
                      rows.activation);
      };
      float* const upper = rows.upper_output + column * rows.pixel_pitch + c;
      float* const lower = rows.lower_output + column * rows.pixel_pitch + c;
      if (width >= kLanes) {
        tile(upper, lower, rows.pixel_pitch);
        continue;
      }
      // A tile wider than the output: only what is inside is kept.
      float pixels[2][kLanes * kChannels];
      tile(pixels[0], pixels[1], kChannels);
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t k = 0; k < kChannels; ++k) {
          upper[i * rows.pixel_pitch + k] = pixels[0][i * kChannels + k];
          lower[i * rows.pixel_pitch + k] = pixels[1][i * kChannels + k];
        }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-any-inl.hpp
// Depthwise convolution with any kernel and any stride. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One vector of channels of one pixel; taps are added in raster order.
template <class D>
class DepthwisePixel {
 public:
  /// `inputs` has a pointer for each row of the kernel.
  HWY_INLINE DepthwisePixel(const Layer& layer, const float* const* inputs, std::size_t offset,
                            const float* weights, const float* biases, float* output)
      : output_(output), sum_(hn::Load(D(), biases)) {
    const auto tap_pitch =
        static_cast<std::size_t>(layer.dilation.width * layer.source.pixel_pitch);
    for (int row = 0; row < layer.kernel.height; ++row) {
      const float* input = inputs[row] + offset;
      for (int column = 0; column < layer.kernel.width; ++column) {
        sum_ = hn::MulAdd(hn::LoadU(D(), input), hn::Load(D(), weights), sum_);
        input += tap_pitch;
        weights += kPanel;
      }
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    hn::StoreU(activate(D(), sum_), D(), output_);
  }

 private:
  float* output_;
  hn::Vec<D> sum_;
};

/// Computes channels [begin, end) of a row of outputs; `inputs` are the rows of the map that it
/// reads, left padding first.
inline HWY_NOINLINE void depthwise_row(const Layer& layer, const float* const* inputs,
                                       const float* all_weights, int begin, int end,
                                       const Rows& output) {
  using D = Lanes8;
  const auto depth = static_cast<std::size_t>(layer.depth());
  const auto step = static_cast<std::size_t>(layer.stride.width * layer.source.pixel_pitch);
  for (auto channel = static_cast<std::size_t>(begin); channel < static_cast<std::size_t>(end);
       channel += hn::MaxLanes(D())) {
    const float* const weights =
        all_weights + layer.weights + channel / kPanel * kPanel * depth + channel % kPanel;
    for (std::size_t x = 0; x < static_cast<std::size_t>(layer.output.width); ++x)
      finish(DepthwisePixel<D>(layer, inputs, x * step + channel, weights,
                               all_weights + layer.biases + channel,
                               output.pixels + x * output.pixel_pitch + channel),
             layer.activation.kind);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-inl.hpp
// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// A tile of outputs: two strips: enough independent sums to hide the latency of a multiply-add, of
/// as many pixels as leave room in the registers for a kernel row's taps. Seven divides all widths
/// from 112 down to 7.
inline constexpr int kDepthwisePixels = kLanes == 16 || HWY_ARCH_ARM ? kLongestStrip : 4;

/// Channels that are worked through at a time, tile by tile: a few rows of them fit L1, and so do
/// their taps.
inline constexpr int kDepthwiseChannels = 4 * kPanel;

/// Whether the registers hold the taps of two kernel rows, so that two rows of outputs can share
/// what they read.
inline constexpr bool kSharesInputs = kLanes == 16 || HWY_ARCH_ARM;

/// Neighbouring outputs in a row: what they are computed from, and where they go.
struct DepthwiseStrip {
  const float* const* inputs;  // [kernel row]
  std::size_t offset;          // in each of them
  float* output;
};

/// Two strips of kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;
  static constexpr std::size_t kRowOfTaps = kKernel * kPanel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    for (int y = 0; y < kKernel; ++y, weights += kRowOfTaps) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_rows(first.inputs[y] + first.offset + channel, second.inputs[y] + second.offset + channel,
               input_pitch, taps, Indices<kInputs>());
    }
  }

  /// The second strip is below the first, whose inputs begin kDown rows further down: rows of
  /// inputs that both strips read are loaded once.
  template <int kDown>
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases,
                           std::integral_constant<int, kDown>)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    const std::size_t offset = first.offset + channel;
    V upper[kKernel], lower[kKernel];
    int y = 0;
    for (; y < kDown; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      add_row<true, false>(first.inputs[y] + offset, input_pitch, upper, upper, Indices<kInputs>());
    }
    for (; y < kKernel; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<true, true>(first.inputs[y] + offset, input_pitch, upper, lower, Indices<kInputs>());
    }
    for (; y < kKernel + kDown; ++y, weights += kRowOfTaps) {
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<false, true>(first.inputs[y] + offset, input_pitch, lower, lower, Indices<kInputs>());
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_strip<0>(activate, first_, Indices<kPixels>());
    store_strip<kPixels>(activate, second_, Indices<kPixels>());
  }

 private:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t output_pitch, const float* biases)
      : first_(first.output + channel), second_(second.output + channel), pitch_(output_pitch) {
    start(hn::Load(D(), biases), Indices<2 * kPixels>());
  }

  template <int... kSum>
  HWY_INLINE void start(V bias, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = bias), ...);
  }

  template <int... kTap>
  static HWY_INLINE void load(V* taps, const float* weights, std::integer_sequence<int, kTap...>) {
    ((taps[kTap] = hn::Load(D(), weights + kTap * kPanel)), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_rows(const float* first, const float* second, std::size_t pitch,
                           const V* taps, std::integer_sequence<int, kInput...>) {
    ((add_input<0, kInput>(in_register(hn::LoadU(D(), first)), taps, Indices<kPixels>()),
      add_input<kPixels, kInput>(in_register(hn::LoadU(D(), second)), taps, Indices<kPixels>()),
      first += pitch, second += pitch),
     ...);
  }

  template <bool kFirst, bool kSecond, int... kInput>
  HWY_INLINE void add_row(const float* from, std::size_t pitch, const V* first_taps,
                          const V* second_taps, std::integer_sequence<int, kInput...>) {
    const auto add = [&](auto index, V input) HWY_ATTR {
      constexpr int kIndex = decltype(index)::value;
      if constexpr (kFirst) add_input<0, kIndex>(input, first_taps, Indices<kPixels>());
      if constexpr (kSecond) add_input<kPixels, kIndex>(input, second_taps, Indices<kPixels>());
    };
    ((add(std::integral_constant<int, kInput>(), in_register(hn::LoadU(D(), from))), from += pitch),
     ...);
  }

  template <int kFirst, int kInput, int... kPixel>
  HWY_INLINE void add_input(V input, const V* taps, std::integer_sequence<int, kPixel...>) {
    (add_tap<kInput - kPixel * kStride, kFirst + kPixel>(input, taps), ...);
  }

  template <int kTap, int kSum>
  HWY_INLINE void add_tap(V input, const V* taps) {
    if constexpr (kTap >= 0 && kTap < kKernel)
      sums_[kSum] = hn::MulAdd(input, taps[kTap], sums_[kSum]);
  }

  template <int kFirst, class Activate, int... kPixel>
  HWY_INLINE void store_strip(const Activate& activate, float* to,
                              std::integer_sequence<int, kPixel...>) const {
    ((hn::StoreU(activate(D(), sums_[kFirst + kPixel]), D(), to), to += pitch_), ...);
  }

  float *first_, *second_;
  std::size_t pitch_;
  V sums_[2 * kPixels];
};

/// Computes channels [begin, end) of row `row`, and of the row below it if `two`; begin is a
/// multiple of 16. The two strips of a tile are one below the other or, in a single row, side by
/// side. A strip that would reach beyond the row's end overlaps the one before it: what is computed
/// again has the same bits. Of two rows that share their inputs, those of the second begin kDown
/// rows further down.
template <TileEnds kEnds, class D, int kKernel, int kStride, int kPixels, int... kDown>
HWY_NOINLINE void depthwise_rows(const DepthwiseRows& rows, int row, bool two, int begin, int end) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const auto row_begin = [&](int y) HWY_ATTR {
    return DepthwiseStrip{
        .inputs = rows.inputs + y * rows.row_step,
        .offset = static_cast<std::size_t>(begin),
        .output = rows.output + begin + static_cast<std::size_t>(y) * rows.output_row_pitch};
  };
  const std::size_t input_pitch = rows.input_pixel_pitch, output_pitch = rows.output_pixel_pitch;
  const auto strip = [&](DepthwiseStrip place, int x) HWY_ATTR {
    const auto column = static_cast<std::size_t>(std::min(x, rows.width - kPixels));
    place.offset += column * kStride * input_pitch;
    place.output += column * output_pitch;
    return place;
  };
  const DepthwiseStrip upper = row_begin(row), lower = row_begin(row + (two ? 1 : 0));
  const int lower_shift = two ? 0 : kPixels, step = kPixels + lower_shift;
  const auto channels = static_cast<std::size_t>(end - begin);
  const float* const biases = rows.biases + begin;
  const Activation::Kind activation = rows.activation;
  for (int x = 0; x < rows.width; x += step) {
    const DepthwiseStrip first = strip(upper, x), second = strip(lower, x + lower_shift);
    const float* weights = rows.weights + begin * kKernel * kKernel;
    for (std::size_t channel = 0; channel < channels; channel += kStep) {
      finish<kEnds>(DepthwiseTile<D, kKernel, kStride, kPixels>(
                        first, second, channel, input_pitch, output_pitch, weights,
                        biases + channel, std::integral_constant<int, kDown>()...),
                    activation);
      const bool panel_ends = (channel + kStep) % kPanel == 0;
      weights += kStep + (panel_ends ? (kKernel * kKernel - 1) * kPanel : 0);
    }
  }
}

/// Computes the same, of which two rows share their inputs where they can.
template <Needs kNeeds, class D, int kKernel, int kStride, int kPixels>
HWY_INLINE void depthwise_row_or_two(const DepthwiseRows& rows, int row, bool two, int begin,
                                     int end) {
  if constexpr (kSharesInputs && (kStride == 1 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 1)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 1>(rows, row, two, begin,
                                                                          end);
  if constexpr (kSharesInputs && (kStride == 2 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 2)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 2>(rows, row, two, begin,
                                                                          end);
  depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels>(rows, row, two, begin, end);
}

/// Computes channels [begin, end) of all rows.
template <Needs kNeeds, class D, int kKernel, int kStride>
HWY_NOINLINE void depthwise_channels(const DepthwiseRows& rows, int begin, int end) {
  for (int y = 0; y < rows.count; y += 2) {
    const bool two = y + 1 < rows.count;
    if constexpr (kNeeds.depthwise_narrow)
      if (rows.width < kDepthwisePixels) {
        depthwise_row_or_two<kNeeds, D, kKernel, kStride, 1>(rows, y, two, begin, end);
        continue;
      }
    depthwise_row_or_two<kNeeds, D, kKernel, kStride, kDepthwisePixels>(rows, y, two, begin, end);
  }
}

template <Needs kNeeds, int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const DepthwiseRows& rows) {
  const int whole = rows.channels / kPanel * kPanel;
  for (int begin = 0; begin < whole; begin += kDepthwiseChannels)
    depthwise_channels<kNeeds, Lanes16, kKernel, kStride>(
        rows, begin, std::min(whole, begin + kDepthwiseChannels));
  if constexpr (kNeeds.half_panels)
    if (whole < rows.channels)
      depthwise_channels<kNeeds, Lanes8, kKernel, kStride>(rows, whole, rows.channels);
}

/// Computes two pixels at a time: eight channels fill half of the widest vector. But two
/// neighbouring pixels lie side by side in memory: they are one pixel of sixteen channels, whose
/// right neighbour is two pixels away.
template <Needs kNeeds, int kKernel>
HWY_NOINLINE void depthwise_pairs(DepthwiseRows rows) {
  constexpr int kHalf = kPanel / 2;
  HWY_ALIGN float doubled[(kKernel * kKernel + 1) * kPanel];
  for (int tap = 0; tap <= kKernel * kKernel; ++tap) {
    const float* from = tap == 0 ? rows.biases : rows.weights + (tap - 1) * kPanel;
    for (int i = 0; i < kPanel; ++i) doubled[tap * kPanel + i] = from[i % kHalf];
  }
  rows.biases = doubled;
  rows.weights = doubled + kPanel;
  rows.channels = kPanel;
  rows.width /= 2;
  rows.output_pixel_pitch *= 2;
  depthwise_kernel<kNeeds, kKernel, 2>(rows);
}

template <Needs kNeeds, int kKernel>
HWY_INLINE void depthwise_stride(const DepthwiseRows& rows, int stride, bool pairs) {
  if constexpr (kNeeds.half_panels)
    if (pairs) return depthwise_pairs<kNeeds, kKernel>(rows);
  return stride == 2 ? depthwise_kernel<kNeeds, kKernel, 2>(rows)
                     : depthwise_kernel<kNeeds, kKernel, 1>(rows);
}

template <Needs kNeeds>
void depthwise(const DepthwiseRows& rows, int kernel, int stride) {
  const bool pairs = kLanes == kPanel && rows.channels == kPanel / 2 && stride == 1 &&
                     rows.width % 2 == 0 && rows.input_pixel_pitch == kPanel / 2 &&
                     rows.output_pixel_pitch == kPanel / 2;
  if constexpr (kNeeds.depthwise_3)
    if (kernel == 3) return depthwise_stride<kNeeds, 3>(rows, stride, pairs);
  if constexpr (kNeeds.depthwise_5) depthwise_stride<kNeeds, 5>(rows, stride, pairs);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/epilogue-inl.hpp
// Post-ops that do not fit a register tile: costly activations, scale and shift, residual. They are
// applied while the rows are in cache. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <bool kExponentials, class D>
HWY_INLINE void epilogue_of_pixel(const Epilogue& what, float* pixel, const float* addend,
                                  int begin, int end) {
  const D d;
  using V = hn::Vec<D>;
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    V x = activated<kExponentials>(d, hn::LoadU(d, pixel + channel), what.activation);
    if (what.affine != nullptr)
      x = hn::MulAdd(x, hn::Set(d, what.affine[0]), hn::Set(d, what.affine[1]));
    if (addend != nullptr) x = hn::Add(x, hn::LoadU(d, addend + channel));
    hn::StoreU(x, d, pixel + channel);
  }
}

/// Computes channels [begin, end) of all pixels; both are multiples of 8.
template <bool kExponentials>
HWY_NOINLINE void apply_epilogue(const Epilogue& what, int begin, int end) {
  // Pixels that lie side by side are one with the channels of all of them.
  const auto pitch = static_cast<std::size_t>(end - begin);
  const bool joined = what.rows.pixel_pitch == pitch &&
                      (what.addend.pixels == nullptr || what.addend.pixel_pitch == pitch);
  const int width = joined ? 1 : what.width;
  if (joined) end *= what.width;
  const int whole = whole_panels(begin, end);
  for (int y = 0; y < what.count; ++y)
    for (int x = 0; x < width; ++x) {
      const auto place = [&](const Rows& rows) {
        return rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
               static_cast<std::size_t>(x) * rows.pixel_pitch;
      };
      const float* const addend = what.addend.pixels == nullptr ? nullptr : place(what.addend);
      float* const pixel = place(what.rows);
      epilogue_of_pixel<kExponentials, Lanes16>(what, pixel, addend, begin, whole);
      if constexpr (kLanes > kHalfPanel)
        epilogue_of_pixel<kExponentials, Lanes8>(what, pixel, addend, whole, end);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/l1-inl.hpp
// Distances in the place of products: the layers of AdderNet. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a tile of outputs bias - Σ|weight - x|, in the order of the weights.
template <int kPixels>
class L1Inputs : public TapInputs<kPixels> {
 public:
  HWY_INLINE L1Inputs(const Product& product, int pixel) : TapInputs<kPixels>(product, pixel) {}

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::Sub(sum, hn::Abs(hn::Sub(weight, x)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-inl.hpp
// Layers that write a map from others, pixel by pixel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Calls `visit(d, channel)` for every vector of a pixel's channels.
template <class Visit>
HWY_INLINE void for_each_channel(int channels, const Visit& visit) {
  int channel = 0;
  for (; channel + kPanel <= channels; channel += kLanes) visit(Lanes16(), channel);
  for (; channel < channels; channel += static_cast<int>(hn::MaxLanes(Lanes8())))
    visit(Lanes8(), channel);
}

/// Computes rows [begin, end) of a map times a vector.
inline HWY_NOINLINE void gate_rows(const Context& context, const Layer& layer, int begin, int end) {
  const float* const factors = context.vector(layer.source_vector, layer.output);
  for (int y = begin; y < end; ++y) {
    const float* from = context.pixels(layer.source, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.input.width; ++x) {
      for_each_channel(layer.input.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, from + channel), hn::LoadU(d, factors + channel)), d,
                   to + channel);
      });
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::gate> = gate_rows;

/// Computes rows [begin, end) of the sum of two maps.
inline HWY_NOINLINE void add_rows(const Context& context, const Layer& layer, int begin, int end) {
  for (int y = begin; y < end; ++y) {
    const float* a = context.pixels(layer.source, y);
    const float* b = context.pixels(layer.addend_map, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.output.width; ++x) {
      for_each_channel(layer.output.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, a + channel), hn::LoadU(d, b + channel)), d, to + channel);
      });
      a += layer.source.pixel_pitch;
      b += layer.addend_map.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::add> = add_rows;

/// Copies values; every second one is read, or is written.
inline void copy_every_second(const float* from, float* to, int count, bool reads) {
  const Lanes8 d;
  constexpr int kStep = static_cast<int>(hn::MaxLanes(d));
  int i = 0;
  for (; i + kStep < count; i += kStep) {  // a last vector would reach into what is beside
    hn::Vec<Lanes8> even, odd;
    if (reads) {
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
    } else {
      hn::LoadInterleaved2(d, to + 2 * i, even, odd);
      hn::StoreInterleaved2(hn::LoadU(d, from + i), odd, d, to + 2 * i);
    }
  }
  for (; i < count; ++i) to[reads ? i : 2 * i] = from[reads ? 2 * i : i];
}

/// Computes rows [begin, end) of channels that go elsewhere.
inline HWY_NOINLINE void copy_rows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (layer.read_step == 1 && layer.write_step == 1)
        std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(layer.output.channels));
      else if (layer.read_step * layer.write_step == 2)
        copy_every_second(from, to, layer.output.channels, layer.read_step == 2);
      else
        for (int channel = 0; channel < layer.output.channels; ++channel)
          to[channel * layer.write_step] = from[channel * layer.read_step];
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::copy> = copy_rows;

/// Computes rows [begin, end) of the picture.
inline HWY_NOINLINE void picture_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const Picture& picture = context.picture();
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch)
      for (int channel = 0; channel < layer.output.channels; ++channel) {
        const std::ptrdiff_t place =
            channel * picture.channel + y * picture.row + x * picture.pixel;
        to[channel] = picture.values != nullptr ? picture.values[place]
                                                : picture.lookup[channel][picture.bytes[place]];
      }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::picture> = picture_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/multiply-inl.hpp
// A map times another one, which may be repeated along axes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes rows [begin, end) of a product.
inline HWY_NOINLINE void multiply_rows(const Context& context, const Layer& layer, int begin,
                                       int end) {
  float* const maps = context.run.maps;
  const Lanes8 d;
  const Shape& factors = layer.factor_shape;
  const Map& map = layer.addend_map;
  const int step = factors.width > 1 ? map.pixel_pitch : 0;
  const bool single = factors.channels == 1 && layer.output.channels > 1;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    const float* factor = maps + map.pixels(factors.height > 1 ? y : 0);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      const auto one = hn::Set(d, *factor);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, from + channel);
        hn::StoreU(hn::Mul(value, single ? one : hn::LoadU(d, factor + channel)), d, to + channel);
      }
      from += layer.source.pixel_pitch;
      factor += step;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::multiply> = multiply_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/prelu-inl.hpp
// PReLU. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes some channels of `count` rows of a layer's output: max(x, 0) + min(x, 0) * slope.
inline HWY_NOINLINE void apply_prelu(const Layer& layer, const float* weights, const Rows& rows,
                                     int count, const ChannelRange& channels) {
  const float* const slopes = weights + layer.slopes_place();
  const Lanes8 d;
  const auto zero = hn::Zero(d);
  for (int y = 0; y < count; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      float* const pixel = rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
                           static_cast<std::size_t>(x) * rows.pixel_pitch;
      for (int i = channels.begin; i < channels.end; i += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, pixel + i);
        hn::StoreU(hn::MulAdd(hn::Min(value, zero), hn::LoadU(d, slopes + i), hn::Max(value, zero)),
                   d, pixel + i);
      }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-inl.hpp
// The register-tiled matrix product of pointwise layers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
// g++ would load the next rows of weights far ahead, away from each other, and copy sums to make
// room.
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × two vectors of accumulators that fit the registers, together with a row of weights and
/// the inputs: 14 × 2 of 32 registers (AVX-512), 6 × 2 of 16 (AVX2, SSE2), 7 × 2 of 32 (NEON, which
/// keeps the inputs of all pixels).
inline constexpr int kTilePixels = kLanes == 16 ? 14 : HWY_ARCH_ARM ? 7 : kLanes > 1 ? 6 : 2;
inline constexpr int kTileChannels = std::max(2 * kLanes, kPanel / 2);

template <template <int> class Inputs, class D, int kPixels, int kVectors>
class ProductTile {
  using V = hn::Vec<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  /// Beside its work, a tile fetches the weights at `ahead`, `ahead_step` bytes for each k.
  HWY_INLINE ProductTile(const Product& product, const float* weights, int channel, int pixel,
                         const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(Indices<kPixels * kVectors>());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      const float* const end = weights + tap;
#if HWY_ARCH_ARM
      for (; weights + kUnroll * kPanel <= end; weights += kUnroll * kPanel) {
        add_quad<0>(inputs, weights, Indices<kPixels>());
        add_quad<4>(inputs, weights, Indices<kPixels>());
        __builtin_prefetch(ahead, 0, 2);
        ahead += kUnroll * ahead_step;
        inputs.advance(kUnroll);
      }
#endif
      for (; weights != end; weights += kPanel, ahead += ahead_step) {
        add_vectors(inputs, weights, panel_pitch, Indices<kVectors>());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pixels(activate,
                 product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                     static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                 column, Indices<kPixels>());
  }

 private:
#if HWY_ARCH_ARM
  static constexpr int kUnroll = 8;  // channels: two quads
#endif

  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    const D d;
    ((sums_[kIndex] = hn::Load(d, product_.biases + channel_ + kIndex % kVectors * kStep)), ...);
  }

#if HWY_ARCH_ARM
  /// Adds four products: a lane of a register can be a factor: a vector of inputs holds four k of a
  /// pixel.
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_quad(const TileInputs& tile, const float* weights,
                           std::integer_sequence<int, kPixel...>) {
    const V inputs[kPixels] = {hn::LoadU(D(), tile.template address<kPixel>() + kFirst)...};
    add_row<0>(inputs, weights + kFirst * kPanel, Indices<kVectors>());
    add_row<1>(inputs, weights + (kFirst + 1) * kPanel, Indices<kVectors>());
    add_row<2>(inputs, weights + (kFirst + 2) * kPanel, Indices<kVectors>());
    add_row<3>(inputs, weights + (kFirst + 3) * kPanel, Indices<kVectors>());
  }

  template <int kLane, int... kVector>
  HWY_INLINE void add_row(const V* inputs, const float* weights,
                          std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(D(), weights + kVector * kStep)...};
    (add_lane<kLane, kVector>(inputs, row[kVector], Indices<kPixels>()), ...);
  }

  template <int kLane, int kVector, int... kPixel>
  HWY_INLINE void add_lane(const V* inputs, V weights, std::integer_sequence<int, kPixel...>) {
    ((sums_[kPixel * kVectors + kVector] = TileInputs::add(
          hn::Broadcast<kLane>(inputs[kPixel]), weights, sums_[kPixel * kVectors + kVector])),
     ...);
  }
#endif

  template <int... kVector>
  HWY_INLINE void add_vectors(const TileInputs& inputs, const float* weights,
                              std::size_t panel_pitch, std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(
        D(), weights + kVector * kStep / kPanel * panel_pitch + kVector * kStep % kPanel)...};
    add_pixels(inputs, row, Indices<kPixels>());
  }

  template <int... kPixel>
  HWY_INLINE void add_pixels(const TileInputs& inputs, const V* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kPixel>(hn::Set(D(), *inputs.template address<kPixel>()), row, Indices<kVectors>()),
     ...);
  }

  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(V input, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          TileInputs::add(input, row[kVector], sums_[kPixel * kVectors + kVector])),
     ...);
  }

  template <class Activate, int... kPixel>
  HWY_INLINE void store_pixels(const Activate& activate, float* to, int column,
                               std::integer_sequence<int, kPixel...>) const {
    const std::size_t gap = product_.output_row_pitch -
                            static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
    ((store_pixel<kPixel>(activate, to, Indices<kVectors>()), next_pixel(to, column, gap)), ...);
  }

  HWY_INLINE void next_pixel(float*& to, int& column, std::size_t gap) const {
    to += product_.output_pixel_pitch;
    if (++column == product_.width) {
      column = 0;
      to += gap;
    }
  }

  template <int kPixel, class Activate, int... kVector>
  HWY_INLINE void store_pixel(const Activate& activate, float* to,
                              std::integer_sequence<int, kVector...>) const {
    const D d;
    (hn::StoreU(activate(d, sums_[kPixel * kVectors + kVector]), d, to + kVector * kStep), ...);
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kPixels * kVectors];
};

/// Weights of a product's columns, and what lies after them: the weights of the next ones.
struct ProductWeights {
  const float* here;
  const char* next;
  std::size_t next_bytes;
};

/// Tiles of kCount channels, in whole vectors.
template <class D, int kCount>
struct VectorTiles {
  static constexpr int kChannels = kCount, kPixels = kTilePixels;
  template <template <int> class Inputs, int kSize>
  using Tile = ProductTile<Inputs, D, kSize, kCount / static_cast<int>(hn::MaxLanes(D()))>;
};

/// Computes the output channels of a tile from `channel` on, for all pixels. The last tile may
/// overlap the one before it: what it computes again has the same bits.
template <template <int> class Inputs, TileEnds kEnds, class Tiles>
HWY_NOINLINE void product_columns(const Product& product, const ProductWeights& weights,
                                  int channel, int pixels) {
  constexpr int kPixels = Tiles::kPixels;
  // Weights come from L3 or from memory: the next ones are fetched evenly while all tiles are at
  // work.
  const auto tiles = static_cast<std::size_t>(std::max(1, pixels / kPixels));
  const std::size_t ahead_bytes = weights.next_bytes / tiles;
  const std::size_t ahead_step = ahead_bytes / static_cast<std::size_t>(product.depth);
  const char* ahead = weights.next;
  const auto tile = [&](auto size, int pixel) HWY_ATTR {
    finish<kEnds>(typename Tiles::template Tile<Inputs, decltype(size)::value>(
                      product, weights.here, channel, pixel, ahead, ahead_step),
                  product.activation);
    ahead += ahead_bytes;
  };
  using Whole = std::integral_constant<int, kPixels>;
  using One = std::integral_constant<int, 1>;
  // A few rows of a small map are often all there is.
  using Half = std::integral_constant<int, kPixels / 2>;
  int pixel = 0;
  for (; pixel + kPixels <= pixels; pixel += kPixels) tile(Whole(), pixel);
  for (; pixel + Half::value <= pixels; pixel += Half::value) tile(Half(), pixel);
  if (pixel < pixels && pixels >= Half::value) return tile(Half(), pixels - Half::value);
  for (; pixel < pixels; ++pixel) tile(One(), pixel);
}

/// Converts float16 to float32; `count` is a multiple of 16.
inline HWY_NOINLINE void convert_to_float(const hwy::float16_t* from, std::size_t count,
                                          float* to) {
  const Lanes16 d;
  for (std::size_t i = 0; i < count; i += hn::MaxLanes(d))
    hn::Store(load_weights(d, from + i), d, to + i);
}

/// Returns the weights of `count` channels from `channel` on; where they are stored in half
/// precision, whole panels are float32_scratch when their first channel is asked for.
template <Needs kNeeds>
HWY_NOINLINE ProductWeights weights_of(const Product& product, int channel, int count) {
  const auto depth = static_cast<std::size_t>(product.depth);
  const auto first = static_cast<std::size_t>(channel / kPanel * kPanel) * depth;
  const auto panels = static_cast<std::size_t>(round_up(count, kPanel)) * depth;
  const auto needed = static_cast<std::size_t>(count) * depth;
  const auto lane = static_cast<std::size_t>(channel % kPanel);
  const auto weights = [&](const float* here, const auto* stored) {
    return ProductWeights{here,
                          reinterpret_cast<const char*>(stored + first + panels + lane * depth),
                          needed * sizeof(*stored)};
  };
  if constexpr (!kNeeds.half_weights)
    return weights(product.weights + first + lane, product.weights);
  if (!product.half) return weights(product.weights + first + lane, product.weights);
  const auto* const stored = reinterpret_cast<const hwy::float16_t*>(product.weights);
  if (lane == 0) convert_to_float(stored + first, panels, product.float32_scratch);
  return weights(product.float32_scratch + lane, stored);
}

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <template <int> class Inputs, Needs kNeeds>
HWY_NOINLINE void product_rows(const Product& product, int pixels, int begin, int end) {
  static_assert(kTileChannels <= kConvertedPanels * kPanel);
  constexpr bool kPairs = kLanes == kPanel && kNeeds.half_panels;
  int channel = begin, whole = end;
  const auto columns = [&](auto tiles) {
    using Tiles = decltype(tiles);
    product_columns<Inputs, kNeeds.ends, Tiles>(
        product, weights_of<kNeeds>(product, channel, Tiles::kChannels), channel, pixels);
    channel += Tiles::kChannels;
  };
  if constexpr (kPairs)
    if ((end - begin) % kPanel != 0 && end - begin > kPanel) whole = end - PairTiles::kChannels;
  while (channel + kTileChannels <= whole) columns(VectorTiles<Lanes16, kTileChannels>());
  if constexpr (kTileChannels > kPanel)
    while (channel + kPanel <= whole) columns(VectorTiles<Lanes16, kPanel>());
  if constexpr (kPairs)
    if (whole < end) return columns(PairTiles());
  if constexpr (kTileChannels > kPanel / 2 && kNeeds.half_panels)
    if (channel < end) columns(VectorTiles<Lanes8, kPanel / 2>());
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC pop_options
#endif
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rearrange-inl.hpp
// The numbers of a map in other places. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Where the channels of one pixel of the output come from: every `step`-th float.
struct PixelSource {
  const float* first;
  std::ptrdiff_t step = 1;
};

/// Returns where pixel (y, x) of the output comes from.
inline PixelSource source_of(const Layer& layer, const float* maps, int y, int x) {
  using Kind = Rearrangement::Kind;
  const Map& map = layer.source;
  const auto [kind, first, second] = layer.rearrangement;
  const auto place = [&](int row, int column, int channel) {
    return maps + map.pixels(row) + column * map.pixel_pitch + channel;
  };
  switch (kind) {
    case Kind::transpose: {
      int at[3] = {};
      at[first] = y;
      at[second] = x;
      const std::ptrdiff_t steps[] = {static_cast<std::ptrdiff_t>(map.row_pitch()), map.pixel_pitch,
                                      1};
      return {place(at[0], at[1], at[2]), steps[3 - first - second]};
    }
    case Kind::space_to_rows: {
      const int across = layer.input.width / first;
      return {place(x / across * first + y / first, x % across * first + y % first, 0)};
    }
    case Kind::rows_to_space:
      return {place(y % first * first + x % first, y / first * (second / first) + x / first, 0)};
    case Kind::depth_to_space:
      return {place(y / first, x / first, (y % first * first + x % first) * layer.output.channels)};
    case Kind::shuffle:
      break;
  }
  return {place(y, x, 0)};
}

/// Computes channels [first][second][rest] become [second][first][rest].
inline void shuffle_blocks(const Rearrangement& how, int channels, const float* from, float* to) {
  const int size = channels / (how.first * how.second);
  for (int j = 0; j < how.second; ++j)
    for (int i = 0; i < how.first; ++i, to += size)
      std::memcpy(to, from + (i * how.second + j) * size,
                  static_cast<std::size_t>(size) * sizeof(float));
}

/// Computes what `count` rows become, each of whose pixels is a square of the output's; for one row
/// as many as a square has.
inline HWY_NOINLINE void spread_pixels(const Layer& layer, Rows from, int count, Rows to) {
  const Lanes8 d;
  const int side = layer.rearrangement.first, channels = layer.output.channels;
  const auto copy = [&](const float* values, float* pixel) HWY_ATTR {
    if (channels % kHalfPanel != 0) {
      // One is usual, for which a call takes longer than the copy.
      if (channels == 1) return static_cast<void>(*pixel = *values);
      std::memcpy(pixel, values, static_cast<std::size_t>(channels) * sizeof(float));
      return;
    }
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d)))
      hn::StoreU(hn::LoadU(d, values + i), d, pixel + i);
  };
  for (int y = 0; y < count; ++y, from.pixels += from.row_pitch)
    for (int row = 0; row < side; ++row, to.pixels += to.row_pitch) {
      const float* values = from.pixels + row * side * channels;
      float* pixel = to.pixels;
      for (int x = 0; x < layer.input.width; ++x, values += from.pixel_pitch)
        for (int i = 0; i < side * channels; i += channels, pixel += to.pixel_pitch)
          copy(values + i, pixel);
    }
}

/// Computes rows [begin, end) of a rearrangement.
inline HWY_NOINLINE void rearrange_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels;
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
      const auto [from, step] = source_of(layer, maps, y, x);
      if (layer.rearrangement.kind == Rearrangement::Kind::shuffle)
        shuffle_blocks(layer.rearrangement, channels, from, to);
      else if (step == 1)
        std::memcpy(to, from, static_cast<std::size_t>(channels) * sizeof(float));
      else
        for (int i = 0; i < channels; ++i) to[i] = from[i * step];
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::rearrange> = rearrange_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/reduce-inl.hpp
// Means, maxima and variances along any axes of a map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels that one pixel of the output is made of.
struct PixelRange {
  int top, bottom, left, right;

  float count() const { return static_cast<float>((bottom - top) * (right - left)); }

  /// Calls `visit(pixel)` in raster order.
  template <class Visit>
  HWY_INLINE void for_each(const Map& map, const float* maps, const Visit& visit) const {
    for (int y = top; y < bottom; ++y) {
      const float* pixel = maps + map.pixels(y) + left * map.pixel_pitch;
      for (int x = left; x < right; ++x, pixel += map.pixel_pitch) visit(pixel);
    }
  }
};

/// Channels of a range of pixels, each alone; `count` vectors' lanes are read from `channel` on.
template <class D>
class ChannelReduction {
  using V = hn::Vec<D>;

 public:
  ChannelReduction(const Map& map, const float* maps, const PixelRange& range, int channel)
      : map_(map), maps_(maps), range_(range), channel_(channel) {}

  HWY_INLINE V mean() const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { sum = hn::Add(sum, load(pixel)); });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V maximum() const {
    V most = hn::Set(D(), Maximum::kStart);
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { most = hn::Max(most, load(pixel)); });
    return most;
  }
  HWY_INLINE V variance(V mean) const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_, [&](const float* pixel) HWY_ATTR {
      const V distance = hn::Sub(load(pixel), mean);
      sum = hn::MulAdd(distance, distance, sum);
    });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V result(Reduction reduction) const {
    if (reduction == Reduction::maximum) return maximum();
    const V mean_value = mean();
    return reduction == Reduction::mean ? mean_value : variance(mean_value);
  }

 private:
  HWY_INLINE V load(const float* pixel) const { return hn::LoadU(D(), pixel + channel_); }

  const Map& map_;
  const float* maps_;
  const PixelRange& range_;
  int channel_;
};

/// Returns all channels of a range of pixels.
inline float reduce_all(const Layer& layer, Reduction reduction, const float* maps,
                        const PixelRange& range) {
  const int channels = layer.input.channels;
  const float count = range.count() * static_cast<float>(channels);
  const auto reduced = [&](const auto& combine) HWY_ATTR {
    Partial partial(combine.kStart);
    range.for_each(layer.source, maps,
                   [&](const float* pixel) HWY_ATTR { partial.add(pixel, channels, combine); });
    return partial;
  };
  if (reduction == Reduction::maximum) return reduced(Maximum()).total(Maximum());
  const float mean = reduced(Sum()).total(Sum()) / count;
  if (reduction == Reduction::mean) return mean;
  return reduced(SquaredDistances{mean}).total(Sum()) / count;
}

/// Which axes are reduced.
struct ReducedAxes {
  bool rows, columns, channels;

  explicit ReducedAxes(const Layer& layer)
      : rows(layer.output.height == 1),
        columns(layer.output.width == 1),
        channels(layer.output.channels == 1) {
    if (layer.reduction != Reduction::maximum_and_mean) return;
    rows = layer.groups == static_cast<int>(Axis::rows);
    columns = layer.groups == static_cast<int>(Axis::columns);
    channels = layer.groups == static_cast<int>(Axis::channels);
  }
};

/// Computes rows [begin, end) of a reduction.
inline HWY_NOINLINE void reduce_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const ReducedAxes axes(layer);
  const bool both = layer.reduction == Reduction::maximum_and_mean;
  const auto which = [&](int i) {
    return !both ? layer.reduction : i == 0 ? Reduction::maximum : Reduction::mean;
  };
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const PixelRange range = {axes.rows ? 0 : y, axes.rows ? layer.input.height : y + 1,
                                axes.columns ? 0 : x, axes.columns ? layer.input.width : x + 1};
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      if (axes.channels) {
        for (int i = 0; i < layer.output.channels; ++i)
          to[i] = reduce_all(layer, which(i), maps, range);
        continue;
      }
      const Reduction reduction = which(axes.rows ? y : x);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(Lanes8())))
        hn::StoreU(ChannelReduction<Lanes8>(layer.source, maps, range, channel).result(reduction),
                   Lanes8(), to + channel);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::reduce> = reduce_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/resize-inl.hpp
// A map of another height and width. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels of the input that one of the output lies between, along one axis: `share` of the way
/// from the first one to the second.
struct Between {
  int first, second;
  float share;
};

/// Returns those of output `i`: they are around `at` / `whole`, whose rounding is the same on every
/// CPU. At the longest side both are below 2^31.
inline Between between(int i, int size, int outputs) {
  const int whole = 2 * outputs, at = std::max((2 * i + 1) * size - outputs, 0);
  const int first = at / whole;
  return {first, std::min(first + 1, size - 1),
          static_cast<float>(at % whole) / static_cast<float>(whole)};
}

/// Computes a row of nearest pixels: `from` and `to` are pixels 0.
inline void nearest_row(const Layer& layer, const float* from, float* to) {
  const int channels = layer.padded_channels(), outputs = layer.output.width;
  for (int x = 0, rest = 0; x < outputs; ++x, to += layer.target.pixel_pitch) {
    for_each_channel(channels, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(hn::LoadU(d, from + channel), d, to + channel);
    });
    for (rest += layer.input.width; rest >= outputs; rest -= outputs)
      from += layer.source.pixel_pitch;
  }
}

/// Computes a row between two rows of the input.
inline void bilinear_row(const Layer& layer, const float* above, const float* below, float down,
                         float* to) {
  const Lanes8 d;
  const int channels = layer.padded_channels();
  const auto mix = [&](auto share, auto a, auto b)
                       HWY_ATTR { return hn::MulAdd(share, hn::Sub(b, a), a); };
  for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
    const auto [first, second, across] = between(x, layer.input.width, layer.output.width);
    const int left = first * layer.source.pixel_pitch, right = second * layer.source.pixel_pitch;
    const auto rows = hn::Set(d, down), columns = hn::Set(d, across);
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d))) {
      const auto top =
          mix(columns, hn::LoadU(d, above + left + i), hn::LoadU(d, above + right + i));
      const auto bottom =
          mix(columns, hn::LoadU(d, below + left + i), hn::LoadU(d, below + right + i));
      hn::StoreU(mix(rows, top, bottom), d, to + i);
    }
  }
}

/// Computes rows [begin, end) of a resized map.
inline HWY_NOINLINE void resize_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const Map& source = layer.source;
  for (int y = begin; y < end; ++y) {
    float* const to = context.pixels(layer.target, y);
    if (layer.resampling == Resampling::nearest) {
      nearest_row(layer, maps + source.pixels(y * layer.input.height / layer.output.height), to);
    } else {
      const auto [above, below, down] = between(y, layer.input.height, layer.output.height);
      bilinear_row(layer, maps + source.pixels(above), maps + source.pixels(below), down, to);
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::resize> = resize_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/softmax-inl.hpp
// Softmax over channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns exp(x - most), never quite 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below(D d, V x, V most) {
  return exp_of_negative(d, hn::Max(hn::Sub(x, most), hn::Set(d, -87.0f)));
}

/// Computes the softmax of values; `from` and `to` may be the same.
inline void softmax(const float* from, float* to, int count) {
  Partial largest(Maximum::kStart), sums(Sum::kStart);
  largest.add(from, count, Maximum());
  const float most = largest.total(Maximum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(exp_below(d, hn::LoadU(d, from + i), hn::Set(d, most)), d, to + i);
  });
  sums.add(to, count, Sum());
  const float share = 1.0f / sums.total(Sum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, to + i), hn::Set(d, share)), d, to + i);
  });
}

/// Computes the softmax of each of the first `size` values with its likes in the other blocks.
inline void softmax_of_blocks(const float* from, float* to, int blocks, int size) {
  for_each_vector(size, [&](auto d, int i) HWY_ATTR {
    auto most = hn::LoadU(d, from + i);
    for (int block = 1; block < blocks; ++block)
      most = hn::Max(most, hn::LoadU(d, from + block * size + i));
    auto sum = hn::Zero(d);
    for (int block = 0; block < blocks; ++block) {
      const auto power = exp_below(d, hn::LoadU(d, from + block * size + i), most);
      hn::StoreU(power, d, to + block * size + i);
      sum = hn::Add(sum, power);
    }
    for (int block = 0; block < blocks; ++block) {
      float* const value = to + block * size + i;
      hn::StoreU(hn::Div(hn::LoadU(d, value), sum), d, value);
    }
  });
}

/// Computes rows [begin, end) of a softmax.
inline HWY_NOINLINE void softmax_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels, size = channels / layer.groups;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (size == 1)
        softmax(from, to, channels);
      else
        softmax_of_blocks(from, to, layer.groups, size);
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::softmax> = softmax_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/vector-inl.hpp
// Layers that write vectors: means over all pixels and matrix-vector products. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes the mean over all pixels, in raster order, of channels [begin, end).
template <class D>
HWY_INLINE void pool_channels(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const D d;
  const Map& source = layer.source;
  const auto share = hn::Set(d, 1.0f / static_cast<float>(layer.input.pixels()));
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    auto sum = hn::Zero(d);
    for (int y = 0; y < layer.input.height; ++y) {
      const float* pixel = maps + source.pixels(y) + channel;
      for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
        sum = hn::Add(sum, hn::LoadU(d, pixel));
    }
    hn::StoreU(hn::Mul(sum, share), d, output + channel);
  }
}

/// Computes channels [begin, end) of a pooling layer; both are multiples of 8.
inline HWY_NOINLINE void pool(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const int whole = whole_panels(begin, end);
  pool_channels<Lanes16>(layer, maps, begin, whole, output);
  if constexpr (kLanes > kHalfPanel) pool_channels<Lanes8>(layer, maps, whole, end, output);
}

/// The outputs of a panel, or of a part of it. Four partial sums, by k modulo 4, hide the latency
/// of one; they are added in a fixed order.
template <class Weight>
class DenseTile {
  using D = Lanes16;
  using V = hn::Vec<D>;
  static constexpr int kParts = 4;
  // 8 KiB: what L3 needs to keep up.
  static constexpr int kAhead = 8192 / static_cast<int>(sizeof(Weight));
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kVectors = std::min(HWY_ARCH_ARM ? 4 : 2, kPanel / kStep);
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  static constexpr int kOutputs = kVectors * kStep;

  HWY_INLINE DenseTile(const Weight* weights, const float* biases, const float* input, int depth,
                       float* output)
      : output_(output) {
    start(biases, Indices<kParts * kVectors>());
    int k = 0;
    for (; k + kParts <= depth; k += kParts, weights += kParts * kPanel) {
      for (int part = 0; part < kParts; ++part)
        __builtin_prefetch(weights + kAhead + part * kPanel, 0, 3);
      add_parts(input + k, weights, Indices<kParts * kVectors>());
    }
    const int rest = depth - k;
    if (rest > 0) add_part<0>(input[k], weights, Indices<kVectors>());
    if (rest > 1) add_part<1>(input[k + 1], weights + kPanel, Indices<kVectors>());
    if (rest > 2) add_part<2>(input[k + 2], weights + 2 * kPanel, Indices<kVectors>());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_vectors(activate, Indices<kVectors>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          kIndex < kVectors ? hn::Load(D(), biases + kIndex % kVectors * kStep) : hn::Zero(D())),
     ...);
  }

  template <int... kIndex>
  HWY_INLINE void add_parts(const float* input, const Weight* weights,
                            std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::MulAdd(
          hn::Set(D(), input[kIndex / kVectors]),
          load_weights(D(), weights + kIndex / kVectors * kPanel + kIndex % kVectors * kStep),
          sums_[kIndex])),
     ...);
  }

  template <int kPart, int... kVector>
  HWY_INLINE void add_part(float input, const Weight* weights,
                           std::integer_sequence<int, kVector...>) {
    ((sums_[kPart * kVectors + kVector] =
          hn::MulAdd(hn::Set(D(), input), load_weights(D(), weights + kVector * kStep),
                     sums_[kPart * kVectors + kVector])),
     ...);
  }

  template <int kVector>
  HWY_INLINE V sum() const {
    return hn::Add(hn::Add(sums_[kVector], sums_[kVectors + kVector]),
                   hn::Add(sums_[2 * kVectors + kVector], sums_[3 * kVectors + kVector]));
  }

  template <class Activate, int... kVector>
  HWY_INLINE void store_vectors(const Activate& activate,
                                std::integer_sequence<int, kVector...>) const {
    (hn::StoreU(activate(D(), sum<kVector>()), D(), output_ + kVector * kStep), ...);
  }

  float* output_;
  V sums_[kParts * kVectors];
};

/// Panels [begin, end) of a dense layer for `images` vectors, one every `input_pitch` floats: all
/// of them while a panel's weights are in L2.
template <class Weight>
HWY_NOINLINE void dense(const Layer& layer, const Weight* weights, const float* biases,
                        const float* input, std::size_t input_pitch, float* output,
                        std::size_t output_pitch, int images, int begin, int end) {
  const int depth = layer.depth();
  for (int panel = begin; panel < end; ++panel) {
    const auto channel = static_cast<std::size_t>(panel) * kPanel;
    const Weight* const panel_weights = weights + channel * static_cast<std::size_t>(depth);
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image)
      for (std::size_t lane = 0; lane < kPanel; lane += DenseTile<Weight>::kOutputs)
        finish(DenseTile<Weight>(panel_weights + lane, biases + channel + lane,
                                 input + image * input_pitch, depth,
                                 output + image * output_pitch + channel + lane),
               layer.activation.kind);
  }
}

/// Computes panels [begin, end) of a dense layer for `images` images from `image` on, whose vectors
/// follow each other.
template <Needs kNeeds>
void dense_panels(const Run& run, const Layer& layer, int image, int images, int begin, int end) {
  const auto in = static_cast<std::size_t>(round_up(layer.input.channels, kPanel));
  const auto out = static_cast<std::size_t>(round_up(layer.output.channels, kPanel));
  const auto first = static_cast<std::size_t>(image);
  const float* const weights = run.weights + layer.weights;
  float* const output = run.vectors + layer.target_vector + first * out;
  const auto panels = [&](const auto* stored) {
    dense(layer, stored, run.weights + layer.biases, run.vectors + layer.source_vector + first * in,
          in, output, out, images, begin, end);
  };
  const bool half = kNeeds.half_weights && layer.half;
  if constexpr (kNeeds.half_weights)
    if (half) panels(reinterpret_cast<const hwy::float16_t*>(weights));
  if (!half) panels(weights);
  if (fuses_into_tile(layer.activation)) return;
  for (int i = 0; i < images; ++i)
    apply_epilogue<kNeeds.exponentials>({.activation = layer.activation,
                                         .affine = nullptr,
                                         .addend = {},
                                         .rows = {output + static_cast<std::size_t>(i) * out, 0, 0},
                                         .count = 1,
                                         .width = 1},
                                        begin * kPanel, end * kPanel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/window-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The part of a window that lies on the map, and how many pixels a mean counts.
struct WindowPart {
  int begin, end, counted;
};

/// Returns the part along one axis. A window that reaches beyond the padding (ceil mode) ends
/// there.
HWY_INLINE WindowPart window_part(int output, int stride, int kernel, int before, int after,
                                  int size) {
  const int begin = output * stride - before;
  const int end = std::min(begin + kernel, size + after);
  return {std::max(begin, 0), std::min(end, size), end - begin};
}

/// The part of one output's window that lies on the map.
struct WindowPixels {
  const float* first;
  std::size_t row_pitch, pixel_pitch;
  int rows, columns;
  float share;  // of one pixel in a mean
};

struct WindowMaximum {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Max(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D, V maximum, float) const {
    return maximum;
  }
};

struct WindowMean {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Add(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D d, V sum, float share) const {
    return hn::Mul(sum, hn::Set(d, share));
  }
};

/// Computes kVectors vectors of one output's channels: its pixels, combined in raster order.
template <class What, class D, int... kVector>
HWY_INLINE void window_pixel(const What& what, D d, const WindowPixels& window, int channel,
                             float* output, std::integer_sequence<int, kVector...>) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const float* row = window.first + channel;
  hn::Vec<D> sums[] = {hn::LoadU(d, row + kVector * kStep)...};
  for (int y = 0; y < window.rows; ++y, row += window.row_pitch) {
    const float* pixel = row;
    for (int x = 0; x < window.columns; ++x, pixel += window.pixel_pitch)
      if (x > 0 || y > 0)
        ((sums[kVector] = what.combine(sums[kVector], hn::LoadU(d, pixel + kVector * kStep))), ...);
  }
  (hn::StoreU(what.result(d, sums[kVector], window.share), d, output + channel + kVector * kStep),
   ...);
}

/// Computes rows [begin, end) of a layer whose pixels each combine a window of pixels; what is
/// outside of the map does not count.
template <class What>
HWY_NOINLINE void windows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  constexpr int kTogether = 4 * kLanes, kStep = static_cast<int>(hn::MaxLanes(Lanes8()));
  const Map &source = layer.source, &target = layer.target;
  const Padding& padding = layer.padding;
  for (int y = begin; y < end; ++y) {
    const WindowPart rows = window_part(y, layer.stride.height, layer.kernel.height, padding.top,
                                        padding.bottom, layer.input.height);
    for (int x = 0; x < layer.output.width; ++x) {
      const WindowPart columns = window_part(x, layer.stride.width, layer.kernel.width,
                                             padding.left, padding.right, layer.input.width);
      const WindowPixels window = {
          .first = maps + source.pixels(rows.begin) + columns.begin * source.pixel_pitch,
          .row_pitch = source.row_pitch(),
          .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
          .rows = rows.end - rows.begin,
          .columns = columns.end - columns.begin,
          .share =
              1.0f / static_cast<float>(layer.count_padding ? rows.counted * columns.counted
                                                            : (rows.end - rows.begin) *
                                                                  (columns.end - columns.begin))};
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      int channel = 0;
      for (; channel + kTogether <= layer.padded_channels(); channel += kTogether)
        window_pixel(What(), Lanes16(), window, channel, output,
                     std::make_integer_sequence<int, 4>());
      for (; channel < layer.padded_channels(); channel += kStep)
        window_pixel(What(), Lanes8(), window, channel, output, std::integer_sequence<int, 0>());
    }
  }
}

template <>
inline constexpr MapRows kMapKernel<Operator::max_pool> = windows<WindowMaximum>;
template <>
inline constexpr MapRows kMapKernel<Operator::average_pool> = windows<WindowMean>;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one, or are for some products.
// from pplcnet/kernels/attention-inl.hpp
// Attention of tokens. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One head of one sequence: where the first token's query, key, value and result are.
struct Head {
  const float *queries, *keys, *values;
  int pitch;  // floats from a token to the next
  float* results;
  int result_pitch;
  int depth, tokens;
  float* scratch;  // [depth + kQueries][tokens rounded up to 16]

  int padded() const { return static_cast<int>(round_up(tokens, kPanel)); }
  float* scores() const { return scratch + depth * padded(); }
};

/// Keys become rows, one for each of their dimensions.
inline void transpose_keys(const Head& head) {
  for (int i = 0; i < head.depth; ++i) {
    float* const row = head.scratch + i * head.padded();
    for (int token = 0; token < head.tokens; ++token)
      row[token] = head.keys[token * head.pitch + i];
    std::fill(row + head.tokens, row + head.padded(), 0.0f);
  }
}

/// Computes the scores of `kCount` queries from `query` on with all keys.
template <int kCount>
HWY_INLINE void score(const Head& head, int query, float scale) {
  const Lanes16 d;
  const float* const q = head.queries + query * head.pitch;
  for (int token = 0; token < head.padded(); token += static_cast<int>(hn::MaxLanes(d))) {
    hn::Vec<Lanes16> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    for (int k = 0; k < head.depth; ++k) {
      const auto keys = hn::LoadU(d, head.scratch + k * head.padded() + token);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, q[i * head.pitch + k]), keys, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(hn::Mul(sums[i], hn::Set(d, scale)), d, head.scores() + i * head.padded() + token);
  }
}

/// Computes the mean of all values, weighted by the scores.
template <int kCount>
HWY_INLINE void weigh_values(const Head& head, int query) {
  for_each_vector(head.depth, [&](auto d, int k) HWY_ATTR {
    hn::Vec<decltype(d)> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    const float* value = head.values + k;
    for (int token = 0; token < head.tokens; ++token, value += head.pitch) {
      const auto x = hn::LoadU(d, value);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, head.scores()[i * head.padded() + token]), x, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(sums[i], d, head.results + (query + i) * head.result_pitch + k);
  });
}

template <int kCount>
HWY_INLINE void attend(const Head& head, int query, float scale) {
  score<kCount>(head, query, scale);
  for (int i = 0; i < kCount; ++i) {
    float* const scores = head.scores() + i * head.padded();
    softmax(scores, scores, head.tokens);
  }
  weigh_values<kCount>(head, query);
}

/// Computes rows [begin, end): each is a sequence.
inline HWY_NOINLINE void attention_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  float* const scratch = context.scratch(layer);
  const int channels = layer.output.channels, depth = channels / layer.groups;
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  for (int y = begin; y < end; ++y)
    for (int channel = 0; channel < channels; channel += depth) {
      const float* const from = maps + layer.source.pixels(y) + channel;
      const Head head = {.queries = from,
                         .keys = from + channels,
                         .values = from + 2 * channels,
                         .pitch = layer.source.pixel_pitch,
                         .results = maps + layer.target.pixels(y) + channel,
                         .result_pitch = layer.target.pixel_pitch,
                         .depth = depth,
                         .tokens = layer.input.width,
                         .scratch = scratch};
      transpose_keys(head);
      int query = 0;
      for (; query + kQueries <= head.tokens; query += kQueries)
        attend<kQueries>(head, query, scale);
      for (; query < head.tokens; ++query) attend<1>(head, query, scale);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::attention> = attention_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/normalise-inl.hpp
// Normalisation by a map's own means and variances: of the channels of a pixel, or of the pixels of
// a channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns (x - mean) * factor * scale + shift.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normalised(D d, V x, V mean, V factor, const float* scale, const float* shift) {
  return hn::MulAdd(hn::Mul(hn::Sub(x, mean), factor), hn::LoadU(d, scale), hn::LoadU(d, shift));
}

/// Computes rows [begin, end), pixel by pixel.
inline HWY_NOINLINE void normalise_pixels(const Layer& layer, const float* weights, float* maps,
                                          int begin, int end) {
  const int channels = layer.input.channels;
  const auto count = static_cast<float>(channels);
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const float* const from = maps + layer.source.pixels(y) + x * layer.source.pixel_pitch;
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      Partial sums(Sum::kStart), squares(Sum::kStart);
      sums.add(from, channels, Sum());
      const float mean = sums.total(Sum()) / count;
      squares.add(from, channels, SquaredDistances{mean});
      const float factor = 1.0f / std::sqrt(squares.total(Sum()) / count + epsilon);
      for_each_vector(channels, [&](auto d, int i) HWY_ATTR {
        hn::StoreU(normalised(d, hn::LoadU(d, from + i), hn::Set(d, mean), hn::Set(d, factor),
                              weights + layer.weights + i, weights + layer.biases + i),
                   d, to + i);
      });
    }
}

/// Computes rows [begin, end), channel by channel: the means are those of all rows.
inline HWY_NOINLINE void normalise_channels(const Layer& layer, const float* weights, float* maps,
                                            int begin, int end) {
  const PixelRange all = {0, layer.input.height, 0, layer.input.width};
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for_each_vector(layer.input.channels, [&](auto d, int i) HWY_ATTR {
    const ChannelReduction<decltype(d)> reduction(layer.source, maps, all, i);
    const auto mean = reduction.mean();
    const auto deviation = hn::Sqrt(hn::Add(reduction.variance(mean), hn::Set(d, epsilon)));
    const auto factor = hn::Div(hn::Set(d, 1.0f), deviation);
    for (int y = begin; y < end; ++y) {
      const float* from = maps + layer.source.pixels(y) + i;
      float* to = maps + layer.target.pixels(y) + i;
      for (int x = 0; x < layer.output.width; ++x) {
        hn::StoreU(normalised(d, hn::LoadU(d, from), mean, factor, weights + layer.weights + i,
                              weights + layer.biases + i),
                   d, to);
        from += layer.source.pixel_pitch;
        to += layer.target.pixel_pitch;
      }
    }
  });
}

/// Computes rows [begin, end) of a normalisation.
inline void normalise_rows(const Context& context, const Layer& layer, int begin, int end) {
  const auto normalise = layer.groups == 1 ? normalise_pixels : normalise_channels;
  normalise(layer, context.run.weights, context.run.maps, begin, end);
}
template <>
inline constexpr MapRows kMapKernel<Operator::normalise> = normalise_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/pointwise8-inl.hpp
// Pointwise layers from eight channels to eight. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if HWY_CAP_GE256
/// All weights of such a layer fit the registers, so that a pixel needs no tile around it. A vector
/// of sixteen holds two pixels: neighbours, which lie side by side in memory.
template <class D>
class Pointwise8Weights {
  using V = hn::Vec<D>;
  static constexpr int kChannels = kHalfPanel;
  using Depth = std::make_integer_sequence<int, kChannels>;

 public:
  static constexpr int kPixels = static_cast<int>(hn::MaxLanes(D())) / kChannels;

  HWY_INLINE explicit Pointwise8Weights(const Product& product) : biases_(each(product.biases)) {
    for (int k = 0; k < kChannels; ++k) rows_[k] = each(product.weights + k * kPanel);
  }

  /// Returns the outputs of kPixels pixels; products are added in the order of k.
  HWY_INLINE V product(const float* pixels) const { return product(pixels, Depth()); }

 private:
  /// Returns the same values for each pixel.
  static HWY_INLINE V each(const float* values) {
    HWY_ALIGN float lanes[kPanel];
    for (int i = 0; i < kPanel; ++i) lanes[i] = values[i % kChannels];
    return hn::Load(D(), lanes);
  }

  template <int... kK>
  HWY_INLINE V product(const float* pixels, std::integer_sequence<int, kK...>) const {
    V sum = biases_;
    if constexpr (kPixels > 1) {
      // Two blocks of four channels for each pixel: the first of both, twice, and the second.
      const V inputs = hn::LoadU(D(), pixels), swapped = hn::SwapAdjacentBlocks(inputs);
      const V blocks[] = {hn::OddEvenBlocks(swapped, inputs), hn::OddEvenBlocks(inputs, swapped)};
      ((sum = hn::MulAdd(hn::Broadcast<kK % 4>(blocks[kK / 4]), rows_[kK], sum)), ...);
    } else {
      ((sum = hn::MulAdd(hn::Set(D(), pixels[kK]), rows_[kK], sum)), ...);
    }
    return sum;
  }

  V biases_;
  V rows_[kChannels];
};

/// Rows of such a layer, which are activated while they are stored.
struct Pointwise8Rows {
  const Product& product;
  int count;

  template <class Activate>
  HWY_NOINLINE void store(const Activate& activate) const {
    using D = Lanes16;
    const Pointwise8Weights<D> weights(product);
    constexpr int kPixels = Pointwise8Weights<D>::kPixels;
    const std::size_t input_step = kPixels * product.pixel_pitch;
    const std::size_t output_step = kPixels * product.output_pixel_pitch;
    const int width = product.width;
    const float* input = product.input;
    for (int y = 0; y < count; ++y) {
      float* output = product.output + static_cast<std::size_t>(y) * product.output_row_pitch;
      for (int x = 0; x < width; x += kPixels, input += input_step, output += output_step)
        hn::StoreU(activate(D(), weights.product(input)), D(), output);
    }
  }
};

/// Returns whether two pixels can share a vector.
inline bool has_pairs(const Product& product) {
  return product.width % 2 == 0 && product.pixel_pitch == kHalfPanel &&
         product.output_pixel_pitch == kHalfPanel;
}
#endif

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <Needs kNeeds>
void compute_product(const Product& product, int pixels, int begin, int end) {
#if HWY_CAP_GE256
  if constexpr (kNeeds.half_panels)
    if (product.depth == kHalfPanel && product.channels == kHalfPanel && !product.half &&
        (kLanes == kHalfPanel || has_pairs(product)))
      return finish(Pointwise8Rows{product, pixels / product.width}, product.activation);
#endif
  product_rows<PixelInputs, kNeeds>(product, pixels, begin, end);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns the kernels of this instruction set that some layers need.
template <Needs kNeeds>
constexpr Kernels needed_kernels() {
  Kernels kernels;
  kernels.share = std::max(kTileChannels, kPanel);
  if constexpr (kNeeds.convolution_stride_1)
    kernels.stems[0] = {load_lines<1>, convolution_rows<kNeeds.ends, 1>};
  if constexpr (kNeeds.convolution_stride_2)
    kernels.stems[1] = {load_lines<2>, convolution_rows<kNeeds.ends, 2>};
  kernels.pointwise = compute_product<kNeeds>;
  if constexpr (kNeeds.map_convolution) kernels.convolution = product_rows<TapInputs, kNeeds>;
  if constexpr (kNeeds.has(Operator::l1)) kernels.l1 = product_rows<L1Inputs, kNeeds>;
  kernels.depthwise = depthwise<kNeeds>;
  if constexpr (kNeeds.depthwise_any) kernels.depthwise_any = depthwise_row;
  if constexpr (kNeeds.has(Operator::rearrange)) kernels.spread_pixels = spread_pixels;
  if constexpr (kNeeds.prelu) kernels.prelu = apply_prelu;
  kernels.epilogue = apply_epilogue<kNeeds.exponentials>;
  kernels.clear_frame = clear_frame;
  kernels.pool = pool;
  kernels.dense = dense_panels<kNeeds>;
  kernels.maps = operator_table([]<Operator kOperator>() -> MapRows {
    if constexpr (kNeeds.has(kOperator)) return kMapKernel<kOperator>;
    return nullptr;
  });
  return kernels;
}

/// The same.
template <Needs kNeeds>
inline constexpr Kernels kKernels = needed_kernels<kNeeds>();

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#if PPLCNET_HAS_AVX512
// from pplcnet/kernels/forward-inl.hpp
// All kernels. Compiled once per instruction set.
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
namespace hn = hwy::HWY_NAMESPACE;
#endif

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The files above are used by those below.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    const V tail = exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
    return hn::NegMulAdd(size, tail, hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates and stores a register tile. The choice is made once per tile, not per vector, and
/// between few: what is compiled is a copy of the tile's end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(const Tile& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.store(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.store(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.store(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-kernel-inl.hpp
// What the kernels of operators that write a map, row by row, from whole maps have in common.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernel of an operator, of which this is specialised where it is; null: it is none of these.
template <Operator kOperator>
inline constexpr MapRows kMapKernel = nullptr;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/partial-inl.hpp
// Sums and maxima over channels: of every 16th, then of these 16, whatever the width of a vector,
// so that all instruction sets get the same bits. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

using Lane = hn::CappedTag<float, 1>;

/// Adds values.
struct Sum {
  static constexpr float kStart = 0;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V sum, V x) const {
    return hn::Add(sum, x);
  }
};

/// Keeps the largest.
struct Maximum {
  static constexpr float kStart = std::numeric_limits<float>::lowest();
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V most, V x) const {
    return hn::Max(most, x);
  }
};

/// Adds the squares of distances from a mean.
struct SquaredDistances {
  static constexpr float kStart = 0;
  float mean;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V sum, V x) const {
    const V distance = hn::Sub(x, hn::Set(d, mean));
    return hn::MulAdd(distance, distance, sum);
  }
};

/// 16 partial results.
class Partial {
 public:
  explicit Partial(float start) { std::fill_n(results_, kPanel, start); }

  /// Takes `count` values.
  template <class Combine>
  HWY_INLINE void add(const float* values, int count, const Combine& combine) {
    const Lanes16 d;
    const int whole = count / kPanel * kPanel;
    for (int lane = 0; lane < kPanel && whole > 0; lane += kLanes) {
      auto result = hn::Load(d, results_ + lane);
      for (int i = lane; i < whole; i += kPanel)
        result = combine(d, result, hn::LoadU(d, values + i));
      hn::Store(result, d, results_ + lane);
    }
    for (int i = whole; i < count; ++i) results_[i - whole] = one(combine, i - whole, values[i]);
  }

  /// Returns the result of all.
  template <class Combine>
  HWY_INLINE float total(const Combine& combine) {
    for (int half = kPanel / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) results_[i] = one(combine, i, results_[i + half]);
    return results_[0];
  }

 private:
  template <class Combine>
  HWY_INLINE float one(const Combine& combine, int i, float value) const {
    const Lane d;
    return hn::GetLane(combine(d, hn::Set(d, results_[i]), hn::Set(d, value)));
  }

  alignas(64) float results_[kPanel];
};

/// Calls `visit(d, i)` for every vector of `count` values from the i-th on, single ones at the end.
template <class Visit>
HWY_INLINE void for_each_vector(int count, const Visit& visit) {
  const Lanes8 d;
  int i = 0;
  for (; i + static_cast<int>(hn::MaxLanes(d)) <= count; i += static_cast<int>(hn::MaxLanes(d)))
    visit(d, i);
  for (; i < count; ++i) visit(Lane(), i);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rows-inl.hpp
// What is done with rows of maps besides arithmetic. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Zeroes [begin, end), a multiple of 8 floats: a few, for which memset, of which the compiler
/// would think, is slow.
HWY_INLINE void clear(float* begin, const float* end) {
  const Lanes8 d;
  const auto zero = in_register(hn::Zero(d));
  for (; begin != end; begin += hn::MaxLanes(d)) hn::StoreU(zero, d, begin);
}

/// Zeroes the frame at both ends of rows [begin, end) of a map.
inline HWY_NOINLINE void clear_frame(const Map& map, float* base, int begin, int end) {
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  for (int y = begin; y < end && left + right > 0; ++y) {
    float* const row = base + map.row(y);
    clear(row, row + left);
    clear(row + map.row_pitch() - right, row + map.row_pitch());
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/product-inputs-inl.hpp
// Where a tile of a product finds its inputs. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a pointwise layer's tile: pixels at equal distances.
template <int kPixels>
class PixelInputs {
 public:
  HWY_INLINE PixelInputs(const Product& product, int pixel) : pixel_pitch_(product.pixel_pitch) {
    point(product.input + static_cast<std::size_t>(pixel) * pixel_pitch_, Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return rows_[kPixel / kGroup] + kPixel % kGroup * pixel_pitch_;
  }

  HWY_INLINE void advance(int channels) { advance(channels, Indices()); }

  static constexpr bool next_tap() { return false; }

  /// Adds the term of one k to a sum.
  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  // On x86 every third pixel has a pointer of its own; its neighbours are one and two pitches
  // away, which it addresses without further arithmetic. Fourteen pointers would be spilled.
  static constexpr int kGroup = HWY_ARCH_ARM ? 1 : 3;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;
  using Indices = std::make_integer_sequence<int, kGroups>;

  template <int... kIndex>
  HWY_INLINE void point(const float* input, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = input + kGroup * kIndex * pixel_pitch_), ...);
  }

  template <int... kIndex>
  HWY_INLINE void advance(int channels, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] += channels), ...);
  }

  std::size_t pixel_pitch_;
  const float* rows_[kGroups];
};

/// The inputs of a convolution's tile, tap by tap: its pixels may be in several rows. Few of their
/// pointers are in registers, but none of them changes before the kernel's next row.
template <int kPixels>
class TapInputs {
  using Indices = std::make_integer_sequence<int, kPixels>;

 public:
  HWY_INLINE TapInputs(const Product& product, int pixel) : product_(product) {
    int row = pixel / product.width, column = pixel - row * product.width;
    for (int i = 0; i < kPixels; ++i) {
      rows_[i] = product.rows + row * product.kernel_rows;
      offsets_[i] = static_cast<std::size_t>(column) * product.pixel_pitch;
      if (++column < product.width) continue;
      column = 0;
      ++row;
    }
    point(Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return pixels_[kPixel] + channel_;
  }

  HWY_INLINE void advance(int channels) { channel_ += static_cast<std::size_t>(channels); }

  HWY_INLINE bool next_tap() {
    if (++column_ == product_.kernel_columns) {
      if (++row_ == product_.kernel_rows) return false;
      column_ = 0;
      point(Indices());
    }
    channel_ = static_cast<std::size_t>(column_) * product_.tap_pitch;
    return true;
  }

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  template <int... kPixel>
  HWY_INLINE void point(std::integer_sequence<int, kPixel...>) {
    ((pixels_[kPixel] = rows_[kPixel][row_] + offsets_[kPixel]), ...);
  }

  const Product& product_;
  int row_ = 0, column_ = 0;  // of the kernel
  std::size_t channel_ = 0;   // from a pixel of the kernel's first column on
  const float* pixels_[kPixels];
  const float* const* rows_[kPixels];
  std::size_t offsets_[kPixels];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-pairs-inl.hpp
// A product's last 24 channels, where a vector holds a panel of 16: half of one would be wasted on
// the last 8, which two pixels share. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <template <int> class Inputs, class D, int kPixels>
class PairTile;

/// Tiles of 24 channels; see VectorTiles.
struct PairTiles {
  static constexpr int kChannels = kPanel + kHalfPanel, kPixels = 16;
  template <template <int> class Inputs, int kSize>
  using Tile = PairTile<Inputs, Lanes16, kSize>;
};

#if HWY_CAP_GE256
/// One and a half panels of the outputs of kPixels pixels: a vector for each pixel, and one for the
/// half panels of a pair of pixels. It computes what a ProductTile computes.
template <template <int> class Inputs, class D, int kPixels>
class PairTile {
  using V = hn::Vec<D>;
  using Half = hn::Half<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kSums = 3;  // of a pair: each pixel's own, and the shared one
  using Pairs = std::make_integer_sequence<int, (kPixels + 1) / 2>;

 public:
  HWY_INLINE PairTile(const Product& product, const float* weights, int channel, int pixel,
                      const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(product.biases + channel, Pairs());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      for (const float* const end = weights + tap; weights != end;
           weights += kPanel, ahead += ahead_step) {
        add_pairs(inputs, hn::Load(D(), weights), twice(weights + panel_pitch), Pairs());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pairs(activate,
                product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                    static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                column, Pairs());
  }

 private:
  /// Returns half a vector in both halves of one.
  static HWY_INLINE V twice(const float* values) {
    const auto half = hn::Load(Half(), values);
    return hn::Combine(D(), half, half);
  }

  /// The second pixel of a pair; where there is none, the first one.
  template <int kPair>
  static constexpr int kSecond = std::min(2 * kPair + 1, kPixels - 1);

  template <int... kPair>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kPair...>) {
    const V whole = hn::Load(D(), biases), half = twice(biases + kPanel);
    ((sums_[kSums * kPair] = sums_[kSums * kPair + 1] = whole, sums_[kSums * kPair + 2] = half),
     ...);
  }

  template <int... kPair>
  HWY_INLINE void add_pairs(const TileInputs& inputs, V whole, V half,
                            std::integer_sequence<int, kPair...>) {
    (add_pair<kPair>(in_register(hn::Set(D(), *inputs.template address<2 * kPair>())),
                     in_register(hn::Set(D(), *inputs.template address<kSecond<kPair>>())), whole,
                     half),
     ...);
  }

  template <int kPair>
  HWY_INLINE void add_pair(V first, V second, V whole, V half) {
    V* const sums = sums_ + kSums * kPair;
    sums[0] = TileInputs::add(first, whole, sums[0]);
    sums[1] = TileInputs::add(second, whole, sums[1]);
    sums[2] = TileInputs::add(hn::ConcatUpperLower(D(), second, first), half, sums[2]);
  }

  template <class Activate, int... kPair>
  HWY_INLINE void store_pairs(const Activate& activate, float* to, int column,
                              std::integer_sequence<int, kPair...>) const {
    (store_pair<kPair>(activate, to, column), ...);
  }

  template <int kPair, class Activate>
  HWY_INLINE void store_pair(const Activate& activate, float*& to, int& column) const {
    const D d;
    const V* const sums = sums_ + kSums * kPair;
    const V halves = activate(d, sums[2]);
    store_pixel(activate(d, sums[0]), hn::LowerHalf(Half(), halves), to, column);
    if constexpr (kSecond<kPair> != 2 * kPair)
      store_pixel(activate(d, sums[1]), hn::UpperHalf(Half(), halves), to, column);
  }

  HWY_INLINE void store_pixel(V whole, hn::Vec<Half> half, float*& to, int& column) const {
    hn::StoreU(whole, D(), to);
    hn::StoreU(half, Half(), to + kPanel);
    to += product_.output_pixel_pitch;
    if (++column < product_.width) return;
    column = 0;
    to += product_.output_row_pitch -
          static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kSums * ((kPixels + 1) / 2)];
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Kernels.
// from pplcnet/kernels/convolution-inl.hpp
// The 3×3 convolution over the picture. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns how many columns of frame the phase of kernel column `column` begins with.
template <int kStride>
constexpr std::size_t framed_before(std::size_t column) {
  constexpr std::size_t kPad = 1;
  return column % kStride < kPad ? 1 : 0;
}

/// Copies the values at columns [0, count) to their phases.
template <int kStride, class Phase, class Value>
HWY_INLINE void copy_columns(std::size_t count, const Phase& phase, const Value& value) {
  float* to[kStride];
  for (std::size_t offset = 0; offset < kStride; ++offset) to[offset] = phase(offset);
  constexpr std::size_t kUnroll = 8;
  std::size_t x = 0;
  for (; x + kUnroll <= count; x += kUnroll) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kUnroll; ++i)
      to[i % kStride][x / kStride + i / kStride] = value(static_cast<std::ptrdiff_t>(x + i));
  }
  for (; x < count; ++x) to[x % kStride][x / kStride] = value(static_cast<std::ptrdiff_t>(x));
}

/// Copies two vectors of values, of which the even ones go to `even` and the odd ones to `odd`.
template <class D>
HWY_INLINE void copy_pairs(D d, const float* from, float* even, float* odd) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  // g++ would read both twice, which takes twice as long where a picture begins anywhere.
  const auto a = in_register(hn::LoadU(d, from));
  const auto b = in_register(hn::LoadU(d, from + hn::MaxLanes(d)));
  hn::StoreU(hn::ConcatEven(d, b, a), d, even);
  hn::StoreU(hn::ConcatOdd(d, b, a), d, odd);
#else
  hn::Vec<D> a, b;
  hn::LoadInterleaved2(d, from, a, b);
  hn::StoreU(a, d, even);
  hn::StoreU(b, d, odd);
#endif
}

/// Copies columns like copy_columns, for values that lie side by side.
template <int kStride, class Phase>
HWY_INLINE void copy_planar_columns(std::size_t count, const Phase& phase, const float* from) {
  using D = Lanes16;
  float* const even = phase(0);
  if constexpr (kStride == 1) {
    std::memcpy(even, from, count * sizeof(float));
  } else {
    float* const odd = phase(1);
    std::size_t i = 0;
    for (; 2 * (i + hn::MaxLanes(D())) <= count; i += hn::MaxLanes(D()))
      copy_pairs(D(), from + 2 * i, even + i, odd + i);
    for (; 2 * i < count; ++i) {
      even[i] = from[2 * i];
      if (2 * i + 1 < count) odd[i] = from[2 * i + 1];
    }
  }
}

/// Copies rows [begin, end) of the picture into lines, [row][in][phase][column], inside the frame
/// of zeros. With a stride of two the even and the odd columns of the frame are two phases, so that
/// what neighbouring outputs read lies side by side. The frame's columns end at a panel's end: what
/// is copied begins with one.
template <int kStride>
HWY_NOINLINE void load_lines(const Layer& layer, const Picture& input, int begin, int end,
                             float* lines) {
  const Shape& picture = layer.input;
  const auto pad = static_cast<std::size_t>(layer.padding.left);
  const std::size_t phase_pitch = layer.phase_columns();
  const std::size_t used = std::min(static_cast<std::size_t>(picture.width),
                                    static_cast<std::size_t>(layer.framed_columns()) - pad);
  // Where the picture's columns offset, offset + kStride, … go.
  const auto phase = [&](std::size_t offset) {
    float* const line = lines + (pad + offset) % kStride * phase_pitch;
    const std::size_t count = (used + kStride - 1 - offset) / kStride;
    clear(line, line + kPanel);
    clear(line + kPanel + count / kPanel * kPanel, line + phase_pitch);
    return line + kPanel;
  };
  for (int y = begin; y < end; ++y)
    for (int c = 0; c < picture.channels; ++c, lines += kStride * phase_pitch) {
      if (y < 0 || y >= picture.height) {
        clear(lines, lines + kStride * phase_pitch);
        continue;
      }
      const std::ptrdiff_t first = c * input.channel + y * input.row;
      if (input.values == nullptr) {
        const ByteTable& lookup = input.lookup[c];
        copy_columns<kStride>(used, phase, [&](std::ptrdiff_t x) {
          return lookup[input.bytes[first + x * input.pixel]];
        });
      } else if (input.pixel == 1) {
        copy_planar_columns<kStride>(used, phase, input.values + first);
      } else {
        copy_columns<kStride>(
            used, phase, [&](std::ptrdiff_t x) { return input.values[first + x * input.pixel]; });
      }
    }
}

/// kChannels channels of two rows of one vector of outputs; the sum's order is that of the weights.
template <class D, int kStride, int kChannels>
class ConvolutionTile {
  using V = hn::Vec<D>;
  static constexpr int kKernel = 3;
  static constexpr int kQuads = kChannels / 4;
  /// Where in its phase the first output's input for a kernel column is.
  template <int kColumn>
  static constexpr std::size_t kFirst = kPanel -
                                        framed_before<kStride>(kColumn) + kColumn / kStride;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE ConvolutionTile(const ConvolutionRows& rows, const float* weights, const float* biases,
                             std::size_t column, float* upper_output, float* lower_output,
                             std::size_t pixel_pitch)
      : upper_output_(upper_output), lower_output_(lower_output), pixel_pitch_(pixel_pitch) {
    start(biases, Indices<2 * kChannels>());
    const float* upper = rows.upper + column;
    const float* lower = rows.lower + column;
    for (int i = 0; i < rows.lines; ++i, weights += kKernel * kPanel) {
      add_columns(upper, lower, rows.phase_pitch, weights, Indices<kKernel>());
      upper += kStride * rows.phase_pitch;
      lower += kStride * rows.phase_pitch;
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_row<0>(activate, upper_output_, Indices<kQuads>());
    store_row<kChannels>(activate, lower_output_, Indices<kQuads>());
  }

 private:
  template <int... kSum>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = hn::Set(D(), biases[kSum % kChannels])), ...);
  }

  template <int... kColumn>
  HWY_INLINE void add_columns(const float* upper, const float* lower, std::size_t phase_pitch,
                              const float* weights, std::integer_sequence<int, kColumn...>) {
    (add_column(hn::LoadU(D(), upper + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                hn::LoadU(D(), lower + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                weights + kColumn * kPanel, Indices<kChannels>()),
     ...);
  }

  template <int... kChannel>
  HWY_INLINE void add_column(V upper, V lower, const float* weights,
                             std::integer_sequence<int, kChannel...>) {
    (add_products<kChannel>(upper, lower, in_register(hn::Set(D(), weights[kChannel]))), ...);
  }

  template <int kChannel>
  HWY_INLINE void add_products(V upper, V lower, V weight) {
    sums_[kChannel] = hn::MulAdd(upper, weight, sums_[kChannel]);
    sums_[kChannels + kChannel] = hn::MulAdd(lower, weight, sums_[kChannels + kChannel]);
  }

  template <int kFirst, class Activate, int... kQuad>
  HWY_INLINE void store_row(const Activate& activate, float* to,
                            std::integer_sequence<int, kQuad...>) const {
    (store_quad<kFirst + 4 * kQuad>(activate, to + 4 * kQuad), ...);
  }

  /// Stores four vectors of one channel each as pixels of four channels each.
  template <int kSum, class Activate>
  HWY_INLINE void store_quad(const Activate& activate, float* to) const {
    const D d;
    const V a = activate(d, sums_[kSum]), b = activate(d, sums_[kSum + 1]);
    const V c = activate(d, sums_[kSum + 2]), e = activate(d, sums_[kSum + 3]);
#if HWY_TARGET == HWY_SCALAR
    const V quad[] = {a, b, c, e};
    for (int i = 0; i < 4; ++i) hn::StoreU(quad[i], d, to + i);
#else
    const std::size_t pixel_pitch = opaque(pixel_pitch_);
    const hn::RepartitionToWide<hn::RebindToUnsigned<D>> pairs;
    const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
    const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
    const auto upper_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
    const auto upper_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), to, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), to + pixel_pitch,
                 pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, upper_ab, upper_ce)),
                 to + 2 * pixel_pitch, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, upper_ab, upper_ce)),
                 to + 3 * pixel_pitch, pixel_pitch);
#endif
  }

  /// Stores four channels of every fourth pixel.
  template <class Blocks>
  HWY_INLINE void store_blocks(Blocks d, hn::Vec<Blocks> vector, float* to,
                               [[maybe_unused]] std::size_t pixel_pitch) const {
#if HWY_CAP_GE256
    if constexpr (hn::MaxLanes(Blocks()) > 4) {
      const hn::Half<Blocks> half;
      store_blocks(half, hn::LowerHalf(half, vector), to, pixel_pitch);
      store_blocks(half, hn::UpperHalf(half, vector), to + hn::MaxLanes(d) / 2 * pixel_pitch,
                   pixel_pitch);
      return;
    }
#endif
    hn::StoreU(vector, d, to);
  }

  float *upper_output_, *lower_output_;
  std::size_t pixel_pitch_;
  V sums_[2 * kChannels];
};

/// Computes two output rows.
template <TileEnds kEnds, int kStride>
HWY_NOINLINE void convolution_rows(const ConvolutionRows& rows) {
  using D = Lanes16;
  constexpr int kChannels = kLanes == 16 || HWY_ARCH_ARM ? 8 : 4;
  const auto width = static_cast<std::size_t>(rows.width);
  const std::size_t panel = static_cast<std::size_t>(rows.lines) * 3 * kPanel;
  for (std::size_t x = 0; x < width; x += kLanes) {
    // The last tile may overlap the one before it: what it computes again has the same bits.
    const std::size_t column = width < kLanes ? 0 : std::min(x, width - kLanes);
    for (std::size_t c = 0; c < static_cast<std::size_t>(rows.channels); c += kChannels) {
      const float* const weights = rows.weights + c / kPanel * panel + c % kPanel;
      const auto tile = [&](float* upper, float* lower, std::size_t pixel_pitch) HWY_ATTR {
        finish<kEnds>(ConvolutionTile<D, kStride, kChannels>(rows, weights, rows.biases + c, column,
                                                             upper, lower, pixel_pitch),
                      rows.activation);
      };
      float* const upper = rows.upper_output + column * rows.pixel_pitch + c;
      float* const lower = rows.lower_output + column * rows.pixel_pitch + c;
      if (width >= kLanes) {
        tile(upper, lower, rows.pixel_pitch);
        continue;
      }
      // A tile wider than the output: only what is inside is kept.
      float pixels[2][kLanes * kChannels];
      tile(pixels[0], pixels[1], kChannels);
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t k = 0; k < kChannels; ++k) {
          upper[i * rows.pixel_pitch + k] = pixels[0][i * kChannels + k];
          lower[i * rows.pixel_pitch + k] = pixels[1][i * kChannels + k];
        }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-any-inl.hpp
// Depthwise convolution with any kernel and any stride. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One vector of channels of one pixel; taps are added in raster order.
template <class D>
class DepthwisePixel {
 public:
  /// `inputs` has a pointer for each row of the kernel.
  HWY_INLINE DepthwisePixel(const Layer& layer, const float* const* inputs, std::size_t offset,
                            const float* weights, const float* biases, float* output)
      : output_(output), sum_(hn::Load(D(), biases)) {
    const auto tap_pitch =
        static_cast<std::size_t>(layer.dilation.width * layer.source.pixel_pitch);
    for (int row = 0; row < layer.kernel.height; ++row) {
      const float* input = inputs[row] + offset;
      for (int column = 0; column < layer.kernel.width; ++column) {
        sum_ = hn::MulAdd(hn::LoadU(D(), input), hn::Load(D(), weights), sum_);
        input += tap_pitch;
        weights += kPanel;
      }
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    hn::StoreU(activate(D(), sum_), D(), output_);
  }

 private:
  float* output_;
  hn::Vec<D> sum_;
};

/// Computes channels [begin, end) of a row of outputs; `inputs` are the rows of the map that it
/// reads, left padding first.
inline HWY_NOINLINE void depthwise_row(const Layer& layer, const float* const* inputs,
                                       const float* all_weights, int begin, int end,
                                       const Rows& output) {
  using D = Lanes8;
  const auto depth = static_cast<std::size_t>(layer.depth());
  const auto step = static_cast<std::size_t>(layer.stride.width * layer.source.pixel_pitch);
  for (auto channel = static_cast<std::size_t>(begin); channel < static_cast<std::size_t>(end);
       channel += hn::MaxLanes(D())) {
    const float* const weights =
        all_weights + layer.weights + channel / kPanel * kPanel * depth + channel % kPanel;
    for (std::size_t x = 0; x < static_cast<std::size_t>(layer.output.width); ++x)
      finish(DepthwisePixel<D>(layer, inputs, x * step + channel, weights,
                               all_weights + layer.biases + channel,
                               output.pixels + x * output.pixel_pitch + channel),
             layer.activation.kind);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-inl.hpp
// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// A tile of outputs: two strips: enough independent sums to hide the latency of a multiply-add, of
/// as many pixels as leave room in the registers for a kernel row's taps. Seven divides all widths
/// from 112 down to 7.
inline constexpr int kDepthwisePixels = kLanes == 16 || HWY_ARCH_ARM ? kLongestStrip : 4;

/// Channels that are worked through at a time, tile by tile: a few rows of them fit L1, and so do
/// their taps.
inline constexpr int kDepthwiseChannels = 4 * kPanel;

/// Whether the registers hold the taps of two kernel rows, so that two rows of outputs can share
/// what they read.
inline constexpr bool kSharesInputs = kLanes == 16 || HWY_ARCH_ARM;

/// Neighbouring outputs in a row: what they are computed from, and where they go.
struct DepthwiseStrip {
  const float* const* inputs;  // [kernel row]
  std::size_t offset;          // in each of them
  float* output;
};

/// Two strips of kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;
  static constexpr std::size_t kRowOfTaps = kKernel * kPanel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    for (int y = 0; y < kKernel; ++y, weights += kRowOfTaps) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_rows(first.inputs[y] + first.offset + channel, second.inputs[y] + second.offset + channel,
               input_pitch, taps, Indices<kInputs>());
    }
  }

  /// The second strip is below the first, whose inputs begin kDown rows further down: rows of
  /// inputs that both strips read are loaded once.
  template <int kDown>
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases,
                           std::integral_constant<int, kDown>)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    const std::size_t offset = first.offset + channel;
    V upper[kKernel], lower[kKernel];
    int y = 0;
    for (; y < kDown; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      add_row<true, false>(first.inputs[y] + offset, input_pitch, upper, upper, Indices<kInputs>());
    }
    for (; y < kKernel; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<true, true>(first.inputs[y] + offset, input_pitch, upper, lower, Indices<kInputs>());
    }
    for (; y < kKernel + kDown; ++y, weights += kRowOfTaps) {
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<false, true>(first.inputs[y] + offset, input_pitch, lower, lower, Indices<kInputs>());
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_strip<0>(activate, first_, Indices<kPixels>());
    store_strip<kPixels>(activate, second_, Indices<kPixels>());
  }

 private:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t output_pitch, const float* biases)
      : first_(first.output + channel), second_(second.output + channel), pitch_(output_pitch) {
    start(hn::Load(D(), biases), Indices<2 * kPixels>());
  }

  template <int... kSum>
  HWY_INLINE void start(V bias, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = bias), ...);
  }

  template <int... kTap>
  static HWY_INLINE void load(V* taps, const float* weights, std::integer_sequence<int, kTap...>) {
    ((taps[kTap] = hn::Load(D(), weights + kTap * kPanel)), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_rows(const float* first, const float* second, std::size_t pitch,
                           const V* taps, std::integer_sequence<int, kInput...>) {
    ((add_input<0, kInput>(in_register(hn::LoadU(D(), first)), taps, Indices<kPixels>()),
      add_input<kPixels, kInput>(in_register(hn::LoadU(D(), second)), taps, Indices<kPixels>()),
      first += pitch, second += pitch),
     ...);
  }

  template <bool kFirst, bool kSecond, int... kInput>
  HWY_INLINE void add_row(const float* from, std::size_t pitch, const V* first_taps,
                          const V* second_taps, std::integer_sequence<int, kInput...>) {
    const auto add = [&](auto index, V input) HWY_ATTR {
      constexpr int kIndex = decltype(index)::value;
      if constexpr (kFirst) add_input<0, kIndex>(input, first_taps, Indices<kPixels>());
      if constexpr (kSecond) add_input<kPixels, kIndex>(input, second_taps, Indices<kPixels>());
    };
    ((add(std::integral_constant<int, kInput>(), in_register(hn::LoadU(D(), from))), from += pitch),
     ...);
  }

  template <int kFirst, int kInput, int... kPixel>
  HWY_INLINE void add_input(V input, const V* taps, std::integer_sequence<int, kPixel...>) {
    (add_tap<kInput - kPixel * kStride, kFirst + kPixel>(input, taps), ...);
  }

  template <int kTap, int kSum>
  HWY_INLINE void add_tap(V input, const V* taps) {
    if constexpr (kTap >= 0 && kTap < kKernel)
      sums_[kSum] = hn::MulAdd(input, taps[kTap], sums_[kSum]);
  }

  template <int kFirst, class Activate, int... kPixel>
  HWY_INLINE void store_strip(const Activate& activate, float* to,
                              std::integer_sequence<int, kPixel...>) const {
    ((hn::StoreU(activate(D(), sums_[kFirst + kPixel]), D(), to), to += pitch_), ...);
  }

  float *first_, *second_;
  std::size_t pitch_;
  V sums_[2 * kPixels];
};

/// Computes channels [begin, end) of row `row`, and of the row below it if `two`; begin is a
/// multiple of 16. The two strips of a tile are one below the other or, in a single row, side by
/// side. A strip that would reach beyond the row's end overlaps the one before it: what is computed
/// again has the same bits. Of two rows that share their inputs, those of the second begin kDown
/// rows further down.
template <TileEnds kEnds, class D, int kKernel, int kStride, int kPixels, int... kDown>
HWY_NOINLINE void depthwise_rows(const DepthwiseRows& rows, int row, bool two, int begin, int end) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const auto row_begin = [&](int y) HWY_ATTR {
    return DepthwiseStrip{
        .inputs = rows.inputs + y * rows.row_step,
        .offset = static_cast<std::size_t>(begin),
        .output = rows.output + begin + static_cast<std::size_t>(y) * rows.output_row_pitch};
  };
  const std::size_t input_pitch = rows.input_pixel_pitch, output_pitch = rows.output_pixel_pitch;
  const auto strip = [&](DepthwiseStrip place, int x) HWY_ATTR {
    const auto column = static_cast<std::size_t>(std::min(x, rows.width - kPixels));
    place.offset += column * kStride * input_pitch;
    place.output += column * output_pitch;
    return place;
  };
  const DepthwiseStrip upper = row_begin(row), lower = row_begin(row + (two ? 1 : 0));
  const int lower_shift = two ? 0 : kPixels, step = kPixels + lower_shift;
  const auto channels = static_cast<std::size_t>(end - begin);
  const float* const biases = rows.biases + begin;
  const Activation::Kind activation = rows.activation;
  for (int x = 0; x < rows.width; x += step) {
    const DepthwiseStrip first = strip(upper, x), second = strip(lower, x + lower_shift);
    const float* weights = rows.weights + begin * kKernel * kKernel;
    for (std::size_t channel = 0; channel < channels; channel += kStep) {
      finish<kEnds>(DepthwiseTile<D, kKernel, kStride, kPixels>(
                        first, second, channel, input_pitch, output_pitch, weights,
                        biases + channel, std::integral_constant<int, kDown>()...),
                    activation);
      const bool panel_ends = (channel + kStep) % kPanel == 0;
      weights += kStep + (panel_ends ? (kKernel * kKernel - 1) * kPanel : 0);
    }
  }
}

/// Computes the same, of which two rows share their inputs where they can.
template <Needs kNeeds, class D, int kKernel, int kStride, int kPixels>
HWY_INLINE void depthwise_row_or_two(const DepthwiseRows& rows, int row, bool two, int begin,
                                     int end) {
  if constexpr (kSharesInputs && (kStride == 1 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 1)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 1>(rows, row, two, begin,
                                                                          end);
  if constexpr (kSharesInputs && (kStride == 2 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 2)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 2>(rows, row, two, begin,
                                                                          end);
  depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels>(rows, row, two, begin, end);
}

/// Computes channels [begin, end) of all rows.
template <Needs kNeeds, class D, int kKernel, int kStride>
HWY_NOINLINE void depthwise_channels(const DepthwiseRows& rows, int begin, int end) {
  for (int y = 0; y < rows.count; y += 2) {
    const bool two = y + 1 < rows.count;
    if constexpr (kNeeds.depthwise_narrow)
      if (rows.width < kDepthwisePixels) {
        depthwise_row_or_two<kNeeds, D, kKernel, kStride, 1>(rows, y, two, begin, end);
        continue;
      }
    depthwise_row_or_two<kNeeds, D, kKernel, kStride, kDepthwisePixels>(rows, y, two, begin, end);
  }
}

template <Needs kNeeds, int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const DepthwiseRows& rows) {
  const int whole = rows.channels / kPanel * kPanel;
  for (int begin = 0; begin < whole; begin += kDepthwiseChannels)
    depthwise_channels<kNeeds, Lanes16, kKernel, kStride>(
        rows, begin, std::min(whole, begin + kDepthwiseChannels));
  if constexpr (kNeeds.half_panels)
    if (whole < rows.channels)
      depthwise_channels<kNeeds, Lanes8, kKernel, kStride>(rows, whole, rows.channels);
}

/// Computes two pixels at a time: eight channels fill half of the widest vector. But two
/// neighbouring pixels lie side by side in memory: they are one pixel of sixteen channels, whose
/// right neighbour is two pixels away.
template <Needs kNeeds, int kKernel>
HWY_NOINLINE void depthwise_pairs(DepthwiseRows rows) {
  constexpr int kHalf = kPanel / 2;
  HWY_ALIGN float doubled[(kKernel * kKernel + 1) * kPanel];
  for (int tap = 0; tap <= kKernel * kKernel; ++tap) {
    const float* from = tap == 0 ? rows.biases : rows.weights + (tap - 1) * kPanel;
    for (int i = 0; i < kPanel; ++i) doubled[tap * kPanel + i] = from[i % kHalf];
  }
  rows.biases = doubled;
  rows.weights = doubled + kPanel;
  rows.channels = kPanel;
  rows.width /= 2;
  rows.output_pixel_pitch *= 2;
  depthwise_kernel<kNeeds, kKernel, 2>(rows);
}

template <Needs kNeeds, int kKernel>
HWY_INLINE void depthwise_stride(const DepthwiseRows& rows, int stride, bool pairs) {
  if constexpr (kNeeds.half_panels)
    if (pairs) return depthwise_pairs<kNeeds, kKernel>(rows);
  return stride == 2 ? depthwise_kernel<kNeeds, kKernel, 2>(rows)
                     : depthwise_kernel<kNeeds, kKernel, 1>(rows);
}

template <Needs kNeeds>
void depthwise(const DepthwiseRows& rows, int kernel, int stride) {
  const bool pairs = kLanes == kPanel && rows.channels == kPanel / 2 && stride == 1 &&
                     rows.width % 2 == 0 && rows.input_pixel_pitch == kPanel / 2 &&
                     rows.output_pixel_pitch == kPanel / 2;
  if constexpr (kNeeds.depthwise_3)
    if (kernel == 3) return depthwise_stride<kNeeds, 3>(rows, stride, pairs);
  if constexpr (kNeeds.depthwise_5) depthwise_stride<kNeeds, 5>(rows, stride, pairs);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/epilogue-inl.hpp
// Post-ops that do not fit a register tile: costly activations, scale and shift, residual. They are
// applied while the rows are in cache. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <bool kExponentials, class D>
HWY_INLINE void epilogue_of_pixel(const Epilogue& what, float* pixel, const float* addend,
                                  int begin, int end) {
  const D d;
  using V = hn::Vec<D>;
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    V x = activated<kExponentials>(d, hn::LoadU(d, pixel + channel), what.activation);
    if (what.affine != nullptr)
      x = hn::MulAdd(x, hn::Set(d, what.affine[0]), hn::Set(d, what.affine[1]));
    if (addend != nullptr) x = hn::Add(x, hn::LoadU(d, addend + channel));
    hn::StoreU(x, d, pixel + channel);
  }
}

/// Computes channels [begin, end) of all pixels; both are multiples of 8.
template <bool kExponentials>
HWY_NOINLINE void apply_epilogue(const Epilogue& what, int begin, int end) {
  // Pixels that lie side by side are one with the channels of all of them.
  const auto pitch = static_cast<std::size_t>(end - begin);
  const bool joined = what.rows.pixel_pitch == pitch &&
                      (what.addend.pixels == nullptr || what.addend.pixel_pitch == pitch);
  const int width = joined ? 1 : what.width;
  if (joined) end *= what.width;
  const int whole = whole_panels(begin, end);
  for (int y = 0; y < what.count; ++y)
    for (int x = 0; x < width; ++x) {
      const auto place = [&](const Rows& rows) {
        return rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
               static_cast<std::size_t>(x) * rows.pixel_pitch;
      };
      const float* const addend = what.addend.pixels == nullptr ? nullptr : place(what.addend);
      float* const pixel = place(what.rows);
      epilogue_of_pixel<kExponentials, Lanes16>(what, pixel, addend, begin, whole);
      if constexpr (kLanes > kHalfPanel)
        epilogue_of_pixel<kExponentials, Lanes8>(what, pixel, addend, whole, end);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/l1-inl.hpp
// Distances in the place of products: the layers of AdderNet. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a tile of outputs bias - Σ|weight - x|, in the order of the weights.
template <int kPixels>
class L1Inputs : public TapInputs<kPixels> {
 public:
  HWY_INLINE L1Inputs(const Product& product, int pixel) : TapInputs<kPixels>(product, pixel) {}

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::Sub(sum, hn::Abs(hn::Sub(weight, x)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-inl.hpp
// Layers that write a map from others, pixel by pixel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Calls `visit(d, channel)` for every vector of a pixel's channels.
template <class Visit>
HWY_INLINE void for_each_channel(int channels, const Visit& visit) {
  int channel = 0;
  for (; channel + kPanel <= channels; channel += kLanes) visit(Lanes16(), channel);
  for (; channel < channels; channel += static_cast<int>(hn::MaxLanes(Lanes8())))
    visit(Lanes8(), channel);
}

/// Computes rows [begin, end) of a map times a vector.
inline HWY_NOINLINE void gate_rows(const Context& context, const Layer& layer, int begin, int end) {
  const float* const factors = context.vector(layer.source_vector, layer.output);
  for (int y = begin; y < end; ++y) {
    const float* from = context.pixels(layer.source, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.input.width; ++x) {
      for_each_channel(layer.input.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, from + channel), hn::LoadU(d, factors + channel)), d,
                   to + channel);
      });
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::gate> = gate_rows;

/// Computes rows [begin, end) of the sum of two maps.
inline HWY_NOINLINE void add_rows(const Context& context, const Layer& layer, int begin, int end) {
  for (int y = begin; y < end; ++y) {
    const float* a = context.pixels(layer.source, y);
    const float* b = context.pixels(layer.addend_map, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.output.width; ++x) {
      for_each_channel(layer.output.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, a + channel), hn::LoadU(d, b + channel)), d, to + channel);
      });
      a += layer.source.pixel_pitch;
      b += layer.addend_map.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::add> = add_rows;

/// Copies values; every second one is read, or is written.
inline void copy_every_second(const float* from, float* to, int count, bool reads) {
  const Lanes8 d;
  constexpr int kStep = static_cast<int>(hn::MaxLanes(d));
  int i = 0;
  for (; i + kStep < count; i += kStep) {  // a last vector would reach into what is beside
    hn::Vec<Lanes8> even, odd;
    if (reads) {
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
    } else {
      hn::LoadInterleaved2(d, to + 2 * i, even, odd);
      hn::StoreInterleaved2(hn::LoadU(d, from + i), odd, d, to + 2 * i);
    }
  }
  for (; i < count; ++i) to[reads ? i : 2 * i] = from[reads ? 2 * i : i];
}

/// Computes rows [begin, end) of channels that go elsewhere.
inline HWY_NOINLINE void copy_rows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (layer.read_step == 1 && layer.write_step == 1)
        std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(layer.output.channels));
      else if (layer.read_step * layer.write_step == 2)
        copy_every_second(from, to, layer.output.channels, layer.read_step == 2);
      else
        for (int channel = 0; channel < layer.output.channels; ++channel)
          to[channel * layer.write_step] = from[channel * layer.read_step];
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::copy> = copy_rows;

/// Computes rows [begin, end) of the picture.
inline HWY_NOINLINE void picture_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const Picture& picture = context.picture();
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch)
      for (int channel = 0; channel < layer.output.channels; ++channel) {
        const std::ptrdiff_t place =
            channel * picture.channel + y * picture.row + x * picture.pixel;
        to[channel] = picture.values != nullptr ? picture.values[place]
                                                : picture.lookup[channel][picture.bytes[place]];
      }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::picture> = picture_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/multiply-inl.hpp
// A map times another one, which may be repeated along axes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes rows [begin, end) of a product.
inline HWY_NOINLINE void multiply_rows(const Context& context, const Layer& layer, int begin,
                                       int end) {
  float* const maps = context.run.maps;
  const Lanes8 d;
  const Shape& factors = layer.factor_shape;
  const Map& map = layer.addend_map;
  const int step = factors.width > 1 ? map.pixel_pitch : 0;
  const bool single = factors.channels == 1 && layer.output.channels > 1;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    const float* factor = maps + map.pixels(factors.height > 1 ? y : 0);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      const auto one = hn::Set(d, *factor);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, from + channel);
        hn::StoreU(hn::Mul(value, single ? one : hn::LoadU(d, factor + channel)), d, to + channel);
      }
      from += layer.source.pixel_pitch;
      factor += step;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::multiply> = multiply_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/prelu-inl.hpp
// PReLU. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes some channels of `count` rows of a layer's output: max(x, 0) + min(x, 0) * slope.
inline HWY_NOINLINE void apply_prelu(const Layer& layer, const float* weights, const Rows& rows,
                                     int count, const ChannelRange& channels) {
  const float* const slopes = weights + layer.slopes_place();
  const Lanes8 d;
  const auto zero = hn::Zero(d);
  for (int y = 0; y < count; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      float* const pixel = rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
                           static_cast<std::size_t>(x) * rows.pixel_pitch;
      for (int i = channels.begin; i < channels.end; i += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, pixel + i);
        hn::StoreU(hn::MulAdd(hn::Min(value, zero), hn::LoadU(d, slopes + i), hn::Max(value, zero)),
                   d, pixel + i);
      }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-inl.hpp
// The register-tiled matrix product of pointwise layers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
// g++ would load the next rows of weights far ahead, away from each other, and copy sums to make
// room.
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × two vectors of accumulators that fit the registers, together with a row of weights and
/// the inputs: 14 × 2 of 32 registers (AVX-512), 6 × 2 of 16 (AVX2, SSE2), 7 × 2 of 32 (NEON, which
/// keeps the inputs of all pixels).
inline constexpr int kTilePixels = kLanes == 16 ? 14 : HWY_ARCH_ARM ? 7 : kLanes > 1 ? 6 : 2;
inline constexpr int kTileChannels = std::max(2 * kLanes, kPanel / 2);

template <template <int> class Inputs, class D, int kPixels, int kVectors>
class ProductTile {
  using V = hn::Vec<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  /// Beside its work, a tile fetches the weights at `ahead`, `ahead_step` bytes for each k.
  HWY_INLINE ProductTile(const Product& product, const float* weights, int channel, int pixel,
                         const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(Indices<kPixels * kVectors>());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      const float* const end = weights + tap;
#if HWY_ARCH_ARM
      for (; weights + kUnroll * kPanel <= end; weights += kUnroll * kPanel) {
        add_quad<0>(inputs, weights, Indices<kPixels>());
        add_quad<4>(inputs, weights, Indices<kPixels>());
        __builtin_prefetch(ahead, 0, 2);
        ahead += kUnroll * ahead_step;
        inputs.advance(kUnroll);
      }
#endif
      for (; weights != end; weights += kPanel, ahead += ahead_step) {
        add_vectors(inputs, weights, panel_pitch, Indices<kVectors>());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pixels(activate,
                 product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                     static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                 column, Indices<kPixels>());
  }

 private:
#if HWY_ARCH_ARM
  static constexpr int kUnroll = 8;  // channels: two quads
#endif

  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    const D d;
    ((sums_[kIndex] = hn::Load(d, product_.biases + channel_ + kIndex % kVectors * kStep)), ...);
  }

#if HWY_ARCH_ARM
  /// Adds four products: a lane of a register can be a factor: a vector of inputs holds four k of a
  /// pixel.
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_quad(const TileInputs& tile, const float* weights,
                           std::integer_sequence<int, kPixel...>) {
    const V inputs[kPixels] = {hn::LoadU(D(), tile.template address<kPixel>() + kFirst)...};
    add_row<0>(inputs, weights + kFirst * kPanel, Indices<kVectors>());
    add_row<1>(inputs, weights + (kFirst + 1) * kPanel, Indices<kVectors>());
    add_row<2>(inputs, weights + (kFirst + 2) * kPanel, Indices<kVectors>());
    add_row<3>(inputs, weights + (kFirst + 3) * kPanel, Indices<kVectors>());
  }

  template <int kLane, int... kVector>
  HWY_INLINE void add_row(const V* inputs, const float* weights,
                          std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(D(), weights + kVector * kStep)...};
    (add_lane<kLane, kVector>(inputs, row[kVector], Indices<kPixels>()), ...);
  }

  template <int kLane, int kVector, int... kPixel>
  HWY_INLINE void add_lane(const V* inputs, V weights, std::integer_sequence<int, kPixel...>) {
    ((sums_[kPixel * kVectors + kVector] = TileInputs::add(
          hn::Broadcast<kLane>(inputs[kPixel]), weights, sums_[kPixel * kVectors + kVector])),
     ...);
  }
#endif

  template <int... kVector>
  HWY_INLINE void add_vectors(const TileInputs& inputs, const float* weights,
                              std::size_t panel_pitch, std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(
        D(), weights + kVector * kStep / kPanel * panel_pitch + kVector * kStep % kPanel)...};
    add_pixels(inputs, row, Indices<kPixels>());
  }

  template <int... kPixel>
  HWY_INLINE void add_pixels(const TileInputs& inputs, const V* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kPixel>(hn::Set(D(), *inputs.template address<kPixel>()), row, Indices<kVectors>()),
     ...);
  }

  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(V input, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          TileInputs::add(input, row[kVector], sums_[kPixel * kVectors + kVector])),
     ...);
  }

  template <class Activate, int... kPixel>
  HWY_INLINE void store_pixels(const Activate& activate, float* to, int column,
                               std::integer_sequence<int, kPixel...>) const {
    const std::size_t gap = product_.output_row_pitch -
                            static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
    ((store_pixel<kPixel>(activate, to, Indices<kVectors>()), next_pixel(to, column, gap)), ...);
  }

  HWY_INLINE void next_pixel(float*& to, int& column, std::size_t gap) const {
    to += product_.output_pixel_pitch;
    if (++column == product_.width) {
      column = 0;
      to += gap;
    }
  }

  template <int kPixel, class Activate, int... kVector>
  HWY_INLINE void store_pixel(const Activate& activate, float* to,
                              std::integer_sequence<int, kVector...>) const {
    const D d;
    (hn::StoreU(activate(d, sums_[kPixel * kVectors + kVector]), d, to + kVector * kStep), ...);
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kPixels * kVectors];
};

/// Weights of a product's columns, and what lies after them: the weights of the next ones.
struct ProductWeights {
  const float* here;
  const char* next;
  std::size_t next_bytes;
};

/// Tiles of kCount channels, in whole vectors.
template <class D, int kCount>
struct VectorTiles {
  static constexpr int kChannels = kCount, kPixels = kTilePixels;
  template <template <int> class Inputs, int kSize>
  using Tile = ProductTile<Inputs, D, kSize, kCount / static_cast<int>(hn::MaxLanes(D()))>;
};

/// Computes the output channels of a tile from `channel` on, for all pixels. The last tile may
/// overlap the one before it: what it computes again has the same bits.
template <template <int> class Inputs, TileEnds kEnds, class Tiles>
HWY_NOINLINE void product_columns(const Product& product, const ProductWeights& weights,
                                  int channel, int pixels) {
  constexpr int kPixels = Tiles::kPixels;
  // Weights come from L3 or from memory: the next ones are fetched evenly while all tiles are at
  // work.
  const auto tiles = static_cast<std::size_t>(std::max(1, pixels / kPixels));
  const std::size_t ahead_bytes = weights.next_bytes / tiles;
  const std::size_t ahead_step = ahead_bytes / static_cast<std::size_t>(product.depth);
  const char* ahead = weights.next;
  const auto tile = [&](auto size, int pixel) HWY_ATTR {
    finish<kEnds>(typename Tiles::template Tile<Inputs, decltype(size)::value>(
                      product, weights.here, channel, pixel, ahead, ahead_step),
                  product.activation);
    ahead += ahead_bytes;
  };
  using Whole = std::integral_constant<int, kPixels>;
  using One = std::integral_constant<int, 1>;
  // A few rows of a small map are often all there is.
  using Half = std::integral_constant<int, kPixels / 2>;
  int pixel = 0;
  for (; pixel + kPixels <= pixels; pixel += kPixels) tile(Whole(), pixel);
  for (; pixel + Half::value <= pixels; pixel += Half::value) tile(Half(), pixel);
  if (pixel < pixels && pixels >= Half::value) return tile(Half(), pixels - Half::value);
  for (; pixel < pixels; ++pixel) tile(One(), pixel);
}

/// Converts float16 to float32; `count` is a multiple of 16.
inline HWY_NOINLINE void convert_to_float(const hwy::float16_t* from, std::size_t count,
                                          float* to) {
  const Lanes16 d;
  for (std::size_t i = 0; i < count; i += hn::MaxLanes(d))
    hn::Store(load_weights(d, from + i), d, to + i);
}

/// Returns the weights of `count` channels from `channel` on; where they are stored in half
/// precision, whole panels are float32_scratch when their first channel is asked for.
template <Needs kNeeds>
HWY_NOINLINE ProductWeights weights_of(const Product& product, int channel, int count) {
  const auto depth = static_cast<std::size_t>(product.depth);
  const auto first = static_cast<std::size_t>(channel / kPanel * kPanel) * depth;
  const auto panels = static_cast<std::size_t>(round_up(count, kPanel)) * depth;
  const auto needed = static_cast<std::size_t>(count) * depth;
  const auto lane = static_cast<std::size_t>(channel % kPanel);
  const auto weights = [&](const float* here, const auto* stored) {
    return ProductWeights{here,
                          reinterpret_cast<const char*>(stored + first + panels + lane * depth),
                          needed * sizeof(*stored)};
  };
  if constexpr (!kNeeds.half_weights)
    return weights(product.weights + first + lane, product.weights);
  if (!product.half) return weights(product.weights + first + lane, product.weights);
  const auto* const stored = reinterpret_cast<const hwy::float16_t*>(product.weights);
  if (lane == 0) convert_to_float(stored + first, panels, product.float32_scratch);
  return weights(product.float32_scratch + lane, stored);
}

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <template <int> class Inputs, Needs kNeeds>
HWY_NOINLINE void product_rows(const Product& product, int pixels, int begin, int end) {
  static_assert(kTileChannels <= kConvertedPanels * kPanel);
  constexpr bool kPairs = kLanes == kPanel && kNeeds.half_panels;
  int channel = begin, whole = end;
  const auto columns = [&](auto tiles) {
    using Tiles = decltype(tiles);
    product_columns<Inputs, kNeeds.ends, Tiles>(
        product, weights_of<kNeeds>(product, channel, Tiles::kChannels), channel, pixels);
    channel += Tiles::kChannels;
  };
  if constexpr (kPairs)
    if ((end - begin) % kPanel != 0 && end - begin > kPanel) whole = end - PairTiles::kChannels;
  while (channel + kTileChannels <= whole) columns(VectorTiles<Lanes16, kTileChannels>());
  if constexpr (kTileChannels > kPanel)
    while (channel + kPanel <= whole) columns(VectorTiles<Lanes16, kPanel>());
  if constexpr (kPairs)
    if (whole < end) return columns(PairTiles());
  if constexpr (kTileChannels > kPanel / 2 && kNeeds.half_panels)
    if (channel < end) columns(VectorTiles<Lanes8, kPanel / 2>());
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC pop_options
#endif
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rearrange-inl.hpp
// The numbers of a map in other places. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Where the channels of one pixel of the output come from: every `step`-th float.
struct PixelSource {
  const float* first;
  std::ptrdiff_t step = 1;
};

/// Returns where pixel (y, x) of the output comes from.
inline PixelSource source_of(const Layer& layer, const float* maps, int y, int x) {
  using Kind = Rearrangement::Kind;
  const Map& map = layer.source;
  const auto [kind, first, second] = layer.rearrangement;
  const auto place = [&](int row, int column, int channel) {
    return maps + map.pixels(row) + column * map.pixel_pitch + channel;
  };
  switch (kind) {
    case Kind::transpose: {
      int at[3] = {};
      at[first] = y;
      at[second] = x;
      const std::ptrdiff_t steps[] = {static_cast<std::ptrdiff_t>(map.row_pitch()), map.pixel_pitch,
                                      1};
      return {place(at[0], at[1], at[2]), steps[3 - first - second]};
    }
    case Kind::space_to_rows: {
      const int across = layer.input.width / first;
      return {place(x / across * first + y / first, x % across * first + y % first, 0)};
    }
    case Kind::rows_to_space:
      return {place(y % first * first + x % first, y / first * (second / first) + x / first, 0)};
    case Kind::depth_to_space:
      return {place(y / first, x / first, (y % first * first + x % first) * layer.output.channels)};
    case Kind::shuffle:
      break;
  }
  return {place(y, x, 0)};
}

/// Computes channels [first][second][rest] become [second][first][rest].
inline void shuffle_blocks(const Rearrangement& how, int channels, const float* from, float* to) {
  const int size = channels / (how.first * how.second);
  for (int j = 0; j < how.second; ++j)
    for (int i = 0; i < how.first; ++i, to += size)
      std::memcpy(to, from + (i * how.second + j) * size,
                  static_cast<std::size_t>(size) * sizeof(float));
}

/// Computes what `count` rows become, each of whose pixels is a square of the output's; for one row
/// as many as a square has.
inline HWY_NOINLINE void spread_pixels(const Layer& layer, Rows from, int count, Rows to) {
  const Lanes8 d;
  const int side = layer.rearrangement.first, channels = layer.output.channels;
  const auto copy = [&](const float* values, float* pixel) HWY_ATTR {
    if (channels % kHalfPanel != 0) {
      // One is usual, for which a call takes longer than the copy.
      if (channels == 1) return static_cast<void>(*pixel = *values);
      std::memcpy(pixel, values, static_cast<std::size_t>(channels) * sizeof(float));
      return;
    }
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d)))
      hn::StoreU(hn::LoadU(d, values + i), d, pixel + i);
  };
  for (int y = 0; y < count; ++y, from.pixels += from.row_pitch)
    for (int row = 0; row < side; ++row, to.pixels += to.row_pitch) {
      const float* values = from.pixels + row * side * channels;
      float* pixel = to.pixels;
      for (int x = 0; x < layer.input.width; ++x, values += from.pixel_pitch)
        for (int i = 0; i < side * channels; i += channels, pixel += to.pixel_pitch)
          copy(values + i, pixel);
    }
}

/// Computes rows [begin, end) of a rearrangement.
inline HWY_NOINLINE void rearrange_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels;
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
      const auto [from, step] = source_of(layer, maps, y, x);
      if (layer.rearrangement.kind == Rearrangement::Kind::shuffle)
        shuffle_blocks(layer.rearrangement, channels, from, to);
      else if (step == 1)
        std::memcpy(to, from, static_cast<std::size_t>(channels) * sizeof(float));
      else
        for (int i = 0; i < channels; ++i) to[i] = from[i * step];
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::rearrange> = rearrange_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/reduce-inl.hpp
// Means, maxima and variances along any axes of a map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels that one pixel of the output is made of.
struct PixelRange {
  int top, bottom, left, right;

  float count() const { return static_cast<float>((bottom - top) * (right - left)); }

  /// Calls `visit(pixel)` in raster order.
  template <class Visit>
  HWY_INLINE void for_each(const Map& map, const float* maps, const Visit& visit) const {
    for (int y = top; y < bottom; ++y) {
      const float* pixel = maps + map.pixels(y) + left * map.pixel_pitch;
      for (int x = left; x < right; ++x, pixel += map.pixel_pitch) visit(pixel);
    }
  }
};

/// Channels of a range of pixels, each alone; `count` vectors' lanes are read from `channel` on.
template <class D>
class ChannelReduction {
  using V = hn::Vec<D>;

 public:
  ChannelReduction(const Map& map, const float* maps, const PixelRange& range, int channel)
      : map_(map), maps_(maps), range_(range), channel_(channel) {}

  HWY_INLINE V mean() const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { sum = hn::Add(sum, load(pixel)); });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V maximum() const {
    V most = hn::Set(D(), Maximum::kStart);
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { most = hn::Max(most, load(pixel)); });
    return most;
  }
  HWY_INLINE V variance(V mean) const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_, [&](const float* pixel) HWY_ATTR {
      const V distance = hn::Sub(load(pixel), mean);
      sum = hn::MulAdd(distance, distance, sum);
    });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V result(Reduction reduction) const {
    if (reduction == Reduction::maximum) return maximum();
    const V mean_value = mean();
    return reduction == Reduction::mean ? mean_value : variance(mean_value);
  }

 private:
  HWY_INLINE V load(const float* pixel) const { return hn::LoadU(D(), pixel + channel_); }

  const Map& map_;
  const float* maps_;
  const PixelRange& range_;
  int channel_;
};

/// Returns all channels of a range of pixels.
inline float reduce_all(const Layer& layer, Reduction reduction, const float* maps,
                        const PixelRange& range) {
  const int channels = layer.input.channels;
  const float count = range.count() * static_cast<float>(channels);
  const auto reduced = [&](const auto& combine) HWY_ATTR {
    Partial partial(combine.kStart);
    range.for_each(layer.source, maps,
                   [&](const float* pixel) HWY_ATTR { partial.add(pixel, channels, combine); });
    return partial;
  };
  if (reduction == Reduction::maximum) return reduced(Maximum()).total(Maximum());
  const float mean = reduced(Sum()).total(Sum()) / count;
  if (reduction == Reduction::mean) return mean;
  return reduced(SquaredDistances{mean}).total(Sum()) / count;
}

/// Which axes are reduced.
struct ReducedAxes {
  bool rows, columns, channels;

  explicit ReducedAxes(const Layer& layer)
      : rows(layer.output.height == 1),
        columns(layer.output.width == 1),
        channels(layer.output.channels == 1) {
    if (layer.reduction != Reduction::maximum_and_mean) return;
    rows = layer.groups == static_cast<int>(Axis::rows);
    columns = layer.groups == static_cast<int>(Axis::columns);
    channels = layer.groups == static_cast<int>(Axis::channels);
  }
};

/// Computes rows [begin, end) of a reduction.
inline HWY_NOINLINE void reduce_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const ReducedAxes axes(layer);
  const bool both = layer.reduction == Reduction::maximum_and_mean;
  const auto which = [&](int i) {
    return !both ? layer.reduction : i == 0 ? Reduction::maximum : Reduction::mean;
  };
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const PixelRange range = {axes.rows ? 0 : y, axes.rows ? layer.input.height : y + 1,
                                axes.columns ? 0 : x, axes.columns ? layer.input.width : x + 1};
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      if (axes.channels) {
        for (int i = 0; i < layer.output.channels; ++i)
          to[i] = reduce_all(layer, which(i), maps, range);
        continue;
      }
      const Reduction reduction = which(axes.rows ? y : x);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(Lanes8())))
        hn::StoreU(ChannelReduction<Lanes8>(layer.source, maps, range, channel).result(reduction),
                   Lanes8(), to + channel);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::reduce> = reduce_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/resize-inl.hpp
// A map of another height and width. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels of the input that one of the output lies between, along one axis: `share` of the way
/// from the first one to the second.
struct Between {
  int first, second;
  float share;
};

/// Returns those of output `i`: they are around `at` / `whole`, whose rounding is the same on every
/// CPU. At the longest side both are below 2^31.
inline Between between(int i, int size, int outputs) {
  const int whole = 2 * outputs, at = std::max((2 * i + 1) * size - outputs, 0);
  const int first = at / whole;
  return {first, std::min(first + 1, size - 1),
          static_cast<float>(at % whole) / static_cast<float>(whole)};
}

/// Computes a row of nearest pixels: `from` and `to` are pixels 0.
inline void nearest_row(const Layer& layer, const float* from, float* to) {
  const int channels = layer.padded_channels(), outputs = layer.output.width;
  for (int x = 0, rest = 0; x < outputs; ++x, to += layer.target.pixel_pitch) {
    for_each_channel(channels, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(hn::LoadU(d, from + channel), d, to + channel);
    });
    for (rest += layer.input.width; rest >= outputs; rest -= outputs)
      from += layer.source.pixel_pitch;
  }
}

/// Computes a row between two rows of the input.
inline void bilinear_row(const Layer& layer, const float* above, const float* below, float down,
                         float* to) {
  const Lanes8 d;
  const int channels = layer.padded_channels();
  const auto mix = [&](auto share, auto a, auto b)
                       HWY_ATTR { return hn::MulAdd(share, hn::Sub(b, a), a); };
  for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
    const auto [first, second, across] = between(x, layer.input.width, layer.output.width);
    const int left = first * layer.source.pixel_pitch, right = second * layer.source.pixel_pitch;
    const auto rows = hn::Set(d, down), columns = hn::Set(d, across);
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d))) {
      const auto top =
          mix(columns, hn::LoadU(d, above + left + i), hn::LoadU(d, above + right + i));
      const auto bottom =
          mix(columns, hn::LoadU(d, below + left + i), hn::LoadU(d, below + right + i));
      hn::StoreU(mix(rows, top, bottom), d, to + i);
    }
  }
}

/// Computes rows [begin, end) of a resized map.
inline HWY_NOINLINE void resize_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const Map& source = layer.source;
  for (int y = begin; y < end; ++y) {
    float* const to = context.pixels(layer.target, y);
    if (layer.resampling == Resampling::nearest) {
      nearest_row(layer, maps + source.pixels(y * layer.input.height / layer.output.height), to);
    } else {
      const auto [above, below, down] = between(y, layer.input.height, layer.output.height);
      bilinear_row(layer, maps + source.pixels(above), maps + source.pixels(below), down, to);
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::resize> = resize_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/softmax-inl.hpp
// Softmax over channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns exp(x - most), never quite 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below(D d, V x, V most) {
  return exp_of_negative(d, hn::Max(hn::Sub(x, most), hn::Set(d, -87.0f)));
}

/// Computes the softmax of values; `from` and `to` may be the same.
inline void softmax(const float* from, float* to, int count) {
  Partial largest(Maximum::kStart), sums(Sum::kStart);
  largest.add(from, count, Maximum());
  const float most = largest.total(Maximum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(exp_below(d, hn::LoadU(d, from + i), hn::Set(d, most)), d, to + i);
  });
  sums.add(to, count, Sum());
  const float share = 1.0f / sums.total(Sum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, to + i), hn::Set(d, share)), d, to + i);
  });
}

/// Computes the softmax of each of the first `size` values with its likes in the other blocks.
inline void softmax_of_blocks(const float* from, float* to, int blocks, int size) {
  for_each_vector(size, [&](auto d, int i) HWY_ATTR {
    auto most = hn::LoadU(d, from + i);
    for (int block = 1; block < blocks; ++block)
      most = hn::Max(most, hn::LoadU(d, from + block * size + i));
    auto sum = hn::Zero(d);
    for (int block = 0; block < blocks; ++block) {
      const auto power = exp_below(d, hn::LoadU(d, from + block * size + i), most);
      hn::StoreU(power, d, to + block * size + i);
      sum = hn::Add(sum, power);
    }
    for (int block = 0; block < blocks; ++block) {
      float* const value = to + block * size + i;
      hn::StoreU(hn::Div(hn::LoadU(d, value), sum), d, value);
    }
  });
}

/// Computes rows [begin, end) of a softmax.
inline HWY_NOINLINE void softmax_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels, size = channels / layer.groups;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (size == 1)
        softmax(from, to, channels);
      else
        softmax_of_blocks(from, to, layer.groups, size);
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::softmax> = softmax_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/vector-inl.hpp
// Layers that write vectors: means over all pixels and matrix-vector products. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes the mean over all pixels, in raster order, of channels [begin, end).
template <class D>
HWY_INLINE void pool_channels(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const D d;
  const Map& source = layer.source;
  const auto share = hn::Set(d, 1.0f / static_cast<float>(layer.input.pixels()));
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    auto sum = hn::Zero(d);
    for (int y = 0; y < layer.input.height; ++y) {
      const float* pixel = maps + source.pixels(y) + channel;
      for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
        sum = hn::Add(sum, hn::LoadU(d, pixel));
    }
    hn::StoreU(hn::Mul(sum, share), d, output + channel);
  }
}

/// Computes channels [begin, end) of a pooling layer; both are multiples of 8.
inline HWY_NOINLINE void pool(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const int whole = whole_panels(begin, end);
  pool_channels<Lanes16>(layer, maps, begin, whole, output);
  if constexpr (kLanes > kHalfPanel) pool_channels<Lanes8>(layer, maps, whole, end, output);
}

/// The outputs of a panel, or of a part of it. Four partial sums, by k modulo 4, hide the latency
/// of one; they are added in a fixed order.
template <class Weight>
class DenseTile {
  using D = Lanes16;
  using V = hn::Vec<D>;
  static constexpr int kParts = 4;
  // 8 KiB: what L3 needs to keep up.
  static constexpr int kAhead = 8192 / static_cast<int>(sizeof(Weight));
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kVectors = std::min(HWY_ARCH_ARM ? 4 : 2, kPanel / kStep);
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  static constexpr int kOutputs = kVectors * kStep;

  HWY_INLINE DenseTile(const Weight* weights, const float* biases, const float* input, int depth,
                       float* output)
      : output_(output) {
    start(biases, Indices<kParts * kVectors>());
    int k = 0;
    for (; k + kParts <= depth; k += kParts, weights += kParts * kPanel) {
      for (int part = 0; part < kParts; ++part)
        __builtin_prefetch(weights + kAhead + part * kPanel, 0, 3);
      add_parts(input + k, weights, Indices<kParts * kVectors>());
    }
    const int rest = depth - k;
    if (rest > 0) add_part<0>(input[k], weights, Indices<kVectors>());
    if (rest > 1) add_part<1>(input[k + 1], weights + kPanel, Indices<kVectors>());
    if (rest > 2) add_part<2>(input[k + 2], weights + 2 * kPanel, Indices<kVectors>());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_vectors(activate, Indices<kVectors>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          kIndex < kVectors ? hn::Load(D(), biases + kIndex % kVectors * kStep) : hn::Zero(D())),
     ...);
  }

  template <int... kIndex>
  HWY_INLINE void add_parts(const float* input, const Weight* weights,
                            std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::MulAdd(
          hn::Set(D(), input[kIndex / kVectors]),
          load_weights(D(), weights + kIndex / kVectors * kPanel + kIndex % kVectors * kStep),
          sums_[kIndex])),
     ...);
  }

  template <int kPart, int... kVector>
  HWY_INLINE void add_part(float input, const Weight* weights,
                           std::integer_sequence<int, kVector...>) {
    ((sums_[kPart * kVectors + kVector] =
          hn::MulAdd(hn::Set(D(), input), load_weights(D(), weights + kVector * kStep),
                     sums_[kPart * kVectors + kVector])),
     ...);
  }

  template <int kVector>
  HWY_INLINE V sum() const {
    return hn::Add(hn::Add(sums_[kVector], sums_[kVectors + kVector]),
                   hn::Add(sums_[2 * kVectors + kVector], sums_[3 * kVectors + kVector]));
  }

  template <class Activate, int... kVector>
  HWY_INLINE void store_vectors(const Activate& activate,
                                std::integer_sequence<int, kVector...>) const {
    (hn::StoreU(activate(D(), sum<kVector>()), D(), output_ + kVector * kStep), ...);
  }

  float* output_;
  V sums_[kParts * kVectors];
};

/// Panels [begin, end) of a dense layer for `images` vectors, one every `input_pitch` floats: all
/// of them while a panel's weights are in L2.
template <class Weight>
HWY_NOINLINE void dense(const Layer& layer, const Weight* weights, const float* biases,
                        const float* input, std::size_t input_pitch, float* output,
                        std::size_t output_pitch, int images, int begin, int end) {
  const int depth = layer.depth();
  for (int panel = begin; panel < end; ++panel) {
    const auto channel = static_cast<std::size_t>(panel) * kPanel;
    const Weight* const panel_weights = weights + channel * static_cast<std::size_t>(depth);
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image)
      for (std::size_t lane = 0; lane < kPanel; lane += DenseTile<Weight>::kOutputs)
        finish(DenseTile<Weight>(panel_weights + lane, biases + channel + lane,
                                 input + image * input_pitch, depth,
                                 output + image * output_pitch + channel + lane),
               layer.activation.kind);
  }
}

/// Computes panels [begin, end) of a dense layer for `images` images from `image` on, whose vectors
/// follow each other.
template <Needs kNeeds>
void dense_panels(const Run& run, const Layer& layer, int image, int images, int begin, int end) {
  const auto in = static_cast<std::size_t>(round_up(layer.input.channels, kPanel));
  const auto out = static_cast<std::size_t>(round_up(layer.output.channels, kPanel));
  const auto first = static_cast<std::size_t>(image);
  const float* const weights = run.weights + layer.weights;
  float* const output = run.vectors + layer.target_vector + first * out;
  const auto panels = [&](const auto* stored) {
    dense(layer, stored, run.weights + layer.biases, run.vectors + layer.source_vector + first * in,
          in, output, out, images, begin, end);
  };
  const bool half = kNeeds.half_weights && layer.half;
  if constexpr (kNeeds.half_weights)
    if (half) panels(reinterpret_cast<const hwy::float16_t*>(weights));
  if (!half) panels(weights);
  if (fuses_into_tile(layer.activation)) return;
  for (int i = 0; i < images; ++i)
    apply_epilogue<kNeeds.exponentials>({.activation = layer.activation,
                                         .affine = nullptr,
                                         .addend = {},
                                         .rows = {output + static_cast<std::size_t>(i) * out, 0, 0},
                                         .count = 1,
                                         .width = 1},
                                        begin * kPanel, end * kPanel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/window-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The part of a window that lies on the map, and how many pixels a mean counts.
struct WindowPart {
  int begin, end, counted;
};

/// Returns the part along one axis. A window that reaches beyond the padding (ceil mode) ends
/// there.
HWY_INLINE WindowPart window_part(int output, int stride, int kernel, int before, int after,
                                  int size) {
  const int begin = output * stride - before;
  const int end = std::min(begin + kernel, size + after);
  return {std::max(begin, 0), std::min(end, size), end - begin};
}

/// The part of one output's window that lies on the map.
struct WindowPixels {
  const float* first;
  std::size_t row_pitch, pixel_pitch;
  int rows, columns;
  float share;  // of one pixel in a mean
};

struct WindowMaximum {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Max(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D, V maximum, float) const {
    return maximum;
  }
};

struct WindowMean {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Add(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D d, V sum, float share) const {
    return hn::Mul(sum, hn::Set(d, share));
  }
};

/// Computes kVectors vectors of one output's channels: its pixels, combined in raster order.
template <class What, class D, int... kVector>
HWY_INLINE void window_pixel(const What& what, D d, const WindowPixels& window, int channel,
                             float* output, std::integer_sequence<int, kVector...>) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const float* row = window.first + channel;
  hn::Vec<D> sums[] = {hn::LoadU(d, row + kVector * kStep)...};
  for (int y = 0; y < window.rows; ++y, row += window.row_pitch) {
    const float* pixel = row;
    for (int x = 0; x < window.columns; ++x, pixel += window.pixel_pitch)
      if (x > 0 || y > 0)
        ((sums[kVector] = what.combine(sums[kVector], hn::LoadU(d, pixel + kVector * kStep))), ...);
  }
  (hn::StoreU(what.result(d, sums[kVector], window.share), d, output + channel + kVector * kStep),
   ...);
}

/// Computes rows [begin, end) of a layer whose pixels each combine a window of pixels; what is
/// outside of the map does not count.
template <class What>
HWY_NOINLINE void windows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  constexpr int kTogether = 4 * kLanes, kStep = static_cast<int>(hn::MaxLanes(Lanes8()));
  const Map &source = layer.source, &target = layer.target;
  const Padding& padding = layer.padding;
  for (int y = begin; y < end; ++y) {
    const WindowPart rows = window_part(y, layer.stride.height, layer.kernel.height, padding.top,
                                        padding.bottom, layer.input.height);
    for (int x = 0; x < layer.output.width; ++x) {
      const WindowPart columns = window_part(x, layer.stride.width, layer.kernel.width,
                                             padding.left, padding.right, layer.input.width);
      const WindowPixels window = {
          .first = maps + source.pixels(rows.begin) + columns.begin * source.pixel_pitch,
          .row_pitch = source.row_pitch(),
          .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
          .rows = rows.end - rows.begin,
          .columns = columns.end - columns.begin,
          .share =
              1.0f / static_cast<float>(layer.count_padding ? rows.counted * columns.counted
                                                            : (rows.end - rows.begin) *
                                                                  (columns.end - columns.begin))};
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      int channel = 0;
      for (; channel + kTogether <= layer.padded_channels(); channel += kTogether)
        window_pixel(What(), Lanes16(), window, channel, output,
                     std::make_integer_sequence<int, 4>());
      for (; channel < layer.padded_channels(); channel += kStep)
        window_pixel(What(), Lanes8(), window, channel, output, std::integer_sequence<int, 0>());
    }
  }
}

template <>
inline constexpr MapRows kMapKernel<Operator::max_pool> = windows<WindowMaximum>;
template <>
inline constexpr MapRows kMapKernel<Operator::average_pool> = windows<WindowMean>;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one, or are for some products.
// from pplcnet/kernels/attention-inl.hpp
// Attention of tokens. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One head of one sequence: where the first token's query, key, value and result are.
struct Head {
  const float *queries, *keys, *values;
  int pitch;  // floats from a token to the next
  float* results;
  int result_pitch;
  int depth, tokens;
  float* scratch;  // [depth + kQueries][tokens rounded up to 16]

  int padded() const { return static_cast<int>(round_up(tokens, kPanel)); }
  float* scores() const { return scratch + depth * padded(); }
};

/// Keys become rows, one for each of their dimensions.
inline void transpose_keys(const Head& head) {
  for (int i = 0; i < head.depth; ++i) {
    float* const row = head.scratch + i * head.padded();
    for (int token = 0; token < head.tokens; ++token)
      row[token] = head.keys[token * head.pitch + i];
    std::fill(row + head.tokens, row + head.padded(), 0.0f);
  }
}

/// Computes the scores of `kCount` queries from `query` on with all keys.
template <int kCount>
HWY_INLINE void score(const Head& head, int query, float scale) {
  const Lanes16 d;
  const float* const q = head.queries + query * head.pitch;
  for (int token = 0; token < head.padded(); token += static_cast<int>(hn::MaxLanes(d))) {
    hn::Vec<Lanes16> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    for (int k = 0; k < head.depth; ++k) {
      const auto keys = hn::LoadU(d, head.scratch + k * head.padded() + token);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, q[i * head.pitch + k]), keys, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(hn::Mul(sums[i], hn::Set(d, scale)), d, head.scores() + i * head.padded() + token);
  }
}

/// Computes the mean of all values, weighted by the scores.
template <int kCount>
HWY_INLINE void weigh_values(const Head& head, int query) {
  for_each_vector(head.depth, [&](auto d, int k) HWY_ATTR {
    hn::Vec<decltype(d)> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    const float* value = head.values + k;
    for (int token = 0; token < head.tokens; ++token, value += head.pitch) {
      const auto x = hn::LoadU(d, value);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, head.scores()[i * head.padded() + token]), x, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(sums[i], d, head.results + (query + i) * head.result_pitch + k);
  });
}

template <int kCount>
HWY_INLINE void attend(const Head& head, int query, float scale) {
  score<kCount>(head, query, scale);
  for (int i = 0; i < kCount; ++i) {
    float* const scores = head.scores() + i * head.padded();
    softmax(scores, scores, head.tokens);
  }
  weigh_values<kCount>(head, query);
}

/// Computes rows [begin, end): each is a sequence.
inline HWY_NOINLINE void attention_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  float* const scratch = context.scratch(layer);
  const int channels = layer.output.channels, depth = channels / layer.groups;
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  for (int y = begin; y < end; ++y)
    for (int channel = 0; channel < channels; channel += depth) {
      const float* const from = maps + layer.source.pixels(y) + channel;
      const Head head = {.queries = from,
                         .keys = from + channels,
                         .values = from + 2 * channels,
                         .pitch = layer.source.pixel_pitch,
                         .results = maps + layer.target.pixels(y) + channel,
                         .result_pitch = layer.target.pixel_pitch,
                         .depth = depth,
                         .tokens = layer.input.width,
                         .scratch = scratch};
      transpose_keys(head);
      int query = 0;
      for (; query + kQueries <= head.tokens; query += kQueries)
        attend<kQueries>(head, query, scale);
      for (; query < head.tokens; ++query) attend<1>(head, query, scale);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::attention> = attention_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/normalise-inl.hpp
// Normalisation by a map's own means and variances: of the channels of a pixel, or of the pixels of
// a channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns (x - mean) * factor * scale + shift.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normalised(D d, V x, V mean, V factor, const float* scale, const float* shift) {
  return hn::MulAdd(hn::Mul(hn::Sub(x, mean), factor), hn::LoadU(d, scale), hn::LoadU(d, shift));
}

/// Computes rows [begin, end), pixel by pixel.
inline HWY_NOINLINE void normalise_pixels(const Layer& layer, const float* weights, float* maps,
                                          int begin, int end) {
  const int channels = layer.input.channels;
  const auto count = static_cast<float>(channels);
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const float* const from = maps + layer.source.pixels(y) + x * layer.source.pixel_pitch;
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      Partial sums(Sum::kStart), squares(Sum::kStart);
      sums.add(from, channels, Sum());
      const float mean = sums.total(Sum()) / count;
      squares.add(from, channels, SquaredDistances{mean});
      const float factor = 1.0f / std::sqrt(squares.total(Sum()) / count + epsilon);
      for_each_vector(channels, [&](auto d, int i) HWY_ATTR {
        hn::StoreU(normalised(d, hn::LoadU(d, from + i), hn::Set(d, mean), hn::Set(d, factor),
                              weights + layer.weights + i, weights + layer.biases + i),
                   d, to + i);
      });
    }
}

/// Computes rows [begin, end), channel by channel: the means are those of all rows.
inline HWY_NOINLINE void normalise_channels(const Layer& layer, const float* weights, float* maps,
                                            int begin, int end) {
  const PixelRange all = {0, layer.input.height, 0, layer.input.width};
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for_each_vector(layer.input.channels, [&](auto d, int i) HWY_ATTR {
    const ChannelReduction<decltype(d)> reduction(layer.source, maps, all, i);
    const auto mean = reduction.mean();
    const auto deviation = hn::Sqrt(hn::Add(reduction.variance(mean), hn::Set(d, epsilon)));
    const auto factor = hn::Div(hn::Set(d, 1.0f), deviation);
    for (int y = begin; y < end; ++y) {
      const float* from = maps + layer.source.pixels(y) + i;
      float* to = maps + layer.target.pixels(y) + i;
      for (int x = 0; x < layer.output.width; ++x) {
        hn::StoreU(normalised(d, hn::LoadU(d, from), mean, factor, weights + layer.weights + i,
                              weights + layer.biases + i),
                   d, to);
        from += layer.source.pixel_pitch;
        to += layer.target.pixel_pitch;
      }
    }
  });
}

/// Computes rows [begin, end) of a normalisation.
inline void normalise_rows(const Context& context, const Layer& layer, int begin, int end) {
  const auto normalise = layer.groups == 1 ? normalise_pixels : normalise_channels;
  normalise(layer, context.run.weights, context.run.maps, begin, end);
}
template <>
inline constexpr MapRows kMapKernel<Operator::normalise> = normalise_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/pointwise8-inl.hpp
// Pointwise layers from eight channels to eight. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if HWY_CAP_GE256
/// All weights of such a layer fit the registers, so that a pixel needs no tile around it. A vector
/// of sixteen holds two pixels: neighbours, which lie side by side in memory.
template <class D>
class Pointwise8Weights {
  using V = hn::Vec<D>;
  static constexpr int kChannels = kHalfPanel;
  using Depth = std::make_integer_sequence<int, kChannels>;

 public:
  static constexpr int kPixels = static_cast<int>(hn::MaxLanes(D())) / kChannels;

  HWY_INLINE explicit Pointwise8Weights(const Product& product) : biases_(each(product.biases)) {
    for (int k = 0; k < kChannels; ++k) rows_[k] = each(product.weights + k * kPanel);
  }

  /// Returns the outputs of kPixels pixels; products are added in the order of k.
  HWY_INLINE V product(const float* pixels) const { return product(pixels, Depth()); }

 private:
  /// Returns the same values for each pixel.
  static HWY_INLINE V each(const float* values) {
    HWY_ALIGN float lanes[kPanel];
    for (int i = 0; i < kPanel; ++i) lanes[i] = values[i % kChannels];
    return hn::Load(D(), lanes);
  }

  template <int... kK>
  HWY_INLINE V product(const float* pixels, std::integer_sequence<int, kK...>) const {
    V sum = biases_;
    if constexpr (kPixels > 1) {
      // Two blocks of four channels for each pixel: the first of both, twice, and the second.
      const V inputs = hn::LoadU(D(), pixels), swapped = hn::SwapAdjacentBlocks(inputs);
      const V blocks[] = {hn::OddEvenBlocks(swapped, inputs), hn::OddEvenBlocks(inputs, swapped)};
      ((sum = hn::MulAdd(hn::Broadcast<kK % 4>(blocks[kK / 4]), rows_[kK], sum)), ...);
    } else {
      ((sum = hn::MulAdd(hn::Set(D(), pixels[kK]), rows_[kK], sum)), ...);
    }
    return sum;
  }

  V biases_;
  V rows_[kChannels];
};

/// Rows of such a layer, which are activated while they are stored.
struct Pointwise8Rows {
  const Product& product;
  int count;

  template <class Activate>
  HWY_NOINLINE void store(const Activate& activate) const {
    using D = Lanes16;
    const Pointwise8Weights<D> weights(product);
    constexpr int kPixels = Pointwise8Weights<D>::kPixels;
    const std::size_t input_step = kPixels * product.pixel_pitch;
    const std::size_t output_step = kPixels * product.output_pixel_pitch;
    const int width = product.width;
    const float* input = product.input;
    for (int y = 0; y < count; ++y) {
      float* output = product.output + static_cast<std::size_t>(y) * product.output_row_pitch;
      for (int x = 0; x < width; x += kPixels, input += input_step, output += output_step)
        hn::StoreU(activate(D(), weights.product(input)), D(), output);
    }
  }
};

/// Returns whether two pixels can share a vector.
inline bool has_pairs(const Product& product) {
  return product.width % 2 == 0 && product.pixel_pitch == kHalfPanel &&
         product.output_pixel_pitch == kHalfPanel;
}
#endif

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <Needs kNeeds>
void compute_product(const Product& product, int pixels, int begin, int end) {
#if HWY_CAP_GE256
  if constexpr (kNeeds.half_panels)
    if (product.depth == kHalfPanel && product.channels == kHalfPanel && !product.half &&
        (kLanes == kHalfPanel || has_pairs(product)))
      return finish(Pointwise8Rows{product, pixels / product.width}, product.activation);
#endif
  product_rows<PixelInputs, kNeeds>(product, pixels, begin, end);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns the kernels of this instruction set that some layers need.
template <Needs kNeeds>
constexpr Kernels needed_kernels() {
  Kernels kernels;
  kernels.share = std::max(kTileChannels, kPanel);
  if constexpr (kNeeds.convolution_stride_1)
    kernels.stems[0] = {load_lines<1>, convolution_rows<kNeeds.ends, 1>};
  if constexpr (kNeeds.convolution_stride_2)
    kernels.stems[1] = {load_lines<2>, convolution_rows<kNeeds.ends, 2>};
  kernels.pointwise = compute_product<kNeeds>;
  if constexpr (kNeeds.map_convolution) kernels.convolution = product_rows<TapInputs, kNeeds>;
  if constexpr (kNeeds.has(Operator::l1)) kernels.l1 = product_rows<L1Inputs, kNeeds>;
  kernels.depthwise = depthwise<kNeeds>;
  if constexpr (kNeeds.depthwise_any) kernels.depthwise_any = depthwise_row;
  if constexpr (kNeeds.has(Operator::rearrange)) kernels.spread_pixels = spread_pixels;
  if constexpr (kNeeds.prelu) kernels.prelu = apply_prelu;
  kernels.epilogue = apply_epilogue<kNeeds.exponentials>;
  kernels.clear_frame = clear_frame;
  kernels.pool = pool;
  kernels.dense = dense_panels<kNeeds>;
  kernels.maps = operator_table([]<Operator kOperator>() -> MapRows {
    if constexpr (kNeeds.has(kOperator)) return kMapKernel<kOperator>;
    return nullptr;
  });
  return kernels;
}

/// The same.
template <Needs kNeeds>
inline constexpr Kernels kKernels = needed_kernels<kNeeds>();

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET PPLCNET_BASELINE
#if PPLCNET_OWN_SSE2
#undef HWY_NAMESPACE
#define HWY_NAMESPACE PPLCNET_BASELINE_NAMESPACE
#undef HWY_ALIGN
#define HWY_ALIGN alignas(16)
// from pplcnet/kernels/sse2-inl.hpp
// Highway's operations, as far as the kernels use them, for SSE2, which every 64-bit x86 has.
// Highway has it from 1.0.7 on; before, it has nothing below SSSE3 but one value at a time.
#include <emmintrin.h>

namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {

// NOLINTBEGIN(readability-identifier-naming): the names are Highway's.

/// A number of values of a kind.
template <class T, std::size_t kCount>
struct Simd {
  using Value = T;
};

template <class T, std::size_t kCount>
constexpr std::size_t MaxLanes(Simd<T, kCount>) {
  return kCount;
}

template <class T, std::size_t kMost>
using CappedTag = Simd<T, std::min(kMost, 16 / sizeof(T))>;
template <class T, class D>
using Rebind = Simd<T, MaxLanes(D())>;
template <class D>
using RebindToSigned = Rebind<std::int32_t, D>;
template <class D>
using RebindToUnsigned = Rebind<std::uint32_t, D>;
template <class D>
using RepartitionToWide = Simd<std::uint64_t, MaxLanes(D()) / 2>;

template <class T>
struct Vector {
  __m128i raw;
};
template <>
struct Vector<float> {
  __m128 raw;
};
template <class D>
using Vec = Vector<typename D::Value>;

using Floats = Vector<float>;
using Integers = Vector<std::int32_t>;
using Pairs = Vector<std::uint64_t>;

/// All bits of a lane are set, or none.
struct Mask {
  __m128 raw;
};

// Values.

template <std::size_t kCount>
HWY_INLINE Floats Set(Simd<float, kCount>, float value) {
  return {_mm_set1_ps(value)};
}
template <std::size_t kCount>
HWY_INLINE Integers Set(Simd<std::int32_t, kCount>, std::int32_t value) {
  return {_mm_set1_epi32(value)};
}
template <std::size_t kCount>
HWY_INLINE Floats Zero(Simd<float, kCount>) {
  return {_mm_setzero_ps()};
}
HWY_INLINE float GetLane(Floats a) { return _mm_cvtss_f32(a.raw); }

// Memory.

HWY_INLINE Floats Load(Simd<float, 4>, const float* from) { return {_mm_load_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 4>, const float* from) { return {_mm_loadu_ps(from)}; }
HWY_INLINE Floats LoadU(Simd<float, 1>, const float* from) { return {_mm_load_ss(from)}; }
HWY_INLINE Vector<hwy::float16_t> LoadU(Simd<hwy::float16_t, 4>, const hwy::float16_t* from) {
  return {_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))};
}
HWY_INLINE void Store(Floats a, Simd<float, 4>, float* to) { _mm_store_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 4>, float* to) { _mm_storeu_ps(to, a.raw); }
HWY_INLINE void StoreU(Floats a, Simd<float, 1>, float* to) { _mm_store_ss(to, a.raw); }

// Arithmetic. A multiply-add rounds twice, as on every CPU that has none.

HWY_INLINE Floats Add(Floats a, Floats b) { return {_mm_add_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sub(Floats a, Floats b) { return {_mm_sub_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Mul(Floats a, Floats b) { return {_mm_mul_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Div(Floats a, Floats b) { return {_mm_div_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Sqrt(Floats a) { return {_mm_sqrt_ps(a.raw)}; }
HWY_INLINE Floats Min(Floats a, Floats b) { return {_mm_min_ps(a.raw, b.raw)}; }
HWY_INLINE Floats Max(Floats a, Floats b) { return {_mm_max_ps(a.raw, b.raw)}; }
HWY_INLINE Floats MulAdd(Floats a, Floats b, Floats sum) { return Add(Mul(a, b), sum); }
HWY_INLINE Floats NegMulAdd(Floats a, Floats b, Floats sum) { return Sub(sum, Mul(a, b)); }
HWY_INLINE Floats Neg(Floats a) { return {_mm_xor_ps(a.raw, _mm_set1_ps(-0.0f))}; }
HWY_INLINE Floats Abs(Floats a) { return {_mm_andnot_ps(_mm_set1_ps(-0.0f), a.raw)}; }

HWY_INLINE Mask Lt(Floats a, Floats b) { return {_mm_cmplt_ps(a.raw, b.raw)}; }
HWY_INLINE Floats IfThenElse(Mask mask, Floats yes, Floats no) {
  return {_mm_or_ps(_mm_and_ps(mask.raw, yes.raw), _mm_andnot_ps(mask.raw, no.raw))};
}

HWY_INLINE Integers Add(Integers a, Integers b) { return {_mm_add_epi32(a.raw, b.raw)}; }
template <int kBits>
HWY_INLINE Integers ShiftLeft(Integers a) {
  return {_mm_slli_epi32(a.raw, kBits)};
}

// From one kind to another.

HWY_INLINE Integers NearestInt(Floats a) { return {_mm_cvtps_epi32(a.raw)}; }
template <std::size_t kCount>
HWY_INLINE Floats ConvertTo(Simd<float, kCount>, Integers a) {
  return {_mm_cvtepi32_ps(a.raw)};
}
template <std::size_t kCount>
HWY_INLINE Floats BitCast(Simd<float, kCount>, Integers a) {
  return {_mm_castsi128_ps(a.raw)};
}
HWY_INLINE Floats BitCast(Simd<float, 4>, Pairs a) { return {_mm_castsi128_ps(a.raw)}; }
HWY_INLINE Pairs BitCast(Simd<std::uint64_t, 2>, Floats a) { return {_mm_castps_si128(a.raw)}; }

/// The exponents of the two kinds differ by a factor, which is exact for subnormal numbers, too.
HWY_INLINE Floats PromoteTo(Simd<float, 4>, Vector<hwy::float16_t> a) {
  const __m128i bits = _mm_unpacklo_epi16(a.raw, _mm_setzero_si128());
  const __m128i size = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x7FFF)), 13);
  const __m128i sign = _mm_slli_epi32(_mm_srli_epi32(bits, 15), 31);
  const __m128 value = _mm_mul_ps(_mm_castsi128_ps(size), _mm_set1_ps(0x1p112f));
  return {_mm_or_ps(value, _mm_castsi128_ps(sign))};
}

// From lane to lane.

HWY_INLINE Floats InterleaveLower(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpacklo_ps(a.raw, b.raw)};
}
HWY_INLINE Floats InterleaveUpper(Simd<float, 4>, Floats a, Floats b) {
  return {_mm_unpackhi_ps(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveLower(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpacklo_epi64(a.raw, b.raw)};
}
HWY_INLINE Pairs InterleaveUpper(Simd<std::uint64_t, 2>, Pairs a, Pairs b) {
  return {_mm_unpackhi_epi64(a.raw, b.raw)};
}
HWY_INLINE Floats ConcatEven(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(2, 0, 2, 0))};
}
HWY_INLINE Floats ConcatOdd(Simd<float, 4>, Floats upper, Floats lower) {
  return {_mm_shuffle_ps(lower.raw, upper.raw, _MM_SHUFFLE(3, 1, 3, 1))};
}
HWY_INLINE void LoadInterleaved2(Simd<float, 4> d, const float* from, Floats& even, Floats& odd) {
  const Floats lower = LoadU(d, from), upper = LoadU(d, from + 4);
  even = ConcatEven(d, upper, lower);
  odd = ConcatOdd(d, upper, lower);
}
HWY_INLINE void StoreInterleaved2(Floats even, Floats odd, Simd<float, 4> d, float* to) {
  StoreU(InterleaveLower(d, even, odd), d, to);
  StoreU(InterleaveUpper(d, even, odd), d, to + 4);
}

// NOLINTEND(readability-identifier-naming)

}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#else
// from pplcnet/kernels/flip_target-inl.hpp
// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
#endif
#endif

// from pplcnet/kernels/forward-inl.hpp
// All kernels. Compiled once per instruction set.
// from pplcnet/kernels/lanes-inl.hpp
// Vectors. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if !PPLCNET_OWN_SSE2 || HWY_TARGET != PPLCNET_BASELINE
namespace hn = hwy::HWY_NAMESPACE;
#endif

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Lanes16()));

/// Returns where the channels of [begin, end) end that Lanes16 compute; the rest, half a panel at
/// most, is for Lanes8, where these are others.
constexpr int whole_panels(int begin, int end) {
  return kLanes > kHalfPanel ? begin + (end - begin) / kPanel * kPanel : end;
}

/// Returns weights as float32, whatever they are stored as.
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const float* weights) {
  return hn::Load(d, weights);
}
#if HWY_TARGET == HWY_SCALAR
template <class D>  // many instructions, for each of which no vector would help
HWY_NOINLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#else
template <class D>
HWY_INLINE hn::Vec<D> load_weights(D d, const hwy::float16_t* weights) {
#endif
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::float16_t, D>(), weights));
}

/// g++ would rather read the same value from memory for every use than keep it in a register, and
/// then waits for the load ports.
template <class V>
HWY_INLINE V in_register(V vector) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  __asm__("" : "+v"(vector.raw));
#endif
  return vector;
}

/// g++ would compute the addresses of all stores before the first one, and then spill them: a pitch
/// that it cannot see through makes it compute a few at a time.
HWY_INLINE std::size_t opaque(std::size_t pitch) {
#if HWY_COMPILER_GCC_ACTUAL
  __asm__("" : "+r"(pitch));
#endif
  return pitch;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// The files above are used by those below.
// from pplcnet/kernels/activation-inl.hpp
// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    const V tail = exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
    return hn::NegMulAdd(size, tail, hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates and stores a register tile. The choice is made once per tile, not per vector, and
/// between few: what is compiled is a copy of the tile's end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(const Tile& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.store(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.store(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.store(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-kernel-inl.hpp
// What the kernels of operators that write a map, row by row, from whole maps have in common.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernel of an operator, of which this is specialised where it is; null: it is none of these.
template <Operator kOperator>
inline constexpr MapRows kMapKernel = nullptr;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/partial-inl.hpp
// Sums and maxima over channels: of every 16th, then of these 16, whatever the width of a vector,
// so that all instruction sets get the same bits. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

using Lane = hn::CappedTag<float, 1>;

/// Adds values.
struct Sum {
  static constexpr float kStart = 0;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V sum, V x) const {
    return hn::Add(sum, x);
  }
};

/// Keeps the largest.
struct Maximum {
  static constexpr float kStart = std::numeric_limits<float>::lowest();
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V most, V x) const {
    return hn::Max(most, x);
  }
};

/// Adds the squares of distances from a mean.
struct SquaredDistances {
  static constexpr float kStart = 0;
  float mean;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V sum, V x) const {
    const V distance = hn::Sub(x, hn::Set(d, mean));
    return hn::MulAdd(distance, distance, sum);
  }
};

/// 16 partial results.
class Partial {
 public:
  explicit Partial(float start) { std::fill_n(results_, kPanel, start); }

  /// Takes `count` values.
  template <class Combine>
  HWY_INLINE void add(const float* values, int count, const Combine& combine) {
    const Lanes16 d;
    const int whole = count / kPanel * kPanel;
    for (int lane = 0; lane < kPanel && whole > 0; lane += kLanes) {
      auto result = hn::Load(d, results_ + lane);
      for (int i = lane; i < whole; i += kPanel)
        result = combine(d, result, hn::LoadU(d, values + i));
      hn::Store(result, d, results_ + lane);
    }
    for (int i = whole; i < count; ++i) results_[i - whole] = one(combine, i - whole, values[i]);
  }

  /// Returns the result of all.
  template <class Combine>
  HWY_INLINE float total(const Combine& combine) {
    for (int half = kPanel / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) results_[i] = one(combine, i, results_[i + half]);
    return results_[0];
  }

 private:
  template <class Combine>
  HWY_INLINE float one(const Combine& combine, int i, float value) const {
    const Lane d;
    return hn::GetLane(combine(d, hn::Set(d, results_[i]), hn::Set(d, value)));
  }

  alignas(64) float results_[kPanel];
};

/// Calls `visit(d, i)` for every vector of `count` values from the i-th on, single ones at the end.
template <class Visit>
HWY_INLINE void for_each_vector(int count, const Visit& visit) {
  const Lanes8 d;
  int i = 0;
  for (; i + static_cast<int>(hn::MaxLanes(d)) <= count; i += static_cast<int>(hn::MaxLanes(d)))
    visit(d, i);
  for (; i < count; ++i) visit(Lane(), i);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rows-inl.hpp
// What is done with rows of maps besides arithmetic. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Zeroes [begin, end), a multiple of 8 floats: a few, for which memset, of which the compiler
/// would think, is slow.
HWY_INLINE void clear(float* begin, const float* end) {
  const Lanes8 d;
  const auto zero = in_register(hn::Zero(d));
  for (; begin != end; begin += hn::MaxLanes(d)) hn::StoreU(zero, d, begin);
}

/// Zeroes the frame at both ends of rows [begin, end) of a map.
inline HWY_NOINLINE void clear_frame(const Map& map, float* base, int begin, int end) {
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  for (int y = begin; y < end && left + right > 0; ++y) {
    float* const row = base + map.row(y);
    clear(row, row + left);
    clear(row + map.row_pitch() - right, row + map.row_pitch());
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// These, too.
// from pplcnet/kernels/product-inputs-inl.hpp
// Where a tile of a product finds its inputs. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a pointwise layer's tile: pixels at equal distances.
template <int kPixels>
class PixelInputs {
 public:
  HWY_INLINE PixelInputs(const Product& product, int pixel) : pixel_pitch_(product.pixel_pitch) {
    point(product.input + static_cast<std::size_t>(pixel) * pixel_pitch_, Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return rows_[kPixel / kGroup] + kPixel % kGroup * pixel_pitch_;
  }

  HWY_INLINE void advance(int channels) { advance(channels, Indices()); }

  static constexpr bool next_tap() { return false; }

  /// Adds the term of one k to a sum.
  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  // On x86 every third pixel has a pointer of its own; its neighbours are one and two pitches
  // away, which it addresses without further arithmetic. Fourteen pointers would be spilled.
  static constexpr int kGroup = HWY_ARCH_ARM ? 1 : 3;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;
  using Indices = std::make_integer_sequence<int, kGroups>;

  template <int... kIndex>
  HWY_INLINE void point(const float* input, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = input + kGroup * kIndex * pixel_pitch_), ...);
  }

  template <int... kIndex>
  HWY_INLINE void advance(int channels, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] += channels), ...);
  }

  std::size_t pixel_pitch_;
  const float* rows_[kGroups];
};

/// The inputs of a convolution's tile, tap by tap: its pixels may be in several rows. Few of their
/// pointers are in registers, but none of them changes before the kernel's next row.
template <int kPixels>
class TapInputs {
  using Indices = std::make_integer_sequence<int, kPixels>;

 public:
  HWY_INLINE TapInputs(const Product& product, int pixel) : product_(product) {
    int row = pixel / product.width, column = pixel - row * product.width;
    for (int i = 0; i < kPixels; ++i) {
      rows_[i] = product.rows + row * product.kernel_rows;
      offsets_[i] = static_cast<std::size_t>(column) * product.pixel_pitch;
      if (++column < product.width) continue;
      column = 0;
      ++row;
    }
    point(Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return pixels_[kPixel] + channel_;
  }

  HWY_INLINE void advance(int channels) { channel_ += static_cast<std::size_t>(channels); }

  HWY_INLINE bool next_tap() {
    if (++column_ == product_.kernel_columns) {
      if (++row_ == product_.kernel_rows) return false;
      column_ = 0;
      point(Indices());
    }
    channel_ = static_cast<std::size_t>(column_) * product_.tap_pitch;
    return true;
  }

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  template <int... kPixel>
  HWY_INLINE void point(std::integer_sequence<int, kPixel...>) {
    ((pixels_[kPixel] = rows_[kPixel][row_] + offsets_[kPixel]), ...);
  }

  const Product& product_;
  int row_ = 0, column_ = 0;  // of the kernel
  std::size_t channel_ = 0;   // from a pixel of the kernel's first column on
  const float* pixels_[kPixels];
  const float* const* rows_[kPixels];
  std::size_t offsets_[kPixels];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-pairs-inl.hpp
// A product's last 24 channels, where a vector holds a panel of 16: half of one would be wasted on
// the last 8, which two pixels share. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <template <int> class Inputs, class D, int kPixels>
class PairTile;

/// Tiles of 24 channels; see VectorTiles.
struct PairTiles {
  static constexpr int kChannels = kPanel + kHalfPanel, kPixels = 16;
  template <template <int> class Inputs, int kSize>
  using Tile = PairTile<Inputs, Lanes16, kSize>;
};

#if HWY_CAP_GE256
/// One and a half panels of the outputs of kPixels pixels: a vector for each pixel, and one for the
/// half panels of a pair of pixels. It computes what a ProductTile computes.
template <template <int> class Inputs, class D, int kPixels>
class PairTile {
  using V = hn::Vec<D>;
  using Half = hn::Half<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kSums = 3;  // of a pair: each pixel's own, and the shared one
  using Pairs = std::make_integer_sequence<int, (kPixels + 1) / 2>;

 public:
  HWY_INLINE PairTile(const Product& product, const float* weights, int channel, int pixel,
                      const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(product.biases + channel, Pairs());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      for (const float* const end = weights + tap; weights != end;
           weights += kPanel, ahead += ahead_step) {
        add_pairs(inputs, hn::Load(D(), weights), twice(weights + panel_pitch), Pairs());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pairs(activate,
                product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                    static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                column, Pairs());
  }

 private:
  /// Returns half a vector in both halves of one.
  static HWY_INLINE V twice(const float* values) {
    const auto half = hn::Load(Half(), values);
    return hn::Combine(D(), half, half);
  }

  /// The second pixel of a pair; where there is none, the first one.
  template <int kPair>
  static constexpr int kSecond = std::min(2 * kPair + 1, kPixels - 1);

  template <int... kPair>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kPair...>) {
    const V whole = hn::Load(D(), biases), half = twice(biases + kPanel);
    ((sums_[kSums * kPair] = sums_[kSums * kPair + 1] = whole, sums_[kSums * kPair + 2] = half),
     ...);
  }

  template <int... kPair>
  HWY_INLINE void add_pairs(const TileInputs& inputs, V whole, V half,
                            std::integer_sequence<int, kPair...>) {
    (add_pair<kPair>(in_register(hn::Set(D(), *inputs.template address<2 * kPair>())),
                     in_register(hn::Set(D(), *inputs.template address<kSecond<kPair>>())), whole,
                     half),
     ...);
  }

  template <int kPair>
  HWY_INLINE void add_pair(V first, V second, V whole, V half) {
    V* const sums = sums_ + kSums * kPair;
    sums[0] = TileInputs::add(first, whole, sums[0]);
    sums[1] = TileInputs::add(second, whole, sums[1]);
    sums[2] = TileInputs::add(hn::ConcatUpperLower(D(), second, first), half, sums[2]);
  }

  template <class Activate, int... kPair>
  HWY_INLINE void store_pairs(const Activate& activate, float* to, int column,
                              std::integer_sequence<int, kPair...>) const {
    (store_pair<kPair>(activate, to, column), ...);
  }

  template <int kPair, class Activate>
  HWY_INLINE void store_pair(const Activate& activate, float*& to, int& column) const {
    const D d;
    const V* const sums = sums_ + kSums * kPair;
    const V halves = activate(d, sums[2]);
    store_pixel(activate(d, sums[0]), hn::LowerHalf(Half(), halves), to, column);
    if constexpr (kSecond<kPair> != 2 * kPair)
      store_pixel(activate(d, sums[1]), hn::UpperHalf(Half(), halves), to, column);
  }

  HWY_INLINE void store_pixel(V whole, hn::Vec<Half> half, float*& to, int& column) const {
    hn::StoreU(whole, D(), to);
    hn::StoreU(half, Half(), to + kPanel);
    to += product_.output_pixel_pitch;
    if (++column < product_.width) return;
    column = 0;
    to += product_.output_row_pitch -
          static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kSums * ((kPixels + 1) / 2)];
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Kernels.
// from pplcnet/kernels/convolution-inl.hpp
// The 3×3 convolution over the picture. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns how many columns of frame the phase of kernel column `column` begins with.
template <int kStride>
constexpr std::size_t framed_before(std::size_t column) {
  constexpr std::size_t kPad = 1;
  return column % kStride < kPad ? 1 : 0;
}

/// Copies the values at columns [0, count) to their phases.
template <int kStride, class Phase, class Value>
HWY_INLINE void copy_columns(std::size_t count, const Phase& phase, const Value& value) {
  float* to[kStride];
  for (std::size_t offset = 0; offset < kStride; ++offset) to[offset] = phase(offset);
  constexpr std::size_t kUnroll = 8;
  std::size_t x = 0;
  for (; x + kUnroll <= count; x += kUnroll) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kUnroll; ++i)
      to[i % kStride][x / kStride + i / kStride] = value(static_cast<std::ptrdiff_t>(x + i));
  }
  for (; x < count; ++x) to[x % kStride][x / kStride] = value(static_cast<std::ptrdiff_t>(x));
}

/// Copies two vectors of values, of which the even ones go to `even` and the odd ones to `odd`.
template <class D>
HWY_INLINE void copy_pairs(D d, const float* from, float* even, float* odd) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  // g++ would read both twice, which takes twice as long where a picture begins anywhere.
  const auto a = in_register(hn::LoadU(d, from));
  const auto b = in_register(hn::LoadU(d, from + hn::MaxLanes(d)));
  hn::StoreU(hn::ConcatEven(d, b, a), d, even);
  hn::StoreU(hn::ConcatOdd(d, b, a), d, odd);
#else
  hn::Vec<D> a, b;
  hn::LoadInterleaved2(d, from, a, b);
  hn::StoreU(a, d, even);
  hn::StoreU(b, d, odd);
#endif
}

/// Copies columns like copy_columns, for values that lie side by side.
template <int kStride, class Phase>
HWY_INLINE void copy_planar_columns(std::size_t count, const Phase& phase, const float* from) {
  using D = Lanes16;
  float* const even = phase(0);
  if constexpr (kStride == 1) {
    std::memcpy(even, from, count * sizeof(float));
  } else {
    float* const odd = phase(1);
    std::size_t i = 0;
    for (; 2 * (i + hn::MaxLanes(D())) <= count; i += hn::MaxLanes(D()))
      copy_pairs(D(), from + 2 * i, even + i, odd + i);
    for (; 2 * i < count; ++i) {
      even[i] = from[2 * i];
      if (2 * i + 1 < count) odd[i] = from[2 * i + 1];
    }
  }
}

/// Copies rows [begin, end) of the picture into lines, [row][in][phase][column], inside the frame
/// of zeros. With a stride of two the even and the odd columns of the frame are two phases, so that
/// what neighbouring outputs read lies side by side. The frame's columns end at a panel's end: what
/// is copied begins with one.
template <int kStride>
HWY_NOINLINE void load_lines(const Layer& layer, const Picture& input, int begin, int end,
                             float* lines) {
  const Shape& picture = layer.input;
  const auto pad = static_cast<std::size_t>(layer.padding.left);
  const std::size_t phase_pitch = layer.phase_columns();
  const std::size_t used = std::min(static_cast<std::size_t>(picture.width),
                                    static_cast<std::size_t>(layer.framed_columns()) - pad);
  // Where the picture's columns offset, offset + kStride, … go.
  const auto phase = [&](std::size_t offset) {
    float* const line = lines + (pad + offset) % kStride * phase_pitch;
    const std::size_t count = (used + kStride - 1 - offset) / kStride;
    clear(line, line + kPanel);
    clear(line + kPanel + count / kPanel * kPanel, line + phase_pitch);
    return line + kPanel;
  };
  for (int y = begin; y < end; ++y)
    for (int c = 0; c < picture.channels; ++c, lines += kStride * phase_pitch) {
      if (y < 0 || y >= picture.height) {
        clear(lines, lines + kStride * phase_pitch);
        continue;
      }
      const std::ptrdiff_t first = c * input.channel + y * input.row;
      if (input.values == nullptr) {
        const ByteTable& lookup = input.lookup[c];
        copy_columns<kStride>(used, phase, [&](std::ptrdiff_t x) {
          return lookup[input.bytes[first + x * input.pixel]];
        });
      } else if (input.pixel == 1) {
        copy_planar_columns<kStride>(used, phase, input.values + first);
      } else {
        copy_columns<kStride>(
            used, phase, [&](std::ptrdiff_t x) { return input.values[first + x * input.pixel]; });
      }
    }
}

/// kChannels channels of two rows of one vector of outputs; the sum's order is that of the weights.
template <class D, int kStride, int kChannels>
class ConvolutionTile {
  using V = hn::Vec<D>;
  static constexpr int kKernel = 3;
  static constexpr int kQuads = kChannels / 4;
  /// Where in its phase the first output's input for a kernel column is.
  template <int kColumn>
  static constexpr std::size_t kFirst = kPanel -
                                        framed_before<kStride>(kColumn) + kColumn / kStride;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE ConvolutionTile(const ConvolutionRows& rows, const float* weights, const float* biases,
                             std::size_t column, float* upper_output, float* lower_output,
                             std::size_t pixel_pitch)
      : upper_output_(upper_output), lower_output_(lower_output), pixel_pitch_(pixel_pitch) {
    start(biases, Indices<2 * kChannels>());
    const float* upper = rows.upper + column;
    const float* lower = rows.lower + column;
    for (int i = 0; i < rows.lines; ++i, weights += kKernel * kPanel) {
      add_columns(upper, lower, rows.phase_pitch, weights, Indices<kKernel>());
      upper += kStride * rows.phase_pitch;
      lower += kStride * rows.phase_pitch;
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_row<0>(activate, upper_output_, Indices<kQuads>());
    store_row<kChannels>(activate, lower_output_, Indices<kQuads>());
  }

 private:
  template <int... kSum>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = hn::Set(D(), biases[kSum % kChannels])), ...);
  }

  template <int... kColumn>
  HWY_INLINE void add_columns(const float* upper, const float* lower, std::size_t phase_pitch,
                              const float* weights, std::integer_sequence<int, kColumn...>) {
    (add_column(hn::LoadU(D(), upper + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                hn::LoadU(D(), lower + kColumn % kStride * phase_pitch + kFirst<kColumn>),
                weights + kColumn * kPanel, Indices<kChannels>()),
     ...);
  }

  template <int... kChannel>
  HWY_INLINE void add_column(V upper, V lower, const float* weights,
                             std::integer_sequence<int, kChannel...>) {
    (add_products<kChannel>(upper, lower, in_register(hn::Set(D(), weights[kChannel]))), ...);
  }

  template <int kChannel>
  HWY_INLINE void add_products(V upper, V lower, V weight) {
    sums_[kChannel] = hn::MulAdd(upper, weight, sums_[kChannel]);
    sums_[kChannels + kChannel] = hn::MulAdd(lower, weight, sums_[kChannels + kChannel]);
  }

  template <int kFirst, class Activate, int... kQuad>
  HWY_INLINE void store_row(const Activate& activate, float* to,
                            std::integer_sequence<int, kQuad...>) const {
    (store_quad<kFirst + 4 * kQuad>(activate, to + 4 * kQuad), ...);
  }

  /// Stores four vectors of one channel each as pixels of four channels each.
  template <int kSum, class Activate>
  HWY_INLINE void store_quad(const Activate& activate, float* to) const {
    const D d;
    const V a = activate(d, sums_[kSum]), b = activate(d, sums_[kSum + 1]);
    const V c = activate(d, sums_[kSum + 2]), e = activate(d, sums_[kSum + 3]);
#if HWY_TARGET == HWY_SCALAR
    const V quad[] = {a, b, c, e};
    for (int i = 0; i < 4; ++i) hn::StoreU(quad[i], d, to + i);
#else
    const std::size_t pixel_pitch = opaque(pixel_pitch_);
    const hn::RepartitionToWide<hn::RebindToUnsigned<D>> pairs;
    const auto ab = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
    const auto ce = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
    const auto upper_ab = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
    const auto upper_ce = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab, ce)), to, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab, ce)), to + pixel_pitch,
                 pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, upper_ab, upper_ce)),
                 to + 2 * pixel_pitch, pixel_pitch);
    store_blocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, upper_ab, upper_ce)),
                 to + 3 * pixel_pitch, pixel_pitch);
#endif
  }

  /// Stores four channels of every fourth pixel.
  template <class Blocks>
  HWY_INLINE void store_blocks(Blocks d, hn::Vec<Blocks> vector, float* to,
                               [[maybe_unused]] std::size_t pixel_pitch) const {
#if HWY_CAP_GE256
    if constexpr (hn::MaxLanes(Blocks()) > 4) {
      const hn::Half<Blocks> half;
      store_blocks(half, hn::LowerHalf(half, vector), to, pixel_pitch);
      store_blocks(half, hn::UpperHalf(half, vector), to + hn::MaxLanes(d) / 2 * pixel_pitch,
                   pixel_pitch);
      return;
    }
#endif
    hn::StoreU(vector, d, to);
  }

  float *upper_output_, *lower_output_;
  std::size_t pixel_pitch_;
  V sums_[2 * kChannels];
};

/// Computes two output rows.
template <TileEnds kEnds, int kStride>
HWY_NOINLINE void convolution_rows(const ConvolutionRows& rows) {
  using D = Lanes16;
  constexpr int kChannels = kLanes == 16 || HWY_ARCH_ARM ? 8 : 4;
  const auto width = static_cast<std::size_t>(rows.width);
  const std::size_t panel = static_cast<std::size_t>(rows.lines) * 3 * kPanel;
  for (std::size_t x = 0; x < width; x += kLanes) {
    // The last tile may overlap the one before it: what it computes again has the same bits.
    const std::size_t column = width < kLanes ? 0 : std::min(x, width - kLanes);
    for (std::size_t c = 0; c < static_cast<std::size_t>(rows.channels); c += kChannels) {
      const float* const weights = rows.weights + c / kPanel * panel + c % kPanel;
      const auto tile = [&](float* upper, float* lower, std::size_t pixel_pitch) HWY_ATTR {
        finish<kEnds>(ConvolutionTile<D, kStride, kChannels>(rows, weights, rows.biases + c, column,
                                                             upper, lower, pixel_pitch),
                      rows.activation);
      };
      float* const upper = rows.upper_output + column * rows.pixel_pitch + c;
      float* const lower = rows.lower_output + column * rows.pixel_pitch + c;
      if (width >= kLanes) {
        tile(upper, lower, rows.pixel_pitch);
        continue;
      }
      // A tile wider than the output: only what is inside is kept.
      float pixels[2][kLanes * kChannels];
      tile(pixels[0], pixels[1], kChannels);
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t k = 0; k < kChannels; ++k) {
          upper[i * rows.pixel_pitch + k] = pixels[0][i * kChannels + k];
          lower[i * rows.pixel_pitch + k] = pixels[1][i * kChannels + k];
        }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-any-inl.hpp
// Depthwise convolution with any kernel and any stride. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One vector of channels of one pixel; taps are added in raster order.
template <class D>
class DepthwisePixel {
 public:
  /// `inputs` has a pointer for each row of the kernel.
  HWY_INLINE DepthwisePixel(const Layer& layer, const float* const* inputs, std::size_t offset,
                            const float* weights, const float* biases, float* output)
      : output_(output), sum_(hn::Load(D(), biases)) {
    const auto tap_pitch =
        static_cast<std::size_t>(layer.dilation.width * layer.source.pixel_pitch);
    for (int row = 0; row < layer.kernel.height; ++row) {
      const float* input = inputs[row] + offset;
      for (int column = 0; column < layer.kernel.width; ++column) {
        sum_ = hn::MulAdd(hn::LoadU(D(), input), hn::Load(D(), weights), sum_);
        input += tap_pitch;
        weights += kPanel;
      }
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    hn::StoreU(activate(D(), sum_), D(), output_);
  }

 private:
  float* output_;
  hn::Vec<D> sum_;
};

/// Computes channels [begin, end) of a row of outputs; `inputs` are the rows of the map that it
/// reads, left padding first.
inline HWY_NOINLINE void depthwise_row(const Layer& layer, const float* const* inputs,
                                       const float* all_weights, int begin, int end,
                                       const Rows& output) {
  using D = Lanes8;
  const auto depth = static_cast<std::size_t>(layer.depth());
  const auto step = static_cast<std::size_t>(layer.stride.width * layer.source.pixel_pitch);
  for (auto channel = static_cast<std::size_t>(begin); channel < static_cast<std::size_t>(end);
       channel += hn::MaxLanes(D())) {
    const float* const weights =
        all_weights + layer.weights + channel / kPanel * kPanel * depth + channel % kPanel;
    for (std::size_t x = 0; x < static_cast<std::size_t>(layer.output.width); ++x)
      finish(DepthwisePixel<D>(layer, inputs, x * step + channel, weights,
                               all_weights + layer.biases + channel,
                               output.pixels + x * output.pixel_pitch + channel),
             layer.activation.kind);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/depthwise-inl.hpp
// Depthwise convolution, channels last. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// A tile of outputs: two strips: enough independent sums to hide the latency of a multiply-add, of
/// as many pixels as leave room in the registers for a kernel row's taps. Seven divides all widths
/// from 112 down to 7.
inline constexpr int kDepthwisePixels = kLanes == 16 || HWY_ARCH_ARM ? kLongestStrip : 4;

/// Channels that are worked through at a time, tile by tile: a few rows of them fit L1, and so do
/// their taps.
inline constexpr int kDepthwiseChannels = 4 * kPanel;

/// Whether the registers hold the taps of two kernel rows, so that two rows of outputs can share
/// what they read.
inline constexpr bool kSharesInputs = kLanes == 16 || HWY_ARCH_ARM;

/// Neighbouring outputs in a row: what they are computed from, and where they go.
struct DepthwiseStrip {
  const float* const* inputs;  // [kernel row]
  std::size_t offset;          // in each of them
  float* output;
};

/// Two strips of kPixels outputs of one vector of channels; taps are added in raster order.
template <class D, int kKernel, int kStride, int kPixels>
class DepthwiseTile {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;
  static constexpr int kInputs = (kPixels - 1) * kStride + kKernel;
  static constexpr std::size_t kRowOfTaps = kKernel * kPanel;

 public:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    for (int y = 0; y < kKernel; ++y, weights += kRowOfTaps) {
      V taps[kKernel];
      load(taps, weights, Indices<kKernel>());
      add_rows(first.inputs[y] + first.offset + channel, second.inputs[y] + second.offset + channel,
               input_pitch, taps, Indices<kInputs>());
    }
  }

  /// The second strip is below the first, whose inputs begin kDown rows further down: rows of
  /// inputs that both strips read are loaded once.
  template <int kDown>
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t input_pitch, std::size_t output_pitch,
                           const float* weights, const float* biases,
                           std::integral_constant<int, kDown>)
      : DepthwiseTile(first, second, channel, output_pitch, biases) {
    const std::size_t offset = first.offset + channel;
    V upper[kKernel], lower[kKernel];
    int y = 0;
    for (; y < kDown; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      add_row<true, false>(first.inputs[y] + offset, input_pitch, upper, upper, Indices<kInputs>());
    }
    for (; y < kKernel; ++y, weights += kRowOfTaps) {
      load(upper, weights, Indices<kKernel>());
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<true, true>(first.inputs[y] + offset, input_pitch, upper, lower, Indices<kInputs>());
    }
    for (; y < kKernel + kDown; ++y, weights += kRowOfTaps) {
      load(lower, weights - kDown * kRowOfTaps, Indices<kKernel>());
      add_row<false, true>(first.inputs[y] + offset, input_pitch, lower, lower, Indices<kInputs>());
    }
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_strip<0>(activate, first_, Indices<kPixels>());
    store_strip<kPixels>(activate, second_, Indices<kPixels>());
  }

 private:
  HWY_INLINE DepthwiseTile(const DepthwiseStrip& first, const DepthwiseStrip& second,
                           std::size_t channel, std::size_t output_pitch, const float* biases)
      : first_(first.output + channel), second_(second.output + channel), pitch_(output_pitch) {
    start(hn::Load(D(), biases), Indices<2 * kPixels>());
  }

  template <int... kSum>
  HWY_INLINE void start(V bias, std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = bias), ...);
  }

  template <int... kTap>
  static HWY_INLINE void load(V* taps, const float* weights, std::integer_sequence<int, kTap...>) {
    ((taps[kTap] = hn::Load(D(), weights + kTap * kPanel)), ...);
  }

  template <int... kInput>
  HWY_INLINE void add_rows(const float* first, const float* second, std::size_t pitch,
                           const V* taps, std::integer_sequence<int, kInput...>) {
    ((add_input<0, kInput>(in_register(hn::LoadU(D(), first)), taps, Indices<kPixels>()),
      add_input<kPixels, kInput>(in_register(hn::LoadU(D(), second)), taps, Indices<kPixels>()),
      first += pitch, second += pitch),
     ...);
  }

  template <bool kFirst, bool kSecond, int... kInput>
  HWY_INLINE void add_row(const float* from, std::size_t pitch, const V* first_taps,
                          const V* second_taps, std::integer_sequence<int, kInput...>) {
    const auto add = [&](auto index, V input) HWY_ATTR {
      constexpr int kIndex = decltype(index)::value;
      if constexpr (kFirst) add_input<0, kIndex>(input, first_taps, Indices<kPixels>());
      if constexpr (kSecond) add_input<kPixels, kIndex>(input, second_taps, Indices<kPixels>());
    };
    ((add(std::integral_constant<int, kInput>(), in_register(hn::LoadU(D(), from))), from += pitch),
     ...);
  }

  template <int kFirst, int kInput, int... kPixel>
  HWY_INLINE void add_input(V input, const V* taps, std::integer_sequence<int, kPixel...>) {
    (add_tap<kInput - kPixel * kStride, kFirst + kPixel>(input, taps), ...);
  }

  template <int kTap, int kSum>
  HWY_INLINE void add_tap(V input, const V* taps) {
    if constexpr (kTap >= 0 && kTap < kKernel)
      sums_[kSum] = hn::MulAdd(input, taps[kTap], sums_[kSum]);
  }

  template <int kFirst, class Activate, int... kPixel>
  HWY_INLINE void store_strip(const Activate& activate, float* to,
                              std::integer_sequence<int, kPixel...>) const {
    ((hn::StoreU(activate(D(), sums_[kFirst + kPixel]), D(), to), to += pitch_), ...);
  }

  float *first_, *second_;
  std::size_t pitch_;
  V sums_[2 * kPixels];
};

/// Computes channels [begin, end) of row `row`, and of the row below it if `two`; begin is a
/// multiple of 16. The two strips of a tile are one below the other or, in a single row, side by
/// side. A strip that would reach beyond the row's end overlaps the one before it: what is computed
/// again has the same bits. Of two rows that share their inputs, those of the second begin kDown
/// rows further down.
template <TileEnds kEnds, class D, int kKernel, int kStride, int kPixels, int... kDown>
HWY_NOINLINE void depthwise_rows(const DepthwiseRows& rows, int row, bool two, int begin, int end) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const auto row_begin = [&](int y) HWY_ATTR {
    return DepthwiseStrip{
        .inputs = rows.inputs + y * rows.row_step,
        .offset = static_cast<std::size_t>(begin),
        .output = rows.output + begin + static_cast<std::size_t>(y) * rows.output_row_pitch};
  };
  const std::size_t input_pitch = rows.input_pixel_pitch, output_pitch = rows.output_pixel_pitch;
  const auto strip = [&](DepthwiseStrip place, int x) HWY_ATTR {
    const auto column = static_cast<std::size_t>(std::min(x, rows.width - kPixels));
    place.offset += column * kStride * input_pitch;
    place.output += column * output_pitch;
    return place;
  };
  const DepthwiseStrip upper = row_begin(row), lower = row_begin(row + (two ? 1 : 0));
  const int lower_shift = two ? 0 : kPixels, step = kPixels + lower_shift;
  const auto channels = static_cast<std::size_t>(end - begin);
  const float* const biases = rows.biases + begin;
  const Activation::Kind activation = rows.activation;
  for (int x = 0; x < rows.width; x += step) {
    const DepthwiseStrip first = strip(upper, x), second = strip(lower, x + lower_shift);
    const float* weights = rows.weights + begin * kKernel * kKernel;
    for (std::size_t channel = 0; channel < channels; channel += kStep) {
      finish<kEnds>(DepthwiseTile<D, kKernel, kStride, kPixels>(
                        first, second, channel, input_pitch, output_pitch, weights,
                        biases + channel, std::integral_constant<int, kDown>()...),
                    activation);
      const bool panel_ends = (channel + kStep) % kPanel == 0;
      weights += kStep + (panel_ends ? (kKernel * kKernel - 1) * kPanel : 0);
    }
  }
}

/// Computes the same, of which two rows share their inputs where they can.
template <Needs kNeeds, class D, int kKernel, int kStride, int kPixels>
HWY_INLINE void depthwise_row_or_two(const DepthwiseRows& rows, int row, bool two, int begin,
                                     int end) {
  if constexpr (kSharesInputs && (kStride == 1 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 1)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 1>(rows, row, two, begin,
                                                                          end);
  if constexpr (kSharesInputs && (kStride == 2 || kNeeds.depthwise_oblong))
    if (two && rows.row_step == 2)
      return depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels, 2>(rows, row, two, begin,
                                                                          end);
  depthwise_rows<kNeeds.ends, D, kKernel, kStride, kPixels>(rows, row, two, begin, end);
}

/// Computes channels [begin, end) of all rows.
template <Needs kNeeds, class D, int kKernel, int kStride>
HWY_NOINLINE void depthwise_channels(const DepthwiseRows& rows, int begin, int end) {
  for (int y = 0; y < rows.count; y += 2) {
    const bool two = y + 1 < rows.count;
    if constexpr (kNeeds.depthwise_narrow)
      if (rows.width < kDepthwisePixels) {
        depthwise_row_or_two<kNeeds, D, kKernel, kStride, 1>(rows, y, two, begin, end);
        continue;
      }
    depthwise_row_or_two<kNeeds, D, kKernel, kStride, kDepthwisePixels>(rows, y, two, begin, end);
  }
}

template <Needs kNeeds, int kKernel, int kStride>
HWY_NOINLINE void depthwise_kernel(const DepthwiseRows& rows) {
  const int whole = rows.channels / kPanel * kPanel;
  for (int begin = 0; begin < whole; begin += kDepthwiseChannels)
    depthwise_channels<kNeeds, Lanes16, kKernel, kStride>(
        rows, begin, std::min(whole, begin + kDepthwiseChannels));
  if constexpr (kNeeds.half_panels)
    if (whole < rows.channels)
      depthwise_channels<kNeeds, Lanes8, kKernel, kStride>(rows, whole, rows.channels);
}

/// Computes two pixels at a time: eight channels fill half of the widest vector. But two
/// neighbouring pixels lie side by side in memory: they are one pixel of sixteen channels, whose
/// right neighbour is two pixels away.
template <Needs kNeeds, int kKernel>
HWY_NOINLINE void depthwise_pairs(DepthwiseRows rows) {
  constexpr int kHalf = kPanel / 2;
  HWY_ALIGN float doubled[(kKernel * kKernel + 1) * kPanel];
  for (int tap = 0; tap <= kKernel * kKernel; ++tap) {
    const float* from = tap == 0 ? rows.biases : rows.weights + (tap - 1) * kPanel;
    for (int i = 0; i < kPanel; ++i) doubled[tap * kPanel + i] = from[i % kHalf];
  }
  rows.biases = doubled;
  rows.weights = doubled + kPanel;
  rows.channels = kPanel;
  rows.width /= 2;
  rows.output_pixel_pitch *= 2;
  depthwise_kernel<kNeeds, kKernel, 2>(rows);
}

template <Needs kNeeds, int kKernel>
HWY_INLINE void depthwise_stride(const DepthwiseRows& rows, int stride, bool pairs) {
  if constexpr (kNeeds.half_panels)
    if (pairs) return depthwise_pairs<kNeeds, kKernel>(rows);
  return stride == 2 ? depthwise_kernel<kNeeds, kKernel, 2>(rows)
                     : depthwise_kernel<kNeeds, kKernel, 1>(rows);
}

template <Needs kNeeds>
void depthwise(const DepthwiseRows& rows, int kernel, int stride) {
  const bool pairs = kLanes == kPanel && rows.channels == kPanel / 2 && stride == 1 &&
                     rows.width % 2 == 0 && rows.input_pixel_pitch == kPanel / 2 &&
                     rows.output_pixel_pitch == kPanel / 2;
  if constexpr (kNeeds.depthwise_3)
    if (kernel == 3) return depthwise_stride<kNeeds, 3>(rows, stride, pairs);
  if constexpr (kNeeds.depthwise_5) depthwise_stride<kNeeds, 5>(rows, stride, pairs);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/epilogue-inl.hpp
// Post-ops that do not fit a register tile: costly activations, scale and shift, residual. They are
// applied while the rows are in cache. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <bool kExponentials, class D>
HWY_INLINE void epilogue_of_pixel(const Epilogue& what, float* pixel, const float* addend,
                                  int begin, int end) {
  const D d;
  using V = hn::Vec<D>;
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    V x = activated<kExponentials>(d, hn::LoadU(d, pixel + channel), what.activation);
    if (what.affine != nullptr)
      x = hn::MulAdd(x, hn::Set(d, what.affine[0]), hn::Set(d, what.affine[1]));
    if (addend != nullptr) x = hn::Add(x, hn::LoadU(d, addend + channel));
    hn::StoreU(x, d, pixel + channel);
  }
}

/// Computes channels [begin, end) of all pixels; both are multiples of 8.
template <bool kExponentials>
HWY_NOINLINE void apply_epilogue(const Epilogue& what, int begin, int end) {
  // Pixels that lie side by side are one with the channels of all of them.
  const auto pitch = static_cast<std::size_t>(end - begin);
  const bool joined = what.rows.pixel_pitch == pitch &&
                      (what.addend.pixels == nullptr || what.addend.pixel_pitch == pitch);
  const int width = joined ? 1 : what.width;
  if (joined) end *= what.width;
  const int whole = whole_panels(begin, end);
  for (int y = 0; y < what.count; ++y)
    for (int x = 0; x < width; ++x) {
      const auto place = [&](const Rows& rows) {
        return rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
               static_cast<std::size_t>(x) * rows.pixel_pitch;
      };
      const float* const addend = what.addend.pixels == nullptr ? nullptr : place(what.addend);
      float* const pixel = place(what.rows);
      epilogue_of_pixel<kExponentials, Lanes16>(what, pixel, addend, begin, whole);
      if constexpr (kLanes > kHalfPanel)
        epilogue_of_pixel<kExponentials, Lanes8>(what, pixel, addend, whole, end);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/l1-inl.hpp
// Distances in the place of products: the layers of AdderNet. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a tile of outputs bias - Σ|weight - x|, in the order of the weights.
template <int kPixels>
class L1Inputs : public TapInputs<kPixels> {
 public:
  HWY_INLINE L1Inputs(const Product& product, int pixel) : TapInputs<kPixels>(product, pixel) {}

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::Sub(sum, hn::Abs(hn::Sub(weight, x)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/map-inl.hpp
// Layers that write a map from others, pixel by pixel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Calls `visit(d, channel)` for every vector of a pixel's channels.
template <class Visit>
HWY_INLINE void for_each_channel(int channels, const Visit& visit) {
  int channel = 0;
  for (; channel + kPanel <= channels; channel += kLanes) visit(Lanes16(), channel);
  for (; channel < channels; channel += static_cast<int>(hn::MaxLanes(Lanes8())))
    visit(Lanes8(), channel);
}

/// Computes rows [begin, end) of a map times a vector.
inline HWY_NOINLINE void gate_rows(const Context& context, const Layer& layer, int begin, int end) {
  const float* const factors = context.vector(layer.source_vector, layer.output);
  for (int y = begin; y < end; ++y) {
    const float* from = context.pixels(layer.source, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.input.width; ++x) {
      for_each_channel(layer.input.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, from + channel), hn::LoadU(d, factors + channel)), d,
                   to + channel);
      });
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::gate> = gate_rows;

/// Computes rows [begin, end) of the sum of two maps.
inline HWY_NOINLINE void add_rows(const Context& context, const Layer& layer, int begin, int end) {
  for (int y = begin; y < end; ++y) {
    const float* a = context.pixels(layer.source, y);
    const float* b = context.pixels(layer.addend_map, y);
    float* to = context.pixels(layer.target, y);
    for (int x = 0; x < layer.output.width; ++x) {
      for_each_channel(layer.output.channels, [&](auto d, int channel) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, a + channel), hn::LoadU(d, b + channel)), d, to + channel);
      });
      a += layer.source.pixel_pitch;
      b += layer.addend_map.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::add> = add_rows;

/// Copies values; every second one is read, or is written.
inline void copy_every_second(const float* from, float* to, int count, bool reads) {
  const Lanes8 d;
  constexpr int kStep = static_cast<int>(hn::MaxLanes(d));
  int i = 0;
  for (; i + kStep < count; i += kStep) {  // a last vector would reach into what is beside
    hn::Vec<Lanes8> even, odd;
    if (reads) {
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      hn::StoreU(even, d, to + i);
    } else {
      hn::LoadInterleaved2(d, to + 2 * i, even, odd);
      hn::StoreInterleaved2(hn::LoadU(d, from + i), odd, d, to + 2 * i);
    }
  }
  for (; i < count; ++i) to[reads ? i : 2 * i] = from[reads ? 2 * i : i];
}

/// Computes rows [begin, end) of channels that go elsewhere.
inline HWY_NOINLINE void copy_rows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (layer.read_step == 1 && layer.write_step == 1)
        std::memcpy(to, from, sizeof(float) * static_cast<std::size_t>(layer.output.channels));
      else if (layer.read_step * layer.write_step == 2)
        copy_every_second(from, to, layer.output.channels, layer.read_step == 2);
      else
        for (int channel = 0; channel < layer.output.channels; ++channel)
          to[channel * layer.write_step] = from[channel * layer.read_step];
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::copy> = copy_rows;

/// Computes rows [begin, end) of the picture.
inline HWY_NOINLINE void picture_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const Picture& picture = context.picture();
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch)
      for (int channel = 0; channel < layer.output.channels; ++channel) {
        const std::ptrdiff_t place =
            channel * picture.channel + y * picture.row + x * picture.pixel;
        to[channel] = picture.values != nullptr ? picture.values[place]
                                                : picture.lookup[channel][picture.bytes[place]];
      }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::picture> = picture_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/multiply-inl.hpp
// A map times another one, which may be repeated along axes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes rows [begin, end) of a product.
inline HWY_NOINLINE void multiply_rows(const Context& context, const Layer& layer, int begin,
                                       int end) {
  float* const maps = context.run.maps;
  const Lanes8 d;
  const Shape& factors = layer.factor_shape;
  const Map& map = layer.addend_map;
  const int step = factors.width > 1 ? map.pixel_pitch : 0;
  const bool single = factors.channels == 1 && layer.output.channels > 1;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    const float* factor = maps + map.pixels(factors.height > 1 ? y : 0);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      const auto one = hn::Set(d, *factor);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, from + channel);
        hn::StoreU(hn::Mul(value, single ? one : hn::LoadU(d, factor + channel)), d, to + channel);
      }
      from += layer.source.pixel_pitch;
      factor += step;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::multiply> = multiply_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/prelu-inl.hpp
// PReLU. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes some channels of `count` rows of a layer's output: max(x, 0) + min(x, 0) * slope.
inline HWY_NOINLINE void apply_prelu(const Layer& layer, const float* weights, const Rows& rows,
                                     int count, const ChannelRange& channels) {
  const float* const slopes = weights + layer.slopes_place();
  const Lanes8 d;
  const auto zero = hn::Zero(d);
  for (int y = 0; y < count; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      float* const pixel = rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
                           static_cast<std::size_t>(x) * rows.pixel_pitch;
      for (int i = channels.begin; i < channels.end; i += static_cast<int>(hn::MaxLanes(d))) {
        const auto value = hn::LoadU(d, pixel + i);
        hn::StoreU(hn::MulAdd(hn::Min(value, zero), hn::LoadU(d, slopes + i), hn::Max(value, zero)),
                   d, pixel + i);
      }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/product-inl.hpp
// The register-tiled matrix product of pointwise layers. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
// g++ would load the next rows of weights far ahead, away from each other, and copy sums to make
// room.
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Pixels × two vectors of accumulators that fit the registers, together with a row of weights and
/// the inputs: 14 × 2 of 32 registers (AVX-512), 6 × 2 of 16 (AVX2, SSE2), 7 × 2 of 32 (NEON, which
/// keeps the inputs of all pixels).
inline constexpr int kTilePixels = kLanes == 16 ? 14 : HWY_ARCH_ARM ? 7 : kLanes > 1 ? 6 : 2;
inline constexpr int kTileChannels = std::max(2 * kLanes, kPanel / 2);

template <template <int> class Inputs, class D, int kPixels, int kVectors>
class ProductTile {
  using V = hn::Vec<D>;
  using TileInputs = Inputs<kPixels>;
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  /// Beside its work, a tile fetches the weights at `ahead`, `ahead_step` bytes for each k.
  HWY_INLINE ProductTile(const Product& product, const float* weights, int channel, int pixel,
                         const char* ahead, std::size_t ahead_step)
      : product_(product), channel_(channel), pixel_(pixel) {
    start(Indices<kPixels * kVectors>());
    const std::size_t panel_pitch = static_cast<std::size_t>(product.depth) * kPanel;
    const std::size_t tap = static_cast<std::size_t>(product.tap_depth) * kPanel;
    TileInputs inputs(product, pixel);
    do {
      const float* const end = weights + tap;
#if HWY_ARCH_ARM
      for (; weights + kUnroll * kPanel <= end; weights += kUnroll * kPanel) {
        add_quad<0>(inputs, weights, Indices<kPixels>());
        add_quad<4>(inputs, weights, Indices<kPixels>());
        __builtin_prefetch(ahead, 0, 2);
        ahead += kUnroll * ahead_step;
        inputs.advance(kUnroll);
      }
#endif
      for (; weights != end; weights += kPanel, ahead += ahead_step) {
        add_vectors(inputs, weights, panel_pitch, Indices<kVectors>());
        __builtin_prefetch(ahead, 0, 2);
        inputs.advance(1);
      }
    } while (inputs.next_tap());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    const int row = pixel_ / product_.width;
    const int column = pixel_ - row * product_.width;
    store_pixels(activate,
                 product_.output + static_cast<std::size_t>(row) * product_.output_row_pitch +
                     static_cast<std::size_t>(column) * product_.output_pixel_pitch + channel_,
                 column, Indices<kPixels>());
  }

 private:
#if HWY_ARCH_ARM
  static constexpr int kUnroll = 8;  // channels: two quads
#endif

  template <int... kIndex>
  HWY_INLINE void start(std::integer_sequence<int, kIndex...>) {
    const D d;
    ((sums_[kIndex] = hn::Load(d, product_.biases + channel_ + kIndex % kVectors * kStep)), ...);
  }

#if HWY_ARCH_ARM
  /// Adds four products: a lane of a register can be a factor: a vector of inputs holds four k of a
  /// pixel.
  template <int kFirst, int... kPixel>
  HWY_INLINE void add_quad(const TileInputs& tile, const float* weights,
                           std::integer_sequence<int, kPixel...>) {
    const V inputs[kPixels] = {hn::LoadU(D(), tile.template address<kPixel>() + kFirst)...};
    add_row<0>(inputs, weights + kFirst * kPanel, Indices<kVectors>());
    add_row<1>(inputs, weights + (kFirst + 1) * kPanel, Indices<kVectors>());
    add_row<2>(inputs, weights + (kFirst + 2) * kPanel, Indices<kVectors>());
    add_row<3>(inputs, weights + (kFirst + 3) * kPanel, Indices<kVectors>());
  }

  template <int kLane, int... kVector>
  HWY_INLINE void add_row(const V* inputs, const float* weights,
                          std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(D(), weights + kVector * kStep)...};
    (add_lane<kLane, kVector>(inputs, row[kVector], Indices<kPixels>()), ...);
  }

  template <int kLane, int kVector, int... kPixel>
  HWY_INLINE void add_lane(const V* inputs, V weights, std::integer_sequence<int, kPixel...>) {
    ((sums_[kPixel * kVectors + kVector] = TileInputs::add(
          hn::Broadcast<kLane>(inputs[kPixel]), weights, sums_[kPixel * kVectors + kVector])),
     ...);
  }
#endif

  template <int... kVector>
  HWY_INLINE void add_vectors(const TileInputs& inputs, const float* weights,
                              std::size_t panel_pitch, std::integer_sequence<int, kVector...>) {
    const V row[kVectors] = {hn::Load(
        D(), weights + kVector * kStep / kPanel * panel_pitch + kVector * kStep % kPanel)...};
    add_pixels(inputs, row, Indices<kPixels>());
  }

  template <int... kPixel>
  HWY_INLINE void add_pixels(const TileInputs& inputs, const V* row,
                             std::integer_sequence<int, kPixel...>) {
    (add_pixel<kPixel>(hn::Set(D(), *inputs.template address<kPixel>()), row, Indices<kVectors>()),
     ...);
  }

  template <int kPixel, int... kVector>
  HWY_INLINE void add_pixel(V input, const V* row, std::integer_sequence<int, kVector...>) {
    ((sums_[kPixel * kVectors + kVector] =
          TileInputs::add(input, row[kVector], sums_[kPixel * kVectors + kVector])),
     ...);
  }

  template <class Activate, int... kPixel>
  HWY_INLINE void store_pixels(const Activate& activate, float* to, int column,
                               std::integer_sequence<int, kPixel...>) const {
    const std::size_t gap = product_.output_row_pitch -
                            static_cast<std::size_t>(product_.width) * product_.output_pixel_pitch;
    ((store_pixel<kPixel>(activate, to, Indices<kVectors>()), next_pixel(to, column, gap)), ...);
  }

  HWY_INLINE void next_pixel(float*& to, int& column, std::size_t gap) const {
    to += product_.output_pixel_pitch;
    if (++column == product_.width) {
      column = 0;
      to += gap;
    }
  }

  template <int kPixel, class Activate, int... kVector>
  HWY_INLINE void store_pixel(const Activate& activate, float* to,
                              std::integer_sequence<int, kVector...>) const {
    const D d;
    (hn::StoreU(activate(d, sums_[kPixel * kVectors + kVector]), d, to + kVector * kStep), ...);
  }

  const Product& product_;
  int channel_, pixel_;
  V sums_[kPixels * kVectors];
};

/// Weights of a product's columns, and what lies after them: the weights of the next ones.
struct ProductWeights {
  const float* here;
  const char* next;
  std::size_t next_bytes;
};

/// Tiles of kCount channels, in whole vectors.
template <class D, int kCount>
struct VectorTiles {
  static constexpr int kChannels = kCount, kPixels = kTilePixels;
  template <template <int> class Inputs, int kSize>
  using Tile = ProductTile<Inputs, D, kSize, kCount / static_cast<int>(hn::MaxLanes(D()))>;
};

/// Computes the output channels of a tile from `channel` on, for all pixels. The last tile may
/// overlap the one before it: what it computes again has the same bits.
template <template <int> class Inputs, TileEnds kEnds, class Tiles>
HWY_NOINLINE void product_columns(const Product& product, const ProductWeights& weights,
                                  int channel, int pixels) {
  constexpr int kPixels = Tiles::kPixels;
  // Weights come from L3 or from memory: the next ones are fetched evenly while all tiles are at
  // work.
  const auto tiles = static_cast<std::size_t>(std::max(1, pixels / kPixels));
  const std::size_t ahead_bytes = weights.next_bytes / tiles;
  const std::size_t ahead_step = ahead_bytes / static_cast<std::size_t>(product.depth);
  const char* ahead = weights.next;
  const auto tile = [&](auto size, int pixel) HWY_ATTR {
    finish<kEnds>(typename Tiles::template Tile<Inputs, decltype(size)::value>(
                      product, weights.here, channel, pixel, ahead, ahead_step),
                  product.activation);
    ahead += ahead_bytes;
  };
  using Whole = std::integral_constant<int, kPixels>;
  using One = std::integral_constant<int, 1>;
  // A few rows of a small map are often all there is.
  using Half = std::integral_constant<int, kPixels / 2>;
  int pixel = 0;
  for (; pixel + kPixels <= pixels; pixel += kPixels) tile(Whole(), pixel);
  for (; pixel + Half::value <= pixels; pixel += Half::value) tile(Half(), pixel);
  if (pixel < pixels && pixels >= Half::value) return tile(Half(), pixels - Half::value);
  for (; pixel < pixels; ++pixel) tile(One(), pixel);
}

/// Converts float16 to float32; `count` is a multiple of 16.
inline HWY_NOINLINE void convert_to_float(const hwy::float16_t* from, std::size_t count,
                                          float* to) {
  const Lanes16 d;
  for (std::size_t i = 0; i < count; i += hn::MaxLanes(d))
    hn::Store(load_weights(d, from + i), d, to + i);
}

/// Returns the weights of `count` channels from `channel` on; where they are stored in half
/// precision, whole panels are float32_scratch when their first channel is asked for.
template <Needs kNeeds>
HWY_NOINLINE ProductWeights weights_of(const Product& product, int channel, int count) {
  const auto depth = static_cast<std::size_t>(product.depth);
  const auto first = static_cast<std::size_t>(channel / kPanel * kPanel) * depth;
  const auto panels = static_cast<std::size_t>(round_up(count, kPanel)) * depth;
  const auto needed = static_cast<std::size_t>(count) * depth;
  const auto lane = static_cast<std::size_t>(channel % kPanel);
  const auto weights = [&](const float* here, const auto* stored) {
    return ProductWeights{here,
                          reinterpret_cast<const char*>(stored + first + panels + lane * depth),
                          needed * sizeof(*stored)};
  };
  if constexpr (!kNeeds.half_weights)
    return weights(product.weights + first + lane, product.weights);
  if (!product.half) return weights(product.weights + first + lane, product.weights);
  const auto* const stored = reinterpret_cast<const hwy::float16_t*>(product.weights);
  if (lane == 0) convert_to_float(stored + first, panels, product.float32_scratch);
  return weights(product.float32_scratch + lane, stored);
}

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <template <int> class Inputs, Needs kNeeds>
HWY_NOINLINE void product_rows(const Product& product, int pixels, int begin, int end) {
  static_assert(kTileChannels <= kConvertedPanels * kPanel);
  constexpr bool kPairs = kLanes == kPanel && kNeeds.half_panels;
  int channel = begin, whole = end;
  const auto columns = [&](auto tiles) {
    using Tiles = decltype(tiles);
    product_columns<Inputs, kNeeds.ends, Tiles>(
        product, weights_of<kNeeds>(product, channel, Tiles::kChannels), channel, pixels);
    channel += Tiles::kChannels;
  };
  if constexpr (kPairs)
    if ((end - begin) % kPanel != 0 && end - begin > kPanel) whole = end - PairTiles::kChannels;
  while (channel + kTileChannels <= whole) columns(VectorTiles<Lanes16, kTileChannels>());
  if constexpr (kTileChannels > kPanel)
    while (channel + kPanel <= whole) columns(VectorTiles<Lanes16, kPanel>());
  if constexpr (kPairs)
    if (whole < end) return columns(PairTiles());
  if constexpr (kTileChannels > kPanel / 2 && kNeeds.half_panels)
    if (channel < end) columns(VectorTiles<Lanes8, kPanel / 2>());
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_ARM
#pragma GCC pop_options
#endif
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/rearrange-inl.hpp
// The numbers of a map in other places. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Where the channels of one pixel of the output come from: every `step`-th float.
struct PixelSource {
  const float* first;
  std::ptrdiff_t step = 1;
};

/// Returns where pixel (y, x) of the output comes from.
inline PixelSource source_of(const Layer& layer, const float* maps, int y, int x) {
  using Kind = Rearrangement::Kind;
  const Map& map = layer.source;
  const auto [kind, first, second] = layer.rearrangement;
  const auto place = [&](int row, int column, int channel) {
    return maps + map.pixels(row) + column * map.pixel_pitch + channel;
  };
  switch (kind) {
    case Kind::transpose: {
      int at[3] = {};
      at[first] = y;
      at[second] = x;
      const std::ptrdiff_t steps[] = {static_cast<std::ptrdiff_t>(map.row_pitch()), map.pixel_pitch,
                                      1};
      return {place(at[0], at[1], at[2]), steps[3 - first - second]};
    }
    case Kind::space_to_rows: {
      const int across = layer.input.width / first;
      return {place(x / across * first + y / first, x % across * first + y % first, 0)};
    }
    case Kind::rows_to_space:
      return {place(y % first * first + x % first, y / first * (second / first) + x / first, 0)};
    case Kind::depth_to_space:
      return {place(y / first, x / first, (y % first * first + x % first) * layer.output.channels)};
    case Kind::shuffle:
      break;
  }
  return {place(y, x, 0)};
}

/// Computes channels [first][second][rest] become [second][first][rest].
inline void shuffle_blocks(const Rearrangement& how, int channels, const float* from, float* to) {
  const int size = channels / (how.first * how.second);
  for (int j = 0; j < how.second; ++j)
    for (int i = 0; i < how.first; ++i, to += size)
      std::memcpy(to, from + (i * how.second + j) * size,
                  static_cast<std::size_t>(size) * sizeof(float));
}

/// Computes what `count` rows become, each of whose pixels is a square of the output's; for one row
/// as many as a square has.
inline HWY_NOINLINE void spread_pixels(const Layer& layer, Rows from, int count, Rows to) {
  const Lanes8 d;
  const int side = layer.rearrangement.first, channels = layer.output.channels;
  const auto copy = [&](const float* values, float* pixel) HWY_ATTR {
    if (channels % kHalfPanel != 0) {
      // One is usual, for which a call takes longer than the copy.
      if (channels == 1) return static_cast<void>(*pixel = *values);
      std::memcpy(pixel, values, static_cast<std::size_t>(channels) * sizeof(float));
      return;
    }
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d)))
      hn::StoreU(hn::LoadU(d, values + i), d, pixel + i);
  };
  for (int y = 0; y < count; ++y, from.pixels += from.row_pitch)
    for (int row = 0; row < side; ++row, to.pixels += to.row_pitch) {
      const float* values = from.pixels + row * side * channels;
      float* pixel = to.pixels;
      for (int x = 0; x < layer.input.width; ++x, values += from.pixel_pitch)
        for (int i = 0; i < side * channels; i += channels, pixel += to.pixel_pitch)
          copy(values + i, pixel);
    }
}

/// Computes rows [begin, end) of a rearrangement.
inline HWY_NOINLINE void rearrange_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels;
  for (int y = begin; y < end; ++y) {
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
      const auto [from, step] = source_of(layer, maps, y, x);
      if (layer.rearrangement.kind == Rearrangement::Kind::shuffle)
        shuffle_blocks(layer.rearrangement, channels, from, to);
      else if (step == 1)
        std::memcpy(to, from, static_cast<std::size_t>(channels) * sizeof(float));
      else
        for (int i = 0; i < channels; ++i) to[i] = from[i * step];
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::rearrange> = rearrange_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/reduce-inl.hpp
// Means, maxima and variances along any axes of a map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels that one pixel of the output is made of.
struct PixelRange {
  int top, bottom, left, right;

  float count() const { return static_cast<float>((bottom - top) * (right - left)); }

  /// Calls `visit(pixel)` in raster order.
  template <class Visit>
  HWY_INLINE void for_each(const Map& map, const float* maps, const Visit& visit) const {
    for (int y = top; y < bottom; ++y) {
      const float* pixel = maps + map.pixels(y) + left * map.pixel_pitch;
      for (int x = left; x < right; ++x, pixel += map.pixel_pitch) visit(pixel);
    }
  }
};

/// Channels of a range of pixels, each alone; `count` vectors' lanes are read from `channel` on.
template <class D>
class ChannelReduction {
  using V = hn::Vec<D>;

 public:
  ChannelReduction(const Map& map, const float* maps, const PixelRange& range, int channel)
      : map_(map), maps_(maps), range_(range), channel_(channel) {}

  HWY_INLINE V mean() const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { sum = hn::Add(sum, load(pixel)); });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V maximum() const {
    V most = hn::Set(D(), Maximum::kStart);
    range_.for_each(map_, maps_,
                    [&](const float* pixel) HWY_ATTR { most = hn::Max(most, load(pixel)); });
    return most;
  }
  HWY_INLINE V variance(V mean) const {
    V sum = hn::Zero(D());
    range_.for_each(map_, maps_, [&](const float* pixel) HWY_ATTR {
      const V distance = hn::Sub(load(pixel), mean);
      sum = hn::MulAdd(distance, distance, sum);
    });
    return hn::Mul(sum, hn::Set(D(), 1.0f / range_.count()));
  }
  HWY_INLINE V result(Reduction reduction) const {
    if (reduction == Reduction::maximum) return maximum();
    const V mean_value = mean();
    return reduction == Reduction::mean ? mean_value : variance(mean_value);
  }

 private:
  HWY_INLINE V load(const float* pixel) const { return hn::LoadU(D(), pixel + channel_); }

  const Map& map_;
  const float* maps_;
  const PixelRange& range_;
  int channel_;
};

/// Returns all channels of a range of pixels.
inline float reduce_all(const Layer& layer, Reduction reduction, const float* maps,
                        const PixelRange& range) {
  const int channels = layer.input.channels;
  const float count = range.count() * static_cast<float>(channels);
  const auto reduced = [&](const auto& combine) HWY_ATTR {
    Partial partial(combine.kStart);
    range.for_each(layer.source, maps,
                   [&](const float* pixel) HWY_ATTR { partial.add(pixel, channels, combine); });
    return partial;
  };
  if (reduction == Reduction::maximum) return reduced(Maximum()).total(Maximum());
  const float mean = reduced(Sum()).total(Sum()) / count;
  if (reduction == Reduction::mean) return mean;
  return reduced(SquaredDistances{mean}).total(Sum()) / count;
}

/// Which axes are reduced.
struct ReducedAxes {
  bool rows, columns, channels;

  explicit ReducedAxes(const Layer& layer)
      : rows(layer.output.height == 1),
        columns(layer.output.width == 1),
        channels(layer.output.channels == 1) {
    if (layer.reduction != Reduction::maximum_and_mean) return;
    rows = layer.groups == static_cast<int>(Axis::rows);
    columns = layer.groups == static_cast<int>(Axis::columns);
    channels = layer.groups == static_cast<int>(Axis::channels);
  }
};

/// Computes rows [begin, end) of a reduction.
inline HWY_NOINLINE void reduce_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const ReducedAxes axes(layer);
  const bool both = layer.reduction == Reduction::maximum_and_mean;
  const auto which = [&](int i) {
    return !both ? layer.reduction : i == 0 ? Reduction::maximum : Reduction::mean;
  };
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const PixelRange range = {axes.rows ? 0 : y, axes.rows ? layer.input.height : y + 1,
                                axes.columns ? 0 : x, axes.columns ? layer.input.width : x + 1};
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      if (axes.channels) {
        for (int i = 0; i < layer.output.channels; ++i)
          to[i] = reduce_all(layer, which(i), maps, range);
        continue;
      }
      const Reduction reduction = which(axes.rows ? y : x);
      for (int channel = 0; channel < layer.padded_channels();
           channel += static_cast<int>(hn::MaxLanes(Lanes8())))
        hn::StoreU(ChannelReduction<Lanes8>(layer.source, maps, range, channel).result(reduction),
                   Lanes8(), to + channel);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::reduce> = reduce_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/resize-inl.hpp
// A map of another height and width. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The pixels of the input that one of the output lies between, along one axis: `share` of the way
/// from the first one to the second.
struct Between {
  int first, second;
  float share;
};

/// Returns those of output `i`: they are around `at` / `whole`, whose rounding is the same on every
/// CPU. At the longest side both are below 2^31.
inline Between between(int i, int size, int outputs) {
  const int whole = 2 * outputs, at = std::max((2 * i + 1) * size - outputs, 0);
  const int first = at / whole;
  return {first, std::min(first + 1, size - 1),
          static_cast<float>(at % whole) / static_cast<float>(whole)};
}

/// Computes a row of nearest pixels: `from` and `to` are pixels 0.
inline void nearest_row(const Layer& layer, const float* from, float* to) {
  const int channels = layer.padded_channels(), outputs = layer.output.width;
  for (int x = 0, rest = 0; x < outputs; ++x, to += layer.target.pixel_pitch) {
    for_each_channel(channels, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(hn::LoadU(d, from + channel), d, to + channel);
    });
    for (rest += layer.input.width; rest >= outputs; rest -= outputs)
      from += layer.source.pixel_pitch;
  }
}

/// Computes a row between two rows of the input.
inline void bilinear_row(const Layer& layer, const float* above, const float* below, float down,
                         float* to) {
  const Lanes8 d;
  const int channels = layer.padded_channels();
  const auto mix = [&](auto share, auto a, auto b)
                       HWY_ATTR { return hn::MulAdd(share, hn::Sub(b, a), a); };
  for (int x = 0; x < layer.output.width; ++x, to += layer.target.pixel_pitch) {
    const auto [first, second, across] = between(x, layer.input.width, layer.output.width);
    const int left = first * layer.source.pixel_pitch, right = second * layer.source.pixel_pitch;
    const auto rows = hn::Set(d, down), columns = hn::Set(d, across);
    for (int i = 0; i < channels; i += static_cast<int>(hn::MaxLanes(d))) {
      const auto top =
          mix(columns, hn::LoadU(d, above + left + i), hn::LoadU(d, above + right + i));
      const auto bottom =
          mix(columns, hn::LoadU(d, below + left + i), hn::LoadU(d, below + right + i));
      hn::StoreU(mix(rows, top, bottom), d, to + i);
    }
  }
}

/// Computes rows [begin, end) of a resized map.
inline HWY_NOINLINE void resize_rows(const Context& context, const Layer& layer, int begin,
                                     int end) {
  float* const maps = context.run.maps;
  const Map& source = layer.source;
  for (int y = begin; y < end; ++y) {
    float* const to = context.pixels(layer.target, y);
    if (layer.resampling == Resampling::nearest) {
      nearest_row(layer, maps + source.pixels(y * layer.input.height / layer.output.height), to);
    } else {
      const auto [above, below, down] = between(y, layer.input.height, layer.output.height);
      bilinear_row(layer, maps + source.pixels(above), maps + source.pixels(below), down, to);
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::resize> = resize_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/softmax-inl.hpp
// Softmax over channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns exp(x - most), never quite 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below(D d, V x, V most) {
  return exp_of_negative(d, hn::Max(hn::Sub(x, most), hn::Set(d, -87.0f)));
}

/// Computes the softmax of values; `from` and `to` may be the same.
inline void softmax(const float* from, float* to, int count) {
  Partial largest(Maximum::kStart), sums(Sum::kStart);
  largest.add(from, count, Maximum());
  const float most = largest.total(Maximum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(exp_below(d, hn::LoadU(d, from + i), hn::Set(d, most)), d, to + i);
  });
  sums.add(to, count, Sum());
  const float share = 1.0f / sums.total(Sum());
  for_each_vector(count, [&](auto d, int i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, to + i), hn::Set(d, share)), d, to + i);
  });
}

/// Computes the softmax of each of the first `size` values with its likes in the other blocks.
inline void softmax_of_blocks(const float* from, float* to, int blocks, int size) {
  for_each_vector(size, [&](auto d, int i) HWY_ATTR {
    auto most = hn::LoadU(d, from + i);
    for (int block = 1; block < blocks; ++block)
      most = hn::Max(most, hn::LoadU(d, from + block * size + i));
    auto sum = hn::Zero(d);
    for (int block = 0; block < blocks; ++block) {
      const auto power = exp_below(d, hn::LoadU(d, from + block * size + i), most);
      hn::StoreU(power, d, to + block * size + i);
      sum = hn::Add(sum, power);
    }
    for (int block = 0; block < blocks; ++block) {
      float* const value = to + block * size + i;
      hn::StoreU(hn::Div(hn::LoadU(d, value), sum), d, value);
    }
  });
}

/// Computes rows [begin, end) of a softmax.
inline HWY_NOINLINE void softmax_rows(const Context& context, const Layer& layer, int begin,
                                      int end) {
  float* const maps = context.run.maps;
  const int channels = layer.output.channels, size = channels / layer.groups;
  for (int y = begin; y < end; ++y) {
    const float* from = maps + layer.source.pixels(y);
    float* to = maps + layer.target.pixels(y);
    for (int x = 0; x < layer.output.width; ++x) {
      if (size == 1)
        softmax(from, to, channels);
      else
        softmax_of_blocks(from, to, layer.groups, size);
      from += layer.source.pixel_pitch;
      to += layer.target.pixel_pitch;
    }
  }
}
template <>
inline constexpr MapRows kMapKernel<Operator::softmax> = softmax_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/vector-inl.hpp
// Layers that write vectors: means over all pixels and matrix-vector products. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes the mean over all pixels, in raster order, of channels [begin, end).
template <class D>
HWY_INLINE void pool_channels(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const D d;
  const Map& source = layer.source;
  const auto share = hn::Set(d, 1.0f / static_cast<float>(layer.input.pixels()));
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    auto sum = hn::Zero(d);
    for (int y = 0; y < layer.input.height; ++y) {
      const float* pixel = maps + source.pixels(y) + channel;
      for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
        sum = hn::Add(sum, hn::LoadU(d, pixel));
    }
    hn::StoreU(hn::Mul(sum, share), d, output + channel);
  }
}

/// Computes channels [begin, end) of a pooling layer; both are multiples of 8.
inline HWY_NOINLINE void pool(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const int whole = whole_panels(begin, end);
  pool_channels<Lanes16>(layer, maps, begin, whole, output);
  if constexpr (kLanes > kHalfPanel) pool_channels<Lanes8>(layer, maps, whole, end, output);
}

/// The outputs of a panel, or of a part of it. Four partial sums, by k modulo 4, hide the latency
/// of one; they are added in a fixed order.
template <class Weight>
class DenseTile {
  using D = Lanes16;
  using V = hn::Vec<D>;
  static constexpr int kParts = 4;
  // 8 KiB: what L3 needs to keep up.
  static constexpr int kAhead = 8192 / static_cast<int>(sizeof(Weight));
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kVectors = std::min(HWY_ARCH_ARM ? 4 : 2, kPanel / kStep);
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  static constexpr int kOutputs = kVectors * kStep;

  HWY_INLINE DenseTile(const Weight* weights, const float* biases, const float* input, int depth,
                       float* output)
      : output_(output) {
    start(biases, Indices<kParts * kVectors>());
    int k = 0;
    for (; k + kParts <= depth; k += kParts, weights += kParts * kPanel) {
      for (int part = 0; part < kParts; ++part)
        __builtin_prefetch(weights + kAhead + part * kPanel, 0, 3);
      add_parts(input + k, weights, Indices<kParts * kVectors>());
    }
    const int rest = depth - k;
    if (rest > 0) add_part<0>(input[k], weights, Indices<kVectors>());
    if (rest > 1) add_part<1>(input[k + 1], weights + kPanel, Indices<kVectors>());
    if (rest > 2) add_part<2>(input[k + 2], weights + 2 * kPanel, Indices<kVectors>());
  }

  template <class Activate>
  HWY_INLINE void store(const Activate& activate) const {
    store_vectors(activate, Indices<kVectors>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          kIndex < kVectors ? hn::Load(D(), biases + kIndex % kVectors * kStep) : hn::Zero(D())),
     ...);
  }

  template <int... kIndex>
  HWY_INLINE void add_parts(const float* input, const Weight* weights,
                            std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::MulAdd(
          hn::Set(D(), input[kIndex / kVectors]),
          load_weights(D(), weights + kIndex / kVectors * kPanel + kIndex % kVectors * kStep),
          sums_[kIndex])),
     ...);
  }

  template <int kPart, int... kVector>
  HWY_INLINE void add_part(float input, const Weight* weights,
                           std::integer_sequence<int, kVector...>) {
    ((sums_[kPart * kVectors + kVector] =
          hn::MulAdd(hn::Set(D(), input), load_weights(D(), weights + kVector * kStep),
                     sums_[kPart * kVectors + kVector])),
     ...);
  }

  template <int kVector>
  HWY_INLINE V sum() const {
    return hn::Add(hn::Add(sums_[kVector], sums_[kVectors + kVector]),
                   hn::Add(sums_[2 * kVectors + kVector], sums_[3 * kVectors + kVector]));
  }

  template <class Activate, int... kVector>
  HWY_INLINE void store_vectors(const Activate& activate,
                                std::integer_sequence<int, kVector...>) const {
    (hn::StoreU(activate(D(), sum<kVector>()), D(), output_ + kVector * kStep), ...);
  }

  float* output_;
  V sums_[kParts * kVectors];
};

/// Panels [begin, end) of a dense layer for `images` vectors, one every `input_pitch` floats: all
/// of them while a panel's weights are in L2.
template <class Weight>
HWY_NOINLINE void dense(const Layer& layer, const Weight* weights, const float* biases,
                        const float* input, std::size_t input_pitch, float* output,
                        std::size_t output_pitch, int images, int begin, int end) {
  const int depth = layer.depth();
  for (int panel = begin; panel < end; ++panel) {
    const auto channel = static_cast<std::size_t>(panel) * kPanel;
    const Weight* const panel_weights = weights + channel * static_cast<std::size_t>(depth);
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image)
      for (std::size_t lane = 0; lane < kPanel; lane += DenseTile<Weight>::kOutputs)
        finish(DenseTile<Weight>(panel_weights + lane, biases + channel + lane,
                                 input + image * input_pitch, depth,
                                 output + image * output_pitch + channel + lane),
               layer.activation.kind);
  }
}

/// Computes panels [begin, end) of a dense layer for `images` images from `image` on, whose vectors
/// follow each other.
template <Needs kNeeds>
void dense_panels(const Run& run, const Layer& layer, int image, int images, int begin, int end) {
  const auto in = static_cast<std::size_t>(round_up(layer.input.channels, kPanel));
  const auto out = static_cast<std::size_t>(round_up(layer.output.channels, kPanel));
  const auto first = static_cast<std::size_t>(image);
  const float* const weights = run.weights + layer.weights;
  float* const output = run.vectors + layer.target_vector + first * out;
  const auto panels = [&](const auto* stored) {
    dense(layer, stored, run.weights + layer.biases, run.vectors + layer.source_vector + first * in,
          in, output, out, images, begin, end);
  };
  const bool half = kNeeds.half_weights && layer.half;
  if constexpr (kNeeds.half_weights)
    if (half) panels(reinterpret_cast<const hwy::float16_t*>(weights));
  if (!half) panels(weights);
  if (fuses_into_tile(layer.activation)) return;
  for (int i = 0; i < images; ++i)
    apply_epilogue<kNeeds.exponentials>({.activation = layer.activation,
                                         .affine = nullptr,
                                         .addend = {},
                                         .rows = {output + static_cast<std::size_t>(i) * out, 0, 0},
                                         .count = 1,
                                         .width = 1},
                                        begin * kPanel, end * kPanel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/window-inl.hpp
// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The part of a window that lies on the map, and how many pixels a mean counts.
struct WindowPart {
  int begin, end, counted;
};

/// Returns the part along one axis. A window that reaches beyond the padding (ceil mode) ends
/// there.
HWY_INLINE WindowPart window_part(int output, int stride, int kernel, int before, int after,
                                  int size) {
  const int begin = output * stride - before;
  const int end = std::min(begin + kernel, size + after);
  return {std::max(begin, 0), std::min(end, size), end - begin};
}

/// The part of one output's window that lies on the map.
struct WindowPixels {
  const float* first;
  std::size_t row_pitch, pixel_pitch;
  int rows, columns;
  float share;  // of one pixel in a mean
};

struct WindowMaximum {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Max(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D, V maximum, float) const {
    return maximum;
  }
};

struct WindowMean {
  template <class V>
  HWY_INLINE V combine(V a, V b) const {
    return hn::Add(a, b);
  }
  template <class D, class V>
  HWY_INLINE V result(D d, V sum, float share) const {
    return hn::Mul(sum, hn::Set(d, share));
  }
};

/// Computes kVectors vectors of one output's channels: its pixels, combined in raster order.
template <class What, class D, int... kVector>
HWY_INLINE void window_pixel(const What& what, D d, const WindowPixels& window, int channel,
                             float* output, std::integer_sequence<int, kVector...>) {
  constexpr std::size_t kStep = hn::MaxLanes(D());
  const float* row = window.first + channel;
  hn::Vec<D> sums[] = {hn::LoadU(d, row + kVector * kStep)...};
  for (int y = 0; y < window.rows; ++y, row += window.row_pitch) {
    const float* pixel = row;
    for (int x = 0; x < window.columns; ++x, pixel += window.pixel_pitch)
      if (x > 0 || y > 0)
        ((sums[kVector] = what.combine(sums[kVector], hn::LoadU(d, pixel + kVector * kStep))), ...);
  }
  (hn::StoreU(what.result(d, sums[kVector], window.share), d, output + channel + kVector * kStep),
   ...);
}

/// Computes rows [begin, end) of a layer whose pixels each combine a window of pixels; what is
/// outside of the map does not count.
template <class What>
HWY_NOINLINE void windows(const Context& context, const Layer& layer, int begin, int end) {
  float* const maps = context.run.maps;
  constexpr int kTogether = 4 * kLanes, kStep = static_cast<int>(hn::MaxLanes(Lanes8()));
  const Map &source = layer.source, &target = layer.target;
  const Padding& padding = layer.padding;
  for (int y = begin; y < end; ++y) {
    const WindowPart rows = window_part(y, layer.stride.height, layer.kernel.height, padding.top,
                                        padding.bottom, layer.input.height);
    for (int x = 0; x < layer.output.width; ++x) {
      const WindowPart columns = window_part(x, layer.stride.width, layer.kernel.width,
                                             padding.left, padding.right, layer.input.width);
      const WindowPixels window = {
          .first = maps + source.pixels(rows.begin) + columns.begin * source.pixel_pitch,
          .row_pitch = source.row_pitch(),
          .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
          .rows = rows.end - rows.begin,
          .columns = columns.end - columns.begin,
          .share =
              1.0f / static_cast<float>(layer.count_padding ? rows.counted * columns.counted
                                                            : (rows.end - rows.begin) *
                                                                  (columns.end - columns.begin))};
      float* const output = maps + target.pixels(y) + x * target.pixel_pitch;
      int channel = 0;
      for (; channel + kTogether <= layer.padded_channels(); channel += kTogether)
        window_pixel(What(), Lanes16(), window, channel, output,
                     std::make_integer_sequence<int, 4>());
      for (; channel < layer.padded_channels(); channel += kStep)
        window_pixel(What(), Lanes8(), window, channel, output, std::integer_sequence<int, 0>());
    }
  }
}

template <>
inline constexpr MapRows kMapKernel<Operator::max_pool> = windows<WindowMaximum>;
template <>
inline constexpr MapRows kMapKernel<Operator::average_pool> = windows<WindowMean>;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// Those that use another one, or are for some products.
// from pplcnet/kernels/attention-inl.hpp
// Attention of tokens. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One head of one sequence: where the first token's query, key, value and result are.
struct Head {
  const float *queries, *keys, *values;
  int pitch;  // floats from a token to the next
  float* results;
  int result_pitch;
  int depth, tokens;
  float* scratch;  // [depth + kQueries][tokens rounded up to 16]

  int padded() const { return static_cast<int>(round_up(tokens, kPanel)); }
  float* scores() const { return scratch + depth * padded(); }
};

/// Keys become rows, one for each of their dimensions.
inline void transpose_keys(const Head& head) {
  for (int i = 0; i < head.depth; ++i) {
    float* const row = head.scratch + i * head.padded();
    for (int token = 0; token < head.tokens; ++token)
      row[token] = head.keys[token * head.pitch + i];
    std::fill(row + head.tokens, row + head.padded(), 0.0f);
  }
}

/// Computes the scores of `kCount` queries from `query` on with all keys.
template <int kCount>
HWY_INLINE void score(const Head& head, int query, float scale) {
  const Lanes16 d;
  const float* const q = head.queries + query * head.pitch;
  for (int token = 0; token < head.padded(); token += static_cast<int>(hn::MaxLanes(d))) {
    hn::Vec<Lanes16> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    for (int k = 0; k < head.depth; ++k) {
      const auto keys = hn::LoadU(d, head.scratch + k * head.padded() + token);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, q[i * head.pitch + k]), keys, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(hn::Mul(sums[i], hn::Set(d, scale)), d, head.scores() + i * head.padded() + token);
  }
}

/// Computes the mean of all values, weighted by the scores.
template <int kCount>
HWY_INLINE void weigh_values(const Head& head, int query) {
  for_each_vector(head.depth, [&](auto d, int k) HWY_ATTR {
    hn::Vec<decltype(d)> sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    const float* value = head.values + k;
    for (int token = 0; token < head.tokens; ++token, value += head.pitch) {
      const auto x = hn::LoadU(d, value);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i)
        sums[i] = hn::MulAdd(hn::Set(d, head.scores()[i * head.padded() + token]), x, sums[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i)
      hn::StoreU(sums[i], d, head.results + (query + i) * head.result_pitch + k);
  });
}

template <int kCount>
HWY_INLINE void attend(const Head& head, int query, float scale) {
  score<kCount>(head, query, scale);
  for (int i = 0; i < kCount; ++i) {
    float* const scores = head.scores() + i * head.padded();
    softmax(scores, scores, head.tokens);
  }
  weigh_values<kCount>(head, query);
}

/// Computes rows [begin, end): each is a sequence.
inline HWY_NOINLINE void attention_rows(const Context& context, const Layer& layer, int begin,
                                        int end) {
  float* const maps = context.run.maps;
  float* const scratch = context.scratch(layer);
  const int channels = layer.output.channels, depth = channels / layer.groups;
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  for (int y = begin; y < end; ++y)
    for (int channel = 0; channel < channels; channel += depth) {
      const float* const from = maps + layer.source.pixels(y) + channel;
      const Head head = {.queries = from,
                         .keys = from + channels,
                         .values = from + 2 * channels,
                         .pitch = layer.source.pixel_pitch,
                         .results = maps + layer.target.pixels(y) + channel,
                         .result_pitch = layer.target.pixel_pitch,
                         .depth = depth,
                         .tokens = layer.input.width,
                         .scratch = scratch};
      transpose_keys(head);
      int query = 0;
      for (; query + kQueries <= head.tokens; query += kQueries)
        attend<kQueries>(head, query, scale);
      for (; query < head.tokens; ++query) attend<1>(head, query, scale);
    }
}
template <>
inline constexpr MapRows kMapKernel<Operator::attention> = attention_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/normalise-inl.hpp
// Normalisation by a map's own means and variances: of the channels of a pixel, or of the pixels of
// a channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns (x - mean) * factor * scale + shift.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normalised(D d, V x, V mean, V factor, const float* scale, const float* shift) {
  return hn::MulAdd(hn::Mul(hn::Sub(x, mean), factor), hn::LoadU(d, scale), hn::LoadU(d, shift));
}

/// Computes rows [begin, end), pixel by pixel.
inline HWY_NOINLINE void normalise_pixels(const Layer& layer, const float* weights, float* maps,
                                          int begin, int end) {
  const int channels = layer.input.channels;
  const auto count = static_cast<float>(channels);
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for (int y = begin; y < end; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      const float* const from = maps + layer.source.pixels(y) + x * layer.source.pixel_pitch;
      float* const to = maps + layer.target.pixels(y) + x * layer.target.pixel_pitch;
      Partial sums(Sum::kStart), squares(Sum::kStart);
      sums.add(from, channels, Sum());
      const float mean = sums.total(Sum()) / count;
      squares.add(from, channels, SquaredDistances{mean});
      const float factor = 1.0f / std::sqrt(squares.total(Sum()) / count + epsilon);
      for_each_vector(channels, [&](auto d, int i) HWY_ATTR {
        hn::StoreU(normalised(d, hn::LoadU(d, from + i), hn::Set(d, mean), hn::Set(d, factor),
                              weights + layer.weights + i, weights + layer.biases + i),
                   d, to + i);
      });
    }
}

/// Computes rows [begin, end), channel by channel: the means are those of all rows.
inline HWY_NOINLINE void normalise_channels(const Layer& layer, const float* weights, float* maps,
                                            int begin, int end) {
  const PixelRange all = {0, layer.input.height, 0, layer.input.width};
  const auto epsilon = static_cast<float>(layer.norm_epsilon);
  for_each_vector(layer.input.channels, [&](auto d, int i) HWY_ATTR {
    const ChannelReduction<decltype(d)> reduction(layer.source, maps, all, i);
    const auto mean = reduction.mean();
    const auto deviation = hn::Sqrt(hn::Add(reduction.variance(mean), hn::Set(d, epsilon)));
    const auto factor = hn::Div(hn::Set(d, 1.0f), deviation);
    for (int y = begin; y < end; ++y) {
      const float* from = maps + layer.source.pixels(y) + i;
      float* to = maps + layer.target.pixels(y) + i;
      for (int x = 0; x < layer.output.width; ++x) {
        hn::StoreU(normalised(d, hn::LoadU(d, from), mean, factor, weights + layer.weights + i,
                              weights + layer.biases + i),
                   d, to);
        from += layer.source.pixel_pitch;
        to += layer.target.pixel_pitch;
      }
    }
  });
}

/// Computes rows [begin, end) of a normalisation.
inline void normalise_rows(const Context& context, const Layer& layer, int begin, int end) {
  const auto normalise = layer.groups == 1 ? normalise_pixels : normalise_channels;
  normalise(layer, context.run.weights, context.run.maps, begin, end);
}
template <>
inline constexpr MapRows kMapKernel<Operator::normalise> = normalise_rows;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
// from pplcnet/kernels/pointwise8-inl.hpp
// Pointwise layers from eight channels to eight. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if HWY_CAP_GE256
/// All weights of such a layer fit the registers, so that a pixel needs no tile around it. A vector
/// of sixteen holds two pixels: neighbours, which lie side by side in memory.
template <class D>
class Pointwise8Weights {
  using V = hn::Vec<D>;
  static constexpr int kChannels = kHalfPanel;
  using Depth = std::make_integer_sequence<int, kChannels>;

 public:
  static constexpr int kPixels = static_cast<int>(hn::MaxLanes(D())) / kChannels;

  HWY_INLINE explicit Pointwise8Weights(const Product& product) : biases_(each(product.biases)) {
    for (int k = 0; k < kChannels; ++k) rows_[k] = each(product.weights + k * kPanel);
  }

  /// Returns the outputs of kPixels pixels; products are added in the order of k.
  HWY_INLINE V product(const float* pixels) const { return product(pixels, Depth()); }

 private:
  /// Returns the same values for each pixel.
  static HWY_INLINE V each(const float* values) {
    HWY_ALIGN float lanes[kPanel];
    for (int i = 0; i < kPanel; ++i) lanes[i] = values[i % kChannels];
    return hn::Load(D(), lanes);
  }

  template <int... kK>
  HWY_INLINE V product(const float* pixels, std::integer_sequence<int, kK...>) const {
    V sum = biases_;
    if constexpr (kPixels > 1) {
      // Two blocks of four channels for each pixel: the first of both, twice, and the second.
      const V inputs = hn::LoadU(D(), pixels), swapped = hn::SwapAdjacentBlocks(inputs);
      const V blocks[] = {hn::OddEvenBlocks(swapped, inputs), hn::OddEvenBlocks(inputs, swapped)};
      ((sum = hn::MulAdd(hn::Broadcast<kK % 4>(blocks[kK / 4]), rows_[kK], sum)), ...);
    } else {
      ((sum = hn::MulAdd(hn::Set(D(), pixels[kK]), rows_[kK], sum)), ...);
    }
    return sum;
  }

  V biases_;
  V rows_[kChannels];
};

/// Rows of such a layer, which are activated while they are stored.
struct Pointwise8Rows {
  const Product& product;
  int count;

  template <class Activate>
  HWY_NOINLINE void store(const Activate& activate) const {
    using D = Lanes16;
    const Pointwise8Weights<D> weights(product);
    constexpr int kPixels = Pointwise8Weights<D>::kPixels;
    const std::size_t input_step = kPixels * product.pixel_pitch;
    const std::size_t output_step = kPixels * product.output_pixel_pitch;
    const int width = product.width;
    const float* input = product.input;
    for (int y = 0; y < count; ++y) {
      float* output = product.output + static_cast<std::size_t>(y) * product.output_row_pitch;
      for (int x = 0; x < width; x += kPixels, input += input_step, output += output_step)
        hn::StoreU(activate(D(), weights.product(input)), D(), output);
    }
  }
};

/// Returns whether two pixels can share a vector.
inline bool has_pairs(const Product& product) {
  return product.width % 2 == 0 && product.pixel_pitch == kHalfPanel &&
         product.output_pixel_pitch == kHalfPanel;
}
#endif

/// Computes channels [begin, end) of a product over `pixels` pixels; begin is a multiple of 16.
template <Needs kNeeds>
void compute_product(const Product& product, int pixels, int begin, int end) {
#if HWY_CAP_GE256
  if constexpr (kNeeds.half_panels)
    if (product.depth == kHalfPanel && product.channels == kHalfPanel && !product.half &&
        (kLanes == kHalfPanel || has_pairs(product)))
      return finish(Pointwise8Rows{product, pixels / product.width}, product.activation);
#endif
  product_rows<PixelInputs, kNeeds>(product, pixels, begin, end);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns the kernels of this instruction set that some layers need.
template <Needs kNeeds>
constexpr Kernels needed_kernels() {
  Kernels kernels;
  kernels.share = std::max(kTileChannels, kPanel);
  if constexpr (kNeeds.convolution_stride_1)
    kernels.stems[0] = {load_lines<1>, convolution_rows<kNeeds.ends, 1>};
  if constexpr (kNeeds.convolution_stride_2)
    kernels.stems[1] = {load_lines<2>, convolution_rows<kNeeds.ends, 2>};
  kernels.pointwise = compute_product<kNeeds>;
  if constexpr (kNeeds.map_convolution) kernels.convolution = product_rows<TapInputs, kNeeds>;
  if constexpr (kNeeds.has(Operator::l1)) kernels.l1 = product_rows<L1Inputs, kNeeds>;
  kernels.depthwise = depthwise<kNeeds>;
  if constexpr (kNeeds.depthwise_any) kernels.depthwise_any = depthwise_row;
  if constexpr (kNeeds.has(Operator::rearrange)) kernels.spread_pixels = spread_pixels;
  if constexpr (kNeeds.prelu) kernels.prelu = apply_prelu;
  kernels.epilogue = apply_epilogue<kNeeds.exponentials>;
  kernels.clear_frame = clear_frame;
  kernels.pool = pool;
  kernels.dense = dense_panels<kNeeds>;
  kernels.maps = operator_table([]<Operator kOperator>() -> MapRows {
    if constexpr (kNeeds.has(kOperator)) return kMapKernel<kOperator>;
    return nullptr;
  });
  return kernels;
}

/// The same.
template <Needs kNeeds>
inline constexpr Kernels kKernels = needed_kernels<kNeeds>();

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

template <Needs kNeeds>
void forward_by_isa(const Run& run, Isa isa) noexcept {
  isa = std::min(isa, best_isa());
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return walk(run, N_AVX3::kKernels<kNeeds>);
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return walk(run, N_AVX2::kKernels<kNeeds>);
#endif
  walk(run, PPLCNET_BASELINE_NAMESPACE::kKernels<kNeeds>);
}

#if defined(PPLCNET_IMPLEMENTATION)
void forward(const Run& run, Isa isa) noexcept { forward_by_isa<Needs{}>(run, isa); }
#endif

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_KERNELS_HPP

namespace pplcnet::inline PPLCNET_ABI {

template <Needs kNeeds>
void forward(const Run& run, Isa isa) noexcept {
#if defined(PPLCNET_COMPILED)
  forward(run, isa);
#else
  forward_by_isa<kNeeds>(run, isa);
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_FORWARD_HPP
// from pplcnet/plan/checked_plan.hpp
#ifndef PPLCNET_PLAN_CHECKED_PLAN_HPP
#define PPLCNET_PLAN_CHECKED_PLAN_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// The plan of a definition, `graph()` and perhaps `storage`: one with a flaw does not compile, and
/// nothing more is said of it.
template <class Definition>
class Checked {
  static constexpr GraphFlaw kFlaw = Definition::graph().flaw();

  static constexpr Graph sound_graph() {
    if constexpr (SoundGraph<kFlaw.broken, kFlaw.node, kFlaw.found>::value) {
      return Definition::graph();
    } else {
      Graph nothing({1, 1});
      nothing.output(nothing.dense(nothing.global_mean(nothing.image()), 1, {}));
      return nothing;
    }
  }

 public:
  /// Returns the plan of the definition.
  static constexpr Plan plan() {
    if constexpr (requires { Definition::storage; })
      return make_plan(sound_graph(), Definition::storage);
    else
      return make_plan(sound_graph());
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_CHECKED_PLAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Options of a forward pass; every choice gives the same bits (the baseline of x86 excepted, which
/// does not fuse multiply and add, and agrees within rounding).
struct RunOptions {
  Isa isa = best_isa();
  Executor executor = {};
};

/// A network whose every size is known to the compiler. `Definition::graph()` says which. One that
/// cannot be computed does not compile.
template <class TDefinition>
class NetworkOf {
  static constexpr Plan kWhole = Checked<TDefinition>::plan();

 public:
  using Definition = TDefinition;
  static constexpr NetworkTraits traits = kWhole.traits;
  static constexpr int layer_count = kWhole.layer_count;
  /// The layers in order of execution, with shapes, counts and places in memory.
  static constexpr std::array<Layer, layer_count> layers = [] {
    std::array<Layer, layer_count> copy;
    std::copy_n(kWhole.layers, layer_count, copy.begin());
    return copy;
  }();

  /// Trainable parameters, as papers count them; batch norm's means and variances; products.
  static constexpr std::int64_t parameter_count = kWhole.parameter_count;
  static constexpr std::int64_t buffer_count = kWhole.buffer_count;
  static constexpr std::int64_t multiply_add_count = kWhole.multiply_add_count;

  static constexpr int classes = traits.classes;  ///< 0: no classifier
  static constexpr Shape input_shape = layers[0].input;
  static constexpr std::size_t input_size = static_cast<std::size_t>(input_shape.size());

  /// Stages (blocks2 … blocks6): the index of each one's last layer, its shape, and the picture's
  /// rows (or columns) per row (or column) of it.
  static constexpr int stage_count = kWhole.stage_count;
  static constexpr int stage_layer(int stage) { return kWhole.stages[stage]; }
  static constexpr Shape stage_shape(int stage) { return kWhole.layers[stage_layer(stage)].output; }
  static constexpr Stride stage_stride(int stage) {
    Stride product = 1;
    for (int i = stage_layer(stage); i >= 0; i = kWhole.layers[i].from) {
      product.height *= kWhole.layers[i].stride.height;
      product.width *= kWhole.layers[i].stride.width;
    }
    return product;
  }
  /// Returns the last stage of a stride, -1 if there is none: what others call P2 … P5 or C3 … C5.
  static constexpr int stage_of_stride(int stride) {
    int found = -1;
    for (int i = 0; i < stage_count; ++i)
      if (stage_stride(i) == Stride(stride)) found = i;
    return found;
  }

  /// The output: logits, an embedding, or, of a backbone, maps.
  static constexpr int output_count = kWhole.output_count;
  static constexpr int output_layer(int output) { return kWhole.outputs[output]; }
  static constexpr Shape output_shape(int output) {
    return kWhole.layers[output_layer(output)].output;
  }
  static constexpr int embedding_size =
      traits.embedding < 0 ? 0 : kWhole.layers[traits.embedding].output.channels;

  static constexpr std::size_t weight_count = kWhole.weight_floats;  ///< with padding

  /// Folded and packed weights: immutable after loading, shared by any number of threads.
  struct Weights : InHugePages {
    using Network = pplcnet::NetworkOf<TDefinition>;
    alignas(64) std::array<float, weight_count> values;
  };
  static constexpr std::size_t weight_bytes = sizeof(Weights);

  /// Refers to packed weights that lie elsewhere: in a Weights, a mapped file, the executable.
  class WeightsView {
   public:
    WeightsView(const Weights& weights) noexcept  // NOLINT(google-explicit-constructor)
        : values_(weights.values.data()) {}
    /// `values` must be aligned to 64 bytes and stay where it is.
    explicit WeightsView(std::span<const float, weight_count> values) noexcept
        : values_(values.data()) {}
    const float* values() const noexcept { return values_; }

   private:
    const float* values_;
  };

  /// Buffers of one forward pass; one for each thread that calls forward. The
  /// executor of a call may use up to kThreads threads.
  template <int kThreads>
  struct ParallelWorkspace : InHugePages {
    static constexpr int threads = kThreads;
    alignas(64) std::array<float, kWhole.map_floats> maps;
    alignas(64) std::array<float, kWhole.vector_floats> vectors;
    alignas(64) std::array<float, kThreads * kWhole.scratch_floats> scratch;
  };
  using Workspace = ParallelWorkspace<1>;
  static constexpr std::size_t workspace_bytes = sizeof(Workspace);

  /// One image: planar [3][height][width], normalised as the network was trained.
  using Image = std::span<const float, input_size>;
  using Logits = std::array<float, classes>;

  /// Where the features of one image go, planar [channels][height][width]; null: not requested.
  /// Layers after the last requested one are not computed.
  struct Features {
    std::array<float*, stage_count> stages = {};
    std::array<float*, output_count> outputs = {};  ///< the network's outputs
    float* pooled = nullptr;                        ///< [channels of the last stage]
    float* embedding = nullptr;  ///< [embedding_size], what the classifier sees (before any ×0.8)
    float* logits = nullptr;     ///< [classes]
    std::array<float*, layer_count> layers = {};  ///< any layer at all
  };

  /// Class scores before softmax. No allocation, no lock, no failure. The floating-point
  /// environment of all threads must be that of a new program: rounding to nearest, and denormal
  /// numbers kept (neither FTZ nor DAZ); in another one the output has other bits.
  template <int kThreads>
  static void forward(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                      Logits& logits, const RunOptions& options = {}) noexcept {
    forward(weights, Picture::planar(image.data(), input_shape), workspace, logits, options);
  }

  /// Computes the same for a picture that lies elsewhere, planar or interleaved, float or bytes,
  /// and is not copied first. Bytes with the tables of a preprocessing give the same bits as its
  /// tensor.
  template <int kThreads>
  static void forward(WeightsView weights, const Picture& picture,
                      ParallelWorkspace<kThreads>& workspace, Logits& logits,
                      const RunOptions& options = {}) noexcept {
    static_assert(classes > 0, "forward: the network has no classifier; ask for its features");
    float* destinations[layer_count] = {};
    destinations[traits.logits] = logits.data();
    run(weights, &picture, 1, workspace, destinations, options);
  }

  /// Computes kBatch images, one after the other, to kBatch rows of logits; the head's weights are
  /// read once for up to kChunk images.
  template <int kBatch, int kThreads>
  static void forward_batch(WeightsView weights, std::span<const float, kBatch * input_size> images,
                            ParallelWorkspace<kThreads>& workspace,
                            std::span<float, kBatch * std::size_t{classes}> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(kBatch > 0, "a batch has at least one image");
    Picture pictures[kBatch];
    for (int i = 0; i < kBatch; ++i)
      pictures[i] = Picture::planar(images.data() + i * input_shape.size(), input_shape);
    forward_batch(weights, std::span<const Picture>(pictures), workspace, logits, options);
  }

  /// Computes the same for any number of pictures that lie elsewhere; `logits` has a row for each.
  template <int kThreads>
  static void forward_batch(WeightsView weights, std::span<const Picture> pictures,
                            ParallelWorkspace<kThreads>& workspace, std::span<float> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(classes > 0, "forward_batch: the network has no classifier");
    float* row = logits.data();
    while (!pictures.empty()) {
      const auto chunk = pictures.first(std::min(pictures.size(), std::size_t{kChunk}));
      float* destinations[kChunk * layer_count] = {};
      for (std::size_t i = 0; i < chunk.size(); ++i, row += classes)
        destinations[i * layer_count + traits.logits] = row;
      run(weights, chunk.data(), static_cast<int>(chunk.size()), workspace, destinations, options);
      pictures = pictures.subspan(chunk.size());
    }
  }

  /// Computes feature maps, pooled vector, embedding, logits: whatever `requested` points to.
  template <int kThreads>
  static void features(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                       const Features& requested, const RunOptions& options = {}) noexcept {
    features(weights, Picture::planar(image.data(), input_shape), workspace, requested, options);
  }

  /// Computes the same for a picture that lies elsewhere (see `forward`).
  template <int kThreads>
  static void features(WeightsView weights, const Picture& picture,
                       ParallelWorkspace<kThreads>& workspace, const Features& requested,
                       const RunOptions& options = {}) noexcept {
    float* destinations[layer_count] = {};
    const auto for_each_requested = [&](auto visit) {
      for (int i = 0; i < layer_count; ++i) visit(i, requested.layers.data()[i]);
      for (int i = 0; i < stage_count; ++i) visit(stage_layer(i), requested.stages.data()[i]);
      for (int i = 0; i < output_count; ++i) visit(output_layer(i), requested.outputs.data()[i]);
      visit(traits.pooled, requested.pooled);
      visit(traits.embedding, requested.embedding);
      visit(traits.logits, requested.logits);
    };
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr) destinations[layer] = destination;
    });
    run(weights, &picture, 1, workspace, destinations, options);
    // One layer can be requested under two names: without a head the pooled vector is the
    // embedding.
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr && destination != destinations[layer])
        std::copy_n(destinations[layer], kWhole.layers[layer].output.size(), destination);
    });
  }

 private:
  template <int kThreads>
  static void run(WeightsView weights, const Picture* pictures, int count,
                  ParallelWorkspace<kThreads>& workspace, float* const* destinations,
                  const RunOptions& options) noexcept {
    pplcnet::forward<needs_of(layers)>(
        {.layers = layers.data(),
         .layer_count = layer_count,
         .weights = weights.values(),
         .pictures = pictures,
         .images = count,
         .destinations = destinations,
         .maps = workspace.maps.data(),
         .vectors = workspace.vectors.data(),
         .scratch = workspace.scratch.data(),
         .scratch_floats = kWhole.scratch_floats,
         .threads = std::clamp(options.executor.threads(), 1, kThreads),
         .executor = options.executor},
        options.isa);
  }
};

/// A definition that is a function.
template <auto kFunction>
struct GraphFunction {
  static constexpr Graph graph() { return kFunction(); }
};

/// A network that a constexpr function describes: `constexpr Graph tiny() { … }`, `Network<tiny>`.
template <auto kFunction>
using Network = NetworkOf<GraphFunction<kFunction>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORK_HPP
// from pplcnet/networks/ghostnet.hpp
#ifndef PPLCNET_NETWORKS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_GHOSTNET_HPP

// from pplcnet/networks/blocks/ghostnet.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP
#define PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP

// from pplcnet/networks/squeeze_excite.hpp
#ifndef PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP
#define PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// What a squeeze-excite consists of.
struct SqueezeExcite {
  int squeezed = 0;  ///< channels in between
  Activation gate = Activation::hardsigmoid;
  Layout layout = Layout::convolution;
  Activation after = Activation::none;  ///< applied to the product
};

/// What may be in the place of a squeeze-excite: a function that appends it, or nothing; see
/// blocks/attention.hpp.
struct Attention {
  using Append = Value (*)(Graph& g, Value x, Name name);

  Append append = nullptr;
  /// With -fsanitize=undefined, g++ 12 does not know as a constant that a function is not null.
  bool is_there = false;

  constexpr Attention() = default;
  constexpr Attention(Append function)  // NOLINT(google-explicit-constructor)
      : append(function), is_there(true) {}

  constexpr bool operator==(const Attention&) const = default;
};

/// Appends a squeeze-excite: the map times factors that its own means give.
constexpr Value squeeze_excite(Graph& g, Value x, const SqueezeExcite& options, Name reduce,
                               Name expand, Name pool = {}, Name gate = {}) {
  Value factors = g.global_mean(x, pool);
  factors = g.dense(factors, options.squeezed,
                    {.activation = Activation::relu, .layout = options.layout}, reduce);
  factors = g.dense(factors, x.shape.channels,
                    {.activation = options.gate, .layout = options.layout}, expand);
  return g.gate(x, factors, options.after, gate);
}

/// Appends the same with the names that PP-LCNet gives it inside of a block.
constexpr Value squeeze_excite(Graph& g, Value x, const SqueezeExcite& options, Name block) {
  return squeeze_excite(g, x, options, block + ".se.conv1", block + ".se.conv2",
                        block + ".se.avg_pool", block + ".se");
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A bottleneck of the paper's table 1.
struct GhostNetRow {
  int kernel, hidden, out;
  bool squeeze_excite;
  int stride;
};
inline constexpr GhostNetRow kGhostNetTable[] = {
    {3, 16, 16, false, 1},   {3, 48, 24, false, 2},  {3, 72, 24, false, 1},
    {5, 72, 40, true, 2},    {5, 120, 40, true, 1},  {3, 240, 80, false, 2},
    {3, 200, 80, false, 1},  {3, 184, 80, false, 1}, {3, 184, 80, false, 1},
    {3, 480, 112, true, 1},  {3, 672, 112, true, 1}, {5, 672, 160, true, 2},
    {5, 960, 160, false, 1}, {5, 960, 160, true, 1}, {5, 960, 160, false, 1},
    {5, 960, 160, true, 1},
};

/// What a library calls the modules of a bottleneck.
struct GhostNetNames {
  /// The two convolutions of a ghost module.
  struct Module {
    Name primary, cheap;
  };
  Module expansion, projection;
  Name depthwise, depthwise_norm, reduce, expand, shortcut_depthwise, shortcut_linear;
};

/// Appends half of the channels by a pointwise layer, the others from these by a depthwise one.
constexpr Value ghost_module(Graph& g, Value x, int out, Activation activation,
                             const GhostNetNames::Module& name) {
  const Value half = g.conv(x, (out + 1) / 2, {.activation = activation}, name.primary);
  return g.concat({half, g.depthwise(half, {.kernel = 3, .activation = activation}, name.cheap)});
}

/// Appends a bottleneck, whose widths are `hidden` and `out`.
constexpr Value ghostnet_bottleneck(Graph& g, Value x, const GhostNetRow& row, int hidden, int out,
                                    const SqueezeExcite& gate, const GhostNetNames& names) {
  const Conv spatial = {.kernel = row.kernel, .stride = row.stride};
  Conv depthwise = spatial;
  depthwise.norm_name = names.depthwise_norm;
  Value y = ghost_module(g, x, hidden, Activation::relu, names.expansion);
  if (row.stride == 2) y = g.depthwise(y, depthwise, names.depthwise);
  if (row.squeeze_excite) y = squeeze_excite(g, y, gate, names.reduce, names.expand);
  y = ghost_module(g, y, out, Activation::none, names.projection);
  if (row.stride != 1 || x.shape.channels != out) {
    x = g.depthwise(x, spatial, names.shortcut_depthwise);
    x = g.conv(x, out, {}, names.shortcut_linear);
  }
  return g.add(y, x);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_GHOSTNET_HPP
// from pplcnet/networks/names/paddle_ghostnet.hpp
#ifndef PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP
#define PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP

// from pplcnet/networks/renaming.hpp
#ifndef PPLCNET_NETWORKS_RENAMING_HPP
#define PPLCNET_NETWORKS_RENAMING_HPP

#include <span>
#include <string_view>

// from pplcnet/networks/widths.hpp
#ifndef PPLCNET_NETWORKS_WIDTHS_HPP
#define PPLCNET_NETWORKS_WIDTHS_HPP


// What the networks of a table have in common: their options, and the rounding of widths. A network
// has a function for each library that publishes it: structures differ, and so do names of tensors.

namespace pplcnet::inline PPLCNET_ABI {

/// Options of a network that comes in several widths.
struct WidthOptions {
  int width = 100;  ///< of all layers but the last, in percent; one that the network comes in
  Extent input = {224, 224};
  int classes = 1000;
};

/// Names of PaddleClas' newer networks (`legendary_models`) and of its older ones.
inline constexpr TensorNames kPaddleClas = {
    .weights = ".conv", .norm = ".bn", .mean = "._mean", .variance = "._variance"};
inline constexpr TensorNames kOlderPaddleClas = {
    .weights = "._conv", .norm = "._batch_norm", .mean = "._mean", .variance = "._variance"};

/// Returns the width of a network that comes in all from `least` to `most` percent. Any other is a
/// flaw of the graph, which then has the width 100.
constexpr int checked_width(Graph& g, const WidthOptions& options, int least = 1, int most = 1000) {
  if (options.width >= least && options.width <= most) return options.width;
  g.fail(GraphRule::width, options.width);
  return 100;
}
/// Checks the same for a network that comes in one width.
constexpr void check_only_width(Graph& g, const WidthOptions& options) {
  checked_width(g, options, 100, 100);
}

/// Returns `channels * percent / 100`, cut to a whole number.
constexpr int cut_width(int channels, int percent) { return channels * percent / 100; }

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_WIDTHS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A module in another naming: what the project calls it (the part after the name of its block,
/// where it is in one), and what its weights and its batch norm are called there.
struct Renaming {
  std::string_view own, weights, norm = {};
};

/// Returns the names of a module by a table, after that of its block there; empty if it has none.
constexpr ModuleNames renamed(const Name& own, std::span<const Renaming> table, const Name& block) {
  const std::string_view part = own.leaf.empty() ? own.pattern : own.leaf;
  for (const Renaming& row : table) {
    if (row.own != part) continue;
    if (own.leaf.empty()) return {row.weights, row.norm};
    return {block + row.weights, row.norm.empty() ? Name() : block + row.norm};
  }
  return {};
}

/// Returns how PaddleClas' and PaddleOCR's newer networks name their tensors.
constexpr Naming paddle_naming(std::string_view what, ModuleNames (*module)(const Name& own)) {
  return {.framework = "paddle",
          .what = what,
          .tensors = kPaddleClas,
          .linear = Layout::in_out,
          .module = module};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_RENAMING_HPP

namespace pplcnet::inline PPLCNET_ABI {
namespace paddle_ghostnet_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1"},
    {".ghost_module_1.primary_conv", "_ghost_module_1_primary_conv"},
    {".ghost_module_1.cheap_operation", "_ghost_module_1_cheap_operation"},
    {".depthwise_conv", "_depthwise_depthwise"},
    {".se_block.squeeze", "_se_1"},
    {".se_block.excitation", "_se_2"},
    {".ghost_module_2.primary_conv", "_ghost_module_2_primary_conv"},
    {".ghost_module_2.cheap_operation", "_ghost_module_2_cheap_operation"},
    {".shortcut_depthwise", "_shortcut_depthwise_depthwise"},
    {".shortcut_conv", "_shortcut_conv"},
    {"conv_last", "conv_last"},
    {"fc_0", "fc_0"},
    {"fc_1", "fc_1"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  return renamed(own, kParameters, {"_ghostbottleneck_#", own.numbers[0]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' GhostNet",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_ghostnet_names

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns GhostNet. Source: PaddleClas `ghostnet.py`.
constexpr Graph paddle_ghostnet(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kOlderPaddleClas, "paddle_ghostnet");
  g.namings = paddle_ghostnet_names::kNamings;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 4); };
  Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kRelu}, "conv1");
  g.output(x, Role::stage, "conv1");
  int i = 0;
  for (const GhostNetRow& row : kGhostNetTable) {
    const Name block("_ghostbottleneck_#", i++);
    const int hidden = width(row.hidden);
    x = ghostnet_bottleneck(
        g, x, row, hidden, width(row.out),
        {.squeezed = hidden / 4, .gate = Activation::clip, .layout = Layout::in_out},
        {.expansion = {block + ".ghost_module_1.primary_conv",
                       block + ".ghost_module_1.cheap_operation"},
         .projection = {block + ".ghost_module_2.primary_conv",
                        block + ".ghost_module_2.cheap_operation"},
         .depthwise = block + ".depthwise_conv",
         .depthwise_norm = {},
         .reduce = block + ".se_block.squeeze",
         .expand = block + ".se_block.excitation",
         .shortcut_depthwise = block + ".shortcut_depthwise",
         .shortcut_linear = block + ".shortcut_conv"});
    g.output(x, Role::stage, block);
  }
  x = g.conv(x, width(960), {.activation = kRelu}, "conv_last");
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_gap");
  x = g.dense(x, 1280,
              {.activation = kRelu, .norm = true, .bias = false, .layout = Layout::convolution},
              "fc_0");
  g.output(x, Role::stage, "fc_0");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "fc_1"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_GHOSTNET_HPP
// from pplcnet/networks/light_cnns_mobilenet_v3.hpp
#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP

// from pplcnet/networks/blocks/mobilenet_v3.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP

#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// The two networks of the paper.
enum class MobileNetV3 : unsigned char { small, large };

/// A block: the kernel of its depthwise layer, the channels inside and after it.
struct MobileNetV3Row {
  int kernel, expanded, out;
  bool squeeze_excite, hardswish;  ///< otherwise relu
  int stride;

  constexpr Activation activation() const {
    return hardswish ? Activation::hardswish : Activation::relu;
  }
};

/// The paper's tables 1 and 2.
inline constexpr MobileNetV3Row kMobileNetV3Large[] = {
    {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2}, {3, 72, 24, false, false, 1},
    {5, 72, 40, true, false, 2},  {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1}, {3, 184, 80, false, true, 1},
    {3, 184, 80, false, true, 1}, {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1}, {5, 960, 160, true, true, 1},
};
inline constexpr MobileNetV3Row kMobileNetV3Small[] = {
    {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
    {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
    {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
    {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},
};

constexpr std::span<const MobileNetV3Row> mobilenet_v3_table(MobileNetV3 network) {
  if (network == MobileNetV3::small) return kMobileNetV3Small;
  return kMobileNetV3Large;
}

/// The modules of a block; without a name for it there is no expansion.
struct MobileNetV3BlockNames {
  Name expansion, depthwise, reduce, expand, projection;
};

/// Appends a block, whose widths are `expanded` and `out`. A gate with an activation after it has
/// that of the depthwise layer.
constexpr Value mobilenet_v3_block(Graph& g, Value x, const MobileNetV3Row& row, int expanded,
                                   int out, const SqueezeExcite& gate,
                                   const MobileNetV3BlockNames& names) {
  const Activation activation = row.activation();
  const bool late = row.squeeze_excite && gate.after != Activation::none;
  Value y = x;
  if (!names.expansion.empty())
    y = g.conv(y, expanded, {.activation = activation}, names.expansion);
  y = g.depthwise(y,
                  {.kernel = row.kernel,
                   .stride = row.stride,
                   .activation = late ? Activation::none : activation},
                  names.depthwise);
  if (row.squeeze_excite) y = squeeze_excite(g, y, gate, names.reduce, names.expand);
  y = g.conv(y, out, {}, names.projection);
  return row.stride == 1 && y.shape == x.shape ? g.add(x, y) : y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_MOBILENET_V3_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of light_cnns (`mobilenetv3.py`): the activation of a depthwise layer is
/// after squeeze-excite, but before it where a block has no expansion. It comes in one width.
constexpr Graph light_cnns_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kTorchSequence,
          small ? "light_cnns_mobilenet_v3_small" : "light_cnns_mobilenet_v3_large");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2, .activation = kHardswish},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const bool expands = row.expanded != x.shape.channels;
    const Name block("features.#", i);
    x = mobilenet_v3_block(g, x, row, row.expanded, row.out,
                           {.squeezed = make_divisible(row.expanded / 4 * 100, 8),
                            .layout = Layout::out_in,
                            .after = expands ? row.activation() : Activation::none},
                           {.expansion = expands ? block.inside(".conv.#", 0) : Name(),
                            .depthwise = block.inside(".conv.#", expands ? 3 : 0),
                            .reduce = block.inside(".conv.#.fc.0", expands ? 5 : 3),
                            .expand = block.inside(".conv.#.fc.2", expands ? 5 : 3),
                            .projection = block.inside(".conv.#", expands ? 7 : 4)});
    g.output(x, Role::stage, {"features.#", i++});
  }
  x = g.conv(x, small ? 576 : 960, {.activation = kHardswish}, {"conv.#", 0});
  g.output(x, Role::stage, "conv");
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  x = g.dense(x, small ? 1024 : 1280, {.activation = kHardswish}, {"classifier.#", 0});
  g.output(x, Role::stage, "classifier.1");
  g.output(g.dense(x, options.classes, {}, {"classifier.#", 3}));
  return g;
}
constexpr Graph light_cnns_mobilenet_v3_small(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph light_cnns_mobilenet_v3_large(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_LIGHT_CNNS_MOBILENET_V3_HPP
// from pplcnet/networks/light_cnns_shufflenet_v2.hpp
#ifndef PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP

// from pplcnet/networks/blocks/shufflenet_v2.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// Channels of the three stages and of the last convolution, by width in percent. The first two
/// widths are PaddleClas' own.
struct ShuffleNetV2Widths {
  int percent, stages[3], last;
};
inline constexpr ShuffleNetV2Widths kShuffleNetV2Table[] = {
    {25, {24, 48, 96}, 512},      {33, {32, 64, 128}, 512},     {50, {48, 96, 192}, 1024},
    {100, {116, 232, 464}, 1024}, {150, {176, 352, 704}, 1024}, {200, {244, 488, 976}, 2048},
};
inline constexpr int kShuffleNetV2Units[] = {4, 8, 4};

/// Returns the row of a width from `least` percent on; one that is not in the table is a flaw.
constexpr const ShuffleNetV2Widths& shufflenet_v2_widths(Graph& g, int percent, int least) {
  for (const ShuffleNetV2Widths& row : kShuffleNetV2Table)
    if (row.percent == percent && percent >= least) return row;
  g.fail(GraphRule::width, percent);
  return kShuffleNetV2Table[0];
}

/// What PaddleClas and torchvision call a unit and its convolutions: those of the way that is
/// there with a stride only, and those of the other.
struct ShuffleNetV2Unit {
  Name name, first_depthwise, first_linear, pointwise, depthwise, linear;
};

namespace shufflenet_v2_units {

/// Appends pointwise, depthwise and pointwise layers, by their names.
constexpr Value branch(Graph& g, Value x, int inside, int out, int stride, Name pointwise,
                       Name depthwise, Name linear) {
  constexpr Activation kRelu = Activation::relu;
  x = g.conv(x, inside, {.activation = kRelu}, pointwise);
  x = g.depthwise(x, {.kernel = 3, .stride = stride}, depthwise);
  return g.conv(x, out, {.activation = kRelu}, linear);
}

/// Appends a unit of PaddleClas and torchvision: half of the channels pass, what the other half
/// gives is shuffled with them. With a stride both ways are computed.
constexpr Value shuffled(Graph& g, Value x, int out, bool strided, const ShuffleNetV2Unit& unit) {
  const int half = out / 2;
  Value first = x, second = x;
  if (strided) {
    first = g.depthwise(x, {.kernel = 3, .stride = 2}, unit.first_depthwise);
    first = g.conv(first, half, {.activation = Activation::relu}, unit.first_linear);
  } else {
    first = g.slice(x, 0, half);
    second = g.slice(x, half, half);
  }
  second =
      branch(g, second, half, half, strided ? 2 : 1, unit.pointwise, unit.depthwise, unit.linear);
  return g.shuffle(g.concat({first, second}), 2);
}

/// Appends a unit of light_cnns: the even channels pass, the odd ones are computed; nothing is
/// shuffled after the last unit.
constexpr Value light_cnns(Graph& g, Value x, int out, bool strided, int i) {
  const int in = x.shape.channels, half = out / 2;
  const auto main = [&](Value input, int channels, int stride) {
    return branch(g, input, half, channels, stride, {"features.#.branch_main.#", i, 0},
                  {"features.#.branch_main.#", i, 3}, {"features.#.branch_main.#", i, 5});
  };
  if (!strided) {
    const Value kept = g.slice(x, 0, half, 2);
    return g.concat({kept, main(g.slice(x, 1, half, 2), half, 1)});
  }
  Value kept = g.depthwise(x, {.kernel = 3, .stride = 2}, {"features.#.branch_proj.#", i, 0});
  kept = g.conv(kept, in, {.activation = Activation::relu}, {"features.#.branch_proj.#", i, 2});
  return g.concat({kept, main(x, out - in, 2)});
}

}  // namespace shufflenet_v2_units

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_SHUFFLENET_V2_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ShuffleNetV2 of light_cnns (`shufflenetv2.py`): units begin with the shuffle, the last
/// pool is a window of 7×7, the classifier has no bias.
constexpr Graph light_cnns_shufflenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_shufflenet_v2");
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(g, options.width, 50);
  Value x =
      g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, {"first_conv.#", 0});
  g.output(x, Role::stage, "first_conv");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, "maxpool");
  int i = 0;
  for (int stage = 0; stage < 3; ++stage)
    for (int unit = 0; unit < kShuffleNetV2Units[stage]; ++unit) {
      x = shufflenet_v2_units::light_cnns(g, x, widths.stages[stage], unit == 0, i);
      g.output(x, Role::stage, {"features.#", i++});
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, {"conv_last.#", 0});
  g.output(x, Role::stage, "conv_last");
  x = g.output(g.mean_pool(x, {.kernel = 7, .stride = 7}), Role::stage, "globalpool");
  g.output(g.dense(x, options.classes, {.bias = false}, {"classifier.#", 0}));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_LIGHT_CNNS_SHUFFLENET_V2_HPP
// from pplcnet/networks/mobilenet_v1.hpp
#ifndef PPLCNET_NETWORKS_MOBILENET_V1_HPP
#define PPLCNET_NETWORKS_MOBILENET_V1_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// A block of MobileNetV1: depthwise 3×3, pointwise to `out` channels.
struct MobileNetV1Row {
  int out, stride;
};
inline constexpr MobileNetV1Row kMobileNetV1Table[] = {
    {64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2},  {512, 1},
    {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1},
};

/// Returns MobileNetV1. Source: PaddleClas `mobilenet_v1.py`; widths are cut to whole numbers.
constexpr Graph paddle_mobilenet_v1(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kPaddleClas, "paddle_mobilenet_v1");
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return cut_width(channels, percent); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu}, "conv");
  g.output(x, Role::stage, "conv");
  int i = 0;
  for (const auto [out, stride] : kMobileNetV1Table) {
    x = g.depthwise(x, {.kernel = 3, .stride = stride, .activation = kRelu},
                    {"blocks.#.depthwise_conv", i});
    x = g.conv(x, width(out), {.activation = kRelu}, {"blocks.#.pointwise_conv", i});
    g.output(x, Role::stage, {"blocks.#", i++});
  }
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "fc"));
  return g;
}

/// Returns the network that light_cnns calls mbv1, which is not the paper's: the depthwise layers
/// have a bias and neither batch norm nor activation, the pointwise layers a ring of zeros around
/// their map. It comes in one width.
constexpr Graph light_cnns_mobilenet_v1(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, kTorchSequence, "light_cnns_mobilenet_v1");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 32, {.kernel = 3, .stride = 2, .activation = kRelu}, {"conv1.#", 0});
  g.output(x, Role::stage, "conv1");
  int i = 0;
  for (const auto [out, stride] : kMobileNetV1Table) {
    x = g.depthwise(x, {.kernel = 3, .stride = stride, .norm = false, .bias = true},
                    {"model.#.conv_dw", i});
    x = g.conv(x, out, {.padding = 1, .activation = kRelu, .norm = false}, {"model.#.conv_pw", i});
    g.output(x, Role::stage, {"model.#", i++});
  }
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V1_HPP
// from pplcnet/networks/mobilenet_v2.hpp
#ifndef PPLCNET_NETWORKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_HPP

// from pplcnet/networks/blocks/mobilenet_v2.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// Rows of the paper's table 2: `repeats` blocks, of which the first has the stride.
struct MobileNetV2Row {
  int expansion, out, repeats, stride;
};
inline constexpr MobileNetV2Row kMobileNetV2Table[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};

/// The modules of an inverted residual; without a name for it there is no expansion.
struct InvertedResidualNames {
  Name expansion, depthwise, projection, attention = {};
};

/// Appends an inverted residual, with an attention before the projection, or without.
constexpr Value inverted_residual(Graph& g, Value x, int expansion, int out, int stride,
                                  const InvertedResidualNames& names, Attention attention = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Value y = x;
  if (!names.expansion.empty())
    y = g.conv(y, expansion * x.shape.channels, {.activation = kRelu6}, names.expansion);
  y = g.depthwise(y, {.kernel = 3, .stride = stride, .activation = kRelu6}, names.depthwise);
  if (attention.is_there)
    y = g.output(attention.append(g, y, names.attention), Role::stage, names.attention);
  y = g.conv(y, out, {}, names.projection);
  return stride == 1 && y.shape == x.shape ? g.add(x, y) : y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_MOBILENET_V2_HPP
// from pplcnet/networks/names/mobilenet_v2.hpp
#ifndef PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// What torchvision and light_cnns call the modules of the same network.
struct MobileNetV2Names {
  std::string_view title;
  std::string_view convolution;  ///< of a block, with an activation
  int modules;                   ///< that such a convolution takes in the block's sequence
  Name last, last_stage, classifier;
  int least_width;  ///< light_cnns rounds a width of 10 % in another way
  /// What is between a depthwise layer and its projection, where a block has an expansion.
  Attention attention = {};
};
inline constexpr MobileNetV2Names kTorchvisionMobileNetV2 = {
    "torchvision_mobilenet_v2", "features.#.conv.#.#", 1, {"features.#.#", 18, 0},
    {"features.#", 18},         {"classifier.#", 1},   1};
inline constexpr MobileNetV2Names kLightCnnsMobileNetV2 = {
    "light_cnns_mobilenet_v2", "features.#.conv.#", 3, {"conv.#", 0}, "conv", "classifier", 11};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_MOBILENET_V2_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 in which the first block has no expansion.
constexpr Graph mobilenet_v2(const MobileNetV2Names& names, const WidthOptions& options) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kTorchSequence, names.title);
  const int percent = checked_width(g, options, names.least_width);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const auto [expansion, out, repeats, stride] : kMobileNetV2Table)
    for (int repeat = 0; repeat < repeats; ++repeat, ++i) {
      const bool expands = expansion > 1, attends = expands && names.attention.is_there;
      const int depthwise = expands ? names.modules : 0;  // in the block's sequence
      const int next = depthwise + names.modules;
      x = inverted_residual(g, x, expansion, width(out), repeat == 0 ? stride : 1,
                            {.expansion = expands ? Name(names.convolution, i, 0) : Name(),
                             .depthwise = {names.convolution, i, depthwise},
                             .projection = {"features.#.conv.#", i, attends ? next + 1 : next},
                             .attention = {"features.#.conv.#", i, next}},
                            attends ? names.attention : Attention());
      g.output(x, Role::stage, {"features.#", i});
    }
  x = g.conv(x, percent > 100 ? width(1280) : 1280, {.activation = kRelu6}, names.last);
  g.output(x, Role::stage, names.last_stage);
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, names.classifier));
  return g;
}

/// Returns MobileNetV2 of torchvision (`mobilenetv2.py`).
constexpr Graph torchvision_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kTorchvisionMobileNetV2, options);
}
/// Returns MobileNetV2 of light_cnns (`mobilenetv2.py`).
constexpr Graph light_cnns_mobilenet_v2(const WidthOptions& options = {}) {
  return mobilenet_v2(kLightCnnsMobileNetV2, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_HPP
// from pplcnet/networks/mobilenet_v2_attention.hpp
#ifndef PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP
#define PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP

#include <string_view>

// from pplcnet/networks/blocks/attention.hpp
#ifndef PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP
#define PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP

#include <algorithm>
#include <string_view>


// Attention of the kind that multiplies a map by what its own values say: functions that append it
// to a map of any network. The names of their tensors are those of light_cnns.

namespace pplcnet::inline PPLCNET_ABI {

/// Appends coordinate attention (arXiv 2103.02907): factors for each row and each column. What is
/// between the means and the factors has the same weights for both, and a `reduction`-th of the
/// channels, at least 8.
constexpr Value coordinate_attention(Graph& g, Value x, Name name, int reduction) {
  const int channels = x.shape.channels, squeezed = std::max(8, channels / reduction);
  Conv squeeze = {.activation = Activation::hardswish, .norm_name = name + ".bn1"};
  squeeze.bias = true;
  const Conv factors = {.activation = Activation::sigmoid, .norm = false, .bias = true};
  const Value rows =
      g.conv(g.reduce(x, Reduction::mean, {Axis::columns}), squeezed, squeeze, name + ".conv1");
  squeeze.weights_of = rows;
  const Value columns =
      g.conv(g.reduce(x, Reduction::mean, {Axis::rows}), squeezed, squeeze, name + ".conv1");
  x = g.multiply(x, g.conv(columns, channels, factors, name + ".conv3"));
  return g.multiply(x, g.conv(rows, channels, factors, name + ".conv2"));
}

constexpr Value coordinate_attention(Graph& g, Value x, Name name) {
  return coordinate_attention(g, x, name, 32);
}

/// Appends efficient channel attention (arXiv 1910.03151): factors for each channel, from the means
/// of its neighbours, of which there are more the more channels there are.
constexpr Value efficient_channel_attention(Graph& g, Value x, Name name) {
  int kernel = 1;  // half the binary logarithm and one half, or the next odd number
  while (1 << (2 * kernel + 1) <= x.shape.channels) ++kernel;
  kernel += kernel % 2 == 0 ? 1 : 0;
  Value line = g.reduce(x, Reduction::mean, {Axis::rows, Axis::columns});
  line = g.transpose(line, Axis::rows, Axis::channels);
  line = g.conv(line, 1,
                {.kernel = {1, kernel},
                 .activation = Activation::sigmoid,
                 .norm = false,
                 .layout = Layout::line},
                name + ".conv");
  return g.multiply(x, g.transpose(line, Axis::rows, Axis::channels));
}

/// Appends shuffle attention (arXiv 2102.00240): of each group of channels the first half times
/// factors for each channel, the other half times factors for each of its values; then a shuffle.
/// All groups have the same parameters.
constexpr Value shuffle_attention(Graph& g, Value x, Name name, int groups) {
  const Affine factors = {
      .activation = Activation::sigmoid, .norm = false, .layout = Layout::pixel, .repeats = groups};
  const int half = x.shape.channels / 2;
  x = g.shuffle_blocks(x, groups, 2);  // the first halves, then the others
  const Value means = g.reduce(g.slice(x, 0, half), Reduction::mean, {Axis::rows, Axis::columns});
  const Value first = g.multiply(g.slice(x, 0, half), g.affine(means, factors, name + ".c"));
  const Value other = g.slice(x, half, half);
  const Value unit = g.instance_norm(other, name + ".gn", groups);
  const Value second = g.multiply(other, g.affine(unit, factors, name + ".s"));
  return g.shuffle(g.shuffle_blocks(g.concat({first, second}), 2, groups), 2);
}

constexpr Value shuffle_attention(Graph& g, Value x, Name name) {
  return shuffle_attention(g, x, name, 8);
}

/// Appends triplet attention (arXiv 2010.03045): the mean of three products, each with factors for
/// two of the axes, from the maxima and means along the third.
constexpr Value triplet_attention(Graph& g, Value x, Name name) {
  const auto gate = [&g, name](Value map, std::string_view conv, std::string_view norm) {
    return g.conv(map, 1,
                  {.kernel = 7, .activation = Activation::sigmoid, .norm_name = name + norm},
                  name + conv);
  };
  const Value channels = g.maximum_and_mean(x, Axis::channels);
  Value sum = g.multiply(x, gate(channels, ".SpatialGate.spatial.conv", ".SpatialGate.spatial.bn"));
  // A map of channels × columns.
  Value rows = g.transpose(g.maximum_and_mean(x, Axis::rows), Axis::channels, Axis::columns);
  rows = gate(rows, ".ChannelGateH.spatial.conv", ".ChannelGateH.spatial.bn");
  sum = g.add(sum, g.multiply(x, g.transpose(rows, Axis::channels, Axis::columns)));
  // A map of rows × channels.
  Value columns = g.transpose(g.maximum_and_mean(x, Axis::columns), Axis::rows, Axis::channels);
  columns = gate(columns, ".ChannelGateW.spatial.conv", ".ChannelGateW.spatial.bn");
  columns = g.multiply(x, g.transpose(columns, Axis::rows, Axis::channels));
  return g.add(sum, columns, Activation::linear_of(1.0F / 3));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 of light_cnns with an attention in its blocks (`Attention/`).
constexpr Graph light_cnns_mobilenet_v2(std::string_view title, Attention attention,
                                        const WidthOptions& options) {
  MobileNetV2Names names = kLightCnnsMobileNetV2;
  names.title = title;
  names.classifier = {"classifier.#", 1};
  names.attention = attention;
  return mobilenet_v2(names, options);
}
/// With coordinate attention.
constexpr Graph light_cnns_mobilenet_v2_ca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_ca", coordinate_attention, options);
}
/// With efficient channel attention.
constexpr Graph light_cnns_mobilenet_v2_eca(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_eca", efficient_channel_attention,
                                 options);
}
/// With shuffle attention.
constexpr Graph light_cnns_mobilenet_v2_sa(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_sa", shuffle_attention, options);
}
/// With triplet attention.
constexpr Graph light_cnns_mobilenet_v2_triplet(const WidthOptions& options = {}) {
  return light_cnns_mobilenet_v2("light_cnns_mobilenet_v2_triplet", triplet_attention, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_MOBILENET_V2_ATTENTION_HPP
// from pplcnet/networks/paddle_mobilenet_v2.hpp
#ifndef PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP

// from pplcnet/networks/names/paddle_mobilenet_v2.hpp
#ifndef PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP


namespace pplcnet::inline PPLCNET_ABI {

namespace paddle_mobilenet_v2_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1_1"},         {"._expand_conv", "_expand"}, {"._bottleneck_conv", "_dwise"},
    {"._linear_conv", "_linear"}, {"conv9", "conv9"},           {"out", "fc10"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  const bool first = own.pattern == "conv#._first_block";
  return renamed(own, kParameters, {"conv#_#", own.numbers[0], first ? 1 : own.numbers[2]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' MobileNetV2",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_mobilenet_v2_names

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PADDLE_MOBILENET_V2_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV2 of PaddleClas (`mobilenet_v2.py`): the first block has an expansion, too,
/// and widths are cut to whole numbers.
constexpr Graph paddle_mobilenet_v2(const WidthOptions& options = {}) {
  constexpr Activation kRelu6 = Activation::relu6;
  Graph g(options.input, kOlderPaddleClas, "paddle_mobilenet_v2");
  g.namings = paddle_mobilenet_v2_names::kNamings;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return cut_width(channels, percent); };
  Value x = g.conv(g.image(), width(32), {.kernel = 3, .stride = 2, .activation = kRelu6}, "conv1");
  g.output(x, Role::stage, "conv1");
  int stage = 2;
  for (const MobileNetV2Row& row : kMobileNetV2Table) {
    for (int repeat = 0; repeat < row.repeats; ++repeat) {
      const Name block = repeat == 0 ? Name("conv#._first_block", stage)
                                     : Name("conv#.conv#_#", stage, stage, repeat + 1);
      x = inverted_residual(g, x, row.expansion, width(row.out), repeat == 0 ? row.stride : 1,
                            {.expansion = block + "._expand_conv",
                             .depthwise = block + "._bottleneck_conv",
                             .projection = block + "._linear_conv"});
      g.output(x, Role::stage, block);
    }
    ++stage;
  }
  x = g.conv(x, percent > 100 ? width(1280) : 1280, {.activation = kRelu6}, "conv9");
  g.output(x, Role::stage, "conv9");
  x = g.output(g.global_mean(x), Role::stage, "pool2d_avg");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out}, "out"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PADDLE_MOBILENET_V2_HPP
// from pplcnet/networks/paddle_mobilenet_v3.hpp
#ifndef PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of PaddleClas (`mobilenet_v3.py`): every block has an expansion,
/// squeeze-excite follows the activation, its gate has the slope 0.2, and dropout leaves a factor
/// of 0.8.
constexpr Graph paddle_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kPaddleClas,
          small ? "paddle_mobilenet_v3_small" : "paddle_mobilenet_v3_large");
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x =
      g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kHardswish}, "conv");
  g.output(x, Role::stage, "conv");
  int i = 0;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const Name block("blocks.#", i);
    const int expanded = width(row.expanded);
    x = mobilenet_v3_block(g, x, row, expanded, width(row.out),
                           {.squeezed = expanded / 4, .gate = Activation::hardsigmoid_of(0.2F)},
                           {.expansion = block + ".expand_conv",
                            .depthwise = block + ".bottleneck_conv",
                            .reduce = block + ".mid_se.conv1",
                            .expand = block + ".mid_se.conv2",
                            .projection = block + ".linear_conv"});
    g.output(x, Role::stage, {"blocks.#", i++});
  }
  x = g.conv(x, width(small ? 576 : 960), {.activation = kHardswish}, "last_second_conv");
  g.output(x, Role::stage, "last_second_conv");
  x = g.output(g.global_mean(x), Role::stage, "avg_pool");
  x = g.dense(x, 1280, {.activation = kHardswish, .bias = false, .layout = Layout::convolution},
              "last_conv");
  g.output(g.dense(x, options.classes, {.layout = Layout::in_out, .input_percent = 80}, "fc"));
  return g;
}
constexpr Graph paddle_mobilenet_v3_small(const WidthOptions& options = {}) {
  return paddle_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph paddle_mobilenet_v3_large(const WidthOptions& options = {}) {
  return paddle_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PADDLE_MOBILENET_V3_HPP
// from pplcnet/networks/shufflenet_v2.hpp
#ifndef PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_SHUFFLENET_V2_HPP

// from pplcnet/networks/names/shufflenet_v2.hpp
#ifndef PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP
#define PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP

#include <span>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

namespace paddle_shufflenet_v2_names {

inline constexpr Renaming kParameters[] = {
    {"_conv1", "stage1_conv"},
    {"._conv_pw", "_conv1"},
    {"._conv_dw", "_conv2"},
    {"._conv_linear", "_conv3"},
    {"._conv_dw_1", "_conv4"},
    {"._conv_linear_1", "_conv5"},
    {"._conv_pw_2", "_conv1"},
    {"._conv_dw_2", "_conv2"},
    {"._conv_linear_2", "_conv3"},
    {"_last_conv", "conv5"},
    {"_fc", "fc6"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  return renamed(own, kParameters, {"stage_#_#", own.numbers[0], own.numbers[1]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' ShuffleNetV2",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_shufflenet_v2_names

/// What they call the modules of the same network.
struct ShuffleNetV2Names {
  std::string_view title;
  TensorNames tensors;
  int least_width;
  Name stem, pool, last, mean, classifier;
  Layout classifier_layout;
  ShuffleNetV2Unit (*unit)(int stage, int number, bool strided);
  std::span<const Naming> namings = {};
};
inline constexpr ShuffleNetV2Names kPaddleShuffleNetV2 = {
    .title = "paddle_shufflenet_v2",
    .tensors = kOlderPaddleClas,
    .least_width = 25,
    .stem = "_conv1",
    .pool = "_max_pool",
    .last = "_last_conv",
    .mean = "_pool2d_avg",
    .classifier = "_fc",
    .classifier_layout = Layout::in_out,
    .unit = [](int stage, int number, bool strided) -> ShuffleNetV2Unit {
      const Name unit("#_#", stage + 2, number + 1);
      if (!strided)
        return {unit, {}, {}, unit + "._conv_pw", unit + "._conv_dw", unit + "._conv_linear"};
      return {unit,
              unit + "._conv_dw_1",
              unit + "._conv_linear_1",
              unit + "._conv_pw_2",
              unit + "._conv_dw_2",
              unit + "._conv_linear_2"};
    },
    .namings = paddle_shufflenet_v2_names::kNamings};
inline constexpr ShuffleNetV2Names kTorchvisionShuffleNetV2 = {
    .title = "torchvision_shufflenet_v2",
    .tensors = kTorchSequence,
    .least_width = 50,
    .stem = {"conv1.#", 0},
    .pool = "maxpool",
    .last = {"conv5.#", 0},
    .mean = "mean",
    .classifier = "fc",
    .classifier_layout = Layout::out_in,
    .unit = [](int stage, int number, bool) -> ShuffleNetV2Unit {
      constexpr std::string_view kFirst = "stage#.#.branch1.#", kSecond = "stage#.#.branch2.#";
      const int of = stage + 2;
      return {{"stage#.#", of, number}, {kFirst, of, number, 0},  {kFirst, of, number, 2},
              {kSecond, of, number, 0}, {kSecond, of, number, 3}, {kSecond, of, number, 5}};
    }};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_SHUFFLENET_V2_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Returns ShuffleNetV2 of PaddleClas and torchvision.
constexpr Graph shufflenet_v2(const ShuffleNetV2Names& names, const WidthOptions& options) {
  constexpr Activation kRelu = Activation::relu;
  Graph g(options.input, names.tensors, names.title);
  g.namings = names.namings;
  const ShuffleNetV2Widths& widths = shufflenet_v2_widths(g, options.width, names.least_width);
  Value x = g.conv(g.image(), 24, {.kernel = 3, .stride = 2, .activation = kRelu}, names.stem);
  g.output(x, Role::stage, names.stem);
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  g.output(x, Role::stage, names.pool);
  for (int stage = 0; stage < 3; ++stage)
    for (int number = 0; number < kShuffleNetV2Units[stage]; ++number) {
      const bool strided = number == 0;
      const ShuffleNetV2Unit unit = names.unit(stage, number, strided);
      x = shufflenet_v2_units::shuffled(g, x, widths.stages[stage], strided, unit);
      g.output(x, Role::stage, unit.name);
    }
  x = g.conv(x, widths.last, {.activation = kRelu}, names.last);
  g.output(x, Role::stage, names.last);
  x = g.output(g.global_mean(x), Role::stage, names.mean);
  g.output(g.dense(x, options.classes, {.layout = names.classifier_layout}, names.classifier));
  return g;
}

/// Returns ShuffleNetV2 of PaddleClas (`shufflenet_v2.py`).
constexpr Graph paddle_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kPaddleShuffleNetV2, options);
}
/// Returns ShuffleNetV2 of torchvision (`shufflenetv2.py`).
constexpr Graph torchvision_shufflenet_v2(const WidthOptions& options = {}) {
  return shufflenet_v2(kTorchvisionShuffleNetV2, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SHUFFLENET_V2_HPP
// from pplcnet/networks/torchvision_mobilenet_v3.hpp
#ifndef PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP
#define PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns MobileNetV3 of torchvision (`mobilenetv3.py`): the first block of the large one has no
/// expansion, squeeze-excite follows the activation, the last layers are scaled, too, and batch
/// norms have an epsilon of their own.
constexpr Graph torchvision_mobilenet_v3(MobileNetV3 network, const WidthOptions& options) {
  constexpr Activation kHardswish = Activation::hardswish;
  constexpr std::string_view kModule = "features.#.block.#.#";
  const bool small = network == MobileNetV3::small;
  Graph g(options.input, kTorchSequence,
          small ? "torchvision_mobilenet_v3_small" : "torchvision_mobilenet_v3_large");
  g.norm_epsilon = 1e-3;
  const int percent = checked_width(g, options);
  const auto width = [&](int channels) { return make_divisible(channels * percent, 8); };
  Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2, .activation = kHardswish},
                   {"features.#.#", 0, 0});
  g.output(x, Role::stage, {"features.#", 0});
  int i = 1;
  for (const MobileNetV3Row& row : mobilenet_v3_table(network)) {
    const int expanded = width(row.expanded);
    const bool expands = expanded != x.shape.channels;
    const int depthwise = expands ? 1 : 0, gate = depthwise + 1;  // in the block's sequence
    const Name reduce("features.#.block.#.fc1", i, gate), expand("features.#.block.#.fc2", i, gate);
    x = mobilenet_v3_block(g, x, row, expanded, width(row.out),
                           {.squeezed = make_divisible(expanded / 4 * 100, 8)},
                           {.expansion = expands ? Name(kModule, i, 0) : Name(),
                            .depthwise = {kModule, i, depthwise},
                            .reduce = reduce,
                            .expand = expand,
                            .projection = {kModule, i, row.squeeze_excite ? gate + 1 : gate}});
    g.output(x, Role::stage, {"features.#", i++});
  }
  x = g.conv(x, 6 * x.shape.channels, {.activation = kHardswish}, {"features.#.#", i, 0});
  g.output(x, Role::stage, {"features.#", i});
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  x = g.dense(x, width(small ? 1024 : 1280), {.activation = kHardswish}, {"classifier.#", 0});
  g.output(x, Role::stage, {"classifier.#", 1});
  g.output(g.dense(x, options.classes, {}, {"classifier.#", 3}));
  return g;
}
constexpr Graph torchvision_mobilenet_v3_small(const WidthOptions& options = {}) {
  return torchvision_mobilenet_v3(MobileNetV3::small, options);
}
constexpr Graph torchvision_mobilenet_v3_large(const WidthOptions& options = {}) {
  return torchvision_mobilenet_v3(MobileNetV3::large, options);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TORCHVISION_MOBILENET_V3_HPP
// from pplcnet/thread_pool.hpp
#ifndef PPLCNET_THREAD_POOL_HPP
#define PPLCNET_THREAD_POOL_HPP

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>


#if PPLCNET_HAS_DEFINITIONS
#include <exception>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Threads for those who have none: an executor for `RunOptions`. One caller at a time.
///
///   pplcnet::ThreadPool pool(2);
///   Net::forward(weights, image, workspace, logits, {.executor = pool.executor()});
///
/// The caller works too, and takes over parts whose thread has not come yet, so that a busy
/// machine delays nothing. A thread that finds no work looks for some for about 50 microseconds,
/// longer than the gaps inside a forward pass, and then sleeps.
class ThreadPool {
 public:
  /// Starts threads - 1 threads: the caller is one of them. Where the system has no more of them,
  /// there are fewer (see `threads`). Compiled with -fno-exceptions, that ends the program.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  /// Returns the number of threads, the caller included.
  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }
  Executor executor() noexcept { return {*this, threads()}; }

  /// Calls task(0) … task(parts - 1), each once, and returns when all are done.
  void operator()(int parts, Task task) noexcept;

 private:
  static constexpr int kSpins = 2000;

  void start(int count);

  static void pause() noexcept;

  /// Offers `parts` parts under a new ticket.
  void publish(std::uint32_t parts) noexcept;

  /// Takes one part of the current job and does it; false if there is none left. The job's number
  /// is in the same word as the parts left: whoever takes a part has seen that job's task, which
  /// stays until its last part is finished.
  bool do_part() noexcept;

  void work() noexcept;

  // Apart from each other, so that threads do not take the line from one another needlessly.
  alignas(64) std::atomic<std::uint64_t> tickets_ = 0;  // job << 32 | parts not taken yet
  alignas(64) std::atomic<int> unfinished_ = 0;
  alignas(64) Task task_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> workers_;
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE ThreadPool::ThreadPool(int threads) {
#if defined(__cpp_exceptions)
  try {
    start(threads - 1);
  } catch (const std::exception&) {
    // Those that have been started do the work.
  }
#else
  start(threads - 1);
#endif
}

PPLCNET_INLINE ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  publish(0);
  for (std::thread& worker : workers_) worker.join();
}

PPLCNET_INLINE void ThreadPool::operator()(int parts, Task task) noexcept {
  task_ = task;
  unfinished_.store(parts, std::memory_order_relaxed);
  publish(static_cast<std::uint32_t>(parts));
  while (do_part()) {
  }
  while (unfinished_.load(std::memory_order_acquire) > 0) pause();
}

PPLCNET_INLINE void ThreadPool::start(int count) {
  for (int i = 0; i < count; ++i) workers_.emplace_back([this] { work(); });
}

PPLCNET_INLINE void ThreadPool::pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

PPLCNET_INLINE void ThreadPool::publish(std::uint32_t parts) noexcept {
  const std::uint64_t job = (tickets_.load(std::memory_order_relaxed) >> 32) + 1;
  tickets_.store(job << 32 | parts, std::memory_order_release);
  tickets_.notify_all();
}

PPLCNET_INLINE bool ThreadPool::do_part() noexcept {
  std::uint64_t tickets = tickets_.load(std::memory_order_acquire);
  do {
    if (static_cast<std::uint32_t>(tickets) == 0) return false;
  } while (!tickets_.compare_exchange_weak(tickets, tickets - 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  task_(static_cast<int>(static_cast<std::uint32_t>(tickets)) - 1);
  unfinished_.fetch_sub(1, std::memory_order_release);
  return true;
}

PPLCNET_INLINE void ThreadPool::work() noexcept {
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (do_part()) continue;
    std::uint64_t seen = tickets_.load(std::memory_order_acquire);
    for (int i = 0; i < kSpins && static_cast<std::uint32_t>(seen) == 0; ++i) {
      pause();
      seen = tickets_.load(std::memory_order_acquire);
    }
    if (static_cast<std::uint32_t>(seen) == 0 && !stopping_.load(std::memory_order_relaxed))
      tickets_.wait(seen, std::memory_order_acquire);
  }
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_THREAD_POOL_HPP

// Weights: files in, files out.
// from pplcnet/weights/error.hpp
#ifndef PPLCNET_WEIGHTS_ERROR_HPP
#define PPLCNET_WEIGHTS_ERROR_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// from pplcnet/weights/join.hpp
#ifndef PPLCNET_WEIGHTS_JOIN_HPP
#define PPLCNET_WEIGHTS_JOIN_HPP

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// A piece of a text: words that live elsewhere, or an integer.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}    // NOLINT(google-explicit-constructor)
  Piece(const char* text) : text_(text) {}         // NOLINT(google-explicit-constructor)
  Piece(const std::string& text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  Piece(std::integral auto number)                 // NOLINT(google-explicit-constructor)
      : text_(digits_, std::to_chars(digits_, digits_ + sizeof(digits_), number).ptr) {}
  Piece(const Piece&) = delete;  // it may refer to its own digits
  Piece& operator=(const Piece&) = delete;

  std::string_view text() const { return text_; }

 private:
  char digits_[24];
  std::string_view text_;
};

/// `join({"blocks", 3, ".", 1})` is "blocks3.1". One function, not a chain of `+`: texts are made
/// in many places, and this is compiled once.
PPLCNET_INLINE std::string join(std::initializer_list<Piece> pieces);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string join(std::initializer_list<Piece> pieces) {
  std::string text;
  for (const Piece& piece : pieces) text += piece.text();
  return text;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_JOIN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The result of something that can fail: success by default, otherwise one sentence that says
/// where it failed, what was expected and what was found.
///
///   if (auto error = read_file(path, bytes)) std::puts(error.message());
class [[nodiscard]] Error {
 public:
  Error() = default;
  explicit Error(std::string message) : message_(std::move(message)) {}

  /// Joins texts and integers: `Error::of(path, ": expected ", 4, " classes, found ", count)`. It
  /// is cold, which makes code around it smaller and faster to compile.
  template <typename... Parts>
  [[gnu::cold]] static Error of(const Parts&... parts) {
    return Error(join({parts...}));
  }

  /// The progress of an error that any other attempt would meet, too.
  static constexpr std::size_t kAllSteps = std::numeric_limits<std::size_t>::max();

  /// Records how far the attempt got, in steps of any kind: of several attempts, the error of the
  /// one that got furthest is reported. Keeps the largest number of steps recorded.
  Error with_progress(std::size_t steps) && {
    steps_ = std::max(steps_, steps);
    return std::move(*this);
  }
  std::size_t steps() const noexcept { return steps_; }

  /// Returns true when something went wrong.
  explicit operator bool() const noexcept { return message_.has_value(); }

  /// Returns the sentence; empty on success. Lives as long as this object.
  const char* message() const noexcept { return message_ ? message_->c_str() : ""; }

 private:
  std::optional<std::string> message_;
  std::size_t steps_ = 0;
};

/// Returns text of unknown origin as it may stand in a message: in single quotes, cut after 80
/// bytes, with everything that is not printable ASCII written in hexadecimal (`\xNN`).
PPLCNET_INLINE std::string quote(std::string_view text);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string result = "'";
  for (const char character : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte > 0x7e) {
      result += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      result += character;
    }
  }
  return result + (text.size() > kLongest ? "...'" : "'");
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ERROR_HPP
// from pplcnet/weights/load.hpp
#ifndef PPLCNET_WEIGHTS_LOAD_HPP
#define PPLCNET_WEIGHTS_LOAD_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

// from pplcnet/weights/file.hpp
#ifndef PPLCNET_WEIGHTS_FILE_HPP
#define PPLCNET_WEIGHTS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// from pplcnet/weights/out_of_memory.hpp
#ifndef PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP
#define PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Handles out of memory where neither an error nor null can be returned.
[[noreturn]] inline void fail_allocation() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  std::abort();
#endif
}

/// Says that there is no memory for `name`; without the name, if there is none for the sentence.
PPLCNET_INLINE Error out_of_memory(std::string_view name) noexcept;

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error out_of_memory(std::string_view name) noexcept {
#if defined(__cpp_exceptions)
  try {
    return Error::of(name, ": there is not enough memory");
  } catch (const std::bad_alloc&) {
    return Error("out of memory");  // so short that a string keeps it in itself
  }
#else
  static_cast<void>(name);
  return Error("out of memory");
#endif
}
#endif  // PPLCNET_HAS_DEFINITIONS

/// Returns the error that `work` returns, or that memory ended while it was at work. (Compiled with
/// -fno-exceptions, only large objects can fail so: std::vector and std::string end the program.)
template <class Work>
Error with_memory_for(std::string_view name, const Work& work) {
#if defined(__cpp_exceptions)
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return out_of_memory(name);
  }
#else
  static_cast<void>(name);
  return work();
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP

#if PPLCNET_HAS_DEFINITIONS
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

// from pplcnet/weights/path.hpp
#ifndef PPLCNET_WEIGHTS_PATH_HPP
#define PPLCNET_WEIGHTS_PATH_HPP

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#endif

// from pplcnet/weights/utf16.hpp
#ifndef PPLCNET_WEIGHTS_UTF16_HPP
#define PPLCNET_WEIGHTS_UTF16_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// from pplcnet/weights/utf8.hpp
#ifndef PPLCNET_WEIGHTS_UTF8_HPP
#define PPLCNET_WEIGHTS_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Appends a code point up to U+10FFFF that is not a surrogate.
inline void append_utf8(std::string& text, std::uint32_t code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
    return;
  }
  const int continuations = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  const std::uint32_t lead_mark = 0x7f80u >> continuations & 0xff;  // 110, 1110 or 11110 in front
  text += static_cast<char>(lead_mark | code_point >> (6 * continuations));
  for (int i = continuations - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f));
  }
}

/// Returns the number of a character that is UTF-8.
inline std::uint32_t code_point_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  std::uint32_t code_point = lead & (0x7fu >> character.size());
  for (const char byte : character.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  return code_point;
}

/// Returns whether a character moves a cursor, ends a line, or turns the direction of writing.
inline bool is_control(std::uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) || code_point == 0x61c ||
         code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

/// Returns whether `text` is UTF-8 as the Unicode standard has it (table 3-7): shortest forms only,
/// no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const int continuations = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code_point = lead & (0x3fu >> continuations);
    for (int k = 0; k < continuations; ++k) {
      if (i == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte >> 6 != 2) return false;
      code_point = code_point << 6 | (byte & 0x3f);
    }
    if (continuations == 2 && code_point < 0x800) return false;
    if (continuations == 3 && (code_point < 0x10000 || code_point > 0x10ffff)) return false;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return false;
  }
  return true;
}

/// Returns the bytes of the first character of `text`; none if it does not begin with UTF-8.
inline std::string_view first_character(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return text.substr(0, size);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF8_HPP

namespace pplcnet::inline PPLCNET_ABI {

// Windows has names in UTF-16, whose surrogates need not be pairs. What is not well-formed becomes
// U+FFFD, which is no file's name.

inline constexpr std::uint32_t kReplacementCharacter = 0xfffd;

/// Returns UTF-8 as UTF-16, in units of type `Unit`.
template <class Unit>
std::basic_string<Unit> utf16_of(std::string_view text) {
  std::basic_string<Unit> result;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
    const std::uint32_t code = character.empty() ? kReplacementCharacter : code_point_of(character);
    if (code < 0x10000) {
      result += static_cast<Unit>(code);
    } else {
      result += static_cast<Unit>(0xd7c0 + (code >> 10));
      result += static_cast<Unit>(0xdc00 | (code & 0x3ff));
    }
  }
  return result;
}

/// Returns UTF-16 as UTF-8.
template <class Unit>
std::string utf8_of(std::basic_string_view<Unit> text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t code = static_cast<std::uint16_t>(text[i]);
    const std::uint32_t next = i + 1 < text.size() ? static_cast<std::uint16_t>(text[i + 1]) : 0;
    if (code >> 10 == 0x36 && next >> 10 == 0x37) {
      code = (code << 10) + next - 0x35fdc00;
      ++i;
    } else if (code >> 11 == 0x1b) {
      code = kReplacementCharacter;
    }
    append_utf8(result, code);
  }
  return result;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF16_HPP

namespace pplcnet::inline PPLCNET_ABI {

// Names of files are UTF-8, with `/` between folders, on Windows too: what std::string becomes a
// path there depends on the machine's settings. Elsewhere they are the system's own bytes, whatever
// they are.

/// Returns the path of a name.
inline std::filesystem::path path_of(std::string_view name) {
#if defined(_WIN32)
  return utf16_of<wchar_t>(name);
#else
  return name;
#endif
}

/// Returns the name of a path.
inline std::string name_of(const std::filesystem::path& path) {
#if defined(_WIN32)
  return utf8_of<wchar_t>(path.generic_wstring());
#else
  return path.string();
#endif
}

/// Returns the name of what is called `name` in a folder; an absolute name stays as it is.
inline std::string name_in(std::string_view folder, std::string_view name) {
  return name_of(path_of(folder) / path_of(name));
}

/// Returns the name of the folder that a file is in; nothing if it has only its own.
inline std::string folder_of(std::string_view name) { return name_of(path_of(name).parent_path()); }

/// Opens a file for reading its bytes; null with errno if that fails.
inline std::FILE* open_file(const std::string& name) {
#if defined(_WIN32)
  return _wfsopen(path_of(name).c_str(), L"rb", _SH_DENYNO);
#else
  return std::fopen(name.c_str(), "rb");
#endif
}

/// Creates a file for writing bytes; null with errno if that fails, EEXIST if it is there already.
inline std::FILE* create_file(const std::string& name) {
#if defined(_WIN32)
  constexpr int kFlags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT;
  int descriptor = -1;
  if (_wsopen_s(&descriptor, path_of(name).c_str(), kFlags, _SH_DENYNO, _S_IREAD | _S_IWRITE) != 0)
    return nullptr;
  std::FILE* const file = _fdopen(descriptor, "wb");
  if (file == nullptr) _close(descriptor);
  return file;
#else
  return std::fopen(name.c_str(), "wbx");
#endif
}

/// Removes a file if it is there; allocates nothing but on Windows.
inline void remove_file(const std::string& name) noexcept {
#if defined(_WIN32)
  _wunlink(path_of(name).c_str());
#else
  std::remove(name.c_str());
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PATH_HPP
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The bytes of a whole file, owned. They begin at a multiple of kAlignment.
class FileBytes {
 public:
  static constexpr std::size_t kAlignment = HugePageMemory::kCacheLine;

  FileBytes() = default;

  /// Room for `size` bytes; has none if the system cannot give that much.
  explicit FileBytes(std::size_t size)
      : bytes_(static_cast<std::byte*>(HugePageMemory::allocate(size)), Delete{size}),
        size_(bytes_ ? size : 0) {}

  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::span<std::byte> bytes() { return {bytes_.get(), size_}; }

 private:
  struct Delete {
    std::size_t size;
    void operator()(std::byte* bytes) const { HugePageMemory::free(bytes, size); }
  };

  std::unique_ptr<std::byte, Delete> bytes_;
  std::size_t size_ = 0;
};

namespace files {

/// Returns what the last failed call of the C library has to say.
PPLCNET_INLINE std::string last_problem();

}  // namespace files

/// A weight file that is larger than this is not one of ours.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;

/// Reads a whole regular file. It is an error if it is missing, empty, larger than `max_bytes`, or
/// changes its size meanwhile; `result` changes only on success.
PPLCNET_INLINE Error read_file(std::string_view path, FileBytes& result,
                               std::uint64_t max_bytes = kMaxFileBytes);

/// A file on its way: until it is complete it has a temporary name in the folder where it is to
/// appear. What is not published leaves no file. A program that writes files in its own way
/// overrides `write` and `publish`.
class NewFile {
 public:
  explicit NewFile(std::string_view path) : path_(path) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  PPLCNET_INLINE virtual ~NewFile();

  const std::string& path() const { return path_; }            ///< what it will be called
  const std::string& temporary() const { return temporary_; }  ///< what it is called once written

  /// Writes the pieces one after another; once. An error where something has the name that is no
  /// file: it would be gone.
  PPLCNET_INLINE virtual Error write(std::span<const std::span<const std::byte>> pieces);

  /// Gives the file its name; another file of that name is gone then.
  PPLCNET_INLINE virtual Error publish();

 protected:
  void set_temporary(std::string name) { temporary_ = std::move(name); }

 private:
  std::string path_, target_, temporary_;
};

/// Writes the pieces one after another. The file appears under its name only when it is complete;
/// a failure leaves nothing of it.
PPLCNET_INLINE Error write_file(std::string_view path,
                                std::span<const std::span<const std::byte>> pieces);

#if PPLCNET_HAS_DEFINITIONS
namespace files {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

PPLCNET_INLINE std::string last_problem() {
  return std::error_code(errno, std::generic_category()).message();
}

}  // namespace files

PPLCNET_INLINE Error read_file(std::string_view path, FileBytes& result, std::uint64_t max_bytes) {
  return with_memory_for(path, [&]() -> Error {
    const std::filesystem::path place = path_of(path);
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(place, problem);
    if (status.type() == std::filesystem::file_type::not_found) {
      return Error::of(path, ": there is no such file");
    }
    if (status.type() == std::filesystem::file_type::none) {
      return Error::of(path, ": cannot be read: ", problem.message());
    }
    // A pipe or a device could keep us waiting, or never end.
    if (!std::filesystem::is_regular_file(status)) {
      return Error::of(path, ": expected a file, found ",
                       std::filesystem::is_directory(status) ? "a folder" : "something else");
    }
    const std::uintmax_t size = std::filesystem::file_size(place, problem);
    if (problem) return Error::of(path, ": cannot be read: ", problem.message());
    if (size == 0) return Error::of(path, ": the file is empty");
    if (size > max_bytes) {
      return Error::of(path, ": expected at most ", max_bytes, " bytes, found ", size);
    }

    const files::File file(open_file(std::string(path)));
    if (!file) return Error::of(path, ": cannot be read: ", files::last_problem());
    FileBytes content(static_cast<std::size_t>(size));
    if (content.bytes().size() != size) {
      return Error::of(path, ": no memory for its ", size, " bytes");
    }
    const std::size_t count =
        std::fread(content.bytes().data(), 1, content.bytes().size(), file.get());
    if (std::ferror(file.get())) {
      return Error::of(path, ": cannot be read: ", files::last_problem());
    }
    if (count != size || std::fgetc(file.get()) != EOF) {
      return Error::of(path, ": expected ", size, " bytes, but its size changed while it was read");
    }
    result = std::move(content);
    return {};
  });
}

PPLCNET_INLINE NewFile::~NewFile() {
  if (!temporary_.empty()) remove_file(temporary_);
}

PPLCNET_INLINE Error NewFile::write(std::span<const std::span<const std::byte>> pieces) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::path place = path_of(path_);
  const fs::file_status old = fs::status(place, problem);
  const bool replaces = fs::is_regular_file(old);
  if (fs::exists(old) && !replaces && !fs::is_directory(old)) {
    return Error::of(path_, ": expected a file that can be replaced, found something else");
  }
  // A link stays, and what it leads to is replaced.
  const fs::path target = replaces ? fs::canonical(place, problem) : place;
  target_ = problem && replaces ? path_ : name_of(target);
  constexpr int kAttempts = 100;
  std::string name;
  files::File file;
  for (int attempt = 0; !file && attempt < kAttempts; ++attempt) {
    name = target_ + ".tmp" + std::to_string(attempt);
    file.reset(create_file(name));
    if (!file && errno != EEXIST) break;
  }
  if (!file) {
    return Error::of(path_, ": cannot create ", name, ": ", files::last_problem());
  }
  temporary_ = std::move(name);
  if (replaces) fs::permissions(path_of(temporary_), old.permissions(), problem);

  bool written = true;
  for (const std::span<const std::byte> piece : pieces) {
    written = written && std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size();
  }
  // Closing writes what is still buffered, so it can fail too.
  written = std::fclose(file.release()) == 0 && written;
  if (written) return {};
  return Error::of(path_, ": cannot be written: ", files::last_problem());
}

PPLCNET_INLINE Error NewFile::publish() {
  std::error_code problem;
  std::filesystem::rename(path_of(temporary_), path_of(target_), problem);
  if (problem) return Error::of(path_, ": cannot be written: ", problem.message());
  temporary_.clear();
  return {};
}

PPLCNET_INLINE Error write_file(std::string_view path,
                                std::span<const std::span<const std::byte>> pieces) {
  return with_memory_for(path, [&]() -> Error {
    NewFile file(path);
    if (auto error = file.write(pieces)) return error;
    return file.publish();
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FILE_HPP
// from pplcnet/weights/model_info.hpp
#ifndef PPLCNET_WEIGHTS_MODEL_INFO_HPP
#define PPLCNET_WEIGHTS_MODEL_INFO_HPP

#include <string>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Metadata that a network needs besides weights to be used; stored in the file.
struct ModelInfo {
  std::vector<std::string> labels;  ///< one per class, or none
  std::string preprocessing;        ///< name of a preset, or empty
  std::string model = {};           ///< name of a published model, or empty
  std::string output = {};          ///< what makes probabilities: softmax, sigmoid, or empty
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_MODEL_INFO_HPP

#if PPLCNET_HAS_DEFINITIONS
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

// from pplcnet/weights/check_values.hpp
#ifndef PPLCNET_WEIGHTS_CHECK_VALUES_HPP
#define PPLCNET_WEIGHTS_CHECK_VALUES_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// from pplcnet/weights/fold.hpp
#ifndef PPLCNET_WEIGHTS_FOLD_HPP
#define PPLCNET_WEIGHTS_FOLD_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/weights/data_type.hpp
#ifndef PPLCNET_WEIGHTS_DATA_TYPE_HPP
#define PPLCNET_WEIGHTS_DATA_TYPE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The type of a stored element: all that safetensors knows (safetensors/src/tensor.rs, `Dtype`).
enum class DataType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// A data type, as formats write it.
struct DataTypeRow {
  DataType type;
  std::string_view name;  ///< as in a safetensors header
  int bits;               ///< of one element; elements below 8 bits are packed without gaps
};

/// One row for each type, in the order of the enumeration.
inline constexpr DataTypeRow kDataTypes[] = {
    {DataType::boolean, "BOOL", 8},
    {DataType::f4, "F4", 4},
    {DataType::f6_e2m3, "F6_E2M3", 6},
    {DataType::f6_e3m2, "F6_E3M2", 6},
    {DataType::u8, "U8", 8},
    {DataType::i8, "I8", 8},
    {DataType::f8_e5m2, "F8_E5M2", 8},
    {DataType::f8_e4m3, "F8_E4M3", 8},
    {DataType::f8_e8m0, "F8_E8M0", 8},
    {DataType::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    {DataType::f8_e5m2fnuz, "F8_E5M2FNUZ", 8},
    {DataType::i16, "I16", 16},
    {DataType::u16, "U16", 16},
    {DataType::f16, "F16", 16},
    {DataType::bf16, "BF16", 16},
    {DataType::i32, "I32", 32},
    {DataType::u32, "U32", 32},
    {DataType::f32, "F32", 32},
    {DataType::c64, "C64", 64},
    {DataType::f64, "F64", 64},
    {DataType::i64, "I64", 64},
    {DataType::u64, "U64", 64},
};

constexpr std::string_view name_of(DataType type) {
  return kDataTypes[static_cast<std::size_t>(type)].name;
}

constexpr int bits_of(DataType type) { return kDataTypes[static_cast<std::size_t>(type)].bits; }

constexpr std::optional<DataType> data_type_named(std::string_view name) {
  for (const DataTypeRow& row : kDataTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

/// Returns the value of an IEEE 754 binary16, exactly: subnormal numbers, infinities and the
/// payload of a NaN are kept.
constexpr float float_from_f16(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t float_exponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
  return std::bit_cast<float>(sign | float_exponent << 23 | fraction << 13);
}

/// Returns the nearest binary16, halfway cases to even; what is too large becomes infinite.
constexpr std::uint16_t f16_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const auto magnitude = std::bit_cast<float>(bits & 0x7fffffff);
  if (magnitude != magnitude) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7c00);
  // Below 2^-14 numbers are multiples of 2^-24; adding 0.5, whose last bit is 2^-24, rounds to
  // them.
  if (magnitude < 0x1p-14f)
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(magnitude + 0.5f) -
                                              std::bit_cast<std::uint32_t>(0.5f)));
  const std::uint32_t rebased =
      std::bit_cast<std::uint32_t>(magnitude) - (std::uint32_t{127 - 15} << 23);
  const std::uint32_t rounded = rebased + 0xfff + (rebased >> 13 & 1);
  return static_cast<std::uint16_t>(sign | rounded >> 13);
}

/// Returns the value of a bfloat16, which is the upper half of a float.
constexpr float float_from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_DATA_TYPE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A layer's parameters as a file holds them, [out][in][kernel][kernel]; empty: not there. An
/// affine is the scale and the shift after the activation, slopes are those of a PReLU.
struct Parameters {
  std::vector<float> weight, bias, gamma, beta, mean, variance, affine, slopes;
};

/// Returns those that are one after the other by output channels.
inline std::array<std::vector<float>*, 7> by_channel(Parameters& parameters) {
  return {&parameters.weight, &parameters.bias,     &parameters.gamma, &parameters.beta,
          &parameters.mean,   &parameters.variance, &parameters.slopes};
}

/// Returns a matrix of `count` rows the other way round: some files hold a dense layer's weight as
/// [in][out], this library as [out][in].
inline std::vector<float> transposed(std::span<const float> matrix, int count) {
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t columns = matrix.size() / rows;
  std::vector<float> result(matrix.size());
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      result[column * rows + row] = matrix[row * columns + column];
  return result;
}

/// Reorders a transposed convolution's weight, [in][out][kernel][kernel], to
/// [kernel][kernel][out][in]: those of the channels that it gives before they become pixels.
inline void spread(const Layer& layer, std::vector<float>& weight) {
  const auto in = static_cast<std::size_t>(layer.input.channels);
  const auto taps = static_cast<std::size_t>(layer.repeats);
  const auto out = static_cast<std::size_t>(layer.output.channels) / taps;
  std::vector<float> result(weight.size());
  for (std::size_t i = 0; i < in; ++i)
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t tap = 0; tap < taps; ++tap)
        result[(tap * out + o) * in + i] = weight[(i * out + o) * taps + tap];
  weight = std::move(result);
}

/// Gives channels that share parameters their own.
inline void repeat(const Layer& layer, Parameters& parameters) {
  if (layer.layout == Layout::transposed) spread(layer, parameters.weight);
  for (std::vector<float>* values : by_channel(parameters)) {
    const std::size_t count = values->size();
    if (count * static_cast<std::size_t>(layer.repeats) !=
        static_cast<std::size_t>(layer.output.channels))
      continue;
    for (int i = 1; i < layer.repeats; ++i)
      for (std::size_t k = 0; k < count; ++k) values->push_back((*values)[k]);
  }
}

/// Batch norm as an affine map of its input: x * factor + offset.
struct Linear {
  double factor = 1, offset = 0;
};

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, for output `o`; nothing without it.
inline Linear batch_norm_of(const Parameters& parameters, std::size_t o,
                            double epsilon = kBatchNormEpsilon) {
  if (parameters.gamma.empty()) return {};
  const double factor = parameters.gamma[o] / std::sqrt(parameters.variance[o] + epsilon);
  return {factor, std::fma(-parameters.mean[o], factor, parameters.beta[o])};
}

/// Folds what is constant at inference into weight and bias: batch norm, and the layer's scales
/// (dropout in front of it or after it). Computed in double, with every fused step written out, so
/// that all compilers get the same bits; leaves one weight and one bias per output.
inline void fold(const Layer& layer, Parameters& parameters) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const double keep = layer.scale_percent / 100.0, share = layer.output_percent / 100.0;
  if (parameters.weight.empty()) parameters.weight.assign(outputs * depth, 1);  // Layout::none
  parameters.bias.resize(outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    const Linear norm = batch_norm_of(parameters, o, layer.norm_epsilon);
    const double factor = norm.factor * share;
    for (std::size_t k = 0; k < depth; ++k) {
      float& weight = parameters.weight[o * depth + k];
      weight = static_cast<float>(weight * factor * keep);
    }
    parameters.bias[o] = static_cast<float>(std::fma(parameters.bias[o], factor, norm.offset));
  }
}

/// Undoes `fold` where a layer's scale is all that is folded; false, and nothing changes, if a
/// weight is none that the scale makes of another, bit for bit.
inline bool unfold_scale(const Layer& layer, Parameters& folded) {
  const double keep = layer.scale_percent / 100.0;
  std::vector<float> result;
  for (const float weight : folded.weight) {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    const auto near = static_cast<float>(weight / keep);
    const float candidates[] = {near, std::nextafter(near, -kFar), std::nextafter(near, kFar)};
    const auto* const found = std::ranges::find_if(
        candidates, [&](float one) { return static_cast<float>(one * keep) == weight; });
    if (found == std::end(candidates)) return false;
    result.push_back(*found);
  }
  folded.weight = std::move(result);
  return true;
}

/// Returns the place of weight [output][k] among a layer's packed weights; k counts
/// [in][kernel][kernel] as files do. In memory a convolution's sum runs over [kernel
/// row][in][kernel column], in the order in which it keeps the picture's rows; a product's over
/// [kernel row][kernel column][in].
constexpr std::size_t packed_index(const Layer& layer, std::size_t output, std::size_t k) {
  const auto depth = static_cast<std::size_t>(layer.depth());
  if (layer.op == Operator::convolution || layer.is_product()) {
    const auto height = static_cast<std::size_t>(layer.kernel.height);
    const auto width = static_cast<std::size_t>(layer.kernel.width);
    const std::size_t channels = depth / (height * width);
    const std::size_t column = k % width, row = k / width % height, in = k / width / height;
    k = layer.is_stem() ? (row * channels + in) * width + column
                        : (row * width + column) * channels + in;
  }
  return (output / kPanel * depth + k) * kPanel + output % kPanel;
}

/// Returns how far from an output's first weight its others are packed, in the order of files.
inline std::vector<std::size_t> packed_steps(const Layer& layer) {
  std::vector<std::size_t> steps(static_cast<std::size_t>(layer.depth()));
  for (std::size_t k = 0; k < steps.size(); ++k) steps[k] = packed_index(layer, 0, k);
  return steps;
}

/// A layer's packed weights among a network's, whatever type they are stored in.
inline void store_weight(const Layer& layer, std::span<float> weights, std::size_t index,
                         float value) {
  float* const packed = weights.data() + layer.weights;
  if (!layer.half) {
    packed[index] = value;
    return;
  }
  const std::uint16_t half = f16_from_float(value);
  std::memcpy(reinterpret_cast<std::byte*>(packed) + index * sizeof(half), &half, sizeof(half));
}

inline float load_weight(const Layer& layer, std::span<const float> weights, std::size_t index) {
  const float* const packed = weights.data() + layer.weights;
  if (!layer.half) return packed[index];
  std::uint16_t half = 0;
  std::memcpy(&half, reinterpret_cast<const std::byte*>(packed) + index * sizeof(half),
              sizeof(half));
  return float_from_f16(half);
}

/// Writes folded parameters to their place among a network's packed weights; what pads the last
/// panel is zero.
inline void pack(const Layer& layer, const Parameters& folded, std::span<float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  const std::span<float> packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::span<float> biases = weights.subspan(layer.biases, layer.bias_floats());
  std::fill(packed.begin(), packed.end(), 0.0f);
  std::fill(biases.begin(), biases.end(), 0.0f);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      store_weight(layer, weights, first + steps[k], folded.weight[o * depth + k]);
    biases[o] = folded.bias[o];
  }
  std::ranges::copy(folded.affine, weights.data() + layer.affine_place());
  if (layer.has_slopes()) std::ranges::copy(folded.slopes, weights.data() + layer.slopes_place());
}

/// Returns the opposite of `pack`: weight [out][in][kernel][kernel] and bias.
inline Parameters unpack(const Layer& layer, std::span<const float> weights) {
  const auto outputs = static_cast<std::size_t>(layer.output.channels);
  const auto depth = static_cast<std::size_t>(layer.depth());
  Parameters folded;
  folded.weight.resize(outputs * depth);
  const std::vector<std::size_t> steps = packed_steps(layer);
  for (std::size_t o = 0; o < outputs; ++o) {
    const std::size_t first = packed_index(layer, o, 0);
    for (std::size_t k = 0; k < depth; ++k)
      folded.weight[o * depth + k] = load_weight(layer, weights, first + steps[k]);
  }
  const auto biases = weights.subspan(layer.biases, outputs);
  folded.bias.assign(biases.begin(), biases.end());
  if (layer.affine) {
    const auto affine = weights.subspan(layer.affine_place(), 2);
    folded.affine.assign(affine.begin(), affine.end());
  }
  if (layer.has_slopes()) {
    const auto slopes = weights.subspan(layer.slopes_place(), outputs);
    folded.slopes.assign(slopes.begin(), slopes.end());
  }
  return folded;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FOLD_HPP
// from pplcnet/weights/naming/layer_name.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
#define PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

#include <cstddef>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns a name as one string.
inline std::string text_of(const Name& name) {
  std::string text;
  std::size_t next = 0;
  for (const std::string_view part : {name.pattern, name.leaf})
    for (const char c : part) {
      if (c == '#')
        text += std::to_string(name.numbers[next++]);
      else
        text += c;
    }
  return text;
}

/// Returns the project's own name of a layer.
inline std::string layer_name(const Layer& layer) {
  if (layer.group_count > 1) return join({text_of(layer.name), ".group", layer.group});
  return text_of(layer.name);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
// from pplcnet/weights/tensor.hpp
#ifndef PPLCNET_WEIGHTS_TENSOR_HPP
#define PPLCNET_WEIGHTS_TENSOR_HPP

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/little_endian.hpp
#ifndef PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP
#define PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the number in the first sizeof(Number) of `bytes`, lowest byte first; any alignment.
template <std::unsigned_integral Number>
constexpr Number read_little_endian(std::span<const std::byte> bytes) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number | static_cast<Number>(bytes[i]) << (8 * i));
  }
  return number;
}

/// Returns the bytes of `number`, lowest first.
template <std::unsigned_integral Number>
constexpr std::array<std::byte, sizeof(Number)> to_little_endian(Number number) {
  std::array<std::byte, sizeof(Number)> bytes;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<std::byte>(number >> (8 * i));
  }
  return bytes;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LITTLE_ENDIAN_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What the readers accept at most: far above any network, and low enough that a hostile file
/// cannot make them allocate much more than its own size.
inline constexpr std::size_t kMaxTensors = 1 << 15;
inline constexpr std::size_t kMaxRank = 32;

/// A stored array: a view of bytes that another object owns.
struct Tensor {
  std::string name;  ///< empty where the format has no names
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;  ///< none negative; empty for a single value
  std::span<const std::byte> data;  ///< little-endian, row-major, packed; any alignment

  std::int64_t element_count() const {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    return count;
  }
};

/// The contents of a weight file. The tensors view the bytes that were parsed, which must outlive
/// this object, or `unpacked`; everything else is owned.
struct TensorFile {
  std::vector<Tensor> tensors;                                ///< in file order
  std::vector<std::pair<std::string, std::string>> metadata;  ///< key, value; in file order
  std::string path;                                           ///< for messages

  /// Data that do not lie in the file as a tensor has them; copies of this object share them.
  std::vector<std::shared_ptr<std::byte[]>> unpacked = {};

  /// Returns the tensor of that name, or null.
  const Tensor* find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }
};

/// Returns the bytes that elements of this type and shape take. Nothing if a dimension is negative,
/// if 64 bits cannot count the bits of it, or if packed elements do not end on a whole byte.
constexpr std::optional<std::uint64_t> byte_count(DataType type,
                                                  std::span<const std::int64_t> shape) {
  auto bits = static_cast<std::uint64_t>(bits_of(type));
  for (const std::int64_t dimension : shape) {
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (dimension < 0) return std::nullopt;
    if (factor != 0 && bits > std::numeric_limits<std::uint64_t>::max() / factor) {
      return std::nullopt;
    }
    bits *= factor;
  }
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

/// Returns type and shape for a message: `F32 [16, 3, 3, 3]`.
inline std::string describe(DataType type, std::span<const std::int64_t> shape) {
  std::string text(name_of(type));
  text += " [";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += join({i == 0 ? "" : ", ", shape[i]});
  }
  return text + "]";
}

/// Returns whether to_float can read elements of this type.
constexpr bool converts_to_float(DataType type) {
  return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16 ||
         type == DataType::f64;
}

/// Copies all elements. f32, f16 and bf16 keep every bit of their value, f64 is rounded to the
/// nearest float. Requires converts_to_float(tensor.type) and as many values as elements.
inline void to_float(const Tensor& tensor, std::span<float> values) {
  assert(converts_to_float(tensor.type));
  assert(values.size() * static_cast<std::size_t>(bits_of(tensor.type) / 8) == tensor.data.size());
  const auto convert = [&]<typename Bits>(Bits, auto to_value) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_value(read_little_endian<Bits>(tensor.data.subspan(i * sizeof(Bits))));
    }
  };
  if (tensor.type == DataType::f32) {
    convert(std::uint32_t{}, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
  } else if (tensor.type == DataType::f16) {
    convert(std::uint16_t{}, float_from_f16);
  } else if (tensor.type == DataType::bf16) {
    convert(std::uint16_t{}, float_from_bf16);
  } else if (tensor.type == DataType::f64) {
    convert(std::uint64_t{},
            [](std::uint64_t bits) { return static_cast<float>(std::bit_cast<double>(bits)); });
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_TENSOR_HPP

// No NaN and no infinity gets into a network: each makes an output meaningless without an error.
// What a file has is checked as it is read, and what was made of it as it lies in memory.

namespace pplcnet::inline PPLCNET_ABI {

namespace checking {

/// Returns the first of packed numbers whose exponent has all of these bits, as NaN and infinities
/// have; the count of numbers if there is none.
template <class Bits>
std::size_t first_not_finite(std::span<const std::byte> numbers, Bits exponent) {
  const std::size_t count = numbers.size() / sizeof(Bits);
  const auto is_finite = [&](std::size_t i) {
    Bits bits = 0;
    std::memcpy(&bits, numbers.data() + i * sizeof(Bits), sizeof(Bits));
    return (bits & exponent) != exponent;
  };
  bool all = true;  // without a way out, so that compilers make vectors of it
  for (std::size_t i = 0; i < count; ++i) all = is_finite(i) && all;
  std::size_t first = all ? count : 0;
  while (first < count && is_finite(first)) ++first;
  return first;
}

inline std::size_t first_not_finite(std::span<const float> values) {
  return first_not_finite<std::uint32_t>(std::as_bytes(values), 0x7f800000);
}

inline std::string text_of(float number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), number).ptr};
}

template <class... Expected>
Error wrong(std::string_view path, std::string_view tensor, std::size_t index, float found,
            const Expected&... expected) {
  return Error::of(path, ": tensor ", quote(tensor), ": expected ", expected..., ", found ",
                   text_of(found), " (number ", index, ")")
      .with_progress(Error::kAllSteps);
}

}  // namespace checking

/// Keeps an error: wrong values are reported when everything else is right: of a file of another
/// network it is not what matters.
inline void keep_first(Error& first, Error next) {
  if (!first) first = std::move(next);
}

/// Copies all elements as `to_float` does; an error that names the tensor if one is not finite, or
/// too large for float32.
inline Error read_values(const Tensor& tensor, std::string_view path, std::span<float> values) {
  to_float(tensor, values);
  const std::size_t index = checking::first_not_finite(values);
  if (index == values.size()) return {};
  return checking::wrong(path, tensor.name, index, values[index], "finite float32 numbers");
}

/// Checks the same for variances, of which none is negative.
inline Error read_variances(const Tensor& tensor, std::string_view path, std::span<float> values) {
  if (auto error = read_values(tensor, path, values)) return error;
  const auto negative = std::ranges::find_if(values, [](float value) { return value < 0; });
  if (negative == values.end()) return {};
  return checking::wrong(path, tensor.name, static_cast<std::size_t>(negative - values.begin()),
                         *negative, "variances, which are not negative");
}

/// Checks a layer's packed weights, among a network's: an error that names the tensor of a native
/// file which they are. `when` is what was done to them: for the message.
inline Error check_packed(const Layer& layer, std::span<const float> weights, std::string_view path,
                          std::string_view when = "") {
  const auto packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::size_t index =
      layer.half ? checking::first_not_finite<std::uint16_t>(std::as_bytes(packed), 0x7c00)
                 : checking::first_not_finite(packed);
  if (index < packed.size() * (layer.half ? 2 : 1))
    return checking::wrong(path, layer_name(layer) + ".weight", index,
                           load_weight(layer, weights, index), "finite ",
                           layer.half ? "float16 numbers, at most 65504" : "float32 numbers", when);
  const auto biases = weights.subspan(layer.biases, layer.bias_floats());
  const std::size_t bias = checking::first_not_finite(biases);
  if (bias == biases.size()) return {};
  const bool affine = layer.affine && layer.biases + bias >= layer.affine_place();
  return checking::wrong(path, layer_name(layer) + (affine ? ".affine" : ".bias"), bias,
                         biases[bias], "finite float32 numbers", when);
}

/// What was done to weights that a file has in a framework's form.
inline constexpr std::string_view kWhenFolded = " when batch norm and scales are part of it";

/// What was done to weights of another storage.
inline constexpr std::string_view kWhenStored = " in the storage that is asked for";

/// Checks the same for all layers: some milliseconds for the largest network.
inline Error check_packed(std::span<const Layer> layers, std::span<const float> weights,
                          std::string_view path, std::string_view when = "") {
  for (const Layer& layer : layers)
    if (layer.has_weights())
      if (auto error = check_packed(layer, weights, path, when)) return error;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_CHECK_VALUES_HPP
// from pplcnet/weights/file_format.hpp
#ifndef PPLCNET_WEIGHTS_FILE_FORMAT_HPP
#define PPLCNET_WEIGHTS_FILE_FORMAT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The format of a file, detected from its first bytes; the file name is ignored.
enum class FileFormat : std::uint8_t {
  unknown,
  safetensors,
  pdiparams,
  pickle,          ///< .pdparams, and .pth of PyTorch before 1.6
  zip,             ///< .pth
  onnx,            ///< a ModelProto
  ncnn,            ///< .param, the text
  json,            ///< inference.json, a Paddle 3 program
  pdmodel,         ///< a Paddle 2 program
  pdiparams_info,  ///< the names of a .pdiparams file's tensors
  tar,
  gzip,
  web_page,         ///< saved by a browser in place of a file
  git_lfs_pointer,  ///< fetched by git in place of a file
};

inline FileFormat detect_format(std::span<const std::byte> bytes) {
  constexpr std::size_t kBeginning = 4096;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kBeginning));
  const auto has = [&](std::size_t place, std::string_view what) {
    return text.size() >= place && text.substr(place).starts_with(what);
  };
  // Eight bytes say how long a header is, which is no number of 2^56.
  if (has(7, std::string_view("\0{", 2))) return FileFormat::safetensors;
  // Two versions of 0, and no level of detail.
  if (has(0, std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)))
    return FileFormat::pdiparams;
  if (has(0, "PK\3\4")) return FileFormat::zip;
  if (has(0, "\x80"))
    return text.find("structured_name") != text.npos ? FileFormat::pdiparams_info
                                                     : FileFormat::pickle;
  if (has(0, "7767517")) return FileFormat::ncnn;
  if (has(0, "{")) return FileFormat::json;
  // Field 1 of a ModelProto is a small version, and a field of text or of messages follows.
  if (has(0, "\x08") && text.size() > 2 && text[1] > 0 && text[1] < ' ' && (text[2] & 7) == 2)
    return FileFormat::onnx;
  // Field 1 of a ProgramDesc is a block: its size; its number, 0; and that of its parent.
  std::size_t block = 1;
  while (block < text.size() && (text[block] & 0x80) != 0)
    ++block;  // all bytes of a size but its last
  if (has(0, "\n") && has(block + 1, std::string_view("\x08\0\x10", 3))) return FileFormat::pdmodel;
  if (has(257, "ustar")) return FileFormat::tar;
  if (has(0, "\x1f\x8b")) return FileFormat::gzip;
  if (has(0, "<!") || has(0, "<html")) return FileFormat::web_page;
  if (has(0, "version https://git-lfs")) return FileFormat::git_lfs_pointer;
  return FileFormat::unknown;
}

/// Returns the format's name for messages: `found a zip archive, as .pth files are`.
constexpr std::string_view name_of(FileFormat format) {
  constexpr std::string_view kNames[] = {"something else",
                                         "safetensors",
                                         "Paddle's parameters (.pdiparams)",
                                         "a pickle, as .pdparams files are",
                                         "a zip archive, as .pth files are",
                                         "an ONNX model",
                                         "an ncnn network (.param)",
                                         "JSON, as Paddle's graph is (inference.json)",
                                         "an older graph of Paddle's (.pdmodel)",
                                         "a list of names (.pdiparams.info)",
                                         "a tar archive",
                                         "a gzip archive",
                                         "a web page",
                                         "Git LFS's pointer to a file"};
  return kNames[static_cast<std::size_t>(format)];
}

/// Returns a hint for the end of a message about a file that holds no weights, or nothing.
constexpr std::string_view hint_for(FileFormat format) {
  switch (format) {
    case FileFormat::json:
    case FileFormat::pdmodel:
    case FileFormat::pdiparams_info:
      return ": the weights are in the .pdiparams beside it";
    case FileFormat::tar:
    case FileFormat::gzip:
      return ": unpack it and take the weights inside";
    case FileFormat::web_page:
    case FileFormat::git_lfs_pointer:
      return ": download the file itself";
    default:
      return "";
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FILE_FORMAT_HPP
// from pplcnet/weights/naming/likeness.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
#define PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/weights/naming/names.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>


// What the tensors of a layer are called in the files of a framework.

namespace pplcnet::inline PPLCNET_ABI {

/// The names of a layer's tensors in a file; empty where the layer has no such tensor.
struct ParameterNames {
  std::string weight = {}, bias = {}, gamma = {}, beta = {}, mean = {}, variance = {};
  std::string slopes = {};  ///< of a PReLU
};

/// Returns how files name the tensors of a network: at least one way. Paddle's modules are known in
/// PyTorch, too, where batch norms and linear layers are otherwise.
inline std::vector<Naming> namings_of(const NetworkTraits& traits) {
  constexpr std::string_view kPaddle = "paddle", kPyTorch = "pytorch";
  std::vector<Naming> namings(traits.namings.begin(), traits.namings.end());
  const TensorNames torch;
  // The graph's own names; its layers say how linear layers are laid out.
  if (namings.empty())
    namings.push_back({.framework = traits.tensor_names.mean == torch.mean ? kPyTorch : kPaddle,
                       .tensors = traits.tensor_names,
                       .linear = Layout::convolution});
  for (std::size_t i = 0, count = namings.size(); i < count; ++i) {
    if (namings[i].framework != kPaddle) continue;
    Naming naming = namings[i];
    naming.framework = kPyTorch;
    naming.tensors.mean = torch.mean;
    naming.tensors.variance = torch.variance;
    naming.linear = Layout::out_in;
    namings.push_back(naming);
  }
  return namings;
}

namespace naming {

/// Returns the names of the module that a graph calls `own`.
inline ModuleNames module_names(const Name& own, const Naming& naming) {
  return naming.module == nullptr ? ModuleNames{own} : naming.module(own);
}

/// Adds a batch norm's four.
inline void add_batch_norm(ParameterNames& names, std::string_view module,
                           const TensorNames& tensors) {
  names.gamma = join({module, ".weight"});
  names.beta = join({module, ".bias"});
  names.mean = join({module, tensors.mean});
  names.variance = join({module, tensors.variance});
}

/// Returns the name of the batch norm after the weights of a module.
inline std::string norm_name(const Layer& layer, const ModuleNames& module,
                             const TensorNames& tensors) {
  if (!module.norm.empty()) return text_of(module.norm);
  if (!layer.norm_name.empty()) return text_of(layer.norm_name);
  Name name = module.weights;
  if (tensors.norm_is_next) ++name.numbers[static_cast<std::size_t>(name.count() - 1)];
  return text_of(name).append(tensors.norm);
}

/// Returns the name of a PReLU's slopes: beside a batch norm, or the module's own.
inline std::string slopes_name(const Layer& layer, const ModuleNames& module,
                               const TensorNames& tensors) {
  std::string name = text_of(module.weights);
  if (layer.batch_norm) name += tensors.slopes;
  return name + ".weight";
}

}  // namespace naming

/// Returns the names of a layer as it is deployed; all empty for one without weights.
inline ParameterNames parameter_names(const Layer& layer, const Naming& naming) {
  const ModuleNames module = naming::module_names(layer.name, naming);
  if (module.weights.empty()) return {};
  ParameterNames names;
  std::string weights = text_of(module.weights);
  weights += training_form(layer).deployed;
  // A module whose batch norm is named, too, is named in full.
  if (layer.batch_norm && module.norm.empty()) weights += naming.tensors.weights;
  if (layer.layout != Layout::none) {
    const bool pixel = layer.layout == Layout::pixel;  // whose names have no point
    names.weight = weights + (layer.op == Operator::l1 ? ".adder" : pixel ? "weight" : ".weight");
    if (layer.bias) names.bias = weights + (pixel ? "bias" : ".bias");
  }
  if (layer.has_slopes()) names.slopes = naming::slopes_name(layer, module, naming.tensors);
  if (layer.batch_norm)
    naming::add_batch_norm(names, naming::norm_name(layer, module, naming.tensors), naming.tensors);
  return names;
}

/// Names of a layer's scalars: before the activation, and after it.
struct AffineNames {
  std::string scale, bias, last_scale, last_bias;
};

inline AffineNames affine_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  if (form.affine.empty()) return {};
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  const std::string first = join({module, form.affine}), last = join({module, form.last_affine});
  return {first + ".scale", first + ".bias", last + ".scale", last + ".bias"};
}

/// The tensors of a training checkpoint that one layer is made of.
struct TrainingNames {
  std::vector<ParameterNames> branches;  ///< one for each of `training_form`
  ParameterNames after;                  ///< the batch norm after their sum
};

inline TrainingNames training_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  TrainingNames names;
  for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
    ParameterNames& own = names.branches.emplace_back();
    if (!branch.identity) own.weight = join({module, branch.weight, ".weight"});
    if (!branch.norm.empty())
      naming::add_batch_norm(own, join({module, branch.norm}), naming.tensors);
  }
  if (!form.norm.empty())
    naming::add_batch_norm(names.after, join({module, form.norm}), naming.tensors);
  return names;
}

/// Returns how a file of a naming holds a layer's weight.
inline Layout layout_in(const Layer& layer, const Naming& naming) {
  const bool own = !is_linear(layer.layout) || naming.linear == Layout::convolution;
  return own ? layer.layout : naming.linear;
}

/// Returns the shape of a layer's weight in files: [out, in, kernel, kernel], in = 1 for depthwise;
/// [out, in] or [in, out] of a linear layer; see Layout.
inline std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  const auto [height, width] = layer.kernel;
  const std::int64_t depth = layer.op == Operator::depthwise ? 1 : in;
  switch (layout_in(layer, naming)) {
    case Layout::out_in:
      return {out, in};
    case Layout::in_out:
      return {in, out};
    case Layout::none:
      return {};
    case Layout::line:
      return {out, depth, width};
    case Layout::vector:
      return {out / layer.repeats};
    case Layout::pixel:
      return {1, out / layer.repeats, 1, 1};
    case Layout::transposed: {
      std::int64_t side = 1;
      while (side * side < layer.repeats) ++side;
      return {in, out / layer.repeats, side, side};
    }
    case Layout::convolution:
      break;
  }
  return {out, depth, height, width};
}

/// Returns the shape of a layer's vectors in files: biases, and what a batch norm has.
inline std::vector<std::int64_t> vector_shape(const Layer& layer) {
  return {layer.output.channels / layer.repeats};
}
/// Returns the shape of its own bias.
inline std::vector<std::int64_t> bias_shape(const Layer& layer) {
  if (layer.layout == Layout::pixel) return {1, layer.output.channels / layer.repeats, 1, 1};
  return vector_shape(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NAMES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Counts a network's weights that have a tensor of their shape: of several networks that a file
/// without names is not, the nearest has most. A matrix may be either way round.
inline std::size_t likeness(std::span<const Tensor> tensors, std::span<const Layer> layers) {
  using Sizes = std::vector<std::int64_t>;
  const auto matrix_or_map = [](Sizes shape) {
    while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
    if (shape.size() == 2 && shape[0] > shape[1]) std::swap(shape[0], shape[1]);
    return shape;
  };
  std::multiset<Sizes> found;
  for (const Tensor& tensor : tensors)
    if (tensor.shape.size() == 2 || tensor.shape.size() == 4)
      found.insert(matrix_or_map(tensor.shape));
  std::size_t both = 0;
  for (const Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    const auto place = found.find(matrix_or_map(weight_shape(layer, Naming{})));
    if (place == found.end()) continue;
    found.erase(place);
    ++both;
  }
  return both;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
// from pplcnet/weights/paddle/pdiparams.hpp
#ifndef PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// from pplcnet/weights/byte_stream.hpp
#ifndef PPLCNET_WEIGHTS_BYTE_STREAM_HPP
#define PPLCNET_WEIGHTS_BYTE_STREAM_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Bytes that are taken from the front; each function is false, and takes nothing useful, when
/// there are too few.
struct ByteStream {
  std::span<const std::byte> bytes;

  bool take(std::uint64_t count, std::span<const std::byte>& taken) {
    if (count > bytes.size()) return false;
    taken = bytes.first(static_cast<std::size_t>(count));
    bytes = bytes.subspan(taken.size());
    return true;
  }

  template <std::unsigned_integral Number>
  bool take(Number& number) {
    std::span<const std::byte> taken;
    if (!take(sizeof(Number), taken)) return false;
    number = read_little_endian<Number>(taken);
    return true;
  }

  /// Reads a number of at most 8 bytes.
  bool take(std::uint64_t size, std::uint64_t& number) {
    std::span<const std::byte> taken;
    if (!take(size, taken)) return false;
    number = 0;
    for (std::size_t i = taken.size(); i-- > 0;)
      number = number << 8 | static_cast<std::uint64_t>(taken[i]);
    return true;
  }

  /// Reads one of Protobuf's integers: seven bits in a byte, lowest first, of at most 64 bits.
  bool take_varint(std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const auto byte = static_cast<std::uint64_t>(bytes.front());
      bytes = bytes.subspan(1);
      const std::uint64_t seven_bits = byte & 0x7f;
      if (seven_bits << shift >> shift != seven_bits) return false;
      number |= seven_bits << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_BYTE_STREAM_HPP
// from pplcnet/weights/memory_budget.hpp
#ifndef PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP
#define PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// The memory that a reader may still ask for. Formats that refer to one thing many times, or
/// describe many small ones, need such a bound: a few times the size of the file.
class MemoryBudget {
 public:
  static constexpr std::size_t kFactor = 4;
  /// For small networks: the descriptions of a few hundred tensors or nodes, which take some
  /// hundred bytes each, may be larger than all of their weights.
  static constexpr std::size_t kAllowance = 1 << 19;
  /// No less than an entry of a map or a deque, or a shared pointer's counters.
  static constexpr std::size_t kEntry = 64;

  explicit MemoryBudget(std::size_t file_size) : left_(kFactor * file_size + kAllowance) {}

  /// Returns whether there was so much left; memory that is given back does not count.
  bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

  /// Makes room for `count` elements in all, at least doubling what there is.
  template <class T>
  bool reserve(std::vector<T>& values, std::size_t count) {
    if (count <= values.capacity()) return true;
    count = std::max(count, 2 * values.capacity());
    if (count > left_ / sizeof(T) || !take(count * sizeof(T))) return false;
    values.reserve(count);
    return true;
  }

  /// Makes room for a text of that size.
  bool reserve(std::string& text, std::size_t size) {
    if (size <= text.capacity()) return true;
    if (!take(std::max(size, 2 * text.capacity()) + 1)) return false;
    text.reserve(size);
    return true;
  }

  /// Adds an element.
  template <class T>
  bool append(std::vector<T>& values, T value) {
    if (!reserve(values, values.size() + 1)) return false;
    values.push_back(std::move(value));
    return true;
  }

  /// Returns the error for when not enough is left.
  static Error exceeded(std::string_view path) {
    return Error::of(path, ": expected to need at most ", kFactor,
                     " times the memory of the file, found more");
  }

 private:
  std::size_t left_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_MEMORY_BUDGET_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The format: one record after another (Paddle,
/// paddle/phi/core/framework/dense_tensor_serialize.cc and dense_tensor_tostream.cc), each
///   u32 version 0; u64 count of levels (of sequence lengths), for each u64 size and as many bytes;
///   u32 version 0; i32 size of a protobuf message; the message: type and dimensions; the data.
namespace pdiparams {

/// Returns the numbers of Paddle's framework.proto, VarType.Type.
constexpr std::optional<DataType> data_type_of(std::uint64_t code) {
  constexpr std::pair<std::uint64_t, DataType> kCodes[] = {
      {0, DataType::boolean}, {1, DataType::i16},      {2, DataType::i32},
      {3, DataType::i64},     {4, DataType::f16},      {5, DataType::f32},
      {6, DataType::f64},     {20, DataType::u8},      {21, DataType::i8},
      {22, DataType::bf16},   {32, DataType::f8_e4m3}, {33, DataType::f8_e5m2},
  };
  for (const auto& [known, type] : kCodes) {
    if (known == code) return type;
  }
  return std::nullopt;
}

inline bool take_dimension(ByteStream& reader, Tensor& tensor) {
  std::uint64_t dimension = 0;
  if (!reader.take_varint(dimension) || tensor.shape.size() == kMaxRank ||
      dimension > std::numeric_limits<std::int64_t>::max()) {
    return false;
  }
  tensor.shape.push_back(static_cast<std::int64_t>(dimension));
  return true;
}

/// Reads the message TensorDesc, into a tensor without dimensions: 1 = type, 2 = dimensions, one in
/// each field or packed into one.
inline bool read_description(ByteStream message, Tensor& tensor) {
  constexpr std::uint64_t kType = 1 << 3 | 0;
  constexpr std::uint64_t kDimension = 2 << 3 | 0;
  constexpr std::uint64_t kPackedDimensions = 2 << 3 | 2;
  std::optional<DataType> type;
  while (!message.bytes.empty()) {
    std::uint64_t field = 0;
    std::uint64_t number = 0;
    if (!message.take_varint(field)) return false;
    if (field == kType) {
      if (type || !message.take_varint(number)) return false;
      type = data_type_of(number);
      if (!type) return false;
    } else if (field == kDimension) {
      if (!take_dimension(message, tensor)) return false;
    } else if (field == kPackedDimensions) {
      ByteStream packed;
      if (!message.take_varint(number) || !message.take(number, packed.bytes)) return false;
      while (!packed.bytes.empty()) {
        if (!take_dimension(packed, tensor)) return false;
      }
    } else {
      return false;
    }
  }
  tensor.type = type.value_or(DataType::f32);
  return type.has_value();
}

/// Reads one record.
inline Error read_record(ByteStream& reader, Tensor& tensor) {
  const auto truncated = [&](std::string_view what) {
    return Error::of("expected ", what, ", found the end of the file");
  };
  std::uint32_t version = 0;
  std::uint64_t levels = 0;
  if (!reader.take(version)) return truncated("a version");
  if (version != 0) return Error::of("expected version 0, found ", version);
  if (!reader.take(levels)) return truncated("a count of levels");
  for (; levels > 0; --levels) {
    std::uint64_t size = 0;
    std::span<const std::byte> lengths;
    if (!reader.take(size) || !reader.take(size, lengths)) return truncated("levels");
  }
  if (!reader.take(version)) return truncated("a version");
  if (version != 0) return Error::of("expected version 0, found ", version);

  std::uint32_t size = 0;
  ByteStream message;
  if (!reader.take(size) || !reader.take(size, message.bytes)) return truncated("a description");
  if (!read_description(message, tensor)) {
    return Error::of("expected a type and at most ", kMaxRank,
                     " dimensions, none negative, found something else");
  }
  const std::optional<std::uint64_t> count = byte_count(tensor.type, tensor.shape);
  const std::size_t left = reader.bytes.size();
  if (!count || !reader.take(*count, tensor.data)) {
    return Error::of("expected ", count ? std::to_string(*count) : "fewer than 2^61",
                     " bytes of data for ", describe(tensor.type, tensor.shape), ", found ", left);
  }
  return {};
}

}  // namespace pdiparams

/// Reads a whole .pdiparams file from memory. Its tensors have no names; they stay in file order
/// and view `bytes`. The format does not say how many there are: a file cut between two of them is
/// a file with fewer. `file` changes only on success.
inline Error parse_pdiparams(std::span<const std::byte> bytes, std::string_view path,
                             TensorFile& file) {
  TensorFile result;
  result.path = path;
  MemoryBudget budget(bytes.size());
  ByteStream reader{bytes};
  Tensor tensor;  // one for all: its dimensions would grow anew in each
  if (bytes.empty()) return Error::of(path, ": expected tensors, found an empty file");
  while (!reader.bytes.empty()) {
    if (result.tensors.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    const std::size_t begin = bytes.size() - reader.bytes.size();
    tensor.shape.clear();
    if (auto error = pdiparams::read_record(reader, tensor))
      return Error::of(path, ": tensor ", result.tensors.size(), " at byte ", begin, ": ",
                       error.message());
    if (!budget.take(tensor.shape.size() * sizeof(std::int64_t)) ||
        !budget.append(result.tensors, tensor))
      return MemoryBudget::exceeded(path);
  }
  file = std::move(result);
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_HPP
// from pplcnet/weights/paddle/pdiparams_names.hpp
#ifndef PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP

#include <algorithm>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

// from pplcnet/weights/naming/known_files.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP
#define PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>


// Whose tensors a state dict holds, by names that are theirs alone, for messages.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns where `end` begins in a name, after a prefix that ends with a point; npos if it does
/// not.
inline std::size_t place_in(std::string_view name, std::string_view end) {
  if (!name.ends_with(end)) return std::string_view::npos;
  const std::size_t begin = name.size() - end.size();
  return begin == 0 || name[begin - 1] == '.' ? begin : std::string_view::npos;
}

/// Returns what a network is, in a sentence.
inline std::string what_of(const NetworkTraits& traits) {
  return traits.what.empty() ? "network " + quote(traits.name) : std::string(traits.what);
}

/// Returns whose tensors a file holds, as `Naming::what` says it; nothing if that is not known.
inline std::string_view known_as(const TensorFile& file) {
  constexpr struct {
    std::string_view tensor, what;
  } kKnown[] = {
      {"blocks.0.0.dw_conv.conv.weight", tensors_of::kLightCnnsV1},
      {"conv1.conv.weight", tensors_of::kPaddleV1},
      {"conv_stem.weight", tensors_of::kTimmV1},
      {"features.0.weight", tensors_of::kPyTorchV1},
      {"encoder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"embedder.convolution.convolution.weight", tensors_of::kHuggingFaceV1},
      {"stem.0.conv.weight", tensors_of::kV2},
      {"stem.stem1.conv.weight", tensors_of::kV4Detection},
      {"conv1.stem1.conv.weight", tensors_of::kV4Recognition},
      {"conv1.0.conv.weight", tensors_of::kV4TinyRecognition},
  };
  // What a network is part of may have a module of that name, too, but deeper inside.
  std::string_view found;
  std::ptrdiff_t least = -1;
  const auto holds = [&](std::string_view end) {
    return std::ranges::any_of(file.tensors,
                               [&](const Tensor& one) { return one.name.ends_with(end); });
  };
  for (const auto& [tensor, what] : kKnown)
    for (const Tensor& one : file.tensors) {
      const std::size_t begin = place_in(one.name, tensor);
      if (begin == std::string::npos) continue;
      const auto depth = std::ranges::count(one.name.substr(0, begin), '.');
      if (least >= 0 && depth >= least) continue;
      least = depth;
      found = what;
    }
  // V1 and V3 call their first layers the same.
  if (found == tensors_of::kPaddleV1 && holds(".lab.scale"))
    return holds("layer_list.0.weight") ? tensors_of::kV3Detection : tensors_of::kV3Recognition;
  return found;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_KNOWN_FILES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Names of a network's tensors inside a Paddle graph, each with the name that the same
/// tensor has in a state dict. Modules are numbered by their kind in the order in which a network's
/// constructor makes them (`conv2d_0.w_0`, `batch_norm2d_26.b_0`): the branches of a layer before
/// the layer, but convolutions that deployment makes after all others. Some networks give names
/// (`conv1_1_weights`).
class PaddleGraphNames {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  explicit PaddleGraphNames(const Naming& naming) : naming_(naming) {}

  /// Returns the names, sorted by code points: the order of their records in a `.pdiparams` file
  /// (Paddle `static/io.py`, `static/pir_io.py`).
  Pairs of(std::span<const Layer> layers) {
    std::vector<const Layer*> made_last;
    for (const Layer& layer : layers) {
      if (!layer.owns_weights()) continue;
      if (add_branches(layer)) made_last.push_back(&layer);
    }
    for (const Layer* layer : made_last) add_weights(*layer, "conv2d_", convolutions_++);
    return {names_.begin(), names_.end()};
  }

 private:
  /// Counts what a layer is trained as; returns whether deployment makes its convolution.
  bool add_branches(const Layer& layer) {
    const TrainingForm form = training_form(layer);
    for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
      convolutions_ += branch.identity ? 0 : 1;
      norms_ += branch.norm.empty() ? 0 : 1;
    }
    norms_ += form.norm.empty() ? 0 : 1;
    if (const AffineNames affine = affine_names(layer, naming_); !affine.scale.empty()) {
      add_affine(affine.scale, affine.bias, true);
      add_affine(affine.last_scale, affine.last_bias, layer.affine);
    }
    if (form.count > 0 && !form.keeps_deployed) return true;
    if (is_linear(layer.layout))
      add_weights(layer, "linear_", linears_++);
    else
      add_weights(layer, "conv2d_", convolutions_++);
    if (layer.batch_norm) add_norm(layer);
    return false;
  }

  /// Adds a scale and a shift, unless the graph has no use for them.
  void add_affine(const std::string& scale, const std::string& shift, bool is_there) {
    const std::string name = join({"learnable_affine_block_", affines_++});
    if (!is_there) return;
    names_.emplace(name + ".w_0", scale);
    names_.emplace(name + ".w_1", shift);
  }

  void add_weights(const Layer& layer, std::string_view kind, int number) {
    const ParameterNames state = parameter_names(layer, naming_);
    const bool named = naming_.parameters != nullptr;
    const std::string name = named ? own_name(layer) : join({kind, number});
    names_.emplace(name + (named ? "_weights" : ".w_0"), state.weight);
    if (layer.bias) names_.emplace(name + (named ? "_offset" : ".b_0"), state.bias);
  }

  void add_norm(const Layer& layer) {
    const ParameterNames state = parameter_names(layer, naming_);
    const bool named = naming_.parameters != nullptr;
    const std::string name = named                         ? own_name(layer)
                             : layer.op == Operator::dense ? join({"batch_norm1d_", vectors_++})
                                                           : join({"batch_norm2d_", norms_++});
    names_.emplace(name + (named ? "_bn_scale" : ".w_0"), state.gamma);
    names_.emplace(name + (named ? "_bn_offset" : ".b_0"), state.beta);
    names_.emplace(name + (named ? "_bn_mean" : ".w_1"), state.mean);
    names_.emplace(name + (named ? "_bn_variance" : ".w_2"), state.variance);
  }

  std::string own_name(const Layer& layer) const {
    return text_of(naming_.parameters(layer.name).weights);
  }

  const Naming& naming_;
  std::multiset<Pairs::value_type> names_;
  int convolutions_ = 0, linears_ = 0, norms_ = 0, vectors_ = 0, affines_ = 0;
};

/// Returns the names of a network's tensors inside a graph, in the order of a `.pdiparams` file,
/// each with that in a state dict of the naming.
inline PaddleGraphNames::Pairs graph_names(std::span<const Layer> layers, const Naming& naming) {
  return PaddleGraphNames(naming).of(layers);
}

/// Gives the nameless tensors of a `.pdiparams` file the names of a state dict; the shapes are
/// checked by whoever reads them by name.
inline Error name_pdiparams(TensorFile& file, std::span<const Layer> layers,
                            const NetworkTraits& traits) {
  const std::vector<Naming> namings = namings_of(traits);
  const auto naming = std::ranges::find(namings, "paddle", &Naming::framework);
  if (naming == namings.end())
    return Error::of(file.path,
                     ": a .pdiparams file, which does not name its tensors, fits networks of "
                     "Paddle only; the type is ",
                     what_of(traits));
  const auto names = graph_names(layers, *naming);
  if (names.size() != file.tensors.size()) {
    // The two releases of PP-LCNet_x0_25_textline_ori differ in this.
    const bool head = traits.embedding != traits.pooled;
    const bool has_option = !traits.optional.empty() && !traits.optional.front().is_flag;
    const std::size_t with_other_head = !has_option ? names.size()
                                        : head      ? names.size() - 1
                                                    : names.size() + 1;
    return Error::of(file.path, ": holds ", file.tensors.size(),
                     " tensors, the type's network has ", names.size(),
                     file.tensors.size() != with_other_head ? ""
                     : head ? "; without a head (Options::head = 0) it has as many"
                            : "; with a head (Options::head = 1280) it has as many");
  }
  for (std::size_t i = 0; i < names.size(); ++i) file.tensors[i].name = names[i].second;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
// from pplcnet/weights/safetensors/native.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/description.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/first_description.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// The metadata of the first files of the project's own, which knew PP-LCNet alone and described it
// block by block. They are read for ever, and written no more.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

/// Returns the width of the layer between pooling and classes, or of the embedding; 0: none.
inline int head_width(std::span<const Layer> layers, const NetworkTraits& traits) {
  if (traits.embedding < 0 || traits.embedding == traits.pooled) return 0;
  return layers[static_cast<std::size_t>(traits.embedding)].output.channels;
}

/// Returns by how much dropout makes the embedding smaller.
inline int dropout_percent(std::span<const Layer> layers) {
  int percent = 0;
  for (const Layer& layer : layers)
    if (layer.scale_percent != 100 || layer.output_percent != 100)
      percent = 200 - layer.scale_percent - layer.output_percent;
  return percent;
}

/// Writes down PP-LCNet's layers block by block.
class FirstDescription {
 public:
  using Words = std::vector<std::pair<std::string, std::string>>;

  FirstDescription(std::span<const Layer> layers, const NetworkTraits& traits)
      : layers_(layers), traits_(traits) {}

  Words words() {
    for (std::size_t i = 0; i < layers_.size(); ++i) add(i);
    end_block();
    std::string middle = stem_middle_ > 0 ? join({stem_middle_, "-"}) : "";
    Words words = {
        {"stem", join({stem_kind_, ":", middle, stem_.output.channels, ":s", stem_.stride.height,
                       "x", stem_.stride.width})},
        {"blocks", blocks_},
        {"activation", join({activation_name(activation_), affine_ ? ":affine" : ""})},
        {"stem_activation", std::string(activation_name(stem_.activation))},
        {"gate", std::string(activation_name(gate_))},
        {"stage_heads", heads_.empty() ? "none" : heads_},
        {"head", join({head_width(layers_, traits_), linear_head_ ? ":linear:neck" : ""})},
        {"classes", join({traits_.classes})},
        {"storage", std::string(storage_name(traits_.storage))}};
    if (traits_.classes > 0 || linear_head_)
      words.emplace_back("dropout_percent", join({dropout_percent(layers_)}));
    return words;
  }

 private:
  void add(std::size_t index) {
    const Layer& layer = layers_[index];
    const std::string_view part = layer.name.leaf.empty() ? layer.name.pattern : layer.name.leaf;
    affine_ = affine_ || layer.affine;
    if (part == "conv#") add_stem(layer);
    if (part == "stem_pool") stem_kind_ = "branches";
    if (part == ".dw_conv") begin_block(layer);
    if (part == ".se.conv2") gate_ = layer.activation;
    if (part == ".se") squeeze_excite_ = true;
    if (part == ".expand") expansion_ = layer.output.channels;
    if (part == ".pw_conv") add_pointwise(layer);
    if (part == "last_conv") linear_head_ = layer.activation == Activation::none;
    // The stages from blocks2 on; the ones before the first head have none.
    if (part == "blocks#.head")
      heads_ += join({heads_.empty() ? "0-" : "-", layer.output.channels});
    if (layer.name.pattern == "blocks#.#" && layer.has_weights() && !part.starts_with(".se") &&
        activation_ == Activation::none)
      activation_ = layer.activation;
  }

  void add_stem(const Layer& layer) {
    const int number = layer.name.numbers[0];
    if (number == 1) {
      stem_ = layer;
      return;
    }
    if (number == 2 && stem_kind_ == "convolution") stem_kind_ = "convolutions";
    if (stem_middle_ == 0) stem_middle_ = stem_.output.channels;
    stem_.output.channels = layer.output.channels;
  }

  void begin_block(const Layer& layer) {
    end_block();
    depthwise_ = layer;
    has_block_ = true;
  }

  void add_pointwise(const Layer& layer) {
    out_ = layer.output.channels;
    linear_pointwise_ = layer.activation == Activation::none;
    shortcut_ = layer.addend < 0                  ? ""
                : layer.addend == depthwise_.from ? ":add-input"
                                                  : ":add-depthwise";
  }

  void end_block() {
    if (!has_block_) return;
    const Layer& d = depthwise_;
    blocks_ += join({blocks_.empty() ? "" : " ", d.name.numbers[0], ":k", d.kernel.height, ":",
                     d.input.channels, "-"});
    if (expansion_ > 0) blocks_ += join({expansion_, "-"});
    blocks_ += join({out_, ":s", d.stride.height, "x", d.stride.width});
    if (d.dilation != Pair(1)) blocks_ += join({":d", d.dilation.height});
    blocks_ += join({squeeze_excite_ ? ":se" : "",
                     d.activation == Activation::none ? ":linear-depthwise" : "",
                     linear_pointwise_ ? ":linear-pointwise" : "", shortcut_});
    expansion_ = 0;
    squeeze_excite_ = false;
  }

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
  std::string_view stem_kind_ = "convolution", shortcut_;
  Layer stem_, depthwise_;
  int stem_middle_ = 0, expansion_ = 0, out_ = 0;
  bool has_block_ = false, squeeze_excite_ = false, linear_pointwise_ = false;
  bool affine_ = false, linear_head_ = false;
  Activation activation_ = Activation::none, gate_ = Activation::hardsigmoid_paddle;
  std::string blocks_, heads_;
};

/// Returns the words of a network in such a file but for its family and its dialect, which change
/// nothing that the others do not.
inline FirstDescription::Words first_description(std::span<const Layer> layers,
                                                 const NetworkTraits& traits) {
  return FirstDescription(layers, traits).words();
}

}  // namespace native

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_FIRST_DESCRIPTION_HPP

// What fixes a network's arithmetic, as metadata of files of the project's own and for messages.

namespace pplcnet::inline PPLCNET_ABI {

namespace native {

inline std::string size_of(std::string_view before, Pair size) {
  return size == Pair(1) ? "" : join({":", before, size.height, "x", size.width});
}

/// Returns a layer as one word: its name, kernel, stride, dilation, channels, and what follows.
inline std::string word_of(const Layer& layer) {
  std::string word = join({layer_name(layer), size_of("k", layer.kernel),
                           size_of("s", layer.stride), size_of("d", layer.dilation), ":"});
  if (layer.op != Operator::depthwise) word += join({layer.input.channels, "-"});
  word += join({layer.output.channels});
  for (const Activation activation : {layer.activation, layer.last_activation})
    if (activation != Activation::none) word += join({":", activation_name(activation)});
  if (layer.affine) word += ":affine";
  if (layer.addend >= 0) word += ":add";
  return word;
}

}  // namespace native

/// Returns the words for everything that fixes a network's arithmetic.
inline std::vector<std::pair<std::string, std::string>> describe(std::span<const Layer> layers,
                                                                 const NetworkTraits& traits) {
  std::string words;
  for (const Layer& layer : layers)
    if (layer.owns_weights()) words += (words.empty() ? "" : " ") + native::word_of(layer);
  return {{"head", join({native::head_width(layers, traits)})},
          {"dropout_percent", join({native::dropout_percent(layers)})},
          {"classes", join({traits.classes})},
          {"layers", words},
          {"graph", join({traits.fingerprint})},
          {"storage", std::string(storage_name(traits.storage))}};
}

namespace native {

inline const std::string* find(const TensorFile& file, std::string_view key) {
  for (const auto& [name, value] : file.metadata)
    if (name == key) return &value;
  return nullptr;
}

/// Returns where two texts of words begin to differ: that word of `text`.
inline std::string_view differing_word(std::string_view text, std::string_view other) {
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(text, other).in1 - text.begin());
  const std::size_t begin = text.substr(0, same).rfind(' ') + 1;  // 0 if there is no space
  return text.substr(begin, text.find(' ', same + 1) - begin);
}

/// Returns how many words two texts have in common at their beginning.
inline std::size_t count_same_words(std::string_view text, std::string_view other) {
  const auto same = std::ranges::mismatch(text, other).in1;
  return static_cast<std::size_t>(std::count(text.begin(), same, ' '));
}

}  // namespace native

/// Checks that a file's metadata describe a network.
inline Error check_description(const TensorFile& file, std::span<const Layer> layers,
                               const NetworkTraits& traits) {
  const bool first = native::find(file, "blocks") != nullptr;
  const auto words = first ? native::first_description(layers, traits) : describe(layers, traits);
  // Of several networks that a file is not, the nearest has most of its layers.
  std::size_t same = 0;
  for (const auto& [key, expected] : words)
    if (const std::string* found = native::find(file, key); key == "layers" || key == "blocks")
      same = found == nullptr ? 0 : native::count_same_words(*found, expected);
  for (const auto& [key, expected] : words) {
    const std::string* found = native::find(file, key);
    if (found == nullptr)
      return Error::of(file.path, ": does not say what its network's ", key, " is");
    if (*found != expected)
      return Error::of(file.path, ": its network has ", key, " ",
                       quote(native::differing_word(*found, expected)), ", the type's (",
                       traits.name, ") has ", quote(native::differing_word(expected, *found)))
          .with_progress(same);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_DESCRIPTION_HPP
// from pplcnet/weights/safetensors/reader.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/json_header.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// Reads the JSON (RFC 8259) of a safetensors header: objects, arrays, strings and non-negative
/// integers; there is nothing else in one.
///
/// The caller asks for what must come next, so what it does not ask for is an error, and text
/// cannot nest deeper than the calls do. After an error nothing more may be read.
class JsonHeaderReader {
 public:
  /// `path` is the file's, for messages. All of it must outlive the reader.
  JsonHeaderReader(std::string_view text, std::string_view path, MemoryBudget& budget)
      : text_(text), path_(path), budget_(budget) {}

  /// Calls `Error read_value(std::string key)` for each member; it must read the value, and refuse
  /// a key that was there before.
  template <typename ReadValue>
  Error read_object(ReadValue&& read_value) {
    if (!take('{')) return expected("an object");
    if (take('}')) return {};
    do {
      std::string key;
      if (auto error = read_string(key)) return error;
      if (!take(':')) return expected("':'");
      if (auto error = read_value(std::move(key))) return error;
    } while (take(','));
    return take('}') ? Error() : expected("',' or '}'");
  }

  /// Calls `Error read_element()` for each element; it must read the element.
  template <typename ReadElement>
  Error read_array(ReadElement&& read_element) {
    if (!take('[')) return expected("an array");
    if (take(']')) return {};
    do {
      if (auto error = read_element()) return error;
    } while (take(','));
    return take(']') ? Error() : expected("',' or ']'");
  }

  /// Reads any Unicode text, in UTF-8.
  Error read_string(std::string& value) {
    if (!take('"')) return expected("a string");
    const std::size_t begin = position_;
    value.clear();
    if (!budget_.reserve(value, size_of_string())) return MemoryBudget::exceeded(path_);
    while (!at_end() && text_[position_] != '"') {
      const char character = text_[position_];
      if (static_cast<unsigned char>(character) < 0x20) return expected("no control character");
      if (character == '\\') {
        if (auto error = read_escape(value)) return error;
      } else {
        value += character;
        ++position_;
      }
    }
    if (at_end()) return expected("'\"'");
    ++position_;
    if (!is_utf8(value)) {
      return Error::of(path_, ": byte ", begin, " of the header: expected UTF-8, found ",
                       quote(value));
    }
    return {};
  }

  /// Reads decimal digits without a leading zero, of a value below 2^64.
  Error read_integer(std::uint64_t& value) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    skip_space();
    const std::size_t begin = position_;
    value = 0;
    for (; !at_end() && text_[position_] >= '0' && text_[position_] <= '9'; ++position_) {
      const auto digit = static_cast<std::uint64_t>(text_[position_] - '0');
      const bool leading_zero = value == 0 && position_ > begin;
      if (leading_zero || value > (kMax - digit) / 10) {
        return expected("an integer below 2^64 without leading zeros");
      }
      value = 10 * value + digit;
    }
    return position_ > begin ? Error() : expected("a non-negative integer");
  }

  /// Checks that nothing but white space follows.
  Error read_end() {
    skip_space();
    return at_end() ? Error() : expected("the end");
  }

 private:
  bool at_end() const { return position_ == text_.size(); }

  void skip_space() {
    while (!at_end() && std::string_view(" \n\r\t").find(text_[position_]) != text_.npos) {
      ++position_;
    }
  }

  bool take(char character) {
    skip_space();
    if (at_end() || text_[position_] != character) return false;
    ++position_;
    return true;
  }

  /// Returns the bytes of the string that begins here, which it takes at most.
  std::size_t size_of_string() const {
    std::size_t end = position_;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2u : 1u;
    return std::min(end, text_.size()) - position_;
  }

  Error expected(std::string_view what) const {
    return Error::of(path_, ": byte ", position_, " of the header: expected ", what, ", found ",
                     at_end() ? "the end" : quote(text_.substr(position_, 1)));
  }

  Error read_escape(std::string& value) {
    constexpr std::string_view kEscapes = "\"\\/bfnrtu";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++position_;  // the backslash
    const std::size_t escape = at_end() ? kEscapes.npos : kEscapes.find(text_[position_]);
    if (escape == kEscapes.npos) return expected("one of \"\\/bfnrtu after '\\'");
    ++position_;
    if (escape < kMeanings.size()) {
      value += kMeanings[escape];
      return {};
    }
    std::uint32_t code_point = 0;
    if (auto error = read_hex_digits(code_point)) return error;
    if (code_point >= 0xd800 && code_point <= 0xdfff) {
      // Above U+FFFF there are two escapes: ten bits in each, high before low.
      std::uint32_t low = 0;
      if (code_point > 0xdbff) return expected("no low surrogate before a high one");
      if (text_.substr(position_, 2) != "\\u") return expected("'\\u' of a low surrogate");
      position_ += 2;
      if (auto error = read_hex_digits(low)) return error;
      if (low < 0xdc00 || low > 0xdfff) return expected("a low surrogate before this");
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(value, code_point);
    return {};
  }

  Error read_hex_digits(std::uint32_t& value) {
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
      const std::size_t digit = at_end() ? kDigits.npos : kDigits.find(text_[position_]);
      if (digit == kDigits.npos) return expected("a hexadecimal digit");
      value = value << 4 | static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
      ++position_;
    }
    return {};
  }

  std::string_view text_;
  std::string_view path_;
  MemoryBudget& budget_;
  std::size_t position_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_JSON_HEADER_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The format: u64 header size, header (JSON, may end in spaces), data. For each tensor the header
/// has its type, shape, and where in the data its bytes begin and end; under kMetadataKey it has
/// texts. The rules are those of the reference reader (safetensors/src/tensor.rs), and stricter in
/// this: other fields, and shapes and counts above kMaxRank and kMaxTensors, are refused.
namespace safetensors {

inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";

/// More metadata than this are refused.
inline constexpr std::size_t kMaxTexts = 1 << 12;

inline Error read_type(JsonHeaderReader& reader, std::string_view path, Tensor& tensor) {
  std::string name;
  if (auto error = reader.read_string(name)) return error;
  const std::optional<DataType> type = data_type_named(name);
  if (!type) {
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected a type such as 'F32', found ", quote(name));
  }
  tensor.type = *type;
  return {};
}

inline Error read_shape(JsonHeaderReader& reader, std::string_view path, MemoryBudget& budget,
                        Tensor& tensor) {
  std::array<std::int64_t, kMaxRank> shape;
  std::size_t rank = 0;
  const auto read_dimension = [&]() -> Error {
    std::uint64_t dimension = 0;
    if (auto error = reader.read_integer(dimension)) return error;
    if (dimension > std::numeric_limits<std::int64_t>::max()) {
      return Error::of(path, ": tensor ", quote(tensor.name),
                       ": expected dimensions below 2^63, found ", dimension);
    }
    if (rank == kMaxRank) {
      return Error::of(path, ": tensor ", quote(tensor.name), ": expected at most ", kMaxRank,
                       " dimensions, found more");
    }
    shape[rank++] = static_cast<std::int64_t>(dimension);
    return {};
  };
  if (auto error = reader.read_array(read_dimension)) return error;
  if (!budget.reserve(tensor.shape, rank)) return MemoryBudget::exceeded(path);
  tensor.shape.assign(shape.begin(), shape.begin() + rank);
  return {};
}

/// Reads where in `data` the tensor's bytes begin and end.
inline Error read_offsets(JsonHeaderReader& reader, std::string_view path,
                          std::span<const std::byte> data, Tensor& tensor) {
  std::uint64_t begin = 0, end = 0;
  std::size_t count = 0;
  const auto read_offset = [&] {
    std::uint64_t surplus;
    const std::size_t index = count++;
    return reader.read_integer(index == 0 ? begin : index == 1 ? end : surplus);
  };
  if (auto error = reader.read_array(read_offset)) return error;
  if (count != 2) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected 2 data_offsets, found ",
                     count);
  }
  if (end < begin || end > data.size()) {
    return Error::of(path, ": tensor ", quote(tensor.name), ": expected data that end between ",
                     begin, " and ", data.size(), ", found ", end);
  }
  tensor.data =
      data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  return {};
}

inline Error key_twice(std::string_view path, std::string_view key) {
  return Error::of(path, ": the header has the key ", quote(key), " twice in one object");
}

inline Error read_entry(JsonHeaderReader& reader, std::string_view path,
                        std::span<const std::byte> data, MemoryBudget& budget, Tensor& tensor) {
  bool has_type = false;
  bool has_shape = false;
  bool has_offsets = false;
  const auto read_field = [&](std::string_view field) {
    if (field == "dtype") {
      if (std::exchange(has_type, true)) return key_twice(path, field);
      return read_type(reader, path, tensor);
    }
    if (field == "shape") {
      if (std::exchange(has_shape, true)) return key_twice(path, field);
      return read_shape(reader, path, budget, tensor);
    }
    if (field == "data_offsets") {
      if (std::exchange(has_offsets, true)) return key_twice(path, field);
      return read_offsets(reader, path, data, tensor);
    }
    return Error::of(path, ": tensor ", quote(tensor.name),
                     ": expected dtype, shape and data_offsets, found ", quote(field));
  };
  if (auto error = reader.read_object(read_field)) return error;
  if (has_type && has_shape && has_offsets) return {};
  return Error::of(path, ": tensor ", quote(tensor.name),
                   ": expected dtype, shape and data_offsets, found no ",
                   !has_type    ? "dtype"
                   : !has_shape ? "shape"
                                : "data_offsets");
}

/// Checks that no two of the values have the same key.
template <class Value, class Key>
Error check_keys(const std::vector<Value>& values, Key Value::*key, std::string_view path,
                 MemoryBudget& budget) {
  std::vector<std::string_view> keys;
  if (!budget.reserve(keys, values.size())) return MemoryBudget::exceeded(path);
  for (const Value& value : values) keys.push_back(value.*key);
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  return twice == keys.end() ? Error() : key_twice(path, *twice);
}

/// Reads the header's text into metadata and tensors, whose data are parts of `data`.
inline Error read_header(std::string_view text, std::span<const std::byte> data,
                         MemoryBudget& budget, TensorFile& file) {
  const std::string_view path = file.path;
  if (text.empty() || text.front() != '{') {
    return Error::of(path, ": expected a header that starts with '{', found ",
                     quote(text.substr(0, 1)));
  }
  // Each tensor has a brace of its own: no more room than for them, unless names have braces, too.
  const auto braces = static_cast<std::size_t>(std::ranges::count(text, '{'));
  if (!budget.reserve(file.tensors, std::min(braces - 1, kMaxTensors)))
    return MemoryBudget::exceeded(path);
  JsonHeaderReader reader(text, path, budget);
  bool has_metadata = false;
  const auto read_text = [&](std::string key) {
    if (file.metadata.size() == kMaxTexts) {
      return Error::of(path, ": expected at most ", kMaxTexts, " metadata, found more");
    }
    if (!budget.append(file.metadata, {std::move(key), ""})) return MemoryBudget::exceeded(path);
    return reader.read_string(file.metadata.back().second);
  };
  const auto read_member = [&](std::string name) {
    if (name == kMetadataKey) {
      if (std::exchange(has_metadata, true)) return key_twice(path, name);
      return reader.read_object(read_text);
    }
    if (file.tensors.size() == kMaxTensors) {
      return Error::of(path, ": expected at most ", kMaxTensors, " tensors, found more");
    }
    file.tensors.push_back({.name = std::move(name), .shape = {}, .data = {}});
    return read_entry(reader, path, data, budget, file.tensors.back());
  };
  if (auto error = reader.read_object(read_member)) return error;
  if (auto error = reader.read_end()) return error;
  if (auto error =
          check_keys(file.metadata, &decltype(file.metadata)::value_type::first, path, budget))
    return error;
  return check_keys(file.tensors, &Tensor::name, path, budget);
}

/// Puts the tensors into the order of their bytes, and checks that these fill `data` exactly.
inline Error sort_by_data(std::span<const std::byte> data, MemoryBudget& budget, TensorFile& file) {
  const auto problem = [&](const Tensor& tensor, const auto&... parts) {
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected ", parts...);
  };
  const auto place = [](const Tensor& tensor) {
    return std::pair(tensor.data.data(), tensor.data.size());
  };
  if (!std::ranges::is_sorted(file.tensors, {}, place)) {
    // A tree takes less code than a sort, which moves tensors in many ways.
    using Tree = std::multimap<std::pair<const std::byte*, std::size_t>, Tensor>;
    constexpr std::size_t kNodeBytes = sizeof(Tree::value_type) + 4 * sizeof(void*);
    if (!budget.take(file.tensors.size() * kNodeBytes)) return MemoryBudget::exceeded(file.path);
    Tree sorted;
    for (Tensor& tensor : file.tensors) sorted.emplace(place(tensor), std::move(tensor));
    auto next = file.tensors.begin();
    for (auto& [begin, tensor] : sorted) *next++ = std::move(tensor);
  }
  std::size_t filled = 0;
  for (const Tensor& tensor : file.tensors) {
    const auto begin = static_cast<std::size_t>(tensor.data.data() - data.data());
    if (begin != filled)
      return problem(tensor, "data that begin at ", filled, ", where others end, found ", begin);
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (size != tensor.data.size())
      return problem(tensor, size ? std::to_string(*size) : "a whole number below 2^61 of",
                     " bytes for ", describe(tensor.type, tensor.shape), ", found ",
                     tensor.data.size());
    filled += tensor.data.size();
  }
  if (filled == data.size()) return {};
  return Error::of(file.path, ": expected ", filled, " bytes of data for its tensors, found ",
                   data.size());
}

}  // namespace safetensors

/// Reads a whole safetensors file from memory. The tensors of `file` are in the order of their
/// bytes and view `bytes`; `file` changes only on success.
inline Error parse_safetensors(std::span<const std::byte> bytes, std::string_view path,
                               TensorFile& file) {
  constexpr std::size_t kSizeBytes = sizeof(std::uint64_t);
  if (bytes.size() < kSizeBytes) {
    return Error::of(path, ": expected at least ", kSizeBytes, " bytes, found ", bytes.size());
  }
  const auto header_bytes = read_little_endian<std::uint64_t>(bytes);
  bytes = bytes.subspan(kSizeBytes);
  const std::uint64_t max_bytes =
      std::min<std::uint64_t>(safetensors::kMaxHeaderBytes, bytes.size());
  if (header_bytes > max_bytes) {
    return Error::of(path, ": expected a header of at most ", max_bytes, " bytes, found ",
                     header_bytes);
  }
  const auto header = bytes.first(static_cast<std::size_t>(header_bytes));
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  const auto data = bytes.subspan(header.size());

  MemoryBudget budget(bytes.size());
  TensorFile result;
  result.path = path;
  if (auto error = safetensors::read_header(text, data, budget, result)) return error;
  if (auto error = safetensors::sort_by_data(data, budget, result)) return error;
  file = std::move(result);
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_READER_HPP

namespace pplcnet::inline PPLCNET_ABI {

// The native file is a safetensors file whose tensors are the packed weights, layer by layer, as
// they lie in memory: `NAME.weight` [panel][k][16], float32 or float16, `NAME.bias`, float32, and,
// where a scale and a shift follow an activation, `NAME.affine` (and zeros after these two), and
// `NAME.slopes` of a PReLU; batch
// norm and dropout are folded in, branches are one convolution. Loading is a copy; a mapped file
// needs not even that. Its metadata say what the network is and what it is for.

inline constexpr std::string_view kNativeFormat = "pplcnet";
inline constexpr std::string_view kNativeVersion = "1";

/// The tensor after the weights: the output for `self_test_input`, as the writer computed it:
/// logits, an embedding, or of each map the means of its channels.
inline constexpr std::string_view kSelfTest = "self_test.answer";

/// Key of the model's metadata which says that weights are as in memory: batch norm and branches
/// are part of them, and dropout where `kOnnxKeep` is not there.
inline constexpr std::string_view kOnnxFolded = "pplcnet.folded";

/// The factor that dropout leaves, where it is a node between the embedding and the classes'
/// weights and no part of these.
inline constexpr std::string_view kOnnxKeep = "dropout.keep";

namespace native {

/// Lists name, type, shape and place (in floats) of each tensor of the file, in order.
template <class Visit>
void for_each_tensor(std::span<const Layer> layers, Visit visit) {
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    std::string name = layer_name(layer);
    if (name.empty()) name = join({"layer_", &layer - layers.data()});
    const auto channels = round_up(layer.output.channels, kPanel);
    visit(name + ".weight", layer.half ? DataType::f16 : DataType::f32,
          std::vector<std::int64_t>{channels / kPanel, layer.depth(), kPanel}, layer.weights,
          layer.weight_floats());
    visit(name + ".bias", DataType::f32, std::vector<std::int64_t>{channels}, layer.biases,
          static_cast<std::size_t>(channels));
    if (layer.affine)
      visit(name + ".affine", DataType::f32, std::vector<std::int64_t>{kPanel},
            layer.affine_place(), std::size_t{kPanel});
    if (layer.has_slopes())
      visit(name + ".slopes", DataType::f32, std::vector<std::int64_t>{channels},
            layer.slopes_place(), static_cast<std::size_t>(channels));
  }
}

}  // namespace native

/// Returns whether a safetensors file is one of ours.
inline bool is_native(const TensorFile& file) {
  const std::string* format = native::find(file, "format");
  return format != nullptr && *format == kNativeFormat;
}

/// Checks that a native file holds a network, and finds its packed weights: as many bytes as
/// the network's Weights, in the same order.
inline Error find_native(const TensorFile& file, std::span<const Layer> layers,
                         const NetworkTraits& traits, std::span<const std::byte>& packed) {
  const std::string* version = native::find(file, "format_version");
  if (version == nullptr || *version != kNativeVersion)
    return Error::of(file.path, ": format version ", version ? quote(*version) : "unknown",
                     ", this library reads version ", kNativeVersion);
  if (auto error = check_description(file, layers, traits)) return error;
  Error error;
  std::size_t index = 0, floats = 0;
  native::for_each_tensor(layers, [&](const std::string& name, DataType type,
                                      const std::vector<std::int64_t>& shape, std::size_t,
                                      std::size_t size) {
    if (error) return;
    const Tensor* tensor = index < file.tensors.size() ? &file.tensors[index++] : nullptr;
    floats += size;
    if (tensor == nullptr || tensor->name != name || tensor->type != type || tensor->shape != shape)
      error = Error::of(
          file.path, ": expected tensor ", quote(name), " ", describe(type, shape), ", found ",
          tensor ? quote(tensor->name) + " " + describe(tensor->type, tensor->shape) : "the end");
  });
  if (error) return std::move(error).with_progress(layers.size());
  // A panel has room for more classes than the metadata may say.
  const Tensor* output = traits.classes > 0 ? file.find(kSelfTest) : nullptr;
  if (output != nullptr && output->element_count() != traits.classes)
    return Error::of(file.path, ": tensor ", quote(kSelfTest), ": expected ", traits.classes,
                     " classes, found ", output->element_count())
        .with_progress(Error::kAllSteps);
  // The reader has checked that tensors follow each other without a hole.
  packed = {file.tensors[0].data.data(), floats * sizeof(float)};
  return {};
}

/// Returns why labels cannot be stored.
inline Error check_info(const ModelInfo& info, int classes, std::string_view path) {
  if (!info.labels.empty() && info.labels.size() != static_cast<std::size_t>(classes))
    return Error::of(path, ": ", info.labels.size(), " labels for ", classes, " classes");
  for (const std::string& label : info.labels)
    if (label.find('\n') != std::string::npos || !is_utf8(label))
      return Error::of(path, ": label ", quote(label), ": expected one line of UTF-8");
  return {};
}

/// Adds model, preprocessing, output and labels to metadata, where read_info finds them.
inline void add_info(const ModelInfo& info,
                     std::vector<std::pair<std::string, std::string>>& metadata) {
  std::string labels;
  for (const std::string& label : info.labels) labels += label + "\n";
  if (!info.model.empty()) metadata.emplace_back("model", info.model);
  if (!info.preprocessing.empty()) metadata.emplace_back("preprocessing", info.preprocessing);
  if (!info.output.empty()) metadata.emplace_back("output", info.output);
  if (!labels.empty()) metadata.emplace_back("labels", labels);
}

/// Returns labels, preprocessing, output and model from a native file's metadata.
inline ModelInfo read_info(const TensorFile& file) {
  ModelInfo info;
  if (const std::string* preset = native::find(file, "preprocessing")) info.preprocessing = *preset;
  if (const std::string* model = native::find(file, "model")) info.model = *model;
  if (const std::string* output = native::find(file, "output")) info.output = *output;
  if (const std::string* labels = native::find(file, "labels")) {
    // A hostile file may have a label for each byte, of which each would take many.
    constexpr std::ptrdiff_t kMostLabels = 1 << 16;
    std::string_view rest = *labels;
    const auto lines = std::min(std::ranges::count(rest, '\n') + 1, kMostLabels);
    info.labels.reserve(static_cast<std::size_t>(lines));
    while (!rest.empty() && std::ssize(info.labels) < kMostLabels) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      info.labels.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return info;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_HPP
// from pplcnet/weights/safetensors/native_storage.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>


// Packed weights of one network in another storage than the type's.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a network's layers with their places in weights of another storage.
inline std::vector<Layer> layers_in(Storage storage, std::span<const Layer> layers) {
  std::vector<Layer> copy(layers.begin(), layers.end());
  const auto head =
      static_cast<std::size_t>(planning::head_of(layers.data(), static_cast<int>(layers.size())));
  std::size_t place = 0;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    Layer& layer = copy[i];
    if (!layer.has_weights()) continue;
    if (layer.weights_of >= 0) {
      const Layer& owner = copy[static_cast<std::size_t>(layer.weights_of)];
      layer.half = owner.half;
      layer.weights = owner.weights;
      layer.biases = owner.biases;
      continue;
    }
    layer.half = planning::stored_in_half(layer, i >= head, storage);
    layer.weights = place;
    layer.biases = place + layer.weight_floats();
    place = layer.biases + layer.bias_floats();
  }
  return copy;
}

/// Returns the number of floats of the layers' weights.
inline std::size_t weight_count(std::span<const Layer> layers) {
  std::size_t end = 0;
  for (const Layer& layer : layers)
    if (layer.has_weights()) end = std::max(end, layer.biases + layer.bias_floats());
  return end;
}

/// Copies packed weights into another storage; float16 rounds them to the nearest.
inline void copy_packed(std::span<const Layer> from_layers, std::span<const float> from,
                        std::span<const Layer> to_layers, std::span<float> to) {
  for (std::size_t i = 0; i < from_layers.size(); ++i) {
    const Layer &source = from_layers[i], &target = to_layers[i];
    if (!source.owns_weights()) continue;
    const auto count = static_cast<std::size_t>(round_up(source.output.channels, kPanel)) *
                       static_cast<std::size_t>(source.depth());
    for (std::size_t k = 0; k < count; ++k)
      store_weight(target, to, k, load_weight(source, from, k));
    std::ranges::copy(from.subspan(source.biases, source.bias_floats()),
                      to.subspan(target.biases).begin());
  }
}

/// Returns the storage of a native file's weights as its metadata has it, or the type's storage.
inline Storage storage_of(const TensorFile& file, Storage expected) {
  const std::string* found = native::find(file, "storage");
  for (const Storage storage : {Storage::single, Storage::half_head, Storage::half})
    if (found != nullptr && *found == storage_name(storage)) return storage;
  return expected;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP
// from pplcnet/weights/state_dict.hpp
#ifndef PPLCNET_WEIGHTS_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/naming/parts.hpp
#ifndef PPLCNET_WEIGHTS_NAMING_PARTS_HPP
#define PPLCNET_WEIGHTS_NAMING_PARTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>


// What a distillation saves (PaddleClas and PaddleOCR, DistillationModel): several networks, whose
// names begin with those of their parts, `Student.` and `Teacher.`.

namespace pplcnet::inline PPLCNET_ABI {

namespace naming {

/// Returns the first word of a name, without the point after it.
constexpr std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find('.'));
}

/// Returns whether two words are the same but for capital letters.
constexpr bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Student, Student2, teacher ..
constexpr bool is_part(std::string_view word) {
  constexpr std::size_t kLength = 7;
  return same_word(word.substr(0, kLength), "student") ||
         same_word(word.substr(0, kLength), "teacher");
}

}  // namespace naming

/// Returns the parts of a distillation, in the file's order; none in a file of one network. There
/// are few.
inline std::vector<std::string> parts_of(const TensorFile& file) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> parts;
  for (const Tensor& tensor : file.tensors) {
    const std::string_view word = naming::first_word(tensor.name);
    if (parts.size() < kMost && naming::is_part(word) &&
        std::ranges::find(parts, word) == parts.end())
      parts.emplace_back(word);
  }
  return parts;
}

/// Returns the same for messages: `'Student', 'Teacher'`.
inline std::string quote(const std::vector<std::string>& parts) {
  std::string names;
  for (const std::string& part : parts) names += (names.empty() ? "" : ", ") + quote(part);
  return names;
}

/// Leaves the tensors of one part, with the names that they have in a file of their own. Capital
/// letters do not matter.
inline Error take_part(TensorFile& file, std::string_view part) {
  const std::vector<std::string> parts = parts_of(file);
  const auto found =
      std::ranges::find_if(parts, [&](const auto& one) { return naming::same_word(one, part); });
  if (found == parts.end())
    return Error::of(file.path, ": has no part ", quote(part), ", ",
                     parts.empty() ? "it is of one network" : "it has " + quote(parts));
  const std::string prefix = *found + ".";
  std::erase_if(file.tensors, [&](const Tensor& one) { return !one.name.starts_with(prefix); });
  for (Tensor& tensor : file.tensors) tensor.name.erase(0, prefix.size());
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_PARTS_HPP
// from pplcnet/weights/reparameterise.hpp
#ifndef PPLCNET_WEIGHTS_REPARAMETERISE_HPP
#define PPLCNET_WEIGHTS_REPARAMETERISE_HPP

#include <cmath>
#include <cstddef>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Adds up the branches of a layer, which become one convolution with a bias. In double precision:
/// what is rounded is the result.
class BranchSum {
 public:
  explicit BranchSum(const Layer& layer)
      : outputs_(static_cast<std::size_t>(layer.output.channels)),
        kernel_(static_cast<std::size_t>(layer.kernel.height)),
        inputs_(static_cast<std::size_t>(layer.depth()) / (kernel_ * kernel_)),
        depthwise_(layer.op == Operator::depthwise),
        weight_(outputs_ * inputs_ * kernel_ * kernel_),
        bias_(outputs_) {}

  /// Adds a branch: a smaller kernel, and the one of an identity, lies in the middle.
  void add(const Branch& branch, const Parameters& parameters) {
    const auto kernel = static_cast<std::size_t>(branch.kernel);
    const std::size_t margin = (kernel_ - kernel) / 2;
    for (std::size_t o = 0; o < outputs_; ++o) {
      const Linear norm = batch_norm_of(parameters, o);
      bias_[o] += parameters.bias.empty() ? norm.offset
                                          : std::fma(parameters.bias[o], norm.factor, norm.offset);
      if (branch.identity) {
        at(o, depthwise_ ? 0 : o, kernel_ / 2, kernel_ / 2) += norm.factor;
        continue;
      }
      const float* weight = parameters.weight.data() + o * inputs_ * kernel * kernel;
      for (std::size_t i = 0; i < inputs_; ++i)
        for (std::size_t y = 0; y < kernel; ++y)
          for (std::size_t x = 0; x < kernel; ++x)
            at(o, i, margin + y, margin + x) += *weight++ * norm.factor;
    }
  }

  /// What follows the sum, output by output.
  void scale(std::size_t o, const Linear& linear) {
    const std::size_t depth = inputs_ * kernel_ * kernel_;
    for (std::size_t k = 0; k < depth; ++k) weight_[o * depth + k] *= linear.factor;
    bias_[o] = std::fma(bias_[o], linear.factor, linear.offset);
  }

  /// Sets weight and bias.
  void round_to(Parameters& parameters) const {
    parameters.weight.assign(weight_.begin(), weight_.end());
    parameters.bias.assign(bias_.begin(), bias_.end());
  }

 private:
  double& at(std::size_t o, std::size_t i, std::size_t y, std::size_t x) {
    return weight_[((o * inputs_ + i) * kernel_ + y) * kernel_ + x];
  }

  std::size_t outputs_, kernel_, inputs_;
  bool depthwise_;
  std::vector<double> weight_, bias_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_REPARAMETERISE_HPP
// from pplcnet/weights/state_dict_tensors.hpp
#ifndef PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// The tensors of a state dict by the names that a framework gives them, and which of them have
/// been read.
class StateDictTensors {
 protected:
  explicit StateDictTensors(const TensorFile& file) : file_(file) {}

  /// Returns a tensor's name in the file.
  std::string full_name(const std::string& name) const {
    constexpr std::string_view kNeck = "neck.", kBackbone = "backbone.";
    // The neck is not inside the backbone.
    if (name.starts_with(kNeck) && prefix_.ends_with(kBackbone))
      return prefix_.substr(0, prefix_.size() - kBackbone.size()) + name;
    return prefix_ + name;
  }

  const Tensor* find(const std::string& name) const {
    return name.empty() ? nullptr : file_.find(full_name(name));
  }

  /// Returns the names of a layer: older ones, where the file has them in place of today's.
  ParameterNames names_of(const Layer& layer) const {
    ParameterNames names = parameter_names(layer, naming_);
    if (naming_.older_module == nullptr) return names;
    const ParameterNames older = parameter_names(layer, naming_.older());
    for (const auto member : {&ParameterNames::weight, &ParameterNames::bias,
                              &ParameterNames::gamma, &ParameterNames::beta, &ParameterNames::mean,
                              &ParameterNames::variance, &ParameterNames::slopes})
      if (find(names.*member) == nullptr && find(older.*member) != nullptr)
        names.*member = older.*member;
    return names;
  }

  /// Returns the names that the weights of the first layer may have, as it is trained or deployed.
  static std::vector<std::string> first_names(const Layer& layer, const Naming& naming) {
    std::vector<std::string> names = {parameter_names(layer, naming).weight};
    if (naming.older_module != nullptr)
      names.push_back(parameter_names(layer, naming.older()).weight);
    for (const ParameterNames& branch : training_names(layer, naming).branches)
      if (!branch.weight.empty() && branch.weight != names.front()) names.push_back(branch.weight);
    return names;
  }

  /// `check` is `read_values` or `read_variances`.
  Error read(const std::string& name, const std::vector<std::int64_t>& shape,
             std::vector<float>& values, decltype(read_values)& check = read_values) {
    if (name.empty()) return {};
    const std::string full = full_name(name);
    const Tensor* tensor = file_.find(full);
    if (tensor == nullptr)
      return Error::of(file_.path, ": tensor ", quote(full), " ", describe(DataType::f32, shape),
                       " is missing");
    if (!converts_to_float(tensor->type) || tensor->shape != shape)
      return Error::of(file_.path, ": tensor ", quote(full), ": expected ",
                       describe(DataType::f32, shape), ", found ",
                       describe(tensor->type, tensor->shape));
    values.resize(static_cast<std::size_t>(tensor->element_count()));
    mark(full);
    keep_first(wrong_value_, check(*tensor, file_.path, values));
    return {};
  }

  void mark(const std::string& full) { read_.insert(std::ranges::upper_bound(read_, full), full); }

  const TensorFile& file_;
  std::string prefix_;  // of all names
  Naming naming_;
  std::vector<std::string> read_;  // sorted
  Error wrong_value_;              // the first
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a framework's parameters out of a file by name. Frameworks put prefixes before the names
/// (`module.`, `backbone.`, `base_model.`): whatever stands before the stem's name is one.
class StateDict : private StateDictTensors {
 public:
  StateDict(const TensorFile& file, std::span<const Layer> layers, const NetworkTraits& traits)
      : StateDictTensors(file), layers_(layers), traits_(traits) {}

  /// Detects the naming; an error if it is unknown, or another network's.
  Error open() {
    if (const auto parts = parts_of(file_); parts.size() > 1)
      return Error::of(file_.path, ": holds several networks, take one of them: ", quote(parts));
    const auto first = std::ranges::find_if(layers_, &Layer::has_weights);
    if (first == layers_.end()) return {};
    const std::vector<Naming> namings = namings_of(traits_);
    const std::string_view known = known_as(file_);
    const bool other = !known.empty() && !traits_.namings.empty() &&
                       std::ranges::find(namings, known, &Naming::what) == namings.end();
    if (other)
      return Error::of(file_.path, ": holds tensors of ", known, ", the type is ",
                       what_of(traits_));
    Place found;
    std::string names;
    for (const Naming& naming : namings)
      for (const std::string& name : first_names(*first, naming)) {
        if (names.find(quote(name)) == names.npos)
          names += (names.empty() ? "" : ", ") + quote(name);
        find_prefix(name, naming, found);
      }
    if (!found.second_prefix.empty())
      return Error::of(file_.path, ": holds two networks, ", quote(found.second_prefix), " and ",
                       quote(prefix_));
    if (found.is_there) {
      choose_framework(*first, namings);
      return check_optional().with_progress(1);
    }
    return Error::of(file_.path, ": no tensor is named as in ", what_of(traits_), " (", names,
                     "); the first is ",
                     file_.tensors.empty() ? "none" : quote(file_.tensors.front().name));
  }

  /// Reads all parameters of a layer, with the shapes that the layer must have; branches become one
  /// weight and bias.
  Error read(const Layer& layer, Parameters& parameters) {
    if (training_form(layer).count > 0) return read_branches(layer, parameters);
    const ParameterNames names = names_of(layer);
    if (auto error = check_classes(layer, names.weight)) return error;
    if (auto error = read(layer, names, weight_shape(layer, naming_), parameters)) return error;
    if (layout_in(layer, naming_) == Layout::in_out)
      parameters.weight = transposed(parameters.weight, layer.input.channels);
    repeat(layer, parameters);
    return {};
  }

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, file_.path, kWhenFolded);
  }

  /// Returns, after everything was read, an error that names the first tensor that is not part of
  /// the network, or the first with a value that no network can have.
  Error close() const {
    for (const Tensor& tensor : file_.tensors) {
      const bool counter = tensor.name.ends_with(".num_batches_tracked");
      if (counter || std::ranges::binary_search(read_, tensor.name)) continue;
      if (is_around(tensor.name)) continue;
      return Error::of(file_.path, ": tensor ", quote(tensor.name), " ",
                       describe(tensor.type, tensor.shape), " is not part of the type's network");
    }
    return wrong_value_;
  }

 private:
  using StateDictTensors::read;

  /// Where a network has been found: what it is called before all names is `prefix_`.
  struct Place {
    bool is_there = false;
    std::string second_prefix;  ///< another prefix of the same depth
  };

  /// Chooses, of namings with the same names for weights, the one that names the batch norm as the
  /// file does.
  void choose_framework(const Layer& layer, const std::vector<Naming>& namings) {
    for (const Naming& naming : namings) {
      if (naming.module != naming_.module) continue;
      std::vector<ParameterNames> norms = training_names(layer, naming).branches;
      norms.push_back(parameter_names(layer, naming));
      if (std::ranges::any_of(norms, [&](const auto& names) { return find(names.mean); })) {
        naming_ = naming;
        return;
      }
    }
  }

  /// Finds what stands before the name of the first weights. What a network is part of may have a
  /// module of that name, too, but deeper inside.
  void find_prefix(const std::string& name, const Naming& naming, Place& found) {
    for (const Tensor& tensor : file_.tensors) {
      const std::size_t begin = place_in(tensor.name, name);
      if (begin == std::string::npos) continue;
      const std::string prefix = tensor.name.substr(0, begin);
      const auto deeper = std::ranges::count(prefix, '.') - std::ranges::count(prefix_, '.');
      if (found.is_there && (deeper > 0 || prefix == prefix_)) continue;
      found.second_prefix = found.is_there && deeper == 0 ? prefix_ : "";
      found.is_there = true;
      naming_ = naming;
      prefix_ = prefix;
    }
  }

  Error read(const Layer& layer, const ParameterNames& names,
             std::vector<std::int64_t> weight_shape, Parameters& parameters) {
    std::vector<std::int64_t> vector = vector_shape(layer);
    vector.front() *= layer.group_count;
    const auto bias = layer.group_count > 1 ? vector : bias_shape(layer);
    if (!weight_shape.empty()) weight_shape.front() *= layer.group_count;
    if (auto error = read(names.weight, weight_shape, parameters.weight)) return error;
    if (auto error = read(names.bias, bias, parameters.bias)) return error;
    if (auto error = read(names.slopes, vector, parameters.slopes)) return error;
    if (auto error = read(names.gamma, vector, parameters.gamma)) return error;
    if (auto error = read(names.beta, vector, parameters.beta)) return error;
    if (auto error = read(names.mean, vector, parameters.mean)) return error;
    if (auto error = read(names.variance, vector, parameters.variance, read_variances))
      return error;
    for (std::vector<float>* values : by_channel(parameters)) take_group(layer, *values);
    return {};
  }

  /// Leaves the part of a convolution's values that a layer of it has.
  static void take_group(const Layer& layer, std::vector<float>& values) {
    const std::size_t size = values.size() / static_cast<std::size_t>(layer.group_count);
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(size) * layer.group;
    if (layer.group_count > 1)
      values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
  }

  /// Returns whether the file has any tensor of a layer's training form; `own` is the deployed one.
  bool has_branches(const TrainingNames& names, const ParameterNames& own) const {
    const auto is_there = [&](const ParameterNames& part) {
      return (part.weight != own.weight && find(part.weight)) || find(part.gamma) ||
             find(part.beta) || find(part.mean) || find(part.variance);
    };
    return std::ranges::any_of(names.branches, is_there) || is_there(names.after);
  }

  /// Reads a layer that has branches where it was trained, from a file of either form.
  Error read_branches(const Layer& layer, Parameters& result) {
    const TrainingForm form = training_form(layer);
    const TrainingNames names = training_names(layer, naming_);
    const ParameterNames own = parameter_names(layer, naming_);
    BranchSum sum(layer);
    Parameters norm;
    if (has_branches(names, own)) {
      for (std::size_t i = 0; i < names.branches.size(); ++i) {
        auto shape = weight_shape(layer, naming_);
        shape[2] = shape[3] = form.branches[i].kernel;
        Parameters branch;
        if (auto error = read(layer, names.branches[i], shape, branch)) return error;
        sum.add(form.branches[i], branch);
      }
      if (auto error = read(layer, names.after, {}, norm)) return error;
      if (form.keeps_deployed) {
        mark(full_name(own.weight));
        mark(full_name(own.bias));
      }
    } else {
      Parameters deployed;
      if (auto error = read(layer, own, weight_shape(layer, naming_), deployed)) return error;
      sum.add({.kernel = layer.kernel.height}, deployed);
    }
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
      sum.scale(o, batch_norm_of(norm, o));
    if (!form.affine.empty()) {
      Linear affine;
      if (auto error = read_affine(layer, affine, result.affine)) return error;
      for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
        sum.scale(o, affine);
    }
    sum.round_to(result);
    return {};
  }

  /// Reads scalars: those before the activation are part of the sum; those after it have no use
  /// where there is no activation.
  Error read_affine(const Layer& layer, Linear& before, std::vector<float>& after) {
    const AffineNames names = affine_names(layer, naming_);
    std::vector<float> scale, shift;
    if (auto error = read(names.scale, {1}, scale)) return error;
    if (auto error = read(names.bias, {1}, shift)) return error;
    before = {scale[0], shift[0]};
    if (!layer.affine) {
      mark(full_name(names.last_scale));
      mark(full_name(names.last_bias));
      return {};
    }
    if (auto error = read(names.last_scale, {1}, scale)) return error;
    if (auto error = read(names.last_bias, {1}, shift)) return error;
    after = {scale[0], shift[0]};
    return {};
  }

  /// Returns whether a tensor belongs to what a network was trained in: it is of a module that the
  /// network has no use for, or lies beside the prefix of a backbone.
  bool is_around(std::string_view name) const {
    const bool backbone = traits_.classes == 0 && !traits_.namings.empty();
    if (backbone && !name.starts_with(prefix_)) return true;
    return std::ranges::any_of(traits_.unused, [&](const Name& module) {
      const std::string weight = full_name(names_of({{.name = module}}).weight);
      return name.starts_with(weight.substr(0, weight.rfind('.') + 1));
    });
  }

  /// Checks what depends on the type's options: the commonest mistakes deserve the plainest words.
  Error check_optional() const {
    for (const OptionalModule& one : traits_.optional) {
      const auto is_it = [&](const Layer& layer) {
        return layer.name == one.module || layer.norm_name == one.module;
      };
      const auto layer = std::ranges::find_if(layers_, is_it);
      const int width = layer == layers_.end() ? 0 : layer->output.channels;
      const std::string name =
          text_of(naming::module_names(one.module, naming_).weights) + ".weight";
      const bool there = find(name) != nullptr;
      if (there == (width > 0)) continue;
      const std::string value = one.is_flag ? (width > 0 ? "true" : "false") : join({width});
      return Error::of(file_.path, ": has ", there ? "a" : "no", " tensor ", quote(full_name(name)),
                       ", the type has ", one.option, " = ", value);
    }
    return {};
  }

  bool is_logits(const Layer& layer) const {
    return traits_.logits >= 0 &&
           layer.name == layers_[static_cast<std::size_t>(traits_.logits)].name;
  }

  Error check_classes(const Layer& layer, const std::string& name) const {
    const Tensor* tensor = find(name);
    const auto shape = weight_shape(layer, naming_);
    if (!is_logits(layer) || tensor == nullptr || tensor->shape.size() != shape.size()) return {};
    const std::size_t out = shape[0] == layer.output.channels ? 0 : 1;
    if (tensor->shape[1 - out] != shape[1 - out] || tensor->shape[out] == shape[out]) return {};
    return Error::of(file_.path, ": has ", tensor->shape[out], " classes (", quote(tensor->name),
                     "), the type has ", shape[out]);
  }

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
};

/// Reads, folds and packs all layers of a network. An error knows how many layers the file has.
inline Error pack_state_dict(const TensorFile& file, std::span<const Layer> layers,
                             const NetworkTraits& traits, std::span<float> weights) {
  StateDict state(file, layers, traits);
  Error first = state.open();
  if (first && first.steps() == 0) return first;  // unknown names, or another type's
  std::size_t count = 1;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    Parameters parameters;
    if (auto error = state.read(layer, parameters)) {
      if (!first) first = std::move(error);
      continue;
    }
    ++count;
    if (first) continue;
    fold(layer, parameters);
    pack(layer, parameters, weights);
    state.check(layer, weights);
  }
  return (first ? std::move(first) : state.close()).with_progress(count);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_HPP
#endif

namespace pplcnet::inline PPLCNET_ABI {

struct TensorFile;

namespace loading {

/// Fills packed weights from a file's bytes.
PPLCNET_INLINE Error load_bytes(std::span<const std::byte> bytes, std::string_view path,
                                std::span<const Layer> layers, const NetworkTraits& traits,
                                std::span<float> weights, ModelInfo* info);

/// Fills packed weights from a file.
PPLCNET_INLINE Error load_file(std::string_view path, std::span<const Layer> layers,
                               const NetworkTraits& traits, std::span<float> weights,
                               ModelInfo* info);

/// Fills packed weights from a file's tensors.
PPLCNET_INLINE Error load_tensors(const TensorFile& file, std::span<const Layer> layers,
                                  const NetworkTraits& traits, std::span<float> weights);

/// Finds the packed weights of a native file, which begin at a multiple of `alignment`.
PPLCNET_INLINE Error view(std::span<const std::byte> bytes, std::string_view name,
                          std::span<const Layer> layers, const NetworkTraits& traits,
                          std::size_t alignment, std::span<const float>& weights, ModelInfo* info);

#if PPLCNET_HAS_DEFINITIONS

/// Returns the end of a message that names the header which reads a format that `load` does not.
inline std::string_view header_hint(FileFormat format) {
  switch (format) {
    case FileFormat::pickle:
    case FileFormat::zip:
      return ": weights/load_any.hpp reads them";
    case FileFormat::onnx:
      return ": weights/onnx/load.hpp reads it";
    case FileFormat::ncnn:
      return ": weights/ncnn/load.hpp reads it";
    default:
      return "";
  }
}

/// Reads tensors in any format and gives them names.
inline Error open(std::span<const std::byte> bytes, std::string_view path,
                  std::span<const Layer> layers, const NetworkTraits& traits, TensorFile& file) {
  const FileFormat format = detect_format(bytes);
  if (format == FileFormat::safetensors) return parse_safetensors(bytes, path, file);
  if (format != FileFormat::pdiparams)
    return Error::of(path, ": expected safetensors or Paddle's .pdiparams, found ", name_of(format),
                     header_hint(format), hint_for(format));
  if (auto error = parse_pdiparams(bytes, path, file)) return error;
  return name_pdiparams(file, layers, traits).with_progress(likeness(file.tensors, layers));
}

PPLCNET_INLINE Error load_tensors(const TensorFile& file, std::span<const Layer> layers,
                                  const NetworkTraits& traits, std::span<float> weights) {
  if (!is_native(file)) return pack_state_dict(file, layers, traits, weights);
  static_assert(std::endian::native == std::endian::little, "packed weights are little-endian");
  std::span<const std::byte> packed;
  const Storage storage = storage_of(file, traits.storage);
  if (storage == traits.storage) {
    if (auto error = find_native(file, layers, traits, packed)) return error;
    std::memcpy(weights.data(), packed.data(), packed.size());
    return check_packed(layers, weights, file.path);
  }
  NetworkTraits stored = traits;
  stored.storage = storage;
  const std::vector<Layer> stored_layers = layers_in(storage, layers);
  if (auto error = find_native(file, stored_layers, stored, packed)) return error;
  std::vector<float> values(weight_count(stored_layers));
  std::memcpy(values.data(), packed.data(), packed.size());
  if (auto error = check_packed(stored_layers, values, file.path)) return error;
  copy_packed(stored_layers, values, layers, weights);
  return check_packed(layers, weights, file.path, kWhenStored);
}

/// Reads a file's metadata and checks it.
inline Error take_info(const TensorFile& file, const NetworkTraits& traits, ModelInfo* info) {
  ModelInfo found = read_info(file);
  if (auto error = check_info(found, traits.label_count, file.path)) return error;
  if (info != nullptr) *info = std::move(found);
  return {};
}

/// Fills packed weights from a file's bytes.
inline Error load(std::span<const std::byte> bytes, std::string_view path,
                  std::span<const Layer> layers, const NetworkTraits& traits,
                  std::span<float> weights, ModelInfo* info) {
  TensorFile file;
  if (auto error = open(bytes, path, layers, traits, file)) return error;
  if (auto error = load_tensors(file, layers, traits, weights)) {
    if (detect_format(bytes) != FileFormat::pdiparams) return error;
    return std::move(error).with_progress(likeness(file.tensors, layers));
  }
  return take_info(file, traits, info).with_progress(layers.size() + 1);
}

PPLCNET_INLINE Error load_bytes(std::span<const std::byte> bytes, std::string_view path,
                                std::span<const Layer> layers, const NetworkTraits& traits,
                                std::span<float> weights, ModelInfo* info) {
  return with_memory_for(
      path, [&]() -> Error { return load(bytes, path, layers, traits, weights, info); });
}

PPLCNET_INLINE Error load_file(std::string_view path, std::span<const Layer> layers,
                               const NetworkTraits& traits, std::span<float> weights,
                               ModelInfo* info) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load(std::as_const(bytes).bytes(), path, layers, traits, weights, info);
  });
}

PPLCNET_INLINE Error view(std::span<const std::byte> bytes, std::string_view name,
                          std::span<const Layer> layers, const NetworkTraits& traits,
                          std::size_t alignment, std::span<const float>& weights, ModelInfo* info) {
  return with_memory_for(name, [&]() -> Error {
    TensorFile file;
    if (auto error = parse_safetensors(bytes, name, file)) return error;
    if (!is_native(file))
      return Error::of(name, ": not a native file; load it, and save it as one");
    std::span<const std::byte> packed;
    if (auto error = find_native(file, layers, traits, packed)) return error;
    if (std::bit_cast<std::uintptr_t>(packed.data()) % alignment != 0)
      return Error::of(name, ": the weights are not aligned to ", alignment, " bytes in memory");
    weights = {reinterpret_cast<const float*>(packed.data()), packed.size() / sizeof(float)};
    if (auto error = check_packed(layers, weights, name)) return error;
    return take_info(file, traits, info);
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace loading

/// Fills a network's weights from the bytes of a file: safetensors with the names of Paddle, timm,
/// Hugging Face or the PyTorch reproduction, the native safetensors, or Paddle's `.pdiparams`.
/// (What frameworks pickle is for load_any.hpp.) `name` is for messages. Labels and preprocessing,
/// where the file has them, go to `info`. After an error the weights are not usable.
template <class Weights>
Error load_bytes(std::span<const std::byte> bytes, std::string_view name, Weights& weights,
                 ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  return loading::load_bytes(bytes, name, Net::layers, Net::traits, weights.values, info);
}

/// Loads the same, from a file.
template <class Weights>
Error load(std::string_view path, Weights& weights, ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  return loading::load_file(path, Net::layers, Net::traits, weights.values, info);
}

/// Uses a native file that lies in memory (mapped, or part of the executable) where it is, without
/// a copy. Its bytes must begin at a multiple of 64 and stay as long as the view. All weights are
/// looked at once, for NaN and infinities, as `load` does: some milliseconds for the largest
/// network.
template <class Net>
Error view(std::span<const std::byte> bytes, std::string_view name,
           std::optional<typename Net::WeightsView>& result, ModelInfo* info = nullptr) {
  std::span<const float> weights;
  if (auto error = loading::view(bytes, name, Net::layers, Net::traits,
                                 alignof(typename Net::Weights), weights, info))
    return error;
  result.emplace(weights.template first<Net::weight_count>());
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LOAD_HPP
// from pplcnet/weights/save.hpp
#ifndef PPLCNET_WEIGHTS_SAVE_HPP
#define PPLCNET_WEIGHTS_SAVE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// from pplcnet/any_network.hpp
#ifndef PPLCNET_ANY_NETWORK_HPP
#define PPLCNET_ANY_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns which rule a graph breaks, and what was found.
PPLCNET_INLINE Error check_graph(const Graph& graph);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error check_graph(const Graph& graph) {
  const GraphFlaw flaw = graph.flaw();
  if (!flaw) return {};
  return Error::of(graph.title, ": operator ", flaw.node, ": ", text_of(flaw.broken), "; found ",
                   flaw.found);
}
#endif  // PPLCNET_HAS_DEFINITIONS

/// A network that is known only when the program runs: for programs that open any file. It has the
/// plan, the kernels and so the results of a `Network` of the same graph; its memory is
/// allocated when it is made, and not again. Copies share the weights and have everything else of
/// their own: one copy for each thread.
class AnyNetwork {
 public:
  static constexpr int kMostThreads = 1024;
  static constexpr std::size_t kMostFloats = std::size_t{1} << 30;  ///< 4 GiB

  /// Makes the network of a graph of any origin; the executor of a call may use up to `threads`
  /// threads. It is an error if the graph has a flaw, if its weights or its activations need more
  /// than kMostFloats, or if there is no memory for them. The graph needs no kernels but `kNeeds`.
  template <Needs kNeeds = Needs{}>
  static Error make(const Graph& graph, int threads, std::optional<AnyNetwork>& result,
                    Storage storage = Storage::single) {
    return make(graph, threads, result, storage, &pplcnet::forward<kNeeds>);
  }

  /// Makes the same network in another storage, for one thread and without weights.
  Error make_empty(Storage storage, std::optional<AnyNetwork>& result) const {
    return make(graph(), /*threads=*/1, result, storage, forward_);
  }

  /// The same as `make` of a graph without a flaw, such as the published ones. These constructors
  /// throw std::bad_alloc; compiled with -fno-exceptions, they end the program.
  template <Needs kNeeds = Needs{}>
  explicit AnyNetwork(const Graph& graph, int threads = 1, Storage storage = Storage::single)
      : AnyNetwork(graph, threads, storage, &pplcnet::forward<kNeeds>) {}
  /// Returns a `Network` with its weights, in any storage.
  template <class Weights>
  static AnyNetwork of(const Weights& weights) {
    using Net = typename Weights::Network;
    static constexpr Needs kNeeds = [] {
      Needs needs = needs_of(Net::layers);
      needs.half_weights = true;
      return needs;
    }();
    AnyNetwork network(Net::Definition::graph(), /*threads=*/1, Net::traits.storage,
                       &pplcnet::forward<kNeeds>);
    std::ranges::copy(weights.values, network.weights_.get());
    return network;
  }
  AnyNetwork(const AnyNetwork& other)
      : threads_(other.threads_),
        forward_(other.forward_),
        graph_(std::make_unique<Graph>(*other.graph_)),
        plan_(std::make_unique<Plan>(*other.plan_)),
        weights_(other.weights_) {
    if (!allocate()) fail_allocation();
  }
  AnyNetwork(AnyNetwork&&) noexcept = default;
  AnyNetwork& operator=(const AnyNetwork& other) {
    if (this != &other) *this = AnyNetwork(other);
    return *this;
  }
  AnyNetwork& operator=(AnyNetwork&&) noexcept = default;
  ~AnyNetwork() = default;

  /// Takes another size of pictures: `graph` returns the same network for that size. The weights
  /// stay, and memory is allocated only where none of the sizes before needed as much. An error
  /// changes nothing.
  template <class MakeGraph>
  Error resize(const MakeGraph& graph) {
    if (auto error = reserve(graph)) return error;
    std::swap(graph_, next_graph_);
    std::swap(plan_, next_plan_);
    const auto [maps, vectors, scratch] = floats_of(*plan_, threads_);
    std::fill_n(maps_.get(), maps, 0.0F);
    std::fill_n(vectors_.get(), vectors, 0.0F);
    std::fill_n(scratch_.get(), scratch, 0.0F);
    return {};
  }
  Error resize(const Graph& graph) {
    return resize([&] { return graph; });
  }

  /// Allocates what another size of pictures needs; `resize` to it then allocates nothing.
  template <class MakeGraph>
  Error reserve(const MakeGraph& graph) {
    return with_memory_for(traits().name, [&]() -> Error {
      if (next_graph_ == nullptr) next_graph_.reset(new (std::nothrow) Graph(Extent{1, 1}));
      if (next_plan_ == nullptr) next_plan_.reset(new (std::nothrow) Plan);
      if (next_graph_ == nullptr || next_plan_ == nullptr) return out_of_memory(traits().name);
      std::destroy_at(next_graph_.get());
      ::new (next_graph_.get()) Graph(graph());  // where it stays: it is no small object
      return reserve_next();
    });
  }

  const NetworkTraits& traits() const { return plan_->traits; }
  const Plan& plan() const { return *plan_; }
  /// Returns the graph that the network was made from.
  const Graph& graph() const { return *graph_; }
  std::span<const Layer> layers() const {
    return {plan_->layers, static_cast<std::size_t>(plan_->layer_count)};
  }
  Shape input_shape() const { return plan_->layers[0].input; }
  int classes() const { return traits().classes; }

  /// Returns the packed weights (see weights/), which all copies share.
  std::span<float> weights() { return {weights_.get(), plan_->weight_floats}; }
  std::span<const float> weights() const { return {weights_.get(), plan_->weight_floats}; }

  /// Computes the layers that are asked for: `destinations[i]` is where the output of layer i
  /// goes, planar [channels][height][width]; null: not requested. One for each layer.
  void run(const Picture& picture, std::span<float* const> destinations,
           const RunOptions& options = {}) noexcept {
    forward_({.layers = plan_->layers,
              .layer_count = plan_->layer_count,
              .weights = weights_.get(),
              .pictures = &picture,
              .images = 1,
              .destinations = destinations.data(),
              .maps = maps_.get(),
              .vectors = vectors_.get(),
              .scratch = scratch_.get(),
              .scratch_floats = plan_->scratch_floats,
              .threads = std::clamp(options.executor.threads(), 1, threads_),
              .executor = options.executor},
             options.isa);
  }

  /// Computes the output of one layer.
  void run(const Picture& picture, int layer, std::span<float> output,
           const RunOptions& options = {}) noexcept {
    std::array<float*, Plan::kMaxLayers> destinations = {};
    destinations[static_cast<std::size_t>(layer)] = output.data();
    run(picture, std::span(destinations).first(layers().size()), options);
  }

 private:
  struct Free {
    Free() : bytes(0) {}
    explicit Free(std::size_t size) : bytes(size) {}
    void operator()(float* values) const { HugePageMemory::free(values, bytes); }
    std::size_t bytes;
  };
  using Floats = std::unique_ptr<float[], Free>;

  /// Runs a plan: `forward` of the kernels that this one needs.
  using Forward = void (*)(const Run& run, Isa isa) noexcept;

  AnyNetwork(int threads, Forward forward) : threads_(threads), forward_(forward) {}

  AnyNetwork(const Graph& graph, int threads, Storage storage, Forward forward)
      : threads_(threads),
        forward_(forward),
        graph_(std::make_unique<Graph>(graph)),
        plan_(new_plan(graph, storage)) {
    if (plan_ != nullptr) weights_ = zeros(plan_->weight_floats);
    if (weights_ == nullptr || !allocate()) fail_allocation();
  }

  static Error make(const Graph& graph, int threads, std::optional<AnyNetwork>& result,
                    Storage storage, Forward forward) {
    result.reset();
    if (auto error = check_graph(graph)) return error;
    if (threads < 1 || threads > kMostThreads)
      return Error::of("expected from 1 to ", kMostThreads, " threads, found ", threads);
    return with_memory_for(graph.title, [&] {
      AnyNetwork network(threads, forward);
      network.graph_.reset(new (std::nothrow) Graph(graph));
      network.plan_ = new_plan(graph, storage);
      if (network.graph_ == nullptr || network.plan_ == nullptr) return out_of_memory(graph.title);
      const Plan& plan = network.plan();
      if (auto error = check_memory(plan, threads)) return error;
      network.weights_ = zeros(plan.weight_floats);
      if (network.weights_ == nullptr || !network.allocate()) return out_of_memory(graph.title);
      result.emplace(std::move(network));
      return Error();
    });
  }

  /// Plans the next graph, and allocates what it needs.
  Error reserve_next() {
    if (auto error = check_graph(*next_graph_)) return error;
    replace_plan(*next_plan_, *next_graph_, traits().storage);
    const std::string_view title = next_graph_->title;
    if (next_plan_->weight_floats != plan_->weight_floats ||
        next_plan_->layer_count != plan_->layer_count)
      return Error::of(title, ": another network than the one that is resized");
    if (auto error = check_memory(*next_plan_, threads_)) return error;
    const std::array<std::size_t, 3> needed = floats_of(*next_plan_, threads_);
    const std::array<Floats*, 3> memory = {&maps_, &vectors_, &scratch_};
    std::array<Floats, 3> larger;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (memory[i]->get_deleter().bytes >= needed[i] * sizeof(float)) continue;
      larger[i] = zeros(needed[i]);
      if (larger[i] == nullptr) return out_of_memory(title);
    }
    for (std::size_t i = 0; i < needed.size(); ++i)
      if (larger[i] != nullptr) *memory[i] = std::move(larger[i]);
    return {};
  }

  /// Checks that the weights and the activations are not too many.
  static Error check_memory(const Plan& plan, int threads) {
    const auto [maps, vectors, scratch] = floats_of(plan, threads);
    for (const std::size_t floats : {plan.weight_floats, maps + vectors + scratch})
      if (floats > kMostFloats)
        return Error::of(plan.traits.name, ": needs memory for ", floats, " numbers, of at most ",
                         kMostFloats);
    return {};
  }

  /// Returns zeros; null if there is no memory.
  static Floats zeros(std::size_t count) {
    const std::size_t bytes = count * sizeof(float);
    void* const memory = HugePageMemory::allocate(bytes);
    if (memory == nullptr) return {};
    return {new (memory) float[count](), Free(bytes)};
  }

  /// Returns how many numbers activations take of each kind: maps, vectors, scratch.
  static std::array<std::size_t, 3> floats_of(const Plan& plan, int threads) {
    return {plan.map_floats, plan.vector_floats,
            plan.scratch_floats * static_cast<std::size_t>(threads)};
  }

  /// Allocates what is not shared; returns false if there is no memory.
  bool allocate() {
    const auto [maps, vectors, scratch] = floats_of(*plan_, threads_);
    maps_ = zeros(maps);
    vectors_ = zeros(vectors);
    scratch_ = zeros(scratch);
    return maps_ != nullptr && vectors_ != nullptr && scratch_ != nullptr;
  }

  int threads_;
  Forward forward_;
  std::unique_ptr<Graph> graph_, next_graph_;  // next: memory for those of another size
  std::unique_ptr<Plan> plan_, next_plan_;
  std::shared_ptr<float[]> weights_;
  Floats maps_, vectors_, scratch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_NETWORK_HPP
// from pplcnet/weights/stored_as.hpp
#ifndef PPLCNET_WEIGHTS_STORED_AS_HPP
#define PPLCNET_WEIGHTS_STORED_AS_HPP

#include <optional>
#include <string_view>


#if PPLCNET_HAS_DEFINITIONS
#include <utility>

#endif

// A network with its weights in another storage.

namespace pplcnet::inline PPLCNET_ABI {

/// Says what `StoredAs` is: a published model stays one.
template <class Net, Storage kStorage>
struct StoredDefinition : Net::Definition {
  static constexpr Storage storage = kStorage;
};

/// Any network with its weights in a storage that is asked for, such as
/// `StoredAs<models::PPLCNet_x0_25, Storage::half_head>`. Whatever file the network loads, this
/// loads, too, and rounds to float16 what is to be float16; a number that float16 cannot hold is an
/// error that names its tensor.
template <class Net, Storage kStorage>
using StoredAs = NetworkOf<StoredDefinition<Net, kStorage>>;

/// Stores the same of a network that is known only when the program runs: a copy for one thread.
/// `name` is for messages.
PPLCNET_INLINE Error store_as(Storage storage, const AnyNetwork& network, std::string_view name,
                              std::optional<AnyNetwork>& result);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error store_as(Storage storage, const AnyNetwork& network, std::string_view name,
                              std::optional<AnyNetwork>& result) {
  std::optional<AnyNetwork> stored;
  if (auto error = network.make_empty(storage, stored))
    return Error::of(name, ": ", error.message());
  copy_packed(network.layers(), network.weights(), stored->layers(), stored->weights());
  if (auto error = check_packed(stored->layers(), stored->weights(), name, kWhenStored))
    return error;
  result = std::move(stored);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STORED_AS_HPP

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// from pplcnet/weights/safetensors/writer.hpp
#ifndef PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

namespace safetensors {

/// The data begin at a multiple of this, so that a file in memory can be used in place.
inline constexpr std::size_t kDataAlignment = FileBytes::kAlignment;

/// `text` as a JSON string.
inline std::string json_string(std::string_view text) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      json += {'\\', character};
    } else if (byte < 0x20) {
      json += {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      json += character;
    }
  }
  return json + '"';
}

inline std::string json_object(const std::vector<std::string>& members) {
  std::string json;
  for (const std::string& member : members) json += (json.empty() ? "" : ",") + member;
  return "{" + json + "}";
}

/// Says what makes the contents impossible to write.
inline Error check_contents(const TensorFile& file, std::string_view path) {
  if (file.tensors.size() > kMaxTensors || file.metadata.size() > kMaxTexts) {
    return Error::of(path, ": expected at most ", kMaxTensors, " tensors and ", kMaxTexts,
                     " metadata, found ", file.tensors.size(), " and ", file.metadata.size());
  }
  std::set<std::string_view> names = {kMetadataKey};
  for (const Tensor& tensor : file.tensors) {
    const std::string name = quote(tensor.name);
    if (!is_utf8(tensor.name)) {
      return Error::of(path, ": tensor ", name, ": expected a name in UTF-8");
    }
    if (!names.insert(tensor.name).second) {
      return Error::of(path, ": tensor ", name, ": expected a name that is not taken");
    }
    const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
    if (tensor.shape.size() > kMaxRank || size != tensor.data.size()) {
      return Error::of(path, ": tensor ", name, ": expected the bytes of ",
                       describe(tensor.type, tensor.shape), ", found ", tensor.data.size());
    }
  }
  std::set<std::string_view> keys;
  for (const auto& [key, value] : file.metadata) {
    if (!is_utf8(key) || !is_utf8(value) || !keys.insert(key).second) {
      return Error::of(path, ": metadata ", quote(key),
                       ": expected a key that is not taken and a value, both in UTF-8");
    }
  }
  return {};
}

/// Writes the part of the file before the data: the header's size, and the header padded with
/// spaces.
inline Error make_header(const TensorFile& file, std::string_view path,
                         std::vector<std::byte>& header) {
  if (auto error = check_contents(file, path)) return error;
  std::vector<std::string> members;
  if (!file.metadata.empty()) {
    std::vector<std::string> texts;
    for (const auto& [key, value] : file.metadata) {
      texts.push_back(join({json_string(key), ":", json_string(value)}));
    }
    members.push_back(join({json_string(kMetadataKey), ":", json_object(texts)}));
  }
  std::size_t begin = 0;
  for (const Tensor& tensor : file.tensors) {
    const std::size_t end = begin + tensor.data.size();
    std::string shape;
    for (const std::int64_t dimension : tensor.shape) {
      shape += join({shape.empty() ? "" : ",", dimension});
    }
    members.push_back(
        join({json_string(tensor.name), ":{\"dtype\":\"", name_of(tensor.type), "\",\"shape\":[",
              shape, "],\"data_offsets\":[", begin, ",", end, "]}"}));
    begin = end;
  }
  std::string text = json_object(members);
  const std::size_t used = sizeof(std::uint64_t) + text.size();
  text.append((kDataAlignment - used % kDataAlignment) % kDataAlignment, ' ');
  if (text.size() > kMaxHeaderBytes) {
    return Error::of(path, ": expected a header of at most ", kMaxHeaderBytes, " bytes, found ",
                     text.size());
  }
  const auto size = to_little_endian(std::uint64_t{text.size()});
  const auto content = std::as_bytes(std::span(text));
  header.assign(size.begin(), size.end());
  header.insert(header.end(), content.begin(), content.end());
  return {};
}

}  // namespace safetensors

/// Writes tensors and metadata, both in their order, as a safetensors file; `target` names it, not
/// `file.path`.
inline Error write_safetensors(NewFile& target, const TensorFile& file) {
  std::vector<std::byte> header;
  if (auto error = safetensors::make_header(file, target.path(), header)) return error;
  std::vector<std::span<const std::byte>> pieces = {header};
  for (const Tensor& tensor : file.tensors) pieces.push_back(tensor.data);
  return target.write(pieces);
}

/// Writes the same, and gives it its name: the file is complete or, after an error, not there.
inline Error write_safetensors(std::string_view path, const TensorFile& file) {
  NewFile target(path);
  if (auto error = write_safetensors(target, file)) return error;
  return target.publish();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_WRITER_HPP
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns element i of the self-test's input: in [-1, 1), exact in float32 on any machine.
constexpr float self_test_input(std::size_t i) {
  std::uint64_t bits = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 32)) * 0xD6E8FEB86659FD93u;
  bits = (bits ^ (bits >> 32)) >> 40;
  return static_cast<float>(static_cast<std::int64_t>(bits) - (1 << 23)) / (1 << 23);
}

/// Writes a native file: packed weights, what the network is (metadata), labels, preprocessing,
/// and the output that `self_test` checks. `storage` may be another than the network's: with
/// Storage::half the file is half as large, and any type of the network loads it.
PPLCNET_INLINE Error save(NewFile& target, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage);

template <class Weights>
Error save(NewFile& target, const Weights& weights, ModelInfo info = {},
           Storage storage = Weights::Network::traits.storage) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return with_memory_for(target.path(), [&]() -> Error {
    return save(target, AnyNetwork::of(weights), info, storage);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
template <class Weights>
Error save(std::string_view path, const Weights& weights, const ModelInfo& info = {},
           Storage storage = Weights::Network::traits.storage) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save(target, weights, info, storage)) return error;
    return target.publish();
  });
}

PPLCNET_INLINE Error save(std::string_view path, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage);

/// Computes the self-test of a native file and compares it with what the writer got: within 1e-4
/// of its largest number, which leaves room for a CPU without fused multiply-add.
PPLCNET_INLINE Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                                     const AnyNetwork& network);
PPLCNET_INLINE Error self_test(std::string_view path, const AnyNetwork& network);

template <class Weights>
Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                      const Weights& weights) {
  return with_memory_for(
      path, [&]() -> Error { return self_test_bytes(bytes, path, AnyNetwork::of(weights)); });
}

/// Saves the same, from a file.
template <class Weights>
Error self_test(std::string_view path, const Weights& weights) {
  return with_memory_for(path, [&]() -> Error { return self_test(path, AnyNetwork::of(weights)); });
}

#if PPLCNET_HAS_DEFINITIONS
namespace self_testing {

/// Computes the output for the self-test's input: of each output the means of its channels.
inline std::vector<float> output(AnyNetwork network) {
  const Shape input = network.input_shape();
  std::vector<float> image(static_cast<std::size_t>(input.size()));
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = self_test_input(i);
  const std::span<const int> requested(network.plan().outputs,
                                       static_cast<std::size_t>(network.plan().output_count));
  std::vector<std::vector<float>> outputs;
  std::vector<float*> destinations(network.layers().size());
  for (const int layer : requested) {
    const auto index = static_cast<std::size_t>(layer);
    outputs.emplace_back(static_cast<std::size_t>(network.layers()[index].output.size()));
    destinations[index] = outputs.back().data();
  }
  network.run(Picture::planar(image.data(), input), destinations);
  std::vector<float> result;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Shape shape = network.layers()[static_cast<std::size_t>(requested[i])].output;
    const float* value = outputs[i].data();
    for (int channel = 0; channel < shape.channels; ++channel) {
      double sum = 0;
      for (std::int64_t pixel = 0; pixel < shape.pixels(); ++pixel) sum += *value++;
      result.push_back(static_cast<float>(sum / static_cast<double>(shape.pixels())));
    }
  }
  return result;
}

}  // namespace self_testing

PPLCNET_INLINE Error save(NewFile& target, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage) {
  return with_memory_for(target.path(), [&]() -> Error {
    if (auto error = check_info(info, network.traits().label_count, target.path())) return error;
    std::optional<AnyNetwork> stored;
    if (auto error = store_as(storage, network, target.path(), stored)) return error;
    const NetworkTraits& traits = stored->traits();
    const Extent input = traits.input;
    TensorFile file;
    file.metadata = {{"format", std::string(kNativeFormat)},
                     {"format_version", std::string(kNativeVersion)},
                     {"network", std::string(traits.name)},
                     {"input", join({input.height, "x", input.width})}};
    for (auto& entry : describe(stored->layers(), traits))
      file.metadata.push_back(std::move(entry));
    add_info(info, file.metadata);
    const std::span<const float> values = std::as_const(*stored).weights();
    native::for_each_tensor(stored->layers(), [&](const std::string& name, DataType type,
                                                  const std::vector<std::int64_t>& shape,
                                                  std::size_t offset, std::size_t size) {
      file.tensors.push_back({.name = name,
                              .type = type,
                              .shape = shape,
                              .data = std::as_bytes(values.subspan(offset, size))});
    });
    const std::vector<float> output = self_testing::output(*stored);
    file.tensors.push_back({.name = std::string(kSelfTest),
                            .type = DataType::f32,
                            .shape = {static_cast<std::int64_t>(output.size())},
                            .data = std::as_bytes(std::span(output))});
    return write_safetensors(target, file);
  });
}

PPLCNET_INLINE Error save(std::string_view path, const AnyNetwork& network, const ModelInfo& info,
                          Storage storage) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save(target, network, info, storage)) return error;
    return target.publish();
  });
}

PPLCNET_INLINE Error self_test_bytes(std::span<const std::byte> bytes, std::string_view path,
                                     const AnyNetwork& network) {
  return with_memory_for(path, [&]() -> Error {
    TensorFile file;
    if (auto error = parse_safetensors(bytes, path, file)) return error;
    const Tensor* tensor = file.find(kSelfTest);
    if (tensor == nullptr) return Error::of(path, ": has no self-test (", kSelfTest, ")");
    const std::vector<float> found = self_testing::output(network);
    if (tensor->type != DataType::f32 ||
        tensor->shape != std::vector{static_cast<std::int64_t>(found.size())})
      return Error::of(path, ": ", kSelfTest, ": expected F32 [", found.size(), "], found ",
                       describe(tensor->type, tensor->shape));
    std::vector<float> expected(found.size());
    to_float(*tensor, expected);
    float largest = 0;
    for (const float value : expected) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (!(std::abs(found[i] - expected[i]) <= 1e-4f * largest))
        return Error::of(path, ": self-test: number ", i, " of the output is ",
                         std::to_string(found[i]), ", the file says ", std::to_string(expected[i]));
    return {};
  });
}

PPLCNET_INLINE Error self_test(std::string_view path, const AnyNetwork& network) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return self_test_bytes(std::as_const(bytes).bytes(), path, network);
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAVE_HPP

// Pictures in, labels out.
// from pplcnet/classifier.hpp
#ifndef PPLCNET_CLASSIFIER_HPP
#define PPLCNET_CLASSIFIER_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/classifier_state.hpp
#ifndef PPLCNET_CLASSIFIER_STATE_HPP
#define PPLCNET_CLASSIFIER_STATE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/image/preprocessing.hpp
#ifndef PPLCNET_IMAGE_PREPROCESSING_HPP
#define PPLCNET_IMAGE_PREPROCESSING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// from pplcnet/image/normalisation.hpp
#ifndef PPLCNET_IMAGE_NORMALISATION_HPP
#define PPLCNET_IMAGE_NORMALISATION_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// from pplcnet/image/view.hpp
#ifndef PPLCNET_IMAGE_VIEW_HPP
#define PPLCNET_IMAGE_VIEW_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


namespace pplcnet::inline PPLCNET_ABI {

/// Channels of what a network sees: red, green and blue.
inline constexpr int kImageChannels = 3;

/// The order of a pixel's 8-bit channels in memory. OpenCV's pictures are `bgr`.
/// Alpha is ignored, as OpenCV's and Pillow's conversions to RGB do; `grey` stands for three equal
/// channels.
enum class PixelFormat : unsigned char { rgb, bgr, rgba, bgra, grey };

/// Where the channels of a pixel are, in bytes from where it is, and its right neighbour: of a
/// format, or of any array with strides, such as planes or a picture that is mirrored.
struct PixelLayout {
  std::ptrdiff_t bytes = kImageChannels;
  std::ptrdiff_t red = 0, green = 1, blue = 2;

  constexpr bool operator==(const PixelLayout&) const = default;
};

constexpr PixelLayout layout_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::bgr:
      return {.bytes = 3, .red = 2, .green = 1, .blue = 0};
    case PixelFormat::rgba:
      return {.bytes = 4, .red = 0, .green = 1, .blue = 2};
    case PixelFormat::bgra:
      return {.bytes = 4, .red = 2, .green = 1, .blue = 0};
    case PixelFormat::grey:
      return {.bytes = 1, .red = 0, .green = 0, .blue = 0};
    case PixelFormat::rgb:
      break;
  }
  return {};
}

/// Width and height in pixels.
struct ImageSize {
  int width = 0;
  int height = 0;

  constexpr bool operator==(const ImageSize&) const = default;
};

/// A rectangle of pixels inside a picture.
struct CropWindow {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  /// Returns the bytes of its pixels when its rows have no gaps.
  constexpr std::size_t byte_count() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kImageChannels;
  }
};

/// Refers to a decoded picture of 8 bits a channel, the first row on top. It owns
/// nothing: the pixels must stay where they are while it is used.
///
///     ImageView(mat.data, mat.cols, mat.rows, PixelFormat::bgr, mat.step)  // a cv::Mat of CV_8UC3
struct ImageView {
  constexpr ImageView() = default;
  /// `row_stride` is in bytes from a row to the next, 0 for rows without gaps. The format has no
  /// default: of a picture whose channels are taken for others, a wrong class is all one would see.
  constexpr ImageView(const std::uint8_t* first_pixel, int columns, int rows,
                      PixelFormat pixel_format, std::size_t row_stride = 0)
      : ImageView(first_pixel, columns, rows, layout_of(pixel_format),
                  row_stride != 0 ? static_cast<std::ptrdiff_t>(row_stride)
                                  : columns * layout_of(pixel_format).bytes) {}
  /// Takes any strides in bytes, which may be negative.
  constexpr ImageView(const std::uint8_t* first_pixel, int columns, int rows,
                      const PixelLayout& pixel_layout, std::ptrdiff_t row_stride)
      : pixels(first_pixel),
        width(columns),
        height(rows),
        layout(pixel_layout),
        row_bytes(row_stride) {}

  constexpr ImageSize size() const { return {width, height}; }
  constexpr bool empty() const { return pixels == nullptr || width <= 0 || height <= 0; }
  constexpr bool is_rgb() const { return layout == PixelLayout{}; }
  constexpr const std::uint8_t* row(int y) const { return pixels + y * row_bytes; }
  constexpr const std::uint8_t* pixel(int x, int y) const { return row(y) + x * layout.bytes; }

  const std::uint8_t* pixels = nullptr;
  int width = 0;   ///< In pixels.
  int height = 0;  ///< In pixels.
  PixelLayout layout;
  std::ptrdiff_t row_bytes = 0;  ///< From a row to the next.
};

/// Writes the pixels of `window`, a part of `source`, to `out` as RGB, rows without gaps.
inline void copy_window(ImageView source, CropWindow window, std::uint8_t* out) {
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * kImageChannels;
  const auto [bytes, red, green, blue] = source.layout;
  for (int y = window.top; y < window.top + window.height; ++y) {
    const std::uint8_t* pixel = source.pixel(window.left, y);
    if (source.is_rgb()) {
      std::memcpy(out, pixel, row_bytes);
      out += row_bytes;
      continue;
    }
    for (int x = 0; x < window.width; ++x, pixel += bytes) {
      *out++ = pixel[red];
      *out++ = pixel[green];
      *out++ = pixel[blue];
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_VIEW_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Order of the tensor's planes.
enum class ChannelOrder { rgb, bgr };

/// In which order, and with which roundings to float, a pixel x in 0 ... 255 becomes a number.
enum class NormalisationFormula {
  paddle,  ///< (x * scale - mean) / deviation, every step in float (PaddleClas NormalizeImage).
  timm,    ///< (x / 255 - mean) / deviation, every step in float (torchvision ToTensor, Normalize).
  paddle_detection,  ///< The same, but mean and deviation are doubles (PaddleDetection).
  paddlex,  ///< x * alpha + beta in float, alpha = scale / deviation and beta = -mean / deviation
            ///< in double (PaddleX 3 Normalize).
};

/// Pixels to numbers. The constants are doubles as in the reference's configuration files.
struct Normalisation {
  NormalisationFormula formula = NormalisationFormula::paddle;
  double scale = 1.0 / 255.0;                               ///< timm does not use it.
  std::array<double, 3> mean = {0.485, 0.456, 0.406};       ///< Of plane 0, 1, 2 of the tensor.
  std::array<double, 3> deviation = {0.229, 0.224, 0.225};  ///< Of plane 0, 1, 2 of the tensor.
};

/// Returns value x of plane `plane`.
///
/// Each float operation is done in double and rounded to float at once. For two floats and one of
/// + - * / that gives the float result exactly (53 bits are at least 2 * 24 + 2), while no compiler
/// can fuse a product with the next sum across the conversion or keep more bits than float has.
constexpr float normalised(const Normalisation& normalisation, std::size_t plane, int x) {
  const double scale = normalisation.scale;
  const double mean = normalisation.mean[plane];
  const double deviation = normalisation.deviation[plane];
  if (normalisation.formula == NormalisationFormula::paddlex) {
    const auto alpha = static_cast<float>(scale / deviation);
    const auto beta = static_cast<float>(-mean / deviation);
    const auto scaled = static_cast<float>(x * double{alpha});
    return static_cast<float>(double{scaled} + double{beta});
  }
  const auto scaled = normalisation.formula == NormalisationFormula::timm
                          ? static_cast<float>(x / 255.0)
                          : static_cast<float>(x * double{static_cast<float>(scale)});
  if (normalisation.formula == NormalisationFormula::paddle_detection) {
    const auto centred = static_cast<float>(double{scaled} - mean);
    return static_cast<float>(double{centred} / deviation);
  }
  const auto centred = static_cast<float>(double{scaled} - double{static_cast<float>(mean)});
  return static_cast<float>(double{centred} / double{static_cast<float>(deviation)});
}

/// Returns all values of one plane.
constexpr std::array<float, 256> normalisation_table(const Normalisation& normalisation,
                                                     std::size_t plane) {
  std::array<float, 256> table{};
  for (int x = 0; x < 256; ++x) {
    table[static_cast<std::size_t>(x)] = normalised(normalisation, plane, x);
  }
  return table;
}

/// Returns the tables of all planes.
constexpr std::array<std::array<float, 256>, kImageChannels> normalisation_tables(
    const Normalisation& normalisation) {
  std::array<std::array<float, 256>, kImageChannels> tables = {};
  for (std::size_t plane = 0; plane < kImageChannels; ++plane)
    tables[plane] = normalisation_table(normalisation, plane);
  return tables;
}

/// Makes planes of floats of interleaved RGB pixels; both spans have the same size, a multiple of
/// 3.
inline void normalise(const Normalisation& normalisation, ChannelOrder order,
                      std::span<const std::uint8_t> rgb, std::span<float> planes) {
  const std::size_t pixel_count = rgb.size() / kImageChannels;
  for (std::size_t plane = 0; plane < kImageChannels; ++plane) {
    const std::array<float, 256> table = normalisation_table(normalisation, plane);
    const std::size_t channel = order == ChannelOrder::rgb ? plane : 2 - plane;
    float* out = planes.data() + plane * pixel_count;
    for (std::size_t i = 0; i < pixel_count; ++i) out[i] = table[rgb[i * kImageChannels + channel]];
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_NORMALISATION_HPP
// from pplcnet/image/resize_opencv.hpp
#ifndef PPLCNET_IMAGE_RESIZE_OPENCV_HPP
#define PPLCNET_IMAGE_RESIZE_OPENCV_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/image/rounding.hpp
#ifndef PPLCNET_IMAGE_ROUNDING_HPP
#define PPLCNET_IMAGE_ROUNDING_HPP

#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns the product, sum or quotient `value`, rounded to double as the language defines it.
///
/// A compiler may fuse a product with the addition that consumes it and so leave out the rounding
/// between them (g++ does under -march=native). The reference programs were built without; one
/// different last bit can move a pixel by one. What has been through a volatile object is rounded.
inline double rounded(double value) {
  const volatile double memory = value;
  return memory;
}

/// Returns the nearest integer, ties to the even one: Python's round(), the x86 conversion that
/// OpenCV uses.
/// |value| < 2^53.
constexpr std::int64_t round_half_even(double value) {
  auto floor = static_cast<std::int64_t>(value);
  if (static_cast<double>(floor) > value) --floor;
  const double fraction = value - static_cast<double>(floor);  // exact
  const bool up = fraction > 0.5 || (fraction == 0.5 && floor % 2 != 0);
  return up ? floor + 1 : floor;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ROUNDING_HPP

// cv2.resize(..., INTER_LINEAR) on 8-bit pictures, bit for bit (imgproc/src/resize.cpp, as its x86
// builds compute it): two taps per axis whatever the scale, in fixed point. OpenCV computes exact
// halves by other code, the mean of each 2 x 2 square rounded half up; these taps give the same.

namespace pplcnet::inline PPLCNET_ABI {

/// Two neighbouring source pixels, `first` and `first + 1`, and how much each contributes.
struct LinearTaps {
  static constexpr int kOne = 2048;  // the weights' fixed point: 11 bits after the point

  int first = 0;
  int weight0 = kOne;
  int weight1 = 0;
};

/// Returns the taps of pixel `i` of an axis that shrinks by `scale`; `first` may be outside the
/// picture.
inline LinearTaps linear_taps(int i, double scale) {
  const auto position = static_cast<float>(rounded((i + 0.5) * scale) - 0.5);
  const float first = std::floor(position);
  // Float arithmetic done in double and rounded once gives the float result on every compiler.
  const auto fraction = static_cast<float>(double{position} - double{first});
  const auto complement = static_cast<float>(1.0 - double{fraction});
  return {static_cast<int>(first),
          static_cast<int>(round_half_even(double{complement} * LinearTaps::kOne)),
          static_cast<int>(round_half_even(double{fraction} * LinearTaps::kOne))};
}

/// Returns source pixels per output pixel; inverted twice like the original, for the sake of its
/// rounding.
inline double linear_scale(int source, int resized) {
  return 1.0 / (static_cast<double>(resized) / static_cast<double>(source));
}

/// Storage of resize_opencv_linear; reuse it, and pictures of a size seen before allocate nothing.
struct OpenCvScratch {
  /// Where the values of a column of the result come from.
  struct Column {
    std::ptrdiff_t offset0, offset1;  // in bytes, inside a row
    int weight0, weight1;
  };
  std::vector<Column> columns;
  std::vector<std::int16_t> upper, lower;  // two source rows, interpolated horizontally
};

/// Plans the columns of `window`. Outside the picture its border pixel counts alone.
inline void plan_columns(int source_width, std::ptrdiff_t pixel_bytes, int resized_width,
                         CropWindow window, std::vector<OpenCvScratch::Column>& columns) {
  const double scale = linear_scale(source_width, resized_width);
  columns.clear();
  for (int x = window.left; x < window.left + window.width; ++x) {
    LinearTaps taps = linear_taps(x, scale);
    const int last = source_width - 1;
    if (taps.first < 0 || taps.first >= last) taps = {std::clamp(taps.first, 0, last)};
    columns.push_back({taps.first * pixel_bytes, std::min(taps.first + 1, last) * pixel_bytes,
                       taps.weight0, taps.weight1});
  }
}

/// Interpolates one source row at the planned columns, as RGB. 7 bits after the point: the vertical
/// step drops 4 of 11.
inline void interpolate_row(const std::uint8_t* row, PixelLayout layout,
                            std::span<const OpenCvScratch::Column> columns, std::int16_t* out) {
  for (const OpenCvScratch::Column& column : columns) {
    for (const std::ptrdiff_t channel : {layout.red, layout.green, layout.blue}) {
      const int sum = row[column.offset0 + channel] * column.weight0 +
                      row[column.offset1 + channel] * column.weight1;
      *out++ = static_cast<std::int16_t>(sum >> 4);
    }
  }
}

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, RGB
/// interleaved without gaps; nothing outside the window is computed.
///
/// `source` is not empty, `window` lies inside `resized`, `out` has window.byte_count() bytes and
/// does not overlap the source.
inline void resize_opencv_linear(ImageView source, ImageSize resized, CropWindow window,
                                 std::span<std::uint8_t> out, OpenCvScratch& scratch) {
  if (resized == source.size()) return copy_window(source, window, out.data());

  const PixelLayout layout = source.layout;
  plan_columns(source.width, layout.bytes, resized.width, window, scratch.columns);
  const std::size_t row_values = static_cast<std::size_t>(window.width) * kImageChannels;
  scratch.upper.resize(row_values);
  scratch.lower.resize(row_values);
  int upper_row = -1;  // which source rows the buffers hold
  int lower_row = -1;

  const double scale = linear_scale(source.height, resized.height);
  std::uint8_t* pixel = out.data();
  for (int y = window.top; y < window.top + window.height; ++y) {
    // Unlike a column, a row outside the picture keeps its weights and reads the border row twice.
    const LinearTaps taps = linear_taps(y, scale);
    const int needed_upper = std::clamp(taps.first, 0, source.height - 1);
    const int needed_lower = std::clamp(taps.first + 1, 0, source.height - 1);
    if (needed_upper == lower_row) {
      std::swap(scratch.upper, scratch.lower);
      std::swap(upper_row, lower_row);
    }
    if (needed_upper != upper_row) {
      interpolate_row(source.row(needed_upper), layout, scratch.columns, scratch.upper.data());
      upper_row = needed_upper;
    }
    if (needed_lower != lower_row) {
      interpolate_row(source.row(needed_lower), layout, scratch.columns, scratch.lower.data());
      lower_row = needed_lower;
    }
    const std::int16_t* upper = scratch.upper.data();
    const std::int16_t* lower = scratch.lower.data();
    for (std::size_t i = 0; i < row_values; ++i) {
      // Each product is cut to 2 bits after the point on its own, then the sum is rounded.
      const int sum = ((taps.weight0 * upper[i]) >> 16) + ((taps.weight1 * lower[i]) >> 16);
      *pixel++ = static_cast<std::uint8_t>((sum + 2) >> 2);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_OPENCV_HPP
// from pplcnet/image/resize_opencv_cubic.hpp
#ifndef PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP
#define PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>


// cv2.resize(..., INTER_CUBIC) on 8-bit pictures, bit for bit (imgproc/src/resize.cpp, as its x86
// builds compute it): four taps per axis whatever the scale; across in fixed point, down in floats,
// but for the last values of a row, which fill no vector of eight.

namespace pplcnet::inline PPLCNET_ABI {

/// Four neighbouring source pixels from `first` on, which may be outside the picture, and how much
/// each contributes, with 11 bits after the point.
struct CubicTaps {
  static constexpr int kCount = 4;
  int first = 0;
  std::array<int, kCount> weights = {};
};

/// Returns the taps of pixel `i` of an axis that shrinks by `scale`.
inline CubicTaps cubic_taps(int i, double scale) {
  // Each operation of floats is done in double and rounded at once, as in normalisation.hpp.
  const auto sum = [](float a, float b) { return static_cast<float>(double{a} + double{b}); };
  const auto product = [](float a, float b) { return static_cast<float>(double{a} * double{b}); };
  constexpr float kA = -0.75F;
  const auto position = static_cast<float>(rounded((i + 0.5) * scale) - 0.5);
  const float floor = std::floor(position), x = sum(position, -floor);
  const float after = sum(x, 1), before = sum(1, -x);
  // The two inner ones: ((A + 2) · x - (A + 3)) · x² + 1.
  const auto inner = [&](float t) {
    return sum(product(product(sum(product(kA + 2, t), -(kA + 3)), t), t), 1);
  };
  const float first =
      sum(product(sum(product(sum(product(kA, after), -5 * kA), after), 8 * kA), after), -4 * kA);
  const float second = inner(x), third = inner(before);
  const float values[] = {first, second, third, sum(sum(sum(1, -first), -second), -third)};
  CubicTaps taps = {static_cast<int>(floor) - 1};
  for (std::size_t k = 0; k < taps.weights.size(); ++k)
    taps.weights[k] = static_cast<int>(round_half_even(double{values[k]} * LinearTaps::kOne));
  return taps;
}

/// Storage of resize_opencv_cubic; reuse it, and sizes seen before allocate nothing.
struct OpenCvCubicScratch {
  /// Where the values of a column of the result come from.
  struct Column {
    std::array<std::ptrdiff_t, CubicTaps::kCount> offsets;  // in bytes, inside a row
    std::array<int, CubicTaps::kCount> weights;
  };
  std::vector<Column> columns;
  std::array<std::vector<int>, CubicTaps::kCount> rows;  // of the source, interpolated across
};

/// Interpolates one source row at the planned columns, as RGB.
inline void interpolate_row(const std::uint8_t* row, PixelLayout layout,
                            std::span<const OpenCvCubicScratch::Column> columns, int* out) {
  for (const OpenCvCubicScratch::Column& column : columns)
    for (const std::ptrdiff_t channel : {layout.red, layout.green, layout.blue}) {
      int sum = 0;
      for (std::size_t k = 0; k < column.offsets.size(); ++k)
        sum += row[column.offsets[k] + channel] * column.weights[k];
      *out++ = sum;
    }
}

/// Returns one value of four rows, computed as in vectors.
inline std::uint8_t cubic_value_in_vector(const std::array<int, 4>& rows,
                                          const std::array<int, 4>& weights) {
  constexpr double kUnit = 1.0 / (LinearTaps::kOne * LinearTaps::kOne);
  const auto product = [&](std::size_t k) {
    return static_cast<float>(double{static_cast<float>(rows[k])} * (weights[k] * kUnit));
  };
  float sum = product(3);
  for (const std::size_t k : {2U, 1U, 0U})
    sum = static_cast<float>(double{product(k)} + double{sum});
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(round_half_even(double{sum}), 0, 255));
}

/// Returns the same, computed alone.
inline std::uint8_t cubic_value_alone(const std::array<int, 4>& rows,
                                      const std::array<int, 4>& weights) {
  constexpr int kBits = 22;
  int sum = 1 << (kBits - 1);
  for (std::size_t k = 0; k < rows.size(); ++k) sum += rows[k] * weights[k];
  return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

/// Plans the columns of `window`.
inline void plan_columns(ImageView source, int resized_width, CropWindow window,
                         std::vector<OpenCvCubicScratch::Column>& columns) {
  const double scale = linear_scale(source.width, resized_width);
  columns.clear();
  for (int x = window.left; x < window.left + window.width; ++x) {
    const CubicTaps taps = cubic_taps(x, scale);
    OpenCvCubicScratch::Column column = {.offsets = {}, .weights = taps.weights};
    for (int k = 0; k < CubicTaps::kCount; ++k)
      column.offsets[static_cast<std::size_t>(k)] =
          std::clamp(taps.first + k, 0, source.width - 1) * source.layout.bytes;
    columns.push_back(column);
  }
}

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, as
/// resize_opencv_linear does.
inline void resize_opencv_cubic(ImageView source, ImageSize resized, CropWindow window,
                                std::span<std::uint8_t> out, OpenCvCubicScratch& scratch) {
  if (resized == source.size()) return copy_window(source, window, out.data());
  plan_columns(source, resized.width, window, scratch.columns);
  constexpr std::size_t kVector = 8;
  const std::size_t first = static_cast<std::size_t>(window.left) * kImageChannels;
  const std::size_t whole =
      static_cast<std::size_t>(resized.width) * kImageChannels / kVector * kVector;
  const std::size_t values = static_cast<std::size_t>(window.width) * kImageChannels;
  const std::size_t in_vectors = std::clamp(whole, first, first + values) - first;
  for (std::vector<int>& row : scratch.rows) row.resize(values);

  std::array<int, CubicTaps::kCount> held;  // which source rows the buffers have
  held.fill(-1);
  const double scale = linear_scale(source.height, resized.height);
  std::uint8_t* pixel = out.data();
  for (int y = window.top; y < window.top + window.height; ++y) {
    const CubicTaps taps = cubic_taps(y, scale);
    std::array<const int*, CubicTaps::kCount> rows;
    for (int k = 0; k < CubicTaps::kCount; ++k) {
      // Any four rows of the source that follow each other are in four buffers.
      const int wanted = std::clamp(taps.first + k, 0, source.height - 1);
      const auto place = static_cast<std::size_t>(wanted % CubicTaps::kCount);
      if (held[place] != wanted)
        interpolate_row(source.row(wanted), source.layout, scratch.columns,
                        scratch.rows[place].data());
      held[place] = wanted;
      rows[static_cast<std::size_t>(k)] = scratch.rows[place].data();
    }
    const auto four = [&](std::size_t i) {
      return std::array{rows[0][i], rows[1][i], rows[2][i], rows[3][i]};
    };
    for (std::size_t i = 0; i < in_vectors; ++i)
      *pixel++ = cubic_value_in_vector(four(i), taps.weights);
    for (std::size_t i = in_vectors; i < values; ++i)
      *pixel++ = cubic_value_alone(four(i), taps.weights);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_OPENCV_CUBIC_HPP
// from pplcnet/image/resize_pillow.hpp
#ifndef PPLCNET_IMAGE_RESIZE_PILLOW_HPP
#define PPLCNET_IMAGE_RESIZE_PILLOW_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>


// PIL.Image.resize() on 8-bit pictures, bit for bit (libImaging/Resample.c): a filter that widens
// when the picture shrinks, horizontally, rounded to 8 bits, then vertically, in fixed point.

namespace pplcnet::inline PPLCNET_ABI {

enum class PillowFilter { bilinear, bicubic };

/// Returns half width of a filter, in source pixels when the picture does not shrink.
constexpr double filter_support(PillowFilter filter) {
  return filter == PillowFilter::bilinear ? 1.0 : 2.0;
}

/// Returns the filter at distance `x` of its centre; the cubic one is Keys' with a = -1/2.
inline double filter_weight(PillowFilter filter, double x) {
  x = std::abs(rounded(x));
  if (filter == PillowFilter::bilinear) return x < 1.0 ? 1.0 - x : 0.0;
  if (x < 1.0) return rounded((rounded(1.5 * x) - 2.5) * x * x) + 1.0;
  if (x < 2.0) return (rounded((rounded((x - 5.0) * x) + 8.0) * x) - 4.0) * -0.5;
  return 0.0;
}

/// Weights of the output pixels of one axis: pixel i is the sum over k < count[i] of
/// weights[i * stride + k] times source pixel first[i] + k.
struct PillowAxis {
  static constexpr int kPrecisionBits = 22;  // of the weights, after the point

  std::vector<int> first;
  std::vector<int> count;
  std::vector<std::int32_t> weights;
  std::size_t stride = 0;
};

/// Storage of resize_pillow; reuse it, and pictures of a size seen before allocate nothing.
struct PillowScratch {
  PillowAxis horizontal, vertical;
  std::vector<double> kernel;      // of one output pixel
  std::vector<std::uint8_t> rows;  // after the horizontal pass
  std::vector<std::int32_t> sums;  // of one output row
};

/// Fills `axis` for the output pixels begin <= i < begin + size of an axis resized from `source`
/// to `resized` pixels.
inline void plan_axis(PillowFilter filter, int source, int resized, int begin, int size,
                      std::vector<double>& kernel, PillowAxis& axis) {
  const double scale = static_cast<double>(source) / static_cast<double>(resized);
  const double filter_scale = std::max(scale, 1.0);
  const double inverse_filter_scale = 1.0 / filter_scale;
  const double support = filter_support(filter) * filter_scale;
  axis.stride = static_cast<std::size_t>(std::ceil(support)) * 2 + 1;
  axis.first.clear();
  axis.count.clear();
  axis.weights.assign(axis.stride * static_cast<std::size_t>(size), 0);
  kernel.resize(axis.stride);

  for (int i = 0; i < size; ++i) {
    const double centre = rounded((begin + i + 0.5) * scale);
    // Truncated, and limited before that: what an int cannot hold must not be converted.
    const int first = static_cast<int>(std::max(0.0, centre - support + 0.5));
    const int end = static_cast<int>(std::min<double>(source, centre + support + 0.5));
    const auto count = static_cast<std::size_t>(end - first);
    double sum = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
      const double distance = static_cast<double>(first + static_cast<int>(k)) - centre + 0.5;
      kernel[k] = filter_weight(filter, distance * inverse_filter_scale);
      sum += kernel[k];
    }
    std::int32_t* weights = axis.weights.data() + static_cast<std::size_t>(i) * axis.stride;
    for (std::size_t k = 0; k < count; ++k) {
      const double weight = sum == 0.0 ? kernel[k] : kernel[k] / sum;
      const double fixed = weight * (1 << PillowAxis::kPrecisionBits);
      weights[k] = static_cast<std::int32_t>(weight < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    axis.first.push_back(first);
    axis.count.push_back(static_cast<int>(count));
  }
}

/// Returns a weighted sum (which starts at one half) as a pixel.
constexpr std::uint8_t pillow_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> PillowAxis::kPrecisionBits, 0, 255));
}

inline constexpr std::int32_t kPillowHalf = 1 << (PillowAxis::kPrecisionBits - 1);

/// Filters `row_count` rows of `source` from row `first_row` on, into RGB rows without gaps.
inline void filter_rows(ImageView source, int first_row, int row_count, const PillowAxis& axis,
                        std::uint8_t* out) {
  const PixelLayout layout = source.layout;
  for (int y = first_row; y < first_row + row_count; ++y) {
    const std::int32_t* weights = axis.weights.data();
    for (std::size_t i = 0; i < axis.first.size(); ++i, weights += axis.stride) {
      const std::uint8_t* pixel = source.pixel(axis.first[i], y);
      std::int32_t red = kPillowHalf;
      std::int32_t green = kPillowHalf;
      std::int32_t blue = kPillowHalf;
      for (int k = 0; k < axis.count[i]; ++k, pixel += layout.bytes) {
        red += pixel[layout.red] * weights[k];
        green += pixel[layout.green] * weights[k];
        blue += pixel[layout.blue] * weights[k];
      }
      *out++ = pillow_pixel(red);
      *out++ = pillow_pixel(green);
      *out++ = pillow_pixel(blue);
    }
  }
}

/// Filters all columns of `source`, which is RGB and whose row 0 is row `first_row` of the axis.
inline void filter_columns(ImageView source, int first_row, const PillowAxis& axis,
                           std::vector<std::int32_t>& sums, std::uint8_t* out) {
  const std::size_t row_values = static_cast<std::size_t>(source.width) * kImageChannels;
  sums.resize(row_values);
  const std::int32_t* weights = axis.weights.data();
  for (std::size_t i = 0; i < axis.first.size(); ++i, weights += axis.stride) {
    std::fill(sums.begin(), sums.end(), kPillowHalf);
    for (int k = 0; k < axis.count[i]; ++k) {
      const std::uint8_t* row = source.row(axis.first[i] - first_row + k);
      const std::int32_t weight = weights[k];
      for (std::size_t x = 0; x < row_values; ++x) sums[x] += row[x] * weight;
    }
    for (const std::int32_t sum : sums) *out++ = pillow_pixel(sum);
  }
}

/// Resizes `source` to `resized` and writes the part `window` of the result to `out`, RGB
/// interleaved without gaps; nothing outside the window is computed.
///
/// `source` is not empty, `window` lies inside `resized` and has pixels, `out` has
/// window.byte_count() bytes and does not overlap the source.
inline void resize_pillow(PillowFilter filter, ImageView source, ImageSize resized,
                          CropWindow window, std::span<std::uint8_t> out, PillowScratch& scratch) {
  // A pass over an axis that keeps its length is left out; `rows` then begins at first_row.
  int first_row = window.top;
  int row_count = window.height;
  if (resized.height != source.height) {
    plan_axis(filter, source.height, resized.height, window.top, window.height, scratch.kernel,
              scratch.vertical);
    first_row = scratch.vertical.first.front();
    row_count = scratch.vertical.first.back() + scratch.vertical.count.back() - first_row;
  }
  const CropWindow kept = {window.left, first_row, window.width, row_count};
  ImageView rows(source.pixel(kept.left, kept.top), kept.width, kept.height, source.layout,
                 source.row_bytes);
  if (resized.width != source.width) {
    plan_axis(filter, source.width, resized.width, window.left, window.width, scratch.kernel,
              scratch.horizontal);
    scratch.rows.resize(kept.byte_count());
    filter_rows(source, first_row, row_count, scratch.horizontal, scratch.rows.data());
    rows = {scratch.rows.data(), kept.width, kept.height, PixelFormat::rgb};
  } else if (!source.is_rgb()) {
    scratch.rows.resize(kept.byte_count());
    copy_window(source, kept, scratch.rows.data());
    rows = {scratch.rows.data(), kept.width, kept.height, PixelFormat::rgb};
  }
  if (resized.height != source.height) {
    filter_columns(rows, first_row, scratch.vertical, scratch.sums, out.data());
  } else {
    copy_window(rows, {0, 0, window.width, window.height}, out.data());
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESIZE_PILLOW_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The method by which a picture is resized to the height and width of the input tensor.
enum class Geometry {
  paddle_short_side,       ///< Short side to resize_short, both sides rounded; crop the centre.
  torchvision_short_side,  ///< Short side to resize_short, the long one truncated; crop the centre.
  direct,                  ///< Resize to the tensor's size whatever the shape; nothing is cropped.
};

enum class Interpolation { opencv_linear, opencv_cubic, pillow_bilinear, pillow_bicubic };

/// A pipeline from decoded pixels to the input tensor, as plain data. presets.hpp has the ones that
/// published weights were trained with.
struct Preprocessing {
  std::string_view name;  ///< Of the preset; find_preset() finds it again.
  Geometry geometry = Geometry::paddle_short_side;
  Interpolation interpolation = Interpolation::opencv_linear;
  int resize_short = 256;  ///< In pixels; Geometry::direct does not use it.
  int height = 224;        ///< Of the tensor.
  int width = 224;         ///< Of the tensor.
  ChannelOrder channel_order = ChannelOrder::rgb;
  Normalisation normalisation;

  /// Floats in the tensor, which is planar: channel, row, column.
  constexpr std::size_t tensor_size() const {
    return static_cast<std::size_t>(kImageChannels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
};

/// The size to which a picture is resized, and the part of the result that the network sees.
struct ResizePlan {
  ImageSize resized;
  CropWindow window;
};

/// Returns the plan for a picture of size `source`; none if it is empty, or the crop is larger than
/// the resized picture, or a resized side does not fit an int.
PPLCNET_INLINE std::optional<ResizePlan> resize_plan(const Preprocessing& preprocessing,
                                                     ImageSize source);

/// Storage of preprocess(); reuse it, and pictures of a size seen before allocate nothing.
struct PreprocessScratch {
  OpenCvScratch opencv;
  OpenCvCubicScratch opencv_cubic;
  PillowScratch pillow;
  std::vector<std::uint8_t> pixels;  // resized and cropped, RGB interleaved
};

/// Turns `image` into scratch.pixels: as many as the network's input has, RGB interleaved bytes,
/// which normalisation_tables() map to values.
///
/// Returns false if the image is empty or resize_plan() has no plan: a crop larger than the resized
/// image.
PPLCNET_INLINE bool resize_and_crop(const Preprocessing& preprocessing, ImageView image,
                                    PreprocessScratch& scratch);

/// Turns `image` into the input tensor `chw`: float32, planar, preprocessing.tensor_size() values.
/// The bits are those of the reference pipeline, on every machine.
///
/// Returns false and leaves `chw` alone if `chw` has another size, or for resize_and_crop().
PPLCNET_INLINE bool preprocess(const Preprocessing& preprocessing, ImageView image,
                               std::span<float> chw, PreprocessScratch& scratch);

#if PPLCNET_HAS_DEFINITIONS
/// Returns the offset of a crop that leaves `rest` pixels outside, and of which half is left on the
/// near side. Paddle rounds an odd half down, torchvision to the even neighbour.
constexpr int centre_crop_offset(Geometry geometry, int rest) {
  return geometry == Geometry::torchvision_short_side
             ? static_cast<int>(round_half_even(rest / 2.0))
             : rest / 2;
}

PPLCNET_INLINE std::optional<ResizePlan> resize_plan(const Preprocessing& preprocessing,
                                                     ImageSize source) {
  const int height = preprocessing.height;
  const int width = preprocessing.width;
  if (std::min({source.width, source.height, width, height}) <= 0) return std::nullopt;
  if (preprocessing.geometry == Geometry::direct) {
    return ResizePlan{{width, height}, {0, 0, width, height}};
  }

  const int resize_short = preprocessing.resize_short;
  const int short_side = std::min(source.width, source.height);
  const double ratio = static_cast<double>(resize_short) / short_side;
  const auto resized_side = [&](int side) -> std::int64_t {
    if (preprocessing.geometry == Geometry::paddle_short_side) {
      return round_half_even(rounded(side * ratio));
    }
    return std::int64_t{resize_short} * side / short_side;
  };
  const std::int64_t resized_width = resized_side(source.width);
  const std::int64_t resized_height = resized_side(source.height);
  if (resized_width < width || resized_height < height ||
      std::max(resized_width, resized_height) > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  const ImageSize resized{static_cast<int>(resized_width), static_cast<int>(resized_height)};
  return ResizePlan{
      resized,
      {centre_crop_offset(preprocessing.geometry, resized.width - width),
       centre_crop_offset(preprocessing.geometry, resized.height - height), width, height}};
}

PPLCNET_INLINE bool resize_and_crop(const Preprocessing& preprocessing, ImageView image,
                                    PreprocessScratch& scratch) {
  const std::optional<ResizePlan> plan = resize_plan(preprocessing, image.size());
  if (image.empty() || !plan) return false;

  std::vector<std::uint8_t>& pixels = scratch.pixels;
  pixels.resize(plan->window.byte_count());
  switch (preprocessing.interpolation) {
    case Interpolation::opencv_linear:
      resize_opencv_linear(image, plan->resized, plan->window, pixels, scratch.opencv);
      break;
    case Interpolation::opencv_cubic:
      resize_opencv_cubic(image, plan->resized, plan->window, pixels, scratch.opencv_cubic);
      break;
    case Interpolation::pillow_bilinear:
      resize_pillow(PillowFilter::bilinear, image, plan->resized, plan->window, pixels,
                    scratch.pillow);
      break;
    case Interpolation::pillow_bicubic:
      resize_pillow(PillowFilter::bicubic, image, plan->resized, plan->window, pixels,
                    scratch.pillow);
      break;
  }
  return true;
}

PPLCNET_INLINE bool preprocess(const Preprocessing& preprocessing, ImageView image,
                               std::span<float> chw, PreprocessScratch& scratch) {
  if (chw.size() != preprocessing.tensor_size() || !resize_and_crop(preprocessing, image, scratch))
    return false;
  normalise(preprocessing.normalisation, preprocessing.channel_order, scratch.pixels, chw);
  return true;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PREPROCESSING_HPP
// from pplcnet/image/results.hpp
#ifndef PPLCNET_IMAGE_RESULTS_HPP
#define PPLCNET_IMAGE_RESULTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Makes probabilities of logits, in place, with the steps of Paddle's CPU kernel (phi
/// funcs/softmax_impl.h): differences to the maximum are cut off at -64, so that no probability is
/// below exp(-64) / sum, and the sum divides as a float reciprocal.
inline void softmax(std::span<float> values) noexcept {
  if (values.empty()) return;
  const float maximum = *std::max_element(values.begin(), values.end());
  float sum = 0.0F;
  for (float& value : values) {
    value = std::exp(std::max(value - maximum, -64.0F));
    sum += value;
  }
  const float reciprocal = 1.0F / sum;
  for (float& value : values) value *= reciprocal;
}

/// Makes independent probabilities of logits, in place: the last step of the attribute models.
inline void sigmoid(std::span<float> values) noexcept {
  for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
}

/// A class and its probability.
struct Prediction {
  int class_id = -1;
  float score = 0.0F;

  bool operator==(const Prediction&) const = default;
};

/// Returns whether `a` comes before `b`: the higher score, and not-a-number last of all.
inline bool ranks_higher(float a, float b) noexcept {
  return a > b || (std::isnan(b) && !std::isnan(a));
}

/// Fills `best` with the classes of the highest scores, highest first, and returns how many it
/// filled: fewer than best.size() only if there are fewer classes.
///
/// Of equal scores the lower class comes first, so that the first prediction is the argmax. (Paddle
/// reverses numpy's argsort, which leaves the order of equal scores open; up to 16 classes it
/// happens to put the higher class first.)
inline std::size_t top_k(std::span<const float> scores, std::span<Prediction> best) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::size_t rank = count;
    while (rank > 0 && ranks_higher(scores[i], best[rank - 1].score)) --rank;
    if (rank == best.size()) continue;
    if (count < best.size()) ++count;
    for (std::size_t j = count - 1; j > rank; --j) best[j] = best[j - 1];
    best[rank] = {static_cast<int>(i), scores[i]};
  }
  return count;
}

/// Returns the kCount best classes, highest score first (see above); where there are fewer, the
/// rest has class_id -1.
template <std::size_t kCount>
std::array<Prediction, kCount> top_k(std::span<const float> scores) noexcept {
  std::array<Prediction, kCount> best{};
  top_k(scores, best);
  return best;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_RESULTS_HPP
// from pplcnet/models/defaults.hpp
#ifndef PPLCNET_MODELS_DEFAULTS_HPP
#define PPLCNET_MODELS_DEFAULTS_HPP

#include <string>
#include <vector>

// from pplcnet/image/presets.hpp
#ifndef PPLCNET_IMAGE_PRESETS_HPP
#define PPLCNET_IMAGE_PRESETS_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>


// The pipelines of published weights. Each preset is a function of the tensor's height and width;
// its name, together with that size, is all a weights file has to keep.
//
// Two scales are around, which differ in the last bits of every value: Paddle's deployment files
// say 0.00392157, its training and PaddleOCR's inference.yml files 1/255.

namespace pplcnet::inline PPLCNET_ABI {

/// 1/255 as Paddle's deployment files write it.
inline constexpr double kPaddleDeployScale = 0.00392157;

/// Returns the short side for a tensor of height x width: 256 for 224 x 224, and for others the
/// same 8/7 of the longer side, rounded down, so that the crop always fits (timm: crop_pct 0.875).
constexpr int default_resize_short(int height, int width) {
  return static_cast<int>(std::int64_t{std::max(height, width)} * 8 / 7);
}

constexpr Preprocessing short_side_crop(std::string_view name, Geometry geometry,
                                        Interpolation interpolation, Normalisation normalisation,
                                        int height, int width) {
  return {.name = name,
          .geometry = geometry,
          .interpolation = interpolation,
          .resize_short = default_resize_short(height, width),
          .height = height,
          .width = width,
          .normalisation = normalisation};
}

constexpr Preprocessing direct_resize(std::string_view name, Normalisation normalisation,
                                      int height, int width) {
  return {.name = name,
          .geometry = Geometry::direct,
          .height = height,
          .width = width,
          .normalisation = normalisation};
}

/// Returns the inference of PaddleClas for ImageNet models and of most PULC models
/// (deploy/configs).
constexpr Preprocessing paddle_imagenet(int height = 224, int width = 224) {
  return short_side_crop("paddle_imagenet", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {.scale = kPaddleDeployScale}, height,
                         width);
}

/// Returns the evaluation of PaddleClas during training (ppcls/configs): the same with the scale
/// 1/255.
constexpr Preprocessing paddle_imagenet_training(int height = 224, int width = 224) {
  return short_side_crop("paddle_imagenet_training", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {}, height, width);
}

/// Returns the pipeline of PaddleX 3 and PaddleOCR 3 (document orientation, table classification).
constexpr Preprocessing paddlex_imagenet(int height = 224, int width = 224) {
  return short_side_crop("paddlex_imagenet", Geometry::paddle_short_side,
                         Interpolation::opencv_linear, {.formula = NormalisationFormula::paddlex},
                         height, width);
}

/// Returns a direct resize by PaddleClas operators, scale 1/255 (attribute models; inference.yml
/// files).
constexpr Preprocessing paddle_direct(int height, int width) {
  return direct_resize("paddle_direct", {}, height, width);
}

/// Returns a direct resize by PaddleClas operators, scale 0.00392157 (PULC language and text line
/// models).
constexpr Preprocessing paddle_direct_deploy(int height, int width) {
  return direct_resize("paddle_direct_deploy", {.scale = kPaddleDeployScale}, height, width);
}

/// Returns a direct resize by PaddleX 3 and PaddleOCR 3 (text line orientation).
constexpr Preprocessing paddlex_direct(int height, int width) {
  return direct_resize("paddlex_direct", {.formula = NormalisationFormula::paddlex}, height, width);
}

/// Returns PaddleSeg's direct resize, to values from -1 to 1.
constexpr Preprocessing paddle_seg(int height, int width) {
  constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5};
  return direct_resize("paddle_seg",
                       {.formula = NormalisationFormula::timm, .mean = kHalf, .deviation = kHalf},
                       height, width);
}

/// Returns a direct resize by PaddleDetection operators, cubic (interp 2): PicoDet.
constexpr Preprocessing paddle_detection(int height, int width) {
  Preprocessing preset = direct_resize(
      "paddle_detection", {.formula = NormalisationFormula::paddle_detection}, height, width);
  preset.interpolation = Interpolation::opencv_cubic;
  return preset;
}

/// Returns timm's evaluation transform, bicubic: all of its lcnet weights.
constexpr Preprocessing timm_bicubic(int height = 224, int width = 224) {
  return short_side_crop("timm_bicubic", Geometry::torchvision_short_side,
                         Interpolation::pillow_bicubic, {.formula = NormalisationFormula::timm},
                         height, width);
}

/// Returns timm's evaluation transform, bilinear: torchvision's usual one.
constexpr Preprocessing timm_bilinear(int height = 224, int width = 224) {
  return short_side_crop("timm_bilinear", Geometry::torchvision_short_side,
                         Interpolation::pillow_bilinear, {.formula = NormalisationFormula::timm},
                         height, width);
}

/// Returns torchvision's transform of weights that it trained by its newer recipe: the short side
/// becomes 232 for 224 x 224 in place of 256.
constexpr Preprocessing torchvision_232(int height = 224, int width = 224) {
  Preprocessing preset = timm_bilinear(height, width);
  preset.name = "torchvision_232";
  preset.resize_short = static_cast<int>(std::int64_t{std::max(height, width)} * 29 / 28);
  return preset;
}

/// Returns a preset for weights that came from TensorFlow: values from -1 to 1, and the short side
/// becomes `numerator / denominator` of the longer side of the tensor.
constexpr Preprocessing with_values_of_tensorflow(std::string_view name, Preprocessing preset,
                                                  int numerator, int denominator) {
  const std::int64_t side = std::max(preset.height, preset.width);
  preset.name = name;
  preset.normalisation.mean = preset.normalisation.deviation = {0.5, 0.5, 0.5};
  preset.resize_short = static_cast<int>(side * numerator / denominator);
  return preset;
}

/// Returns timm's evaluation transform, bicubic: inception_v4.
constexpr Preprocessing timm_inception(int height = 299, int width = 299) {
  return with_values_of_tensorflow("timm_inception", timm_bicubic(height, width), 8, 7);
}
/// Returns the same with crop_pct 0.8975, 333 for 299 x 299: inception_resnet_v2, legacy_xception.
constexpr Preprocessing timm_inception_333(int height = 299, int width = 299) {
  return with_values_of_tensorflow("timm_inception_333", timm_bicubic(height, width), 10000, 8975);
}
/// Returns torchvision's transform, with `transform_input`: inception_v3, googlenet.
constexpr Preprocessing torchvision_inception(int height = 299, int width = 299) {
  return with_values_of_tensorflow("torchvision_inception", timm_bilinear(height, width), 342, 299);
}

/// Returns timm's evaluation transform, bicubic, with crop_pct 0.9 and values from 0 to 1:
/// mobilevit_s.
constexpr Preprocessing timm_mobilevit(int height = 256, int width = 256) {
  Preprocessing preset = timm_bicubic(height, width);
  preset.name = "timm_mobilevit";
  preset.normalisation.mean = {0, 0, 0};
  preset.normalisation.deviation = {1, 1, 1};
  preset.resize_short = static_cast<int>(std::int64_t{std::max(height, width)} * 10 / 9);
  return preset;
}

/// PP-LCNet_x*_textline_ori, by its inference.yml.
inline constexpr Preprocessing kTextlineOrientation = paddle_direct(80, 160);
/// PULC language_classification.
inline constexpr Preprocessing kLanguageClassification = paddle_direct_deploy(80, 160);
/// PULC person_attribute, vehicle_attribute and table_attribute.
inline constexpr Preprocessing kPersonAttribute = paddle_direct(256, 192);
inline constexpr Preprocessing kVehicleAttribute = paddle_direct(192, 256);
inline constexpr Preprocessing kTableAttribute = paddle_direct(224, 224);

/// All presets.
inline constexpr Preprocessing (*kPresets[])(int height, int width) = {
    paddle_imagenet,      paddle_imagenet_training,
    paddlex_imagenet,     paddle_direct,
    paddle_direct_deploy, paddlex_direct,
    timm_bicubic,         timm_bilinear,
    torchvision_232,      timm_inception,
    timm_inception_333,   torchvision_inception,
    timm_mobilevit,       paddle_seg,
    paddle_detection};

/// Returns the preset called `name` for a tensor of height x width; none if there is no such
/// preset.
constexpr std::optional<Preprocessing> find_preset(std::string_view name, int height = 224,
                                                   int width = 224) {
  for (const auto preset : kPresets) {
    const Preprocessing found = preset(height, width);
    if (found.name == name) return found;
  }
  return std::nullopt;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PRESETS_HPP
// from pplcnet/models/model.hpp
#ifndef PPLCNET_MODELS_MODEL_HPP
#define PPLCNET_MODELS_MODEL_HPP

#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

// from pplcnet/image/attributes.hpp
#ifndef PPLCNET_IMAGE_ATTRIBUTES_HPP
#define PPLCNET_IMAGE_ATTRIBUTES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>


// From probabilities to predictions, by the rules of PaddleClas (deploy/python/postprocess.py):
// yes-or-no models, and attributes of persons, vehicles and tables. Thresholds are double because
// Python's are: the float nearest to 0.3 is above 0.3.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the prediction of a yes-or-no model (ThreshOutput) from the probabilities of no and yes:
/// class 1 where its probability reaches the threshold, otherwise class 0 with the rest.
constexpr Prediction threshold(std::span<const float, 2> probabilities, double least = 0.5) {
  const float score = probabilities[1];
  return score < least ? Prediction{0, 1.0F - score} : Prediction{1, score};
}

namespace attributes {

/// Returns the index of the highest value, the first of equal ones.
constexpr int argmax(std::span<const float> values) {
  return static_cast<int>(std::distance(values.begin(), std::ranges::max_element(values)));
}

}  // namespace attributes

// ---- Persons ---------------------------------------------------------------------------------

/// Names of the 26 probabilities of PULC person_attribute, as PaddleClas spells them.
inline constexpr std::string_view kPersonAttributeNames[] = {"Hat",
                                                             "Glasses",
                                                             "ShortSleeve",
                                                             "LongSleeve",
                                                             "UpperStride",
                                                             "UpperLogo",
                                                             "UpperPlaid",
                                                             "UpperSplice",
                                                             "LowerStripe",
                                                             "LowerPattern",
                                                             "LongCoat",
                                                             "Trousers",
                                                             "Shorts",
                                                             "Skirt&Dress",
                                                             "Boots",
                                                             "HandBag",
                                                             "ShoulderBag",
                                                             "Backpack",
                                                             "HoldObjectsInFront",
                                                             "AgeLess18",
                                                             "Age18-60",
                                                             "AgeOver60",
                                                             "Female",
                                                             "Front",
                                                             "Side",
                                                             "Back"};

enum class Gender : unsigned char { male, female };
enum class Age : unsigned char { under_18, from_18_to_60, over_60 };
enum class Direction : unsigned char { front, side, back };
enum class Bag : unsigned char { hand_bag, shoulder_bag, backpack, none };
enum class Sleeve : unsigned char { short_sleeve, long_sleeve };
/// The upper clothes.
enum class Upper : unsigned char { stripe, logo, plaid, splice };
/// The lower clothes.
enum class Lower : unsigned char { stripe, pattern, long_coat, trousers, shorts, skirt_or_dress };

constexpr std::string_view attribute_name(Gender gender) {
  return gender == Gender::male ? "Male" : "Female";
}
constexpr std::string_view attribute_name(Age age) {
  return kPersonAttributeNames[19 + static_cast<int>(age)];
}
constexpr std::string_view attribute_name(Direction direction) {
  return kPersonAttributeNames[23 + static_cast<int>(direction)];
}
constexpr std::string_view attribute_name(Bag bag) {
  return bag == Bag::none ? "No bag" : kPersonAttributeNames[15 + static_cast<int>(bag)];
}
constexpr std::string_view attribute_name(Sleeve sleeve) {
  return kPersonAttributeNames[2 + static_cast<int>(sleeve)];
}
constexpr std::string_view attribute_name(Upper upper) {
  return kPersonAttributeNames[4 + static_cast<int>(upper)];
}
constexpr std::string_view attribute_name(Lower lower) {
  return kPersonAttributeNames[8 + static_cast<int>(lower)];
}

/// A probability above its threshold counts; the published ones are the defaults.
struct PersonThresholds {
  double glasses = 0.3;
  double holds_object = 0.6;
  double others = 0.5;
};

/// Attributes of a person, as PULC person_attribute predicts them.
struct PersonAttributes {
  Gender gender = {};
  Age age = {};              ///< the most probable
  Direction direction = {};  ///< the most probable
  bool hat = false;
  bool glasses = false;
  bool holds_object = false;  ///< in front of the body
  bool boots = false;
  Bag bag = Bag::none;  ///< the most probable, if it is above the threshold
  Sleeve sleeve = {};   ///< short, unless long is more probable
  std::array<bool, 4> upper = {};
  std::array<bool, 6> lower = {};  ///< at least one: the most probable if none is above
  /// PaddleClas' `output`: each probability above its threshold, of which all but those of glasses
  /// and of objects are 0.5 here, whatever `others` is.
  std::array<bool, 26> bits = {};

  constexpr bool has(Upper kind) const { return upper[static_cast<std::size_t>(kind)]; }
  constexpr bool has(Lower kind) const { return lower[static_cast<std::size_t>(kind)]; }
};

/// Applies the rules of PaddleClas' PersonAttribute, for probabilities after a sigmoid.
constexpr PersonAttributes person_attributes(std::span<const float, 26> probabilities,
                                             const PersonThresholds& thresholds = {}) {
  const auto& p = probabilities;
  const auto above = [&](std::size_t i) { return p[i] > thresholds.others; };
  PersonAttributes person;
  person.hat = above(0);
  person.glasses = p[1] > thresholds.glasses;
  person.sleeve = p[3] > p[2] ? Sleeve::long_sleeve : Sleeve::short_sleeve;
  for (std::size_t i = 0; i < person.upper.size(); ++i) person.upper[i] = above(4 + i);
  for (std::size_t i = 0; i < person.lower.size(); ++i) person.lower[i] = above(8 + i);
  if (std::ranges::none_of(person.lower, [](bool worn) { return worn; }))
    person.lower[static_cast<std::size_t>(attributes::argmax(p.subspan<8, 6>()))] = true;
  person.boots = above(14);
  const int bag = attributes::argmax(p.subspan<15, 3>());
  person.bag = above(static_cast<std::size_t>(15 + bag)) ? static_cast<Bag>(bag) : Bag::none;
  person.holds_object = p[18] > thresholds.holds_object;
  person.age = static_cast<Age>(attributes::argmax(p.subspan<19, 3>()));
  person.gender = above(22) ? Gender::female : Gender::male;
  person.direction = static_cast<Direction>(attributes::argmax(p.subspan<23, 3>()));
  for (std::size_t i = 0; i < person.bits.size(); ++i) person.bits[i] = p[i] > 0.5;
  person.bits[1] = person.glasses;
  person.bits[18] = person.holds_object;
  return person;
}

// ---- Vehicles --------------------------------------------------------------------------------

/// Names of the 19 probabilities of PULC vehicle_attribute: ten colours, then nine types.
inline constexpr std::string_view kVehicleAttributeNames[] = {
    "yellow", "orange", "green", "gray",      "red", "blue",   "white", "golden", "brown", "black",
    "sedan",  "suv",    "van",   "hatchback", "mpv", "pickup", "bus",   "truck",  "estate"};

enum class VehicleColour : unsigned char {
  yellow,
  orange,
  green,
  gray,
  red,
  blue,
  white,
  golden,
  brown,
  black,
  unknown
};
enum class VehicleType : unsigned char {
  sedan,
  suv,
  van,
  hatchback,
  mpv,
  pickup,
  bus,
  truck,
  estate,
  unknown
};

constexpr std::string_view attribute_name(VehicleColour colour) {
  return colour == VehicleColour::unknown ? "unknown"
                                          : kVehicleAttributeNames[static_cast<int>(colour)];
}
constexpr std::string_view attribute_name(VehicleType type) {
  return type == VehicleType::unknown ? "unknown"
                                      : kVehicleAttributeNames[10 + static_cast<int>(type)];
}

/// What the most probable colour and type have to reach.
struct VehicleThresholds {
  double colour = 0.5;
  double type = 0.5;
};

/// Attributes of a vehicle, as PULC vehicle_attribute predicts them.
struct VehicleAttributes {
  VehicleColour colour = VehicleColour::unknown;
  VehicleType type = VehicleType::unknown;
  float colour_score = 0.0F;  ///< of the most probable colour, also where that is too little
  float type_score = 0.0F;
  std::array<bool, 19> bits = {};  ///< PaddleClas' `output`: each probability above (not at) its
                                   ///< threshold
};

/// Applies the rules of PaddleClas' VehicleAttribute, for probabilities after a sigmoid.
constexpr VehicleAttributes vehicle_attributes(std::span<const float, 19> probabilities,
                                               const VehicleThresholds& thresholds = {}) {
  const auto colours = probabilities.first<10>();
  const auto types = probabilities.last<9>();
  const int colour = attributes::argmax(colours);
  const int type = attributes::argmax(types);
  VehicleAttributes vehicle;
  vehicle.colour_score = colours[static_cast<std::size_t>(colour)];
  vehicle.type_score = types[static_cast<std::size_t>(type)];
  if (vehicle.colour_score >= thresholds.colour)
    vehicle.colour = static_cast<VehicleColour>(colour);
  if (vehicle.type_score >= thresholds.type) vehicle.type = static_cast<VehicleType>(type);
  for (std::size_t i = 0; i < vehicle.bits.size(); ++i)
    vehicle.bits[i] = probabilities[i] > (i < colours.size() ? thresholds.colour : thresholds.type);
  return vehicle;
}

// ---- Tables ----------------------------------------------------------------------------------

/// Names of the 6 probabilities of PULC table_attribute.
inline constexpr std::string_view kTableAttributeNames[] = {
    "Scanned", "Little", "Black-and-White", "Clear", "Without-Obstacles", "Horizontal"};

/// A probability above its threshold counts.
struct TableThresholds {
  double source = 0.5;
  double number = 0.5;
  double colour = 0.5;
  double clarity = 0.5;
  double obstruction = 0.5;
  double angle = 0.5;
};

/// Attributes of the picture of a table, as PULC table_attribute predicts them.
struct TableAttributes {
  bool scanned = false;            ///< otherwise a photo
  bool little = false;             ///< few cells; otherwise numerous
  bool black_and_white = false;    ///< otherwise multicolour
  bool clear = false;              ///< otherwise blurry
  bool without_obstacles = false;  ///< otherwise with obstacles
  bool horizontal = false;         ///< otherwise tilted
  /// PaddleClas' `output`: each probability above its own threshold.
  std::array<bool, 6> bits = {};
};

/// Applies the rules of PaddleClas' TableAttribute, for probabilities after a sigmoid. It holds
/// obstacles and tilt against the threshold of the number, and so does this; only `bits` uses their
/// own.
constexpr TableAttributes table_attributes(std::span<const float, 6> probabilities,
                                           const TableThresholds& thresholds = {}) {
  const auto& p = probabilities;
  const TableThresholds& t = thresholds;
  const std::array<double, 6> own = {t.source,  t.number,      t.colour,
                                     t.clarity, t.obstruction, t.angle};
  TableAttributes table = {.scanned = p[0] > t.source,
                           .little = p[1] > t.number,
                           .black_and_white = p[2] > t.colour,
                           .clear = p[3] > t.clarity,
                           .without_obstacles = p[4] > t.number,
                           .horizontal = p[5] > t.number};
  for (std::size_t i = 0; i < own.size(); ++i) table.bits[i] = p[i] > own[i];
  return table;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ATTRIBUTES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The function that turns logits into probabilities.
enum class Output : unsigned char {
  softmax,  ///< one class of all
  sigmoid,  ///< each class for itself: attributes
};

/// Returns the word for it in files.
constexpr std::string_view output_name(Output output) {
  return output == Output::sigmoid ? "sigmoid" : "softmax";
}

/// Metadata of published weights. The definition of a published network
/// has one as `model`; so may that of a user's own.
struct Model {
  std::string_view name;
  Preprocessing preprocessing;
  std::span<const std::string_view> labels = {};  ///< by class, or none
  Output output = Output::softmax;
  std::optional<double> threshold = {};  ///< two classes: the second from this probability on

  // As published, to the digits that were published; 0: not published.
  double top1 = 0;        ///< accuracy in percent
  double parameters = 0;  ///< millions; Paddle's include the statistics of batch norm
  double flops = 0;       ///< millions, see flops.hpp; torchvision's are multiply-adds
};

/// A network whose definition is that of a published model.
template <class Net>
concept HasModel = requires {
  Net::Definition::model.preprocessing;
};

/// Returns a model's prediction from the probabilities of its classes: the attributes; or the class
/// that the threshold decides for; or the most probable class.
template <HasModel Net>
constexpr auto decode(std::span<const float, Net::classes> probabilities) {
  using Definition = typename Net::Definition;
  if constexpr (requires { Definition::decode(probabilities); }) {
    return Definition::decode(probabilities);
  } else if constexpr (Definition::model.threshold.has_value()) {
    return threshold(probabilities, *Definition::model.threshold);
  } else {
    return top_k<1>(probabilities).front();
  }
}

/// Types in a row: the networks of one family.
template <class... Nets>
struct ModelList {};

/// Several lists as one, `Joined<…>::List`. By types alone: a function's arguments would have the
/// compiler look into every network and lay it out.
template <class... Lists>
struct Joined {
  using List = ModelList<>;
};
/// The end of the list.
template <class... Nets>
struct Joined<ModelList<Nets...>> {
  using List = ModelList<Nets...>;
};
template <class... Nets, class... More, class... Lists>
struct Joined<ModelList<Nets...>, ModelList<More...>, Lists...>
    : Joined<ModelList<Nets..., More...>, Lists...> {};

/// Calls `visit.operator()<Net>()` for each network of a list, in order.
template <class... Nets, class Visit>
constexpr void for_each(ModelList<Nets...>, Visit&& visit) {
  (visit.template operator()<Nets>(), ...);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_MODEL_HPP
// from pplcnet/networks/names/pplcnet_v1.hpp
#ifndef PPLCNET_NETWORKS_NAMES_PPLCNET_V1_HPP
#define PPLCNET_NETWORKS_NAMES_PPLCNET_V1_HPP

#include <span>
#include <string_view>


// What the frameworks call the modules of PP-LCNet V1. The project's own names are Paddle's.

namespace pplcnet::inline PPLCNET_ABI {

/// The four published graphs of V1. They differ in the stem's batch norm, in the first kernel of
/// blocks5, in the gate, and in the head (see `pplcnet_v1`).
enum class Dialect : unsigned char { paddle, timm, pytorch, light_cnns };

/// Returns "paddle", "timm", "pytorch" or "light_cnns".
constexpr std::string_view dialect_name(Dialect dialect) {
  constexpr std::string_view kNames[] = {"paddle", "timm", "pytorch", "light_cnns"};
  return kNames[static_cast<int>(dialect)];
}

/// Returns the dialect of a framework: Hugging Face's and PyTorch's names are Paddle's network's.
constexpr Dialect dialect_of(std::string_view framework, Dialect otherwise) {
  if (framework == "timm") return Dialect::timm;
  if (framework == "light_cnns") return Dialect::light_cnns;
  return framework.empty() ? otherwise : Dialect::paddle;
}

namespace v1 {

/// Returns a block's ordinal in the table, from its stage and its index there.
constexpr int ordinal_of(const Name& block) {
  constexpr int kBefore[] = {0, 1, 3, 5, 11};  // blocks in front of stages 2 to 6
  return kBefore[block.numbers[0] - 2] + block.numbers[1];
}

inline constexpr Renaming kTimm[] = {
    {"conv#", "conv_stem", "bn1"},
    {".dw_conv", ".conv_dw", ".bn1"},
    {".se.conv1", ".se.conv_reduce"},
    {".se.conv2", ".se.conv_expand"},
    {".se", ".se"},
    {".pw_conv", ".conv_pw", ".bn2"},
    {"last_conv", "conv_head"},
    {"fc", "classifier"},
};

/// Names a module as in timm `mobilenetv3.py`, as built by `_gen_lcnet`: blocks5 is split in two.
constexpr ModuleNames timm_module(const Name& own) {
  const int stage = own.numbers[0], index = own.numbers[1];
  Name block("blocks.#.#", stage - 2, index);
  if (stage == 5 && index > 1) block.numbers = {4, index - 2};
  if (stage == 6) block.numbers[0] = 5;
  return renamed(own, kTimm, block);
}

inline constexpr Renaming kPyTorch[] = {
    {"conv#", "features.0"},
    {".dw_conv", ".conv.0", ".conv.1"},
    {".se.conv1", ".conv.3.fc.0"},
    {".se.conv2", ".conv.3.fc.2"},
    {".pw_conv", ".conv.3", ".conv.4"},
    {"last_conv", "fc"},
    {"fc", "classifier"},
};

/// Names a module as in ngnquan/PP-LCNet `pplcnet.py`: block 0 is `features.2`, after the stem and
/// its activation; squeeze-excite, where there is one, shifts what follows it.
constexpr ModuleNames pytorch_module(const Name& own) {
  if (own.leaf.empty()) return renamed(own, kPyTorch, {});
  const Name block("features.#", ordinal_of(own) + 2);
  if (own.leaf == ".pw_conv" && own.numbers[0] == 6) return {block + ".conv.4", block + ".conv.5"};
  return renamed(own, kPyTorch, block);
}

inline constexpr Renaming kLightCnns[] = {
    {"conv#", "conv1.conv", "conv1.bn"},
    {".dw_conv", ".dw_conv.conv", ".dw_conv.bn"},
    {".se.conv1", ".se.conv1"},
    {".se.conv2", ".se.conv2"},
    {".pw_conv", ".pw_conv.conv", ".pw_conv.bn"},
    {"last_conv", "last_conv"},
    {"fc", "f"},
};

/// Names a module as in light_cnns `lcnet.py`: the blocks of all stages are counted through.
constexpr ModuleNames light_cnns_module(const Name& own) {
  if (own.leaf.empty()) return renamed(own, kLightCnns, {});
  return renamed(own, kLightCnns, {"blocks.#.0", ordinal_of(own)});
}

inline constexpr Renaming kHuggingFace[] = {
    {"conv#", "encoder.convolution.convolution", "encoder.convolution.normalization"},
    {".dw_conv", ".depthwise_convolution.convolution", ".depthwise_convolution.normalization"},
    {".se.conv1", ".squeeze_excitation_module.convolutions.0"},
    {".se.conv2", ".squeeze_excitation_module.convolutions.2"},
    {".pw_conv", ".pointwise_convolution.convolution", ".pointwise_convolution.normalization"},
    {"last_conv", "last_convolution"},
    {"fc", "head"},
};

/// Names a module as in Hugging Face transformers `models/pp_lcnet`, as of today.
constexpr ModuleNames hugging_face_module(const Name& own) {
  const Name block("encoder.blocks.#.layers.#", own.numbers[0] - 2, own.numbers[1]);
  return renamed(own, kHuggingFace, block);
}

inline constexpr Renaming kOlderHuggingFace[] = {
    {"conv#", "embedder.convolution.convolution", "embedder.convolution.normalization"},
    {".se.conv1", ".squeeze_excitation_module.convolution1"},
    {".se.conv2", ".squeeze_excitation_module.convolution2"},
    {"fc", "fc"},
};

/// Returns the same in older files.
constexpr ModuleNames older_hugging_face_module(const Name& own) {
  const Name block("encoder.blocks.#.layers.#", own.numbers[0] - 2, own.numbers[1]);
  const ModuleNames older = renamed(own, kOlderHuggingFace, block);
  return older.weights.empty() ? hugging_face_module(own) : older;
}

inline constexpr Naming kPaddleNamings[] = {
    {.framework = "paddle",
     .what = tensors_of::kPaddleV1,
     .tensors = kPaddleClas,
     .linear = Layout::in_out},
    {.framework = "huggingface",
     .what = tensors_of::kHuggingFaceV1,
     .module = hugging_face_module,
     .older_module = older_hugging_face_module},
};
inline constexpr Naming kTimmNamings[] = {
    {.framework = "timm", .what = tensors_of::kTimmV1, .module = timm_module}};
inline constexpr Naming kPyTorchNamings[] = {
    {.framework = "pytorch", .what = tensors_of::kPyTorchV1, .module = pytorch_module}};
inline constexpr Naming kLightCnnsNamings[] = {
    {.framework = "light_cnns", .what = tensors_of::kLightCnnsV1, .module = light_cnns_module}};

}  // namespace v1

/// Returns how files name the tensors of a dialect: Hugging Face's PP-LCNet has Paddle's graph.
constexpr std::span<const Naming> v1_namings(Dialect dialect) {
  switch (dialect) {
    case Dialect::paddle:
      break;
    case Dialect::timm:
      return v1::kTimmNamings;
    case Dialect::pytorch:
      return v1::kPyTorchNamings;
    case Dialect::light_cnns:
      return v1::kLightCnnsNamings;
  }
  return v1::kPaddleNamings;
}

/// Returns what a network of a dialect is, in a sentence.
constexpr std::string_view v1_what(Dialect dialect, bool backbone) {
  constexpr std::string_view kWhat[2][4] = {
      {"a PP-LCNet V1 with Dialect::paddle", "a PP-LCNet V1 with Dialect::timm",
       "a PP-LCNet V1 with Dialect::pytorch", "a PP-LCNet V1 with Dialect::light_cnns"},
      {"a backbone of PP-LCNet V1 with Dialect::paddle",
       "a backbone of PP-LCNet V1 with Dialect::timm",
       "a backbone of PP-LCNet V1 with Dialect::pytorch",
       "a backbone of PP-LCNet V1 with Dialect::light_cnns"}};
  return kWhat[backbone ? 1 : 0][static_cast<int>(dialect)];
}

/// What a classifier has with `Options::head` only.
inline constexpr OptionalModule kV1Optional[] = {{"last_conv", "Options::head"}};

/// What follows the last stage in files of a classifier, from which a backbone can be read.
inline constexpr Name kV1Ending[] = {"last_conv", "fc"};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PPLCNET_V1_HPP

// What a network is used with, unless something else is said.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the preprocessing that published weights of a network expect: that of its model; without
/// one timm's for its dialect, otherwise Paddle's; a picture is squeezed into an input that is not
/// square.
template <class Net>
constexpr Preprocessing default_preprocessing() {
  if constexpr (HasModel<Net>) return Net::Definition::model.preprocessing;
  constexpr int kHeight = Net::input_shape.height, kWidth = Net::input_shape.width;
  if constexpr (requires { Net::Definition::options.dialect; })
    if (Net::Definition::options.dialect == Dialect::timm) return timm_bicubic(kHeight, kWidth);
  return kHeight == kWidth ? paddle_imagenet(kHeight, kWidth) : paddle_direct(kHeight, kWidth);
}

/// Returns the labels of a network's model; none without one.
template <class Net>
std::vector<std::string> default_labels() {
  if constexpr (HasModel<Net>) {
    constexpr auto kLabels = Net::Definition::model.labels;
    return {kLabels.begin(), kLabels.end()};
  }
  return {};
}

/// Returns the function that turns a network's logits into probabilities: its model's, otherwise
/// softmax.
template <class Net>
constexpr Output output_of() {
  if constexpr (HasModel<Net>) return Net::Definition::model.output;
  return Output::softmax;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_DEFAULTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Makes probabilities of logits, in place, by the function of the network's model.
template <class Net>
void to_probabilities(std::span<float> logits) noexcept {
  if constexpr (output_of<Net>() == Output::sigmoid) {
    sigmoid(logits);
  } else {
    softmax(logits);
  }
}

/// Buffers of one thread that classifies pictures.
template <class Net>
struct ClassifierState : InHugePages {
  PreprocessScratch scratch = {};
  std::array<std::vector<std::uint8_t>, kChunk> pixels = {};  ///< of pictures, resized
  typename Net::Workspace workspace;
  std::array<float, std::size_t{kChunk} * Net::classes> logits;

  /// Resizes a picture into the buffer `place`, and gives it as the network sees it; nothing if
  /// that cannot be (see `resize_and_crop`).
  std::optional<Picture> see(const auto& weights, ImageView image, std::size_t place) {
    if (!resize_and_crop(weights.preprocessing(), image, scratch)) return std::nullopt;
    std::swap(scratch.pixels, pixels[place]);
    return weights.picture(pixels[place].data());
  }

  /// Calls visit(i, probabilities) for each of images [begin, end) that has any; kChunk at most.
  void compute(const auto& weights, std::span<const ImageView> images, std::size_t begin,
               std::size_t end, Isa isa, const auto& visit) {
    std::array<Picture, kChunk> pictures;
    std::array<std::size_t, kChunk> whose = {};
    std::size_t count = 0;
    for (std::size_t i = begin; i < end; ++i)
      if (const auto picture = see(weights, images[i], count)) {
        pictures[count] = *picture;
        whose[count++] = i;
      }
    Net::forward_batch(*weights.weights(), std::span<const Picture>(pictures.data(), count),
                       workspace, std::span<float>(logits), {.isa = isa});
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = std::span<float>(logits).subspan(i * Net::classes, Net::classes);
      to_probabilities<Net>(row);
      visit(whose[i], row);
    }
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CLASSIFIER_STATE_HPP
// from pplcnet/loaded_weights.hpp
#ifndef PPLCNET_LOADED_WEIGHTS_HPP
#define PPLCNET_LOADED_WEIGHTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/image/labels.hpp
#ifndef PPLCNET_IMAGE_LABELS_HPP
#define PPLCNET_IMAGE_LABELS_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>


#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

// from pplcnet/image/label_list.hpp
#ifndef PPLCNET_IMAGE_LABEL_LIST_HPP
#define PPLCNET_IMAGE_LABEL_LIST_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// from pplcnet/weights/yaml_scalar.hpp
#ifndef PPLCNET_WEIGHTS_YAML_SCALAR_HPP
#define PPLCNET_WEIGHTS_YAML_SCALAR_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>


namespace pplcnet::inline PPLCNET_ABI {

namespace yaml {

/// Without spaces around it.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Appends the character that an escape at the front of `text` stands for, and takes it away.
inline bool append_escaped(std::string_view& text, std::string& result) {
  constexpr std::string_view kShort = "\"\\/0abtnvfre ";
  constexpr std::string_view kMeaning("\"\\/\0\a\b\t\n\v\f\r\x1b ", 13);
  if (text.empty()) return false;
  const char kind = text.front();
  text.remove_prefix(1);
  if (const std::size_t place = kShort.find(kind); place != kShort.npos) {
    result += kMeaning[place];
    return true;
  }
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  std::uint32_t code_point = 0;
  const char* const end = text.data() + std::min(digits, text.size());
  const auto [stop, problem] = std::from_chars(text.data(), end, code_point, 16);
  if (digits == 0 || text.size() < digits || problem != std::errc{} || stop != end ||
      code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
    return false;
  append_utf8(result, code_point);
  text.remove_prefix(digits);
  return true;
}

/// Returns the text of a scalar in one line, whatever its style; none if it is something else.
inline std::optional<std::string> scalar(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::nullopt;
  const char quote = text.front();
  if (quote != '\'' && quote != '"') {
    const std::string_view plain = trimmed(text.substr(0, text.find(" #")));
    const bool is_other = std::string_view("[]{}&*!|>%@`,#?").find(quote) != plain.npos ||
                          plain.find(": ") != plain.npos || plain.ends_with(':');
    if (is_other || plain == "-" || plain.starts_with("- ")) return std::nullopt;
    return std::string(plain);
  }
  std::string result;
  text.remove_prefix(1);
  while (!text.empty()) {
    const char character = text.front();
    text.remove_prefix(1);
    if (character == quote && quote == '\'' && text.starts_with('\'')) {
      result += quote;
      text.remove_prefix(1);
    } else if (character == quote) {
      text = trimmed(text);
      if (text.empty() || text.starts_with('#')) return result;
      return std::nullopt;
    } else if (character == '\\' && quote == '"') {
      if (!append_escaped(text, result)) return std::nullopt;
    } else {
      result += character;
    }
  }
  return std::nullopt;
}

}  // namespace yaml

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_YAML_SCALAR_HPP

// The labels of Paddle's inference.yml: a block sequence of scalars under `label_list:`.

namespace pplcnet::inline PPLCNET_ABI {

/// A label and the line that it begins in, from 1.
struct FoundLabel {
  std::string text;
  std::size_t line = 0;
};

namespace yaml {

inline constexpr std::string_view kLabelList = "label_list:";

inline std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// Returns whether a line begins a key without a value, or a document: what text for people does
/// not.
inline bool begins_document(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text == "---" || (text.ends_with(':') && text.find_first_of(" \t") == text.npos);
}

}  // namespace yaml

/// Returns the line of `label_list:`; none if there is no such line.
inline std::optional<std::size_t> find_label_list(std::span<const std::string_view> lines) {
  const auto found = std::ranges::find_if(lines, [](std::string_view line) {
    return yaml::trimmed(line).starts_with(yaml::kLabelList);
  });
  if (found == lines.end()) return std::nullopt;
  return static_cast<std::size_t>(found - lines.begin());
}

/// Reads the labels that follow line `begin` of a YAML file, which says `label_list:`.
inline Error read_label_list(std::span<const std::string_view> lines, std::size_t begin,
                             std::string_view path, std::vector<FoundLabel>& labels) {
  const auto problem = [&](std::size_t i) {
    return Error::of(path, ": line ", i + 1, ": expected a label, `- cat`, found ",
                     quote(yaml::trimmed(lines[i])));
  };
  const std::size_t outer = yaml::indentation(lines[begin]);
  if (yaml::trimmed(lines[begin]) != yaml::kLabelList) return problem(begin);
  labels.clear();
  for (std::size_t i = begin + 1; i < lines.size();) {
    const std::size_t indent = yaml::indentation(lines[i]);
    const std::string_view text = yaml::trimmed(lines[i]);
    const bool is_item = text == "-" || text.starts_with("- ");
    if (text.empty() || text.starts_with('#')) {
      ++i;
      continue;
    }
    if (indent < outer || (indent == outer && !is_item)) break;
    if (!is_item) return problem(i);
    // Long scalars go on in lines that stand further in.
    std::string joined(text.substr(1));
    std::size_t next = i + 1;
    for (; next < lines.size() && yaml::indentation(lines[next]) > indent; ++next)
      joined.append(" ").append(yaml::trimmed(lines[next]));
    const auto label = yaml::scalar(joined);
    if (!label || label->find('\n') != label->npos) return problem(i);
    labels.push_back({*label, i + 1});
    i = next;
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LABEL_LIST_HPP
// from pplcnet/image/text_lines.hpp
#ifndef PPLCNET_IMAGE_TEXT_LINES_HPP
#define PPLCNET_IMAGE_TEXT_LINES_HPP

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>


// Text files that people write: labels, lists of pictures. Their lines end with \n or \r\n.

namespace pplcnet::inline PPLCNET_ABI {

/// Removes the byte order mark of UTF-8 and the carriage return at the end from line `number` (from
/// 1) of a text. It is an error if the text is UTF-16 or UTF-32, has zero bytes, or ends its lines
/// with carriage returns alone.
inline Error clean_line(std::string_view path, std::size_t number, std::string_view& line) {
  if (number == 1) {
    if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF") ||
        line.starts_with(std::string_view("\0\0\xFE\xFF", 4)))
      return Error::of(path,
                       ": line 1: expected UTF-8, found UTF-16 or UTF-32; iconv -f UTF-16 -t ",
                       "UTF-8 makes it so");
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find('\0') != line.npos)
    return Error::of(path, ": line ", number, ": expected text in UTF-8, found a zero byte");
  if (line.find('\r') != line.npos)
    return Error::of(path, ": line ", number,
                     ": expected lines that end with \\n or \\r\\n, found ", "\\r alone");
  return {};
}

/// Checks the encoding of line `number`: GBK or Latin-1 would be taken for other letters.
inline Error check_utf8(std::string_view path, std::size_t number, std::string_view line) {
  if (is_utf8(line)) return {};
  return Error::of(path, ": line ", number, ": not UTF-8: ", quote(line));
}

/// Returns whether there is nothing in a line but spaces.
inline bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == line.npos; }

/// Splits `text` into lines, cleaned, without blank ones at the end: line i + 1 is `lines[i]`.
inline Error split_lines(std::string_view text, std::string_view path,
                         std::vector<std::string_view>& lines) {
  lines.clear();
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto error = clean_line(path, lines.size() + 1, line)) return error;
    lines.push_back(line);
  }
  while (!lines.empty() && is_blank(lines.back())) lines.pop_back();
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_TEXT_LINES_HPP
#endif

// Names of classes: reading Paddle's label files, and writing predictions as Paddle prints them.

namespace pplcnet::inline PPLCNET_ABI {

/// Checks that there is a label for each class, or none at all; `where` they are from.
PPLCNET_INLINE Error check_label_count(std::size_t count, int classes, std::string_view where);

/// Returns the label of a class, or its number where it has none.
PPLCNET_INLINE std::string label_of(int class_id, std::span<const std::string> labels);

/// Reads labels from the text of a file, in UTF-8: `id label` on each line, as Paddle has it, in
/// any order, or just the label of class 0, 1, ... on each line, or the `label_list` of an
/// inference.yml. `classes` is how many there must be, or 0. The error says which line is wrong:
/// blank ones and gaps would shift all labels after them.
PPLCNET_INLINE Error parse_labels(std::string_view text, std::string_view path, int classes,
                                  std::vector<std::string>& labels);

/// Returns `text` between quotes as Python prints a string inside a list: single quotes, or double
/// ones if it contains an apostrophe and no double quote; control characters, marks of direction
/// and bytes that are not UTF-8 are escaped.
PPLCNET_INLINE std::string python_quoted(std::string_view text);

/// Returns a score with two decimals. Paddle keeps five decimals of a score and prints two of
/// these.
PPLCNET_INLINE std::string two_decimals(float score);

/// Returns the line that Paddle's predict_cls.py prints, without line end: the file, a colon, a
/// tab, and `class id(s): [8, 7], score(s): [0.92, 0.05], label_name(s): ['hen', 'cock']`. Without
/// labels their list is empty; a class beyond the labels has an empty label.
PPLCNET_INLINE std::string prediction_line(std::string_view file,
                                           std::span<const Prediction> predictions,
                                           std::span<const std::string> labels);

#if PPLCNET_HAS_DEFINITIONS
namespace label_files {

/// Returns the number that a line begins with, before a space or tab; none if there is no such
/// number.
inline std::optional<std::uint64_t> leading_id(std::string_view line) {
  const std::size_t digits = line.find_first_not_of("0123456789");
  if (digits == 0 || digits == line.npos || (line[digits] != ' ' && line[digits] != '\t'))
    return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + digits, id);
  return problem == std::errc{} ? id : std::numeric_limits<std::uint64_t>::max();
}

/// Checks that the lines have the ids 0 ... n-1, each once.
inline Error check_ids(std::span<const std::string_view> lines, std::string_view path) {
  std::vector<std::size_t> line_of(lines.size());  // 0: not seen
  Error beyond;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto id = leading_id(lines[i]).value_or(0);
    if (id >= lines.size()) {
      if (!beyond)
        beyond = Error::of(path, ": line ", i + 1, ": id ", id, ": expected each of 0 to ",
                           lines.size() - 1, " once");
      continue;
    }
    std::size_t& line = line_of[static_cast<std::size_t>(id)];
    if (line > 0)
      return Error::of(path, ": line ", i + 1, ": id ", id, " again, after line ", line);
    line = i + 1;
  }
  if (beyond && line_of[0] == 0 && leading_id(lines[0]) == 1)
    return Error::of(path, ": line 1: the first id is 1: ids begin at 0");
  return beyond;
}

/// Reads lines `id label`, or lines of labels.
inline Error read_lines(std::span<const std::string_view> lines, std::string_view path,
                        std::vector<FoundLabel>& labels) {
  const auto has_id = [](std::string_view line) { return leading_id(line).has_value(); };
  const bool numbered = !lines.empty() && has_id(lines[0]);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_blank(lines[i]))
      return Error::of(path, ": line ", i + 1, ": expected a label, found a blank line");
    if (has_id(lines[i]) != numbered)
      return Error::of(path, ": line ", i + 1, ": ", quote(lines[i]), " begins with ",
                       numbered ? "no id, line 1 does" : "an id, line 1 with none",
                       ": expected ids in all lines, from 0 on, or in none");
  }
  if (numbered)
    if (auto error = check_ids(lines, path)) return error;
  labels.resize(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t digits = numbered ? lines[i].find_first_of(" \t") + 1 : 0;
    const std::size_t id = numbered ? static_cast<std::size_t>(*leading_id(lines[i])) : i;
    labels[id] = {std::string(lines[i].substr(digits)), i + 1};
  }
  return {};
}

}  // namespace label_files

PPLCNET_INLINE Error check_label_count(std::size_t count, int classes, std::string_view where) {
  if (count == 0 || count == static_cast<std::size_t>(classes)) return {};
  return Error::of(where, ": ", count, " labels for ", classes, " classes");
}

PPLCNET_INLINE std::string label_of(int class_id, std::span<const std::string> labels) {
  const auto index = static_cast<std::size_t>(class_id);
  return index < labels.size() ? labels[index] : std::to_string(class_id);
}

PPLCNET_INLINE Error parse_labels(std::string_view text, std::string_view path, int classes,
                                  std::vector<std::string>& labels) {
  std::vector<std::string_view> lines;
  if (auto error = split_lines(text, path, lines)) return error;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (auto error = check_utf8(path, i + 1, lines[i])) return error;
  if (lines.empty()) return Error::of(path, ": has no labels");
  const std::string_view first = lines[0];
  if (first.starts_with('{') || first == "[" || first.starts_with("[\""))
    return Error::of(path, ": line 1: expected a label, found JSON");
  const auto label_list = find_label_list(lines);
  if (!label_list && yaml::begins_document(first))
    return Error::of(path, ": line 1: expected a label, found YAML without a label_list");
  std::vector<FoundLabel> found;
  if (auto error = label_list ? read_label_list(lines, *label_list, path, found)
                              : label_files::read_lines(lines, path, found))
    return error;
  if (found.empty()) return Error::of(path, ": line ", *label_list + 1, ": has no labels");
  if (classes > 0) {
    // The line of the first label too many, or of the last one.
    std::size_t line = 0;
    for (std::size_t i = 0; i < std::min(found.size(), static_cast<std::size_t>(classes) + 1); ++i)
      line = std::max(line, found[i].line);
    if (auto error = check_label_count(found.size(), classes, join({path, ": line ", line})))
      return error;
  }
  labels.resize(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) labels[i] = std::move(found[i].text);
  return {};
}

PPLCNET_INLINE std::string python_quoted(std::string_view text) {
  const bool has_apostrophe = text.find('\'') != std::string_view::npos;
  const bool has_double_quote = text.find('"') != std::string_view::npos;
  const char quote = has_apostrophe && !has_double_quote ? '"' : '\'';
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string quoted{quote};
  const auto add_number = [&](std::uint32_t number) {
    quoted += number < 0x100 ? "\\x" : "\\u";
    for (int shift = number < 0x100 ? 4 : 12; shift >= 0; shift -= 4)
      quoted += kHexDigits[number >> shift & 15];
  };
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    const char c = text[0];
    if (c == quote || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (character.empty()) {
      add_number(static_cast<unsigned char>(c));
    } else if (is_control(code_point_of(character))) {
      add_number(code_point_of(character));
    } else {
      quoted += character;
    }
    text.remove_prefix(std::max<std::size_t>(character.size(), 1));
  }
  return quoted + quote;
}

PPLCNET_INLINE std::string two_decimals(float score) {
  const double five_decimals = std::nearbyint(double{score} * 1e5) / 1e5;
  std::array<char, 64> digits;  // a float below 1e38 has at most 39 digits, a sign and 2 decimals
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), five_decimals,
                                 std::chars_format::fixed, 2)
                       .ptr;
  return {digits.data(), end};
}

PPLCNET_INLINE std::string prediction_line(std::string_view file,
                                           std::span<const Prediction> predictions,
                                           std::span<const std::string> labels) {
  std::string ids;
  std::string scores;
  std::string names;
  std::string_view separator;
  for (const auto& [class_id, score] : predictions) {
    const auto index = static_cast<std::size_t>(class_id);
    ids.append(separator).append(std::to_string(class_id));
    scores.append(separator).append(two_decimals(score));
    names.append(separator).append(python_quoted(index < labels.size() ? labels[index] : ""));
    separator = ", ";
  }
  if (labels.empty()) names.clear();
  return std::string(file) + ":\tclass id(s): [" + ids + "], score(s): [" + scores +
         "], label_name(s): [" + names + "]";
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LABELS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Lookup tables from bytes to values, one for each channel of the network's input.
using ByteTables = std::array<ByteTable, kImageChannels>;

/// Takes labels and preprocessing of a file, if it has any; those for another network are an error.
/// `path` is for messages.
PPLCNET_INLINE Error take_info(ModelInfo& info, std::string_view path, const NetworkTraits& traits,
                               std::vector<std::string>& labels, Preprocessing& preprocessing);

/// A network's weights, and what belongs to them: labels, and how pictures are prepared: the base
/// of `Self`, which sees pictures with them. Copies share the weights.
template <class Net, class Self>
class LoadedWeights {
 public:
  using Weights = typename Net::Weights;
  using WeightsView = typename Net::WeightsView;

  explicit LoadedWeights(const Preprocessing& preprocessing = default_preprocessing<Net>()) {
    set_preprocessing(preprocessing);
  }

  /// Reads weights in any format that `pplcnet::load` knows, or another `read` such as
  /// `pplcnet::load_any`; a native file also brings labels and preprocessing. After an error, which
  /// may be that there is no memory, all is as before.
  Error load(std::string_view path,
             Error (*read)(std::string_view, Weights&, ModelInfo*) = pplcnet::load<Weights>) {
    return load_by(path, [&](auto& weights, auto* info) { return read(path, weights, info); });
  }

  /// Loads the same from the bytes of a file, which are not needed any more then. `name` is for
  /// messages; another `read` is `pplcnet::load_any_bytes`.
  Error load(std::span<const std::byte> bytes, std::string_view name,
             Error (*read)(std::span<const std::byte>, std::string_view, Weights&,
                           ModelInfo*) = pplcnet::load_bytes<Weights>) {
    return load_by(name,
                   [&](auto& weights, auto* info) { return read(bytes, name, weights, info); });
  }

  /// Loads the same with weights that `read(weights, info)` brings; `path` is for messages.
  template <class Read>
  Error load_by(std::string_view path, const Read& read) {
    return with_memory_for(path, [&] {
      const std::shared_ptr<Weights> weights(new (std::nothrow) Weights());
      if (weights == nullptr) return out_of_memory(path);
      ModelInfo info;
      if (auto error = read(*weights, &info)) return error;
      return take(path, *weights, weights, info);
    });
  }

  /// Uses a native file that lies in memory (mapped, or part of the executable) where it is,
  /// without a copy, as `pplcnet::view` does: it must stay there. Labels and preprocessing are its
  /// own.
  Error view(std::span<const std::byte> bytes, std::string_view name) {
    return with_memory_for(name, [&] {
      std::optional<WeightsView> weights;
      ModelInfo info;
      if (auto error = pplcnet::view<Net>(bytes, name, weights, &info)) return error;
      return take(name, *weights, nullptr, info);
    });
  }

  /// Uses packed weights that lie elsewhere, and must stay there.
  void view(WeightsView weights) noexcept {
    weights_ = weights;
    owner_.reset();
  }

  /// Takes one label for each class, or none; any other number is an error.
  Error set_labels(std::vector<std::string> labels) {
    if (auto error = check_label_count(labels.size(), Net::traits.label_count, "labels"))
      return error;
    labels_ = std::move(labels);
    return {};
  }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Returns the label of a class, or its number where there are no labels.
  std::string label(int class_id) const { return label_of(class_id, labels_); }

  /// Sets the preprocessing, whose height and width must be those of the network's input.
  void set_preprocessing(const Preprocessing& preprocessing) {
    preprocessing_ = preprocessing;
    lookup_ = normalisation_tables(preprocessing.normalisation);
  }
  const Preprocessing& preprocessing() const { return preprocessing_; }

  /// Returns what the network sees of the pixels of a picture that is prepared.
  Picture picture(const std::uint8_t* pixels) const {
    const auto seen = Picture::interleaved(pixels, lookup_.data(), Net::input_shape);
    return preprocessing_.channel_order == ChannelOrder::bgr ? seen.reversed(Net::input_shape)
                                                             : seen;
  }

  /// Returns the weights; nothing if none were loaded.
  const std::optional<WeightsView>& weights() const { return weights_; }

 private:
  /// Takes over weights that were read, and what came with them.
  Error take(std::string_view name, WeightsView weights, std::shared_ptr<const Weights> owner,
             ModelInfo& info) {
    if constexpr (requires(Self & self) { self.prepare(1); })
      if (auto error = static_cast<Self&>(*this).prepare(1)) return error;
    if (auto error = take_info(info, name, Net::traits, labels_, preprocessing_)) return error;
    set_preprocessing(preprocessing_);
    weights_ = weights;
    owner_ = std::move(owner);
    return {};
  }

  std::optional<WeightsView> weights_;
  std::shared_ptr<const Weights> owner_;  // null: the caller
  Preprocessing preprocessing_;
  ByteTables lookup_;
  std::vector<std::string> labels_ = default_labels<Net>();
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error take_info(ModelInfo& info, std::string_view path, const NetworkTraits& traits,
                               std::vector<std::string>& labels, Preprocessing& preprocessing) {
  if (auto error = check_label_count(info.labels.size(), traits.label_count, path)) return error;
  std::optional<Preprocessing> preset = preprocessing;
  if (!info.preprocessing.empty())
    preset = find_preset(info.preprocessing, traits.input.height, traits.input.width);
  if (!preset) return Error::of(path, ": unknown preprocessing ", quote(info.preprocessing));
  preprocessing = *preset;
  if (!info.labels.empty()) labels = std::move(info.labels);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_LOADED_WEIGHTS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// From decoded pixels to labels: a network with its weights, preprocessing and labels, and what
/// threads need to write to. A published model (see models/) brings the last two.
/// Copies share the weights and have everything else of their own: one copy for each thread, or one
/// classifier that classifies many pictures at once.
template <class Net>
class Classifier : public LoadedWeights<Net, Classifier<Net>> {
  using Loaded = LoadedWeights<Net, Classifier<Net>>;

 public:
  Classifier() = default;
  Classifier(const Classifier& other) : Loaded(other) {}
  Classifier(Classifier&&) noexcept = default;
  Classifier& operator=(const Classifier& other) {
    if (this != &other) *this = Classifier(other);
    return *this;
  }
  Classifier& operator=(Classifier&&) noexcept = default;
  ~Classifier() = default;

  /// Returns the raw scores of a picture, or nothing if weights were not loaded, the picture is
  /// empty or too narrow for the crop, or there is no memory. Valid until the next call.
  std::optional<std::span<const float>> logits(ImageView image, const RunOptions& options = {}) {
    std::optional<Picture> picture;
    const auto see = [&] {
      picture = states_[0]->see(*this, image, 0);
      return Error();
    };
    if (check_ready() || prepare(1) || with_memory_for("picture", see) || !picture)
      return std::nullopt;
    Net::forward_batch(*this->weights(), std::span<const Picture>(&*picture, 1),
                       states_[0]->workspace, first_row(), options);
    return first_row();
  }

  /// Probabilities of all classes: softmax as Paddle computes it, or for attributes sigmoid.
  std::optional<std::span<const float>> probabilities(ImageView image,
                                                      const RunOptions& options = {}) {
    if (!logits(image, options)) return std::nullopt;
    to_probabilities<Net>(first_row());
    return first_row();
  }

  /// Returns a published model's prediction: attributes, or the class above its threshold, with its
  /// score.
  auto predict(ImageView image, const RunOptions& options = {}) requires HasModel<Net> {
    using Predicted = decltype(decode<Net>(std::declval<const typename Net::Logits&>()));
    return probabilities(image, options) ? std::optional<Predicted>(decode<Net>(first_row()))
                                         : std::nullopt;
  }

  /// Returns the kCount most probable classes, best first; class_id is -1 where there is no
  /// prediction.
  template <std::size_t kCount>
  std::array<Prediction, kCount> top_k(ImageView image, const RunOptions& options = {}) {
    const auto scores = probabilities(image, options);
    return scores ? pplcnet::top_k<kCount>(*scores) : std::array<Prediction, kCount>{};
  }

  /// Probabilities of any number of pictures: a row of all classes for each, in their order. The
  /// row of a picture that is empty or too narrow for the crop is full of NaN. Each thread of the
  /// executor takes a few pictures at a time. An error if weights were not loaded, `rows` has
  /// another size, or there is no memory.
  Error probabilities(std::span<const ImageView> images, std::span<float> rows,
                      const RunOptions& options = {}) {
    constexpr auto kClasses = static_cast<std::size_t>(Net::classes);
    if (rows.size() != images.size() * kClasses)
      return Error::of("classifier: expected room for ", images.size(), " times ", kClasses,
                       " probabilities, found room for ", rows.size());
    std::ranges::fill(rows, std::numeric_limits<float>::quiet_NaN());
    return for_each_row(images, options, [&](std::size_t image, std::span<const float> row) {
      std::ranges::copy(row, rows.subspan(image * kClasses).begin());
    });
  }

  /// Finds the most probable classes of any number of pictures, in the same way: `best` has a row
  /// of as many predictions for each, best first; class_id is -1 where there is no prediction.
  Error classify(std::span<const ImageView> images, std::span<Prediction> best,
                 const RunOptions& options = {}) {
    const std::size_t count = images.empty() ? 0 : best.size() / images.size();
    if (best.size() != count * images.size() || (count == 0 && !images.empty()))
      return Error::of("classifier: expected as many predictions for each of ", images.size(),
                       " pictures, found room for ", best.size());
    std::ranges::fill(best, Prediction());
    return for_each_row(images, options, [&](std::size_t image, std::span<const float> row) {
      pplcnet::top_k(row, best.subspan(image * count, count));
    });
  }

  /// Allocates what `threads` threads write to (about Net::workspace_bytes each), which the first
  /// call would do otherwise, and touches it: no picture waits for its pages. Buffers for pictures
  /// grow with the largest one.
  Error prepare(int threads) {
    return with_memory_for("classifier", [&] {
      while (std::ssize(states_) < threads) {
        std::unique_ptr<State> state(new (std::nothrow) State());
        if (state == nullptr) return out_of_memory("classifier");
        states_.push_back(std::move(state));
      }
      return Error();
    });
  }

 private:
  using State = ClassifierState<Net>;
  using Row = std::span<float, Net::classes>;

  Row first_row() const { return Row(states_[0]->logits.data(), Net::classes); }

  Error check_ready() const {
    if (!this->weights()) return Error("classifier: no weights were loaded");
    if (this->preprocessing().tensor_size() == Net::input_size) return {};
    return Error::of("classifier: expected preprocessing for ", Net::input_size, " numbers, found ",
                     this->preprocessing().tensor_size());
  }

  /// Calls visit(image, probabilities) for each picture that has any: each part of the executor has
  /// a state, and takes chunks until none is left.
  template <class Visit>
  Error for_each_row(std::span<const ImageView> images, const RunOptions& options,
                     const Visit& visit) {
    if (auto error = check_ready()) return error;
    const auto most = std::max<std::size_t>(images.size(), 1);
    const auto threads = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::max(options.executor.threads(), 1)), 1, most);
    if (auto error = prepare(static_cast<int>(threads))) return error;
    const std::size_t chunk = std::clamp<std::size_t>(most / threads, 1, kChunk);
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> exhausted = false;
    const auto part = [&](int i) {
      State& state = *states_[static_cast<std::size_t>(i)];
      for (std::size_t begin; (begin = next.fetch_add(chunk)) < images.size();) {
        const auto work = [&] {
          const std::size_t end = std::min(begin + chunk, images.size());
          state.compute(*this, images, begin, end, options.isa, visit);
          return Error();
        };
        if (with_memory_for("pictures", work)) exhausted = true;
      }
    };
    options.executor(static_cast<int>(threads), Task(part));
    return exhausted ? out_of_memory("classifier: pictures") : Error();
  }

  std::vector<std::unique_ptr<State>> states_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CLASSIFIER_HPP
// from pplcnet/image/orientation.hpp
#ifndef PPLCNET_IMAGE_ORIENTATION_HPP
#define PPLCNET_IMAGE_ORIENTATION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>


// Cameras store a picture as the sensor lay and note in its Exif data how to rotate it. Decoders
// such as cv2.imread do so, stb_image and Pillow's Image.open do not.

namespace pplcnet::inline PPLCNET_ABI {

/// Reads numbers from untrusted bytes: what lies outside reads as 0.
struct ByteReader {
  std::span<const std::byte> bytes;
  bool little_endian = false;

  constexpr std::uint64_t number(std::uint64_t offset, unsigned size) const {
    if (offset > bytes.size() || bytes.size() - offset < size) return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      const unsigned position = little_endian ? size - 1 - i : i;
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + position]);
    }
    return value;
  }

  constexpr bool has(std::uint64_t offset, std::string_view text) const {
    if (offset > bytes.size() || bytes.size() - offset < text.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (bytes[offset + i] != static_cast<std::byte>(text[i])) return false;
    }
    return true;
  }

  /// Returns at most `size` bytes from `offset` on.
  constexpr std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    const std::uint64_t begin = std::min<std::uint64_t>(offset, bytes.size());
    return bytes.subspan(begin, std::min<std::uint64_t>(size, bytes.size() - begin));
  }
};

/// The orientation in Exif data.
struct ExifOrientation {
  int value = 1;           ///< 1 to 8; 1 is upright
  std::size_t offset = 0;  ///< of the byte in the file that says so; 0: none does
};

/// Returns that of Exif data, which are a TIFF file: tag 0x0112 of the first directory. They begin
/// at `begin` of `file`.
constexpr ExifOrientation tiff_orientation(std::span<const std::byte> file, std::uint64_t begin,
                                           std::uint64_t size) {
  using namespace std::string_view_literals;
  const ByteReader whole{file};
  ByteReader reader{whole.part(begin, size)};
  reader.little_endian = reader.has(0, "II*\0"sv);
  if (!reader.little_endian && !reader.has(0, "MM\0*"sv)) return {};
  const std::uint64_t directory = reader.number(4, 4);
  const std::uint64_t entry_count = reader.number(directory, 2);
  for (std::uint64_t i = 0; i < entry_count; ++i) {
    const std::uint64_t entry = directory + 2 + i * 12;
    if (reader.number(entry, 2) != 0x0112) continue;
    const std::uint64_t type = reader.number(entry + 2, 2);
    const unsigned value_bytes = type == 3 ? 2 : type == 4 ? 4 : 0;  // SHORT; LONG
    const std::uint64_t value = reader.number(entry + 8, value_bytes);
    if (reader.number(entry + 4, 4) != 1 || value < 1 || value > 8) return {};
    const std::uint64_t low_byte = begin + entry + 8 + (reader.little_endian ? 0 : value_bytes - 1);
    return {static_cast<int>(value), static_cast<std::size_t>(low_byte)};
  }
  return {};
}

/// Where Exif data are in a file: a TIFF file inside it.
struct ExifPlace {
  std::uint64_t begin = 0;  ///< 0: there are none
  std::uint64_t size = 0;   ///< as the file says; it may end before
};

/// Returns the first ones of a JPEG file (segment APP1) or PNG file (chunk eXIf); none for any
/// other or malformed bytes. Reads nothing outside `file`.
constexpr ExifPlace find_exif(std::span<const std::byte> file) {
  using namespace std::string_view_literals;
  const ByteReader reader{file};
  if (reader.has(0, "\xFF\xD8"sv)) {
    for (std::uint64_t offset = 2; reader.number(offset, 1) == 0xFF;) {
      const std::uint64_t marker = reader.number(offset + 1, 1);
      if (marker == 0xFF) {  // a fill byte
        ++offset;
        continue;
      }
      const std::uint64_t length = reader.number(offset + 2, 2);  // of itself and what follows
      const bool picture_begins = marker == 0xDA || marker == 0xD9;
      if (picture_begins || length < 2) return {};
      if (marker == 0xE1 && length >= 8 && reader.has(offset + 4, "Exif\0\0"sv))
        return {offset + 10, length - 8};
      offset += 2 + length;
    }
  } else if (reader.has(0, "\x89PNG\r\n\x1A\n"sv)) {
    for (std::uint64_t offset = 8; offset < file.size();) {
      const std::uint64_t length = reader.number(offset, 4);
      if (reader.has(offset + 4, "eXIf")) return {offset + 8, length};
      offset += 12 + length;  // length, type, data, checksum
    }
  }
  return {};
}

/// Returns the Exif orientation of a JPEG or PNG file; upright for any other or malformed bytes.
constexpr ExifOrientation find_exif_orientation(std::span<const std::byte> file) {
  const ExifPlace place = find_exif(file);
  return place.begin == 0 ? ExifOrientation() : tiff_orientation(file, place.begin, place.size);
}

/// Returns the same as a number from 1 to 8.
constexpr int exif_orientation(std::span<const std::byte> file) {
  return find_exif_orientation(file).value;
}

/// Writes the picture as it is meant to be seen, given its Exif orientation, 1 to 8, to `out`,
/// which has room for all of its pixels, as RGB. The result is a view of them.
inline ImageView write_oriented(ImageView image, int orientation, std::uint8_t* out) {
  // 5 to 8: the stored rows are seen as columns. The first stored row and column are seen at the
  // top and left (1), top right (2), bottom right (3), bottom left (4), left top (5), right top
  // (6), right bottom (7), left bottom (8); so the first pixel seen is in one of the stored
  // corners.
  const bool transposed = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const std::uint8_t* origin =
      image.pixel(from_right ? image.width - 1 : 0, from_bottom ? image.height - 1 : 0);
  const auto [pixel_bytes, red, green, blue] = image.layout;
  const std::ptrdiff_t along_row = from_right ? -pixel_bytes : pixel_bytes;
  const std::ptrdiff_t along_column = from_bottom ? -image.row_bytes : image.row_bytes;
  const std::ptrdiff_t step_right = transposed ? along_column : along_row;
  const std::ptrdiff_t step_down = transposed ? along_row : along_column;

  const ImageView upright = {out, transposed ? image.height : image.width,
                             transposed ? image.width : image.height, PixelFormat::rgb};
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      const std::uint8_t* pixel = origin + y * step_down + x * step_right;
      for (const std::ptrdiff_t channel : {red, green, blue}) *out++ = pixel[channel];
    }
  }
  return upright;
}

/// Returns the picture as it is meant to be seen, given its Exif orientation. For 2 to 8 the
/// rotated pixels are written to `storage`, as RGB, and the result is a view of them; otherwise it
/// is `image` itself.
inline ImageView oriented(ImageView image, int orientation, std::vector<std::uint8_t>& storage) {
  if (orientation < 2 || orientation > 8 || image.empty()) return image;
  storage.resize(CropWindow{0, 0, image.width, image.height}.byte_count());
  return write_oriented(image, orientation, storage.data());
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ORIENTATION_HPP

// Published models: networks with everything that belongs to their weights. They are types, which
// cost a program nothing until it uses them; so they are here, and in the single header. Those that
// PP-LCNet is not compared with are in models/light_cnns.hpp.
// from pplcnet/models/flops.hpp
#ifndef PPLCNET_MODELS_FLOPS_HPP
#define PPLCNET_MODELS_FLOPS_HPP

#include <cstdint>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns a layer's FLOPs as `paddle.flops` counts them (Paddle, hapi/dynamic_flops.py), which is
/// what PaddleClas publishes: multiply-adds count once; a convolution's bias adds count, a linear
/// layer's does not; batch norm counts 2 for each of its outputs, a pool one more than it has
/// inputs; activations and gates count nothing.
constexpr std::int64_t flops(const Layer& layer) {
  std::int64_t count = layer.multiply_adds;
  if (layer.bias && layer.layout == Layout::convolution) count += layer.output.size();
  if (layer.batch_norm) count += 2 * layer.output.size();
  if (layer.op == Operator::pool) count += (layer.input.pixels() + 1) * layer.output.channels;
  return count;
}

/// Of a whole network: `flops(Net::layers)`.
constexpr std::int64_t flops(std::span<const Layer> layers) {
  std::int64_t count = 0;
  for (const Layer& layer : layers) count += flops(layer);
  return count;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_FLOPS_HPP
// from pplcnet/models/lightweight.hpp
#ifndef PPLCNET_MODELS_LIGHTWEIGHT_HPP
#define PPLCNET_MODELS_LIGHTWEIGHT_HPP

#include <cstddef>

// from pplcnet/models/imagenet.hpp
#ifndef PPLCNET_MODELS_IMAGENET_HPP
#define PPLCNET_MODELS_IMAGENET_HPP

#include <string_view>

// from pplcnet/models/imagenet_labels.hpp
#ifndef PPLCNET_MODELS_IMAGENET_LABELS_HPP
#define PPLCNET_MODELS_IMAGENET_LABELS_HPP

#include <array>
#include <cstddef>
#include <string_view>


// The 1000 classes of ImageNet's challenge (ILSVRC 2012), with the synonyms of WordNet, in the
// order that all frameworks have them in.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

#if defined(PPLCNET_COMPILED)
/// The names of the classes.
extern const std::array<std::string_view, 1000> kImageNetLabels;
#endif

#if PPLCNET_HAS_DEFINITIONS
// clang-format off
inline constexpr std::string_view kImageNetNames =
    "tench, Tinca tinca;goldfish, Carassius auratus;great white shark, white shark, man-eater, "
    "man-eating shark, Carcharodon carcharias;tiger shark, Galeocerdo cuvieri;hammerhead, "
    "hammerhead shark;electric ray, crampfish, numbfish, torpedo;stingray;cock;hen;ostrich, "
    "Struthio camelus;brambling, Fringilla montifringilla;goldfinch, Carduelis carduelis;house "
    "finch, linnet, Carpodacus mexicanus;junco, snowbird;indigo bunting, indigo finch, indigo "
    "bird, Passerina cyanea;robin, American robin, Turdus migratorius;bulbul;jay;magpie;chickadee;"
    "water ouzel, dipper;kite;bald eagle, American eagle, Haliaeetus leucocephalus;vulture;great "
    "grey owl, great gray owl, Strix nebulosa;European fire salamander, Salamandra salamandra;"
    "common newt, Triturus vulgaris;eft;spotted salamander, Ambystoma maculatum;axolotl, mud "
    "puppy, Ambystoma mexicanum;bullfrog, Rana catesbeiana;tree frog, tree-frog;tailed frog, bell "
    "toad, ribbed toad, tailed toad, Ascaphus trui;loggerhead, loggerhead turtle, Caretta caretta;"
    "leatherback turtle, leatherback, leathery turtle, Dermochelys coriacea;mud turtle;terrapin;"
    "box turtle, box tortoise;banded gecko;common iguana, iguana, Iguana iguana;American "
    "chameleon, anole, Anolis carolinensis;whiptail, whiptail lizard;agama;frilled lizard, "
    "Chlamydosaurus kingi;alligator lizard;Gila monster, Heloderma suspectum;green lizard, Lacerta "
    "viridis;African chameleon, Chamaeleo chamaeleon;Komodo dragon, Komodo lizard, dragon lizard, "
    "giant lizard, Varanus komodoensis;African crocodile, Nile crocodile, Crocodylus niloticus;"
    "American alligator, Alligator mississipiensis;triceratops;thunder snake, worm snake, "
    "Carphophis amoenus;ringneck snake, ring-necked snake, ring snake;hognose snake, puff adder, "
    "sand viper;green snake, grass snake;king snake, kingsnake;garter snake, grass snake;water "
    "snake;vine snake;night snake, Hypsiglena torquata;boa constrictor, Constrictor constrictor;"
    "rock python, rock snake, Python sebae;Indian cobra, Naja naja;green mamba;sea snake;horned "
    "viper, cerastes, sand viper, horned asp, Cerastes cornutus;diamondback, diamondback "
    "rattlesnake, Crotalus adamanteus;sidewinder, horned rattlesnake, Crotalus cerastes;trilobite;"
    "harvestman, daddy longlegs, Phalangium opilio;scorpion;black and gold garden spider, Argiope "
    "aurantia;barn spider, Araneus cavaticus;garden spider, Aranea diademata;black widow, "
    "Latrodectus mactans;tarantula;wolf spider, hunting spider;tick;centipede;black grouse;"
    "ptarmigan;ruffed grouse, partridge, Bonasa umbellus;prairie chicken, prairie grouse, prairie "
    "fowl;peacock;quail;partridge;African grey, African gray, Psittacus erithacus;macaw;"
    "sulphur-crested cockatoo, Kakatoe galerita, Cacatua galerita;lorikeet;coucal;bee eater;"
    "hornbill;hummingbird;jacamar;toucan;drake;red-breasted merganser, Mergus serrator;goose;black "
    "swan, Cygnus atratus;tusker;echidna, spiny anteater, anteater;platypus, duckbill, duckbilled "
    "platypus, duck-billed platypus, Ornithorhynchus anatinus;wallaby, brush kangaroo;koala, koala "
    "bear, kangaroo bear, native bear, Phascolarctos cinereus;wombat;jellyfish;sea anemone, "
    "anemone;brain coral;flatworm, platyhelminth;nematode, nematode worm, roundworm;conch;snail;"
    "slug;sea slug, nudibranch;chiton, coat-of-mail shell, sea cradle, polyplacophore;chambered "
    "nautilus, pearly nautilus, nautilus;Dungeness crab, Cancer magister;rock crab, Cancer "
    "irroratus;fiddler crab;king crab, Alaska crab, Alaskan king crab, Alaska king crab, "
    "Paralithodes camtschatica;American lobster, Northern lobster, Maine lobster, Homarus "
    "americanus;spiny lobster, langouste, rock lobster, crawfish, crayfish, sea crawfish;crayfish, "
    "crawfish, crawdad, crawdaddy;hermit crab;isopod;white stork, Ciconia ciconia;black stork, "
    "Ciconia nigra;spoonbill;flamingo;little blue heron, Egretta caerulea;American egret, great "
    "white heron, Egretta albus;bittern;crane;limpkin, Aramus pictus;European gallinule, Porphyrio "
    "porphyrio;American coot, marsh hen, mud hen, water hen, Fulica americana;bustard;ruddy "
    "turnstone, Arenaria interpres;red-backed sandpiper, dunlin, Erolia alpina;redshank, Tringa "
    "totanus;dowitcher;oystercatcher, oyster catcher;pelican;king penguin, Aptenodytes patagonica;"
    "albatross, mollymawk;grey whale, gray whale, devilfish, Eschrichtius gibbosus, Eschrichtius "
    "robustus;killer whale, killer, orca, grampus, sea wolf, Orcinus orca;dugong, Dugong dugon;sea "
    "lion;Chihuahua;Japanese spaniel;Maltese dog, Maltese terrier, Maltese;Pekinese, Pekingese, "
    "Peke;Shih-Tzu;Blenheim spaniel;papillon;toy terrier;Rhodesian ridgeback;Afghan hound, Afghan;"
    "basset, basset hound;beagle;bloodhound, sleuthhound;bluetick;black-and-tan coonhound;Walker "
    "hound, Walker foxhound;English foxhound;redbone;borzoi, Russian wolfhound;Irish wolfhound;"
    "Italian greyhound;whippet;Ibizan hound, Ibizan Podenco;Norwegian elkhound, elkhound;"
    "otterhound, otter hound;Saluki, gazelle hound;Scottish deerhound, deerhound;Weimaraner;"
    "Staffordshire bullterrier, Staffordshire bull terrier;American Staffordshire terrier, "
    "Staffordshire terrier, American pit bull terrier, pit bull terrier;Bedlington terrier;Border "
    "terrier;Kerry blue terrier;Irish terrier;Norfolk terrier;Norwich terrier;Yorkshire terrier;"
    "wire-haired fox terrier;Lakeland terrier;Sealyham terrier, Sealyham;Airedale, Airedale "
    "terrier;cairn, cairn terrier;Australian terrier;Dandie Dinmont, Dandie Dinmont terrier;Boston "
    "bull, Boston terrier;miniature schnauzer;giant schnauzer;standard schnauzer;Scotch terrier, "
    "Scottish terrier, Scottie;Tibetan terrier, chrysanthemum dog;silky terrier, Sydney silky;"
    "soft-coated wheaten terrier;West Highland white terrier;Lhasa, Lhasa apso;flat-coated "
    "retriever;curly-coated retriever;golden retriever;Labrador retriever;Chesapeake Bay retriever;"
    "German short-haired pointer;vizsla, Hungarian pointer;English setter;Irish setter, red setter;"
    "Gordon setter;Brittany spaniel;clumber, clumber spaniel;English springer, English springer "
    "spaniel;Welsh springer spaniel;cocker spaniel, English cocker spaniel, cocker;Sussex spaniel;"
    "Irish water spaniel;kuvasz;schipperke;groenendael;malinois;briard;kelpie;komondor;Old English "
    "sheepdog, bobtail;Shetland sheepdog, Shetland sheep dog, Shetland;collie;Border collie;"
    "Bouvier des Flandres, Bouviers des Flandres;Rottweiler;German shepherd, German shepherd dog, "
    "German police dog, alsatian;Doberman, Doberman pinscher;miniature pinscher;Greater Swiss "
    "Mountain dog;Bernese mountain dog;Appenzeller;EntleBucher;boxer;bull mastiff;Tibetan mastiff;"
    "French bulldog;Great Dane;Saint Bernard, St Bernard;Eskimo dog, husky;malamute, malemute, "
    "Alaskan malamute;Siberian husky;dalmatian, coach dog, carriage dog;affenpinscher, monkey "
    "pinscher, monkey dog;basenji;pug, pug-dog;Leonberg;Newfoundland, Newfoundland dog;Great "
    "Pyrenees;Samoyed, Samoyede;Pomeranian;chow, chow chow;keeshond;Brabancon griffon;Pembroke, "
    "Pembroke Welsh corgi;Cardigan, Cardigan Welsh corgi;toy poodle;miniature poodle;standard "
    "poodle;Mexican hairless;timber wolf, grey wolf, gray wolf, Canis lupus;white wolf, Arctic "
    "wolf, Canis lupus tundrarum;red wolf, maned wolf, Canis rufus, Canis niger;coyote, prairie "
    "wolf, brush wolf, Canis latrans;dingo, warrigal, warragal, Canis dingo;dhole, Cuon alpinus;"
    "African hunting dog, hyena dog, Cape hunting dog, Lycaon pictus;hyena, hyaena;red fox, Vulpes "
    "vulpes;kit fox, Vulpes macrotis;Arctic fox, white fox, Alopex lagopus;grey fox, gray fox, "
    "Urocyon cinereoargenteus;tabby, tabby cat;tiger cat;Persian cat;Siamese cat, Siamese;Egyptian "
    "cat;cougar, puma, catamount, mountain lion, painter, panther, Felis concolor;lynx, catamount;"
    "leopard, Panthera pardus;snow leopard, ounce, Panthera uncia;jaguar, panther, Panthera onca, "
    "Felis onca;lion, king of beasts, Panthera leo;tiger, Panthera tigris;cheetah, chetah, "
    "Acinonyx jubatus;brown bear, bruin, Ursus arctos;American black bear, black bear, Ursus "
    "americanus, Euarctos americanus;ice bear, polar bear, Ursus Maritimus, Thalarctos maritimus;"
    "sloth bear, Melursus ursinus, Ursus ursinus;mongoose;meerkat, mierkat;tiger beetle;ladybug, "
    "ladybeetle, lady beetle, ladybird, ladybird beetle;ground beetle, carabid beetle;long-horned "
    "beetle, longicorn, longicorn beetle;leaf beetle, chrysomelid;dung beetle;rhinoceros beetle;"
    "weevil;fly;bee;ant, emmet, pismire;grasshopper, hopper;cricket;walking stick, walkingstick, "
    "stick insect;cockroach, roach;mantis, mantid;cicada, cicala;leafhopper;lacewing, lacewing fly;"
    "dragonfly, darning needle, devil's darning needle, sewing needle, snake feeder, snake doctor, "
    "mosquito hawk, skeeter hawk;damselfly;admiral;ringlet, ringlet butterfly;monarch, monarch "
    "butterfly, milkweed butterfly, Danaus plexippus;cabbage butterfly;sulphur butterfly, sulfur "
    "butterfly;lycaenid, lycaenid butterfly;starfish, sea star;sea urchin;sea cucumber, "
    "holothurian;wood rabbit, cottontail, cottontail rabbit;hare;Angora, Angora rabbit;hamster;"
    "porcupine, hedgehog;fox squirrel, eastern fox squirrel, Sciurus niger;marmot;beaver;guinea "
    "pig, Cavia cobaya;sorrel;zebra;hog, pig, grunter, squealer, Sus scrofa;wild boar, boar, Sus "
    "scrofa;warthog;hippopotamus, hippo, river horse, Hippopotamus amphibius;ox;water buffalo, "
    "water ox, Asiatic buffalo, Bubalus bubalis;bison;ram, tup;bighorn, bighorn sheep, cimarron, "
    "Rocky Mountain bighorn, Rocky Mountain sheep, Ovis canadensis;ibex, Capra ibex;hartebeest;"
    "impala, Aepyceros melampus;gazelle;Arabian camel, dromedary, Camelus dromedarius;llama;weasel;"
    "mink;polecat, fitch, foulmart, foumart, Mustela putorius;black-footed ferret, ferret, Mustela "
    "nigripes;otter;skunk, polecat, wood pussy;badger;armadillo;three-toed sloth, ai, Bradypus "
    "tridactylus;orangutan, orang, orangutang, Pongo pygmaeus;gorilla, Gorilla gorilla;chimpanzee, "
    "chimp, Pan troglodytes;gibbon, Hylobates lar;siamang, Hylobates syndactylus, Symphalangus "
    "syndactylus;guenon, guenon monkey;patas, hussar monkey, Erythrocebus patas;baboon;macaque;"
    "langur;colobus, colobus monkey;proboscis monkey, Nasalis larvatus;marmoset;capuchin, "
    "ringtail, Cebus capucinus;howler monkey, howler;titi, titi monkey;spider monkey, Ateles "
    "geoffroyi;squirrel monkey, Saimiri sciureus;Madagascar cat, ring-tailed lemur, Lemur catta;"
    "indri, indris, Indri indri, Indri brevicaudatus;Indian elephant, Elephas maximus;African "
    "elephant, Loxodonta africana;lesser panda, red panda, panda, bear cat, cat bear, Ailurus "
    "fulgens;giant panda, panda, panda bear, coon bear, Ailuropoda melanoleuca;barracouta, snoek;"
    "eel;coho, cohoe, coho salmon, blue jack, silver salmon, Oncorhynchus kisutch;rock beauty, "
    "Holocanthus tricolor;anemone fish;sturgeon;gar, garfish, garpike, billfish, Lepisosteus "
    "osseus;lionfish;puffer, pufferfish, blowfish, globefish;abacus;abaya;academic gown, academic "
    "robe, judge's robe;accordion, piano accordion, squeeze box;acoustic guitar;aircraft carrier, "
    "carrier, flattop, attack aircraft carrier;airliner;airship, dirigible;altar;ambulance;"
    "amphibian, amphibious vehicle;analog clock;apiary, bee house;apron;ashcan, trash can, garbage "
    "can, wastebin, ash bin, ash-bin, ashbin, dustbin, trash barrel, trash bin;assault rifle, "
    "assault gun;backpack, back pack, knapsack, packsack, rucksack, haversack;bakery, bakeshop, "
    "bakehouse;balance beam, beam;balloon;ballpoint, ballpoint pen, ballpen, Biro;Band Aid;banjo;"
    "bannister, banister, balustrade, balusters, handrail;barbell;barber chair;barbershop;barn;"
    "barometer;barrel, cask;barrow, garden cart, lawn cart, wheelbarrow;baseball;basketball;"
    "bassinet;bassoon;bathing cap, swimming cap;bath towel;bathtub, bathing tub, bath, tub;beach "
    "wagon, station wagon, wagon, estate car, beach waggon, station waggon, waggon;beacon, "
    "lighthouse, beacon light, pharos;beaker;bearskin, busby, shako;beer bottle;beer glass;bell "
    "cote, bell cot;bib;bicycle-built-for-two, tandem bicycle, tandem;bikini, two-piece;binder, "
    "ring-binder;binoculars, field glasses, opera glasses;birdhouse;boathouse;bobsled, bobsleigh, "
    "bob;bolo tie, bolo, bola tie, bola;bonnet, poke bonnet;bookcase;bookshop, bookstore, "
    "bookstall;bottlecap;bow;bow tie, bow-tie, bowtie;brass, memorial tablet, plaque;brassiere, "
    "bra, bandeau;breakwater, groin, groyne, mole, bulwark, seawall, jetty;breastplate, aegis, "
    "egis;broom;bucket, pail;buckle;bulletproof vest;bullet train, bullet;butcher shop, meat "
    "market;cab, hack, taxi, taxicab;caldron, cauldron;candle, taper, wax light;cannon;canoe;can "
    "opener, tin opener;cardigan;car mirror;carousel, carrousel, merry-go-round, roundabout, "
    "whirligig;carpenter's kit, tool kit;carton;car wheel;cash machine, cash dispenser, automated "
    "teller machine, automatic teller machine, automated teller, automatic teller, ATM;cassette;"
    "cassette player;castle;catamaran;CD player;cello, violoncello;cellular telephone, cellular "
    "phone, cellphone, cell, mobile phone;chain;chainlink fence;chain mail, ring mail, mail, chain "
    "armor, chain armour, ring armor, ring armour;chain saw, chainsaw;chest;chiffonier, commode;"
    "chime, bell, gong;china cabinet, china closet;Christmas stocking;church, church building;"
    "cinema, movie theater, movie theatre, movie house, picture palace;cleaver, meat cleaver, "
    "chopper;cliff dwelling;cloak;clog, geta, patten, sabot;cocktail shaker;coffee mug;coffeepot;"
    "coil, spiral, volute, whorl, helix;combination lock;computer keyboard, keypad;confectionery, "
    "confectionary, candy store;container ship, containership, container vessel;convertible;"
    "corkscrew, bottle screw;cornet, horn, trumpet, trump;cowboy boot;cowboy hat, ten-gallon hat;"
    "cradle;crane;crash helmet;crate;crib, cot;Crock Pot;croquet ball;crutch;cuirass;dam, dike, "
    "dyke;desk;desktop computer;dial telephone, dial phone;diaper, nappy, napkin;digital clock;"
    "digital watch;dining table, board;dishrag, dishcloth;dishwasher, dish washer, dishwashing "
    "machine;disk brake, disc brake;dock, dockage, docking facility;dogsled, dog sled, dog sleigh;"
    "dome;doormat, welcome mat;drilling platform, offshore rig;drum, membranophone, tympan;"
    "drumstick;dumbbell;Dutch oven;electric fan, blower;electric guitar;electric locomotive;"
    "entertainment center;envelope;espresso maker;face powder;feather boa, boa;file, file cabinet, "
    "filing cabinet;fireboat;fire engine, fire truck;fire screen, fireguard;flagpole, flagstaff;"
    "flute, transverse flute;folding chair;football helmet;forklift;fountain;fountain pen;"
    "four-poster;freight car;French horn, horn;frying pan, frypan, skillet;fur coat;garbage truck, "
    "dustcart;gasmask, respirator, gas helmet;gas pump, gasoline pump, petrol pump, island "
    "dispenser;goblet;go-kart;golf ball;golfcart, golf cart;gondola;gong, tam-tam;gown;grand "
    "piano, grand;greenhouse, nursery, glasshouse;grille, radiator grille;grocery store, grocery, "
    "food market, market;guillotine;hair slide;hair spray;half track;hammer;hamper;hand blower, "
    "blow dryer, blow drier, hair dryer, hair drier;hand-held computer, hand-held microcomputer;"
    "handkerchief, hankie, hanky, hankey;hard disc, hard disk, fixed disk;harmonica, mouth organ, "
    "harp, mouth harp;harp;harvester, reaper;hatchet;holster;home theater, home theatre;honeycomb;"
    "hook, claw;hoopskirt, crinoline;horizontal bar, high bar;horse cart, horse-cart;hourglass;"
    "iPod;iron, smoothing iron;jack-o'-lantern;jean, blue jean, denim;jeep, landrover;jersey, "
    "T-shirt, tee shirt;jigsaw puzzle;jinrikisha, ricksha, rickshaw;joystick;kimono;knee pad;knot;"
    "lab coat, laboratory coat;ladle;lampshade, lamp shade;laptop, laptop computer;lawn mower, "
    "mower;lens cap, lens cover;letter opener, paper knife, paperknife;library;lifeboat;lighter, "
    "light, igniter, ignitor;limousine, limo;liner, ocean liner;lipstick, lip rouge;Loafer;lotion;"
    "loudspeaker, speaker, speaker unit, loudspeaker system, speaker system;loupe, jeweler's loupe;"
    "lumbermill, sawmill;magnetic compass;mailbag, postbag;mailbox, letter box;maillot;maillot, "
    "tank suit;manhole cover;maraca;marimba, xylophone;mask;matchstick;maypole;maze, labyrinth;"
    "measuring cup;medicine chest, medicine cabinet;megalith, megalithic structure;microphone, "
    "mike;microwave, microwave oven;military uniform;milk can;minibus;miniskirt, mini;minivan;"
    "missile;mitten;mixing bowl;mobile home, manufactured home;Model T;modem;monastery;monitor;"
    "moped;mortar;mortarboard;mosque;mosquito net;motor scooter, scooter;mountain bike, "
    "all-terrain bike, off-roader;mountain tent;mouse, computer mouse;mousetrap;moving van;muzzle;"
    "nail;neck brace;necklace;nipple;notebook, notebook computer;obelisk;oboe, hautboy, hautbois;"
    "ocarina, sweet potato;odometer, hodometer, mileometer, milometer;oil filter;organ, pipe organ;"
    "oscilloscope, scope, cathode-ray oscilloscope, CRO;overskirt;oxcart;oxygen mask;packet;"
    "paddle, boat paddle;paddlewheel, paddle wheel;padlock;paintbrush;pajama, pyjama, pj's, "
    "jammies;palace;panpipe, pandean pipe, syrinx;paper towel;parachute, chute;parallel bars, bars;"
    "park bench;parking meter;passenger car, coach, carriage;patio, terrace;pay-phone, pay-station;"
    "pedestal, plinth, footstall;pencil box, pencil case;pencil sharpener;perfume, essence;Petri "
    "dish;photocopier;pick, plectrum, plectron;pickelhaube;picket fence, paling;pickup, pickup "
    "truck;pier;piggy bank, penny bank;pill bottle;pillow;ping-pong ball;pinwheel;pirate, pirate "
    "ship;pitcher, ewer;plane, carpenter's plane, woodworking plane;planetarium;plastic bag;plate "
    "rack;plow, plough;plunger, plumber's helper;Polaroid camera, Polaroid Land camera;pole;police "
    "van, police wagon, paddy wagon, patrol wagon, wagon, black Maria;poncho;pool table, billiard "
    "table, snooker table;pop bottle, soda bottle;pot, flowerpot;potter's wheel;power drill;prayer "
    "rug, prayer mat;printer;prison, prison house;projectile, missile;projector;puck, hockey puck;"
    "punching bag, punch bag, punching ball, punchball;purse;quill, quill pen;quilt, comforter, "
    "comfort, puff;racer, race car, racing car;racket, racquet;radiator;radio, wireless;radio "
    "telescope, radio reflector;rain barrel;recreational vehicle, RV, R.V.;reel;reflex camera;"
    "refrigerator, icebox;remote control, remote;restaurant, eating house, eating place, eatery;"
    "revolver, six-gun, six-shooter;rifle;rocking chair, rocker;rotisserie;rubber eraser, rubber, "
    "pencil eraser;rugby ball;rule, ruler;running shoe;safe;safety pin;saltshaker, salt shaker;"
    "sandal;sarong;sax, saxophone;scabbard;scale, weighing machine;school bus;schooner;scoreboard;"
    "screen, CRT screen;screw;screwdriver;seat belt, seatbelt;sewing machine;shield, buckler;shoe "
    "shop, shoe-shop, shoe store;shoji;shopping basket;shopping cart;shovel;shower cap;shower "
    "curtain;ski;ski mask;sleeping bag;slide rule, slipstick;sliding door;slot, one-armed bandit;"
    "snorkel;snowmobile;snowplow, snowplough;soap dispenser;soccer ball;sock;solar dish, solar "
    "collector, solar furnace;sombrero;soup bowl;space bar;space heater;space shuttle;spatula;"
    "speedboat;spider web, spider's web;spindle;sports car, sport car;spotlight, spot;stage;steam "
    "locomotive;steel arch bridge;steel drum;stethoscope;stole;stone wall;stopwatch, stop watch;"
    "stove;strainer;streetcar, tram, tramcar, trolley, trolley car;stretcher;studio couch, day bed;"
    "stupa, tope;submarine, pigboat, sub, U-boat;suit, suit of clothes;sundial;sunglass;"
    "sunglasses, dark glasses, shades;sunscreen, sunblock, sun blocker;suspension bridge;swab, "
    "swob, mop;sweatshirt;swimming trunks, bathing trunks;swing;switch, electric switch, "
    "electrical switch;syringe;table lamp;tank, army tank, armored combat vehicle, armoured combat "
    "vehicle;tape player;teapot;teddy, teddy bear;television, television system;tennis ball;"
    "thatch, thatched roof;theater curtain, theatre curtain;thimble;thresher, thrasher, threshing "
    "machine;throne;tile roof;toaster;tobacco shop, tobacconist shop, tobacconist;toilet seat;"
    "torch;totem pole;tow truck, tow car, wrecker;toyshop;tractor;trailer truck, tractor trailer, "
    "trucking rig, rig, articulated lorry, semi;tray;trench coat;tricycle, trike, velocipede;"
    "trimaran;tripod;triumphal arch;trolleybus, trolley coach, trackless trolley;trombone;tub, vat;"
    "turnstile;typewriter keyboard;umbrella;unicycle, monocycle;upright, upright piano;vacuum, "
    "vacuum cleaner;vase;vault;velvet;vending machine;vestment;viaduct;violin, fiddle;volleyball;"
    "waffle iron;wall clock;wallet, billfold, notecase, pocketbook;wardrobe, closet, press;"
    "warplane, military plane;washbasin, handbasin, washbowl, lavabo, wash-hand basin;washer, "
    "automatic washer, washing machine;water bottle;water jug;water tower;whiskey jug;whistle;wig;"
    "window screen;window shade;Windsor tie;wine bottle;wing;wok;wooden spoon;wool, woolen, "
    "woollen;worm fence, snake fence, snake-rail fence, Virginia fence;wreck;yawl;yurt;web site, "
    "website, internet site, site;comic book;crossword puzzle, crossword;street sign;traffic "
    "light, traffic signal, stoplight;book jacket, dust cover, dust jacket, dust wrapper;menu;"
    "plate;guacamole;consomme;hot pot, hotpot;trifle;ice cream, icecream;ice lolly, lolly, "
    "lollipop, popsicle;French loaf;bagel, beigel;pretzel;cheeseburger;hotdog, hot dog, red hot;"
    "mashed potato;head cabbage;broccoli;cauliflower;zucchini, courgette;spaghetti squash;acorn "
    "squash;butternut squash;cucumber, cuke;artichoke, globe artichoke;bell pepper;cardoon;"
    "mushroom;Granny Smith;strawberry;orange;lemon;fig;pineapple, ananas;banana;jackfruit, jak, "
    "jack;custard apple;pomegranate;hay;carbonara;chocolate sauce, chocolate syrup;dough;meat "
    "loaf, meatloaf;pizza, pizza pie;potpie;burrito;red wine;espresso;cup;eggnog;alp;bubble;cliff, "
    "drop, drop-off;coral reef;geyser;lakeside, lakeshore;promontory, headland, head, foreland;"
    "sandbar, sand bar;seashore, coast, seacoast, sea-coast;valley, vale;volcano;ballplayer, "
    "baseball player;groom, bridegroom;scuba diver;rapeseed;daisy;yellow lady's slipper, yellow "
    "lady-slipper, Cypripedium calceolus, Cypripedium parviflorum;corn;acorn;hip, rose hip, "
    "rosehip;buckeye, horse chestnut, conker;coral fungus;agaric;gyromitra;stinkhorn, carrion "
    "fungus;earthstar;hen-of-the-woods, hen of the woods, Polyporus frondosus, Grifola frondosa;"
    "bolete;ear, spike, capitulum;toilet tissue, toilet paper, bathroom tissue";
// clang-format on

/// Returns the names of the classes.
constexpr std::array<std::string_view, 1000> split_names() {
  std::array<std::string_view, 1000> labels;
  std::string_view rest = kImageNetNames;
  for (std::string_view& label : labels) {
    label = rest.substr(0, rest.find(';'));
    rest.remove_prefix(label.size() < rest.size() ? label.size() + 1 : rest.size());
  }
  return labels;
}
/// The names of the classes.
PPLCNET_INLINE constexpr std::array<std::string_view, 1000> kImageNetLabels = split_names();
static_assert(kImageNetLabels[0] == "tench, Tinca tinca" &&
              kImageNetLabels[999] == "toilet tissue, toilet paper, bathroom tissue");
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_IMAGENET_LABELS_HPP
// from pplcnet/models/pplcnet.hpp
#ifndef PPLCNET_MODELS_PPLCNET_HPP
#define PPLCNET_MODELS_PPLCNET_HPP

// from pplcnet/networks/pplcnet_v1.hpp
#ifndef PPLCNET_NETWORKS_PPLCNET_V1_HPP
#define PPLCNET_NETWORKS_PPLCNET_V1_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

// from pplcnet/networks/adaptation.hpp
#ifndef PPLCNET_NETWORKS_ADAPTATION_HPP
#define PPLCNET_NETWORKS_ADAPTATION_HPP

#include <optional>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// What a file may have otherwise than the published network that it is like; what is empty stays.
struct Adaptation {
  std::optional<Extent> input = {};
  std::optional<int> classes = {};
  std::optional<int> head = {};             ///< width of the embedding, 0: none (V1)
  std::optional<int> dropout_percent = {};  ///< before the classes (V1, V2)
  std::string_view framework = {};          ///< whose dialect of the network it is (V1)

  constexpr void apply(Extent& to) const {
    if (input) to = *input;
  }
  constexpr void apply(Extent& to, int& to_classes) const {
    apply(to);
    if (classes) to_classes = *classes;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ADAPTATION_HPP
// from pplcnet/networks/scale.hpp
#ifndef PPLCNET_NETWORKS_SCALE_HPP
#define PPLCNET_NETWORKS_SCALE_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Width multiplier in exact hundredths: the published scales; any other value works too,
/// `static_cast<Scale>(60)` is x0.60.
enum class Scale : int {
  x0_25 = 25,
  x0_35 = 35,
  x0_5 = 50,
  x0_75 = 75,
  x0_95 = 95,
  x1_0 = 100,
  x1_25 = 125,
  x1_5 = 150,
  x2_0 = 200,
  x2_5 = 250
};

/// Returns whether a scale makes a network that is neither nothing nor larger than memory.
constexpr bool is_scale(Scale scale) {
  return static_cast<int>(scale) >= 5 && static_cast<int>(scale) <= 1000;
}

/// Returns the name of a published width: "x1_0" for Scale::x1_0; "custom" for others.
constexpr std::string_view scale_name(Scale scale) {
  constexpr struct {
    Scale scale;
    std::string_view name;
  } kNames[] = {{Scale::x0_25, "x0_25"}, {Scale::x0_35, "x0_35"}, {Scale::x0_5, "x0_5"},
                {Scale::x0_75, "x0_75"}, {Scale::x0_95, "x0_95"}, {Scale::x1_0, "x1_0"},
                {Scale::x1_25, "x1_25"}, {Scale::x1_5, "x1_5"},   {Scale::x2_0, "x2_0"},
                {Scale::x2_5, "x2_5"}};
  for (const auto& [known, name] : kNames)
    if (known == scale) return name;
  return "custom";
}

/// Returns `channels` at a scale, to the nearest multiple of `divisor`: Paddle's `make_divisible`.
constexpr int scaled(int channels, Scale scale, int divisor = 8) {
  return make_divisible(channels * static_cast<int>(scale), divisor);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SCALE_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses. All defaults are those of the published ImageNet networks.
struct Options {
  int classes = 1000;  ///< 0: no classifier, the result is the embedding
  Extent input = {224, 224};
  /// Stem, then the first block of blocks3, blocks4, blocks5, blocks6 (Paddle's `stride_list`).
  std::array<Stride, 5> strides = {2, 2, 2, 2, 2};
  /// Width of the embedding between pooling and classifier; 0: none, the pooled vector is used.
  int head = 1280;
  /// Paddle's dropout multiplies by 1 - p at inference; in percent. Other dialects ignore it.
  int dropout_percent = 20;
  Activation activation = Activation::hardswish;
  Dialect dialect = Dialect::paddle;
  Storage storage = Storage::single;
  Attention attention = {};  ///< in the place of squeeze-excite

  constexpr bool operator==(const Options&) const = default;
};

/// What a user chooses of a backbone, whose results are the maps of its stages.
struct BackboneOptions {
  Extent input = {224, 224};
  std::array<Stride, 5> strides = {2, 2, 2, 2, 2};
  /// The largest product of strides: further ones become dilation, so that maps stay larger
  /// (32, 16 or 8; timm's `output_stride`).
  int output_stride = 32;
  Activation activation = Activation::hardswish;
  Dialect dialect = Dialect::paddle;
  Storage storage = Storage::single;
  Attention attention = {};  ///< in the place of squeeze-excite

  constexpr bool operator==(const BackboneOptions&) const = default;
};

/// A row of Table 1 of the paper (arXiv:2109.15099) at scale 1.0, in the columns of Paddle's
/// NET_CONFIG. The first row of a stage takes its stride from the options.
struct V1Row {
  int stage, kernel, in, out, stride;
  bool squeeze_excite;
};
inline constexpr V1Row kV1Table[] = {
    // stage, kernel, in, out, stride, squeeze-excite
    {2, 3, 16, 32, 1, false},   {3, 3, 32, 64, 2, false},   {3, 3, 64, 64, 1, false},
    {4, 3, 64, 128, 2, false},  {4, 3, 128, 128, 1, false}, {5, 3, 128, 256, 2, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false},
    {5, 5, 256, 256, 1, false}, {5, 5, 256, 256, 1, false}, {6, 5, 256, 512, 2, true},
    {6, 5, 512, 512, 1, true},
};
inline constexpr int kV1StemChannels = 16;

/// What the stem, a block and the output of a stage are called in a network around V1.
struct V1Names {
  std::string_view stem = "conv#", block = "blocks#.#", stage = "stage#";
};

namespace v1 {

/// An output stride that no product of strides reaches.
inline constexpr int kAnyStride = 1 << 30;

/// Turns strides that lead beyond `most` into dilation: the layer that had the stride keeps its
/// taps where they were, those after it spread theirs (timm `_efficientnet_builder.py`).
class Dilation {
 public:
  constexpr Dilation(Stride reached, int most) : reached_(reached), most_(most) {}

  /// Sets the stride and the dilation of the next depthwise layer.
  constexpr void apply(Conv& conv) {
    conv.dilation = dilation_;
    const auto [height, width] = conv.stride;
    const Stride next = {reached_.height * height, reached_.width * width};
    if (std::max(next.height, next.width) <= most_) {
      reached_ = next;
      return;
    }
    dilation_ *= std::max(height, width);
    conv.stride = 1;
  }

 private:
  Stride reached_;
  int most_, dilation_ = 1;
};

/// Appends stem and blocks; returns the last map. Each stage's is an output.
constexpr Value add_blocks(Graph& g, Scale scale, const BackboneOptions& o,
                           const V1Names& names = {}) {
  const bool paddle = o.dialect == Dialect::paddle, pytorch = o.dialect == Dialect::pytorch;
  Value x =
      g.conv(g.image(), scaled(kV1StemChannels, scale),
             {.kernel = 3, .stride = o.strides[0], .activation = o.activation, .norm = !pytorch},
             {names.stem, 1});
  Dilation dilation(o.strides[0], o.output_stride);
  int stage = 0, index = 0;
  for (const V1Row& row : kV1Table) {
    const bool first = row.stage != stage;
    if (first && stage > 0) g.output(x, Role::stage, {names.stage, stage});
    index = first ? 0 : index + 1;
    stage = row.stage;
    const Name block(names.block, stage, index);
    Conv depthwise = {.kernel = first && stage == 5 && pytorch ? 5 : row.kernel,
                      .stride = row.stride,
                      .activation = o.activation};
    if (first && stage > 2) depthwise.stride = o.strides[static_cast<std::size_t>(stage - 2)];
    dilation.apply(depthwise);
    x = g.depthwise(x, depthwise, block + ".dw_conv");
    if (row.squeeze_excite && o.attention.is_there) {
      x = o.attention.append(g, x, {"blocks#.#.attention", stage, index});
    } else if (row.squeeze_excite) {
      const int quarter = x.shape.channels / 4;
      x = squeeze_excite(
          g, x,
          {.squeezed = pytorch ? make_divisible(100 * quarter, 8) : quarter,
           .gate = paddle ? Activation::hardsigmoid_paddle : Activation::hardsigmoid},
          block);
    }
    x = g.conv(x, scaled(row.out, scale), {.activation = o.activation}, block + ".pw_conv");
  }
  return g.output(x, Role::stage, {names.stage, stage});
}

}  // namespace v1

/// Returns PP-LCNet V1 in a dialect. Sources: PaddleClas `pp_lcnet.py`, timm `mobilenetv3.py`
/// (`_gen_lcnet`), ngnquan/PP-LCNet `pplcnet.py`, light_cnns `lcnet.py`.
constexpr Graph pplcnet_v1(Scale scale, const Options& o = {}) {
  Graph g(o.input, kPaddleClas, scale_name(scale));
  g.what = v1_what(o.dialect, /*backbone=*/false);
  g.namings = v1_namings(o.dialect);
  g.optional = kV1Optional;
  Value x = v1::add_blocks(g, scale,
                           {.strides = o.strides,
                            .output_stride = v1::kAnyStride,
                            .activation = o.activation,
                            .dialect = o.dialect,
                            .attention = o.attention});
  x = g.global_mean(x, "avg_pool");
  if (o.head != 0)
    x = g.dense(x, o.head,
                {.activation = o.activation,
                 .bias = o.dialect == Dialect::timm || o.dialect == Dialect::pytorch,
                 .layout = Layout::convolution},
                "last_conv");
  const bool drops = o.dialect == Dialect::paddle && o.head != 0;
  if (o.classes != 0)
    x = g.dense(x, o.classes,
                {.layout = Layout::in_out, .input_percent = drops ? 100 - o.dropout_percent : 100},
                "fc");
  g.output(x, o.classes != 0 ? Role::result : Role::embedding);
  return g;
}

/// Returns the same without an end: feature maps for detectors (PaddleDetection `lcnet.py`) and for
/// segmentation.
constexpr Graph pplcnet_v1_backbone(Scale scale, const BackboneOptions& o = {}) {
  Graph g(o.input, kPaddleClas, scale_name(scale));
  g.what = v1_what(o.dialect, /*backbone=*/true);
  g.namings = v1_namings(o.dialect);
  g.unused = kV1Ending;
  v1::add_blocks(g, scale, o);
  for (int i = 0, stages = g.output_count; i < stages; ++i)
    g.output(g.value(g.outputs[i].node), Role::result, {"blocks#", g.outputs[i].name.numbers[0]});
  return g;
}

namespace v1 {

constexpr bool is_stride(Stride s) {
  return (s.height == 1 || s.height == 2) && (s.width == 1 || s.width == 2);
}

constexpr bool is_activation(Activation a) {
  return a == Activation::hardswish || a == Activation::relu || a == Activation::relu6;
}

}  // namespace v1

/// PP-LCNet V1 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, Options kOptions>
struct V1 {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.classes >= 0, "Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 0, "Options::head: a width, or 0 for no head");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "Options::dropout_percent: from 0 to 99");
  static_assert(std::ranges::all_of(kOptions.strides, v1::is_stride),
                "Options::strides: each is 1 or 2, in both directions");
  static_assert(v1::is_activation(kOptions.activation),
                "Options::activation: hardswish, relu or relu6");
  static constexpr Scale scale = kScale;
  static constexpr Options options = kOptions;
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v1(kScale, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    Options o = kOptions;
    adaptation.apply(o.input, o.classes);
    if (adaptation.head) o.head = *adaptation.head;
    if (adaptation.dropout_percent) o.dropout_percent = *adaptation.dropout_percent;
    o.dialect = dialect_of(adaptation.framework, o.dialect);
    return pplcnet_v1(kScale, o);
  }
};

/// A backbone of V1 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, BackboneOptions kOptions>
struct V1Backbone {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "BackboneOptions::input: height and width are at least 1");
  static_assert(std::ranges::all_of(kOptions.strides, v1::is_stride),
                "BackboneOptions::strides: each is 1 or 2, in both directions");
  static_assert(kOptions.output_stride == 32 || kOptions.output_stride == 16 ||
                    kOptions.output_stride == 8,
                "BackboneOptions::output_stride: 32, 16 or 8");
  static_assert(v1::is_activation(kOptions.activation),
                "BackboneOptions::activation: hardswish, relu or relu6");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v1_backbone(kScale, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    BackboneOptions o = kOptions;
    adaptation.apply(o.input);
    o.dialect = dialect_of(adaptation.framework, o.dialect);
    return pplcnet_v1_backbone(kScale, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V1_HPP
// from pplcnet/networks/pplcnet_v2.hpp
#ifndef PPLCNET_NETWORKS_PPLCNET_V2_HPP
#define PPLCNET_NETWORKS_PPLCNET_V2_HPP

#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// The published sizes of PP-LCNet V2.
enum class V2 : unsigned char { small, base, large };

/// What a user chooses of PP-LCNet V2.
struct V2Options {
  int classes = 1000;  ///< 0: no classifier, the result is the embedding
  Extent input = {224, 224};
  int head = 1280;           ///< width of the embedding
  int dropout_percent = 20;  ///< the embedding is multiplied by 1 - this / 100
  /// PPLCNetV2_base_ShiTu's changes: a larger last map, and an embedding with a bias, without
  /// activation, and with a batch norm after it: features for retrieval.
  bool features = false;
  Storage storage = Storage::single;

  constexpr bool operator==(const V2Options&) const = default;
};

/// PaddleClas' NET_CONFIG at scale 1.0: a stage's first block doubles the channels and has
/// stride 2.
struct V2Stage {
  int in, kernel;
  bool split_pointwise, squeeze_excite, shortcut;
};
inline constexpr V2Stage kV2StemStage = {32, 3, false, false, false};
inline constexpr V2Stage kV2Table[] = {
    // in, kernel, split pointwise, squeeze-excite, shortcut
    {64, 3, false, false, false},
    {128, 3, false, false, false},
    {256, 5, true, true, false},
    {512, 5, false, false, true},
};

/// A published size: its width, and how many blocks each stage has.
struct V2Size {
  std::string_view name;
  Scale scale;
  int depths[4];
};
inline constexpr V2Size kV2Sizes[] = {{"v2_small", Scale::x0_75, {2, 2, 4, 2}},
                                      {"v2_base", Scale::x1_0, {2, 2, 6, 2}},
                                      {"v2_large", Scale::x1_25, {2, 2, 8, 2}}};

namespace v2 {

/// Kernels K, K - 2, …, each with a batch norm; the deployed kernel stays in checkpoints as a
/// placeholder.
constexpr TrainingForm training(const Window& window, bool /*same_channels*/) {
  constexpr Branch kBranches[] = {{5, "_list.0.conv", "_list.0.bn"},
                                  {3, "_list.1.conv", "_list.1.bn"},
                                  {1, "_list.2.conv", "_list.2.bn"}};
  TrainingForm form = {.keeps_deployed = true};
  const int count = window.stride == Stride(1) ? 3 : 2;  // no 1×1 where the map gets smaller
  for (int i = 0; i < count; ++i) form.add(kBranches[i]);
  return form;
}

inline constexpr Renaming kPaddle[] = {
    {"conv#", "stem.0"},
    {".dw_conv", ".dw_conv"},
    {".se.conv1", ".se.conv1"},
    {".se.conv2", ".se.conv2"},
    {".se", ".se"},
    {".expand", ".pw_conv_1"},
    {".pw_conv", ".pw_conv"},
    {"last_conv", "last_conv", "neck.feat_bn"},
    {"fc", "fc"},
    {"neck.feat_bn", "neck.feat_bn"},
};

/// Names a module as in PaddleClas `pp_lcnet_v2.py`: the stem has a block of its own, and stages
/// are counted from 0.
constexpr ModuleNames paddle_module(const Name& own) {
  const int stage = own.numbers[0], index = own.numbers[1];
  if (own.leaf.empty() || stage == 1) return renamed(own, kPaddle, "stem.1");
  const Name block("stages.#.#", stage - 2, index);
  const bool split = own.leaf == ".pw_conv" && kV2Table[stage - 2].split_pointwise;
  return split ? ModuleNames{block + ".pw_conv_2"} : renamed(own, kPaddle, block);
}

inline constexpr Naming kNamings[] = {paddle_naming(tensors_of::kV2, paddle_module)};

inline constexpr OptionalModule kOptional[] = {{"neck.feat_bn", "V2Options::features", true}};

/// Appends a block of a stage.
constexpr Value add_block(Graph& g, Value x, const V2Stage& row, int out, Stride stride,
                          Name block) {
  constexpr Activation kRelu = Activation::relu;
  const Value input = x;
  const bool branches = row.kernel > 3;
  x = g.depthwise(x,
                  {.kernel = row.kernel,
                   .stride = stride,
                   .activation = kRelu,
                   .norm = !branches,
                   .bias = branches,
                   .training = branches ? training : no_branches},
                  block + ".dw_conv");
  if (row.squeeze_excite)
    x = squeeze_excite(g, x, {.squeezed = x.shape.channels / 4, .gate = Activation::sigmoid},
                       block);
  if (row.split_pointwise) x = g.conv(x, out / 2, {.activation = kRelu}, block + ".expand");
  x = g.conv(x, out, {.activation = kRelu}, block + ".pw_conv");
  return row.shortcut && x.shape == input.shape ? g.add(input, x) : x;
}

}  // namespace v2

/// Returns PP-LCNet V2. Source: PaddleClas `pp_lcnet_v2.py`.
constexpr Graph pplcnet_v2(V2 size, const V2Options& o = {}) {
  const V2Size& published = kV2Sizes[static_cast<int>(size)];
  const auto width = [&](int channels) { return scaled(channels, published.scale); };
  Graph g(o.input, kPaddleClas, o.features ? "v2_base_features" : published.name);
  g.what = "a PP-LCNet V2";
  g.namings = v2::kNamings;
  g.optional = v2::kOptional;
  Value x = g.conv(g.image(), width(kV2StemStage.in),
                   {.kernel = 3, .stride = 2, .activation = Activation::relu}, {"conv#", 1});
  // The stem's own block, then the stages; they are counted from 1 on.
  x = v2::add_block(g, x, kV2StemStage, width(2 * kV2StemStage.in), 1, {"blocks#.#", 1, 0});
  g.output(x, Role::stage, {"stage#", 1});
  int stage = 2;
  for (const V2Stage& row : kV2Table) {
    for (int i = 0; i < published.depths[stage - 2]; ++i) {
      const bool halves = i == 0 && !(o.features && row.shortcut);
      x = v2::add_block(g, x, row, width(2 * row.in), halves ? 2 : 1, {"blocks#.#", stage, i});
    }
    g.output(x, Role::stage, {"stage#", stage++});
  }
  const int keep = 100 - o.dropout_percent;
  Dense head = {.activation = Activation::relu, .bias = false, .layout = Layout::convolution};
  if (o.features)
    head = {.norm = true,
            .layout = Layout::convolution,
            .output_percent = keep,
            .norm_name = "neck.feat_bn"};
  x = g.dense(g.global_mean(x, "avg_pool"), o.head, head, "last_conv");
  if (o.classes != 0)
    x = g.dense(x, o.classes, {.layout = Layout::in_out, .input_percent = keep}, "fc");
  g.output(x, o.classes != 0 ? Role::result : Role::embedding);
  return g;
}

/// PP-LCNet V2 as a definition for `NetworkOf`; checks the options.
template <V2 kSize, V2Options kOptions>
struct V2Definition {
  static_assert(kOptions.classes >= 0, "V2Options::classes: a number, or 0 for no classifier");
  static_assert(kOptions.input.height >= 1 && kOptions.input.width >= 1,
                "V2Options::input: height and width are at least 1");
  static_assert(kOptions.head >= 1, "V2Options::head: a width");
  static_assert(kOptions.dropout_percent >= 0 && kOptions.dropout_percent < 100,
                "V2Options::dropout_percent: from 0 to 99");
  static_assert(!kOptions.features || kOptions.classes == 0,
                "V2Options::features: there is no classifier after them (classes = 0)");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v2(kSize, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    V2Options o = kOptions;
    adaptation.apply(o.input, o.classes);
    if (adaptation.head) o.head = *adaptation.head;
    if (adaptation.dropout_percent) o.dropout_percent = *adaptation.dropout_percent;
    return pplcnet_v2(kSize, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V2_HPP
// from pplcnet/networks/pplcnet_v3.hpp
#ifndef PPLCNET_NETWORKS_PPLCNET_V3_HPP
#define PPLCNET_NETWORKS_PPLCNET_V3_HPP

#include <cstddef>
#include <iterator>
#include <string_view>

// from pplcnet/networks/text_options.hpp
#ifndef PPLCNET_NETWORKS_TEXT_OPTIONS_HPP
#define PPLCNET_NETWORKS_TEXT_OPTIONS_HPP


namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses of the backbones of text detection and recognition, V3 and V4.
struct TextOptions {
  /// Height and width; 0: 640 × 640 for detection, 48 × 320 for recognition.
  Extent input = {0, 0};
  Storage storage = Storage::single;

  constexpr bool operator==(const TextOptions&) const = default;
};

/// Returns the size of the pictures that the published text detectors and recognisers were trained
/// on, or that of the options.
constexpr Extent text_input(const TextOptions& options, bool detection) {
  if (options.input != Extent{0, 0}) return options.input;
  return detection ? Extent{640, 640} : Extent{48, 320};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TEXT_OPTIONS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// What PP-LCNet V3 is the backbone of: the strides and the results differ.
enum class V3 : unsigned char { detection, recognition };

/// A row of V3's table: V1's columns, but the stride depends on the task.
struct V3Row {
  int stage, kernel, in, out;
  Stride detection, recognition;
  bool squeeze_excite;
};

/// PaddleOCR's NET_CONFIG_det and NET_CONFIG_rec at scale 1.0.
inline constexpr V3Row kV3Table[] = {
    // stage, kernel, in, out, stride for detection, for recognition, squeeze-excite
    {2, 3, 16, 32, 1, 1, false},        {3, 3, 32, 64, 2, 1, false},
    {3, 3, 64, 64, 1, 1, false},        {4, 3, 64, 128, 2, {2, 1}, false},
    {4, 3, 128, 128, 1, 1, false},      {5, 3, 128, 256, 2, {1, 2}, false},
    {5, 5, 256, 256, 1, 1, false},      {5, 5, 256, 256, 1, 1, false},
    {5, 5, 256, 256, 1, 1, false},      {5, 5, 256, 256, 1, 1, false},
    {6, 5, 256, 512, 2, {2, 1}, true},  {6, 5, 512, 512, 1, 1, true},
    {6, 5, 512, 512, 1, {2, 1}, false}, {6, 5, 512, 512, 1, 1, false},
};
inline constexpr int kV3StemChannels = 16;
inline constexpr int kV3Divisor = 16;
/// Widths, at scale 1.0, of the layers after blocks3 … blocks6 that give a detector its maps.
inline constexpr int kV3DetectionWidths[] = {16, 24, 56, 480};

namespace v3 {

/// Returns identity, four kernels, 1×1, each with a batch norm; a scale and a shift before the
/// activation and after it. Strides such as (2, 1) are not 1: no identity.
constexpr TrainingForm training(const Window& window, bool same_channels) {
  constexpr std::string_view kKernels[4][2] = {{".conv_kxk.0.conv", ".conv_kxk.0.bn"},
                                               {".conv_kxk.1.conv", ".conv_kxk.1.bn"},
                                               {".conv_kxk.2.conv", ".conv_kxk.2.bn"},
                                               {".conv_kxk.3.conv", ".conv_kxk.3.bn"}};
  TrainingForm form = {.deployed = ".reparam_conv", .affine = ".lab", .last_affine = ".act.lab"};
  if (window.stride == Stride(1) && same_channels)
    form.add({.norm = ".identity", .identity = true});
  const int kernel = window.kernel.height;
  for (const auto& [conv, norm] : kKernels) form.add({kernel, conv, norm});
  if (kernel > 1) form.add({1, ".conv_1x1.conv", ".conv_1x1.bn"});
  return form;
}

/// Names a module as PaddleOCR, which counts the layers that give a detector its maps.
constexpr ModuleNames paddle_module(const Name& own) {
  if (own.pattern == "blocks#.head") return {Name("layer_list.#", own.numbers[0] - 3)};
  return {own};
}

/// Names the same in a whole detector or recogniser, whose backbone is a module.
constexpr ModuleNames paddle_module_of_backbone(const Name& own) {
  constexpr std::string_view kPatterns[][2] = {{"conv#", "backbone.conv#"},
                                               {"blocks#.#", "backbone.blocks#.#"},
                                               {"layer_list.#", "backbone.layer_list.#"}};
  ModuleNames names = paddle_module(own);
  for (const auto& [alone, inside] : kPatterns)
    if (names.weights.pattern == alone) names.weights.pattern = inside;
  return names;
}

inline constexpr Naming kDetectionNamings[] = {
    paddle_naming(tensors_of::kV3Detection, paddle_module)};
inline constexpr Naming kRecognitionNamings[] = {
    paddle_naming(tensors_of::kV3Recognition, paddle_module)};

/// Returns what all layers of blocks have in common.
constexpr Conv layer(Activation activation) {
  return {.activation = activation,
          .norm = false,
          .bias = true,
          .training = training,
          .affine = activation != Activation::none};
}

/// A block: the stage, from 2 on, its number there, and whether it is the stage's last one.
struct Block {
  int stage, index;
  bool is_last;
};

/// Appends PP-LCNet V3's stem and blocks; after each block calls `end_block(x, block)`.
template <class EndBlock>
constexpr Value append_blocks(Graph& g, Scale scale, V3 task, const EndBlock& end_block) {
  const auto width = [&](int channels) { return scaled(channels, scale, kV3Divisor); };
  Value x = g.conv(g.image(), width(kV3StemChannels), {.kernel = 3, .stride = 2}, {"conv#", 1});
  int index = 0;
  for (std::size_t i = 0; i < std::size(kV3Table); ++i) {
    const V3Row& row = kV3Table[i];
    index = i > 0 && kV3Table[i - 1].stage == row.stage ? index + 1 : 0;
    const Name block("blocks#.#", row.stage, index);
    const Stride stride = task == V3::detection ? row.detection : row.recognition;
    Conv depthwise = layer(stride == Stride(2) ? Activation::none : Activation::hardswish);
    depthwise.kernel = row.kernel;
    depthwise.stride = stride;
    x = g.depthwise(x, depthwise, block + ".dw_conv");
    if (row.squeeze_excite)
      x = squeeze_excite(
          g, x, {.squeezed = x.shape.channels / 4, .gate = Activation::hardsigmoid_paddle}, block);
    x = g.conv(x, width(row.out), layer(Activation::hardswish), block + ".pw_conv");
    const bool is_last = i + 1 == std::size(kV3Table) || kV3Table[i + 1].stage != row.stage;
    end_block(x, Block{row.stage, index, is_last});
  }
  return x;
}

/// Appends the layer that gives a detector the map of a stage.
constexpr Value detection_map(Graph& g, Value x, Scale scale, int stage) {
  const int channels = kV3DetectionWidths[stage - 3] * static_cast<int>(scale) / 100;
  return g.conv(x, channels, {.norm = false, .bias = true}, {"blocks#.head", stage});
}

/// Appends the mean that gives a recogniser one row of columns.
constexpr Value columns(Graph& g, Value x) {
  return g.mean_pool(x, {.kernel = {3, 2}, .stride = {3, 2}}, "columns");
}

}  // namespace v3

/// Returns PP-LCNet V3. Source: PaddleOCR `rec_lcnetv3.py`. Every layer of a block has branches in
/// training, and a learnable scale and shift before its activation and after it; a depthwise layer
/// with stride 2 in both directions has no activation.
constexpr Graph pplcnet_v3(Scale scale, V3 task, const TextOptions& o = {}) {
  const bool detection = task == V3::detection;
  Graph g(text_input(o, detection), kPaddleClas, detection ? "v3_detection" : "v3_recognition");
  g.what = detection ? "a PP-LCNet V3 for detection" : "a PP-LCNet V3 for recognition";
  g.namings = detection ? v3::kDetectionNamings : v3::kRecognitionNamings;
  const Value x = v3::append_blocks(g, scale, task, [&](Value end, const v3::Block& block) {
    if (!block.is_last) return;
    g.output(end, Role::stage, {"stage#", block.stage});
    if (detection && block.stage >= 3) g.output(v3::detection_map(g, end, scale, block.stage));
  });
  if (!detection) g.output(v3::columns(g, x));
  return g;
}

/// PP-LCNet V3 as a definition for `NetworkOf`; checks the options.
template <Scale kScale, V3 kTask, TextOptions kOptions>
struct V3Definition {
  static_assert(is_scale(kScale), "Scale: from x0.05 to x10");
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v3(kScale, kTask, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    TextOptions o = kOptions;
    adaptation.apply(o.input);
    return pplcnet_v3(kScale, kTask, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V3_HPP
// from pplcnet/networks/pplcnet_v4.hpp
#ifndef PPLCNET_NETWORKS_PPLCNET_V4_HPP
#define PPLCNET_NETWORKS_PPLCNET_V4_HPP

#include <string_view>

// from pplcnet/networks/names/pplcnet_v4.hpp
#ifndef PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP
#define PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP

#include <string_view>


// What PaddleOCR `rec_lcnetv4.py` calls the modules of PP-LCNet V4: detection and recognition call
// stem and stages differently.

namespace pplcnet::inline PPLCNET_ABI {

namespace v4 {

inline constexpr Renaming kBlock[] = {
    {".dw_conv", ".token_mixer"},           {".se.conv1", ".token_mixer.se.conv1"},
    {".se.conv2", ".token_mixer.se.conv2"}, {".se", ".token_mixer.se"},
    {".expand", ".channel_mixer.expand"},   {".pw_conv", ".channel_mixer.compress"},
};

/// The stem's convolutions, by number.
inline constexpr std::string_view kStem[] = {".stem1", ".stem2a", ".stem2b", ".stem3", ".stem4"};

constexpr ModuleNames stem_module(const Name& own, std::string_view stem) {
  return {Name(stem) + kStem[own.numbers[0] - 1]};
}

constexpr ModuleNames detection_module(const Name& own) {
  if (own.pattern == "conv#") return stem_module(own, "stem");
  return renamed(own, kBlock, {"blocks_s#.#", own.numbers[0] - 1, own.numbers[1]});
}

constexpr ModuleNames recognition_module(const Name& own) {
  if (own.pattern == "conv#") return stem_module(own, "conv1");
  return renamed(own, kBlock, {"blocks#.#", own.numbers[0], own.numbers[1]});
}

/// Names the smallest recogniser, whose stem is a sequence of convolutions and activations.
constexpr ModuleNames tiny_recognition_module(const Name& own) {
  if (own.pattern == "conv#") return {Name("conv1.#", 2 * (own.numbers[0] - 1))};
  return recognition_module(own);
}

inline constexpr Naming kDetectionNamings[] = {
    paddle_naming(tensors_of::kV4Detection, detection_module)};
inline constexpr Naming kRecognitionNamings[] = {
    paddle_naming(tensors_of::kV4Recognition, recognition_module)};
inline constexpr Naming kTinyRecognitionNamings[] = {
    paddle_naming(tensors_of::kV4TinyRecognition, tiny_recognition_module)};

}  // namespace v4

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PPLCNET_V4_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The published sizes of PP-LCNet V4, and what it is the backbone of.
enum class Size : unsigned char { tiny, small, medium };
enum class V4 : unsigned char { detection, recognition };

/// A stage: channels, blocks, the first one's stride, and which blocks have squeeze-excite (bit i
/// is block i).
struct V4Stage {
  int out, blocks;
  Stride stride;
  unsigned squeeze_excite;
};

/// A variant: the stem's channels inside and after it, and its stages.
struct V4Variant {
  std::string_view name;
  bool branches;  ///< the stem is more than two convolutions in a row
  int stem_middle, stem_channels;
  V4Stage stages[4];
};

/// PaddleOCR's NET_CONFIG_DET and NET_CONFIG_REC, by task and size. All kernels are 3×3, and all
/// blocks double their channels in between.
inline constexpr V4Variant kV4Table[2][3] = {
    {{"v4_detection_tiny",
      true,
      16,
      32,
      {{32, 2, 1, 0b1}, {48, 3, 2, 0b10}, {64, 5, 2, 0b1010}, {160, 3, 2, 0b10}}},
     {"v4_detection_small",
      true,
      24,
      48,
      {{48, 2, 1, 0b1}, {96, 3, 2, 0b10}, {192, 5, 2, 0b1010}, {384, 3, 2, 0b10}}},
     {"v4_detection_medium",
      true,
      64,
      128,
      {{128, 2, 1, 0b1}, {256, 3, 2, 0b10}, {512, 5, 2, 0b1010}, {896, 3, 2, 0b10}}}},
    {{"v4_recognition_tiny",
      false,
      24,
      48,
      {{48, 1, 1, 0b1}, {48, 1, 1, 0}, {96, 3, {2, 1}, 0b10}, {160, 4, {2, 1}, 0b10}}},
     {"v4_recognition_small",
      true,
      48,
      96,
      {{96, 1, 1, 0b1}, {96, 2, 1, 0}, {192, 7, {2, 1}, 0b101010}, {384, 3, {2, 1}, 0b10}}},
     {"v4_recognition_medium",
      true,
      64,
      128,
      {{128, 1, 1, 0b1}, {256, 3, 1, 0b100}, {512, 7, {2, 1}, 0b101010}, {768, 3, {2, 1}, 0b10}}}}};

namespace v4 {

/// Returns a convolution and its batch norm.
constexpr TrainingForm norm_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form;
  form.add({window.kernel.height, ".conv", ".bn"});
  return form;
}

/// Returns the same, whose deployed form keeps its place.
constexpr TrainingForm stem_training(const Window& window, bool same_channels) {
  TrainingForm form = norm_training(window, same_channels);
  form.deployed = ".conv";
  return form;
}

/// Returns the same in a token mixer.
constexpr TrainingForm mixer_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form = {.deployed = ".dw_conv"};
  form.add({window.kernel.height, ".dw_conv.conv", ".dw_conv.bn"});
  return form;
}

/// Returns the form of a token mixer that changes no shape: a kernel with batch norm, 1×1,
/// identity, and a batch norm after their sum.
constexpr TrainingForm same_mixer_training(const Window& window, bool /*same_channels*/) {
  TrainingForm form = {.norm = ".rep_dw.bn", .deployed = ".rep_dw.reparam_conv"};
  form.add({window.kernel.height, ".rep_dw.conv.conv", ".rep_dw.conv.bn"});
  form.add({1, ".rep_dw.conv1"});
  form.add({.identity = true});
  return form;
}

/// Appends the stem: a convolution, whose map goes two ways, which lie side by side after them.
constexpr Value add_branches(Graph& g, const V4Variant& variant) {
  const int middle = variant.stem_middle;
  const auto conv = [&](Value x, int channels, int kernel, int stride, int number) {
    return g.conv(x, channels,
                  {.kernel = kernel,
                   .stride = stride,
                   .activation = Activation::relu,
                   .norm = false,
                   .bias = true,
                   .training = stem_training},
                  {"conv#", number});
  };
  const Value first = conv(g.image(), middle, 3, 2, 1);
  const Value pool =
      g.max_pool(first, {.kernel = 2, .stride = 1, .padding = Padding::same(2)}, "stem_pool");
  Value x = conv(first, middle / 2, 2, 1, 2);
  x = conv(x, middle, 2, 1, 3);
  x = conv(g.concat({pool, x}), middle, 3, 2, 4);
  return conv(x, variant.stem_channels, 1, 1, 5);
}

/// Appends the stem of the smallest recogniser: two convolutions in a row.
constexpr Value add_convolutions(Graph& g, const V4Variant& variant) {
  Conv conv = {.kernel = 3,
               .stride = 2,
               .activation = Activation::gelu,
               .norm = false,
               .bias = true,
               .training = stem_training};
  const Value x = g.conv(g.image(), variant.stem_middle, conv, {"conv#", 1});
  conv.activation = Activation::none;
  return g.conv(x, variant.stem_channels, conv, {"conv#", 2});
}

/// Appends a block: a token mixer and a channel mixer, whose shortcut is inside of it. A block
/// whose shape does not change adds what its pointwise layers read to what they give.
constexpr Value add_block(Graph& g, Value x, int out, Stride stride, bool excites, Name block) {
  const int in = x.shape.channels;
  const bool same = stride == Stride(1) && in == out;
  Conv conv = {.norm = false, .bias = true, .training = norm_training};
  Conv mixer = conv;
  mixer.kernel = 3;
  mixer.stride = stride;
  mixer.training = same ? same_mixer_training : mixer_training;
  x = g.depthwise(x, mixer, block + ".dw_conv");
  if (excites)
    x = squeeze_excite(g, x, {.squeezed = in / 4, .gate = Activation::hardsigmoid_paddle}, block);
  const Value mixed = x;
  conv.activation = Activation::gelu;
  x = g.conv(x, 2 * in, conv, block + ".expand");
  conv.activation = Activation::none;
  x = g.conv(x, out, conv, block + ".pw_conv");
  return same ? g.add(mixed, x) : x;
}

}  // namespace v4

/// Returns PP-LCNet V4. Source: PaddleOCR `rec_lcnetv4.py`.
constexpr Graph pplcnet_v4(Size size, V4 task, const TextOptions& o = {}) {
  const V4Variant& variant = kV4Table[static_cast<int>(task)][static_cast<int>(size)];
  const bool detection = task == V4::detection;
  Graph g(text_input(o, detection), kPaddleClas, variant.name);
  g.what = detection ? "a PP-LCNet V4 for detection" : "a PP-LCNet V4 for recognition";
  g.namings = detection          ? v4::kDetectionNamings
              : variant.branches ? v4::kRecognitionNamings
                                 : v4::kTinyRecognitionNamings;
  Value x = variant.branches ? v4::add_branches(g, variant) : v4::add_convolutions(g, variant);
  int stage = 2;
  for (const V4Stage& row : variant.stages) {
    for (int i = 0; i < row.blocks; ++i)
      x = v4::add_block(g, x, row.out, i == 0 ? row.stride : 1, (row.squeeze_excite >> i & 1) != 0,
                        {"blocks#.#", stage, i});
    g.output(x, Role::stage, {"stage#", stage});
    if (detection) g.output(x, Role::result, {"blocks#", stage});
    ++stage;
  }
  if (!detection) g.output(g.mean_pool(x, {.kernel = {3, 2}, .stride = {3, 2}}, "columns"));
  return g;
}

/// PP-LCNet V4 as a definition for `NetworkOf`; checks the options.
template <Size kSize, V4 kTask, TextOptions kOptions>
struct V4Definition {
  static_assert(kOptions.input.height >= 0 && kOptions.input.width >= 0,
                "TextOptions::input: height and width, or nothing for the usual ones");
  static constexpr Storage storage = kOptions.storage;
  static constexpr Graph graph() { return pplcnet_v4(kSize, kTask, kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    TextOptions o = kOptions;
    adaptation.apply(o.input);
    return pplcnet_v4(kSize, kTask, o);
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_PPLCNET_V4_HPP

// The networks that share the name PP-LCNet, as types.

namespace pplcnet::inline PPLCNET_ABI {

/// The networks of the paper "PP-LCNet: A Lightweight CPU Convolutional Neural Network".
template <Scale kScale, Options kOptions = Options{}>
using PPLCNet = NetworkOf<V1<kScale, kOptions>>;

/// The same without an end: feature maps for detectors (PaddleDetection `lcnet.py`) and for
/// segmentation.
template <Scale kScale, BackboneOptions kOptions = BackboneOptions{}>
using PPLCNetBackbone = NetworkOf<V1Backbone<kScale, kOptions>>;

/// PP-LCNet V2. Checkpoints in training form (with branches) and in deployed form load alike.
template <V2 kSize, V2Options kOptions = V2Options{}>
using PPLCNetV2 = NetworkOf<V2Definition<kSize, kOptions>>;

/// PPLCNetV2_base_ShiTu (PaddleClas, general recognition): 512 features of a picture.
using PPLCNetV2Features =
    PPLCNetV2<V2::base, V2Options{.classes = 0, .head = 512, .features = true}>;

/// PP-LCNet V3, the backbone of PP-OCRv4's and v5's mobile text detection (x0.75: four maps, at
/// strides 4 to 32) and text recognition (x0.95: a sequence of columns). Checkpoints in training
/// form (with branches) and in deployed form load alike.
template <Scale kScale, V3 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV3 = NetworkOf<V3Definition<kScale, kTask, kOptions>>;

/// PP-LCNet V4, the backbone of PP-OCRv6's text detection (four maps, at strides 4 to 32) and text
/// recognition (a sequence of columns). Checkpoints in training form (with branches) and in
/// deployed form load alike.
template <Size kSize, V4 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV4 = NetworkOf<V4Definition<kSize, kTask, kOptions>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PPLCNET_HPP

// PaddleClas' classifiers of the 1000 classes of ImageNet, with the figures of its model list
// (docs/zh_CN/models/ImageNet1k/model_list.md).

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Returns a row of the model list: top-1 in percent, parameters and FLOPs in millions.
constexpr Model imagenet_model(std::string_view name, double top1, double parameters,
                               double flops) {
  return {.name = name,
          .preprocessing = paddle_imagenet(),
          .labels = kImageNetLabels,
          .top1 = top1,
          .parameters = parameters,
          .flops = flops};
}

template <Scale kScale>
inline constexpr Model kImageNetModel;
template <>
inline constexpr Model kImageNetModel<Scale::x0_25> = imagenet_model("PPLCNet_x0_25", 51.86, 1.52,
                                                                     18.25);
template <>
inline constexpr Model kImageNetModel<Scale::x0_35> = imagenet_model("PPLCNet_x0_35", 58.09, 1.65,
                                                                     29.46);
template <>
inline constexpr Model kImageNetModel<Scale::x0_5> = imagenet_model("PPLCNet_x0_5", 63.14, 1.89,
                                                                    47.28);
template <>
inline constexpr Model kImageNetModel<Scale::x0_75> = imagenet_model("PPLCNet_x0_75", 68.18, 2.37,
                                                                     98.82);
template <>
inline constexpr Model kImageNetModel<Scale::x1_0> = imagenet_model("PPLCNet_x1_0", 71.32, 2.96,
                                                                    160.81);
template <>
inline constexpr Model kImageNetModel<Scale::x1_5> = imagenet_model("PPLCNet_x1_5", 73.71, 4.52,
                                                                    341.86);
template <>
inline constexpr Model kImageNetModel<Scale::x2_0> = imagenet_model("PPLCNet_x2_0", 75.18, 6.54,
                                                                    590);
template <>
inline constexpr Model kImageNetModel<Scale::x2_5> = imagenet_model("PPLCNet_x2_5", 76.6, 9.04,
                                                                    906);

/// PPLCNet V1 for the classes of ImageNet, as Paddle publishes it.
template <Scale kScale>
struct ImageNet : V1<kScale, Options{}> {
  static constexpr Model model = kImageNetModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNet_x0_25 = NetworkOf<ImageNet<Scale::x0_25>>;
using PPLCNet_x0_35 = NetworkOf<ImageNet<Scale::x0_35>>;
using PPLCNet_x0_5 = NetworkOf<ImageNet<Scale::x0_5>>;
using PPLCNet_x0_75 = NetworkOf<ImageNet<Scale::x0_75>>;
using PPLCNet_x1_0 = NetworkOf<ImageNet<Scale::x1_0>>;
using PPLCNet_x1_5 = NetworkOf<ImageNet<Scale::x1_5>>;
using PPLCNet_x2_0 = NetworkOf<ImageNet<Scale::x2_0>>;
using PPLCNet_x2_5 = NetworkOf<ImageNet<Scale::x2_5>>;

/// Other weights of the same networks, by distillation (SSLD), which are more accurate.
using PPLCNet_x0_5_ssld = PPLCNet_x0_5;
using PPLCNet_x1_0_ssld = PPLCNet_x1_0;
using PPLCNet_x2_5_ssld = PPLCNet_x2_5;
// NOLINTEND(readability-identifier-naming)

using ImageNetModels = ModelList<PPLCNet_x0_25, PPLCNet_x0_35, PPLCNet_x0_5, PPLCNet_x0_75,
                                 PPLCNet_x1_0, PPLCNet_x1_5, PPLCNet_x2_0, PPLCNet_x2_5>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_IMAGENET_HPP
// from pplcnet/models/published.hpp
#ifndef PPLCNET_MODELS_PUBLISHED_HPP
#define PPLCNET_MODELS_PUBLISHED_HPP

#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>


// Models that are rows of a table: their networks are functions of a width.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// A published model, the function that is its network, its width in percent, its input, and its
/// classes.
struct Published {
  Model model;
  Graph (*network)(const WidthOptions&);
  int width = 100;
  Extent input = {224, 224};
  int classes = 1000;
};

/// The definition of a row of a table.
template <const auto& kTable, std::size_t kRow>
struct Row {
  static_assert(kRow < std::size(kTable), "the table has no model of this name");
  static constexpr Model model = kTable[kRow].model;
  static constexpr Graph graph() { return adapted({}); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    WidthOptions options = {
        .width = kTable[kRow].width, .input = kTable[kRow].input, .classes = kTable[kRow].classes};
    adaptation.apply(options.input, options.classes);
    return kTable[kRow].network(options);
  }
};

/// Returns the row of a model; the number of rows, if there is none.
template <std::size_t kRows>
constexpr std::size_t row_of(const Published (&table)[kRows], std::string_view name) {
  std::size_t row = 0;
  while (row < kRows && table[row].model.name != name) ++row;
  return row;
}

/// The networks of all rows, in order: `RowsOf<kTable>::List`.
template <const auto& kTable, class = std::make_index_sequence<std::size(kTable)>>
struct RowsOf;
/// The same, row by row.
template <const auto& kTable, std::size_t... kRows>
struct RowsOf<kTable, std::index_sequence<kRows...>> {
  using List = ModelList<NetworkOf<Row<kTable, kRows>>...>;
};

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PUBLISHED_HPP

// MobileNet V1 to V3, ShuffleNetV2 and GhostNet as PaddleClas publishes them.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::lightweight {

/// Top-1, parameters and FLOPs of PaddleClas' model list (docs/zh_CN/models/ImageNet1k/
/// model_list.md). Weights with `_ssld` are others of the same network, by distillation. The list's
/// ShuffleNetV2_x2_0 is left out: its figures are those of 224 channels in the first stage, where
/// the code has 244.
inline constexpr Published kPaddleModels[] = {
    {imagenet_model("MobileNetV1_x0_25", 51.43, 0.48, 43.56), paddle_mobilenet_v1, 25},
    {imagenet_model("MobileNetV1_x0_5", 63.52, 1.34, 154.57), paddle_mobilenet_v1, 50},
    {imagenet_model("MobileNetV1_x0_75", 68.81, 2.60, 333.00), paddle_mobilenet_v1, 75},
    {imagenet_model("MobileNetV1", 70.99, 4.25, 578.88), paddle_mobilenet_v1, 100},
    {imagenet_model("MobileNetV1_ssld", 77.89, 4.25, 578.88), paddle_mobilenet_v1, 100},
    {imagenet_model("MobileNetV2_x0_25", 53.21, 1.53, 34.18), paddle_mobilenet_v2, 25},
    {imagenet_model("MobileNetV2_x0_5", 65.03, 1.98, 99.48), paddle_mobilenet_v2, 50},
    {imagenet_model("MobileNetV2_x0_75", 69.83, 2.65, 197.37), paddle_mobilenet_v2, 75},
    {imagenet_model("MobileNetV2", 72.15, 3.54, 327.84), paddle_mobilenet_v2, 100},
    {imagenet_model("MobileNetV2_x1_5", 74.12, 6.90, 702.35), paddle_mobilenet_v2, 150},
    {imagenet_model("MobileNetV2_x2_0", 75.23, 11.33, 1217.25), paddle_mobilenet_v2, 200},
    {imagenet_model("MobileNetV2_ssld", 76.74, 3.54, 327.84), paddle_mobilenet_v2, 100},
    {imagenet_model("MobileNetV3_small_x0_35", 53.03, 1.67, 14.56), paddle_mobilenet_v3_small, 35},
    {imagenet_model("MobileNetV3_small_x0_5", 59.21, 1.91, 22.60), paddle_mobilenet_v3_small, 50},
    {imagenet_model("MobileNetV3_small_x0_75", 66.02, 2.38, 46.02), paddle_mobilenet_v3_small, 75},
    {imagenet_model("MobileNetV3_small_x1_0", 68.24, 2.95, 63.67), paddle_mobilenet_v3_small, 100},
    {imagenet_model("MobileNetV3_small_x1_25", 70.67, 3.64, 100.07), paddle_mobilenet_v3_small,
     125},
    {imagenet_model("MobileNetV3_small_x0_35_ssld", 55.55, 1.67, 14.56), paddle_mobilenet_v3_small,
     35},
    {imagenet_model("MobileNetV3_small_x1_0_ssld", 71.29, 2.95, 63.67), paddle_mobilenet_v3_small,
     100},
    {imagenet_model("MobileNetV3_large_x0_35", 64.32, 2.11, 40.90), paddle_mobilenet_v3_large, 35},
    {imagenet_model("MobileNetV3_large_x0_5", 69.24, 2.69, 71.83), paddle_mobilenet_v3_large, 50},
    {imagenet_model("MobileNetV3_large_x0_75", 73.14, 3.93, 151.70), paddle_mobilenet_v3_large, 75},
    {imagenet_model("MobileNetV3_large_x1_0", 75.32, 5.50, 229.66), paddle_mobilenet_v3_large, 100},
    {imagenet_model("MobileNetV3_large_x1_25", 76.41, 7.47, 362.70), paddle_mobilenet_v3_large,
     125},
    {imagenet_model("MobileNetV3_large_x1_0_ssld", 78.96, 5.50, 229.66), paddle_mobilenet_v3_large,
     100},
    {imagenet_model("ShuffleNetV2_x0_25", 49.90, 0.61, 18.95), paddle_shufflenet_v2, 25},
    {imagenet_model("ShuffleNetV2_x0_33", 53.73, 0.65, 24.04), paddle_shufflenet_v2, 33},
    {imagenet_model("ShuffleNetV2_x0_5", 60.32, 1.37, 42.58), paddle_shufflenet_v2, 50},
    {imagenet_model("ShuffleNetV2", 68.80, 2.29, 148.86), paddle_shufflenet_v2, 100},
    {imagenet_model("ShuffleNetV2_x1_5", 71.63, 3.53, 301.35), paddle_shufflenet_v2, 150},
    {imagenet_model("GhostNet_x0_5", 66.88, 2.60, 46.15), paddle_ghostnet, 50},
    {imagenet_model("GhostNet_x1_0", 74.02, 5.21, 148.78), paddle_ghostnet, 100},
    {imagenet_model("GhostNet_x1_3", 75.79, 7.38, 236.89), paddle_ghostnet, 130},
    {imagenet_model("GhostNet_x1_3_ssld", 79.38, 7.38, 236.89), paddle_ghostnet, 130},
};

template <std::size_t kRow>
using PaddleModel = NetworkOf<Row<kPaddleModels, kRow>>;

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using MobileNetV1_x0_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_25")>;
using MobileNetV1_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_5")>;
using MobileNetV1_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV1_x0_75")>;
using MobileNetV1_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV1")>;
using MobileNetV1_ssld = PaddleModel<row_of(kPaddleModels, "MobileNetV1_ssld")>;
using MobileNetV2_x0_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_25")>;
using MobileNetV2_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_5")>;
using MobileNetV2_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x0_75")>;
using MobileNetV2_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV2")>;
using MobileNetV2_x1_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x1_5")>;
using MobileNetV2_x2_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV2_x2_0")>;
using MobileNetV2_ssld = PaddleModel<row_of(kPaddleModels, "MobileNetV2_ssld")>;
using MobileNetV3_small_x0_35 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_35")>;
using MobileNetV3_small_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_5")>;
using MobileNetV3_small_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_75")>;
using MobileNetV3_small_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_0")>;
using MobileNetV3_small_x1_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_25")>;
using MobileNetV3_small_x0_35_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x0_35_ssld")>;
using MobileNetV3_small_x1_0_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_small_x1_0_ssld")>;
using MobileNetV3_large_x0_35 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_35")>;
using MobileNetV3_large_x0_5 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_5")>;
using MobileNetV3_large_x0_75 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x0_75")>;
using MobileNetV3_large_x1_0 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_0")>;
using MobileNetV3_large_x1_25 = PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_25")>;
using MobileNetV3_large_x1_0_ssld =
    PaddleModel<row_of(kPaddleModels, "MobileNetV3_large_x1_0_ssld")>;
using ShuffleNetV2_x0_25 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_25")>;
using ShuffleNetV2_x0_33 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_33")>;
using ShuffleNetV2_x0_5 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x0_5")>;
using ShuffleNetV2_x1_0 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2")>;
using ShuffleNetV2_x1_5 = PaddleModel<row_of(kPaddleModels, "ShuffleNetV2_x1_5")>;
using GhostNet_x0_5 = PaddleModel<row_of(kPaddleModels, "GhostNet_x0_5")>;
using GhostNet_x1_0 = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_0")>;
using GhostNet_x1_3 = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_3")>;
using GhostNet_x1_3_ssld = PaddleModel<row_of(kPaddleModels, "GhostNet_x1_3_ssld")>;
// NOLINTEND(readability-identifier-naming)

using Models = RowsOf<kPaddleModels>::List;

}  // namespace models::lightweight

namespace lightweight = models::lightweight;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LIGHTWEIGHT_HPP
// from pplcnet/models/models.hpp
#ifndef PPLCNET_MODELS_MODELS_HPP
#define PPLCNET_MODELS_MODELS_HPP

// Every published PP-LCNet, and this project's own, each a type of its own: network, preprocessing,
// labels and decoder. A type costs its program nothing until it is used.

// from pplcnet/models/imagenet_v2.hpp
#ifndef PPLCNET_MODELS_IMAGENET_V2_HPP
#define PPLCNET_MODELS_IMAGENET_V2_HPP


// PaddleClas' PP-LCNetV2: classifiers of the 1000 classes of ImageNet, with the figures of its
// model page, and the features of its general recognition.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// PPLCNetV2_small, as published.
struct SmallV2 : V2Definition<V2::small, V2Options{}> {
  static constexpr Model model = {
      .name = "PPLCNetV2_small", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

/// PPLCNetV2_base, as published.
struct BaseV2 : V2Definition<V2::base, V2Options{}> {
  static constexpr Model model = {.name = "PPLCNetV2_base",
                                  .preprocessing = paddle_imagenet(),
                                  .labels = kImageNetLabels,
                                  .parameters = 6.6,
                                  .flops = 604};
};

/// PPLCNetV2_large, as published.
struct LargeV2 : V2Definition<V2::large, V2Options{}> {
  static constexpr Model model = {
      .name = "PPLCNetV2_large", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

/// 512 features, to be compared by their angle.
struct FeaturesV2 : V2Definition<V2::base, V2Options{.classes = 0, .head = 512, .features = true}> {
  static constexpr Model model = {.name = "PPLCNetV2_base_ShiTu",
                                  .preprocessing = paddle_direct_deploy(224, 224)};
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNetV2_small = NetworkOf<SmallV2>;
using PPLCNetV2_base = NetworkOf<BaseV2>;
using PPLCNetV2_large = NetworkOf<LargeV2>;
using PPLCNetV2_base_ShiTu = NetworkOf<FeaturesV2>;
// NOLINTEND(readability-identifier-naming)

using ImageNetV2Models =
    ModelList<PPLCNetV2_small, PPLCNetV2_base, PPLCNetV2_large, PPLCNetV2_base_ShiTu>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_IMAGENET_V2_HPP
// from pplcnet/models/lcnet_baseline.hpp
#ifndef PPLCNET_MODELS_LCNET_BASELINE_HPP
#define PPLCNET_MODELS_LCNET_BASELINE_HPP


// PP-LCNet of the collection awesome_lightweight_networks (package light_cnns). No weights are
// published, its preprocessing is taken to be that of Paddle's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::light_cnns {

/// The network that light_cnns trains by this name.
struct LcnetBaseline : V1<Scale::x1_0, Options{.dialect = Dialect::light_cnns}> {
  static constexpr Model model = {
      .name = "lcnet_baseline", .preprocessing = paddle_imagenet(), .labels = kImageNetLabels};
};

using lcnet_baseline = NetworkOf<LcnetBaseline>;  // NOLINT(readability-identifier-naming)

}  // namespace models::light_cnns

namespace light_cnns = models::light_cnns;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_LCNET_BASELINE_HPP
// from pplcnet/models/ocr.hpp
#ifndef PPLCNET_MODELS_OCR_HPP
#define PPLCNET_MODELS_OCR_HPP

#include <array>
#include <string_view>


// The classifiers of PaddleOCR 3 and PaddleX 3, which publish them as NAME_infer.tar. Strides are
// those of their graphs, labels and preprocessing those of their inference.yml.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Degrees by which a page or picture is rotated.
inline constexpr std::string_view kQuarterRotations[] = {"0", "90", "180", "270"};
/// Degrees by which a line of text is rotated.
inline constexpr std::string_view kHalfRotations[] = {"0_degree", "180_degree"};
inline constexpr std::string_view kTableKinds[] = {"wired_table", "wireless_table"};

/// Of pictures as wide and low as lines of text: the width is halved once.
inline constexpr std::array<Stride, 5> kTextLineStrides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
/// The first release halved it in the stem, and did not halve the height there.
inline constexpr std::array<Stride, 5> kFirstTextLineStrides = {
    {{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};

/// The orientation of pages, as PaddleX publishes it.
struct DocumentOrientation : V1<Scale::x1_0, Options{.classes = 4}> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_doc_ori",
                                  .preprocessing = paddlex_imagenet(),
                                  .labels = kQuarterRotations};
};

/// Tables with lines and without, as PaddleX publishes it.
struct TableClassification : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_table_cls",
                                  .preprocessing = paddlex_imagenet(),
                                  .labels = kTableKinds};
};

inline constexpr Options kTextLineOptions = {
    .classes = 2, .input = {80, 160}, .strides = kTextLineStrides};

/// The release of 2025, weights of 1.0 MB.
struct SmallTextLineOrientation : V1<Scale::x0_25, kTextLineOptions> {
  static constexpr Model model = {.name = "PP-LCNet_x0_25_textline_ori",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 98.85};
};

/// The orientation of lines of text at full width, as PaddleX publishes it.
struct LargeTextLineOrientation : V1<Scale::x1_0, kTextLineOptions> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_textline_ori",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 99.42};
};

/// The first release under the name PP-LCNet_x0_25_textline_ori, weights of 0.3 MB: another
/// network, with other strides and without a head.
struct FirstTextLineOrientation
    : V1<Scale::x0_25,
         Options{.classes = 2, .input = {80, 160}, .strides = kFirstTextLineStrides, .head = 0}> {
  static constexpr Model model = {.name = "PP-LCNet_x0_25_textline_ori_first",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 95.54};
};

// NOLINTBEGIN(readability-identifier-naming): as the published models, in lower case.
using document_orientation = NetworkOf<DocumentOrientation>;
using table_classification = NetworkOf<TableClassification>;
using textline_orientation_x0_25 = NetworkOf<SmallTextLineOrientation>;
using textline_orientation_x1_0 = NetworkOf<LargeTextLineOrientation>;
using textline_orientation_x0_25_first = NetworkOf<FirstTextLineOrientation>;
// NOLINTEND(readability-identifier-naming)

using OcrModels =
    ModelList<textline_orientation_x0_25, textline_orientation_x1_0,
              textline_orientation_x0_25_first, document_orientation, table_classification>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_OCR_HPP
// from pplcnet/models/orientation.hpp
#ifndef PPLCNET_MODELS_ORIENTATION_HPP
#define PPLCNET_MODELS_ORIENTATION_HPP

#include <array>

// from pplcnet/image/line_pieces.hpp
#ifndef PPLCNET_IMAGE_LINE_PIECES_HPP
#define PPLCNET_IMAGE_LINE_PIECES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Returns a line of text in equal pieces that are at most 8 times as wide as they are high:
/// letters of longer ones are too narrow to be read when they are squeezed into the input of a
/// network. They are views of the line. Of a line with more than 64 pieces that many are given,
/// evenly spaced: what they say is enough, and no picture takes longer than that.
inline std::vector<ImageView> line_pieces(ImageView line) {
  constexpr std::int64_t kWidest = 8, kMostPieces = 64;
  std::vector<ImageView> pieces;
  if (line.empty()) return pieces;
  const std::int64_t widest = kWidest * line.height, count = (line.width + widest - 1) / widest;
  const std::int64_t given = std::min(count, kMostPieces);
  pieces.reserve(static_cast<std::size_t>(given));
  for (std::int64_t i = 0; i < given; ++i) {
    const std::int64_t piece = (2 * i + 1) * count / (2 * given);
    const auto left = static_cast<int>(piece * line.width / count);
    const auto right = static_cast<int>((piece + 1) * line.width / count);
    pieces.emplace_back(line.pixel(left, 0), right - left, line.height, line.layout,
                        line.row_bytes);
  }
  return pieces;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_LINE_PIECES_HPP
// from pplcnet/image/orientation_evidence.hpp
#ifndef PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP
#define PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Calibration of the predictions on parts of one picture. They are correlated, which the exponent
/// corrects for; both numbers are fitted on a validation set.
struct EvidenceCalibration {
  double uniform_weight = 0;  ///< share of the uniform distribution mixed into each prediction
  double exponent = 1;        ///< factor of the summed log-probabilities: an inverse temperature
};

/// Combines the predictions on parts of a picture into probabilities of its orientation: 4
/// rotations by quarters, or 2 by halves, clockwise.
template <std::size_t kRotations>
class OrientationEvidence {
  static_assert(kRotations == 2 || kRotations == 4);

 public:
  explicit OrientationEvidence(const EvidenceCalibration& calibration = {})
      : calibration_(calibration) {}

  /// Adds the probabilities of the picture rotated by `rotation` more steps.
  void add(std::span<const float, kRotations> probabilities, std::size_t rotation = 0) {
    for (std::size_t i = 0; i < kRotations; ++i)
      sum_[i] += std::log((1 - calibration_.uniform_weight) *
                              double{probabilities[(i + rotation) % kRotations]} +
                          calibration_.uniform_weight / kRotations);
  }

  /// Adds the predictions on a part of the picture in every rotation, for a network's predictions
  /// on a picture and on the same upside down do not always agree. `predict(view)` returns the
  /// probabilities.
  template <class Predict>
  void add_rotations(ImageView part, const Predict& predict) {
    constexpr std::array kExif = {1, 6, 3, 8};  // the tags of so many quarters clockwise
    std::vector<std::uint8_t> storage;
    for (std::size_t rotation = 0; rotation < kRotations; ++rotation) {
      const std::span<const float> prediction =
          predict(oriented(part, kExif[rotation * (kExif.size() / kRotations)], storage));
      add(prediction.first<kRotations>(), rotation);
    }
  }

  /// Returns the probabilities of the rotations; equal ones if nothing was added.
  std::array<double, kRotations> probabilities() const {
    std::array<double, kRotations> result = {};
    const double most = *std::ranges::max_element(sum_);
    double total = 0;
    for (std::size_t i = 0; i < kRotations; ++i)
      total += result[i] = std::exp((sum_[i] - most) * calibration_.exponent);
    for (double& one : result) one /= total;
    return result;
  }

 private:
  EvidenceCalibration calibration_;
  std::array<double, kRotations> sum_ = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP
// from pplcnet/image/page_tiles.hpp
#ifndef PPLCNET_IMAGE_PAGE_TILES_HPP
#define PPLCNET_IMAGE_PAGE_TILES_HPP

#include <array>
#include <cstdint>
#include <vector>


#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <cstdlib>

#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Cuts a page into tiles for a network: small squares in which letters are large enough. The page
/// is resized to several scales, and of each the tiles with the most edges are kept. A whole page
/// squeezed into one input keeps its layout but not its letters.
struct PageTiling {
  int side = 128;                                 ///< of a tile, in pixels
  std::array<int, 3> scales = {640, 1120, 1960};  ///< the page's longer side in each scale
  double max_upscale = 1.5;                       ///< largest factor by which a page is enlarged
  int max_tiles = 24;                             ///< most tiles of each scale
  int edge_clip = 64;  ///< differences of grey values are clipped to this
};

/// One tile: RGB interleaved, side × side.
using Tile = std::vector<std::uint8_t>;

/// Returns the tiles of a page with the most edges; none if it is empty, or a thread of pixels.
PPLCNET_INLINE std::vector<Tile> page_tiles(const PageTiling& tiling, ImageView page);

namespace tiling {

/// Returns the sizes of a page; none if it is so long and thin that it would have too many tiles.
PPLCNET_INLINE std::vector<ImageSize> sizes(const PageTiling& tiling, ImageSize page);

/// Returns where tiles that cover a side evenly begin.
PPLCNET_INLINE std::vector<int> places(int length, int side);

}  // namespace tiling

#if PPLCNET_HAS_DEFINITIONS
namespace tiling {

PPLCNET_INLINE std::vector<ImageSize> sizes(const PageTiling& tiling, ImageSize page) {
  constexpr double kDistinct = 1.1;  // closer scales show the same
  constexpr int kMostPixels = 1 << 25;
  std::vector<ImageSize> result;
  const int longer = std::max(page.width, page.height), shorter = std::min(page.width, page.height);
  double last = 0;
  result.reserve(tiling.scales.size());
  for (const int longer_side : tiling.scales) {
    double factor = std::min(static_cast<double>(longer_side) / longer, tiling.max_upscale);
    factor = std::max(factor, static_cast<double>(tiling.side) / shorter);
    if (factor <= kDistinct * last) continue;
    last = factor;
    const auto scaled = [&](int side) {
      return std::max<double>(tiling.side, static_cast<double>(round_half_even(side * factor)));
    };
    if (scaled(page.width) * scaled(page.height) > kMostPixels) continue;
    result.push_back({static_cast<int>(scaled(page.width)), static_cast<int>(scaled(page.height))});
  }
  return result;
}

PPLCNET_INLINE std::vector<int> places(int length, int side) {
  const int count = (length + side - 1) / side;
  std::vector<int> result;
  result.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    result.push_back(count == 1 ? 0
                                : static_cast<int>(round_half_even(static_cast<double>(i) *
                                                                   (length - side) / (count - 1))));
  return result;
}

/// Returns the edge energy of a tile of an RGB page: the sum of the differences between neighbours.
inline std::int64_t energy(const PageTiling& tiling, ImageView page, int left, int top) {
  const auto grey = [&](int x, int y) {
    const std::uint8_t* const pixel = page.pixel(x, y);
    return (pixel[0] + 2 * pixel[1] + pixel[2]) / 4;
  };
  std::int64_t sum = 0;
  for (int y = top; y < top + tiling.side; ++y)
    for (int x = left; x < left + tiling.side; ++x) {
      const int here = grey(x, y);
      const int right = x + 1 < page.width ? std::abs(grey(x + 1, y) - here) : 0;
      const int below = y + 1 < page.height ? std::abs(grey(x, y + 1) - here) : 0;
      sum += std::min(right + below, tiling.edge_clip);
    }
  return sum;
}

}  // namespace tiling

PPLCNET_INLINE std::vector<Tile> page_tiles(const PageTiling& tiling, ImageView page) {
  std::vector<Tile> result;
  if (page.empty()) return result;
  PillowScratch scratch;
  std::vector<std::uint8_t> pixels;
  for (const ImageSize size : tiling::sizes(tiling, page.size())) {
    const CropWindow whole = {0, 0, size.width, size.height};
    pixels.resize(whole.byte_count());
    resize_pillow(PillowFilter::bilinear, page, size, whole, pixels, scratch);
    const ImageView resized(pixels.data(), size.width, size.height, PixelFormat::rgb);
    struct Place {
      std::int64_t energy;
      int left, top;
    };
    std::vector<Place> places;
    for (const int top : tiling::places(size.height, tiling.side))
      for (const int left : tiling::places(size.width, tiling.side))
        places.push_back({tiling::energy(tiling, resized, left, top), left, top});
    std::stable_sort(places.begin(), places.end(),
                     [](const Place& a, const Place& b) { return a.energy > b.energy; });
    places.resize(std::min(places.size(), static_cast<std::size_t>(tiling.max_tiles)));
    for (const auto& [energy, left, top] : places) {
      Tile& tile = result.emplace_back();
      for (int y = top; y < top + tiling.side; ++y) {
        const std::uint8_t* const row = resized.pixel(left, y);
        tile.insert(tile.end(), row, row + std::ptrdiff_t{tiling.side} * kImageChannels);
      }
    }
  }
  return result;
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_PAGE_TILES_HPP

// The networks that this project has trained itself; weights, and how they came about, are in
// examples/orientation. The one for lines of text is a textline_orientation_x0_25 like PaddleOCR's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Orientation of a page, from a tile of it: see page_rotation.
struct PageOrientation
    : V1<Scale::x0_35, Options{.classes = 4, .input = {PageTiling{}.side, PageTiling{}.side}}> {
  static constexpr Model model = {
      .name = "page_orientation",
      .preprocessing = paddle_direct(PageTiling{}.side, PageTiling{}.side),
      .labels = kQuarterRotations};
};

// NOLINTNEXTLINE(readability-identifier-naming): as all models.
using page_orientation = NetworkOf<PageOrientation>;

using OrientationModels = ModelList<page_orientation>;

}  // namespace models

/// Chosen on the validation sets of examples/orientation.
inline constexpr EvidenceCalibration kTileCalibration = {.uniform_weight = 0.01, .exponent = 0.08};
inline constexpr EvidenceCalibration kPieceCalibration = {.uniform_weight = 0.01, .exponent = 1};

/// Returns how probable it is that a page is rotated by 0, 90, 180 or 270 degrees, clockwise.
/// `predict(tile)` returns the probabilities of page_orientation for a tile, as a span of floats.
template <class Predict>
std::array<double, 4> page_rotation(ImageView page, const Predict& predict) {
  OrientationEvidence<4> evidence(kTileCalibration);
  const PageTiling tiling;
  for (const Tile& tile : page_tiles(tiling, page))
    evidence.add_rotations({tile.data(), tiling.side, tiling.side, PixelFormat::rgb}, predict);
  return evidence.probabilities();
}

/// Returns how probable it is that a line of text is upright, or upside down. `predict(piece)`
/// returns the probabilities of textline_orientation_x0_25 for a piece of it.
template <class Predict>
std::array<double, 2> line_rotation(ImageView line, const Predict& predict) {
  OrientationEvidence<2> evidence(kPieceCalibration);
  for (const ImageView piece : line_pieces(line)) evidence.add_rotations(piece, predict);
  return evidence.probabilities();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_ORIENTATION_HPP
// from pplcnet/models/picodet.hpp
#ifndef PPLCNET_MODELS_PICODET_HPP
#define PPLCNET_MODELS_PICODET_HPP

#include <string_view>


// The backbones of PaddleDetection's PicoDet on LCNet (configs/picodet) at 416 × 416 pixels, of
// which C3, C4 and C5 are the stages of strides 8, 16 and 32. The whole detectors: detectors.hpp.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::picodet {

constexpr Model backbone(std::string_view name) {
  return {.name = name, .preprocessing = paddle_direct(416, 416)};
}

template <Scale kScale, Activation kActivation = Activation::hardswish>
using Backbone =
    V1Backbone<kScale, BackboneOptions{.input = {416, 416}, .activation = kActivation}>;

/// The backbone of PicoDet XS, as published.
struct ExtraSmall : Backbone<Scale::x0_35> {
  static constexpr Model model = backbone("picodet_xs");
};
/// The backbone of PicoDet S, as published.
struct Small : Backbone<Scale::x0_75> {
  static constexpr Model model = backbone("picodet_s");
};
/// For processors without hardswish.
struct SmallRelu6 : Backbone<Scale::x0_75, Activation::relu6> {
  static constexpr Model model = backbone("picodet_s_npu");
};
/// The backbone of PicoDet M, as published.
struct Medium : Backbone<Scale::x1_5> {
  static constexpr Model model = backbone("picodet_m");
};
/// The backbone of PicoDet L, as published.
struct Large : Backbone<Scale::x2_0> {
  static constexpr Model model = backbone("picodet_l");
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using picodet_xs = NetworkOf<ExtraSmall>;
using picodet_s = NetworkOf<Small>;
using picodet_s_npu = NetworkOf<SmallRelu6>;
using picodet_m = NetworkOf<Medium>;
using picodet_l = NetworkOf<Large>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<picodet_xs, picodet_s, picodet_s_npu, picodet_m, picodet_l>;

}  // namespace models::picodet

namespace picodet = models::picodet;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PICODET_HPP
// from pplcnet/models/pulc.hpp
#ifndef PPLCNET_MODELS_PULC_HPP
#define PPLCNET_MODELS_PULC_HPP

#include <span>
#include <string_view>


// PaddleClas' practical ultra-lightweight classifiers: thirteen tasks, all of width x1_0 (networks
// from ppcls/configs/PULC, everything else from deploy/configs/PULC).

namespace pplcnet::inline PPLCNET_ABI {
namespace models::pulc {

inline constexpr std::string_view kPersonExistsLabels[] = {"nobody", "someone"};
inline constexpr std::string_view kCarExistsLabels[] = {"no_car", "contains_car"};
inline constexpr std::string_view kSafetyHelmetLabels[] = {"wearing_helmet", "unwearing_helmet"};
inline constexpr std::string_view kCodeExistsLabels[] = {"no_code", "contains_code"};
inline constexpr std::string_view kClarityAssessmentLabels[] = {"clear", "blur"};
inline constexpr std::string_view kLanguages[] = {"arabic", "chinese_cht", "cyrillic", "devanagari",
                                                  "japan",  "ka",          "korean",   "ta",
                                                  "te",     "latin"};

/// Of 224 × 224 pixels, cut from the middle of a picture; labels may be none.
constexpr Model centre_model(std::string_view name, std::span<const std::string_view> labels) {
  return {.name = name, .preprocessing = paddle_imagenet(), .labels = labels};
}

/// With two classes, of which the second must reach 0.5 (the configurations of training ask for 0.9
/// of person_exists and car_exists).
constexpr Model yes_or_no_model(std::string_view name, std::span<const std::string_view> labels) {
  Model model = centre_model(name, labels);
  model.threshold = 0.5;
  return model;
}

// ---- Yes or no -------------------------------------------------------------------------------

/// Whether there is a person, as PULC publishes it.
struct PersonExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("person_exists", kPersonExistsLabels);
};

/// Whether there is a car, as PULC publishes it.
struct CarExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("car_exists", kCarExistsLabels);
};

/// Whether a safety helmet is worn, as PULC publishes it.
struct SafetyHelmet : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("safety_helmet", kSafetyHelmetLabels);
};

/// Whether there is a code, as PULC publishes it.
struct CodeExists : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = yes_or_no_model("code_exists", kCodeExistsLabels);
};

/// Whether a picture is sharp, as PULC publishes it.
struct ClarityAssessment : V1<Scale::x1_0, Options{.classes = 2, .head = 0}> {
  static constexpr Model model = yes_or_no_model("clarity_assessment", kClarityAssessmentLabels);
};

// ---- One of several --------------------------------------------------------------------------

/// The orientation of photographs, as PULC publishes it.
struct ImageOrientation : V1<Scale::x1_0, Options{.classes = 4, .head = 0}> {
  static constexpr Model model = centre_model("image_orientation", kQuarterRotations);
};

/// The orientation of pictures of text, as PULC publishes it.
struct TextImageOrientation : V1<Scale::x1_0, Options{.classes = 4}> {
  static constexpr Model model = centre_model("text_image_orientation", kQuarterRotations);
};

/// Its 232 labels are in PaddleClas' file traffic_sign_label_list.txt.
struct TrafficSign : V1<Scale::x1_0, Options{.classes = 232}> {
  static constexpr Model model = centre_model("traffic_sign", {});
};

/// The language of a line of text, as PULC publishes it.
struct LanguageClassification
    : V1<Scale::x1_0, Options{.classes = 10, .input = {80, 160}, .strides = kTextLineStrides}> {
  static constexpr Model model = {.name = "language_classification",
                                  .preprocessing = kLanguageClassification,
                                  .labels = kLanguages};
};

/// The orientation of lines of text, as PULC publishes it.
struct TextLineOrientation : V1<Scale::x1_0, kTextLineOptions> {
  static constexpr Model model = {.name = "textline_orientation",
                                  .preprocessing = paddle_direct_deploy(80, 160),
                                  .labels = kHalfRotations};
};

// ---- Attributes ------------------------------------------------------------------------------

/// Attributes of persons, as PULC publishes it.
struct PersonAttribute : V1<Scale::x1_0, Options{.classes = 26, .input = {256, 192}}> {
  static constexpr Model model = {.name = "person_attribute",
                                  .preprocessing = kPersonAttribute,
                                  .labels = kPersonAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr PersonAttributes decode(std::span<const float, 26> probabilities) {
    return person_attributes(probabilities);
  }
};

/// Attributes of vehicles, as PULC publishes it.
struct VehicleAttribute : V1<Scale::x1_0, Options{.classes = 19, .input = {192, 256}}> {
  static constexpr Model model = {.name = "vehicle_attribute",
                                  .preprocessing = kVehicleAttribute,
                                  .labels = kVehicleAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr VehicleAttributes decode(std::span<const float, 19> probabilities) {
    return vehicle_attributes(probabilities);
  }
};

/// Attributes of tables, as PULC publishes it.
struct TableAttribute : V1<Scale::x1_0, Options{.classes = 6}> {
  static constexpr Model model = {.name = "table_attribute",
                                  .preprocessing = kTableAttribute,
                                  .labels = kTableAttributeNames,
                                  .output = Output::sigmoid};
  static constexpr TableAttributes decode(std::span<const float, 6> probabilities) {
    return table_attributes(probabilities);
  }
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using person_exists = NetworkOf<PersonExists>;
using car_exists = NetworkOf<CarExists>;
using safety_helmet = NetworkOf<SafetyHelmet>;
using code_exists = NetworkOf<CodeExists>;
using clarity_assessment = NetworkOf<ClarityAssessment>;
using image_orientation = NetworkOf<ImageOrientation>;
using text_image_orientation = NetworkOf<TextImageOrientation>;
using traffic_sign = NetworkOf<TrafficSign>;
using language_classification = NetworkOf<LanguageClassification>;
using textline_orientation = NetworkOf<TextLineOrientation>;
using person_attribute = NetworkOf<PersonAttribute>;
using vehicle_attribute = NetworkOf<VehicleAttribute>;
using table_attribute = NetworkOf<TableAttribute>;
// NOLINTEND(readability-identifier-naming)

using Models =
    ModelList<person_exists, car_exists, safety_helmet, code_exists, clarity_assessment,
              image_orientation, text_image_orientation, traffic_sign, language_classification,
              textline_orientation, person_attribute, vehicle_attribute, table_attribute>;

}  // namespace models::pulc

namespace pulc = models::pulc;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PULC_HPP
// from pplcnet/models/pytorch.hpp
#ifndef PPLCNET_MODELS_PYTORCH_HPP
#define PPLCNET_MODELS_PYTORCH_HPP

#include <string_view>


// The networks of the PyTorch reproduction ngnquan/PP-LCNet, with the parameters of its table. Its
// preprocessing is taken to be that of Paddle's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::pytorch {

/// Returns a row of the table; parameters in millions.
constexpr Model reproduced_model(std::string_view name, double parameters) {
  return {.name = name,
          .preprocessing = paddle_imagenet(),
          .labels = kImageNetLabels,
          .parameters = parameters};
}

template <Scale kScale>
inline constexpr Model kReproducedModel;
template <>
inline constexpr Model kReproducedModel<Scale::x0_25> = reproduced_model("pytorch_x0_25", 1.522960);
template <>
inline constexpr Model kReproducedModel<Scale::x0_35> = reproduced_model("pytorch_x0_35", 1.646888);
template <>
inline constexpr Model kReproducedModel<Scale::x0_5> = reproduced_model("pytorch_x0_5", 1.881864);
template <>
inline constexpr Model kReproducedModel<Scale::x0_75> = reproduced_model("pytorch_x0_75", 2.359792);
template <>
inline constexpr Model kReproducedModel<Scale::x1_0> = reproduced_model("pytorch_x1_0", 2.955816);
template <>
inline constexpr Model kReproducedModel<Scale::x1_5> = reproduced_model("pytorch_x1_5", 4.504136);
template <>
inline constexpr Model kReproducedModel<Scale::x2_0> = reproduced_model("pytorch_x2_0", 6.526824);
template <>
inline constexpr Model kReproducedModel<Scale::x2_5> = reproduced_model("pytorch_x2_5", 9.023880);

/// PPLCNet V1 as the PyTorch reproduction publishes it.
template <Scale kScale>
struct Reproduced : V1<kScale, Options{.dialect = Dialect::pytorch}> {
  static constexpr Model model = kReproducedModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of Paddle's models.
using PPLCNet_x0_25 = NetworkOf<Reproduced<Scale::x0_25>>;
using PPLCNet_x0_35 = NetworkOf<Reproduced<Scale::x0_35>>;
using PPLCNet_x0_5 = NetworkOf<Reproduced<Scale::x0_5>>;
using PPLCNet_x0_75 = NetworkOf<Reproduced<Scale::x0_75>>;
using PPLCNet_x1_0 = NetworkOf<Reproduced<Scale::x1_0>>;
using PPLCNet_x1_5 = NetworkOf<Reproduced<Scale::x1_5>>;
using PPLCNet_x2_0 = NetworkOf<Reproduced<Scale::x2_0>>;
using PPLCNet_x2_5 = NetworkOf<Reproduced<Scale::x2_5>>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<PPLCNet_x0_25, PPLCNet_x0_35, PPLCNet_x0_5, PPLCNet_x0_75, PPLCNet_x1_0,
                         PPLCNet_x1_5, PPLCNet_x2_0, PPLCNet_x2_5>;

}  // namespace models::pytorch

namespace pytorch = models::pytorch;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PYTORCH_HPP
// from pplcnet/models/text.hpp
#ifndef PPLCNET_MODELS_TEXT_HPP
#define PPLCNET_MODELS_TEXT_HPP

#include <string_view>


// The backbones of PaddleOCR's text detection and recognition: PP-OCRv4's and v5's mobile models
// (PP-LCNetV3) and PP-OCRv6's (PP-LCNetV4). Detectors and recognisers prepare pictures in ways of
// their own, which are not here: the preprocessing is a plain resize.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::text {

/// PPLCNetV3 of PP-OCR, as published.
template <Scale kScale, V3 kTask>
struct V3Model : V3Definition<kScale, kTask, TextOptions{}> {
  static constexpr Extent kInput = text_input({}, kTask == V3::detection);
  static constexpr Model model = {
      .name = kTask == V3::detection ? "PPLCNetV3_x0_75_detection" : "PPLCNetV3_x0_95_recognition",
      .preprocessing = paddle_direct(kInput.height, kInput.width)};
};

/// PPLCNetV4 of PP-OCR, as published.
template <Size kSize, V4 kTask>
struct V4Model : V4Definition<kSize, kTask, TextOptions{}> {
  static constexpr std::string_view kNames[2][3] = {
      {"PPLCNetV4_tiny_detection", "PPLCNetV4_small_detection", "PPLCNetV4_medium_detection"},
      {"PPLCNetV4_tiny_recognition", "PPLCNetV4_small_recognition",
       "PPLCNetV4_medium_recognition"}};
  static constexpr Extent kInput = text_input({}, kTask == V4::detection);
  static constexpr Model model = {.name = kNames[static_cast<int>(kTask)][static_cast<int>(kSize)],
                                  .preprocessing = paddle_direct(kInput.height, kInput.width)};
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using PPLCNetV3_x0_75_detection = NetworkOf<V3Model<Scale::x0_75, V3::detection>>;
using PPLCNetV3_x0_95_recognition = NetworkOf<V3Model<Scale::x0_95, V3::recognition>>;
using PPLCNetV4_tiny_detection = NetworkOf<V4Model<Size::tiny, V4::detection>>;
using PPLCNetV4_small_detection = NetworkOf<V4Model<Size::small, V4::detection>>;
using PPLCNetV4_medium_detection = NetworkOf<V4Model<Size::medium, V4::detection>>;
using PPLCNetV4_tiny_recognition = NetworkOf<V4Model<Size::tiny, V4::recognition>>;
using PPLCNetV4_small_recognition = NetworkOf<V4Model<Size::small, V4::recognition>>;
using PPLCNetV4_medium_recognition = NetworkOf<V4Model<Size::medium, V4::recognition>>;
// NOLINTEND(readability-identifier-naming)

using Models =
    ModelList<PPLCNetV3_x0_75_detection, PPLCNetV3_x0_95_recognition, PPLCNetV4_tiny_detection,
              PPLCNetV4_small_detection, PPLCNetV4_medium_detection, PPLCNetV4_tiny_recognition,
              PPLCNetV4_small_recognition, PPLCNetV4_medium_recognition>;

}  // namespace models::text

namespace text = models::text;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TEXT_HPP
// from pplcnet/models/timm.hpp
#ifndef PPLCNET_MODELS_TIMM_HPP
#define PPLCNET_MODELS_TIMM_HPP


// timm's classifiers of the 1000 classes of ImageNet (models/mobilenetv3.py, default_cfgs).

namespace pplcnet::inline PPLCNET_ABI {
namespace models::timm {

template <Scale kScale>
inline constexpr Model kLcnetModel;
template <>
inline constexpr Model kLcnetModel<Scale::x0_35> = {.name = "lcnet_035",  // no weights published
                                                    .preprocessing = timm_bilinear(),
                                                    .labels = kImageNetLabels};
template <>
inline constexpr Model kLcnetModel<Scale::x0_5> = {
    .name = "lcnet_050", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 63.1};
template <>
inline constexpr Model kLcnetModel<Scale::x0_75> = {
    .name = "lcnet_075", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 68.8};
template <>
inline constexpr Model kLcnetModel<Scale::x1_0> = {
    .name = "lcnet_100", .preprocessing = timm_bicubic(), .labels = kImageNetLabels, .top1 = 72.1};
template <>
inline constexpr Model kLcnetModel<Scale::x1_5> = {.name = "lcnet_150",  // no weights published
                                                   .preprocessing = timm_bilinear(),
                                                   .labels = kImageNetLabels};

/// timm's lcnet, as published.
template <Scale kScale>
struct Lcnet : V1<kScale, Options{.dialect = Dialect::timm}> {
  static constexpr Model model = kLcnetModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using lcnet_035 = NetworkOf<Lcnet<Scale::x0_35>>;
using lcnet_050 = NetworkOf<Lcnet<Scale::x0_5>>;
using lcnet_075 = NetworkOf<Lcnet<Scale::x0_75>>;
using lcnet_100 = NetworkOf<Lcnet<Scale::x1_0>>;
using lcnet_150 = NetworkOf<Lcnet<Scale::x1_5>>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<lcnet_035, lcnet_050, lcnet_075, lcnet_100, lcnet_150>;

}  // namespace models::timm

namespace timm = models::timm;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TIMM_HPP

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

using AllModels = Joined<ImageNetModels, ImageNetV2Models, timm::Models, pytorch::Models,
                         ModelList<light_cnns::lcnet_baseline>, OcrModels, OrientationModels,
                         pulc::Models, picodet::Models, text::Models>::List;

/// Calls `visit.operator()<Net>()` for every model; `Net::Definition::model` has its name.
template <class Visit>
constexpr void for_each(Visit&& visit) {
  pplcnet::for_each(AllModels{}, visit);
}

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_MODELS_HPP
// from pplcnet/models/torchvision.hpp
#ifndef PPLCNET_MODELS_TORCHVISION_HPP
#define PPLCNET_MODELS_TORCHVISION_HPP

#include <string_view>


// MobileNet V2 and V3 and ShuffleNetV2 of torchvision, with its default weights for ImageNet.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::torchvision {

/// Returns what torchvision says of weights: `acc@1`, `num_params` in millions, and `_ops`, which
/// are multiply-adds, in millions.
constexpr Model torchvision_model(std::string_view name, const Preprocessing& preprocessing,
                                  double top1, double parameters, double multiply_adds) {
  return {.name = name,
          .preprocessing = preprocessing,
          .labels = kImageNetLabels,
          .top1 = top1,
          .parameters = parameters,
          .flops = multiply_adds};
}

inline constexpr Published kModels[] = {
    {torchvision_model("mobilenet_v2", torchvision_232(), 72.154, 3.504872, 301),
     torchvision_mobilenet_v2, 100},
    {torchvision_model("mobilenet_v3_small", timm_bilinear(), 67.668, 2.542856, 57),
     torchvision_mobilenet_v3_small, 100},
    {torchvision_model("mobilenet_v3_large", torchvision_232(), 75.274, 5.483032, 217),
     torchvision_mobilenet_v3_large, 100},
    {torchvision_model("shufflenet_v2_x0_5", timm_bilinear(), 60.552, 1.366792, 40),
     torchvision_shufflenet_v2, 50},
    {torchvision_model("shufflenet_v2_x1_0", timm_bilinear(), 69.362, 2.278604, 145),
     torchvision_shufflenet_v2, 100},
    {torchvision_model("shufflenet_v2_x1_5", torchvision_232(), 72.996, 3.503624, 296),
     torchvision_shufflenet_v2, 150},
    {torchvision_model("shufflenet_v2_x2_0", torchvision_232(), 76.230, 7.393996, 583),
     torchvision_shufflenet_v2, 200},
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using mobilenet_v2 = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v2")>>;
using mobilenet_v3_small = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v3_small")>>;
using mobilenet_v3_large = NetworkOf<Row<kModels, row_of(kModels, "mobilenet_v3_large")>>;
using shufflenet_v2_x0_5 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x0_5")>>;
using shufflenet_v2_x1_0 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x1_0")>>;
using shufflenet_v2_x1_5 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x1_5")>>;
using shufflenet_v2_x2_0 = NetworkOf<Row<kModels, row_of(kModels, "shufflenet_v2_x2_0")>>;
// NOLINTEND(readability-identifier-naming)

using Models = RowsOf<kModels>::List;

}  // namespace models::torchvision

namespace torchvision = models::torchvision;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TORCHVISION_HPP
// from pplcnet/models/with_network.hpp
#ifndef PPLCNET_MODELS_WITH_NETWORK_HPP
#define PPLCNET_MODELS_WITH_NETWORK_HPP

#include <memory>
#include <string>
#include <string_view>
#include <utility>

// from pplcnet/models/nearest.hpp
#ifndef PPLCNET_MODELS_NEAREST_HPP
#define PPLCNET_MODELS_NEAREST_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// Why weights fit none of several networks: as the one says that they are most like, by how much
/// of it they had (`Error::steps`).
class NearestMiss {
 public:
  /// Adds why they do not fit the network of that name.
  void add(std::string_view name, Error why) {
    ++count_;
    same_ = same_ && (count_ == 1 || std::string_view(why_.message()) == why.message());
    if (count_ > 1 && why.steps() <= why_.steps()) return;
    why_ = std::move(why);
    name_ = name;
  }

  /// Says in one sentence about a file and all `networks`, some of which may have been out of the
  /// question; the reason alone where all have the same, or where it tells all.
  Error error(std::string_view path, std::size_t networks) const {
    if (count_ == 0)
      return Error::of(path, ": has tensors of none of the ", networks,
                       " networks that are expected");
    if (same_ || why_.steps() == Error::kAllSteps) return why_;
    std::string_view reason = why_.message();
    if (reason.starts_with(path)) reason.remove_prefix(path.size() + 2);
    return Error::of(path, ": fits none of ", networks, " networks; ",
                     why_.steps() > 0 ? "the nearest is " : "for example ", name_, ": ", reason);
  }

 private:
  Error why_;
  std::string name_;
  std::size_t count_ = 0;
  bool same_ = true;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_NEAREST_HPP

// From a file to its network, among those that a program has compiled in.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns whether weights are those of a network: gets them by `read(weights, info)`, and says why
/// not. What was saved from a published model is that model's only. `path` is for messages.
template <HasModel Net, class Read>
Error fits(std::string_view path, const Read& read) {
  const auto weights = std::make_unique_for_overwrite<typename Net::Weights>();
  ModelInfo info;
  if (auto error = read(*weights, &info)) return error;
  constexpr std::string_view kName = Net::Definition::model.name;
  if (info.model.empty() || info.model == kName) return {};
  return Error::of(path, ": holds ", quote(info.model), ", not ", quote(kName))
      .with_progress(Net::layers.size());
}

/// Finds the network of `list` that weights fit, which `read(weights, info)` brings, and calls
/// `visit.operator()<Net>()`. An error if none fits, or several: files do not say everything (two
/// classifiers of two classes may differ in their strides, which Paddle's parameters do not tell).
/// `path` is for messages.
template <class... Nets, class Read, class Visit>
Error with_network(ModelList<Nets...> list, std::string_view path, const Read& read, Visit visit) {
  std::string names;
  NearestMiss nearest;
  int count = 0;
  for_each(list, [&]<class Net>() {
    constexpr std::string_view kName = Net::Definition::model.name;
    if (auto error = fits<Net>(path, read))
      nearest.add(kName, std::move(error));
    else
      names += join({count++ > 0 ? ", " : "", kName});
  });
  if (count > 1)
    return Error::of(path, ": fits ", count, " networks, say which of them it is: ", names);
  if (count == 0) return nearest.error(path, sizeof...(Nets));
  for_each(list, [&]<class Net>() {
    if (names == Net::Definition::model.name) visit.template operator()<Net>();
  });
  return {};
}

/// Does the same for a file that `load` reads.
template <class... Nets, class Visit>
Error with_network(ModelList<Nets...> list, std::string_view path, Visit visit) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    const auto read = [&](auto& weights, ModelInfo* info) {
      return load_bytes(std::as_const(bytes).bytes(), path, weights, info);
    };
    return with_network(list, path, read, visit);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_WITH_NETWORK_HPP

#endif  // PPLCNET_PPLCNET_HPP
