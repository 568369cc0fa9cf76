// KServe's Open Inference Protocol, version 2 (github.com/kserve/open-inference-protocol), with the
// extension of binary tensors.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "json.hpp"
#include "json_body.hpp"
#include "protocol.hpp"

using nlohmann::json;
using pplcnet::Error;

namespace {

constexpr const char* kPictures = "image";  // names of tensors
constexpr const char* kTensors = "input";
constexpr const char* kProbabilities = "probabilities";

/// Returns a parameter of a tensor or of a request; null if it has none of that name.
const json* parameter(const json& of, const char* name) {
  const json* const parameters = member_of(of, "parameters");
  return parameters != nullptr ? member_of(*parameters, name) : nullptr;
}

bool is_true(const json* value, bool otherwise) {
  return value != nullptr && value->is_boolean() ? value->get<bool>() : otherwise;
}

std::string text_of(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

/// Appends the numbers of an array, flat or nested, in row-major order.
bool append_numbers(const json& data, std::vector<float>& numbers) {
  if (data.is_number()) {
    numbers.push_back(static_cast<float>(data.get<double>()));
    return std::isfinite(numbers.back());
  }
  if (!data.is_array()) return false;
  for (const json& element : data)
    if (!append_numbers(element, numbers)) return false;
  return true;
}

Json tensor(const char* name, const char* type, Json shape) {
  return Json::object({{"name", name}, {"datatype", type}, {"shape", std::move(shape)}});
}

template <class... Sizes>
Json shape_of(Sizes... sizes) {
  Json shape = Json::array();
  (shape.add(sizes), ...);
  return shape;
}

class InferenceProtocol final : public Protocol {
 public:
  explicit InferenceProtocol(std::string model) : model_(std::move(model)) {}

  Error read(const HttpRequest& request, const pplcnet::AnyClassifier& classifier,
             Question& question) override {
    std::string_view text = request.body;
    if (!request.json_length.empty()) {
      std::size_t length = 0;
      const char* const end = request.json_length.data() + request.json_length.size();
      const auto [last, problem] = std::from_chars(request.json_length.data(), end, length);
      if (problem != std::errc{} || last != end || length > text.size())
        return Error::of("Inference-Header-Content-Length: expected a number up to ", text.size(),
                         ", found ", pplcnet::quote(request.json_length));
      binary_ = text.substr(length);
      text = text.substr(0, length);
    }
    json body;
    if (auto error = read_json(text, body)) return error;
    id_ = text_of(member_of(body, "id"));
    if (auto error = read_outputs(body)) return error;
    const json* const tensors = member_of(body, "inputs");
    if (tensors == nullptr || !tensors->is_array() || tensors->size() != 1)
      return Error::of("inputs: expected one tensor, ", kPictures, " or ", kTensors);
    if (auto error = read_input(tensors->front(), classifier, question)) return error;
    return binary_.empty() ? Error()
                           : Error::of("the body has ", binary_.size(), " bytes too many");
  }

  HttpAnswer write(const Question& question, const Probabilities& probabilities, const Selection&,
                   const pplcnet::AnyClassifier&) const override {
    Json output = tensor(kProbabilities, "FP32", shape_of(question.size(), probabilities.classes));
    const std::size_t bytes = sizeof(float) * probabilities.all.size();
    if (is_binary_) {
      output.add("parameters", Json::object({{"binary_data_size", bytes}}));
    } else {
      Json data = Json::array();
      for (const float probability : probabilities.all) data.add(probability);
      output.add("data", std::move(data));
    }
    Json outputs = Json::array();
    outputs.add(std::move(output));
    Json object = Json::object({{"model_name", model_}});
    if (!id_.empty()) object.add("id", id_);
    object.add("outputs", std::move(outputs));
    HttpAnswer answer = {.body = object.text()};
    if (is_binary_) {
      answer.content_type = "application/octet-stream";
      answer.headers.emplace_back("Inference-Header-Content-Length",
                                  std::to_string(answer.body.size()));
      answer.body.append(reinterpret_cast<const char*>(probabilities.all.data()), bytes);
    }
    return answer;
  }

 private:
  /// Reads which outputs are asked for: there is one.
  Error read_outputs(const json& body) {
    is_binary_ = is_true(parameter(body, "binary_data_output"), false);
    const json* const outputs = member_of(body, "outputs");
    if (outputs == nullptr) return {};
    if (!outputs->is_array()) return Error::of("outputs: expected an array");
    for (const json& output : *outputs) {
      if (const std::string name = text_of(member_of(output, "name")); name != kProbabilities)
        return Error::of("outputs: there is no tensor ", pplcnet::quote(name), ", but ",
                         kProbabilities);
      is_binary_ = is_true(parameter(output, "binary_data"), is_binary_);
    }
    return {};
  }

  Error read_input(const json& input, const pplcnet::AnyClassifier& classifier,
                   Question& question) {
    const std::string name = text_of(member_of(input, "name"));
    const std::string type = text_of(member_of(input, "datatype"));
    const json* const shape = member_of(input, "shape");
    const bool is_pictures = name == kPictures;
    if (!is_pictures && name != kTensors)
      return Error::of("inputs: there is no tensor ", pplcnet::quote(name), ", but ", kPictures,
                       " and ", kTensors);
    if (type != (is_pictures ? "BYTES" : "FP32"))
      return Error::of(name, ": expected the datatype ", is_pictures ? "BYTES" : "FP32", ", found ",
                       pplcnet::quote(type));
    const pplcnet::Shape size = classifier.network().input_shape();
    std::vector<int> sizes;
    if (!is_pictures) sizes = {size.channels, size.height, size.width};
    const auto count = batch_of(shape, sizes);
    if (count.value_or(0) == 0) {
      Json expected = shape_of(-1);
      for (const int one : sizes) expected.add(one);
      return Error::of(name, ": expected the shape ", expected.text(), " with -1 or more");
    }
    const json* const bytes = parameter(input, "binary_data_size");
    const json* const data = member_of(input, "data");
    std::string_view binary;
    if (bytes != nullptr) {
      if (!bytes->is_number_unsigned() || bytes->get<std::uint64_t>() > binary_.size())
        return Error::of(name, ": binary_data_size: expected a number up to ", binary_.size());
      binary = binary_.substr(0, bytes->get<std::size_t>());
      binary_.remove_prefix(binary.size());
    } else if (data == nullptr) {
      return Error::of(name, ": expected data");
    }
    if (is_pictures)
      return bytes != nullptr ? split_files(binary, *count, question)
                              : decode_files(*data, *count, question);
    return bytes != nullptr ? copy_tensors(binary, *count, size, question)
                            : read_tensors(*data, *count, size, question);
  }

  /// Takes files each of which follows its length in 4 bytes.
  static Error split_files(std::string_view binary, std::uint64_t count, Question& question) {
    while (binary.size() >= 4) {
      std::uint32_t length = 0;
      std::memcpy(&length, binary.data(), sizeof(length));
      binary.remove_prefix(sizeof(length));
      if (length > binary.size()) break;
      add_file(binary.substr(0, length), question);
      binary.remove_prefix(length);
    }
    if (!binary.empty() || question.files.size() != count)
      return Error::of(kPictures, ": the binary data are not ", count,
                       " elements, each after its length in 4 bytes");
    return {};
  }

  static Error decode_files(const json& data, std::uint64_t count, Question& question) {
    if (!data.is_array() || data.size() != count)
      return Error::of(kPictures, ": expected ", count, " strings in base64");
    for (const json& text : data) {
      const std::string place = pplcnet::join({kPictures, "[", question.files.size(), "]"});
      if (!text.is_string()) return Error::of(place, ": expected base64");
      std::string& bytes = question.decoded.emplace_back();
      if (auto error = decode_base64(text.get_ref<const std::string&>(), place, bytes))
        return error;
      add_file(bytes, question);
    }
    return {};
  }

  static void add_file(std::string_view bytes, Question& question) {
    question.files.push_back({pplcnet::join({kPictures, "[", question.files.size(), "]"}), bytes});
  }

  static Error copy_tensors(std::string_view binary, std::uint64_t count,
                            const pplcnet::Shape& size, Question& question) {
    const std::size_t each = sizeof(float) * static_cast<std::size_t>(size.size());
    if (binary.size() % each != 0 || binary.size() / each != count)
      return Error::of(kTensors, ": ", binary.size(), " bytes are not those of the shape");
    question.tensors.resize(binary.size() / sizeof(float));
    std::memcpy(question.tensors.data(), binary.data(), binary.size());
    question.tensor_count = count;
    return {};
  }

  static Error read_tensors(const json& data, std::uint64_t count, const pplcnet::Shape& size,
                            Question& question) {
    const auto each = static_cast<std::size_t>(size.size());
    if (!append_numbers(data, question.tensors))
      return Error::of(kTensors, ": expected finite numbers");
    if (question.tensors.size() % each != 0 || question.tensors.size() / each != count)
      return Error::of(kTensors, ": ", question.tensors.size(),
                       " numbers are not those of the shape");
    question.tensor_count = count;
    return {};
  }

  const std::string model_;
  std::string id_;
  std::string_view binary_;  // what follows the JSON and is not read yet
  bool is_binary_ = false;   // the output
};

}  // namespace

std::unique_ptr<Protocol> inference_protocol(const std::string& model) {
  return std::make_unique<InferenceProtocol>(model);
}

std::string describe_model(const std::string& model, const pplcnet::AnyClassifier& classifier) {
  const pplcnet::Shape size = classifier.network().input_shape();
  Json versions = Json::array(), taken = Json::array(), given = Json::array();
  versions.add("1");
  taken.add(tensor(kPictures, "BYTES", shape_of(-1)));
  taken.add(tensor(kTensors, "FP32", shape_of(-1, size.channels, size.height, size.width)));
  given.add(tensor(kProbabilities, "FP32", shape_of(-1, classifier.classes())));
  return Json::object({{"name", model},
                       {"versions", std::move(versions)},
                       {"platform", "pplcnet"},
                       {"inputs", std::move(taken)},
                       {"outputs", std::move(given)}})
      .text();
}
