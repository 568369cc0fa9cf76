// Prints what the page must answer: it is the page's own C++, compiled for this machine, whose
// baseline copy of the kernels has no fused multiply-add either.
//
//   page_answers pages|lines WEIGHTS.safetensors PICTURE...
//
// A line for each picture: angle, confidence and its bits, bits of the logits of the whole picture;
// or what is wrong with it.
#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "page.hpp"
#include "pplcnet/weights/file.hpp"

namespace {

const std::uint8_t* address(const pplcnet::FileBytes& file) {
  return reinterpret_cast<const std::uint8_t*>(file.bytes().data());
}

int fail(const char* sentence) {
  std::printf("%s\n", sentence);
  return 1;
}

void answer(int network, const char* name) {
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(name, file)) {
    fail(error.message());
    return;
  }
  const char* const slash = std::strrchr(name, '/');
  if (!open_picture(address(file), std::as_const(file).bytes().size(),
                    slash != nullptr ? slash + 1 : name, /*on_contrast=*/true)) {
    fail(message());
    return;
  }
  const double* const rotations = orient(network);
  const double* const best = std::max_element(rotations, rotations + 4);
  std::printf("%d %.17g %016" PRIx64, static_cast<int>(90 * (best - rotations)), *best,
              std::bit_cast<std::uint64_t>(*best));
  const float* const scores = logits(network);
  for (int i = 0; i < class_count(network); ++i)
    std::printf(" %08" PRIx32, std::bit_cast<std::uint32_t>(scores[i]));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fail("page_answers pages|lines WEIGHTS PICTURE...");
  const int network = std::strcmp(argv[1], "lines") == 0 ? kLines : kPages;
  pplcnet::FileBytes weights;
  if (auto error = pplcnet::read_file(argv[2], weights)) return fail(error.message());
  if (!open_network(network, address(weights), std::as_const(weights).bytes().size()))
    return fail(message());
  for (int i = 3; i < argc; ++i) answer(network, argv[i]);
  return 0;
}
