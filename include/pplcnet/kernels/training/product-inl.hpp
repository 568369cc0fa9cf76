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

/// Sums the gradients of weights: `add(worker, begin, end, adds, to)` computes those of up to a
/// chunk of rows.
template <class Add>
HWY_INLINE void sum_weight_gradients(const TrainingRun& run, const WeightRows& rows, const Add& add,
                                     float* to) {
  const std::int64_t count = rows.weights(), chunk = rows.parts.all.chunk;
  float* const sums = rows.parts.count > 1 ? rows.memory : to;
  for_parts(run, rows.parts, rows.gradients.rows * count,
            [&](int worker, int part, const TrainingRows& own) HWY_ATTR {
              for (std::int64_t begin = own.begin; begin < own.end; begin += chunk)
                add(worker, begin, std::min(begin + chunk, own.end), begin != own.begin,
                    sums + part * count);
            });
  add_parts(run, rows.parts, sums, count, to);
}

inline void product_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const std::int64_t work = gradients.rows * weight.inputs * weight.pitch();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        add_weight_gradients(rows.inputs[begin], inputs.pitch, weight.inputs, rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
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
