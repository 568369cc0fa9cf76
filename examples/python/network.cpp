#include "network.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "layer_word.hpp"
#include "orientation_reader.hpp"
#include "pplcnet/image/mask.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet_embedded/page_orientation.hpp"
#include "pplcnet_embedded/text_line_orientation.hpp"

namespace py = pybind11;
using pplcnet::AnyClassifier;
using pplcnet::Error;
using pplcnet::ImageView;

namespace {

Error too_narrow(const Source& source) {
  return Error::of(source.name, ": too narrow a picture to crop from");
}

/// The array of a layer, and where the output for a picture goes.
struct LayerOutput {
  std::size_t layer;
  py::array_t<float> array;
  float* first;
  std::size_t size;

  LayerOutput(const Sources& sources, const pplcnet::Shape& shape, std::size_t index)
      : layer(index),
        array(axes(sources, shape)),
        first(array.mutable_data()),
        size(static_cast<std::size_t>(shape.size())) {}

  std::span<float> of(std::size_t picture) const { return {first + picture * size, size}; }

 private:
  static std::vector<py::ssize_t> axes(const Sources& sources, const pplcnet::Shape& shape) {
    std::vector<py::ssize_t> result = {shape.channels, shape.height, shape.width};
    if (!sources.is_one()) result.insert(result.begin(), static_cast<py::ssize_t>(sources.size()));
    return result;
  }
};

/// Has a network see pictures of another size than it was opened for.
Error resize(AnyClassifier& tool, pplcnet::Extent input) {
  const int most = 8192;
  if (input.height < 1 || input.width < 1 || input.height > most || input.width > most)
    return Error::of(tool.name(), ": expected an input of 1 to ", most, " pixels a side, found ",
                     input.height, "x", input.width);
  const pplcnet::KnownModel* const model = pplcnet::find_model(tool.name());
  const int classes = tool.classes();
  const auto graph = std::make_unique<pplcnet::Graph>(model->adapted(
      {.input = input, .classes = classes > 0 ? std::optional(classes) : std::nullopt}));
  if (graph->fingerprint() != tool.network().traits().fingerprint)
    return Error::of(tool.name(),
                     ": differs from what was published, and so it has no other input");
  pplcnet::AnyNetwork* const network = tool.network().floats();
  if (network == nullptr) return Error::of(tool.name(), ": is quantised for pictures of one size");
  if (auto error = network->resize(*graph)) return error;
  // A crop is the same part of a picture as before.
  pplcnet::Preprocessing preprocessing = tool.preprocessing();
  preprocessing.resize_short = preprocessing.resize_short * std::min(input.height, input.width) /
                               std::min(preprocessing.height, preprocessing.width);
  preprocessing.height = input.height;
  preprocessing.width = input.width;
  tool.set_preprocessing(preprocessing);
  return {};
}

/// The classes of a picture's pixels.
struct Mask {
  std::vector<std::uint8_t> pixels;
  pplcnet::ImageSize size;
};

Error segment_picture(AnyClassifier& tool, const Source& source, ImageView image, Mask& mask) {
  const int result = tool.network().plan().outputs[0];
  const pplcnet::Shape shape = tool.network().layers()[static_cast<std::size_t>(result)].output;
  std::vector<float> scores, line(static_cast<std::size_t>(shape.width));
  if (!tool.run(image, result, scores)) return too_narrow(source);
  mask.size = image.size();
  mask.pixels.resize(static_cast<std::size_t>(image.width) *
                     static_cast<std::size_t>(image.height));
  pplcnet::argmax_rows({scores.data(), shape.channels, shape.height, shape.width}, image.size(), 0,
                       image.height, line, mask.pixels.data());
  return {};
}

bool is_cubic(pplcnet::Interpolation interpolation) {
  return interpolation == pplcnet::Interpolation::opencv_cubic ||
         interpolation == pplcnet::Interpolation::pillow_bicubic;
}

}  // namespace

bool Interruption::operator()() {
  constexpr std::chrono::milliseconds kSometimes{200};
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ < kSometimes) return false;
  asked_ = now;
  const py::gil_scoped_acquire held;
  return PyErr_CheckSignals() != 0;
}

pplcnet::OpenOptions WeightOptions::open_options() const {
  if (!model.empty() && pplcnet::find_model(model) == nullptr)
    throw_error(Error::of("no model is called ", pplcnet::quote(model), "; there are ",
                          pplcnet::model_names(false)));
  return {.model = model, .companion = companion, .part = part, .purpose = purpose};
}

std::vector<std::string> WeightOptions::paths() const {
  std::vector<std::string> paths = {file};
  if (!companion.empty()) paths.push_back(companion);
  return paths;
}

Network::Network(const WeightOptions& options, bool half_head, std::optional<pplcnet::Extent> input)
    : Network(opened<AnyClassifier>(
                  options.paths(), options.threads,
                  [&, known = options.open_options()](std::optional<AnyClassifier>& tool) {
                    if (auto error = AnyClassifier::open(options.file, tool, known)) return error;
                    if (input)
                      if (auto error = resize(*tool, *input)) return error;
                    const auto storage = tool->network().traits().storage;
                    return half_head && storage == pplcnet::Storage::single
                               ? tool->store_as(pplcnet::Storage::half_head, options.file)
                               : Error();
                  }),
              options.threads) {}

std::unique_ptr<Network> Network::built_in(bool lines, int threads) {
  const auto weights =
      lines ? pplcnet_embedded::text_line_orientation() : pplcnet_embedded::page_orientation();
  const auto open = [&](std::optional<AnyClassifier>& tool) -> Error {
    pplcnet::WeightFile file;
    if (auto error = pplcnet::WeightFile::open(weights, "built-in weights", file)) return error;
    return AnyClassifier::open(file, "", pplcnet::Purpose::orientation, tool);
  };
  return std::unique_ptr<Network>(new Network(opened<AnyClassifier>({}, threads, open), threads));
}

int Network::find_layer(const std::string& word) const {
  int layer = -1;
  check(::find_layer(tool(), word, layer));
  return layer;
}

py::tuple Network::shape(int layer) const {
  const auto layers = tool().network().layers();
  if (layer < 0 || static_cast<std::size_t>(layer) >= layers.size())
    throw py::index_error("no such layer");
  const pplcnet::Shape shape = layers[static_cast<std::size_t>(layer)].output;
  return py::make_tuple(shape.channels, shape.height, shape.width);
}

py::list Network::stages() const {
  const pplcnet::Plan& plan = tool().network().plan();
  py::list list;
  for (int i = 0; i < plan.stage_count; ++i) {
    int stride = 1;
    for (int layer = plan.stages[i]; layer >= 0; layer = plan.layers[layer].from)
      stride *= plan.layers[layer].stride.height;
    list.append(
        py::make_tuple(text_of(pplcnet::text_of(plan.stage_names[i])), plan.stages[i], stride));
  }
  return list;
}

py::dict Network::preprocessing() const {
  const pplcnet::Preprocessing& how = tool().preprocessing();
  const pplcnet::Normalisation& numbers = how.normalisation;
  const bool scales = numbers.formula != pplcnet::NormalisationFormula::timm;
  const double range = scales && numbers.scale != 1.0 / 255 ? 255 * numbers.scale : 1;
  py::list mean, deviation;
  for (std::size_t plane = 0; plane < numbers.mean.size(); ++plane) {
    mean.append(numbers.mean[plane] / range);
    deviation.append(numbers.deviation[plane] / range);
  }
  const bool is_whole = how.geometry == pplcnet::Geometry::direct;
  py::dict words;
  words["interpolation"] = is_cubic(how.interpolation) ? "bicubic" : "bilinear";
  words["crop_pct"] =
      is_whole ? 1 : std::min(how.height, how.width) / static_cast<double>(how.resize_short);
  words["mean"] = py::tuple(mean);
  words["std"] = py::tuple(deviation);
  return words;
}

py::list Network::run(py::handle pictures, const std::vector<int>& layers, py::handle format,
                      bool probabilities) {
  const pplcnet::EitherNetwork& network = tool().network();
  const Sources sources(pictures, format, network.input_shape());
  std::vector<LayerOutput> outputs;
  outputs.reserve(layers.size());
  for (const int layer : layers) {
    static_cast<void>(shape(layer));  // which there must be
    const auto index = static_cast<std::size_t>(layer);
    outputs.emplace_back(sources, network.layers()[index].output, index);
  }
  over(sources, crews_, [&](AnyClassifier& tool, std::size_t i) -> Error {
    std::vector<float*> destinations(tool.network().layers().size());
    for (const LayerOutput& output : outputs) destinations[output.layer] = output.of(i).data();
    if (const auto* tensor = std::get_if<pplcnet::Picture>(&sources[i].what)) {
      tool.network().run(*tensor, destinations);
    } else {
      const auto see = [&](ImageView image) {
        return tool.run(image, destinations) ? Error() : too_narrow(sources[i]);
      };
      if (auto error = sources[i].show(Picture::Options(), see)) return error;
    }
    if (probabilities)
      for (const LayerOutput& output : outputs) tool.to_probabilities(output.of(i));
    return {};
  });
  py::list arrays;
  for (const LayerOutput& output : outputs) arrays.append(output.array);
  return arrays;
}

py::object Network::orient(py::handle pictures, py::handle format) {
  std::vector<std::size_t> rotations;
  check(rotations_of(tool(), rotations));
  const Sources sources(pictures, format);
  std::vector<std::array<double, 4>> found(sources.size());
  over(sources, crews_, [&](AnyClassifier& tool, std::size_t i) {
    return sources[i].show(
        {.transparency = Picture::Transparency::on_contrast}, [&](ImageView image) {
          return OrientationReader(tool, rotations).read(image, found[i]) ? Error()
                                                                          : too_narrow(sources[i]);
        });
  });
  return as_given(sources, found, [](const std::array<double, 4>& probabilities) {
    const auto* const best = std::ranges::max_element(probabilities);
    return py::make_tuple(90 * (best - probabilities.begin()), *best);
  });
}

void Network::check_segments() const {
  const pplcnet::NetworkTraits& traits = tool().network().traits();
  constexpr int kMost = 255;
  if (traits.classes > 0 || traits.label_count < 1 || traits.label_count > kMost)
    throw_error(Error::of(tool().name(), ": gives pixels no classes"));
}

py::object Network::segment(py::handle pictures, py::handle format) {
  check_segments();
  const Sources sources(pictures, format);
  std::vector<Mask> masks(sources.size());
  over(sources, crews_, [&](AnyClassifier& tool, std::size_t i) {
    return sources[i].show(Picture::Options(), [&](ImageView image) {
      return segment_picture(tool, sources[i], image, masks[i]);
    });
  });
  return as_given(sources, masks, [](const Mask& mask) {
    return py::array_t<std::uint8_t>({mask.size.height, mask.size.width}, mask.pixels.data());
  });
}
