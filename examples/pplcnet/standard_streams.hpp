#ifndef PPLCNET_EXAMPLES_STANDARD_STREAMS_HPP
#define PPLCNET_EXAMPLES_STANDARD_STREAMS_HPP

#include <optional>
#include <string>

#include "pplcnet/weights/error.hpp"

// Standard input and output are files like others, which may be missing, full or gone.

/// Writes out what has been printed; false if that is lost.
bool flush_output();

/// Flushes and closes standard output: an error if something that was printed is lost, but for a
/// pipe without a reader.
pplcnet::Error close_output();

/// The lines of standard input as they come.
class InputLines {
 public:
  /// Returns none at the end, or when the program is interrupted.
  std::optional<std::string> next();

  /// Returns why it ended before the end, if it did.
  const pplcnet::Error& error() const { return error_; }

 private:
  bool read_more();

  std::string text_;  // read, and not handed on
  bool is_at_end_ = false;
  pplcnet::Error error_;
};

#endif  // PPLCNET_EXAMPLES_STANDARD_STREAMS_HPP
