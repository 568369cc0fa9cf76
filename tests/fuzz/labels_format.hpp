#ifndef PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/image/labels.hpp"

namespace pplcnet_test {

inline Format labels_format() {
  return {
      .files = {{"0 cat\n1 dog\n2 red panda\n", ""},
                {"cat\r\ndog\r\n\r\n", ""},
                {"\xEF\xBB\xBF"
                 "1 a\n0 b",
                 ""},
                {"Topk:\n  label_list:\n  - cat\n", "  - 'it''s'\n  - \"\\u6C49\"\nOther: 1\n"}},
      .read =
          [](std::string_view contents) {
            return run<std::vector<std::string>>(
                [&](std::vector<std::string>& labels) {
                  return pplcnet::parse_labels(contents, kPath, 0, labels);
                },
                [&](const std::vector<std::string>& labels) {
                  for (const std::string& label : labels)
                    require(label.find('\n') == label.npos && pplcnet::is_utf8(label),
                            "a label that is not one line of UTF-8");
                  require(!labels.empty() && labels.size() <= contents.size(), "their count");
                  return true;
                });
          },
      .large = {repeated("\n") + "a", repeated("0 \n"), repeated("a\n"),
                "label_list:\n" + repeated("- a\n"), "label_list:\n- a\n" + repeated(" b\n")},
      .words = {"0 ", "1 ", "18446744073709551616 ", "\r\n", "\xEF\xBB\xBF", "label_list:", "- ",
                "\\u6C49"},
      .factor = 160};  // a label is a std::string, be its line empty
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_LABELS_FORMAT_HPP
