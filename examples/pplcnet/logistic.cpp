#include "logistic.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <utility>

// A matrix of Eigen's that cannot get another size is destroyed twice: here each gets its size
// once, or takes the place of another. Each operation on whole matrices is a function, as Eigen
// takes long to compile for each of its kinds of expressions.

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd multiply(const MatrixXd& a, const MatrixXd& b) { return a * b; }

MatrixXd transpose(const MatrixXd& matrix) { return matrix.transpose(); }

/// Returns the sum of all products of elements in the same place.
double dot(const MatrixXd& a, const MatrixXd& b) { return a.cwiseProduct(b).sum(); }

/// Returns sum + factor * matrix.
MatrixXd plus(MatrixXd sum, double factor, const MatrixXd& matrix) {
  sum += factor * matrix;
  return sum;
}

/// Returns the mean cross-entropy plus regularisation / 2 times the square of the weights, and its
/// gradient. The last of the features is 1. `parameters` is [classes][features], the bias last.
double loss(const MatrixXd& features, const std::vector<int>& classes, double regularisation,
            const MatrixXd& parameters, MatrixXd& gradient) {
  MatrixXd scores = multiply(features, transpose(parameters));
  double sum = 0;
  for (Index i = 0; i < scores.rows(); ++i) {
    auto row = scores.row(i);
    const Index right = classes[static_cast<std::size_t>(i)];
    const double highest = row.maxCoeff();
    const double own = row[right] - highest;
    row = (row.array() - highest).exp();
    const double total = row.sum();
    sum += std::log(total) - own;
    row /= total;
    row[right] -= 1;
  }
  const double share = 1 / static_cast<double>(scores.rows());
  MatrixXd weights = parameters;
  weights.col(weights.cols() - 1).setZero();
  scores *= share;
  gradient = plus(multiply(transpose(scores), features), regularisation, weights);
  return share * sum + regularisation / 2 * dot(weights, weights);
}

/// Returns the parameters with the least loss.
MatrixXd minimise(const MatrixXd& features, const std::vector<int>& classes, int class_count,
                  double regularisation) {
  constexpr int kMostSteps = 300;
  constexpr std::size_t kMemory = 10;
  constexpr double kFlat = 1e-6;
  MatrixXd parameters = MatrixXd::Zero(class_count, features.cols());
  MatrixXd gradient = parameters, next_gradient = parameters;
  double value = loss(features, classes, regularisation, parameters, gradient);
  std::deque<std::pair<MatrixXd, MatrixXd>> memory;  // steps, and what they did to the gradient
  for (int step = 0; step < kMostSteps; ++step) {
    const double slope = std::sqrt(dot(gradient, gradient));
    if (slope <= kFlat) break;
    MatrixXd direction = -gradient;
    std::vector<double> factors;
    for (auto pair = memory.rbegin(); pair != memory.rend(); ++pair) {
      const auto& [moved, change] = *pair;
      factors.push_back(dot(moved, direction) / dot(moved, change));
      direction = plus(std::move(direction), -factors.back(), change);
    }
    if (!memory.empty()) {
      const auto& [moved, change] = memory.back();
      direction *= dot(moved, change) / dot(change, change);
    }
    for (const auto& [moved, change] : memory) {
      const double back = dot(change, direction) / dot(moved, change);
      direction = plus(std::move(direction), factors.back() - back, moved);
      factors.pop_back();
    }
    const double descent = dot(direction, gradient);
    double length = memory.empty() ? 1 / std::max(1.0, slope) : 1;
    MatrixXd next;
    double next_value = value;
    do {  // Armijo's condition
      next = plus(parameters, length, direction);
      next_value = loss(features, classes, regularisation, next, next_gradient);
      length /= 2;
    } while (next_value > value + 1e-4 * 2 * length * descent && length > 1e-12);
    if (next_value >= value) break;
    MatrixXd moved = plus(next, -1, parameters), change = plus(next_gradient, -1, gradient);
    if (dot(moved, change) > 1e-12) memory.emplace_back(std::move(moved), std::move(change));
    if (memory.size() > kMemory) memory.pop_front();
    parameters.swap(next);
    gradient.swap(next_gradient);
    value = next_value;
  }
  return parameters;
}

/// Returns the fold of each example; every class is spread over all folds.
std::vector<int> folds_of(const std::vector<int>& classes, int class_count, int folds) {
  std::vector<int> next(static_cast<std::size_t>(class_count)), result;
  for (const int one : classes) result.push_back(next[static_cast<std::size_t>(one)]++ % folds);
  return result;
}

MatrixXd rows_of(const MatrixXd& matrix, const std::vector<Index>& rows) {
  MatrixXd result(static_cast<Index>(rows.size()), matrix.cols());
  for (Index i = 0; i < result.rows(); ++i)
    result.row(i) = matrix.row(rows[static_cast<std::size_t>(i)]);
  return result;
}

/// Returns the part of the examples that is right when another part has been learnt from.
double validate(const MatrixXd& features, const std::vector<int>& classes, int class_count,
                int folds, double regularisation) {
  const std::vector<int> fold = folds_of(classes, class_count, folds);
  int right = 0;
  for (int held = 0; held < folds; ++held) {
    std::vector<Index> learnt_rows, held_rows;
    std::vector<int> learnt, expected;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      (fold[i] == held ? held_rows : learnt_rows).push_back(static_cast<Index>(i));
      (fold[i] == held ? expected : learnt).push_back(classes[i]);
    }
    const MatrixXd parameters =
        minimise(rows_of(features, learnt_rows), learnt, class_count, regularisation);
    const MatrixXd scores = multiply(rows_of(features, held_rows), transpose(parameters));
    for (Index i = 0; i < scores.rows(); ++i) {
      Index best = 0;
      scores.row(i).maxCoeff(&best);
      if (best == expected[static_cast<std::size_t>(i)]) ++right;
    }
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
  MatrixXd features = matrix_of(rows);
  const Index width = features.cols();
  VectorXd means(width), deviations(width);
  for (Index k = 0; k < width; ++k) {
    auto column = features.col(k);
    means[k] = column.mean();
    column.array() -= means[k];
    deviations[k] =
        std::max(std::sqrt(column.squaredNorm() / static_cast<double>(column.size())), 1e-6);
    column /= deviations[k];
  }

  // Of features more than examples only as many directions matter; the result is the same.
  MatrixXd basis;
  const bool has_basis = width > features.rows();
  if (has_basis) {
    basis = basis_of_rows(features);
    features = multiply(features, basis);
  }
  const Index directions = features.cols();
  features.conservativeResize(Eigen::NoChange, directions + 1);
  features.col(directions).setOnes();

  int smallest = static_cast<int>(classes.size());
  for (int i = 0; i < class_count; ++i)
    smallest = std::min(smallest, static_cast<int>(std::ranges::count(classes, i)));
  LogisticHead head;
  head.folds = std::clamp(smallest, 2, 5);
  head.accuracy = -1;
  for (const double regularisation : {10.0, 1.0, 0.1, 0.01, 0.001}) {
    const double accuracy = validate(features, classes, class_count, head.folds, regularisation);
    if (accuracy <= head.accuracy) continue;
    head.accuracy = accuracy;
    head.regularisation = regularisation;
  }
  const MatrixXd parameters = minimise(features, classes, class_count, head.regularisation);
  MatrixXd weights = parameters.leftCols(directions);
  if (has_basis) weights = multiply(weights, transpose(basis));
  for (Index i = 0; i < weights.rows(); ++i) {
    double bias = parameters(i, directions);
    for (Index k = 0; k < width; ++k) {
      const double weight = weights(i, k) / deviations[k];
      head.weights.push_back(static_cast<float>(weight));
      bias -= weight * means[k];
    }
    head.biases.push_back(static_cast<float>(bias));
  }
  return head;
}
