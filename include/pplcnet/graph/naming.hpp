#ifndef PPLCNET_GRAPH_NAMING_HPP
#define PPLCNET_GRAPH_NAMING_HPP

#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/name.hpp"

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
