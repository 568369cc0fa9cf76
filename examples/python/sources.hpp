#ifndef PPLCNET_EXAMPLES_PYTHON_SOURCES_HPP
#define PPLCNET_EXAMPLES_PYTHON_SOURCES_HPP

#include <pybind11/numpy.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "picture.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/weights/error.hpp"

/// The name of a file with a picture.
struct PictureFile {
  std::string path;
};

/// A picture in the form in which it comes: pixels or a tensor in an array, read where they lie, a
/// file, or the bytes of one.
struct Source {
  std::string name;  ///< for messages
  std::variant<pplcnet::ImageView, pplcnet::Picture, PictureFile, std::span<const std::byte>> what;

  /// Returns the path of the file; none if it is none.
  std::vector<std::string> paths() const;

  /// Returns the Error of `see(view)`, or why there are no pixels to see.
  template <class See>
  pplcnet::Error show(const Picture::Options& options, const See& see) const {
    if (const auto* view = std::get_if<pplcnet::ImageView>(&what)) return see(*view);
    Picture picture;
    if (auto error = decode(options, picture)) return error;
    return see(picture.view());
  }

 private:
  pplcnet::Error decode(const Picture::Options& options, Picture& picture) const;
};

/// The pictures of a call. Arrays stay where they are, and are kept alive.
class Sources {
 public:
  /// Takes what Python gives: one picture, an array of many, or a list. `format` names that of
  /// uint8 arrays; `tensor` the shape of float32 arrays, if there may be such. What cannot be taken
  /// is a Python exception.
  Sources(pybind11::handle pictures, pybind11::handle format,
          std::optional<pplcnet::Shape> tensor = {});

  std::size_t size() const { return all_.size(); }
  const Source& operator[](std::size_t i) const { return all_[i]; }
  /// Returns whether it was one picture, not a list of one.
  bool is_one() const { return is_one_; }

 private:
  void add(pybind11::handle picture, bool may_be_many);
  void add_array(const pybind11::array& array, bool may_be_many);
  void add_pixels(const pybind11::array& array, bool may_be_many);
  void add_tensors(const pybind11::array& array, bool may_be_many);
  /// Returns how many pictures an array has whose pictures have so many axes; -1: it has no such.
  pybind11::ssize_t count(const pybind11::array& array, pybind11::ssize_t axes, bool may_be_many);
  std::string next_name() const;

  std::string format_name_;
  pplcnet::PixelFormat format_;
  std::optional<pplcnet::Shape> tensor_;
  std::vector<Source> all_;
  std::vector<pybind11::object> owners_;
  bool is_one_ = true;
};

#endif  // PPLCNET_EXAMPLES_PYTHON_SOURCES_HPP
