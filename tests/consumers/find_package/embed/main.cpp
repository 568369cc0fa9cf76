// Says which way up a picture is, from weights inside the program; checks them first.
#include <cmath>
#include <cstdio>
#include <optional>

#include "network.hpp"
#include "pplcnet_embedded/text_line.hpp"

static Net::Workspace workspace;
static float image[Net::input_size];

int main() {
  std::optional<Net::WeightsView> weights;
  if (auto error = pplcnet::view<Net>(pplcnet_embedded::text_line(), "text_line", weights))
    return std::puts(error.message()), 1;
  for (std::size_t i = 0; i < Net::input_size; ++i) image[i] = pplcnet::self_test_input(i);
  Net::Logits logits;
  Net::forward(*weights, Net::Image(image), workspace, logits);
  std::printf("%s\n", logits[0] > logits[1] ? "upright" : "upside down");
  return std::isfinite(logits[0]) && logits[0] != logits[1] ? 0 : 1;
}
