#ifndef PPLCNET_GRAPH_NODE_HPP
#define PPLCNET_GRAPH_NODE_HPP

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/name.hpp"
#include "pplcnet/graph/naming.hpp"
#include "pplcnet/graph/operator.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/graph/training.hpp"

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
