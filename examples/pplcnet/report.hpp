#ifndef PPLCNET_EXAMPLES_REPORT_HPP
#define PPLCNET_EXAMPLES_REPORT_HPP

#include <string>

#include "classifier.hpp"
#include "evaluation.hpp"
#include "pplcnet/weights/error.hpp"

/// Writes an evaluation as one page of HTML that needs nothing else: figures, what was not seen,
/// histograms of the scores, tables of the classes and of what is taken for what, and the worst
/// mistakes with what was seen in them.
pplcnet::Error write_report(const std::string& path, const std::string& data,
                            const Evaluation& evaluation, Classifier& classifier, double rate);

#endif  // PPLCNET_EXAMPLES_REPORT_HPP
