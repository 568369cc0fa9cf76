#include "options.hpp"

#include <utility>

#include "labels.hpp"
#include "pplcnet/open/registry.hpp"
#include "weights.hpp"

CommandOption NetworkOptions::add_to(const Command& command) {
  CommandOption option =
      command
          .add("--weights", weights,
               "A weight file of any format, or a folder or tar archive with one in it")
          .required();
  add_part(command, part).needs(option);
  command
      .add("--model", model,
           "The network, by name (see `pplcnet inspect`); without it, the one that the "
           "weights fit")
      .check(check_model)
      .needs(option);
  return option;
}

void NetworkOptions::add_labels_to(const Command& command) {
  command.add("--labels", labels,
              "Names of the classes, one per line: `id name`, or just names; or Paddle's "
              "inference.yml");
}

CommandOption NetworkOptions::add_half_head_to(const Command& command) {
  return command.add_flag("--half-head", half_head, kHalfHead);
}

pplcnet::Error NetworkOptions::open(std::optional<pplcnet::AnyClassifier>& classifier,
                                    pplcnet::Purpose purpose) const {
  pplcnet::WeightFile file;
  if (auto error = open_weights(weights, "", file, part)) return error;
  if (auto error = pplcnet::AnyClassifier::open(file, model, purpose, classifier)) return error;
  const bool single = classifier->network().traits().storage == pplcnet::Storage::single;
  if (half_head && single)
    if (auto error = classifier->store_as(pplcnet::Storage::half_head, weights)) return error;
  if (labels.empty()) return {};
  std::vector<std::string> names;
  if (auto error = read_labels(labels, classifier->network().traits().label_count, names))
    return error;
  return classifier->set_labels(std::move(names));
}

pplcnet::Error NetworkOptions::open(std::optional<pplcnet::AnyDetector>& detector,
                                    const pplcnet::NmsOptions& nms) const {
  pplcnet::WeightFile file;
  if (auto error = open_weights(weights, "", file, part)) return error;
  if (auto error = pplcnet::AnyDetector::open(file, model, nms, detector)) return error;
  if (labels.empty()) return {};
  std::vector<std::string> names;
  if (auto error = read_labels(labels, detector->classes(), names)) return error;
  return detector->set_labels(std::move(names));
}

void StorageOptions::add_to(const Command& command) {
  CommandOption all =
      command.add_flag("--half", half, "Store the weights of a native file as float16");
  command
      .add_flag("--half-head", half_head,
                "Store those after the last pooling so, which are most of a small network: it is "
                "faster, and logits change by less than a thousandth of the largest")
      .excludes(all);
}

pplcnet::Storage StorageOptions::storage() const {
  if (half) return pplcnet::Storage::half;
  return half_head ? pplcnet::Storage::half_head : pplcnet::Storage::single;
}

void add_pictures(const Command& command, std::vector<std::string>& pictures) {
  command
      .add("pictures", pictures,
           "Files, folders, patterns, or - for names on standard input. Of a folder and those "
           "in it, files whose names end as a picture's; others, such as .txt, are passed over")
      .required();
}

void add_threads(const Command& command, int& threads) {
  command.add("--threads", threads, "Pictures at a time").range(1, 256).show_default();
}

CommandOption add_part(const Command& command, std::string& part) {
  return command.add("--part", part,
                     "Which network of a distillation's checkpoint: student, teacher");
}
