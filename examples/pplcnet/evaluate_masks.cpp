#include "evaluate_masks.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "png.hpp"
#include "pplcnet/image/confusion_matrix.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/path.hpp"
#include "printable.hpp"
#include "segmentation.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::AnyClassifier;
using pplcnet::ConfusionMatrix;
using pplcnet::Error;

/// The class of each pixel of a picture, as it is and as it was taken for.
struct MaskPair {
  std::vector<std::uint8_t> truth, predicted;
};

struct MaskResult {
  ConfusionMatrix matrix;
  std::size_t pictures = 0;
  double rate = 0;  // pictures per second
  std::vector<std::string> unread;
};

/// How well a class was found.
struct ClassOfPixels {
  std::int64_t pixels = 0, named = 0, right = 0;
  std::optional<double> iou;

  static double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
  double recall() const { return share(right, pixels); }
  double precision() const { return share(right, named); }
};

ClassOfPixels class_of_pixels(const ConfusionMatrix& matrix, int class_id, int classes) {
  ClassOfPixels result;
  for (int other = 0; other < classes; ++other) {
    result.pixels += matrix.count(class_id, other);
    result.named += matrix.count(other, class_id);
  }
  result.right = matrix.count(class_id, class_id);
  result.iou = matrix.iou(class_id);
  return result;
}

int classes_of(const AnyClassifier& network) { return network.network().traits().label_count; }

void print(const MaskResult& result, const AnyClassifier& network) {
  std::printf("pictures: %zu\n", result.pictures);
  if (!result.unread.empty()) std::printf("not read: %zu\n", result.unread.size());
  if (const auto mean = result.matrix.mean_iou()) std::printf("mIoU: %.3f %%\n", 100 * *mean);
  if (const auto share = result.matrix.accuracy())
    std::printf("pixel accuracy: %.3f %%\n", 100 * *share);
  std::printf("pictures per second: %.1f\n\n", result.rate);
  std::printf("%-24s %12s %9s %9s %10s\n", "class", "pixels", "IoU", "recall", "precision");
  for (int id = 0; id < classes_of(network); ++id) {
    const ClassOfPixels one = class_of_pixels(result.matrix, id, classes_of(network));
    if (!one.iou) continue;
    std::printf("%-24s %12lld %8.2f%% %8.2f%% %9.2f%%\n", printable(network.label(id)).c_str(),
                static_cast<long long>(one.pixels), 100 * *one.iou, 100 * one.recall(),
                100 * one.precision());
  }
}

Json to_json(const MaskResult& result, const AnyClassifier& network) {
  Json classes = Json::array(), not_read = Json::array();
  for (int id = 0; id < classes_of(network); ++id) {
    const ClassOfPixels one = class_of_pixels(result.matrix, id, classes_of(network));
    Json entry = Json::object({{"label", network.label(id)}, {"pixels", one.pixels}});
    if (one.iou) entry.add("iou", *one.iou);
    entry.add("recall", one.recall());
    entry.add("precision", one.precision());
    classes.add(std::move(entry));
  }
  for (const std::string& path : result.unread) {
    Json entry = Json::object();
    entry.add_file(path);
    not_read.add(std::move(entry));
  }
  Json json = Json::object({{"pictures", result.pictures}});
  if (const auto mean = result.matrix.mean_iou()) json.add("miou", *mean);
  if (const auto share = result.matrix.accuracy()) json.add("accuracy", *share);
  json.add("pictures_per_second", result.rate);
  json.add("classes", std::move(classes));
  json.add("not_read", std::move(not_read));
  return json;
}

/// Returns the path of the mask of a picture: in the same place of its folder.
std::string mask_of(const std::string& picture, const std::string& folder,
                    const std::string& masks) {
  const fs::path place = pplcnet::path_of(picture).lexically_relative(pplcnet::path_of(folder));
  return pplcnet::name_of((pplcnet::path_of(masks) / place).replace_extension(".png"));
}

Error read_mask(const std::string& path, pplcnet::ImageSize size, std::vector<std::uint8_t>& mask) {
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(path, file)) return error;
  pplcnet::ImageSize found;
  if (auto error = decode_png_numbers(std::as_const(file).bytes(), found, mask))
    return Error::of(path, ": ", error.message());
  if (found == size) return {};
  return Error::of(path, ": has ", found.width, "x", found.height, " pixels, the picture has ",
                   size.width, "x", size.height);
}

Outcome<MaskPair> segment_one(AnyClassifier& network, const std::string& picture,
                              const std::string& mask) {
  Outcome<MaskPair> outcome;
  outcome.error = see_picture(picture, [&](pplcnet::ImageView image) -> Error {
    if (auto error = read_mask(mask, image.size(), outcome.value.truth)) return error;
    return segment(network, picture, image, outcome.value.predicted);
  });
  return outcome;
}

}  // namespace

int evaluate_masks(const NetworkOptions& options, const std::string& masks,
                   const std::string& folder, int threads, bool json) {
  std::optional<AnyClassifier> network;
  if (report(open_segmenter(options, network))) return 1;
  bool complete = true;
  const std::vector<std::string> pictures = pictures_in(folder, complete);
  if (pictures.empty()) return complete ? fail(Error::of(folder, ": has no pictures")) : 1;

  MaskResult result = {.matrix = ConfusionMatrix(classes_of(*network)), .unread = {}};
  std::set<std::string> seen;
  const auto begin = std::chrono::steady_clock::now();
  const bool good = over_pictures(
      *network, threads, pictures.size(), one_by_one(pictures),
      [&](AnyClassifier& own, const std::string& picture) {
        return segment_one(own, picture, mask_of(picture, folder, masks));
      },
      [&](const std::string& picture, auto& outcome) {
        if (auto error = result.matrix.add(outcome.value.truth, outcome.value.predicted))
          outcome.error = Error::of(mask_of(picture, folder, masks), ": ", error.message());
        else
          seen.insert(picture);
        return true;
      });
  if (interruption::happened()) return interruption::exit_status();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.pictures = seen.size();
  result.rate = static_cast<double>(seen.size()) / std::max(seconds, 1e-9);
  for (const std::string& picture : pictures)
    if (!seen.contains(picture)) result.unread.push_back(picture);
  if (json)
    std::printf("%s\n", to_json(result, *network).text(1).c_str());
  else
    print(result, *network);
  return good && complete ? 0 : 1;
}
