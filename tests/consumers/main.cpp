// A user's whole program: prints the instruction set in use, and the output bit by bit.
#include <pplcnet/pplcnet.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;

int main() {
  auto weights = std::make_unique<Net::Weights>();
  auto workspace = std::make_unique<Net::Workspace>();
  std::vector<float> image(Net::input_size);
  std::uint32_t random = 1;
  const auto fill = [&random](auto& values, float range) {
    for (float& value : values) {
      random = random * 1664525 + 1013904223;
      value = range * (static_cast<float>(random >> 8) / (1 << 23) - 1);
    }
  };
  fill(weights->values, 0.5f);
  fill(image, 2.0f);

  Net::Logits logits;
  Net::forward(*weights, std::span<const float, Net::input_size>(image), *workspace, logits);

  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a of the bytes of the logits
  for (const float logit : logits) {
    unsigned char bytes[sizeof logit];
    std::memcpy(bytes, &logit, sizeof logit);
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  }
  std::printf("%s\n%016llx, first %g\n", pplcnet::isa_name(), static_cast<unsigned long long>(hash),
              static_cast<double>(logits[0]));
}
