#include "predictions.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "json.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/path.hpp"
#include "pplcnet/weights/utf8.hpp"
#include "text_file.hpp"

namespace fs = std::filesystem;
using ParsedJson = nlohmann::json;
using pplcnet::Error;

namespace {

constexpr const char* kOf = "answers of";  // as in files of earlier versions
constexpr const char* kProgram = "pplcnet evaluate";

std::string first_line(const Origin& origin) {
  Json line = Json::object({{kOf, kProgram}});
  for (const auto& [key, value] : origin) line.add(key, value);
  return line.text() + '\n';
}

/// Returns a whole number below `limit`.
std::optional<int> number_in(const ParsedJson& line, const char* key, int limit) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto number = found->get<std::uint64_t>();
  if (number >= static_cast<std::uint64_t>(limit)) return std::nullopt;
  return static_cast<int>(number);
}

std::optional<Evaluated> prediction_in(std::string_view text, int classes) {
  const ParsedJson line = ParsedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return std::nullopt;
  const auto file = line.find("file"), score = line.find("score");
  const auto class_id = number_in(line, "class", classes), best = number_in(line, "best", classes);
  const auto rank = number_in(line, "rank", classes);
  if (file == line.end() || !file->is_string() || score == line.end() || !score->is_number() ||
      !class_id || !best || !rank || (*rank == 0) != (*best == *class_id))
    return std::nullopt;
  const double value = score->get<double>();
  if (!(value >= 0 && value <= 1)) return std::nullopt;
  return Evaluated{.path = file->get<std::string>(),
                   .class_id = *class_id,
                   .rank = *rank,
                   .best = *best,
                   .score = static_cast<float>(value),
                   .is_known = true};
}

/// Checks from the first line that predictions are of this origin.
Error check_origin(std::string_view text, const std::string& path, const Origin& origin) {
  const ParsedJson line = ParsedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto words = [&](const std::string& key) -> std::string {
    const auto found = line.is_object() ? line.find(key) : line.end();
    return found == line.end() || !found->is_string() ? "" : found->get<std::string>();
  };
  if (words(kOf) != kProgram)
    return Error::of(path, ": line 1: expected the predictions of an earlier run, found ",
                     pplcnet::quote(text), "; it is left as it is");
  const ParsedJson requested = ParsedJson::parse(first_line(origin));
  for (const auto& [key, value] : origin)
    if (const auto here = requested[key].get<std::string>(); words(key) != here)
      return Error::of(path, ": its predictions are of other ", key, ": ",
                       pplcnet::quote(words(key)), ", here ", pplcnet::quote(here),
                       "; name another file");
  return {};
}

}  // namespace

Error parse_predictions(std::string_view text, const std::string& path, const Origin& origin,
                        int classes, KnownPredictions& predictions) {
  predictions = {};
  for (std::size_t number = 1; predictions.whole_bytes < text.size(); ++number) {
    std::string_view line = text.substr(predictions.whole_bytes);
    const std::size_t end = line.find('\n');
    line = line.substr(0, end);
    const bool is_cut = end == line.npos;
    const std::size_t bytes = line.size() + 1;
    if (is_cut && number > 1) break;
    if (auto error = pplcnet::clean_line(path, number, line)) return error;
    if (number == 1) {
      if (is_cut && first_line(origin).starts_with(line)) break;
      if (auto error = check_origin(line, path, origin)) return error;
    } else if (auto one = prediction_in(line, classes)) {
      std::pair key(one->path, one->class_id);
      predictions.all.insert_or_assign(std::move(key), *std::move(one));
    } else {
      return Error::of(path, ": line ", number, ": expected a prediction for ", classes,
                       " classes, found ", pplcnet::quote(line), "; the file is left as it is");
    }
    predictions.whole_bytes = std::min(predictions.whole_bytes + bytes, text.size());
  }
  return {};
}

Error PredictionFile::open(const std::string& path, const Origin& origin, int classes,
                           KnownPredictions& predictions) {
  path_ = path;
  predictions = {};
  std::error_code problem;
  const fs::path place = pplcnet::path_of(path);
  const fs::file_status status = fs::status(place, problem);
  const bool is_new = status.type() == fs::file_type::not_found ||
                      (fs::is_regular_file(status) && fs::is_empty(place, problem));
  if (!is_new) {
    pplcnet::FileBytes file;
    if (auto error = read_text(path, file)) return error;
    const std::string_view text = text_of(file);
    if (auto error = parse_predictions(text, path, origin, classes, predictions)) return error;
    if (predictions.whole_bytes < text.size()) {
      fs::resize_file(place, predictions.whole_bytes, problem);
      if (problem) return Error::of(path, ": cannot be written: ", problem.message());
      predictions.was_cut = true;
    }
  }
  file_.open(place, std::ios::app | std::ios::binary);
  if (predictions.whole_bytes == 0) file_ << first_line(origin) << std::flush;
  return file_ ? Error() : Error::of(path, ": cannot be written");
}

Error PredictionFile::add(const Evaluated& one) {
  if (!pplcnet::is_utf8(one.path)) return {};
  const Json line = Json::object({{"file", one.path},
                                  {"class", one.class_id},
                                  {"rank", one.rank},
                                  {"best", one.best},
                                  {"score", one.score}});
  file_ << line.text() + '\n' << std::flush;
  return file_ ? Error() : Error::of(path_, ": cannot be written");
}
