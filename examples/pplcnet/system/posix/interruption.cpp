#include "interruption.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include <sys/time.h>
#include <unistd.h>

#include "output_file.hpp"

namespace {

constexpr std::initializer_list<int> kSignals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> interrupted = 0;  // the signal
static_assert(std::atomic<int>::is_always_lock_free);

// Both handlers call nothing but what handlers may call.

extern "C" void end_now(int signal) {
  if (interrupted == 0) interrupted = signal;
  remove_temporaries();
  _exit(interruption::exit_status());
}

extern "C" void note_signal(int signal) {
  if (interrupted != 0) end_now(signal);
  interrupted = signal;
  const int number = errno;
  const itimerval patience = {.it_interval = {0, 0}, .it_value = {0, 150'000}};
  setitimer(ITIMER_REAL, &patience, nullptr);
  errno = number;
}

/// Returns the signals that are noted: those that were not ignored when the program began.
sigset_t noted_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  struct sigaction now = {};
  for (const int signal : kSignals)
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
      sigaddset(&signals, signal);
  return signals;
}

}  // namespace

namespace interruption {

void note() {
  struct sigaction end = {}, mark = {}, old = {};
  end.sa_handler = end_now;
  mark.sa_handler = note_signal;  // without SA_RESTART: who waits for a pipe is woken
  sigaction(SIGALRM, &end, nullptr);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  for (const int signal : kSignals)
    if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(signal, &mark, nullptr);
}

void hold() {
  const sigset_t signals = noted_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void wait() {
  const sigset_t signals = noted_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

bool happened() { return interrupted != 0; }

int exit_status() { return 128 + interrupted; }

}  // namespace interruption
