#ifndef PPLCNET_EXAMPLES_PREDICTION_JSON_HPP
#define PPLCNET_EXAMPLES_PREDICTION_JSON_HPP

#include <span>

#include "json.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/open/any_classifier.hpp"

/// Returns an array of objects: `class_id`, `score`, and where classes have labels `label`.
Json json_of(std::span<const pplcnet::Prediction> predictions,
             const pplcnet::AnyClassifier& classifier);

#endif  // PPLCNET_EXAMPLES_PREDICTION_JSON_HPP
