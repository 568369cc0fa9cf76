// A quantised file has other numbers than kernels read: it cannot be used where it lies.
// expect: view: a network in bytes packs its file; load it
#include "pplcnet/classifier.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantised_network.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25,
                             pplcnet::Options{.precision = pplcnet::Precision::int8}>;

pplcnet::Error use(pplcnet::Classifier<Net>& classifier, std::span<const std::byte> bytes) {
#ifdef MUST_NOT_COMPILE
  return classifier.view(bytes, "file");
#else
  return classifier.load(bytes, "file");
#endif
}
