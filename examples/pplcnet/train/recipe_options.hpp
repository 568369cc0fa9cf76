#ifndef PPLCNET_EXAMPLES_TRAIN_RECIPE_OPTIONS_HPP
#define PPLCNET_EXAMPLES_TRAIN_RECIPE_OPTIONS_HPP

#include <string>

#include "command_line.hpp"
#include "train/recipe.hpp"

/// Reads the size of an input, `160` or `80x160`, height before width. Returns whether it is one.
bool parse_size(const std::string& text, int& height, int& width);

/// Adds the options by which a recipe says which network learns from which pictures.
void add_subject(const Command& command, Recipe& recipe);

/// Adds the options by which a recipe says how that is done.
void add_method(const Command& command, Recipe& recipe);

#endif  // PPLCNET_EXAMPLES_TRAIN_RECIPE_OPTIONS_HPP
