#ifndef PPLCNET_EXAMPLES_REPORT_HPP
#define PPLCNET_EXAMPLES_REPORT_HPP

#include <string>

#include "evaluation.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// Writes an evaluation as one page of HTML that needs nothing else: figures, pictures that
/// could not be read, histograms of the scores, a table of the classes, the confusion matrix, and
/// the worst mistakes with their class activation maps.
pplcnet::Error write_report(const std::string& path, const std::string& data,
                            const Evaluation& evaluation, pplcnet::AnyClassifier& classifier,
                            double rate);

#endif  // PPLCNET_EXAMPLES_REPORT_HPP
