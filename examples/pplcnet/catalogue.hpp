#ifndef PPLCNET_EXAMPLES_CATALOGUE_HPP
#define PPLCNET_EXAMPLES_CATALOGUE_HPP

#include <span>
#include <string>
#include <string_view>

#include "pplcnet/architecture.hpp"
#include "pplcnet/models/model.hpp"

/// A published model as data: what its type is in a program that knows at compile time.
struct Published {
  pplcnet::Model model;
  pplcnet::Architecture architecture;
};

/// Whether a model is for any classes: those of ImageNet are what it was published with.
bool is_general(const Published& one);

/// All that the library knows, family by family.
std::span<const Published> published();

/// The model of that name; null if there is none.
const Published* find_published(std::string_view name);

/// Names of those with classes, or of all, with commas between them.
std::string names_of_published(bool classifiers_only);

/// What is wrong with a model's name; empty: nothing. For CommandOption::check.
std::string check_published(const std::string& name);

#endif  // PPLCNET_EXAMPLES_CATALOGUE_HPP
