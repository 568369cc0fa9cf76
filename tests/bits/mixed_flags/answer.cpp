// Compiled twice: as plain_answer, and with -march=native as native_answer.
#include "bits/answer.hpp"

std::vector<float> ANSWER(const char*& isa);

std::vector<float> ANSWER(const char*& isa) {
  isa = pplcnet::isa_name();
  return pplcnet_test::answer<pplcnet::PPLCNet<pplcnet::Scale::x0_25>>(pplcnet::best_isa());
}
