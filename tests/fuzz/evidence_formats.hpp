#ifndef PPLCNET_TESTS_FUZZ_EVIDENCE_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_EVIDENCE_FORMATS_HPP

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/open/inference_yml.hpp"
#include "pplcnet/open/tar.hpp"
#include "weights/contents.hpp"

/// What lies beside weights, or around them, and says which network they are.
namespace pplcnet_test {

/// PaddleX's inference.yml.
inline Format inference_yml_format() {
  const std::string transforms =
      "PreProcess:\n  transform_ops:\n  - ResizeImage:\n      resize_short: 256\n  - CropImage:\n"
      "      size: 224\n  - NormalizeImage:\n      mean: [0.485, 0.456, 0.406]\n      scale: "
      "1/255\n"
      "      std:\n      - 0.229\n      - 0.224\n      - 0.225\n  - ToCHWImage: null\n";
  const std::string direct =
      "# text\r\nGlobal: {}\nPreProcess:\n  transform_ops:\n    - DecodeImage: &a\n        to_rgb: "
      "False\n    - ResizeImage:\n        size: [224, 224]\n        interpolation: bicubic\n"
      "        backend: pil\n    - NormalizeImage: {}\n";
  const std::string post = "PostProcess:\n  Topk:\n    topk: 5\n    label_list:\n";
  return {
      .files = joined({"Global:\n  model_name: PP-LCNet_x1_0\n" + transforms, direct},
                      {post + "    - cat\n    - 'it''s'\n    - \"\\u6C49\\n\"\n    - a\n      b\n",
                       post + "    - 1 # one\n    -\n      two\n", ""}),
      .read =
          [](std::string_view contents) {
            return run<pplcnet::Evidence>(
                [&](pplcnet::Evidence& evidence) {
                  return pplcnet::read_inference_yml(contents, kPath, evidence);
                },
                [](const pplcnet::Evidence& evidence) {
                  const auto& found = evidence.preprocessing;
                  require(
                      !found || (found->height > 0 && found->width > 0 && found->resize_short >= 0),
                      "a picture's size");
                  for (const std::string& label : evidence.labels)
                    require(!label.empty(), "a label without text");
                  return true;
                });
          },
      .large = {repeated("- a\n"), repeated("a:\n"), repeated("- "), "[" + repeated(",") + "]",
                "a: [" + repeated("a,") + "]", "a\n" + repeated(" b\n"), repeated("\n"),
                post + repeated("    - a\n")},
      .words = {"label_list:", "\n- ", "\n  ", ": ", "[", "]", "'", "\"", "\\u6C49",
                "size: ", "resize_short: ", "transform_ops:", "1.0/255.0", "1e400", "&a", " #"},
      .counted = Memory::held,
      .factor = 400};  // a value has room for a text, a list and a map, be it empty
}

/// An archive of tar's: of each file, a block with its name and size, and its bytes.
inline Format tar_format() {
  const auto entry = [](std::string name, const std::string& bytes, char type = '0') {
    name.resize(124);
    std::string size;
    for (std::size_t rest = bytes.size(); size.size() < 11; rest /= 8)
      size.insert(size.begin(), static_cast<char>('0' + rest % 8));
    std::string header = name + size + std::string(21, '\0') + type;
    header.resize(257);
    header += std::string("ustar\0", 6) + "00";
    header.resize(512);
    std::string file = bytes;
    file.resize((bytes.size() + 511) / 512 * 512);
    return header + file;
  };
  return {.files = {{entry("net/", "", '5') + entry("net/inference.yml", "Global:\n"),
                     entry("net/inference.pdiparams", std::string(600, 'a'))},
                    {entry("././@LongLink", std::string(300, 'n'), 'L') + entry("n", "contents"),
                     std::string(1024, '\0')}},
          .read =
              [](std::string_view contents) {
                return run<std::vector<pplcnet::TarEntry>>(
                    [&](std::vector<pplcnet::TarEntry>& entries) {
                      return pplcnet::parse_tar(bytes_of(contents), kPath, entries);
                    },
                    [&](const std::vector<pplcnet::TarEntry>& entries) {
                      const auto bytes = bytes_of(contents);
                      for (const pplcnet::TarEntry& one : entries)
                        require(one.bytes.empty() ||
                                    (std::greater_equal()(one.bytes.data(), bytes.data()) &&
                                     std::less_equal()(one.bytes.data() + one.bytes.size(),
                                                       bytes.data() + bytes.size())),
                                "bytes that are not the archive's");
                      return true;
                    });
              },
          .large = {entry("a", "", 'L') + entry("", std::string(1 << 20, 'n'), 'L') +
                    repeated(entry("", ""), 250)},
          .words = {std::string("ustar\0", 6), "00000001130", "././@LongLink"},
          .factor = 4};  // a name is the archive's, or shorter
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_EVIDENCE_FORMATS_HPP
