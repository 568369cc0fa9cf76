// A user's program that opens any weight file, and predicts something: open WEIGHTS
#include <cstdint>
#include <cstdio>
#include <optional>
#include <pplcnet/open/any_classifier.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::optional<pplcnet::AnyClassifier> classifier;
  if (auto error = pplcnet::AnyClassifier::open(argv[1], classifier)) {
    std::puts(error.message());
    return 1;
  }
  const std::vector<std::uint8_t> rgb(3 * 160 * 80, 200);
  std::vector<float> scores;
  if (!classifier->probabilities({rgb.data(), 160, 80, pplcnet::PixelFormat::rgb}, scores))
    return 1;
  std::printf("%s of %zu models: %s %g\n", std::string(classifier->name()).c_str(),
              pplcnet::known_models().size(), classifier->label(0).c_str(),
              static_cast<double>(scores[0]));
  return scores.size() == 2 && scores[0] + scores[1] > 0.99F ? 0 : 1;
}
