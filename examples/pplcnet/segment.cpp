// pplcnet segment: the class of each pixel of pictures.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "drawn_mask.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "png.hpp"
#include "png_folder.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "printable.hpp"
#include "segmentation.hpp"
#include "standard_streams.hpp"

namespace {

using pplcnet::AnyClassifier;
using pplcnet::Error;

struct SegmentArguments {
  NetworkOptions network;
  std::string draw, masks;
  int threads = 1;
  bool json = false;
  std::vector<std::string> pictures;
};

/// What is in a picture, the largest first, and PNG files of it where they are requested.
struct FoundMask {
  pplcnet::ImageSize size;
  std::vector<MaskShare> shares;
  std::string drawn, mask;
};

std::vector<MaskShare> mask_shares(const std::vector<std::uint8_t>& mask,
                                   const AnyClassifier& network) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(network.network().traits().label_count));
  for (const std::uint8_t class_id : mask) ++counts[class_id];
  std::vector<MaskShare> shares;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      shares.push_back({static_cast<int>(i), network.label(static_cast<int>(i)),
                        static_cast<double>(counts[i]) / static_cast<double>(mask.size())});
  std::ranges::stable_sort(shares, std::greater<>(), &MaskShare::share);
  return shares;
}

Error segment_picture(const SegmentArguments& arguments, AnyClassifier& network,
                      const std::string& path, FoundMask& found) {
  return see_picture(path, [&](pplcnet::ImageView image) -> Error {
    std::vector<std::uint8_t> mask;
    if (auto error = segment(network, path, image, mask)) return error;
    found.size = image.size();
    found.shares = mask_shares(mask, network);
    if (!arguments.draw.empty()) found.drawn = drawn_mask_png(image, mask, found.shares);
    if (!arguments.masks.empty()) found.mask = encode_png(mask, image.width, image.height, 1);
    return {};
  });
}

void print(bool json, const std::string& path, const FoundMask& found) {
  if (!json) {
    std::printf("%s:", printable(path).c_str());
    for (const MaskShare& one : found.shares)
      std::printf("%s %s %.1f %%", &one == found.shares.data() ? "" : ",",
                  printable(one.label).c_str(), 100 * one.share);
    std::printf("\n");
    return;
  }
  Json list = Json::array();
  for (const auto& [class_id, label, share] : found.shares)
    list.add(Json::object({{"class_id", class_id}, {"label", label}, {"share", share}}));
  Json line = Json::object();
  line.add_file(path);
  line.add("width", found.size.width);
  line.add("height", found.size.height);
  line.add("classes", std::move(list));
  std::printf("%s\n", line.text().c_str());
}

int run(const SegmentArguments& arguments) {
  std::optional<AnyClassifier> network;
  if (report(open_segmenter(arguments.network, network))) return 1;
  PngFolder drawn, masks;
  if (report(PngFolder::open(arguments.draw, drawn))) return 1;
  if (report(PngFolder::open(arguments.masks, masks))) return 1;
  PictureNames names(arguments.pictures);
  const bool good = over_pictures(
      *network, arguments.threads, names.count(), [&] { return names.next(); },
      [&](AnyClassifier& own, const std::string& path) {
        Outcome<FoundMask> outcome;
        outcome.error = segment_picture(arguments, own, path, outcome.value);
        return outcome;
      },
      [&](const std::string& path, auto& outcome) {
        if (drawn.is_open()) outcome.error = drawn.write(path, outcome.value.drawn);
        if (masks.is_open() && !outcome.error)
          outcome.error = masks.write(path, outcome.value.mask);
        if (outcome.error) return true;
        print(arguments.json, path, outcome.value);
        return flush_output();
      });
  if (interruption::happened()) return interruption::exit_status();
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_segment(CommandLine& program) {
  const auto arguments = std::make_shared<SegmentArguments>();
  const Command command =
      program.add("segment", "The class of each pixel of pictures: one line for each, in order");
  command.footer(
      "A line has the classes of a picture and how much of it they are. Scores are resized to the "
      "picture's size, and the highest is taken, as PaddleSeg does."
      "\n\nExample: pplcnet segment --weights deeplabv3p.safetensors --draw drawn street.jpg"
      "\n\nExit status: 0; 1 if a picture could not be read, each of which is named; 2: usage "
      "error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  command.add("--draw", arguments->draw,
              "A folder for the pictures under the colours of their classes, with a legend");
  command.add("--masks", arguments->masks,
              "A folder for PNG files whose grey pixels are the numbers of classes");
  add_threads(command, arguments->threads);
  command.add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
