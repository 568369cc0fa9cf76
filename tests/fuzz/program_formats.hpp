#ifndef PPLCNET_TESTS_FUZZ_PROGRAM_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_PROGRAM_FORMATS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "example.hpp"
#include "fuzz/format.hpp"
#include "npy.hpp"
#include "predictions.hpp"
#include "weights/contents.hpp"

/// What the command line program reads besides: they are of examples/pplcnet.
namespace pplcnet_test {

/// Paddle's lists of pictures and classes.
inline Format list_format() {
  constexpr int kClasses = 10;
  return {.files = {{"a.png 0\nfolder/b c.png 9\n", "/d.png\t3\n"},
                    {"\xEF\xBB\xBF"
                     "a.png 1\r\n\r\n",
                     "\xE6\xB1\x89.png  2\r\n"}},
          .read =
              [](std::string_view contents) {
                return run<std::vector<Example>>(
                    [&](std::vector<Example>& examples) {
                      return parse_examples(contents, kPath, "root", kClasses, examples);
                    },
                    [](const std::vector<Example>& examples) {
                      for (const Example& one : examples)
                        require(one.class_id >= 0 && one.class_id < kClasses && !one.path.empty(),
                                "an example");
                      return true;
                    });
              },
          .large = {repeated("\n"), repeated("a 0\n")},
          .words = {" 0\n", "\t9\r\n", "\xEF\xBB\xBF", "99999999999"},
          .factor = 320};  // a path is a std::string, and joined with the root's
}

/// Predictions of `pplcnet evaluate`.
inline Format predictions_format() {
  constexpr int kClasses = 10;
  const std::string first =
      R"({"answers of":"pplcnet evaluate","weights":"1f","pictures":"/list.txt"})"
      "\n";
  const std::string prediction = R"({"file":"a.png","class":1,"rank":0,"best":1,"score":0.75})"
                                 "\n";
  const std::string wrong = R"({"file":"b.png","class":3,"rank":9,"best":0,"score":1})"
                            "\n";
  return {.files = {{first, prediction + wrong},
                    {first + wrong, prediction},
                    {first, prediction + "{\"file"}},
          .read =
              [](std::string_view contents) {
                const Origin origin = {{"weights", "1f"}, {"pictures", "/list.txt"}};
                return run<KnownPredictions>(
                    [&](KnownPredictions& predictions) {
                      return parse_predictions(contents, kPath, origin, kClasses, predictions);
                    },
                    [&](const KnownPredictions& predictions) {
                      const auto is_class = [](int id) { return id >= 0 && id < kClasses; };
                      for (const auto& [key, one] : predictions.all)
                        require(is_class(one.class_id) && is_class(one.best) &&
                                    is_class(one.rank) && one.score >= 0 && one.score <= 1 &&
                                    one.path == key.first && one.class_id == key.second,
                                "a prediction");
                      require(predictions.whole_bytes <= contents.size(), "the whole lines");
                      return !predictions.all.empty();
                    });
              },
          .large = {first + repeated(prediction), first + repeated("[[],") + "\n",
                    first + "[" + repeated("[],") + "[]]\n", first + repeated("{\"\":") + "\n"},
          .words = {"\"file\":", "\"class\":", "\"rank\":", "\"best\":", "\"score\":",
                    "\"answers of\":\"pplcnet evaluate\"", "1e400", "18446744073709551616"},
          .counted = Memory::held,
          .factor = 160};
}

/// Arrays of numpy's.
inline Format npy_format() {
  const auto file = [](const std::string& type, const std::string& shape, bool columns_first) {
    std::string header = "{'descr': '" + type +
                         "', 'fortran_order': " + (columns_first ? "True" : "False") +
                         ", 'shape': " + shape + ", }";
    header.resize(117, ' ');
    return "\x93NUMPY\x01" + std::string("\0\x76\0", 3) + header + '\n';
  };
  const std::string data(24, '\x3f');
  return {
      .files = {{file("<f4", "(2, 3)", false), data},
                {file("<f4", "(2, 3)", true), data},
                {file("<f8", "(3,)", false), data},
                {file("<f2", "(1, 12)", false), data},
                {file("|u1", "(2, 4, 3)", true), data}},
      .read =
          [](std::string_view contents) {
            return run<NumpyArray>(
                [&](NumpyArray& array) { return parse_npy(bytes_of(contents), kPath, array); },
                [](const NumpyArray& array) {
                  std::size_t size = 1;
                  for (const std::int64_t one : array.shape) size *= static_cast<std::size_t>(one);
                  require(size == array.values.size(), "the shape");
                  return true;
                });
          },
      .large = {file("|u1", "(1048576,)", true) + std::string(1 << 20, 'a'),
                file("|u1", "(" + many("", "", 20) + ")", false)},
      .words = {"'descr': ", "'<f4'", "'|u1'", "'fortran_order': True", "'shape': (", "9999999999"},
      .factor = 12};  // a byte is a float, twice where columns come first
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_PROGRAM_FORMATS_HPP
