#include "options.hpp"

#include <utility>

#include "catalogue.hpp"
#include "labels.hpp"

CLI::Option* NetworkOptions::add_to(CLI::App& command) {
  CLI::Option* option =
      command
          .add_option("--weights", weights,
                      "A weight file of any format, or a folder or tar archive with one in it")
          ->required();
  command
      .add_option("--model", model,
                  "The network, by name (see `pplcnet inspect`); without it, the one that the "
                  "weights fit")
      ->check(check_published)
      ->needs(option);
  return option;
}

void NetworkOptions::add_labels_to(CLI::App& command) {
  command.add_option("--labels", labels,
                     "Names of the classes, one per line: `id name`, or just names; or Paddle's "
                     "inference.yml");
}

pplcnet::Error NetworkOptions::open(std::optional<Classifier>& classifier, Purpose purpose) const {
  if (auto error = Classifier::open(weights, model, purpose, classifier)) return error;
  if (labels.empty()) return {};
  std::vector<std::string> names;
  if (auto error = read_labels(labels, classifier->classes(), names)) return error;
  return classifier->set_labels(std::move(names));
}

void add_pictures(CLI::App& command, std::vector<std::string>& pictures) {
  command
      .add_option(
          "pictures", pictures,
          "Files, folders, patterns, or - for names on standard input. Of a folder and those "
          "in it, files whose names end as a picture's; others, such as .txt, are passed over")
      ->required();
}

void add_threads(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Pictures at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}
