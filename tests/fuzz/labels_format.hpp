#ifndef PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/image/labels.hpp"

namespace pplcnet_test {

inline Format labels_format() {
  return {.files = {{"0 cat\n1 dog\n2 red panda\n", ""},
                    {"cat\r\ndog\r\n\r\n", ""},
                    {"\xEF\xBB\xBF"
                     "1 a\n0 b",
                     ""}},
          .read =
              [](std::string_view contents) {
                return run<std::vector<std::string>>(
                    [&](std::vector<std::string>& labels) {
                      labels = pplcnet::parse_labels(contents);
                      return pplcnet::Error();
                    },
                    [&](const std::vector<std::string>& labels) {
                      for (const std::string& label : labels)
                        require(label.find('\n') == label.npos, "a label of two lines");
                      require(labels.size() <= contents.size(), "more labels than bytes");
                      return true;
                    });
              },
          .large = {repeated("\n") + "a", repeated("0 \n")},
          .words = {"0 ", "1 ", "18446744073709551616 ", "\r\n", "\xEF\xBB\xBF"},
          .factor = 160};  // a label is a std::string, be its line empty
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP
