#ifndef PPLCNET_OPEN_TEXT_FILES_HPP
#define PPLCNET_OPEN_TEXT_FILES_HPP

#include <optional>
#include <string>

#include "pplcnet/compiled.hpp"
#include "pplcnet/line_reader.hpp"
#include "pplcnet/text_reader.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/open/yaml.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The files of what reads text.
struct TextFiles {
  std::string detection;         ///< weights of PP-OCRv4's or v5's mobile detector, in any format
  std::string recognition;       ///< weights of a recogniser
  std::string dictionary;        ///< its characters, one on each line, or its inference.yml
  std::string orientation = {};  ///< weights of a classifier of lines of text; empty: none
};

/// Opens the files of what reads text; an error names the file.
PPLCNET_INLINE Error open_text_reader(const TextFiles& files, const TextReaderOptions& options,
                                      std::optional<TextReader>& result);

/// Opens the weights of a recogniser, which reads single lines, and its dictionary.
PPLCNET_INLINE Error open_line_reader(const std::string& recognition, const std::string& dictionary,
                                      std::optional<LineReader>& result);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// Opens the weights of a network whose pictures have any size; first that of the file, if it says
/// one.
inline Error open_text_network(const std::string& path, Graph (*graph)(const WidthOptions&),
                               WidthOptions options, std::optional<TextNetwork>& result) {
  WeightFile file;
  if (auto error = WeightFile::open(path, "", file)) return error;
  const Extent said = file.evidence().input;
  if (said.height > 0) options.input.height = said.height;
  if (said.width > 0) options.input.width = said.width;
  const auto made = std::make_unique<Graph>(graph(options));
  if (check_graph(*made))  // not of this size
    return Error::of(path, ": expected weights of ", made->what, ", found those of a network for ",
                     "pictures of ", options.input.height, "x", options.input.width);
  std::optional<AnyNetwork> network;
  if (auto error = AnyNetwork::make(*made, 1, network)) return error;
  if (auto error = file.read(network->layers(), network->traits(), network->weights()))
    return error;
  result.emplace(TextNetwork{std::move(*network), graph, options});
  return {};
}

/// Reads a dictionary, or the `character_dict` of a recogniser's inference.yml.
inline Error read_dictionary(const std::string& path, Dictionary& result) {
  if (!path.ends_with(".yml") && !path.ends_with(".yaml")) return Dictionary::read(path, result);
  FileBytes bytes;
  constexpr std::uint64_t kMaxBytes = 1 << 22;
  if (auto error = read_file(path, bytes, kMaxBytes)) return error;
  const std::span<const std::byte> all = std::as_const(bytes).bytes();
  Yaml file;
  if (auto error = parse_yaml({reinterpret_cast<const char*>(all.data()), all.size()}, path, file))
    return error;
  const Yaml* characters = file.find("PostProcess", "character_dict");
  if (characters == nullptr || characters->list.empty())
    return Error::of(path, ": expected a character_dict in PostProcess, found none");
  std::vector<std::string> entries;
  for (const Yaml& entry : characters->list) entries.push_back(entry.text);
  result = Dictionary::of(entries);
  return {};
}

/// Opens a dictionary and the recogniser that has its classes.
inline Error open_recogniser(const std::string& path, const std::string& dictionary_path,
                             Dictionary& dictionary, std::optional<TextNetwork>& result) {
  WidthOptions options = {.width = 95, .input = {kLineHeight, kLeastLineWidth}};
  if (auto error = read_dictionary(dictionary_path, dictionary)) return error;
  options.classes = dictionary.classes();
  return open_text_network(path, ocr_recognition, options, result);
}

}  // namespace opening

PPLCNET_INLINE Error open_line_reader(const std::string& recognition, const std::string& dictionary,
                                      std::optional<LineReader>& result) {
  return with_memory_for(recognition, [&]() -> Error {
    Dictionary characters;
    std::optional<TextNetwork> network;
    if (auto error = opening::open_recogniser(recognition, dictionary, characters, network))
      return error;
    result.emplace(std::move(*network), std::move(characters));
    return {};
  });
}

PPLCNET_INLINE Error open_text_reader(const TextFiles& files, const TextReaderOptions& options,
                                      std::optional<TextReader>& result) {
  return with_memory_for(files.recognition, [&]() -> Error {
    constexpr WidthOptions kDetector = {.width = 75, .input = {64, 64}};
    Dictionary dictionary;
    std::optional<TextNetwork> detection, recognition;
    if (auto error =
            opening::open_text_network(files.detection, ocr_detection, kDetector, detection))
      return error;
    if (auto error =
            opening::open_recogniser(files.recognition, files.dictionary, dictionary, recognition))
      return error;
    TextNetworks networks = {std::move(*detection), std::move(*recognition), std::move(dictionary)};
    if (!files.orientation.empty()) {
      std::optional<AnyClassifier> lines;
      if (auto error =
              AnyClassifier::open(files.orientation, lines, {.purpose = Purpose::orientation}))
        return error;
      const AnyNetwork* const floats = lines->network().floats();
      if (floats == nullptr)
        return Error::of(files.orientation,
                         ": its weights are int8; beside text networks it is needed in floats");
      networks.orientation = *floats;
      networks.orientation_preprocessing = lines->preprocessing();
    }
    return TextReader::make(std::move(networks), options, result);
  });
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_TEXT_FILES_HPP
