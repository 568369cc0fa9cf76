#include "evaluate_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "over_pictures.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/open/text_files.hpp"
#include "pplcnet/text/text_accuracy.hpp"
#include "pplcnet/weights/path.hpp"
#include "printable.hpp"
#include "text_file.hpp"

namespace {

using pplcnet::Error;
using pplcnet::LineReader;

/// A picture of a line, and what it says.
struct KnownLine {
  std::string path, text;
};

const std::string& path_of(const KnownLine* line) { return line->path; }

struct ReadText {
  std::string text;
  float score = 0;
};

/// A line that was read as something else.
struct WrongLine {
  const KnownLine* line = nullptr;
  ReadText read;
  std::size_t edits = 0;
};

struct TextResult {
  pplcnet::TextAccuracy accuracy;
  double rate = 0;  // lines per second
  std::vector<WrongLine> wrong;
  std::vector<const KnownLine*> unread;
};

Error read_list(const TextEvaluation& arguments, std::vector<KnownLine>& known) {
  pplcnet::FileBytes file;
  if (auto error = read_text(arguments.list, file)) return error;
  std::vector<std::string_view> lines;
  if (auto error = pplcnet::split_lines(text_of(file), arguments.list, lines)) return error;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (pplcnet::is_blank(lines[i])) continue;
    const std::size_t tab = lines[i].find('\t');
    if (tab == lines[i].npos || tab == 0)
      return Error::of(arguments.list, ": line ", i + 1,
                       ": expected a picture's name, a tab and its text, found ",
                       pplcnet::quote(lines[i]));
    if (auto error = pplcnet::check_utf8(arguments.list, i + 1, lines[i].substr(tab))) return error;
    const std::string_view name = lines[i].substr(0, tab);
    KnownLine line = {pplcnet::name_in(arguments.folder, name),
                      std::string(lines[i].substr(tab + 1))};
    if (auto error = check_name(arguments.list, i + 1, name, line.path)) return error;
    known.push_back(std::move(line));
  }
  return known.empty() ? Error::of(arguments.list, ": has no pictures") : Error();
}

Outcome<ReadText> read_line(LineReader& reader, const KnownLine& line) {
  Outcome<ReadText> outcome;
  outcome.error = see_picture(line.path, [&](pplcnet::ImageView image) {
    return reader.read(image, outcome.value.text, outcome.value.score);
  });
  return outcome;
}

void print(const TextResult& result) {
  constexpr std::size_t kMostWrong = 20;
  const pplcnet::TextAccuracy& accuracy = result.accuracy;
  std::printf("lines: %zu\n", accuracy.lines());
  if (!result.unread.empty()) std::printf("not read: %zu\n", result.unread.size());
  const auto print_share = [](const char* name, std::optional<double> share) {
    if (share) std::printf("%s: %.3f %%\n", name, 100 * *share);
  };
  print_share("character error rate", accuracy.error_rate());
  print_share("lines without an error", accuracy.accuracy());
  print_share("PaddleOCR's acc, without spaces", accuracy.accuracy_without_spaces());
  print_share("PaddleOCR's norm_edit_dis, without spaces", accuracy.similarity());
  std::printf("lines per second: %.1f\n", result.rate);
  if (result.wrong.empty()) return;
  std::printf("\nmost errors, text and what was read\n");
  for (std::size_t i = 0; i < std::min(result.wrong.size(), kMostWrong); ++i) {
    const WrongLine& one = result.wrong[i];
    std::printf("%5zu  %s\n       %s\n       %s\n", one.edits, printable(one.line->path).c_str(),
                printable(one.line->text).c_str(), printable(one.read.text).c_str());
  }
  if (result.wrong.size() > kMostWrong)
    std::printf("… and more: --json has all of %zu lines\n", result.wrong.size());
}

Json to_json(const TextResult& result) {
  Json wrong = Json::array(), not_read = Json::array();
  for (const WrongLine& one : result.wrong) {
    Json entry = Json::object();
    entry.add_file(one.line->path);
    entry.add("text", one.line->text);
    entry.add("read", one.read.text);
    entry.add("score", one.read.score);
    entry.add("edits", one.edits);
    wrong.add(std::move(entry));
  }
  for (const KnownLine* one : result.unread) {
    Json entry = Json::object();
    entry.add_file(one->path);
    not_read.add(std::move(entry));
  }
  const pplcnet::TextAccuracy& accuracy = result.accuracy;
  Json json = Json::object({{"lines", accuracy.lines()},
                            {"characters", accuracy.characters()},
                            {"edits", accuracy.edits()}});
  const auto add_share = [&](std::string_view name, std::optional<double> share) {
    if (share) json.add(name, *share);
  };
  add_share("cer", accuracy.error_rate());
  add_share("accuracy", accuracy.accuracy());
  add_share("acc", accuracy.accuracy_without_spaces());
  add_share("norm_edit_dis", accuracy.similarity());
  json.add("lines_per_second", result.rate);
  json.add("wrong", std::move(wrong));
  json.add("not_read", std::move(not_read));
  return json;
}

}  // namespace

int evaluate_text(const TextEvaluation& arguments) {
  std::optional<LineReader> reader;
  if (report(pplcnet::open_line_reader(arguments.weights, arguments.dictionary, reader))) return 1;
  std::vector<KnownLine> known;
  if (report(read_list(arguments, known))) return 1;
  std::vector<const KnownLine*> items;
  for (const KnownLine& one : known) items.push_back(&one);

  TextResult result;
  std::size_t place = 0;
  // Lines come in order; those in between could not be read.
  const auto pass_over = [&](const KnownLine* up_to) {
    for (; place < items.size() && items[place] != up_to; ++place)
      result.unread.push_back(items[place]);
    ++place;
  };
  const auto begin = std::chrono::steady_clock::now();
  const bool good = over_pictures(
      *reader, arguments.threads, items.size(), one_by_one(items),
      [](LineReader& own, const KnownLine* line) { return read_line(own, *line); },
      [&](const KnownLine* line, auto& outcome) {
        pass_over(line);
        const std::size_t edits = result.accuracy.add(line->text, outcome.value.text);
        if (edits > 0) result.wrong.push_back({line, std::move(outcome.value), edits});
        return true;
      });
  if (interruption::happened()) return interruption::exit_status();
  pass_over(nullptr);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.rate = static_cast<double>(result.accuracy.lines()) / std::max(seconds, 1e-9);
  std::ranges::stable_sort(result.wrong, std::greater<>(), &WrongLine::edits);
  if (arguments.json)
    std::printf("%s\n", to_json(result).text(1).c_str());
  else
    print(result);
  return good ? 0 : 1;
}
