// The kernels, loaders and savers of a program whose files are compiled with PPLCNET_COMPILED.
#define PPLCNET_IMPLEMENTATION
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"
