#ifndef PPLCNET_EXAMPLES_CATALOGUE_HPP
#define PPLCNET_EXAMPLES_CATALOGUE_HPP

#include <span>
#include <string>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/networks/adaptation.hpp"

/// A published model as data: what its type is in a program that knows at compile time.
struct Published {
  pplcnet::Model model;
  /// Returns its network, or one that is otherwise as a file says.
  pplcnet::Graph (*adapted)(const pplcnet::Adaptation&) = nullptr;
  pplcnet::Extent input = {};
  int classes = 0;                  ///< 0: no classifier
  int head = 0;                     ///< width of the embedding before the classes; 0: none
  int pooled = 0;                   ///< width of the vector after pooling; 0: maps are the result
  bool head_bias = false;           ///< the embedding's layer has a bias
  bool adapts_head = false;         ///< there is an option for the embedding's width
  std::string_view framework = {};  ///< whose network it is

  pplcnet::Graph graph() const { return adapted({}); }
};

/// Whether a model is for any classes: those of ImageNet are what it was published with.
bool is_general(const Published& one);

/// All that the library knows, in order.
std::span<const Published> published();

/// What files call the weights of a network's first layer and of its classifier.
struct EndNames {
  std::string first, classifier;
};

/// The names of all published classifiers, in every naming.
std::span<const EndNames> end_names();

/// The model of that name; null if there is none.
const Published* find_published(std::string_view name);

/// Names of those with classes, or of all, with commas between them.
std::string names_of_published(bool classifiers_only);

/// What is wrong with a model's name; empty: nothing. For CommandOption::check.
std::string check_published(const std::string& name);

#endif  // PPLCNET_EXAMPLES_CATALOGUE_HPP
