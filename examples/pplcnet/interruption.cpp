#include "interruption.hpp"

#include <csignal>
#include <initializer_list>

namespace {

volatile std::sig_atomic_t interrupted = 0;  // the signal

extern "C" void note_signal(int signal) {
  interrupted = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

namespace interruption {

void note() {
  for (const int signal : {SIGINT, SIGTERM})
    if (std::signal(signal, note_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
}

bool happened() { return interrupted != 0; }

int exit_status() { return 128 + static_cast<int>(interrupted); }

}  // namespace interruption
