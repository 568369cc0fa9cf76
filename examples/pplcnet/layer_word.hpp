#ifndef PPLCNET_EXAMPLES_LAYER_WORD_HPP
#define PPLCNET_EXAMPLES_LAYER_WORD_HPP

#include <string>

#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// Finds the layer that a word stands for: embedding, pooled, logits, stage2 … stage6, or its name.
pplcnet::Error find_layer(const pplcnet::AnyClassifier& classifier, const std::string& word,
                          int& layer);

#endif  // PPLCNET_EXAMPLES_LAYER_WORD_HPP
