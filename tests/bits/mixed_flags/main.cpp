// One program, files that use the library, some of them compiled with -march=native, and this one
// without optimisation: all give the same bits.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "bits/output.hpp"

std::vector<float> plain_output(const char*& isa);
std::vector<float> native_output(const char*& isa);
std::vector<double> plain_geometry();
std::vector<double> native_geometry();

int main() {
  const char *plain_isa = nullptr, *native_isa = nullptr;
  const std::vector<float> plain = plain_output(plain_isa), native = native_output(native_isa);
  const std::vector<float> here =
      pplcnet_test::output_of<pplcnet::PPLCNet<pplcnet::Scale::x0_25>>(pplcnet::best_isa());
  std::printf("here %s, plain %s, native %s\n", pplcnet::isa_name(), plain_isa, native_isa);
  if (here != plain || here != native) return std::puts("The outputs differ."), 1;
  const std::vector<double> boxes = plain_geometry(), native_boxes = native_geometry();
  const auto [one, other] = std::ranges::mismatch(boxes, native_boxes);
  if (one != boxes.end())
    return std::printf("Number %td of the geometry differs.\n", one - boxes.begin()), 1;
  return 0;
}
