#ifndef PPLCNET_EXAMPLES_COMMAND_LINE_HPP
#define PPLCNET_EXAMPLES_COMMAND_LINE_HPP

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

#include "pplcnet/pplcnet.hpp"

/// What the programs have in common: exit status 2 stands for a command line that cannot be meant.
namespace command_line {

/// Says it, and gives the exit status.
inline int misuse(const CLI::App& app, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), message.c_str());
  return 2;
}

/// Parses; the exit status if the program is to end, which is 0 after --help.
inline std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return misuse(app, error.what());
  }
}

/// The names of the classes in a file.
inline pplcnet::Error read_labels(const std::string& path, std::vector<std::string>& labels) {
  pplcnet::FileBytes text;
  if (auto error = pplcnet::read_file(path, text)) return error;
  labels = pplcnet::parse_labels(
      {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()});
  return {};
}

}  // namespace command_line

#endif  // PPLCNET_EXAMPLES_COMMAND_LINE_HPP
