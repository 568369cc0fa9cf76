#ifndef PPLCNET_EXAMPLES_LOGISTIC_HPP
#define PPLCNET_EXAMPLES_LOGISTIC_HPP

#include <vector>

/// A linear layer that tells classes apart: logits = weights * features + biases.
struct LogisticHead {
  std::vector<float> weights;  ///< [classes][features]
  std::vector<float> biases;
  double accuracy = 0;        ///< in cross-validation, with this regularisation
  double regularisation = 0;  ///< of weights for features of mean 0 and variance 1
  int folds = 0;
};

/// Fits a multinomial logistic regression with L2 regularisation, chosen by cross-validation, by
/// L-BFGS (Nocedal, 1980). `rows` has a row of features for each example; each class needs two or
/// more.
LogisticHead fit_logistic(const std::vector<std::vector<float>>& rows,
                          const std::vector<int>& classes, int class_count);

#endif  // PPLCNET_EXAMPLES_LOGISTIC_HPP
