// Networks on this engine, for compare.py:
//
//   lightweight_networks list                  a line each: name, top-1, parameters, multiply-adds,
//                                              whether it is for all to be measured
//   lightweight_networks onnx NETWORK FOLDER   FOLDER/NETWORK.onnx, .f32, and nothing.onnx
//   lightweight_networks forward NETWORK       an engine, see ../peers/rounds.hpp
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../../tests/ic_pattern.hpp"
#include "../peers/onnx_files.hpp"
#include "../peers/rounds.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/networks/addernet.hpp"
#include "pplcnet/networks/espnet_v1.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/plan/make_plan.hpp"

namespace {

/// A network that is measured.
struct Entry {
  std::string name;
  double top1 = 0;
  pplcnet::Graph (*adapted)(const pplcnet::Adaptation&) = nullptr;
  bool in_all = true;  ///< it is not a part of another one

  pplcnet::Graph graph() const { return adapted({}); }
};

/// Returns what the library knows by name, and those networks for which nobody publishes weights.
std::vector<Entry> entries() {
  std::vector<Entry> list = {
      {.name = "resnet20",
       .adapted = [](const pplcnet::Adaptation&) { return pplcnet::addernet_resnet20(); }},
      {.name = "espnetv1",
       .adapted = [](const pplcnet::Adaptation&) { return pplcnet::light_cnns_espnet_v1(); }},
      {.name = "ic_resnet50",
       .adapted =
           [](const pplcnet::Adaptation&) {
             return pplcnet::ic_resnet50(pplcnet_test::kDetectionPattern);
           }},
  };
  for (const pplcnet::KnownModel& one : pplcnet::known_models())
    list.push_back({std::string(one.model.name), one.model.top1, one.adapted, one.classes > 0});
  return list;
}

/// Returns a network with synthetic weights.
pplcnet::AnyNetwork network_of(const Entry& entry) {
  pplcnet::AnyNetwork network(*std::make_unique<pplcnet::Graph>(entry.graph()));
  bench::fill_with_synthetic_weights(network.layers(), network.weights());
  return network;
}

void list() {
  for (const Entry& one : entries()) {
    const auto graph = std::make_unique<pplcnet::Graph>(one.graph());
    const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(*graph));
    std::printf("%s %g %lld %lld %d\n", one.name.c_str(), one.top1,
                static_cast<long long>(plan->parameter_count),
                static_cast<long long>(plan->multiply_add_count), one.in_all ? 1 : 0);
  }
}

/// Computes all outputs of a network; the first one is what engines are compared by.
void serve(const Entry& entry) {
  pplcnet::AnyNetwork network = network_of(entry);
  const std::vector<float> image = bench::synthetic_input(network.input_shape());
  const pplcnet::Plan& plan = network.plan();
  std::vector<std::vector<float>> outputs;
  std::vector<float*> destinations(network.layers().size());
  for (int i = 0; i < plan.output_count; ++i) {
    const pplcnet::Layer& layer = plan.layers[plan.outputs[i]];
    outputs.emplace_back(static_cast<std::size_t>(layer.output.size()));
    destinations[static_cast<std::size_t>(plan.outputs[i])] = outputs.back().data();
  }
  const auto picture = pplcnet::Picture::planar(image.data(), network.input_shape());
  const auto run = [&] { network.run(picture, destinations); };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(outputs.front(), first_seconds, run);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "list") return list(), 0;
  for (const Entry& entry : entries()) {
    if (argc < 3 || entry.name != argv[2]) continue;
    if (what == "forward") return serve(entry), 0;
    if (what == "onnx" && argc > 3)
      return bench::write_onnx_files(network_of(entry), argv[3], entry.name), 0;
  }
  return 2;
}
