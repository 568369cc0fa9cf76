#include "sources.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "errors.hpp"

namespace py = pybind11;
using pplcnet::Error;
using pplcnet::PixelFormat;

namespace {

PixelFormat format_of(const std::string& name) {
  constexpr std::pair<std::string_view, PixelFormat> kFormats[] = {{"rgb", PixelFormat::rgb},
                                                                   {"bgr", PixelFormat::bgr},
                                                                   {"rgba", PixelFormat::rgba},
                                                                   {"bgra", PixelFormat::bgra},
                                                                   {"grey", PixelFormat::grey}};
  for (const auto& [known, format] : kFormats)
    if (name == known) return format;
  throw_error(
      Error::of("expected the format rgb, bgr, rgba, bgra or grey, found ", pplcnet::quote(name)));
}

std::string text_of_format(py::handle format) {
  if (!py::isinstance<py::str>(format)) throw_type_error("a format of str", format);
  return py::str(format);
}

std::string shape_text(const py::array& array) { return py::str(array.attr("shape")); }

bool is_name(py::handle object) {
  return py::isinstance<py::str>(object) || py::hasattr(object, "__fspath__");
}

}  // namespace

std::vector<std::string> Source::paths() const {
  const auto* file = std::get_if<PictureFile>(&what);
  return file != nullptr ? std::vector{file->path} : std::vector<std::string>();
}

Error Source::decode(const Picture::Options& options, Picture& picture) const {
  if (const auto* file = std::get_if<PictureFile>(&what))
    return Picture::read(file->path, picture, options);
  if (const auto* bytes = std::get_if<std::span<const std::byte>>(&what))
    return Picture::decode(*bytes, name, picture, options);
  return Error::of(name, ": is a tensor, expected a picture");
}

Sources::Sources(py::handle pictures, py::handle format, std::optional<pplcnet::Shape> tensor)
    : format_name_(text_of_format(format)), format_(format_of(format_name_)), tensor_(tensor) {
  if (!py::isinstance<py::list>(pictures) && !py::isinstance<py::tuple>(pictures)) {
    add(pictures, /*may_be_many=*/true);
    return;
  }
  is_one_ = false;
  const auto list = py::reinterpret_borrow<py::sequence>(pictures);
  all_.reserve(list.size());
  for (const py::handle picture : list) add(picture, /*may_be_many=*/false);
}

void Sources::add(py::handle picture, bool may_be_many) {
  if (py::isinstance<py::array>(picture)) {
    add_array(py::reinterpret_borrow<py::array>(picture), may_be_many);
  } else if (py::isinstance<py::bytes>(picture)) {
    const std::string_view text = py::reinterpret_borrow<py::bytes>(picture);
    all_.push_back({next_name(), std::as_bytes(std::span(text))});
  } else if (PyByteArray_Check(picture.ptr()) || PyMemoryView_Check(picture.ptr())) {
    return add(py::reinterpret_steal<py::bytes>(PyBytes_FromObject(picture.ptr())), may_be_many);
  } else if (is_name(picture)) {
    const std::string path = path_of(picture);
    all_.push_back({path, PictureFile{path}});
  } else {
    throw_type_error("a picture as an array of numpy, the name of a file or its bytes", picture);
  }
  owners_.push_back(py::reinterpret_borrow<py::object>(picture));
}

void Sources::add_array(const py::array& array, bool may_be_many) {
  if (py::isinstance<py::array_t<std::uint8_t>>(array)) return add_pixels(array, may_be_many);
  if (tensor_ && py::isinstance<py::array_t<float>>(array)) return add_tensors(array, may_be_many);
  throw_error(Error::of(next_name(), ": expected an array of uint8",
                        tensor_ ? ", or of float32 that is normalised" : "", ", found ",
                        std::string(py::str(array.dtype()))));
}

void Sources::add_pixels(const py::array& array, bool may_be_many) {
  // A picture with two axes is grey whatever the format.
  const pplcnet::PixelLayout layout = layout_of(format_);
  const py::ssize_t axes = format_ == PixelFormat::grey || array.ndim() == 2 ? 2 : 3;
  const py::ssize_t many = count(array, axes, may_be_many), first = array.ndim() - axes;
  if (many < 0 || (axes == 3 && array.shape(first + 2) != layout.bytes))
    throw_error(Error::of(next_name(), ": expected [height][width]", axes == 3 ? "[channels]" : "",
                          " of format ", format_name_, may_be_many ? ", or many of them" : "",
                          ", found the shape ", shape_text(array)));
  const py::ssize_t height = array.shape(first), width = array.shape(first + 1);
  constexpr py::ssize_t kMost = std::numeric_limits<int>::max();
  if (many > 0 && (height < 1 || width < 1 || height > kMost || width > kMost))
    throw_error(Error::of(next_name(), ": has no pixels that can be seen, by the shape ",
                          shape_text(array)));
  const py::ssize_t channel = axes == 3 ? array.strides(first + 2) : 0;
  const pplcnet::PixelLayout strided = {array.strides(first + 1), layout.red * channel,
                                        layout.green * channel, layout.blue * channel};
  const auto* const pixels = static_cast<const std::uint8_t*>(array.data());
  for (py::ssize_t i = 0; i < many; ++i)
    all_.push_back(
        {next_name(), pplcnet::ImageView(pixels + (first == 1 ? i * array.strides(0) : 0),
                                         static_cast<int>(width), static_cast<int>(height), strided,
                                         array.strides(first))});
}

void Sources::add_tensors(const py::array& array, bool may_be_many) {
  const std::array<py::ssize_t, 3> expected = {tensor_->channels, tensor_->height, tensor_->width};
  const py::ssize_t many = count(array, 3, may_be_many), first = array.ndim() - 3;
  bool fits = many >= 0;
  for (py::ssize_t i = 0; fits && i < 3; ++i)
    fits = array.shape(first + i) == expected[static_cast<std::size_t>(i)];
  if (!fits)
    throw_error(Error::of(next_name(), ": expected float32 that is normalised [", expected[0], "][",
                          expected[1], "][", expected[2], "]",
                          may_be_many ? ", or many of them," : "",
                          " or pixels of uint8, found float32 of the shape ", shape_text(array)));
  constexpr py::ssize_t kSize = sizeof(float);
  bool aligned = reinterpret_cast<std::uintptr_t>(array.data()) % sizeof(float) == 0;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) aligned = aligned && array.strides(i) % kSize == 0;
  if (!aligned)
    throw_error(Error::of(next_name(), ": its numbers do not lie at multiples of 4 bytes"));
  const auto* const values = static_cast<const float*>(array.data());
  for (py::ssize_t i = 0; i < many; ++i)
    all_.push_back(
        {next_name(),
         pplcnet::Picture{.values = values + (first == 1 ? i * array.strides(0) / kSize : 0),
                          .row = array.strides(first + 1) / kSize,
                          .channel = array.strides(first) / kSize,
                          .pixel = array.strides(first + 2) / kSize}});
}

py::ssize_t Sources::count(const py::array& array, py::ssize_t axes, bool may_be_many) {
  if (array.ndim() == axes) return 1;
  if (!may_be_many || array.ndim() != axes + 1) return -1;
  is_one_ = false;
  all_.reserve(static_cast<std::size_t>(array.shape(0)));
  return array.shape(0);
}

std::string Sources::next_name() const { return "picture " + std::to_string(all_.size()); }
