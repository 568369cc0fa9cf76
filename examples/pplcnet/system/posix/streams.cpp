#include "system/streams.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "interruption.hpp"

namespace system_streams {

namespace {

std::atomic<bool> is_pipe_closed = false;

extern "C" void note_closed_pipe(int) { is_pipe_closed = true; }

}  // namespace

void open_all() {
  struct sigaction note = {}, ignore = {};
  note.sa_handler = note_closed_pipe;
  sigaction(SIGPIPE, &note, nullptr);
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, nullptr);  // a file that grows too large is an error of write()
  for (const int stream : {kInput, kOutput, kErrors}) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given, and the wrong direction lets every use fail.
    const int flags = stream == kInput ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", flags) < 0) static_cast<void>(open("/", O_RDONLY));
  }
}

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

bool reader_left() { return is_pipe_closed; }

std::ptrdiff_t read_input(std::span<char> buffer) {
  constexpr int kPatience = 100;  // milliseconds; a signal may wake another thread
  pollfd input = {.fd = kInput, .events = POLLIN, .revents = 0};
  while (!interruption::happened()) {
    const int ready = poll(&input, 1, kPatience);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const std::ptrdiff_t count = read(kInput, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return count;
  }
  return 0;
}

std::vector<std::string> arguments(int argc, char** argv) {
  return {argv + std::min(argc, 1), argv + argc};
}

}  // namespace system_streams
