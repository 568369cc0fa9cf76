// The kernels of all networks, and what their tests need beside them, for a library of its own.
#define PPLCNET_IMPLEMENTATION
#define PPLCNET_QUANTISED_IMPLEMENTATION
#include "pplcnet/any_network.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/names.hpp"
