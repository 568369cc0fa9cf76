// Networks on this engine, for compare.py:
//
//   lightweight_networks list                  a line each: name, top-1, parameters, multiply-adds
//   lightweight_networks onnx NETWORK FOLDER   FOLDER/NETWORK.onnx, .f32, and nothing.onnx
//   lightweight_networks forward NETWORK       an engine, see ../peers/rounds.hpp
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../peers/onnx_files.hpp"
#include "../peers/rounds.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/open/registry.hpp"

namespace {

/// Returns the network of a published model with synthetic weights.
pplcnet::AnyNetwork network_of(const pplcnet::KnownModel& model) {
  pplcnet::AnyNetwork network(*std::make_unique<pplcnet::Graph>(model.graph()));
  bench::fill_with_synthetic_weights(network.layers(), network.weights());
  return network;
}

void list() {
  for (const pplcnet::KnownModel& one : pplcnet::known_models()) {
    if (one.classes == 0) continue;
    const pplcnet::AnyNetwork network(*std::make_unique<pplcnet::Graph>(one.graph()));
    std::printf("%s %g %lld %lld\n", std::string(one.model.name).c_str(), one.model.top1,
                static_cast<long long>(network.plan().parameter_count),
                static_cast<long long>(network.plan().multiply_add_count));
  }
}

void serve(const pplcnet::KnownModel& model) {
  pplcnet::AnyNetwork network = network_of(model);
  const std::vector<float> image = bench::synthetic_input(network.input_shape());
  std::vector<float> logits(static_cast<std::size_t>(network.classes()));
  const auto picture = pplcnet::Picture::planar(image.data(), network.input_shape());
  const auto run = [&] { network.run(picture, network.traits().logits, logits); };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(logits, first_seconds, run);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "list") return list(), 0;
  const pplcnet::KnownModel* const model = pplcnet::find_model(argc > 2 ? argv[2] : "");
  if (model == nullptr) return 2;
  if (what == "forward") serve(*model);
  if (what == "onnx" && argc > 3)
    bench::write_onnx_files(network_of(*model), argv[3], model->model.name);
}
