#ifndef PPLCNET_EXAMPLES_COMMAND_LINE_HPP
#define PPLCNET_EXAMPLES_COMMAND_LINE_HPP

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

// The command line's grammar. CLI11 reads it; as that takes seconds to compile, one file includes
// it.

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// An option or a flag of a command.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}

  CommandOption required(bool is_required = true) const;
  /// Is an error without `other`.
  CommandOption needs(CommandOption other) const;
  /// Is an error together with `other`.
  CommandOption excludes(CommandOption other) const;
  /// Takes so many values.
  CommandOption expected(int least, int most) const;
  CommandOption range(int least, int most) const;
  CommandOption range(double least, double most) const;
  CommandOption one_of(std::initializer_list<const char*> values) const;
  /// Takes values for which `problem` returns nothing; otherwise the sentence that it returns.
  CommandOption check(std::string (*problem)(const std::string& value)) const;
  /// Shows the present value as the default one.
  CommandOption show_default() const;
  /// Is so, if it is not given, and shows it.
  CommandOption by_default(const std::vector<std::string>& values) const;

 private:
  CLI::Option* option_;
};

/// A subcommand. Each value that is named must live until the command line is parsed.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  /// `names` as "-o,--output"; without a dash, what stands without a name.
  CommandOption add(const std::string& names, std::string& value, const std::string& about) const;
  CommandOption add(const std::string& names, std::vector<std::string>& values,
                    const std::string& about) const;
  CommandOption add(const std::string& names, int& value, const std::string& about) const;
  CommandOption add(const std::string& names, std::size_t& value, const std::string& about) const;
  CommandOption add(const std::string& names, float& value, const std::string& about) const;
  CommandOption add(const std::string& names, double& value, const std::string& about) const;
  CommandOption add_flag(const std::string& name, bool& value, const std::string& about) const;
  void footer(const std::string& text) const;
  /// Returns how often an option was given.
  std::size_t count(const std::string& name) const;

 private:
  CLI::App* app_;
};

/// A program with commands, one of which is called for.
class CommandLine {
 public:
  /// A parsed command line.
  struct Parsed {
    int command = -1;     ///< by number, in the order in which they were added; -1: none is run
    std::string name;     ///< what was called for, as far as it was understood
    std::string problem;  ///< what cannot be meant; empty: nothing
    int status = 0;       ///< of the program where no command is run: help was printed
  };

  CommandLine(const std::string& name, const std::string& about, const std::string& version);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  Command add(const std::string& name, const std::string& about);
  /// Fills the values of the options; prints help where that is asked for.
  Parsed parse(std::vector<std::string> words);

 private:
  std::unique_ptr<CLI::App> app_;
};

#endif  // PPLCNET_EXAMPLES_COMMAND_LINE_HPP
