#ifndef PPLCNET_EXAMPLES_SERVE_CONNECTION_HPP
#define PPLCNET_EXAMPLES_SERVE_CONNECTION_HPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/// A client's connection, whose reads and writes have deadlines.
class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes a socket, which it closes. What waits for a request ends when `stop` can be read.
  Connection(int socket, int stop, Clock::duration patience)
      : socket_(socket), stop_(stop), patience_(patience) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override { ::close(socket_); }

  /// Waits for a request; false if none comes.
  bool await_request() {
    deadline_ = Clock::now() + patience_;
    if (begin_ == end_ && !fill(/*until_stop=*/true)) return false;
    begun_ = Clock::now();
    deadline_ = begun_ + patience_;
    in_head_ = true;
    unread_ = late_ = false;
    head_left_ = kMostOfHead;
    return true;
  }
  /// Notes that the head has been read, and whether a body follows.
  void end_head(bool has_body) {
    in_head_ = false;
    unread_ = has_body;
  }
  void end_body() { unread_ = false; }

  std::string content_type;  ///< of the request
  bool is_last = false;      ///< the answer says that no other request is taken

  Clock::time_point begun() const { return begun_; }
  Clock::time_point deadline() const { return deadline_; }
  bool is_late() const { return late_; }
  bool has_long_head() const { return in_head_ && head_left_ == 0; }
  /// Returns whether the rest of a request is still to come, which is not the next one.
  bool is_amid_request() const { return in_head_ || unread_; }

  /// Sends what was written; false if the client has not taken it in time.
  bool flush() {
    const Clock::time_point deadline = Clock::now() + patience_;
    for (std::size_t sent = 0; sent < written_.size();) {
      const ssize_t n = ::send(socket_, written_.data() + sent, written_.size() - sent,
                               MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0)
        sent += static_cast<std::size_t>(n);
      else if (!may_wait(n) || !wait(POLLOUT, deadline, /*until_stop=*/false))
        return false;
    }
    written_.clear();
    return true;
  }

  /// Says that nothing more will be sent, and takes for a moment what still comes: otherwise the
  /// client may lose the answer.
  void linger() {
    ::shutdown(socket_, SHUT_WR);
    deadline_ = Clock::now() + kLinger;
    do begin_ = end_;
    while (fill(/*until_stop=*/true));
  }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    if (begin_ == end_ && !(flush() && fill(/*until_stop=*/false))) return 0;
    size = std::min(size, end_ - begin_);
    if (in_head_) head_left_ -= size = std::min(size, head_left_);
    std::memcpy(to, &buffer_[begin_], size);
    begin_ += size;
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char* from, std::size_t size) override {
    written_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  static constexpr std::size_t kMostOfHead = std::size_t{32} << 10;
  static constexpr std::chrono::seconds kLinger{1};

  static bool may_wait(ssize_t result) {
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  }

  bool wait(short events, Clock::time_point deadline, bool until_stop) {
    pollfd ends[] = {{socket_, events, 0}, {stop_, POLLIN, 0}};
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      const int ready = ::poll(ends, until_stop ? 2 : 1, static_cast<int>(left));
      if (ready < 0 && errno != EINTR) return false;
      if (ready > 0) return ends[0].revents != 0;
    }
  }

  /// Reads more; false at the end, after the deadline, and if it is to stop.
  bool fill(bool until_stop) {
    begin_ = end_ = 0;
    while (Clock::now() < deadline_) {
      const ssize_t n = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (n > 0) end_ = static_cast<std::size_t>(n);
      if (n >= 0 || !may_wait(n)) return n > 0;
      if (!wait(POLLIN, deadline_, until_stop)) break;
    }
    late_ = Clock::now() >= deadline_;
    return false;
  }

  const int socket_, stop_;
  const Clock::duration patience_;
  Clock::time_point begun_, deadline_;
  bool in_head_ = false, unread_ = false, late_ = false;
  std::size_t head_left_ = 0;
  std::string written_;
  std::array<char, 16384> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

#endif  // PPLCNET_EXAMPLES_SERVE_CONNECTION_HPP
