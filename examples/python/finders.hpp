#ifndef PPLCNET_EXAMPLES_PYTHON_FINDERS_HPP
#define PPLCNET_EXAMPLES_PYTHON_FINDERS_HPP

#include <pybind11/pybind11.h>

#include <string>

#include "crews.hpp"
#include "network.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "pplcnet/open/text_files.hpp"

/// What finds objects, for Python.
class Detector {
 public:
  Detector(const WeightOptions& options, float threshold, float overlap, int most);

  const pplcnet::AnyDetector& tool() const { return crews_.tool(); }

  /// Returns for each object its class, its score and the corners of its box, the best first; of
  /// many pictures a list.
  pybind11::object detect(pybind11::handle pictures, pybind11::handle format);

 private:
  float threshold_;
  Crews<pplcnet::AnyDetector> crews_;
};

/// What reads text, for Python.
class TextReader {
 public:
  TextReader(const pplcnet::TextFiles& files, float threshold, int longest_side, int threads);

  /// Returns for each line its text, its score, the corners of its box and whether it is upside
  /// down; of many pictures a list.
  pybind11::object read(pybind11::handle pictures, pybind11::handle format);

 private:
  Crews<pplcnet::TextReader> crews_;
};

#endif  // PPLCNET_EXAMPLES_PYTHON_FINDERS_HPP
