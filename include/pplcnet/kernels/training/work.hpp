#ifndef PPLCNET_KERNELS_TRAINING_WORK_HPP
#define PPLCNET_KERNELS_TRAINING_WORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/kernels/training/run.hpp"
#include "pplcnet/train/exchange.hpp"
#include "pplcnet/train/scratch.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// Multiply-adds that are worth waking another thread for.
inline constexpr std::int64_t kSharedWork = 1 << 16;
/// A parameter that is moved, which comes from memory and goes back, takes as long as so many.
inline constexpr std::int64_t kParameterWork = 4;

/// Splits `count` units among the threads, if there is work enough, and runs
/// `body(worker, begin, end)` for each. There are at most kTrainingParts workers.
template <class Body>
void share(const TrainingRun& run, std::int64_t work, std::int64_t count, const Body& body) {
  const std::int64_t workers =
      work < kSharedWork ? 1
                         : std::min<std::int64_t>({run.executor.threads(), count, kTrainingParts});
  if (workers <= 1) return body(0, std::int64_t{0}, count);
  const auto part = [&](int i) { body(i, count * i / workers, count * (i + 1) / workers); };
  run.executor(static_cast<int>(workers), Task(part));
}

/// Returns how many images the batch of all processes has.
inline int images_of_all(const TrainingRun& run) {
  return run.exchange == nullptr ? run.images : run.batch;
}

/// Returns which of them is the first one of this process.
inline std::int64_t first_image(const TrainingRun& run) {
  return run.exchange == nullptr ? 0 : run.exchange->images(run.batch).begin;
}

/// The parts of a sum over the batch of all processes that this one makes: those of its images.
struct OwnParts {
  TrainingParts all;
  TrainingExchange* exchange = nullptr;  ///< null: all are its own
  int first = 0, count = 0;
  std::int64_t first_row = 0;

  explicit OwnParts(const TrainingParts& parts) : all(parts), count(parts.count()) {}
  OwnParts(const TrainingRun& run, const TrainingParts& parts) : OwnParts(parts) {
    if (run.exchange == nullptr) return;
    const TrainingRows own = run.exchange->images(parts.count());
    exchange = run.exchange;
    first = static_cast<int>(own.begin);
    count = static_cast<int>(own.count());
    first_row = first_image(run) * parts.rows;
  }

  /// Returns the rows of an own part, counted from the first row of this process.
  TrainingRows operator[](int part) const {
    const TrainingRows rows = all[first + part];
    return {rows.begin - first_row, rows.end - first_row};
  }
};

/// Runs `body(worker, part, rows)` for each own part.
template <class Body>
void for_parts(const TrainingRun& run, const OwnParts& parts, std::int64_t work, const Body& body) {
  share(run, work, parts.count, [&](int worker, std::int64_t begin, std::int64_t end) {
    for (auto part = static_cast<int>(begin); part < end; ++part) body(worker, part, parts[part]);
  });
}

/// Gathers the sums of all parts, of so many numbers each; own ones are in their place.
inline void gather_parts(const OwnParts& parts, float* sums, int floats) {
  if (parts.exchange != nullptr) parts.exchange->gather(sums, parts.all.count(), size(floats));
}

/// The values of a batch, or their gradients: rows of padded channels.
template <class Float>
struct Matrix {
  Float* values;
  std::int64_t rows;
  int pitch;

  Float* operator[](std::int64_t row) const { return values + row * pitch; }
};

/// What a step reads and writes.
class StepValues {
 public:
  StepValues(const TrainingRun& run, const TrainingStep& step) : run_(run), step_(step) {}

  const TrainingValue& input() const { return value(step_.input); }
  const TrainingValue& output() const { return value(step_.output); }
  const TrainingValue& value(int index) const { return run_.values[size(index)]; }

  Matrix<const float> inputs() const { return matrix<const float>(input(), input().values); }
  Matrix<const float> seconds() const {
    return matrix<const float>(value(step_.second), value(step_.second).values);
  }
  Matrix<float> outputs() const { return matrix<float>(output(), output().values); }
  Matrix<const float> output_gradients() const {
    return matrix<const float>(output(), output().gradients);
  }
  Matrix<float> input_gradients() const { return matrix<float>(input(), input().gradients); }
  Matrix<float> second_gradients() const {
    return matrix<float>(value(step_.second), value(step_.second).gradients);
  }

  const TrainingTensor& tensor(int index) const { return run_.tensors[size(index)]; }
  const float* parameters(int index) const {
    return index < 0 ? nullptr : run_.parameters + tensor(index).place;
  }
  float* gradients(int index) const { return run_.gradients + tensor(index).place; }
  float* statistics(int index) const { return run_.statistics + tensor(index).place; }

 private:
  template <class Float>
  Matrix<Float> matrix(const TrainingValue& value, std::size_t place) const {
    return {run_.arena + place, value.rows(run_.images), value.pitch};
  }

  const TrainingRun& run_;
  const TrainingStep& step_;
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_WORK_HPP
