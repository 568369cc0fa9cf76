#ifndef PPLCNET_EXAMPLES_COMMAND_HPP
#define PPLCNET_EXAMPLES_COMMAND_HPP

#include <exception>
#include <functional>
#include <string>

#include "command_line.hpp"
#include "pplcnet/weights/error.hpp"

/// A subcommand adds its options to the program, and returns what is done if it is called for: a
/// function that gives the exit status (0; 1: something went wrong; 2: misuse; 130: interrupted).
using Run = std::function<int()>;

Run add_classify(CommandLine& program);
Run add_orient(CommandLine& program);
Run add_detect(CommandLine& program);
Run add_segment(CommandLine& program);
Run add_ocr(CommandLine& program);
Run add_features(CommandLine& program);
Run add_evaluate(CommandLine& program);
Run add_fit(CommandLine& program);
Run add_train(CommandLine& program);
Run add_quantise(CommandLine& program);
Run add_parity(CommandLine& program);
Run add_bench(CommandLine& program);
Run add_inspect(CommandLine& program);
Run add_convert(CommandLine& program);
Run add_serve(CommandLine& program);  // where cpp-httplib is

/// Says what went wrong; false if nothing did.
bool report(const pplcnet::Error& error);
/// Returns the message of an exception.
const char* words_of(const std::exception& problem);
/// Says it, and gives the exit status.
int fail(const pplcnet::Error& error);

#endif  // PPLCNET_EXAMPLES_COMMAND_HPP
