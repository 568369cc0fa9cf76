// The part of the Python package that is compiled: pplcnet._pplcnet. What people call is in
// pplcnet/, with its types and its documentation.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "finders.hpp"
#include "network.hpp"
#include "picture_name.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/version.hpp"
#include "pplcnet/weights/file.hpp"
#include "sources.hpp"

namespace py = pybind11;
using py::literals::operator""_a;

namespace {

template <class Tool>
py::list labels_of(const Tool& tool) {
  py::list list;
  for (const std::string& label : tool.labels()) list.append(text_of(label));
  return list;
}

pplcnet::Purpose purpose_of(const std::string& name) {
  if (name == "any") return pplcnet::Purpose::any;
  if (name == "classes") return pplcnet::Purpose::classes;
  if (name == "orientation") return pplcnet::Purpose::orientation;
  throw_error(pplcnet::Error::of("expected the purpose classes or orientation, found ",
                                 pplcnet::quote(name)));
}

/// Returns the labels of a file, of which there must be so many.
std::vector<py::str> labels_in(py::handle name, int count) {
  const std::string path = path_of(name);
  std::vector<std::string> labels;
  pplcnet::FileBytes file;
  check(pplcnet::read_file(path, file), {path});
  const auto bytes = std::as_const(file).bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  check(pplcnet::parse_labels(text, path, count, labels));
  std::vector<py::str> result;
  for (const std::string& label : labels) result.push_back(text_of(label));
  return result;
}

/// Returns a decoded picture [height][width][3], red first.
py::array_t<std::uint8_t> read_picture(py::handle file) {
  const Sources sources(file, py::str("rgb"));
  py::array_t<std::uint8_t> pixels;
  if (!sources.is_one()) throw py::type_error("expected one picture, found a list");
  check(sources[0].show(
            Picture::Options(),
            [&](pplcnet::ImageView image) {
              pixels = py::array_t<std::uint8_t>({image.height, image.width, 3});
              pplcnet::copy_window(image, {0, 0, image.width, image.height}, pixels.mutable_data());
              return pplcnet::Error();
            }),
        sources[0].paths());
  return pixels;
}

/// Returns the most probable classes, and their probabilities.
py::tuple top_k(const py::array_t<float, py::array::c_style | py::array::forcecast>& scores,
                std::size_t count) {
  const auto size = static_cast<std::size_t>(scores.size());
  std::vector<pplcnet::Prediction> best(std::min(count, size));
  pplcnet::top_k({scores.data(), size}, best);
  py::list class_ids, probabilities;
  for (const auto& [class_id, score] : best) {
    class_ids.append(class_id);
    probabilities.append(score);
  }
  return py::make_tuple(class_ids, probabilities);
}

void add_network(py::module_& module) {
  py::class_<Network>(module, "Network")
      .def(py::init([](py::handle file, const std::string& model, py::handle companion,
                       const std::string& part, const std::string& purpose, bool half_head,
                       int threads, std::optional<std::pair<int, int>> input) {
             using Input = std::optional<pplcnet::Extent>;
             return std::make_unique<Network>(
                 WeightOptions{path_of(file), model, path_of(companion), part, purpose_of(purpose),
                               threads},
                 half_head, input ? Input({input->first, input->second}) : Input());
           }),
           "file"_a, "model"_a, "companion"_a, "part"_a, "purpose"_a, "half_head"_a, "threads"_a,
           "input"_a)
      .def_static("built_in", &Network::built_in, "lines"_a, "threads"_a)
      .def_property_readonly("name",
                             [](const Network& network) { return text_of(network.tool().name()); })
      .def_property_readonly("classes",
                             [](const Network& network) { return network.tool().classes(); })
      .def_property_readonly(
          "label_count",
          [](const Network& network) { return network.tool().network().traits().label_count; })
      .def_property_readonly("labels",
                             [](const Network& network) { return labels_of(network.tool()); })
      .def_property_readonly("input_shape",
                             [](const Network& network) {
                               const auto shape = network.tool().network().input_shape();
                               return py::make_tuple(shape.channels, shape.height, shape.width);
                             })
      .def_property_readonly("threads", &Network::threads)
      .def_property_readonly("stages", &Network::stages)
      .def_property_readonly("preprocessing", &Network::preprocessing)
      .def("find_layer", &Network::find_layer, "word"_a)
      .def("shape", &Network::shape, "layer"_a)
      .def("run", &Network::run, "pictures"_a, "layers"_a, "format"_a, "probabilities"_a)
      .def("orient", &Network::orient, "pictures"_a, "format"_a)
      .def("check_segments", &Network::check_segments)
      .def("segment", &Network::segment, "pictures"_a, "format"_a);
}

void add_finders(py::module_& module) {
  py::class_<Detector>(module, "Detector")
      .def(py::init([](py::handle file, const std::string& model, const std::string& part,
                       float threshold, float overlap, int most, int threads) {
             return std::make_unique<Detector>(
                 WeightOptions{path_of(file), model, "", part, pplcnet::Purpose::objects, threads},
                 threshold, overlap, most);
           }),
           "file"_a, "model"_a, "part"_a, "threshold"_a, "overlap"_a, "most"_a, "threads"_a)
      .def_property_readonly(
          "name", [](const Detector& detector) { return text_of(detector.tool().name()); })
      .def_property_readonly("classes",
                             [](const Detector& detector) { return detector.tool().classes(); })
      .def_property_readonly("labels",
                             [](const Detector& detector) { return labels_of(detector.tool()); })
      .def("detect", &Detector::detect, "pictures"_a, "format"_a);
  py::class_<TextReader>(module, "TextReader")
      .def(py::init([](py::handle detection, py::handle recognition, py::handle dictionary,
                       py::handle orientation, float threshold, int longest_side, int threads) {
             return std::make_unique<TextReader>(
                 pplcnet::TextFiles{path_of(detection), path_of(recognition), path_of(dictionary),
                                    path_of(orientation)},
                 threshold, longest_side, threads);
           }),
           "detection"_a, "recognition"_a, "dictionary"_a, "orientation"_a, "threshold"_a,
           "longest_side"_a, "threads"_a)
      .def("read", &TextReader::read, "pictures"_a, "format"_a);
}

}  // namespace

// NOLINTNEXTLINE: the macro is pybind11's.
PYBIND11_MODULE(_pplcnet, module) {
  module.attr("__version__") = PPLCNET_VERSION_STRING;
  module.def("read_picture", &read_picture, "file"_a);
  module.def(
      "looks_like_picture", [](py::handle name) { return looks_like_picture(path_of(name)); },
      "name"_a);
  module.def("labels_in", &labels_in, "name"_a, "count"_a);
  module.def("top_k", &top_k, "scores"_a, "count"_a);
  add_network(module);
  add_finders(module);
}
