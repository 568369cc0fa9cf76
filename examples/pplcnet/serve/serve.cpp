// pplcnet serve: a classifier that is asked over HTTP.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include <dlfcn.h>
#include <pthread.h>

#include "command.hpp"
#include "http_server.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "printable.hpp"
#include "service.hpp"
#include "standard_streams.hpp"

namespace {

struct ServeArguments {
  NetworkOptions network;
  std::string host = "127.0.0.1";
  int port = 8080;
  Service::Options service;
  HttpServer::Limits limits;
  std::size_t pixels = Service::Options().pixels;
};

int run(const ServeArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  Service::Options options = arguments.service;
  options.pixels = arguments.pixels;
  if (options.name.empty()) options.name = classifier->name();
  interruption::hold();  // before threads begin
  Service service(*classifier, options);
  std::unique_ptr<HttpServer> server;
  if (report(HttpServer::make(service, arguments.limits, server))) return 1;
  int port = arguments.port;
  if (report(server->bind(arguments.host, port))) return 1;
  const bool is_ipv6 = arguments.host.find(':') != arguments.host.npos;
  std::printf("%s on http://%s%s%s:%d\n", printable(options.name).c_str(), is_ipv6 ? "[" : "",
              arguments.host.c_str(), is_ipv6 ? "]" : "", port);
  if (!flush_output()) return 1;

  bool good = false;
  std::thread listener([&, waiting = pthread_self()] {
    good = server->listen();
    if (!good) pthread_kill(waiting, SIGTERM);
  });
  interruption::wait();
  server->stop();
  listener.join();
  return good ? 0 : fail(pplcnet::Error::of(arguments.host, ":", port, ": no longer listened on"));
}

}  // namespace

pplcnet::Error HttpServer::make(HttpService& service, const Limits& limits,
                                std::unique_ptr<HttpServer>& server) {
  std::error_code ignored;  // without it, the system looks where its libraries are
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", ignored);
  path.replace_filename("pplcnet_http.so");  // beside the program
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const make = library != nullptr ? ::dlsym(library, "pplcnet_make_http_server") : nullptr;
  if (make == nullptr) {
    const char* const problem = ::dlerror();
    return pplcnet::Error(problem != nullptr ? problem : path.c_str());
  }
  server.reset(reinterpret_cast<decltype(&pplcnet_make_http_server)>(make)(service, limits));
  return {};
}

Run add_serve(CommandLine& program) {
  const auto arguments = std::make_shared<ServeArguments>();
  const Command command = program.add("serve", "Predictions over HTTP");
  command.footer(
      "POST /predict takes a picture as it is (image/jpeg, image/png, application/octet-stream), "
      "several as multipart/form-data, or the JSON of Paddle Serving and PaddleHub Serving; "
      "/v2/models/NAME/infer is KServe's Open Inference Protocol. /healthz and /metrics are for "
      "balancers and Prometheus. An answer that is an error is {\"error\": \"a sentence\"}."
      "\n\nThe first line that is printed has the address. SIGTERM and Ctrl-C end it: nothing new "
      "is "
      "accepted, what has been asked is answered, and the exit status is 0. At a second signal it "
      "ends at once."
      "\n\nExamples: pplcnet serve --weights W --port 8080 --workers 4"
      "\n          curl --data-binary @cat.jpg http://127.0.0.1:8080/predict?top_k=1");
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  arguments->network.add_half_head_to(command);
  command.add("--host", arguments->host, "The address that is listened on; 0.0.0.0: all")
      .show_default();
  command.add("--port", arguments->port, "0: one that is free").range(0, 65535).show_default();
  command.add("--workers", arguments->service.workers, "Requests that are computed at a time")
      .range(1, 256)
      .show_default();
  command
      .add("--queue", arguments->service.queue,
           "Requests that wait for a worker; more are answered 503")
      .range(0, 1'000'000)
      .show_default();
  command
      .add("--connections", arguments->limits.connections,
           "Connections at a time; more are answered 503")
      .range(1, 10'000)
      .show_default();
  command.add("--max-bytes", arguments->limits.bytes, "Of a body; more are answered 413")
      .range(1, 1 << 30)
      .show_default();
  command.add("--max-pixels", arguments->pixels, "Of a picture").range(1, 1 << 30).show_default();
  command
      .add(
          "--timeout", arguments->limits.seconds,
          "Seconds for a request to come and to be computed, for its answer to be taken, and until "
          "the next one")
      .range(0.01, 86400.0)
      .show_default();
  command.add("--name", arguments->service.name, "Of the model in URLs; without it, its own");
  command
      .add("--top-k,--topk", arguments->service.selection.top_k,
           "How many classes to name where a request does not say it")
      .range(1, 100000)
      .show_default();
  command
      .add("--threshold", arguments->service.selection.threshold, "Least probability that is named")
      .range(0.0, 1.0);
  return [arguments] { return run(*arguments); };
}
