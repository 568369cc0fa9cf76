#ifndef PPLCNET_QUANTISE_SELF_TEST_HPP
#define PPLCNET_QUANTISE_SELF_TEST_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/save.hpp"
#include "pplcnet/weights/self_test_answer.hpp"
#include "pplcnet/weights/tensor.hpp"

// What a network in bytes gives for one picture is part of its file: the same bits on any machine.

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

/// Computes the answer to the self-test: of each output the means of its channels. The picture is
/// that of networks in floats, [height][width][3], whose numbers become bytes.
inline std::vector<float> answer_of(AnyQuantisedNetwork network) {
  const Shape input = network.input_shape();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(input.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>((self_test_input(i) + 1) * 128);
  PictureConstants constants;
  std::memcpy(&constants, network.weights().data(), sizeof(constants));
  ByteTable tables[kPictureChannels];
  for (int c = 0; c < kPictureChannels; ++c)
    for (int byte = 0; byte < 256; ++byte)
      tables[c][static_cast<std::size_t>(byte)] =
          constants.scale[c] * (static_cast<float>(byte) - constants.zero[c]);
  const Picture picture = Picture::interleaved(pixels.data(), tables, input);
  return self_test_answer(network, picture);
}

}  // namespace quantised_file

/// Writes the file of a quantised network with the answer that `self_test_quantised` checks:
/// `network` is made of the model.
inline Error save_quantised(NewFile& target, const AnyQuantisedNetwork& network,
                            const QuantisedModel& model, const ModelInfo& info = {}) {
  return with_memory_for(target.path(), [&] {
    const std::vector<float> answer = quantised_file::answer_of(network);
    return save_quantised(target, model, network.layers(), network.traits(), info, answer);
  });
}

/// Computes the self-test of a quantised network's file, and compares it with what the writer got:
/// bit for bit.
inline Error self_test_quantised(std::span<const std::byte> bytes, std::string_view path,
                                 const AnyQuantisedNetwork& network) {
  return with_memory_for(path, [&]() -> Error {
    TensorFile file;
    if (auto error = parse_safetensors(bytes, path, file)) return error;
    const Tensor* const tensor = file.find(kSelfTest);
    if (tensor == nullptr) return Error::of(path, ": has no self-test (", kSelfTest, ")");
    const std::vector<float> found = quantised_file::answer_of(network);
    if (tensor->type != DataType::f32 ||
        tensor->shape != std::vector{static_cast<std::int64_t>(found.size())})
      return Error::of(path, ": ", kSelfTest, ": expected F32 [", found.size(), "], found ",
                       describe(tensor->type, tensor->shape));
    std::vector<float> expected(found.size());
    to_float(*tensor, expected);
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (std::bit_cast<std::uint32_t>(found[i]) != std::bit_cast<std::uint32_t>(expected[i]))
        return Error::of(path, ": self-test: number ", i, " of the output is ",
                         checking::text_of(found[i]), ", the file says ",
                         checking::text_of(expected[i]));
    return {};
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_SELF_TEST_HPP
