#ifndef PPLCNET_WEIGHTS_FILE_FORMAT_HPP
#define PPLCNET_WEIGHTS_FILE_FORMAT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The format of a file, detected from its first bytes; the file name is ignored.
enum class FileFormat : std::uint8_t {
  unknown,
  safetensors,
  pdiparams,
  pickle,          ///< .pdparams, and .pth of PyTorch before 1.6
  zip,             ///< .pth
  onnx,            ///< a ModelProto
  ncnn,            ///< .param, the text
  json,            ///< inference.json, a Paddle 3 program
  pdmodel,         ///< a Paddle 2 program
  pdiparams_info,  ///< the names of a .pdiparams file's tensors
  tar,
  gzip,
  web_page,         ///< saved by a browser in place of a file
  git_lfs_pointer,  ///< fetched by git in place of a file
};

inline FileFormat detect_format(std::span<const std::byte> bytes) {
  constexpr std::size_t kBeginning = 4096;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kBeginning));
  const auto has = [&](std::size_t place, std::string_view what) {
    return text.size() >= place && text.substr(place).starts_with(what);
  };
  // Eight bytes say how long a header is, which is no number of 2^56.
  if (has(7, std::string_view("\0{", 2))) return FileFormat::safetensors;
  // Two versions of 0, and no level of detail.
  if (has(0, std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)))
    return FileFormat::pdiparams;
  if (has(0, "PK\3\4")) return FileFormat::zip;
  if (has(0, "\x80"))
    return text.find("structured_name") != text.npos ? FileFormat::pdiparams_info
                                                     : FileFormat::pickle;
  if (has(0, "7767517")) return FileFormat::ncnn;
  if (has(0, "{")) return FileFormat::json;
  // Field 1 of a ModelProto is a small version, and a field of text or of messages follows.
  if (has(0, "\x08") && text.size() > 2 && text[1] > 0 && text[1] < ' ' && (text[2] & 7) == 2)
    return FileFormat::onnx;
  // Field 1 of a ProgramDesc is a block: its size; its number, 0; and that of its parent.
  std::size_t block = 1;
  while (block < text.size() && (text[block] & 0x80) != 0)
    ++block;  // all bytes of a size but its last
  if (has(0, "\n") && has(block + 1, std::string_view("\x08\0\x10", 3))) return FileFormat::pdmodel;
  if (has(257, "ustar")) return FileFormat::tar;
  if (has(0, "\x1f\x8b")) return FileFormat::gzip;
  if (has(0, "<!") || has(0, "<html")) return FileFormat::web_page;
  if (has(0, "version https://git-lfs")) return FileFormat::git_lfs_pointer;
  return FileFormat::unknown;
}

/// Returns the format's name for messages: `found a zip archive, as .pth files are`.
constexpr std::string_view name_of(FileFormat format) {
  constexpr std::string_view kNames[] = {"something else",
                                         "safetensors",
                                         "Paddle's parameters (.pdiparams)",
                                         "a pickle, as .pdparams files are",
                                         "a zip archive, as .pth files are",
                                         "an ONNX model",
                                         "an ncnn network (.param)",
                                         "JSON, as Paddle's graph is (inference.json)",
                                         "an older graph of Paddle's (.pdmodel)",
                                         "a list of names (.pdiparams.info)",
                                         "a tar archive",
                                         "a gzip archive",
                                         "a web page",
                                         "Git LFS's pointer to a file"};
  return kNames[static_cast<std::size_t>(format)];
}

/// Returns a hint for the end of a message about a file that holds no weights, or nothing.
constexpr std::string_view hint_for(FileFormat format) {
  switch (format) {
    case FileFormat::json:
    case FileFormat::pdmodel:
    case FileFormat::pdiparams_info:
      return ": the weights are in the .pdiparams beside it";
    case FileFormat::tar:
    case FileFormat::gzip:
      return ": unpack it and take the weights inside";
    case FileFormat::web_page:
    case FileFormat::git_lfs_pointer:
      return ": download the file itself";
    default:
      return "";
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FILE_FORMAT_HPP
