#ifndef PPLCNET_TESTS_SYNTHETIC_HPP
#define PPLCNET_TESTS_SYNTHETIC_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Deterministic weights, inputs and pictures that any language generates bit for bit: the
/// reference data of the tests was made from them. Integers modulo 2^64, and a few floating-point
/// steps that are exact in double, so that no compiler option changes a bit.
namespace pplcnet_test {

inline constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;  // 2^64 / golden ratio

/// FNV-1a, 64 bits.
constexpr std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

/// The finaliser of splitmix64.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// A stream of random numbers with random access.
struct Stream {
  std::uint64_t base;

  constexpr explicit Stream(std::string_view name, std::uint64_t seed = 1)
      : base(mix(fnv1a64(name) + seed * kGoldenRatio)) {}

  constexpr std::uint64_t bits(std::uint64_t i) const { return mix(base + (i + 1) * kGoldenRatio); }
  /// Number i as 24 bits, unsigned.
  constexpr std::uint32_t m(std::uint64_t i) const {
    return static_cast<std::uint32_t>(bits(i) >> 40);
  }
  /// Number i as 24 bits, signed.
  constexpr std::int32_t k(std::uint64_t i) const {
    return static_cast<std::int32_t>(m(i)) - 8388608;
  }
  /// Number i in [-1, 1), exact in float32 (and in double, where sums of it are exact, too).
  constexpr double u(std::uint64_t i) const { return k(i) / 8388608.0; }
};

/// Which networks a tensor belongs to; timm's lcnet is v1.
enum class GainFamily { v1, v2, v3 };

/// The forms of a checkpoint: as it is trained, and with its branches made one convolution.
enum class Form { training, deployed };

/// The values of parameter `name` in its own layout (C order).
std::vector<float> synthetic_tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                                    GainFamily family, std::uint64_t seed = 1);

/// An input tensor NCHW with values in [-2, 2).
std::vector<float> synthetic_input(std::uint64_t seed, std::size_t n, std::size_t c, std::size_t h,
                                   std::size_t w);

/// The flat positions at which the reference data samples a tensor of `size` values.
std::vector<std::size_t> sample_positions(std::string_view sample_name, std::size_t size,
                                          std::size_t count);

enum class ImageKind { noise, smooth };

/// A picture: RGB interleaved, rows without gaps.
std::vector<std::uint8_t> synthetic_image(ImageKind kind, std::uint64_t seed, std::size_t width,
                                          std::size_t height);

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_SYNTHETIC_HPP
