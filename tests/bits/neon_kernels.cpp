// The kernels and all that is no template, for tests that run on an emulated 64-bit ARM.
#define PPLCNET_IMPLEMENTATION
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/names.hpp"
