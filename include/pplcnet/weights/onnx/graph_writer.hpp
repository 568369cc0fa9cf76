#ifndef PPLCNET_WEIGHTS_ONNX_GRAPH_WRITER_HPP
#define PPLCNET_WEIGHTS_ONNX_GRAPH_WRITER_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <cstddef>
#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"

// The part of ONNX's protocol buffers that a network needs. Field numbers are those of onnx.proto.

namespace pplcnet::inline PPLCNET_ABI {

/// Height and width of something, or all four sides; sizes of a tensor.
using OnnxInts = std::vector<std::int64_t>;

/// An attribute of a node: a float, an integer, integers or a text.
class OnnxAttribute {
 public:
  OnnxAttribute(std::string_view name, float value) : name_(name), kind_(kFloat), real_(value) {}
  OnnxAttribute(std::string_view name, std::int64_t value)
      : name_(name), kind_(kInt), integers_({value}) {}
  OnnxAttribute(std::string_view name, OnnxInts values)
      : name_(name), kind_(kInts), integers_(std::move(values)) {}
  OnnxAttribute(std::string_view name, const char* text)
      : name_(name), kind_(kString), text_(text) {}

  void write(protozero::pbf_writer& node) const {
    protozero::pbf_writer attribute(node, 5);
    attribute.add_string(1, name_.data(), name_.size());
    if (kind_ == kFloat) attribute.add_float(2, real_);
    if (kind_ == kInt) attribute.add_int64(3, integers_.front());
    if (kind_ == kString) attribute.add_string(4, text_.data(), text_.size());
    for (std::size_t i = 0; kind_ == kInts && i < integers_.size(); ++i)
      attribute.add_int64(8, integers_[i]);
    attribute.add_enum(20, kind_);
  }

 private:
  // AttributeProto.AttributeType
  static constexpr int kFloat = 1, kInt = 2, kString = 3, kInts = 7;

  std::string_view name_;
  int kind_;
  float real_ = 0;
  OnnxInts integers_;
  std::string_view text_;
};

/// A graph under construction. Each node has one output, which has the node's name.
class OnnxGraphWriter {
 public:
  /// Adds an input or output. A size of -1 is left open; it is called "batch".
  void add_input(const std::string& name, const OnnxInts& shape) { add_value(11, name, shape); }
  void add_output(const std::string& name, const OnnxInts& shape) { add_value(12, name, shape); }

  /// Appends a constant tensor of float32; returns its name.
  std::string add_tensor(const std::string& name, const OnnxInts& shape,
                         std::span<const float> values) {
    return add_tensor(name, shape, kFloat32, std::as_bytes(values));
  }
  /// Appends one of bytes.
  std::string add_tensor(const std::string& name, const OnnxInts& shape,
                         std::span<const std::uint8_t> values) {
    return add_tensor(name, shape, kUint8, std::as_bytes(values));
  }
  std::string add_tensor(const std::string& name, const OnnxInts& shape,
                         std::span<const std::int8_t> values) {
    return add_tensor(name, shape, kInt8, std::as_bytes(values));
  }

  /// Appends a constant list of integers; returns its name.
  std::string add_integers(const std::string& name, const OnnxInts& values) {
    protozero::pbf_writer tensor(graph_, 5);
    tensor.add_int64(1, static_cast<std::int64_t>(values.size()));
    tensor.add_int32(2, kInt64);
    for (const std::int64_t value : values) tensor.add_int64(7, value);
    tensor.add_string(8, name);
    return name;
  }

  /// Returns the node's name.
  std::string add_node(std::string_view operation, const std::string& name,
                       const std::vector<std::string>& inputs,
                       const std::vector<OnnxAttribute>& attributes = {}) {
    protozero::pbf_writer node(graph_, 1);
    for (const std::string& input : inputs) node.add_string(1, input);
    node.add_string(2, name);
    node.add_string(3, name);
    node.add_string(4, operation.data(), operation.size());
    for (const OnnxAttribute& attribute : attributes) attribute.write(node);
    return name;
  }

  /// Returns the bytes of the whole model.
  std::string finish(std::string_view name, int opset,
                     std::span<const std::pair<std::string, std::string>> metadata) {
    constexpr std::int64_t kIrVersion = 7;  // of the first release with opset 13
    graph_.add_string(2, name.data(), name.size());
    std::string bytes;
    protozero::pbf_writer model(bytes);
    model.add_int64(1, kIrVersion);
    model.add_string(2, "pplcnet");
    model.add_message(7, graph_bytes_);
    protozero::pbf_writer version(model, 8);
    version.add_string(1, "");
    version.add_int64(2, opset);
    version.commit();
    for (const auto& [key, value] : metadata) {
      protozero::pbf_writer entry(model, 14);
      entry.add_string(1, key);
      entry.add_string(2, value);
    }
    return bytes;
  }

 private:
  // TensorProto.DataType
  static constexpr std::int32_t kFloat32 = 1, kUint8 = 2, kInt8 = 3, kInt64 = 7;

  std::string add_tensor(const std::string& name, const OnnxInts& shape, std::int32_t type,
                         std::span<const std::byte> values) {
    protozero::pbf_writer tensor(graph_, 5);
    for (const std::int64_t size : shape) tensor.add_int64(1, size);
    tensor.add_int32(2, type);
    tensor.add_string(8, name);
    tensor.add_bytes(9, reinterpret_cast<const char*>(values.data()), values.size());
    return name;
  }

  void add_value(protozero::pbf_tag_type field, const std::string& name, const OnnxInts& shape) {
    protozero::pbf_writer value(graph_, field);
    value.add_string(1, name);
    protozero::pbf_writer type(value, 2);
    protozero::pbf_writer tensor(type, 1);
    tensor.add_int32(1, kFloat32);
    protozero::pbf_writer sizes(tensor, 2);
    for (const std::int64_t size : shape) {
      protozero::pbf_writer dimension(sizes, 1);
      if (size < 0)
        dimension.add_string(2, "batch");
      else
        dimension.add_int64(1, size);
    }
  }

  std::string graph_bytes_;
  protozero::pbf_writer graph_{graph_bytes_};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_GRAPH_WRITER_HPP
