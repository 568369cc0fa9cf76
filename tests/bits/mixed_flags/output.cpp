// Compiled twice: as plain_output, and with -march=native as native_output.
#include "bits/output.hpp"

std::vector<float> OUTPUT(const char*& isa);

std::vector<float> OUTPUT(const char*& isa) {
  isa = pplcnet::isa_name();
  return pplcnet_test::output_of<pplcnet::PPLCNet<pplcnet::Scale::x0_25>>(pplcnet::best_isa());
}
