#include "logistic.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <utility>

// A matrix of Eigen's that cannot get another size is destroyed twice: here each gets its size
// once, or takes the place of another.

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

/// Returns the mean cross-entropy plus regularisation / 2 times the square of the weights, and its
/// gradient. `parameters` is [classes][features + 1], the bias last.
double loss(const MatrixXd& features, const std::vector<int>& classes, double regularisation,
            const MatrixXd& parameters, MatrixXd& gradient) {
  const Index count = features.rows(), width = features.cols();
  MatrixXd scores = features * parameters.leftCols(width).transpose();
  scores.rowwise() += parameters.col(width).transpose();
  double sum = 0;
  for (Index i = 0; i < count; ++i) {
    const Index right = classes[static_cast<std::size_t>(i)];
    const double highest = scores.row(i).maxCoeff();
    const double own = scores(i, right) - highest;
    scores.row(i) = (scores.row(i).array() - highest).exp();
    const double total = scores.row(i).sum();
    sum += std::log(total) - own;
    scores.row(i) /= total;
    scores(i, right) -= 1;
  }
  const double share = 1 / static_cast<double>(count);
  gradient.leftCols(width) =
      share * scores.transpose() * features + regularisation * parameters.leftCols(width);
  gradient.col(width) = share * scores.colwise().sum().transpose();
  return share * sum + regularisation / 2 * parameters.leftCols(width).squaredNorm();
}

/// Returns the parameters with the least loss.
MatrixXd minimise(const MatrixXd& features, const std::vector<int>& classes, int class_count,
                  double regularisation) {
  constexpr int kMostSteps = 300;
  constexpr std::size_t kMemory = 10;
  constexpr double kFlat = 1e-6;
  MatrixXd parameters = MatrixXd::Zero(class_count, features.cols() + 1);
  MatrixXd gradient = parameters, next_gradient = parameters;
  double value = loss(features, classes, regularisation, parameters, gradient);
  std::deque<std::pair<MatrixXd, MatrixXd>> memory;  // steps, and what they did to the gradient
  for (int step = 0; step < kMostSteps && gradient.norm() > kFlat; ++step) {
    MatrixXd direction = -gradient;
    std::vector<double> factors;
    for (auto pair = memory.rbegin(); pair != memory.rend(); ++pair) {
      const auto& [moved, change] = *pair;
      factors.push_back(moved.cwiseProduct(direction).sum() / moved.cwiseProduct(change).sum());
      direction -= factors.back() * change;
    }
    if (!memory.empty()) {
      const auto& [moved, change] = memory.back();
      direction *= moved.cwiseProduct(change).sum() / change.squaredNorm();
    }
    for (const auto& [moved, change] : memory) {
      const double back = change.cwiseProduct(direction).sum() / moved.cwiseProduct(change).sum();
      direction += (factors.back() - back) * moved;
      factors.pop_back();
    }
    const double descent = direction.cwiseProduct(gradient).sum();
    double length = memory.empty() ? 1 / std::max(1.0, gradient.norm()) : 1;
    MatrixXd next;
    double next_value = value;
    do {  // Armijo's condition
      next = parameters + length * direction;
      next_value = loss(features, classes, regularisation, next, next_gradient);
      length /= 2;
    } while (next_value > value + 1e-4 * 2 * length * descent && length > 1e-12);
    if (next_value >= value) break;
    const MatrixXd moved = next - parameters, change = next_gradient - gradient;
    if (moved.cwiseProduct(change).sum() > 1e-12) memory.emplace_back(moved, change);
    if (memory.size() > kMemory) memory.pop_front();
    parameters = next;
    std::swap(gradient, next_gradient);
    value = next_value;
  }
  return parameters;
}

int most_probable(const MatrixXd& parameters, const RowVectorXd& features) {
  Index best = 0;
  (parameters.leftCols(features.size()) * features.transpose() + parameters.col(features.size()))
      .maxCoeff(&best);
  return static_cast<int>(best);
}

/// Returns the fold of each example; every class is spread over all folds.
std::vector<int> folds_of(const std::vector<int>& classes, int class_count, int folds) {
  std::vector<int> next(static_cast<std::size_t>(class_count)), result;
  for (const int one : classes) result.push_back(next[static_cast<std::size_t>(one)]++ % folds);
  return result;
}

/// Returns the part of the examples that is right when another part has been learnt from.
double validate(const MatrixXd& features, const std::vector<int>& classes, int class_count,
                int folds, double regularisation) {
  const std::vector<int> fold = folds_of(classes, class_count, folds);
  int right = 0;
  for (int held = 0; held < folds; ++held) {
    std::vector<Index> rows;
    std::vector<int> learnt;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (fold[i] == held) continue;
      rows.push_back(static_cast<Index>(i));
      learnt.push_back(classes[i]);
    }
    const MatrixXd parameters =
        minimise(features(rows, Eigen::all), learnt, class_count, regularisation);
    for (std::size_t i = 0; i < classes.size(); ++i)
      if (fold[i] == held &&
          most_probable(parameters, features.row(static_cast<Index>(i))) == classes[i])
        ++right;
  }
  return static_cast<double>(right) / static_cast<double>(classes.size());
}

/// Returns orthonormal columns that span the rows of a matrix, by Gram and Schmidt's method, done
/// twice so that rounding does not matter.
MatrixXd basis_of_rows(const MatrixXd& matrix) {
  MatrixXd basis = matrix.transpose();
  Index rank = 0;
  for (Index i = 0; i < basis.cols(); ++i) {
    VectorXd rest = basis.col(i);
    const double least = 1e-9 * rest.norm();
    for (int pass = 0; pass < 2; ++pass)
      for (Index k = 0; k < rank; ++k) rest -= basis.col(k).dot(rest) * basis.col(k);
    if (rest.norm() > least) basis.col(rank++) = rest.normalized();
  }
  return basis.leftCols(rank);
}

MatrixXd matrix_of(const std::vector<std::vector<float>>& rows) {
  MatrixXd matrix(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j)
      matrix(i, j) = double{rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]};
  return matrix;
}

}  // namespace

LogisticHead fit_logistic(const std::vector<std::vector<float>>& rows,
                          const std::vector<int>& classes, int class_count) {
  const MatrixXd features = matrix_of(rows);
  const RowVectorXd mean = features.colwise().mean();
  const MatrixXd centred = features.rowwise() - mean;
  const double count = static_cast<double>(features.rows());
  RowVectorXd deviation = (centred.colwise().squaredNorm() / count).cwiseSqrt();
  for (double& one : deviation) one = std::max(one, 1e-6);
  MatrixXd scaled = centred.array().rowwise() / deviation.array();

  // Of features more than examples only as many directions matter; the result is the same.
  MatrixXd basis;
  if (scaled.cols() > scaled.rows()) {
    basis = basis_of_rows(scaled);
    scaled = MatrixXd(scaled * basis);
  }

  int smallest = static_cast<int>(classes.size());
  for (int i = 0; i < class_count; ++i)
    smallest = std::min(smallest, static_cast<int>(std::ranges::count(classes, i)));
  LogisticHead head;
  head.folds = std::clamp(smallest, 2, 5);
  head.accuracy = -1;
  for (const double regularisation : {10.0, 1.0, 0.1, 0.01, 0.001}) {
    const double accuracy = validate(scaled, classes, class_count, head.folds, regularisation);
    if (accuracy <= head.accuracy) continue;
    head.accuracy = accuracy;
    head.regularisation = regularisation;
  }
  const MatrixXd parameters = minimise(scaled, classes, class_count, head.regularisation);
  MatrixXd weights = parameters.leftCols(scaled.cols());
  if (basis.size() > 0) weights = MatrixXd(weights * basis.transpose());
  weights.array().rowwise() /= deviation.array();
  for (Index i = 0; i < weights.rows(); ++i) {
    for (Index k = 0; k < weights.cols(); ++k)
      head.weights.push_back(static_cast<float>(weights(i, k)));
    head.biases.push_back(
        static_cast<float>(parameters(i, scaled.cols()) - weights.row(i).dot(mean)));
  }
  return head;
}
