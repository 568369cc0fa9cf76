#include "standard_streams.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <system_error>

#include "interruption.hpp"
#include "system/streams.hpp"

using pplcnet::Error;

namespace {

int output_problem = 0;  // errno of the first flush that failed

std::string reason(int number) {
  return std::error_code(number, std::generic_category()).message();
}

}  // namespace

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
  if (good || system_streams::reader_left()) return {};
  return Error::of("standard output: cannot be written: ", reason(output_problem));
}

bool InputLines::read_more() {
  std::array<char, 1 << 16> buffer;
  const std::ptrdiff_t count = system_streams::read_input(buffer);
  if (count < 0) error_ = Error::of("standard input: cannot be read: ", reason(errno));
  if (count > 0) text_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
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
