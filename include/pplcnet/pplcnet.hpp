#ifndef PPLCNET_PPLCNET_HPP
#define PPLCNET_PPLCNET_HPP

// Table of contents. Each header says what it is for. Beside it, for programs that need them:
// detector.hpp, segmenter.hpp, text_reader.hpp.

// A network: graph → plan → network → forward → kernel.
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/light_cnns_mobilenet_v3.hpp"
#include "pplcnet/networks/light_cnns_shufflenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v2_attention.hpp"
#include "pplcnet/networks/paddle_mobilenet_v2.hpp"
#include "pplcnet/networks/paddle_mobilenet_v3.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/networks/torchvision_mobilenet_v3.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/version.hpp"

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
// cost a program nothing until it uses them; so they are here, and in the single header. Those that
// PP-LCNet is not compared with are in models/light_cnns.hpp.
#include "pplcnet/models/flops.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/models.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/models/with_network.hpp"

#endif  // PPLCNET_PPLCNET_HPP
