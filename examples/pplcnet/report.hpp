#ifndef PPLCNET_EXAMPLES_REPORT_HPP
#define PPLCNET_EXAMPLES_REPORT_HPP

#include <string>

#include "classifier.hpp"
#include "evaluation.hpp"
#include "pplcnet/weights/error.hpp"

/// Writes an evaluation as one page of HTML that needs nothing else: figures, a histogram of the
/// scores, a table of the classes, and the worst pictures with what was seen in them.
pplcnet::Error write_report(const std::string& path, const std::string& data,
                            const Evaluation& evaluation, Classifier& classifier, double rate);

#endif  // PPLCNET_EXAMPLES_REPORT_HPP
