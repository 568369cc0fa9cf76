#ifndef PPLCNET_GRAPH_NODE_HPP
#define PPLCNET_GRAPH_NODE_HPP

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/name.hpp"
#include "pplcnet/graph/naming.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/graph/training.hpp"

// What a network is made of: one node for each operator.

namespace pplcnet::inline PPLCNET_ABI {

/// What a batch norm adds to the variance, unless a network says otherwise; in every framework.
inline constexpr double kBatchNormEpsilon = 1e-5;

/// What a node computes.
enum class NodeKind : unsigned char {
  image,  ///< the picture, 3 channels
  convolution,
  dense,        ///< a matrix-vector product
  max_pool,     ///< maximum of a window
  mean_pool,    ///< mean of a window
  global_mean,  ///< over all pixels: a map becomes a vector
  gate,         ///< a map times a vector, channel by channel
  add,
  concat,     ///< along channels
  slice,      ///< some channels
  shuffle,    ///< channel i * groups + j is that of number j * (channels / groups) + i
  affine,     ///< a scale and a shift of each channel
  reduce,     ///< along axes
  multiply,   ///< a map times another one, which is repeated along axes
  normalise,  ///< by its own mean and variance
  rearrange,  ///< the same numbers in other places
  softmax,
  attention,
  resize,  ///< to another height and width
  l1,      ///< a convolution that takes differences where others take products
};

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

/// One operator with its attributes. Values are numbered by the nodes that give them.
struct Node {
  NodeKind kind = NodeKind::image;
  Activation activation = Activation::none;
  Layout layout = Layout::convolution;
  bool norm = false;            ///< a batch norm follows the weights
  bool bias = false;            ///< the weights have a bias of their own
  bool vector = false;          ///< its output is a vector, not a map
  bool reads_group = false;     ///< a convolution reads the channels of its group alone
  bool count_padding = false;   ///< in the number that a mean is divided by
  int input = -1, second = -1;  ///< nodes; a concat's are in Graph::parts
  int first_part = 0, part_count = 0;
  Reduction reduction = Reduction::mean;
  Rearrangement rearrangement = {};
  Resampling resampling = Resampling::nearest;
  /// Of a convolution: one, or each channel its own; of a shuffle; of a normalisation: one, or each
  /// channel its own; the blocks of channels that a softmax compares; the heads of an attention; of
  /// a reduction to two values the axis.
  int groups = 1;
  int repeats = 1;      ///< channels with the same parameters: every (channels / repeats)-th
  int weights_of = -1;  ///< the node whose weights it has, too; -1: none
  int group = 0, group_count = 1;           ///< of which convolution this is a part, in files
  int first = 0, step = 1;                  ///< of a slice
  double norm_epsilon = kBatchNormEpsilon;  ///< that the batch norm adds to the variance
  int input_percent = 100;                  ///< the input is multiplied by this / 100 (dropout)
  int output_percent = 100;                 ///< so is weight × input + bias, before the batch norm
  bool affine = false;                      ///< a learnable scale and shift follow the activation
  Training training = no_branches;          ///< what a convolution consists of in training
  Window window;
  Shape shape;  ///< of the output
  Name name, norm_name;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_NODE_HPP
