#include "prediction_json.hpp"

#include <utility>

Json json_of(std::span<const pplcnet::Prediction> predictions,
             const pplcnet::AnyClassifier& classifier) {
  Json list = Json::array();
  for (const auto& [class_id, score] : predictions) {
    Json entry = Json::object({{"class_id", class_id}, {"score", score}});
    if (!classifier.labels().empty()) entry.add("label", classifier.label(class_id));
    list.add(std::move(entry));
  }
  return list;
}
