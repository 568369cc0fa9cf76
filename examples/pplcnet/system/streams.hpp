#ifndef PPLCNET_EXAMPLES_SYSTEM_STREAMS_HPP
#define PPLCNET_EXAMPLES_SYSTEM_STREAMS_HPP

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// What the standard library does not know of standard input, output and error, and posix/ and
/// windows/ do.
namespace system_streams {

inline constexpr int kInput = 0, kOutput = 1, kErrors = 2;  ///< descriptors

/// Opens what is missing of the three, so that no other file takes its place; what is read from
/// there or written to it fails. A pipe without a reader is no reason to die.
void open_all();

/// Returns whether a person sees what is written there.
bool is_terminal(int descriptor);

/// Returns whether the reader of a pipe has left.
bool reader_left();

/// Waits for bytes of standard input: how many; 0 at its end or when the program is interrupted, -1
/// with errno.
std::ptrdiff_t read_input(std::span<char> buffer);

/// Returns the words of the command line after the program's name: UTF-8 on Windows, the bytes that
/// were given elsewhere.
std::vector<std::string> arguments(int argc, char** argv);

}  // namespace system_streams

#endif  // PPLCNET_EXAMPLES_SYSTEM_STREAMS_HPP
