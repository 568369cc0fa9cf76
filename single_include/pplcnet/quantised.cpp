// The kernels of networks in bytes, for programs whose files are compiled with PPLCNET_COMPILED.
#define PPLCNET_QUANTISED_IMPLEMENTATION
#include "pplcnet/quantised.hpp"
