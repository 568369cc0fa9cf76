#ifndef PPLCNET_EXAMPLES_STANDARD_STREAMS_HPP
#define PPLCNET_EXAMPLES_STANDARD_STREAMS_HPP

#include <optional>
#include <string>

#include "pplcnet/weights/error.hpp"

// Standard input and output are files like others, which may be missing, full or gone.

/// Opens what is missing of standard input, output and error, so that no other file takes its
/// place; what is read from there or written to it fails. A pipe without a reader is no reason to
/// die.
void open_standard_streams();

/// Writes out what has been printed; false if that is lost.
bool flush_output();

/// Flushes and closes standard output: an error if something that was printed is lost, but for a
/// pipe without a reader.
pplcnet::Error close_output();

/// Returns whether the reader of a pipe has left.
bool reader_left();

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
