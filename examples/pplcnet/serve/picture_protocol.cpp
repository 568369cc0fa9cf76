// Files as they are, or in a form.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "form.hpp"
#include "prediction_json.hpp"
#include "protocol.hpp"

using pplcnet::Error;

namespace {

class PictureProtocol final : public Protocol {
 public:
  Error read(const HttpRequest& request, const pplcnet::AnyClassifier&,
             Question& question) override {
    is_form_ = request.content_type == "multipart/form-data";
    for (const char* const name : {"top_k", "topk"}) {
      const auto given = request.query.find(name);
      if (given == request.query.end()) continue;
      const std::string& text = given->second;
      const char* const end = text.data() + text.size();
      const auto [last, problem] = std::from_chars(text.data(), end, question.top_k);
      if (problem != std::errc{} || last != end || question.top_k == 0)
        return Error::of("top_k: expected a whole number from 1 on, found ", pplcnet::quote(text));
    }
    if (!is_form_) {
      question.files.push_back({"the body", request.body});
      return {};
    }
    std::vector<FormPart> parts;
    if (auto error = split_form(request.body, request.type_parameters, parts)) return error;
    for (FormPart& part : parts) question.files.push_back({std::move(part.name), part.content});
    return {};
  }

  HttpAnswer write(const Question& question, const Probabilities& probabilities,
                   const Selection& selection,
                   const pplcnet::AnyClassifier& classifier) const override {
    const auto predictions = [&](std::size_t i) {
      return json_of(selection.of(probabilities.of(i)), classifier);
    };
    if (!is_form_) return {.body = Json::object({{"predictions", predictions(0)}}).text() + "\n"};
    Json pictures = Json::array();
    for (std::size_t i = 0; i < question.files.size(); ++i) {
      Json picture = Json::object();
      picture.add_file(question.files[i].name);
      picture.add("predictions", predictions(i));
      pictures.add(std::move(picture));
    }
    return {.body = Json::object({{"pictures", std::move(pictures)}}).text() + "\n"};
  }

 private:
  bool is_form_ = false;
};

}  // namespace

std::vector<pplcnet::Prediction> Selection::of(std::span<const float> probabilities) const {
  std::vector<pplcnet::Prediction> best(std::min(top_k, probabilities.size()));
  pplcnet::top_k(probabilities, best);
  std::erase_if(best, [&](const pplcnet::Prediction& one) { return one.score < threshold; });
  return best;
}

std::unique_ptr<Protocol> picture_protocol() { return std::make_unique<PictureProtocol>(); }
