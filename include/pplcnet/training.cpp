// The kernels of training, for programs whose files are compiled with PPLCNET_COMPILED.
#define PPLCNET_TRAINING_IMPLEMENTATION
#include "pplcnet/training.hpp"
