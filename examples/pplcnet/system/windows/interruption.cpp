#include "interruption.hpp"

#include <atomic>
#include <cstdlib>

#include "output_file.hpp"
#include "system/windows/wide.hpp"

namespace {

constexpr int kInterrupt = 2;  // SIGINT elsewhere

std::atomic<bool> is_interrupted = false;

/// Windows calls it in a thread of its own for Ctrl-C, Ctrl-Break and a window that closes.
BOOL WINAPI note_event(DWORD) {
  constexpr DWORD kPatience = 150;  // milliseconds
  if (!is_interrupted.exchange(true)) Sleep(kPatience);
  remove_temporaries();
  std::_Exit(interruption::exit_status());
}

}  // namespace

namespace interruption {

void note() { SetConsoleCtrlHandler(note_event, TRUE); }

bool happened() { return is_interrupted; }

int exit_status() { return 128 + kInterrupt; }

}  // namespace interruption
