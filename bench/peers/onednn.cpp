// oneDNN as an engine for compare.py: the network as a chain of primitives that are created once,
// with activations as post-ops and weights in the formats that oneDNN asks for.
//
//   peers_onednn NETWORK ISA      threads: OMP_NUM_THREADS
#include <algorithm>
#include <cstdio>
#include <dnnl.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../synthetic_network.hpp"
#include "planned_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/fold.hpp"
#include "rounds.hpp"

namespace {

using dnnl::memory;
using pplcnet::Activation;
using pplcnet::Layer;
using pplcnet::Operator;
using Format = memory::format_tag;
using Dims = memory::dims;

Dims dims_of(const pplcnet::Shape& shape) { return {1, shape.channels, shape.height, shape.width}; }

memory::desc describe(const Dims& dims, Format format) {
  return {dims, memory::data_type::f32, format};
}

void append_activation(dnnl::post_ops& operations, Activation activation) {
  using dnnl::algorithm;
  if (activation == Activation::relu) operations.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
  if (activation == Activation::hardswish)
    operations.append_eltwise(1, algorithm::eltwise_hardswish, 0, 0);
  if (activation == Activation::hardsigmoid_paddle) {
    operations.append_eltwise(1, algorithm::eltwise_linear, 0.1666667F, 0.5F);
    operations.append_eltwise(1, algorithm::eltwise_clip, 0, 1);
  }
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

/// What a user of oneDNN can choose: the format of the maps (`any`: oneDNN chooses, for each
/// primitive), and whether a pointwise convolution computes the depthwise one after it as well.
struct Choice {
  Format maps = Format::any;
  bool join = false;
};

class Network {
 public:
  Network(std::span<const Layer> layers, std::vector<float> input, const Choice& choice)
      : choice_(choice), input_(std::move(input)) {
    std::int64_t largest = 0;
    for (const Layer& layer : layers)
      largest =
          std::max(largest, layer.output.pixels() * pplcnet::round_up(layer.output.channels, 16));
    for (memory& map : maps_) map = memory(describe({largest}, Format::a), engine_);
    const auto picture = describe(dims_of(layers.front().input), Format::nchw);
    current_ = memory(picture, engine_, input_.data());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const bool before_depthwise =
          layers[i].op == Operator::pointwise && layers[i + 1].op == Operator::depthwise;
      if (choice.join && before_depthwise && add_joined(layers[i], layers[i + 1]))
        ++i;
      else
        add(layers[i]);
    }
    reorder_to(describe({1, layers.back().output.channels}, Format::ab));
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

  void add(const Layer& layer) {
    if (layer.op == Operator::pool) return add_pool(layer);
    if (layer.op == Operator::gate) return add_gate();
    if (layer.op == Operator::dense && !layer.name.leaf.starts_with(".se")) return add_dense(layer);
    add_convolution(layer, nullptr, describe_convolution(layer, nullptr));
  }

  /// False where oneDNN cannot join the two, or only with its slow reference code.
  bool add_joined(const Layer& layer, const Layer& depthwise) {
    try {
      const auto description = describe_convolution(layer, &depthwise);
      if (std::string_view(description.impl_info_str()).starts_with("ref")) return false;
      add_convolution(layer, &depthwise, description);
      return true;
    } catch (const dnnl::error&) {
      return false;
    }
  }

  Convolution::primitive_desc describe_convolution(const Layer& layer,
                                                   const Layer* depthwise) const {
    const auto f32 = memory::data_type::f32;
    dnnl::post_ops operations;
    append_activation(operations, layer.activation);
    if (depthwise != nullptr) {
      operations.append_dw(f32, f32, f32, depthwise->kernel.height, depthwise->stride.height,
                           depthwise->padding.top, 0, {1.0F});
      append_activation(operations, depthwise->activation);
    }
    const Format source = layer.op == Operator::convolution ? Format::any : choice_.maps;
    const Convolution::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
        describe(dims_of(layer.input), source), describe(weight_dims(layer), Format::any),
        describe({layer.output.channels}, Format::a), describe(dims_of(layer.output), choice_.maps),
        {layer.stride.height, layer.stride.width}, {layer.padding.top, layer.padding.left},
        padding_after(layer));
    return {description, with(operations), engine_};
  }

  void add_convolution(const Layer& layer, const Layer* depthwise,
                       const Convolution::primitive_desc& description) {
    reorder_to(description.src_desc());
    const pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
    Arguments arguments = {{DNNL_ARG_SRC, current_},
                           {DNNL_ARG_WEIGHTS, weights(parameters, description.weights_desc())},
                           {DNNL_ARG_BIAS, biases(parameters)}};
    if (depthwise != nullptr) {
      const int after = DNNL_ARG_ATTR_POST_OP_DW;
      const pplcnet::Parameters more = pplcnet_test::synthetic_parameters(*depthwise);
      const auto requested =
          description.query_md(dnnl::query::exec_arg_md, after | DNNL_ARG_WEIGHTS);
      arguments[after | DNNL_ARG_WEIGHTS] = weights(more, requested);
      arguments[after | DNNL_ARG_BIAS] = biases(more);
    }
    add_step(Convolution(description), std::move(arguments), description.dst_desc());
  }

  void add_dense(const Layer& layer) {
    dnnl::post_ops operations;
    append_activation(operations, layer.activation);
    const Dims in = {1, layer.input.channels}, out = {1, layer.output.channels};
    const dnnl::inner_product_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference, describe(in, Format::any),
         describe({out[1], in[1]}, Format::any), describe({out[1]}, Format::a),
         describe(out, Format::any)},
        with(operations), engine_);
    if (current_.get_desc().dims().size() == 4) {  // the pooled vector
      reorder_to(describe(dims_of(layer.input), Format::nchw));
      current_ = memory(describe(in, Format::ab), engine_, current_.get_data_handle());
    }
    reorder_to(description.src_desc());
    const pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
    add_step(dnnl::inner_product_forward(description),
             {{DNNL_ARG_SRC, current_},
              {DNNL_ARG_WEIGHTS, weights(parameters, description.weights_desc())},
              {DNNL_ARG_BIAS, biases(parameters)}},
             description.dst_desc());
  }

  void add_pool(const Layer& layer) {
    const Dims whole = {layer.input.height, layer.input.width};
    const dnnl::pooling_forward::primitive_desc description(
        {dnnl::prop_kind::forward_inference,
         dnnl::algorithm::pooling_avg,
         current_.get_desc(),
         describe(dims_of(layer.output), Format::any),
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
    const dnnl::binary::primitive_desc description(
        {dnnl::algorithm::binary_mul, map, current_.get_desc(), map}, engine_);
    steps_.emplace_back(
        dnnl::binary(description),
        Arguments{{DNNL_ARG_SRC_0, map_}, {DNNL_ARG_SRC_1, current_}, {DNNL_ARG_DST, map_}});
    current_ = map_;
  }

  void reorder_to(const memory::desc& requested) {
    if (current_.get_desc() == requested) return;
    const dnnl::reorder::primitive_desc description(engine_, current_.get_desc(), engine_,
                                                    requested);
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

  static dnnl::primitive_attr with(const dnnl::post_ops& operations) {
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(operations);
    return attributes;
  }

  /// In the format that is requested.
  memory weights(const pplcnet::Parameters& parameters, const memory::desc& requested) {
    const Dims dims = requested.dims();
    const Format plain = dims.size() == 5   ? Format::goihw
                         : dims.size() == 4 ? Format::oihw
                                            : Format::oi;
    auto values = parameters.weight;
    memory from(describe(dims, plain), engine_, values.data()), to(requested, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  memory biases(const pplcnet::Parameters& parameters) {
    const auto size = static_cast<memory::dim>(parameters.bias.size());
    memory to(describe({size}, Format::a), engine_);
    std::copy(parameters.bias.begin(), parameters.bias.end(),
              static_cast<float*>(to.get_data_handle()));
    return to;
  }

  Choice choice_;
  std::vector<float> input_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  memory maps_[2], current_, map_;
  int turn_ = 0;
  std::vector<std::pair<dnnl::primitive, Arguments>> steps_;
};

/// The fastest of what can be chosen, by its least time.
std::unique_ptr<Network> best_network(std::span<const Layer> layers,
                                      const std::vector<float>& input) {
  std::unique_ptr<Network> best;
  double least = 0;
  // Joined in nhwc, oneDNN 2.6 returns other logits.
  for (const Choice& choice :
       {Choice{Format::any, false}, Choice{Format::any, true}, Choice{Format::nhwc, false}}) {
    auto network = std::make_unique<Network>(layers, input, choice);
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
  if (isa == "avx2") dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
  const auto ours = bench::planned_network(argv[1]);
  if (!ours) return 2;
  const auto network = best_network(ours->layers(), bench::synthetic_input(ours->input_shape()));
  const auto run = [&] { network->run(); };
  bench::serve_runs(network->logits(), bench::time_of(run), run);
}
