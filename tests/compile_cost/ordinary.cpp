// An ordinary file of a program: a network, its weights, a classifier.
#include <cstdio>
#include <memory>
#include <vector>

#include "pplcnet/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x1_0>;

int main(int, char** argv) {
  const auto weights = std::make_unique<Net::Weights>();
  pplcnet::Classifier<Net> classifier;
  for (auto error : {pplcnet::load(argv[1], *weights), classifier.load(argv[1])})
    if (error) std::puts(error.message());
  const std::vector<unsigned char> pixels(std::size_t{224} * 224 * 3);
  const pplcnet::ImageView image(pixels.data(), 224, 224, pplcnet::PixelFormat::rgb);
  for (const auto& [class_id, score] : classifier.top_k<5>(image))
    std::printf("%s %f\n", classifier.label(class_id).c_str(), double{score});
}
