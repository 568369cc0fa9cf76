// Writes a network in bytes as ONNX, made of real weights and parts of real pictures, with its
// logits for other parts of them, for runtime.js:
//
//   onnx_classes FOLDER NAME WEIGHTS COUNT PICTURE...
//
// Pictures that cannot be read are named and left out.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "picture.hpp"
#include "picture_views.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/onnx/save.hpp"
#include "pplcnet/quantise/quantise_network.hpp"
#include "pplcnet/weights/file.hpp"
#include "synthetic.hpp"

namespace {

void succeed(const pplcnet::Error& error) {
  if (!error) return;
  std::fprintf(stderr, "%s\n", error.message());
  std::exit(1);
}

/// Returns a part of a picture, as wide for its height as `input`, more or less: number `i` of a
/// stream.
pplcnet::ImageView part_of(pplcnet::ImageView image, pplcnet::Extent input, std::uint64_t i) {
  const pplcnet_test::Stream stream("parts of pictures");
  const auto share = [&](std::uint64_t k) { return (stream.u(4 * i + k) + 1) / 2; };
  const double aspect = std::exp2(share(0) - 0.5) * input.width / input.height;
  const double most = std::min<double>(image.height, image.width / aspect);
  const double height = (0.2 + 0.8 * share(1)) * most;
  const int rows = std::max(1, static_cast<int>(height));
  const int columns = std::clamp(static_cast<int>(height * aspect), 1, image.width);
  const int left = static_cast<int>(share(2) * (image.width - columns + 1));
  const int top = static_cast<int>(share(3) * (image.height - rows + 1));
  return {image.pixel(left, top), columns, rows, image.layout, image.row_bytes};
}

/// A network in floats, and what it sees of pictures.
class Network {
 public:
  explicit Network(pplcnet::OpenedNetwork opened)
      : opened_(std::move(opened)),
        views_(floats().traits(), opened_.labels),
        tables_(pplcnet::normalisation_tables(opened_.preprocessing.normalisation)) {}

  pplcnet::AnyNetwork& floats() { return opened_.network; }
  const std::array<pplcnet::ByteTable, pplcnet::kImageChannels>& tables() const { return tables_; }

  /// Calls `see` with each view of a part of a picture, while it returns true: planar values.
  template <class See>
  void for_each(pplcnet::ImageView part, const See& see) {
    views_.for_each(part, [&](pplcnet::ImageView view) {
      return !pplcnet::resize_and_crop(opened_.preprocessing, view, scratch_) || see(values());
    });
  }

 private:
  std::span<const float> values() {
    const bool is_bgr = opened_.preprocessing.channel_order == pplcnet::ChannelOrder::bgr;
    const std::size_t pixels = scratch_.pixels.size() / pplcnet::kImageChannels;
    values_.resize(scratch_.pixels.size());
    for (std::size_t i = 0; i < scratch_.pixels.size(); ++i) {
      const std::size_t colour = i % pplcnet::kImageChannels;
      const std::size_t channel = is_bgr ? pplcnet::kImageChannels - 1 - colour : colour;
      values_[channel * pixels + i / pplcnet::kImageChannels] =
          tables_[channel][scratch_.pixels[i]];
    }
    return values_;
  }

  pplcnet::OpenedNetwork opened_;
  PictureViews views_;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables_;
  pplcnet::PreprocessScratch scratch_;
  std::vector<float> values_;
};

/// What networks see: some of it is calibrated with, other is for tests.
struct Seen {
  std::vector<std::vector<float>> calibrated, tested;
};

Seen see(Network& network, const std::vector<Picture>& pictures, std::size_t count) {
  constexpr std::uint64_t kFold = 4;  // one in so many is calibrated with
  Seen seen;
  for (std::uint64_t i = 0; seen.tested.size() < count; ++i) {
    const std::uint64_t round = i / pictures.size();
    const pplcnet::ImageView whole = pictures[i % pictures.size()].view();
    auto& views = (i + round) % kFold == 0 ? seen.calibrated : seen.tested;
    const auto keep = [&](std::span<const float> view) {
      views.emplace_back(view.begin(), view.end());
      return seen.tested.size() < count;
    };
    network.for_each(round == 0 ? whole : part_of(whole, network.floats().traits().input, i), keep);
  }
  return seen;
}

pplcnet::QuantisedModel quantise(Network& network, const Seen& seen) {
  pplcnet::AnyNetwork& floats = network.floats();
  pplcnet::Calibration calibration(floats.layers());
  for (const std::vector<float>& view : seen.calibrated) {
    pplcnet::LayerOutputs outputs(floats.layers());
    floats.run(pplcnet::Picture::planar(view.data(), floats.input_shape()), outputs.destinations());
    calibration.add(outputs);
  }
  pplcnet::ChannelRanges ranges;
  pplcnet::QuantisedModel model;
  succeed(calibration.choose({}, ranges));
  succeed(pplcnet::quantise(floats.plan(), floats.weights(), network.tables(), ranges, model));
  return model;
}

void write(const std::string& path, const std::vector<float>& values) {
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(values))};
  succeed(pplcnet::write_file(path, pieces));
}

void write(const std::string& path, Network& network, const Seen& seen) {
  const pplcnet::QuantisedModel model = quantise(network, seen);
  const pplcnet::AnyNetwork& floats = network.floats();
  succeed(pplcnet::save_quantised_onnx(path + ".onnx", model, floats.plan()));
  std::optional<pplcnet::AnyQuantisedNetwork> bytes;
  succeed(pplcnet::AnyQuantisedNetwork::make(floats.graph(), model, 1, bytes));
  std::vector<float> pictures, values;
  std::vector<float> logits(static_cast<std::size_t>(floats.classes()));
  for (const std::vector<float>& view : seen.tested) {
    pictures.insert(pictures.end(), view.begin(), view.end());
    bytes->run(pplcnet::Picture::planar(view.data(), floats.input_shape()), floats.traits().logits,
               logits);
    values.insert(values.end(), logits.begin(), logits.end());
  }
  write(path + ".x.f32", pictures);
  write(path + ".y.f32", values);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::string folder = argv[1], name = argv[2];
  std::optional<pplcnet::OpenedNetwork> opened;
  succeed(pplcnet::open_network(argv[3], opened));
  std::vector<Picture> pictures;
  for (const char* path : std::span(argv, static_cast<std::size_t>(argc)).subspan(5)) {
    Picture picture;
    if (const auto error = Picture::read(path, picture))
      std::fprintf(stderr, "%s\n", error.message());
    else
      pictures.push_back(std::move(picture));
  }
  if (pictures.empty()) return 1;
  Network network(*std::move(opened));
  const Seen seen = see(network, pictures, static_cast<std::size_t>(std::atoi(argv[4])));
  write(folder + "/" + name, network, seen);
  const pplcnet::Shape input = network.floats().input_shape();
  std::printf("%s %d %d %zu classes\n", name.c_str(), input.height, input.width,
              seen.tested.size());
}
