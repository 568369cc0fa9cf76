#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "pplcnet/weights/path.hpp"

CommandOption CommandOption::required(bool is_required) const {
  option_->required(is_required);
  return *this;
}

CommandOption CommandOption::needs(CommandOption other) const {
  option_->needs(other.option_);
  return *this;
}

CommandOption CommandOption::excludes(CommandOption other) const {
  option_->excludes(other.option_);
  return *this;
}

CommandOption CommandOption::expected(int least, int most) const {
  option_->expected(least, most);
  return *this;
}

CommandOption CommandOption::range(int least, int most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

CommandOption CommandOption::range(double least, double most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

CommandOption CommandOption::one_of(std::initializer_list<const char*> values) const {
  option_->check(CLI::IsMember(std::vector<std::string>(values.begin(), values.end())));
  return *this;
}

CommandOption CommandOption::check(std::string (*problem)(const std::string& value)) const {
  option_->check(problem);
  return *this;
}

CommandOption CommandOption::show_default() const {
  option_->capture_default_str();
  return *this;
}

CommandOption CommandOption::by_default(const std::vector<std::string>& values) const {
  option_->default_val(values);
  return *this;
}

CommandOption Command::add(const std::string& names, std::string& value,
                           const std::string& about) const {
  return CommandOption(app_->add_option(names, value, about));
}

CommandOption Command::add(const std::string& names, std::vector<std::string>& values,
                           const std::string& about) const {
  return CommandOption(app_->add_option(names, values, about));
}

CommandOption Command::add(const std::string& names, int& value, const std::string& about) const {
  return CommandOption(app_->add_option(names, value, about));
}

CommandOption Command::add(const std::string& names, std::size_t& value,
                           const std::string& about) const {
  return CommandOption(app_->add_option(names, value, about));
}

CommandOption Command::add(const std::string& names, float& value, const std::string& about) const {
  return CommandOption(app_->add_option(names, value, about));
}

CommandOption Command::add(const std::string& names, double& value,
                           const std::string& about) const {
  return CommandOption(app_->add_option(names, value, about));
}

CommandOption Command::add_flag(const std::string& name, bool& value,
                                const std::string& about) const {
  return CommandOption(app_->add_flag(name, value, about));
}

void Command::footer(const std::string& text) const { app_->footer(text); }

std::size_t Command::count(const std::string& name) const { return app_->count(name); }

CommandLine::CommandLine(const std::string& name, const std::string& about,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(about, name)) {
  app_->require_subcommand(1);
  app_->allow_windows_style_options(false);  // `/a` begins a name
  app_->set_version_flag("--version", name + " " + version);
  app_->footer(name + " COMMAND --help says more.");
}

CommandLine::~CommandLine() = default;

Command CommandLine::add(const std::string& name, const std::string& about) {
  return Command(app_->add_subcommand(name, about));
}

CommandLine::Parsed CommandLine::parse(std::vector<std::string> words) {
  Parsed parsed;
  const auto name_commands = [&] {
    for (const CLI::App* command : app_->get_subcommands())
      parsed.name += (parsed.name.empty() ? "" : " ") + command->get_name();
  };
  try {
    std::ranges::reverse(words);  // as CLI11 has them
    app_->parse(std::move(words));
  } catch (const CLI::Success& help) {
    parsed.status = app_->exit(help);
    return parsed;
  } catch (const CLI::ParseError& error) {
    name_commands();
    parsed.problem = error.what();
    // What was not understood is why something is missing.
    const std::vector<std::string> unknown = app_->remaining(/*recurse=*/true);
    if (unknown.empty()) return parsed;
    parsed.problem = CLI::ExtrasError(unknown).what();
    std::error_code ignored;
    if (unknown[0].starts_with('-') &&
        std::filesystem::exists(pplcnet::path_of(unknown[0]), ignored))
      parsed.problem += "; the file of that name is ./" + unknown[0];
    return parsed;
  }
  name_commands();
  const auto commands = app_->get_subcommands({});
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (commands[i]->parsed()) parsed.command = static_cast<int>(i);
  return parsed;
}
