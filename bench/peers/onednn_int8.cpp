// oneDNN in int8 as an engine for compare.py: as onednn.cpp, but maps are uint8 with one scale and
// without a zero point, which is its fastest form, and weights are int8 with a scale for each
// output channel. What is negative after hardswish becomes 0.
//
//   peers_onednn_int8 NETWORK ISA      threads: OMP_NUM_THREADS
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <dnnl.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../synthetic_network.hpp"
#include "planned_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/weights/fold.hpp"
#include "rounds.hpp"

namespace {

using dnnl::memory;
using pplcnet::Activation;
using pplcnet::Layer;
using pplcnet::Operator;
using Format = memory::format_tag;
using Type = memory::data_type;
using Dims = memory::dims;

constexpr float kUnsigned = 255, kSigned = 127;
constexpr int kOutputChannels = 1;  // mask: scales of the first dimension of weights

Dims dims_of(const pplcnet::Shape& shape) { return {1, shape.channels, shape.height, shape.width}; }

/// Appends an activation whose result is multiplied by `scale`; false if the sum's own scale has to
/// be multiplied by it instead.
bool append_activation(dnnl::post_ops& operations, Activation activation, float scale) {
  using dnnl::algorithm;
  if (activation == Activation::none) return false;
  if (activation == Activation::relu) {
    operations.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    return false;
  }
  if (activation == Activation::hardswish)
    operations.append_eltwise(scale, algorithm::eltwise_hardswish, 0, 0);
  if (activation == Activation::sigmoid)
    operations.append_eltwise(scale, algorithm::eltwise_logistic, 0, 0);
  if (activation == Activation::hardsigmoid_paddle) {
    operations.append_eltwise(1, algorithm::eltwise_linear, 0.1666667F, 0.5F);
    operations.append_eltwise(scale, algorithm::eltwise_clip, 0, 1);
  }
  return true;
}

/// Padding below and right of the picture.
Dims padding_after(const Layer& layer) {
  return {(layer.output.height - 1) * layer.stride.height + layer.kernel.height -
              layer.padding.top - layer.input.height,
          (layer.output.width - 1) * layer.stride.width + layer.kernel.width - layer.padding.left -
              layer.input.width};
}

Dims weight_dims(const Layer& layer) {
  const memory::dim out = layer.output.channels, kernel = layer.kernel.height;
  if (layer.op == Operator::depthwise) return {out, 1, 1, kernel, kernel};
  return {out, layer.input.channels, kernel, kernel};
}

/// What a layer consists of: real value = integer x scale.
struct Integers {
  explicit Integers(const Layer& layer) {
    const pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
    const std::size_t outputs = parameters.bias.size();
    const std::size_t depth = parameters.weight.size() / outputs;
    biases = parameters.bias;
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto row = std::span(parameters.weight).subspan(o * depth, depth);
      float largest = 1e-9F;
      for (const float weight : row) largest = std::max(largest, std::abs(weight));
      scales.push_back(largest / kSigned);
      for (const float weight : row)
        weights.push_back(static_cast<std::int8_t>(std::lround(weight / scales.back())));
    }
  }

  std::vector<std::int8_t> weights;
  std::vector<float> biases, scales;
};

/// What a user of oneDNN can choose, see onednn.cpp.
struct Choice {
  Format maps = Format::any;
  bool join = false;
};

class Network {
 public:
  /// `scales` are those of the layers' outputs.
  Network(std::span<const Layer> layers, std::span<const float> scales, std::vector<float> input,
          const Choice& choice)
      : layers_(layers), scales_(scales), choice_(choice), input_(std::move(input)) {
    std::int64_t largest = 0;
    for (const Layer& layer : layers)
      largest =
          std::max(largest, layer.output.pixels() * pplcnet::round_up(layer.output.channels, 64));
    for (memory& map : maps_) map = memory({{largest}, Type::u8, Format::a}, engine_);
    current_ =
        memory({dims_of(layers.front().input), Type::f32, Format::nchw}, engine_, input_.data());
    outputs_.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (choice.join && can_join(i) && add_joined(i))
        ++i;
      else
        add(i);
      outputs_[i] = current_;
    }
    reorder_to({{1, layers.back().output.channels}, Type::f32, Format::ab}, 1);
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  void run() {
    for (const auto& [primitive, arguments] : steps_) primitive.execute(stream_, arguments);
    stream_.wait();
  }

  std::span<const float> logits() const {
    return {static_cast<const float*>(current_.get_data_handle()),
            current_.get_desc().get_size() / sizeof(float)};
  }

 private:
  using Convolution = dnnl::convolution_forward;
  using Arguments = std::unordered_map<int, memory>;

  bool can_join(std::size_t i) const {
    if (layers_[i].op != Operator::pointwise || layers_[i].addend >= 0) return false;
    for (const Layer& layer : layers_)
      if (layer.addend == static_cast<int>(i)) return false;
    return i + 1 < layers_.size() && layers_[i + 1].op == Operator::depthwise;
  }

  void add(std::size_t i) {
    const Layer& layer = layers_[i];
    if (layer.op == Operator::pool) return add_pool(layer);
    if (layer.op == Operator::gate) return add_gate();
    if (layer.op == Operator::dense && !layer.name.leaf.starts_with(".se")) return add_dense(i);
    const Integers integers(layer);
    add_convolution(i, integers, nullptr, describe_convolution(i, integers, nullptr));
  }

  /// False where oneDNN cannot join the two, or only with its slow reference code.
  bool add_joined(std::size_t i) {
    try {
      const Integers first(layers_[i]), second(layers_[i + 1]);
      const auto description = describe_convolution(i, first, &second);
      if (std::string_view(description.impl_info_str()).starts_with("ref")) return false;
      add_convolution(i, first, &second, description);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }

  /// The scale of what a layer reads. The picture is int8.
  float input_scale(std::size_t i) const {
    const int from = layers_[i].from;
    return from < 0 ? 2 / kSigned : scales_[static_cast<std::size_t>(from)];
  }

  /// From sums to the bytes that a layer gives; appends its activation.
  std::vector<float> append_ending(dnnl::post_ops& operations, std::size_t i,
                                   const Integers& integers) const {
    const Layer& layer = layers_[i];
    const bool is_scaled = append_activation(operations, layer.activation, 1 / scales_[i]);
    std::vector<float> factors = integers.scales;
    for (float& factor : factors) factor *= input_scale(i) / (is_scaled ? 1 : scales_[i]);
    if (layer.addend >= 0)
      operations.append_sum(scales_[static_cast<std::size_t>(layer.addend)] / scales_[i]);
    return factors;
  }

  Convolution::primitive_desc describe_convolution(std::size_t i, const Integers& integers,
                                                   const Integers* depthwise) const {
    const Layer& layer = layers_[i];
    dnnl::post_ops operations;
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(1 << kOutputChannels, append_ending(operations, i, integers));
    if (depthwise != nullptr) {
      const Layer& next = layers_[i + 1];
      dnnl::post_ops after;
      operations.append_dw(Type::s8, Type::f32, Type::u8, next.kernel.height, next.stride.height,
                           next.padding.top, 1 << kOutputChannels,
                           append_ending(after, i + 1, *depthwise));
      append_activation(operations, next.activation, 1 / scales_[i + 1]);
    }
    attributes.set_post_ops(operations);
    const bool first = layer.from < 0;
    const auto target = layer.addend >= 0
                            ? outputs_[static_cast<std::size_t>(layer.addend)].get_desc()
                            : memory::desc(dims_of(layer.output), Type::u8, choice_.maps);
    const Convolution::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        memory::desc(dims_of(layer.input), first ? Type::s8 : Type::u8,
                     first ? Format::any : choice_.maps),
        memory::desc(weight_dims(layer), Type::s8, Format::any),
        memory::desc({layer.output.channels}, Type::f32, Format::a), target,
        {layer.stride.height, layer.stride.width}, {layer.padding.top, layer.padding.left},
        padding_after(layer));
    return {description, attributes, engine_};
  }

  void add_convolution(std::size_t i, const Integers& integers, const Integers* depthwise,
                       const Convolution::primitive_desc& description) {
    const Layer& layer = layers_[i];
    reorder_to(description.src_desc(), layer.from < 0 ? 1 / input_scale(i) : 1);
    Arguments arguments = {{DNNL_ARG_SRC, current_},
                           {DNNL_ARG_WEIGHTS, weights(integers, description.weights_desc())},
                           {DNNL_ARG_BIAS, biases(integers, input_scale(i))}};
    if (depthwise != nullptr) {
      const int after = DNNL_ARG_ATTR_POST_OP_DW;
      const auto requested =
          description.query_md(dnnl::query::exec_arg_md, after | DNNL_ARG_WEIGHTS);
      arguments[after | DNNL_ARG_WEIGHTS] = weights(*depthwise, requested);
      arguments[after | DNNL_ARG_BIAS] = biases(*depthwise, scales_[i]);
    }
    if (layer.addend >= 0) {  // the sum is in place
      const memory& addend = outputs_[static_cast<std::size_t>(layer.addend)];
      if (addend.get_data_handle() != maps_[turn_ ^ 1].get_data_handle())
        throw dnnl::error(dnnl_unimplemented, "the addend is not where the sum goes");
    }
    add_step(Convolution(description), std::move(arguments), description.dst_desc());
  }

  void add_dense(std::size_t i) {
    const Layer& layer = layers_[i];
    const Integers integers(layer);
    const bool last = i + 1 == layers_.size();
    dnnl::post_ops operations;
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(1 << kOutputChannels, append_ending(operations, i, integers));
    attributes.set_post_ops(operations);
    const Dims in = {1, layer.input.channels}, out = {1, layer.output.channels};
    const dnnl::inner_product_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, memory::desc(in, Type::u8, Format::any),
         memory::desc({out[1], in[1]}, Type::s8, Format::any),
         memory::desc({out[1]}, Type::f32, Format::a),
         memory::desc(out, last ? Type::f32 : Type::u8, Format::any)},
        attributes, engine_);
    if (current_.get_desc().dims().size() == 4) {  // the pooled vector
      reorder_to({dims_of(layer.input), Type::u8, Format::nchw}, 1);
      current_ = memory({in, Type::u8, Format::ab}, engine_, current_.get_data_handle());
    }
    reorder_to(description.src_desc(), 1);
    add_step(dnnl::inner_product_forward(description),
             {{DNNL_ARG_SRC, current_},
              {DNNL_ARG_WEIGHTS, weights(integers, description.weights_desc())},
              {DNNL_ARG_BIAS, biases(integers, input_scale(i))}},
             description.dst_desc());
  }

  void add_pool(const Layer& layer) {
    const Dims whole = {layer.input.height, layer.input.width};
    const dnnl::pooling_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference,
         dnnl::algorithm::pooling_avg,
         current_.get_desc(),
         {dims_of(layer.output), Type::u8, Format::any},
         whole,
         whole,
         {0, 0},
         {0, 0}},
        engine_);
    map_ = current_;
    add_step(dnnl::pooling_forward(description), {{DNNL_ARG_SRC, current_}},
             description.dst_desc());
  }

  /// The map that was pooled, times what came of it, in place.
  void add_gate() {
    const auto map = map_.get_desc();
    dnnl::primitive_attr attributes;
    attributes.set_scales(DNNL_ARG_SRC_1, 0, {1 / kUnsigned});
    const dnnl::binary::primitive_desc description(
        {dnnl::algorithm::binary_mul, map, current_.get_desc(), map}, attributes, engine_);
    steps_.emplace_back(
        dnnl::binary(description),
        Arguments{{DNNL_ARG_SRC_0, map_}, {DNNL_ARG_SRC_1, current_}, {DNNL_ARG_DST, map_}});
    current_ = map_;
  }

  void reorder_to(const memory::desc& requested, float scale) {
    if (current_.get_desc() == requested) return;
    dnnl::primitive_attr attributes;
    if (scale != 1) attributes.set_output_scales(0, {scale});
    const dnnl::reorder::primitive_desc description(engine_, current_.get_desc(), engine_,
                                                    requested, attributes);
    add_step(dnnl::reorder(description), {{DNNL_ARG_FROM, current_}}, requested);
  }

  /// Maps take turns in two places; vectors have a place each.
  void add_step(dnnl::primitive primitive, Arguments arguments, const memory::desc& target) {
    const bool map = target.dims().size() == 4 && target.dims()[2] * target.dims()[3] > 1;
    current_ = map ? memory(target, engine_, maps_[turn_ ^= 1].get_data_handle())
                   : memory(target, engine_);
    arguments[DNNL_ARG_DST] = current_;
    steps_.emplace_back(std::move(primitive), std::move(arguments));
  }

  /// In the format that is requested.
  memory weights(const Integers& integers, const memory::desc& requested) {
    const Dims dims = requested.dims();
    const Format plain = dims.size() == 5   ? Format::goihw
                         : dims.size() == 4 ? Format::oihw
                                            : Format::oi;
    auto values = integers.weights;
    memory from({dims, Type::s8, plain}, engine_, values.data()), to(requested, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  /// In steps of the sum, to which they are added.
  memory biases(const Integers& integers, float input_scale) {
    const auto size = static_cast<memory::dim>(integers.biases.size());
    memory to({{size}, Type::f32, Format::a}, engine_);
    auto* const values = static_cast<float*>(to.get_data_handle());
    for (std::size_t o = 0; o < integers.biases.size(); ++o)
      values[o] = integers.biases[o] / (integers.scales[o] * input_scale);
    return to;
  }

  std::span<const Layer> layers_;
  std::span<const float> scales_;
  Choice choice_;
  std::vector<float> input_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  memory maps_[2], current_, map_;
  std::vector<memory> outputs_;
  int turn_ = 0;
  std::vector<std::pair<dnnl::primitive, Arguments>> steps_;
};

/// The scales of all layers' outputs: the largest value of each, for the picture, is 255.
std::vector<float> scales_of(pplcnet::AnyNetwork& network, const std::vector<float>& input) {
  const auto layers = network.layers();
  pplcnet::LayerOutputs outputs(layers);
  network.run(pplcnet::Picture::planar(input.data(), network.input_shape()),
              outputs.destinations());
  std::vector<float> scales;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool as_before = layers[i].op == Operator::pool || layers[i].op == Operator::gate;
    const float largest = std::ranges::max(outputs.of(i));
    scales.push_back(as_before ? scales[static_cast<std::size_t>(layers[i].from)]
                               : std::max(largest, 1e-6F) / kUnsigned);
  }
  for (const Layer& layer : layers)
    if (layer.op == Operator::gate) scales[static_cast<std::size_t>(layer.factors)] = 1 / kUnsigned;
  scales.back() = 1;  // of the logits
  return scales;
}

/// The fastest of what can be chosen, by its least time.
std::unique_ptr<Network> best_network(std::span<const Layer> layers, std::span<const float> scales,
                                      const std::vector<float>& input) {
  std::unique_ptr<Network> best;
  double least = 0;
  for (const Choice& choice :
       {Choice{Format::any, false}, Choice{Format::any, true}, Choice{Format::nhwc, false}}) {
    auto network = std::make_unique<Network>(layers, scales, input, choice);
    const double seconds = bench::time_round([&] { network->run(); })[1];
    std::fprintf(stderr, "oneDNN, %s%s: %.3f ms\n",
                 choice.maps == Format::any ? "any format" : "nhwc",
                 choice.join ? ", joined depthwise" : "", 1e3 * seconds);
    if (best && seconds >= least) continue;
    least = seconds;
    best = std::move(network);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view isa = argv[2];
  if (isa == "avx2") dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2_vnni);
  auto ours = bench::planned_network(argv[1]);
  if (!ours) return 2;
  const std::vector<float> input = bench::synthetic_input(ours->input_shape());
  const std::vector<float> scales = scales_of(*ours, input);
  const auto network = best_network(ours->layers(), scales, input);
  const auto run = [&] { network->run(); };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(network->logits(), first_seconds, run);
}
