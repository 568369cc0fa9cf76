// The networks that the paper compares PP-LCNet with, on this engine, for compare.py:
//
//   lightweight_networks list                  a line each: name, top-1, parameters, multiply-adds
//   lightweight_networks onnx NETWORK FOLDER   FOLDER/NETWORK.onnx, .f32, and nothing.onnx
//   lightweight_networks forward NETWORK       an engine, see ../peers/rounds.hpp
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "../peers/onnx_files.hpp"
#include "../peers/rounds.hpp"
#include "../synthetic_network.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

namespace models = pplcnet::models;
using Networks = pplcnet::Joined<
    pplcnet::ModelList<models::PPLCNet_x0_25, models::PPLCNet_x0_35, models::PPLCNet_x0_5,
                       models::PPLCNet_x0_75, models::PPLCNet_x1_0>,
    pplcnet::lightweight::ComparedModels>::List;

void list() {
  pplcnet::for_each(Networks{}, []<class Net>() {
    const pplcnet::Model& model = Net::Definition::model;
    std::printf("%s %g %lld %lld\n", std::string(model.name).c_str(), model.top1,
                static_cast<long long>(Net::parameter_count),
                static_cast<long long>(Net::multiply_add_count));
  });
}

template <class Net>
void serve() {
  const auto weights = bench::synthetic_weights<Net>();
  const auto image = bench::synthetic_input<Net>();
  const auto workspace = std::make_unique<typename Net::Workspace>();
  typename Net::Logits logits;
  const auto run = [&] {
    Net::forward(*weights, typename Net::Image(image.data(), Net::input_size), *workspace, logits);
  };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(logits, first_seconds, run);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "list") return list(), 0;
  const std::string_view name = argc > 2 ? argv[2] : "";
  const std::string folder = argc > 3 ? argv[3] : "";
  bool found = false;
  pplcnet::for_each(Networks{}, [&]<class Net>() {
    if (Net::Definition::model.name != name) return;
    found = true;
    if (what == "forward") serve<Net>();
    if (what == "onnx") bench::write_onnx_files<Net>(folder, name);
  });
  return found ? 0 : 2;
}
