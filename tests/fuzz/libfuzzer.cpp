// The readers for libFuzzer, which finds its own way through them; CONTRIBUTING.md says how.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdparams.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"

#ifndef READER
#define READER parse_torch_checkpoint  // or parse_pdparams, parse_safetensors, parse_pdiparams
#endif

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  pplcnet::TensorFile file;
  if (pplcnet::READER(std::as_bytes(std::span(bytes, size)), "fuzzed", file)) return 0;
  unsigned sum = 0;
  for (const pplcnet::Tensor& tensor : file.tensors) {
    if (pplcnet::byte_count(tensor.type, tensor.shape) != tensor.data.size()) std::abort();
    for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
  }
  volatile unsigned sink = sum;
  (void)sink;
  return 0;
}
