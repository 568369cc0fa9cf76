// pplcnet: PP-LCNet on the command line.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "pplcnet/version.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"
#include "system/memory.hpp"
#include "system/streams.hpp"

namespace {

std::string program_name = "pplcnet";  // of messages

#if PPLCNET_SERVES
constexpr const char* kAbout = "Image classification with PP-LCNet on a CPU.";
#else
constexpr const char* kAbout =
    "Image classification with PP-LCNet on a CPU. This build has no `serve`.";
#endif

/// Parses the command line and does what it says.
int run(int argc, char** argv) {
  CommandLine program("pplcnet", kAbout, PPLCNET_VERSION_STRING);
  std::vector<Run> runs;
  for (const auto add : {
         add_classify, add_orient, add_detect, add_segment, add_ocr, add_features, add_evaluate,
             add_fit, add_train, add_quantise, add_parity, add_bench, add_inspect, add_convert,
#if PPLCNET_SERVES
             add_serve,
#endif
       })
    runs.push_back(add(program));
  const CommandLine::Parsed parsed = program.parse(system_streams::arguments(argc, argv));
  if (!parsed.name.empty()) program_name += " " + parsed.name;
  if (parsed.command >= 0) return runs[static_cast<std::size_t>(parsed.command)]();
  if (parsed.problem.empty()) return parsed.status;
  report(pplcnet::Error::of(parsed.problem,
                            parsed.problem == "--weights is required" ? kWhereWeightsAre : ""));
  return 2;
}

/// Runs and reports exceptions, each in one sentence.
int run_and_catch(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const interruption::Happened&) {
    return interruption::exit_status();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", program_name.c_str(), words_of(problem));
  }
  return 1;
}

/// Reports exceptions that cannot be caught: before main(), or in a function that may not throw.
[[noreturn]] void end_without_catch() {
  const char* words = "ended by mistake";
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& problem) {
    words = words_of(problem);
  } catch (...) {
  }
  std::fprintf(stderr, "%s: %s\n", program_name.empty() ? "pplcnet" : program_name.c_str(), words);
  remove_temporaries();
  std::_Exit(1);
}

/// Before all other initialisation, which may run out of memory too.
[[gnu::constructor(101)]] void prepare() { std::set_terminate(end_without_catch); }

}  // namespace

bool report(const pplcnet::Error& error) {
  if (!error) return false;
  try {
    const std::string text = without_controls(error.message());
    std::fprintf(stderr, "%s: %s\n", program_name.c_str(), text.c_str());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory\n", program_name.c_str());
  }
  return true;
}

const char* words_of(const std::exception& problem) {
  return dynamic_cast<const std::bad_alloc*>(&problem) != nullptr ? "out of memory"
                                                                  : problem.what();
}

int fail(const pplcnet::Error& error) {
  report(error);
  return 1;
}

int main(int argc, char** argv) {
  constexpr int kBrokenPipe = 141;  // what a shell says of a program that ends at a closed pipe
  system_memory::keep();
  system_streams::open_all();
  interruption::note();
  const int status = run_and_catch(argc, argv);
  if (interruption::happened()) return interruption::exit_status();
  if (report(close_output())) return 1;
  return system_streams::reader_left() && status == 0 ? kBrokenPipe : status;
}
