#include "page.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "canvas.hpp"
#include "heat_map.hpp"
#include "logistic.hpp"
#include "networks.hpp"
#include "new_head.hpp"
#include "picture.hpp"
#include "picture_format.hpp"
#include "pplcnet/weights/save.hpp"
#include "viewer.hpp"

namespace {

using pplcnet::Error;
using pplcnet::ImageView;

struct State {
  std::string message;
  Picture picture;
  std::array<std::optional<Viewer>, 3> viewers;
  std::optional<Canvas> drawn;
  std::vector<std::uint8_t> picture_pixels, heat_pixels;
  std::array<double, 4> rotations = {};
  std::vector<float> logits, probabilities, embedding;
  LogisticHead head;
  std::vector<std::byte> saved;
};

State& state() {
  static State one;
  return one;
}

Viewer& viewer(int network) { return *state().viewers[static_cast<std::size_t>(network)]; }

/// Keeps what is wrong, and returns whether all is well.
bool is_well(const Error& error) {
  if (error) state().message = error.message();
  return !error;
}

std::span<const std::byte> bytes_of(const std::uint8_t* file, std::size_t size) {
  return std::as_bytes(std::span(file, size));
}

const std::uint8_t* opaque(const Canvas& canvas, std::vector<std::uint8_t>& pixels) {
  pixels.clear();
  const std::vector<std::uint8_t>& drawn = canvas.pixels();
  for (std::size_t i = 0; i < drawn.size(); i += 3)
    pixels.insert(pixels.end(), {drawn[i], drawn[i + 1], drawn[i + 2], 255});
  return pixels.data();
}

HeatMap map_of_picture(Viewer& viewer, int class_id) {
  std::vector<float> maps;
  viewer.run(state().picture.view(), heat_layer(viewer.network()), maps);
  return heat_map(viewer.network(), class_id, maps);
}

/// Returns the map of a page: those of tiles that cover it, at the middle scale at which it is
/// read.
HeatMap map_of_tiles(Viewer& viewer, int class_id) {
  constexpr pplcnet::PageTiling kTiling;
  constexpr int kSide = kTiling.side;
  const ImageView page = state().picture.view();
  const double scale = static_cast<double>(kTiling.scales[1]) / std::max(page.width, page.height);
  const auto tiles = [&](int length) {
    return std::max(1, static_cast<int>(length * scale / kSide + 0.5));
  };
  const int across = tiles(page.width), down = tiles(page.height);
  const Canvas resized(page, across * kSide, down * kSide);
  HeatMap whole;
  std::vector<float> maps;
  for (int y = 0; y < down; ++y)
    for (int x = 0; x < across; ++x) {
      const ImageView tile(resized.pixels().data() + 3 * kSide * (y * kSide * across + x), kSide,
                           kSide, pplcnet::PixelFormat::rgb,
                           static_cast<std::size_t>(3 * kSide * across));
      viewer.run(tile, heat_layer(viewer.network()), maps);
      const HeatMap part = class_map(viewer.network(), class_id, maps);
      whole.rows = down * part.rows;
      whole.columns = across * part.columns;
      whole.values.resize(static_cast<std::size_t>(whole.rows * whole.columns));
      for (int row = 0; row < part.rows; ++row)
        std::copy_n(
            part.values.begin() + row * part.columns, part.columns,
            whole.values.begin() + (y * part.rows + row) * whole.columns + x * part.columns);
    }
  normalise(whole);
  return whole;
}

/// A file that stays in memory.
class SavedFile : public pplcnet::NewFile {
 public:
  SavedFile() : NewFile("classes.safetensors") {}
  Error write(std::span<const std::span<const std::byte>> pieces) override {
    for (const auto piece : pieces)
      state().saved.insert(state().saved.end(), piece.begin(), piece.end());
    return {};
  }
  Error publish() override { return {}; }
};

}  // namespace

std::uint8_t* reserve(std::size_t size) {
  constexpr std::size_t kLine = pplcnet::FileBytes::kAlignment;
  return static_cast<std::uint8_t*>(std::aligned_alloc(kLine, (size / kLine + 1) * kLine));
}
void release(std::uint8_t* memory) { std::free(memory); }

const char* message() { return state().message.c_str(); }

bool open_network(int network, const std::uint8_t* file, std::size_t size) {
  auto& opened = state().viewers[static_cast<std::size_t>(network)];
  constexpr std::string_view kName = "the weights of this page";
  return is_well(network == kPages
                     ? Viewer::open<PageNet, kNeeds>(bytes_of(file, size), kName, opened)
                     : Viewer::open<LineNet, kNeeds>(bytes_of(file, size), kName, opened));
}

bool open_picture(const std::uint8_t* file, std::size_t size, const char* name, bool on_contrast) {
  const auto transparency =
      on_contrast ? Picture::Transparency::on_contrast : Picture::Transparency::dropped;
  return is_well(
      Picture::decode(bytes_of(file, size), name, state().picture, {.transparency = transparency}));
}

bool is_of_another_format(const std::uint8_t* file, std::size_t size) {
  return decoding::picture_format(bytes_of(file, size)).format == decoding::Format::other;
}

int picture_width() { return state().picture.view().width; }
int picture_height() { return state().picture.view().height; }

const std::uint8_t* draw_picture(int width, int height) {
  const Canvas& canvas = state().drawn.emplace(state().picture.view(), width, height);
  return opaque(canvas, state().picture_pixels);
}

const std::uint8_t* draw_heat_map(int network, int class_id) {
  Viewer& one = viewer(network);
  const HeatMap map =
      network == kPages ? map_of_tiles(one, class_id) : map_of_picture(one, class_id);
  const Canvas& drawn = *state().drawn;
  const ImageView view(drawn.pixels().data(), drawn.width(), drawn.height(),
                       pplcnet::PixelFormat::rgb);
  return opaque(draw_heat(one.preprocessing(), view, map, view.size()), state().heat_pixels);
}

const double* orient(int network) {
  Viewer& one = viewer(network);
  std::vector<float> scores;
  const auto predict = [&](ImageView part) {
    one.probabilities(part, scores);
    return std::span<const float>(scores);
  };
  if (network == kLines) {
    const auto [upright, upside_down] = pplcnet::line_rotation(state().picture.view(), predict);
    state().rotations = {upright, 0, upside_down, 0};
  } else {
    state().rotations = pplcnet::page_rotation(state().picture.view(), predict);
  }
  return state().rotations.data();
}

const float* logits(int network) {
  Viewer& one = viewer(network);
  const int layer = one.network().traits().logits;
  return one.run(state().picture.view(), layer, state().logits) ? state().logits.data() : nullptr;
}

const float* probabilities(int network) {
  std::vector<float>& scores = state().probabilities;
  return viewer(network).probabilities(state().picture.view(), scores) ? scores.data() : nullptr;
}

int class_count(int network) { return viewer(network).network().classes(); }

const float* embedding() {
  Viewer& one = viewer(kPages);
  const int layer = one.network().traits().embedding;
  std::vector<float>& values = state().embedding;
  return one.run(state().picture.view(), layer, values) ? values.data() : nullptr;
}

int embedding_size() { return pplcnet::models::page_orientation::embedding_size; }

bool fit(const float* embeddings, const int* classes, int count, int classes_count) {
  const auto rows = static_cast<std::size_t>(count);
  const auto width = static_cast<std::size_t>(embedding_size());
  std::vector<std::vector<float>> examples;
  for (std::size_t i = 0; i < rows; ++i)
    examples.emplace_back(embeddings + i * width, embeddings + (i + 1) * width);
  state().head = fit_logistic(examples, {classes, classes + count}, classes_count);
  std::optional<pplcnet::AnyNetwork> network;
  if (!is_well(with_head(viewer(kPages).network(), state().head, network))) return false;
  state().viewers[kOwnClasses].emplace(std::move(*network), viewer(kPages).preprocessing());
  return true;
}

double fit_accuracy() { return state().head.accuracy; }

const std::uint8_t* save_classes(const char* labels) {
  const Viewer& own = viewer(kOwnClasses);
  pplcnet::ModelInfo info;
  info.preprocessing = own.preprocessing().name;
  for (int i = 0; i < own.network().classes(); ++i) {
    info.labels.emplace_back(labels);
    labels += info.labels.back().size() + 1;
  }
  state().saved.clear();
  SavedFile file;
  if (!is_well(pplcnet::save(file, own.network(), info, pplcnet::Storage::single))) return nullptr;
  return reinterpret_cast<const std::uint8_t*>(state().saved.data());
}

std::size_t saved_size() { return state().saved.size(); }
