#include "service.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "json.hpp"
#include "picture.hpp"
#include "pictures.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/version.hpp"

using pplcnet::Error;

namespace {

constexpr std::string_view kModels = "/v2/models/";
constexpr std::string_view kVersion = "/versions/1";  // the only one, which need not be named

/// Returns whether a text is one part of a path.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > 0x20 && c != 0x7f && c != '/';
  });
}

bool is_picture(const std::string& type) {
  return type.starts_with("image/") || type == "application/octet-stream";
}

/// Returns whether a body may be a picture or JSON: curl and Python's requests say no more.
bool is_unsaid(const std::string& type) {
  return type.empty() || type == "application/x-www-form-urlencoded";
}

bool looks_like_json(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != body.npos && body[first] == '{';
}

}  // namespace

Service::Service(const pplcnet::AnyClassifier& classifier, const Options& options)
    : options_(options),
      classifier_(classifier),
      workers_(classifier, options.workers, options.queue) {}

Service::Route Service::route_of(const std::string& path) const {
  static constexpr std::pair<std::string_view, Route> kRoutes[] = {
      {"/predict", Route::predict},     {"/healthz", Route::health},
      {"/metrics", Route::metrics},     {"/v2", Route::server},
      {"/v2/health/live", Route::live}, {"/v2/health/ready", Route::ready},
  };
  for (const auto& [fixed, route] : kRoutes)
    if (path == fixed) return route;
  std::string_view rest = path;
  if (rest.starts_with(kModels)) {
    rest.remove_prefix(kModels.size());
    if (!rest.starts_with(options_.name)) return Route::none;
    rest.remove_prefix(options_.name.size());
    if (rest.starts_with(kVersion)) rest.remove_prefix(kVersion.size());
    return rest.empty()       ? Route::model
           : rest == "/ready" ? Route::model_ready
           : rest == "/infer" ? Route::infer
                              : Route::none;
  }
  constexpr std::string_view kHub = "/predict/", kPipeline = "/prediction";
  const bool is_hub = rest.starts_with(kHub) && is_name(rest.substr(kHub.size()));
  const bool is_pipeline = rest.size() > kPipeline.size() + 1 && rest.ends_with(kPipeline) &&
                           is_name(rest.substr(1, rest.size() - kPipeline.size() - 1));
  return is_hub || is_pipeline ? Route::predict : Route::none;
}

std::optional<HttpAnswer> Service::refuse(const HttpRequest& head) const {
  const Route route = route_of(head.path);
  if (route == Route::none)
    return head.path.starts_with(kModels)
               ? problem(404, "there is one model, " + options_.name)
               : problem(404, "there are /predict, /healthz, /metrics and /v2");
  const bool is_post = route == Route::predict || route == Route::infer;
  if (is_post ? head.method != "POST" : head.method != "GET" && head.method != "HEAD") {
    HttpAnswer answer = problem(405, is_post ? "expected POST" : "expected GET");
    answer.headers.emplace_back("Allow", is_post ? "POST" : "GET, HEAD");
    return answer;
  }
  const std::string& type = head.content_type;
  const bool is_json = type == "application/json" || is_unsaid(type);
  if (route == Route::infer && !is_json && type != "application/octet-stream")
    return problem(415, "expected the Content-Type application/json, or " +
                            std::string("application/octet-stream"));
  if (route == Route::predict && !is_json && !is_picture(type) && type != "multipart/form-data")
    return problem(415, "expected the Content-Type image/jpeg, image/png, " +
                            std::string("application/octet-stream, ") +
                            "multipart/form-data or application/json");
  return std::nullopt;
}

HttpAnswer Service::problem(int status, std::string_view sentence) const {
  HttpAnswer answer = {.status = status, .body = Json::object({{"error", sentence}}).text() + "\n"};
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

HttpAnswer Service::answer(const HttpRequest& request) {
  switch (route_of(request.path)) {
    case Route::health:
      return {.body = "ok\n", .content_type = "text/plain"};
    case Route::metrics:
      return {.body = metrics_.text(options_.name, {.workers = workers_.workers(),
                                                    .busy = workers_.busy(),
                                                    .waiting = workers_.waiting()}),
              .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    case Route::server: {
      Json extensions = Json::array();
      extensions.add("binary_tensor_data");
      return {.body = Json::object({{"name", "pplcnet"},
                                    {"version", PPLCNET_VERSION_STRING},
                                    {"extensions", std::move(extensions)}})
                          .text()};
    }
    case Route::live:
      return {.body = Json::object({{"live", true}}).text()};
    case Route::ready:
      return {.body = Json::object({{"ready", true}}).text()};
    case Route::model:
      return {.body = describe_model(options_.name, classifier_)};
    case Route::model_ready:
      return {.body = Json::object({{"name", options_.name}, {"ready", true}}).text()};
    case Route::predict:
      return predict(request, /*is_inference=*/false);
    case Route::infer:
      return predict(request, /*is_inference=*/true);
    case Route::none:
      break;
  }
  return *refuse(request);
}

void Service::note(const std::string& path, int status, double seconds) {
  metrics_.count_answer(status);
  const Route route = route_of(path);
  if (status == 200 && (route == Route::predict || route == Route::infer))
    metrics_.count_prediction(seconds);
}

HttpAnswer Service::predict(const HttpRequest& request, bool is_inference) {
  if (request.body.empty()) return problem(400, "the body is empty");
  const bool is_json = request.content_type == "application/json" ||
                       (is_unsaid(request.content_type) && looks_like_json(request.body));
  const auto protocol = is_inference ? inference_protocol(options_.name)
                        : is_json    ? paddle_protocol()
                                     : picture_protocol();
  HttpAnswer answer;
  const auto outcome =
      workers_.run([&](pplcnet::AnyClassifier& own) { answer = compute(request, *protocol, own); },
                   request.deadline);
  if (outcome == WorkerPool::Outcome::full)
    return problem(503, "all workers are busy, and as many requests wait as may wait");
  if (outcome == WorkerPool::Outcome::late) return problem(503, "no worker was free in time");
  return answer;
}

HttpAnswer Service::compute(const HttpRequest& request, Protocol& protocol,
                            pplcnet::AnyClassifier& classifier) {
  const auto begin = std::chrono::steady_clock::now();
  Question question;
  if (auto error = protocol.read(request, classifier, question))
    return problem(400, error.message());
  Probabilities probabilities = {.classes = static_cast<std::size_t>(classifier.classes())};
  if (const auto refused = compute(request, question, classifier, probabilities)) return *refused;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  probabilities.seconds = passed.count();
  metrics_.count_pictures(question.size());
  Selection selection = options_.selection;
  if (question.top_k > 0) selection.top_k = question.top_k;
  return protocol.write(question, probabilities, selection, classifier);
}

std::optional<HttpAnswer> Service::compute(const HttpRequest& request, const Question& question,
                                           pplcnet::AnyClassifier& classifier,
                                           Probabilities& probabilities) const {
  const auto is_late = [&] { return std::chrono::steady_clock::now() > request.deadline; };
  const auto late = [&] { return problem(503, "the pictures were not classified in time"); };
  std::vector<float> scores;
  for (const Question::File& file : question.files) {
    if (is_late()) return late();
    Picture picture;
    if (auto error = Picture::decode(std::as_bytes(std::span(file.bytes)), file.name, picture,
                                     {.limits = {.pixels = options_.pixels}}))
      return problem(400, error.message());
    if (!classifier.probabilities(picture.view(), scores))
      return problem(400, too_narrow(file.name).message());
    if (!pplcnet::all_finite(scores)) return problem(500, no_numbers(file.name).message());
    probabilities.all.insert(probabilities.all.end(), scores.begin(), scores.end());
  }
  pplcnet::EitherNetwork& network = classifier.network();
  const pplcnet::Shape shape = network.input_shape();
  scores.resize(probabilities.classes);
  for (std::size_t i = 0; i < question.tensor_count; ++i) {
    if (is_late()) return late();
    const float* const values =
        question.tensors.data() + i * static_cast<std::size_t>(shape.size());
    network.run(pplcnet::Picture::planar(values, shape), network.traits().logits, scores);
    classifier.to_probabilities(scores);
    if (!pplcnet::all_finite(scores)) return problem(500, no_numbers("the tensor").message());
    probabilities.all.insert(probabilities.all.end(), scores.begin(), scores.end());
  }
  return std::nullopt;
}
