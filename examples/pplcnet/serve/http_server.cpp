#include "http_server.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <thread>

#include <sys/eventfd.h>

#include "connection.hpp"

namespace {

using Clock = Connection::Clock;

thread_local Connection* connection = nullptr;  // of this thread
thread_local bool turns_away = false;           // the thread that accepts, at the limit

/// Threads for connections: begun when they are needed, and not ended.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(std::size_t most) : most_(most) {}

  /// Works on a connection; on this thread, which does not wait for the client, if it is one too
  /// many.
  void enqueue(std::function<void()> work) override {
    if (is_taken(work)) return;
    turns_away = true;
    work();
    turns_away = false;
  }

  void shutdown() override {
    {
      const std::scoped_lock lock(mutex_);
      is_over_ = true;
    }
    arrived_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  /// Hands work to a thread; false if there is none, and no more can be had.
  bool is_taken(const std::function<void()>& work) {
    const std::scoped_lock lock(mutex_);
    const std::size_t taken = busy_ + waiting_.size();
    try {
      if (threads_.size() == taken && taken < most_)
        threads_.emplace_back([this] { this->work(); });
      if (threads_.size() > taken) waiting_.push_back(work);
    } catch (const std::exception&) {  // of the system, which has no more threads or memory
    }
    if (busy_ + waiting_.size() == taken) return false;
    arrived_.notify_one();
    return true;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      arrived_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::function<void()> next = std::move(waiting_.front());
      waiting_.pop_front();
      ++busy_;
      lock.unlock();
      next();
      lock.lock();
      --busy_;
    }
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  std::size_t busy_ = 0;
  bool is_over_ = false;
};

/// Why a request is not answered otherwise.
struct Problem {
  int status;
  std::string sentence;
};

/// Returns the sentence for a status without one: of what cpp-httplib refuses by itself.
std::string_view sentence_for(int status) {
  switch (status) {
    case 408:
      return "the request has not come in time";
    case 414:
      return "the URL is longer than 8192 bytes";
    case 416:
      return "the header Range is damaged";
    case 431:
      return "the headers are longer than 32 KB";
    default:
      return "this is no request in HTTP/1.1: a line is damaged or missing";
  }
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Returns the path of a URL, which may be a whole one (RFC 9112, 3.2.2).
std::string path_of(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return url;
  const std::size_t begin = url.find('/', kScheme.size());
  return begin == url.npos ? "/" : url.substr(begin);
}

HttpRequest head_of(const httplib::Request& request) {
  const std::string& type = connection->content_type;
  const std::size_t end = std::min(type.size(), type.find_first_of("; \t"));
  return {.method = request.method,
          .path = path_of(request.path),
          .content_type = lower(type.substr(0, end)),
          .type_parameters = type.substr(end),
          .json_length = request.get_header_value("Inference-Header-Content-Length"),
          .query = request.params,
          .body = {},
          .deadline = connection->deadline()};
}

bool is_chunked(const httplib::Request& request) { return request.has_header("Transfer-Encoding"); }
bool has_length(const httplib::Request& request) { return request.has_header("Content-Length"); }

/// Returns whether the name of a header has a space, with which who reads it may take it for
/// another one than who sends it on.
bool has_damaged_name(const httplib::Request& request) {
  return std::ranges::any_of(request.headers, [](const auto& header) {
    return header.first.find_first_of(" \t") != header.first.npos;
  });
}

/// Returns whether a body follows, or may follow.
bool has_body(const httplib::Request& request) {
  return is_chunked(request) || has_damaged_name(request) ||
         (has_length(request) ? request.get_header_value("Content-Length") != "0"
                              : request.method == "POST");
}

Problem too_long(std::size_t most) {
  return {413, "the body has more than the " + std::to_string(most) + " bytes that are allowed"};
}

/// Returns why the body of a request cannot be taken, as far as the head tells.
std::optional<Problem> refuse_body(const httplib::Request& request, std::size_t most) {
  if (has_damaged_name(request)) return Problem{400, std::string(sentence_for(400))};
  const std::string length = request.get_header_value("Content-Length");
  if (request.get_header_value_count("Content-Length") > 1 ||
      request.get_header_value_count("Transfer-Encoding") > 1 ||
      (has_length(request) && is_chunked(request)) ||
      length.find_first_not_of("0123456789") != length.npos ||
      (is_chunked(request) && lower(request.get_header_value("Transfer-Encoding")) != "chunked"))
    return Problem{400, "the length of the body is not clear from the headers"};
  if (request.method != "POST") return std::nullopt;
  if (!has_length(request) && !is_chunked(request))
    return Problem{411, "expected the header Content-Length"};
  if (length.size() > 18 || (has_length(request) && std::stoull(length) > most))
    return too_long(most);
  const std::string encoding = lower(request.get_header_value("Content-Encoding"));
  if (!encoding.empty() && encoding != "identity" && encoding != "gzip" && encoding != "deflate" &&
      encoding != "br")
    return Problem{415, "expected the Content-Encoding gzip, deflate or br, or none"};
  return std::nullopt;
}

void send(const HttpAnswer& answer, httplib::Response& response) {
  response.status = answer.status;
  response.set_content(answer.body, answer.content_type);
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
}

class Server final : public HttpServer, private httplib::Server {
 public:
  Server(HttpService& service, const Limits& limits)
      : service_(service),
        limits_(limits),
        patience_(std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(limits.seconds))),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    new_task_queue = [this] { return new ConnectionThreads(limits_.connections); };
    set_tcp_nodelay(true);
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_expect_100_continue_handler([this](const auto& request, auto& response) {
      const auto refused = refuse(request);
      if (refused) send(*refused, response);
      return refused ? response.status : 100;
    });
    set_pre_routing_handler([this](const auto& request, auto& response) {
      if (const auto refused = refuse(request))
        send(*refused, response);
      else if (request.method == "POST")
        return HandlerResponse::Unhandled;
      else
        send(service_.answer(head_of(request)), response);
      return HandlerResponse::Handled;
    });
    Post(".*", [this](const auto& request, auto& response, const auto& read) {
      HttpRequest whole = head_of(request);
      const auto refused = read_body(read, whole);
      send(refused ? answer_to(*refused) : service_.answer(whole), response);
    });
    set_exception_handler([this](const auto&, auto& response, const std::exception_ptr& thrown) {
      send(answer_to(problem_of(thrown)), response);
    });
    set_error_handler([this](const auto&, auto& response) { explain(response); });
    set_post_routing_handler([this](const auto& request, auto& response) {
      response.headers.erase("Keep-Alive");
      connection->is_last =
          connection->is_amid_request() || is_stopping_ || request.version == "HTTP/1.0";
      if (connection->is_last) response.set_header("Connection", "close");
      const std::chrono::duration<double> passed = Clock::now() - connection->begun();
      service_.note(path_of(request.path), response.status, passed.count());
    });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override { ::close(stop_); }

  pplcnet::Error bind(const std::string& host, int& port) override {
    errno = 0;
    const int bound = port == 0 ? bind_to_any_port(host) : bind_to_port(host, port) ? port : -1;
    if (bound < 0)
      return pplcnet::Error(host + ":" + std::to_string(port) + ": cannot be listened on" +
                            (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
    ::listen(svr_sock_, SOMAXCONN);
    port = bound;
    return {};
  }

  bool listen() override {
    const bool good = listen_after_bind();
    if (listening_ != INVALID_SOCKET) ::close(listening_);
    return good && is_stopping_;
  }

  void stop() override {
    is_stopping_ = true;
    listening_ = svr_sock_.exchange(INVALID_SOCKET);
    ::shutdown(listening_, SHUT_RDWR);  // wakes who accepts
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof(one));
  }

 private:
  /// Answers the requests of a connection.
  bool process_and_close_socket(socket_t socket) override {
    Connection own(socket, stop_, patience_);
    try {
      if (turns_away)
        turn_away(socket);
      else
        answer_requests(own);
    } catch (const std::exception&) {  // there is no memory: the connection ends
    }
    return true;
  }

  void answer_requests(Connection& own) {
    connection = &own;
    bool goes_on = true;
    while (goes_on && own.await_request()) {
      bool is_last = false;
      const auto begin_body = [&](httplib::Request& request) {
        own.end_head(has_body(request));
        // The parser of forms that is cpp-httplib's may take seconds for a header.
        own.content_type = request.get_header_value("Content-Type");
        request.headers.erase("Content-Type");
        request.headers.erase("Accept-Encoding");  // answers are small
        request.ranges.clear();
      };
      const bool answered = process_request(own, is_stopping_, is_last, begin_body);
      goes_on = own.flush() && answered && !is_last && !own.is_last;
    }
    if (own.is_amid_request()) own.linger();
  }

  /// Says that there are too many connections.
  void turn_away(socket_t socket) {
    service_.note_turned_away();
    const HttpAnswer answer = service_.problem(503, "there are too many connections");
    std::string text = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: " +
                       answer.content_type +
                       "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    text += "\r\n" + answer.body;
    ::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    char scrap[16384];
    for (int i = 0; i < 64 && ::recv(socket, scrap, sizeof(scrap), MSG_DONTWAIT) > 0; ++i) {
    }
  }

  std::optional<HttpAnswer> refuse(const httplib::Request& request) const {
    if (auto refused = service_.refuse(head_of(request))) return refused;
    const auto problem = refuse_body(request, limits_.bytes);
    return problem ? std::optional(answer_to(*problem)) : std::nullopt;
  }

  HttpAnswer answer_to(const Problem& problem) const {
    return service_.problem(problem.status, problem.sentence);
  }

  /// Reads the body of a request; or returns why it is refused.
  std::optional<Problem> read_body(const httplib::ContentReader& read, HttpRequest& whole) {
    std::size_t bytes = 0;
    const auto take = [&](const char* data, std::size_t size) {
      bytes += size;
      if (bytes <= limits_.bytes) whole.body.append(data, size);
      return bytes <= limits_.bytes;
    };
    if (read(take)) {
      connection->end_body();
      return std::nullopt;
    }
    if (bytes > limits_.bytes) return too_long(limits_.bytes);
    if (connection->is_late()) return Problem{408, std::string(sentence_for(408))};
    return Problem{400, "the body is shorter than it says, or damaged"};
  }

  static Problem problem_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
      return {503, "there is not enough memory"};
    } catch (const std::exception& problem) {
      return {500, problem.what()};
    } catch (...) {
      return {500, "ended by mistake"};
    }
  }

  /// Gives a sentence to what cpp-httplib refuses by itself.
  void explain(httplib::Response& response) const {
    if (!response.body.empty()) return;
    if (connection->is_late()) response.status = 408;
    if (connection->has_long_head()) response.status = 431;
    send(service_.problem(response.status, sentence_for(response.status)), response);
  }

  HttpService& service_;
  const Limits limits_;
  const Clock::duration patience_;
  const int stop_;  // can be read when it is to stop
  std::atomic<bool> is_stopping_ = false;
  std::atomic<socket_t> listening_ = INVALID_SOCKET;
};

}  // namespace

HttpServer* pplcnet_make_http_server(HttpService& service, const HttpServer::Limits& limits) {
  return new Server(service, limits);
}
