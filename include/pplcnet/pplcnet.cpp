// The kernels, loaders and savers of a program whose files are compiled with PPLCNET_COMPILED.
#define PPLCNET_IMPLEMENTATION
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/detector.hpp"
#include "pplcnet/segmenter.hpp"
#include "pplcnet/text_reader.hpp"
#include "pplcnet/weights/load_any.hpp"
