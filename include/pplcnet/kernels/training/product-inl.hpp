// Pointwise convolutions and dense layers: rows times a matrix. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void product_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  pack(values.parameters(step.weight), weight.pitch(), weight.inputs, weight.pitch(), run.scratch);
  const float* const bias = values.parameters(step.bias);
  share(run, outputs.rows * weight.inputs * weight.pitch(), outputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          multiply<Order::rows>({.a = inputs[begin],
                                 .a_pitch = inputs.pitch,
                                 .b = run.scratch,
                                 .bias = bias,
                                 .c = outputs[begin],
                                 .c_pitch = outputs.pitch,
                                 .depth = weight.inputs},
                                end - begin, outputs.pitch);
        });
}

/// Sums the gradients of weights: `add(worker, begin, end, adds, to)` computes those of up to
/// parts.chunk rows.
template <class Add>
HWY_INLINE void sum_weight_gradients(const TrainingRun& run, const ProductScratch& scratch,
                                     const Add& add, float* to) {
  const TrainingParts& parts = scratch.parts;
  const auto count = static_cast<std::int64_t>(scratch.weights());
  float* const sums = parts.count() > 1 ? run.scratch : to;
  share(run, parts.rows * count, parts.count(),
        [&](int worker, std::int64_t first, std::int64_t last) HWY_ATTR {
          for (auto part = static_cast<int>(first); part < last; ++part) {
            const TrainingRows rows = parts[part];
            for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.chunk)
              add(worker, begin, std::min(begin + parts.chunk, rows.end), begin != rows.begin,
                  sums + part * count);
          }
        });
  if (sums == to) return;
  share(run, parts.count() * count, count / kTrainingPanel,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          const std::int64_t first = begin * kTrainingPanel;
          add_parts(sums + first, parts.count(), count, (end - begin) * kTrainingPanel, to + first);
        });
}

inline void product_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const std::int64_t work = gradients.rows * weight.inputs * weight.pitch();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const ProductScratch scratch = product_scratch(step, run.values, run.tensors, run.images);
  sum_weight_gradients(
      run, scratch,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        add_weight_gradients(inputs[begin], inputs.pitch, weight.inputs, gradients[begin],
                             gradients.pitch, end - begin, adds,
                             run.scratch + scratch.packed_rows(worker), to);
      },
      values.gradients(step.weight));
  if (!step.input_gradients) return;
  pack_transposed(values.parameters(step.weight), weight, inputs.pitch, run.scratch);
  const auto input_gradients = values.input_gradients();
  share(run, work, gradients.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    multiply<Order::rows>({.a = gradients[begin],
                           .a_pitch = gradients.pitch,
                           .b = run.scratch,
                           .bias = nullptr,
                           .c = input_gradients[begin],
                           .c_pitch = input_gradients.pitch,
                           .depth = weight.outputs,
                           .adds = step.adds_input},
                          end - begin, input_gradients.pitch);
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
