#ifndef PPLCNET_NETWORKS_NAMES_PPLCNET_V1_HPP
#define PPLCNET_NETWORKS_NAMES_PPLCNET_V1_HPP

#include <span>
#include <string_view>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

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
