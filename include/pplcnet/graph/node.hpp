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
  concat,   ///< along channels
  slice,    ///< some channels
  shuffle,  ///< channel i * groups + j is that of number j * (channels / groups) + i
};

/// One operator with its attributes. Values are numbered by the nodes that give them.
struct Node {
  NodeKind kind = NodeKind::image;
  Activation activation = Activation::none;
  Layout layout = Layout::convolution;
  bool norm = false;            ///< a batch norm follows the weights
  bool bias = false;            ///< the weights have a bias of their own
  bool vector = false;          ///< its output is a vector, not a map
  bool count_padding = false;   ///< in the number that a mean is divided by
  int input = -1, second = -1;  ///< nodes; a concat's are in Graph::parts
  int first_part = 0, part_count = 0;
  int groups = 1;                  ///< of a convolution: one or each channel its own; of a shuffle
  int group = 0, group_count = 1;  ///< of which convolution this is a part, in files
  int first = 0, step = 1;         ///< of a slice
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
