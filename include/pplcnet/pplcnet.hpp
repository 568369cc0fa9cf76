#ifndef PPLCNET_PPLCNET_HPP
#define PPLCNET_PPLCNET_HPP

// Table of contents. What is behind each line says so itself.

// A network: table → plan → network → forward → kernel.
#include "pplcnet/architecture.hpp"
#include "pplcnet/family/v1.hpp"
#include "pplcnet/family/v2.hpp"
#include "pplcnet/family/v3.hpp"
#include "pplcnet/family/v4.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v3.hpp"
#include "pplcnet/networks/mobilenext.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan.hpp"
#include "pplcnet/simd/executor.hpp"
#include "pplcnet/simd/isa.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/version.hpp"
#include "pplcnet/words.hpp"

// Weights: files in, files out.
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/save.hpp"
#include "pplcnet/weights/stored_as.hpp"

// Pictures in, labels out.
#include "pplcnet/classifier.hpp"
#include "pplcnet/image/attributes.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/results.hpp"

// Published models: networks with everything that belongs to their weights. They are types, which
// cost a program nothing until it uses them; so they are here, and in the single header.
#include "pplcnet/models/flops.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/models.hpp"
#include "pplcnet/models/registry.hpp"
#include "pplcnet/models/torchvision.hpp"

#endif  // PPLCNET_PPLCNET_HPP
