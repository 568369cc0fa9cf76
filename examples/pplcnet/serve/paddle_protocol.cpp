// The JSON of Paddle's services, as their clients send it (PaddleClas' deploy/paddleserving/
// pipeline_http_client.py and deploy/hubserving/test_hubserving.py).
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "json.hpp"
#include "json_body.hpp"
#include "pplcnet/image/labels.hpp"
#include "protocol.hpp"

using nlohmann::json;
using pplcnet::Error;

namespace {

static_assert(std::endian::native == std::endian::little);  // as numbers are in a request

class PaddleProtocol final : public Protocol {
 public:
  Error read(const HttpRequest& request, const pplcnet::AnyClassifier& classifier,
             Question& question) override {
    json body;
    if (auto error = read_json(request.body, body)) return error;
    if (const json* top_k = member_of(body, "top_k")) {
      question.top_k = top_k->is_number_unsigned() ? top_k->get<std::size_t>() : 0;
      if (question.top_k == 0) return Error::of("top_k: expected a whole number from 1 on");
    }
    const json *value = member_of(body, "value"), *images = member_of(body, "images");
    is_pipeline_ = value != nullptr;
    if (is_pipeline_) return read_pipeline(member_of(body, "key"), *value, question);
    if (images != nullptr && images->is_array()) return read_files("images", *images, question);
    if (images != nullptr && images->is_string())
      return read_tensors(*images, member_of(body, "revert_params"), classifier, question);
    return Error::of("expected \"key\" and \"value\" as for Paddle Serving, or \"images\" as for ",
                     "PaddleHub Serving");
  }

  HttpAnswer write(const Question& question, const Probabilities& probabilities,
                   const Selection& selection,
                   const pplcnet::AnyClassifier& classifier) const override {
    return {.body = (is_pipeline_ ? write_pipeline(question, probabilities, classifier)
                                  : write_hub(question, probabilities, selection, classifier))
                        .text() +
                    "\n"};
  }

 private:
  static Error read_files(const char* name, const json& list, Question& question) {
    if (list.empty()) return Error::of(name, ": there are no pictures");
    for (const json& text : list) {
      const std::string place = pplcnet::join({name, "[", question.files.size(), "]"});
      if (!text.is_string()) return Error::of(place, ": expected base64, found ", text.type_name());
      std::string& bytes = question.decoded.emplace_back();
      if (auto error = decode_base64(text.get_ref<const std::string&>(), place, bytes))
        return error;
      question.files.push_back({place, bytes});
    }
    return {};
  }

  static Error read_pipeline(const json* key, const json& value, Question& question) {
    if (key == nullptr || !key->is_array() || !value.is_array() || key->size() != value.size())
      return Error::of("expected as many strings in \"key\" as in \"value\"");
    return read_files("value", value, question);
  }

  /// Reads the bytes of numpy's float32 array of preprocessed pictures.
  static Error read_tensors(const json& images, const json* how,
                            const pplcnet::AnyClassifier& classifier, Question& question) {
    const pplcnet::Shape input = classifier.network().input_shape();
    const json* shape = how != nullptr ? member_of(*how, "shape") : nullptr;
    const json* type = how != nullptr ? member_of(*how, "dtype") : nullptr;
    if (type == nullptr || !type->is_string() || type->get_ref<const std::string&>() != "float32")
      return Error::of("revert_params: expected the dtype float32");
    const auto count = batch_of(shape, std::array{input.channels, input.height, input.width});
    if (!count)
      return Error::of("revert_params: expected the shape [pictures, ", input.channels, ", ",
                       input.height, ", ", input.width, "]");
    std::string bytes;
    if (auto error = decode_base64(images.get_ref<const std::string&>(), "images", bytes))
      return error;
    const std::size_t each = sizeof(float) * static_cast<std::size_t>(input.size());
    question.tensor_count = bytes.size() / each;
    if (bytes.size() % each != 0 || question.tensor_count != *count || bytes.empty())
      return Error::of("images: ", bytes.size(), " bytes are not those of the shape");
    question.tensors.resize(bytes.size() / sizeof(float));
    std::memcpy(question.tensors.data(), bytes.data(), bytes.size());
    return {};
  }

  /// Writes lists as Python prints them, in strings.
  static Json write_pipeline(const Question& question, const Probabilities& probabilities,
                             const pplcnet::AnyClassifier& classifier) {
    std::string labels, scores;
    for (std::size_t i = 0; i < question.size(); ++i) {
      const auto best = Selection{.top_k = 1}.of(probabilities.of(i))[0];
      std::string label = classifier.label(best.class_id);
      std::erase(label, ',');
      labels += (i > 0 ? ", " : "") + pplcnet::python_quoted(label);
      scores += (i > 0 ? ", " : "") + Json(best.score).text();
    }
    Json keys = Json::array(), values = Json::array();
    keys.add("label");
    keys.add("prob");
    values.add("[" + labels + "]");
    values.add("[" + scores + "]");
    return Json::object({{"err_no", 0},
                         {"err_msg", ""},
                         {"key", std::move(keys)},
                         {"value", std::move(values)},
                         {"tensors", Json::array()}});
  }

  static Json write_hub(const Question& question, const Probabilities& probabilities,
                        const Selection& selection, const pplcnet::AnyClassifier& classifier) {
    Json pictures = Json::array();
    for (std::size_t i = 0; i < question.size(); ++i) {
      Json ids = Json::array(), scores = Json::array(), labels = Json::array();
      for (const auto& [class_id, score] : selection.of(probabilities.of(i))) {
        ids.add(class_id);
        scores.add(score);
        if (!classifier.labels().empty()) labels.add(classifier.label(class_id));
      }
      pictures.add(Json::object({{"class_ids", std::move(ids)},
                                 {"scores", std::move(scores)},
                                 {"label_names", std::move(labels)}}));
    }
    Json results = Json::object();
    results.add("prediction", std::move(pictures));
    results.add("elapse", probabilities.seconds);
    return Json::object({{"msg", ""}, {"results", std::move(results)}, {"status", "000"}});
  }

  bool is_pipeline_ = false;
};

}  // namespace

std::unique_ptr<Protocol> paddle_protocol() { return std::make_unique<PaddleProtocol>(); }
