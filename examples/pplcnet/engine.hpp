#ifndef PPLCNET_EXAMPLES_ENGINE_HPP
#define PPLCNET_EXAMPLES_ENGINE_HPP

#include <span>
#include <string>

#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/safetensors/native.hpp"

// All that computes networks, so that kernels are compiled in one file only.

/// `destinations[i]` is where the output of layer i goes, or null.
void run_network(pplcnet::AnyNetwork& network, const pplcnet::Picture& picture,
                 std::span<float* const> destinations, const pplcnet::RunOptions& options = {});

/// Writes a native file, whose self-test is computed.
pplcnet::Error save_native(pplcnet::NewFile& file, const pplcnet::AnyNetwork& network,
                           const pplcnet::ModelInfo& info, pplcnet::Storage storage);

/// Checks that these weights give the output that a native file's self-test has.
pplcnet::Error self_test(const std::string& path, const pplcnet::AnyNetwork& network);

#endif  // PPLCNET_EXAMPLES_ENGINE_HPP
