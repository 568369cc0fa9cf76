#ifndef PPLCNET_EXAMPLES_PYTHON_NETWORK_HPP
#define PPLCNET_EXAMPLES_PYTHON_NETWORK_HPP

#include <pybind11/numpy.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crews.hpp"
#include "errors.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/open_network.hpp"
#include "sources.hpp"

/// What Python notes while its interpreter is not held, such as Ctrl-C.
class Interruption {
 public:
  /// Returns whether a handler of Python, such as that of Ctrl-C, has raised an exception: it is
  /// asked from time to time.
  bool operator()();

 private:
  std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

/// Does `work(tool, i)`, which returns an Error, for each picture; other threads of Python go on
/// meanwhile. The first error becomes a Python exception; Ctrl-C is one.
template <class Tool, class Work>
void over(const Sources& sources, Crews<Tool>& crews, const Work& work) {
  std::vector<pplcnet::Error> errors(sources.size());
  {
    const pybind11::gil_scoped_release released;
    Interruption interruption;
    crews.for_each(errors, work, interruption);
  }
  if (PyErr_Occurred() != nullptr) throw pybind11::error_already_set();
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (errors[i]) throw_error(errors[i], sources[i].paths());
}

/// Returns what files hold with `open`, which returns an Error; other threads of Python go on
/// meanwhile.
template <class Tool, class Open>
Tool opened(const std::vector<std::string>& paths, int threads, const Open& open) {
  constexpr int kMost = pplcnet::AnyNetwork::kMostThreads;
  if (threads < 1 || threads > kMost)
    throw_error(pplcnet::Error::of("expected from 1 to ", kMost, " threads, found ", threads));
  std::optional<Tool> tool;
  pplcnet::Error error;
  {
    const pybind11::gil_scoped_release released;
    error = pplcnet::with_memory_for("weights", [&] { return open(tool); });
  }
  check(error, paths);
  return *std::move(tool);
}

/// What is known of a file of weights; what is empty is detected.
struct WeightOptions {
  std::string file, model, companion, part;
  pplcnet::Purpose purpose = pplcnet::Purpose::any;
  int threads = 1;

  /// Returns the options; a model that nobody knows is a Python exception.
  pplcnet::OpenOptions open_options() const;
  /// Returns the names of the files.
  std::vector<std::string> paths() const;
};

/// A network of any file for Python: a classifier, a backbone, or what gives pixels classes.
class Network {
 public:
  /// Sees pictures of the size `input`, whatever the file says, if one is given.
  Network(const WeightOptions& options, bool half_head, std::optional<pplcnet::Extent> input);
  /// Returns a network for orientation whose weights are part of the module.
  static std::unique_ptr<Network> built_in(bool lines, int threads);

  const pplcnet::AnyClassifier& tool() const { return crews_.tool(); }
  int threads() const { return crews_.threads(); }

  /// Returns the layer that a word stands for.
  int find_layer(const std::string& word) const;
  /// Returns [channels][height][width] of a layer's output.
  pybind11::tuple shape(int layer) const;
  /// Returns the names of stages, their layers and their strides, in order.
  pybind11::list stages() const;
  /// Returns how pictures become tensors, in timm's words: `interpolation`, `crop_pct`, and the
  /// `mean` and the `std` of each plane of pixels from 0 to 1.
  pybind11::dict preprocessing() const;

  /// Returns an array [pictures][channels][height][width] for each of the layers, which differ;
  /// without the first axis of one picture. Logits become probabilities.
  pybind11::list run(pybind11::handle pictures, const std::vector<int>& layers,
                     pybind11::handle format, bool probabilities);

  /// Returns the angle by which a picture is rotated clockwise, and its probability; of many a
  /// list.
  pybind11::object orient(pybind11::handle pictures, pybind11::handle format);

  /// Throws a Python exception if the network gives pixels no classes.
  void check_segments() const;
  /// Returns the class of each pixel, as an array [height][width]; of many pictures a list.
  pybind11::object segment(pybind11::handle pictures, pybind11::handle format);

 private:
  Network(pplcnet::AnyClassifier tool, int threads) : crews_(std::move(tool), threads) {}

  Crews<pplcnet::AnyClassifier> crews_;
};

/// Returns a list for many pictures, its only item for one.
template <class Items, class ToPython>
pybind11::object as_given(const Sources& sources, const Items& items, const ToPython& to_python) {
  if (sources.is_one()) return to_python(items[0]);
  pybind11::list list;
  for (const auto& item : items) list.append(to_python(item));
  return list;
}

#endif  // PPLCNET_EXAMPLES_PYTHON_NETWORK_HPP
