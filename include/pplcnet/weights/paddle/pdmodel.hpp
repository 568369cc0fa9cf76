#ifndef PPLCNET_WEIGHTS_PADDLE_PDMODEL_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDMODEL_HPP

// Needs protozero (only headers; apt install libprotozero-dev), and exceptions, which protozero
// throws; none leaves this header. pplcnet.hpp does not include it.
#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/paddle/program.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstdint>
#include <map>
#include <protozero/exception.hpp>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/paddle/pdmodel_operation.hpp"
#include "pplcnet/weights/protobuf.hpp"
#include "pplcnet/weights/tensor.hpp"
#endif

// Paddle 2's .pdmodel: a ProgramDesc of Paddle's `framework.proto`.

namespace pplcnet::inline PPLCNET_ABI {

/// Reads a .pdmodel. `program` views `bytes`; it changes only on success.
PPLCNET_INLINE Error parse_pdmodel(std::span<const std::byte> bytes, std::string_view path,
                                   PaddleProgram& program);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace pdmodel {

/// Reads a block: its variables, then its operations.
class Reader {
 public:
  explicit Reader(paddle::ProgramBuilder& builder) : builder_(builder) {}

  Error read(const Message& block) {
    for (Message variables = block; variables.next(3, Wire::length_delimited);)
      if (auto error = read_variable(variables.get_message())) return error;
    for (Message operations = block; operations.next(4, Wire::length_delimited);)
      if (auto error = read_operation(operations.get_message())) return error;
    return {};
  }

 private:
  Error name_value(std::string_view name, int node) {
    if (values_.size() >= FileGraph::kMaxNodes)
      return Error::of(builder_.path(), ": expected at most ", FileGraph::kMaxNodes,
                       " variables, found more");
    values_[name] = node;  // an operation may work in place
    return {};
  }

  /// Reads a VarDesc. Those that are kept between runs are the parameters.
  Error read_variable(Message message) {
    constexpr std::int64_t kTensor = 7;
    std::string_view name;
    bool persistable = false;
    std::int64_t type = 0;
    std::vector<std::int64_t> shape;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case field(1, Wire::length_delimited):
          name = text(message.get_view());
          break;
        case field(2, Wire::length_delimited):
          if (!read_type(message.get_message(), type, shape))
            return Error::of(builder_.path(), ": variable ", quote(name), ": expected at most ",
                             kMaxRank, " dimensions, found more");
          break;
        case field(3, Wire::varint):
          persistable = message.get_bool();
          break;
        default:
          message.skip();
      }
    }
    if (!persistable && shape.size() == 4 && pictures_.size() < FileGraph::kMaxNodes)
      pictures_[name] = {shape.begin(), shape.end()};
    if (!persistable || type != kTensor) return {};
    if (auto error = builder_.make_room()) return error;
    return name_value(name, builder_.add_parameter(name, std::move(shape)));
  }

  /// Reads a VarType: its LoDTensorDesc has a TensorDesc, which has the dimensions.
  static bool read_type(Message message, std::int64_t& type, std::vector<std::int64_t>& shape) {
    bool fits = true;
    const auto add = [&](std::int64_t dimension) {
      fits = fits && shape.size() < kMaxRank;
      if (fits) shape.push_back(dimension);
    };
    while (message.next()) {
      if (message.tag_and_type() == field(1, Wire::varint)) {
        type = message.get_int64();
      } else if (message.tag_and_type() == field(3, Wire::length_delimited)) {
        for (Message lod = message.get_message(); lod.next(1, Wire::length_delimited);) {
          for (Message tensor = lod.get_message(); tensor.next();) {
            if (tensor.tag() == 2)
              for_each_integer(tensor, add);
            else
              tensor.skip();
          }
        }
      } else {
        message.skip();
      }
    }
    return fits;
  }

  /// A Var of an OpDesc: a parameter's name, and its arguments.
  struct Argument {
    std::string_view parameter;
    std::vector<std::string_view> values;
  };
  static Argument read_argument(Message message) {
    Argument result;
    while (message.next()) {
      if (message.tag_and_type() == field(1, Wire::length_delimited)) {
        result.parameter = text(message.get_view());
      } else if (message.tag_and_type() == field(2, Wire::length_delimited) &&
                 result.values.size() <= paddle::ProgramBuilder::kMostParts) {
        result.values.push_back(text(message.get_view()));
      } else {
        message.skip();
      }
    }
    return result;
  }

  Error read_operation(const Message& message) {
    if (auto error = builder_.make_room()) return error;
    constexpr std::size_t kMostAttributes = 64;
    paddle::Operation operation;
    GraphNode node;
    for (Message fields = message; fields.next();) {
      switch (fields.tag_and_type()) {
        case field(3, Wire::length_delimited):
          operation.type = text(fields.get_view());
          break;
        case field(4, Wire::length_delimited):
          if (operation.attributes.size() < kMostAttributes)
            operation.attributes.push_back(read_attribute(fields.get_message()));
          else
            fields.skip();
          break;
        default:
          fields.skip();
      }
    }
    std::vector<int> inputs;  // of the first parameter
    if (auto error = read_inputs(message, operation, node, inputs)) return error;
    if (operation.type == "dropout") {
      const auto probability = static_cast<float>(operation.number("dropout_prob", 0));
      node.inputs[1] =
          builder_.graph().add_constant(paddle::dropout_factor(operation, probability));
    }
    if (operation.type == "scale")
      node.inputs[1] =
          builder_.graph().add_constant(static_cast<float>(operation.number("scale", 1)));
    if (operation.type == "split")
      return name_results(message, operation, builder_.add_parts(operation, node));
    const int number = operation.type == "concat" ? builder_.add_concat(operation, inputs)
                                                  : builder_.add_operation(operation, node);
    return name_results(message, operation, {number});
  }

  Error read_inputs(Message message, paddle::Operation& operation, GraphNode& node,
                    std::vector<int>& first) {
    while (message.next(1, Wire::length_delimited)) {
      const Argument argument = read_argument(message.get_message());
      if (argument.values.empty() || operation.type == "feed") continue;
      forget_replaced(argument.parameter, operation);
      const std::size_t place = place_of(argument.parameter);
      if (place == GraphNode::kMaxInputs) continue;
      for (const std::string_view value : argument.values) {
        const auto found = values_.find(value);
        if (found == values_.end())
          return Error::of(builder_.path(), ": ", quote(operation.type), " reads ", quote(value),
                           ", which nothing before it is");
        if (node.inputs[place] == GraphNode::kNone) node.inputs[place] = found->second;
        if (place == 0) first.push_back(found->second);
      }
    }
    return {};
  }

  /// Names what an operation gives: one value, or as many as there are nodes.
  Error name_results(Message message, const paddle::Operation& operation,
                     const std::vector<int>& nodes) {
    while (message.next(2, Wire::length_delimited)) {
      const std::vector<std::string_view> values = read_argument(message.get_message()).values;
      for (std::size_t i = 0; i < values.size() && i < nodes.size(); ++i) {
        if (values[i].empty()) continue;
        if (const auto found = pictures_.find(values[i]);
            operation.type == "feed" && found != pictures_.end())
          paddle::read_size(found->second, builder_.graph().nodes.back());
        if (auto error = name_value(values[i], nodes[i])) return error;
      }
    }
    return {};
  }

  paddle::ProgramBuilder& builder_;
  std::map<std::string_view, int> values_;  // nodes, by the names of variables
  std::map<std::string_view, std::vector<std::int64_t>> pictures_;  // shapes of what may be one
};

}  // namespace pdmodel

PPLCNET_INLINE Error parse_pdmodel(std::span<const std::byte> bytes, std::string_view path,
                                   PaddleProgram& program) {
  paddle::ProgramBuilder builder(path, bytes.size());
  try {
    pdmodel::Message message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    bool found = false;
    while (message.next()) {
      if (message.tag_and_type() != pdmodel::field(1, pdmodel::Wire::length_delimited) || found) {
        message.skip();  // other blocks are inside of loops
        continue;
      }
      if (auto error = pdmodel::Reader(builder).read(message.get_message())) return error;
      found = true;
    }
    if (!found) return Error::of(path, ": expected a Paddle program, found none");
  } catch (const protozero::exception& exception) {
    return Error::of(
        path, ": expected a Paddle program, found damage or something else: ", exception.what());
  }
  return builder.finish(program);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

/// Fills a network's weights from a `.pdiparams` file and the `.pdmodel` that belongs to it, whose
/// network computes what the type computes. After an error the weights are not usable.
template <class Weights>
Error load_pdmodel(std::string_view pdiparams_path, std::string_view pdmodel_path,
                   Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(pdiparams_path, [&]() -> Error {
    return loading::load_paddle(pdiparams_path, pdmodel_path, parse_pdmodel, Net::layers,
                                Net::traits, weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDMODEL_HPP
