#include "train/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "output_file.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/from_chars.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/tensor.hpp"

using pplcnet::Error;

namespace {

constexpr std::string_view kCheckpointFormat = "pplcnet_training", kCheckpointVersion = "1",
                           kRecipePrefix = "recipe.";

/// Calls `visit(name, value)` with each number and text of a checkpoint.
template <class AnyCheckpoint, class Visit>
void for_each_field(AnyCheckpoint& checkpoint, const Visit& visit) {
  visit("published", checkpoint.published);
  visit("framework", checkpoint.framework);
  visit("classes", checkpoint.classes);
  visit("height", checkpoint.height);
  visit("width", checkpoint.width);
  visit("head", checkpoint.head);
  visit("dropout_percent", checkpoint.dropout_percent);
  visit("is_deployed", checkpoint.is_deployed);
  visit("model", checkpoint.model);
  visit("pictures", checkpoint.pictures);
  visit("epoch", checkpoint.epoch);
  visit("batch", checkpoint.batch);
  visit("step", checkpoint.step);
  visit("loss_sum", checkpoint.loss_sum);
  visit("seen", checkpoint.seen);
  visit("right", checkpoint.right);
  visit("seconds", checkpoint.seconds);
  visit("best_epoch", checkpoint.best_epoch);
}

/// Calls `visit(name, numbers)` with each array of a checkpoint.
template <class AnyCheckpoint, class Visit>
void for_each_array(AnyCheckpoint& checkpoint, const Visit& visit) {
  visit("parameters", checkpoint.weights.parameters);
  visit("statistics", checkpoint.weights.statistics);
  visit("velocities", checkpoint.velocities);
  visit("averages.parameters", checkpoint.averages.parameters);
  visit("averages.statistics", checkpoint.averages.statistics);
  visit("best.parameters", checkpoint.best.parameters);
  visit("best.statistics", checkpoint.best.statistics);
}

/// Returns texts without line breaks as lines.
std::string lines_of(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts) lines += text + '\n';
  return lines;
}

std::vector<std::string> texts_in(std::string_view lines) {
  std::vector<std::string> texts;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    texts.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return texts;
}

/// Finds a text of a checkpoint's metadata.
Error find(const pplcnet::TensorFile& file, std::string_view name, const std::string*& text) {
  for (const auto& [key, value] : file.metadata)
    if (key == name) {
      text = &value;
      return {};
    }
  return Error::of(file.path, ": has no ", pplcnet::quote(name));
}

template <class Value>
Error read(const pplcnet::TensorFile& file, std::string_view name, Value& value) {
  const std::string* text = nullptr;
  if (auto error = find(file, name, text)) return error;
  if constexpr (std::is_same_v<Value, std::string>) {
    value = *text;
  } else {
    std::conditional_t<std::is_same_v<Value, bool>, int, Value> number = {};
    const char* const end = text->data() + text->size();
    const auto [stop, problem] = pplcnet::from_chars(text->data(), end, number);
    if (problem != std::errc() || stop != end)
      return Error::of(file.path, ": ", name, ": expected a number, found ", pplcnet::quote(*text));
    value = static_cast<Value>(number);
  }
  return {};
}

Error read(const pplcnet::TensorFile& file, std::string_view name, std::vector<float>& numbers) {
  const pplcnet::Tensor* const tensor = file.find(name);
  numbers.clear();
  if (tensor == nullptr) return {};
  if (tensor->type != pplcnet::DataType::f32)
    return Error::of(file.path, ": tensor ", pplcnet::quote(name), ": expected F32, found ",
                     pplcnet::describe(tensor->type, tensor->shape));
  numbers.resize(static_cast<std::size_t>(tensor->element_count()));
  pplcnet::to_float(*tensor, numbers);
  return {};
}

}  // namespace

Error save(const std::string& path, const Checkpoint& checkpoint) {
  pplcnet::TensorFile file;
  file.metadata = {{"format", std::string(kCheckpointFormat)},
                   {"format_version", std::string(kCheckpointVersion)}};
  for (auto& [name, text] : texts_of(checkpoint.recipe))
    file.metadata.emplace_back(std::string(kRecipePrefix) + name, text);
  for_each_field(checkpoint, [&](const char* name, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      file.metadata.emplace_back(name, value);
    } else if constexpr (std::is_same_v<Value, bool>) {
      file.metadata.emplace_back(name, value ? "1" : "0");
    } else {
      char text[40];
      const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
      file.metadata.emplace_back(name, std::string(text, end));
    }
  });
  file.metadata.emplace_back("labels", lines_of(checkpoint.labels));
  file.metadata.emplace_back("facts", lines_of(checkpoint.facts));
  file.metadata.emplace_back("history", text_of(checkpoint.history));
  for_each_array(checkpoint, [&](const char* name, const std::vector<float>& numbers) {
    if (numbers.empty()) return;
    file.tensors.push_back({.name = name,
                            .type = pplcnet::DataType::f32,
                            .shape = {static_cast<std::int64_t>(numbers.size())},
                            .data = std::as_bytes(std::span(numbers))});
  });
  OutputFile output(path);
  if (auto error = write_safetensors(output, file)) return error;
  return output.publish();
}

Error load(const std::string& path, Checkpoint& checkpoint) {
  checkpoint = {};
  pplcnet::FileBytes bytes;
  pplcnet::TensorFile file;
  if (auto error = pplcnet::read_file(path, bytes)) return error;
  if (auto error = pplcnet::parse_safetensors(std::as_const(bytes).bytes(), path, file))
    return error;
  file.path = path;
  std::string format, version, labels, facts, history;
  if (read(file, "format", format) || format != kCheckpointFormat)
    return Error::of(path, ": no checkpoint of `pplcnet train`");
  if (read(file, "format_version", version) || version != kCheckpointVersion)
    return Error::of(path, ": a checkpoint of another version of `pplcnet train`");
  RecipeTexts recipe;
  for (const auto& [key, value] : file.metadata)
    if (key.starts_with(kRecipePrefix))
      recipe.emplace_back(key.substr(kRecipePrefix.size()), value);
  if (auto error = read_recipe(recipe, path, checkpoint.recipe)) return error;
  Error problem;
  const auto read_one = [&](const char* name, auto& value) {
    if (!problem) problem = read(file, name, value);
  };
  for_each_field(checkpoint, read_one);
  for_each_array(checkpoint, read_one);
  read_one("labels", labels);
  read_one("facts", facts);
  read_one("history", history);
  if (problem) return problem;
  checkpoint.labels = texts_in(labels);
  checkpoint.facts = texts_in(facts);
  return parse_history(history, path, checkpoint.history);
}
