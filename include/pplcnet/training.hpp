#ifndef PPLCNET_TRAINING_HPP
#define PPLCNET_TRAINING_HPP

// Table of contents of what trains networks. In a program whose files are compiled with
// PPLCNET_COMPILED one of them is training.cpp (CMake's target pplcnet::training).

#include "pplcnet/any_trainer.hpp"
#include "pplcnet/train/trained_state_dict.hpp"
#include "pplcnet/trainer.hpp"

#endif  // PPLCNET_TRAINING_HPP
