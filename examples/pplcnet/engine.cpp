#include "engine.hpp"

#include "pplcnet/weights/save.hpp"

void run_network(pplcnet::AnyNetwork& network, const pplcnet::Picture& picture,
                 std::span<float* const> destinations, const pplcnet::RunOptions& options) {
  network.run(picture, destinations, options);
}

pplcnet::Error save_native(pplcnet::NewFile& file, const pplcnet::AnyNetwork& network,
                           const pplcnet::ModelInfo& info, pplcnet::Storage storage) {
  return pplcnet::save(file, network, info, storage);
}

pplcnet::Error self_test(const std::string& path, const pplcnet::AnyNetwork& network) {
  return pplcnet::self_test(path, network);
}
