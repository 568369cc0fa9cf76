#include "progress.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "system/streams.hpp"

namespace {

std::string time_text(double seconds) {
  char text[32];
  const int whole = static_cast<int>(seconds + 0.5);
  if (whole < 3600)
    std::snprintf(text, sizeof(text), "%d:%02d", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof(text), "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

}  // namespace

using system_streams::is_terminal, system_streams::kErrors, system_streams::kOutput;

Progress::Progress(std::size_t total)
    : total_(total), is_shown_(is_terminal(kErrors) && !is_terminal(kOutput)) {}

void Progress::advance(std::size_t count) {
  done_ += count;
  const auto now = Clock::now();
  if (!is_shown_ || now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  is_drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = static_cast<double>(done_ - before_) / std::max(seconds, 1e-9);
  if (total_ == 0) {
    std::fprintf(stderr, "\r%zu  %.0f/s\x1b[K", done_, rate);
    return;
  }
  constexpr std::size_t kWidth = 30;
  const std::size_t full = std::min(kWidth, kWidth * done_ / total_);
  const std::string bar = std::string(full, '=') + std::string(kWidth - full, ' ');
  const double left = static_cast<double>(total_ - std::min(done_, total_)) / rate;
  std::fprintf(stderr, "\r[%s] %zu/%zu  %.0f/s  %s left  %s\x1b[K", bar.c_str(), done_, total_,
               rate, time_text(left).c_str(), words_.c_str());
}

void Progress::clear() {
  if (is_drawn_) std::fputs("\r\x1b[K", stderr);
  is_drawn_ = false;
}
