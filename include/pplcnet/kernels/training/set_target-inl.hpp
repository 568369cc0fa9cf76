// Compiles what comes after it for HWY_TARGET. A file that has the kernels for inference has
// Highway's operations for it, too: once is enough.
#if PPLCNET_HAS_DEFINITIONS
#include <hwy/ops/set_macros-inl.h>
#else
#include "pplcnet/kernels/flip_target-inl.hpp"
#endif
