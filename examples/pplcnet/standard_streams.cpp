#include "standard_streams.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <initializer_list>
#include <iostream>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "interruption.hpp"

using pplcnet::Error;

namespace {

std::atomic<bool> is_pipe_closed = false;
int output_problem = 0;  // errno of the first flush that failed

extern "C" void note_closed_pipe(int) { is_pipe_closed = true; }

std::string reason(int number) {
  return std::error_code(number, std::generic_category()).message();
}

}  // namespace

void open_standard_streams() {
  struct sigaction note = {}, ignore = {};
  note.sa_handler = note_closed_pipe;
  sigaction(SIGPIPE, &note, nullptr);
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, nullptr);  // a file that grows too large is an error of write()
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given, and the wrong direction lets every use fail.
    const int flags = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", flags) < 0) static_cast<void>(open("/", O_RDONLY));
  }
}

bool flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  if (output_problem == 0) output_problem = errno;
  return false;
}

Error close_output() {
  std::cout.flush();
  bool good = flush_output();
  if (std::fclose(stdout) != 0) {
    if (good) output_problem = errno;
    good = false;
  }
  if (good || reader_left()) return {};
  return Error::of("standard output: cannot be written: ", reason(output_problem));
}

bool reader_left() { return is_pipe_closed; }

bool InputLines::read_more() {
  constexpr int kPatience = 100;  // milliseconds; a signal may wake another thread
  pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  std::array<char, 1 << 16> buffer;
  while (!interruption::happened()) {
    const int ready = poll(&input, 1, kPatience);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) error_ = Error::of("standard input: cannot be read: ", reason(errno));
    if (count > 0) text_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }
  return false;
}

std::optional<std::string> InputLines::next() {
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = text_.find('\n', searched);
    if (end != text_.npos || (is_at_end_ && !text_.empty())) {
      std::string line = text_.substr(0, end);
      text_.erase(0, end == text_.npos ? end : end + 1);
      return line;
    }
    if (is_at_end_) return std::nullopt;
    searched = text_.size();
    is_at_end_ = !read_more();
    if (interruption::happened()) return std::nullopt;
  }
}
