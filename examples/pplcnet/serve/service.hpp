#ifndef PPLCNET_EXAMPLES_SERVE_SERVICE_HPP
#define PPLCNET_EXAMPLES_SERVE_SERVICE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_server.hpp"
#include "metrics.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "protocol.hpp"
#include "worker_pool.hpp"

/// A classifier that is asked over HTTP. It keeps no state from one request to the next but what it
/// counts.
class Service final : public HttpService {
 public:
  struct Options {
    std::string name;  ///< of the model
    int workers = 1;
    std::size_t queue = 64;
    std::uint64_t pixels = 50'000'000;  ///< of a picture
    Selection selection = {};
  };

  Service(const pplcnet::AnyClassifier& classifier, const Options& options);

  std::optional<HttpAnswer> refuse(const HttpRequest& head) const override;
  HttpAnswer answer(const HttpRequest& request) override;
  /// Returns a JSON object whose `error` is the sentence; with 503, when to try again.
  HttpAnswer problem(int status, std::string_view sentence) const override;
  void note(const std::string& path, int status, double seconds) override;
  void note_turned_away() override { metrics_.count_turned_away(); }

 private:
  enum class Route {
    none,
    health,
    metrics,
    server,
    live,
    ready,
    model,
    model_ready,
    predict,
    infer
  };
  Route route_of(const std::string& path) const;
  HttpAnswer predict(const HttpRequest& request, bool is_inference);
  HttpAnswer compute(const HttpRequest& request, Protocol& protocol,
                     pplcnet::AnyClassifier& classifier);
  /// Computes the probabilities of a question; an answer is why there are none.
  std::optional<HttpAnswer> compute(const HttpRequest& request, const Question& question,
                                    pplcnet::AnyClassifier& classifier,
                                    Probabilities& probabilities) const;

  const Options options_;
  const pplcnet::AnyClassifier& classifier_;
  Metrics metrics_;
  WorkerPool workers_;
};

#endif  // PPLCNET_EXAMPLES_SERVE_SERVICE_HPP
