#ifndef PPLCNET_EXAMPLES_SERVE_HTTP_SERVER_HPP
#define PPLCNET_EXAMPLES_SERVE_HTTP_SERVER_HPP

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"

// HTTP/1.1. cpp-httplib speaks it, which takes milliseconds to load and megabytes with what it
// links; so it is in a library of its own, pplcnet_http.so, that is loaded where something is
// served.

/// A request, whose body is empty while only its head has been read.
struct HttpRequest {
  std::string method, path;
  std::string content_type;     ///< in lower case, without parameters; empty: not said
  std::string type_parameters;  ///< those of the Content-Type
  std::string json_length;      ///< Inference-Header-Content-Length
  std::multimap<std::string, std::string> query;
  std::string body;
  std::chrono::steady_clock::time_point deadline;  ///< by which it is to be answered
};

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// What is served. Called by many threads at a time.
class HttpService {
 public:
  HttpService() = default;
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;
  virtual ~HttpService() = default;

  /// Returns why a request is refused, as far as its head tells: its body is not read then.
  virtual std::optional<HttpAnswer> refuse(const HttpRequest& head) const = 0;
  virtual HttpAnswer answer(const HttpRequest& request) = 0;
  /// Returns the answer that says in one sentence why there is no other.
  virtual HttpAnswer problem(int status, std::string_view sentence) const = 0;
  /// Is told of each answer; `seconds` since the first byte of the request.
  virtual void note(const std::string& path, int status, double seconds) = 0;
  /// Is told that a connection was one too many.
  virtual void note_turned_away() = 0;
};

/// A server with a thread for each connection, up to a limit. A request has to be received, and its
/// answer to be taken, in a limited time, however slowly bytes come.
class HttpServer {
 public:
  struct Limits {
    std::size_t connections = 128;
    std::size_t bytes = std::size_t{16} << 20;  ///< of a body, also when it is decompressed
    double seconds = 10;                        ///< for a request, and between two
  };

  /// Loads the library and makes a server.
  static pplcnet::Error make(HttpService& service, const Limits& limits,
                             std::unique_ptr<HttpServer>& server);
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;

  /// Takes an address, where connections wait from now on; port 0 becomes one that is free.
  virtual pplcnet::Error bind(const std::string& host, int& port) = 0;
  /// Serves until `stop`, then answers what has been asked; false if it ends for another reason.
  virtual bool listen() = 0;
  /// Refuses new connections and closes those without a request. Called by any thread.
  virtual void stop() = 0;
};

/// The one function of the library. Returns a server that belongs to the caller.
extern "C" HttpServer* pplcnet_make_http_server(HttpService& service,
                                                const HttpServer::Limits& limits);

#endif  // PPLCNET_EXAMPLES_SERVE_HTTP_SERVER_HPP
