#include "train/recipe.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "formatted.hpp"
#include "pplcnet/weights/from_chars.hpp"
#include "pplcnet/weights/join.hpp"

using pplcnet::Error;
using pplcnet::join;

namespace {

/// Calls `visit(name, value)` with each value of a recipe.
template <class AnyRecipe, class Visit>
void for_each_value(AnyRecipe& recipe, const Visit& visit) {
  visit("model", recipe.model);
  visit("init", recipe.init);
  visit("teacher", recipe.teacher);
  visit("part", recipe.part);
  visit("height", recipe.height);
  visit("width", recipe.width);
  visit("preset", recipe.preset);
  visit("images", recipe.images);
  visit("root", recipe.root);
  visit("validation", recipe.validation);
  visit("labels", recipe.labels);
  visit("rotations", recipe.rotations);
  visit("held_out", recipe.held_out);
  visit("class_weights", recipe.class_weights);
  visit("epochs", recipe.epochs);
  visit("batch", recipe.batch);
  visit("frozen_epochs", recipe.frozen_epochs);
  visit("patience", recipe.patience);
  visit("rate", recipe.rate);
  visit("warm_up", recipe.warm_up);
  visit("momentum", recipe.momentum);
  visit("decay", recipe.decay);
  visit("smoothing", recipe.smoothing);
  visit("clip", recipe.clip);
  visit("average", recipe.average);
  visit("dropout", recipe.dropout);
  visit("body_rate", recipe.body_rate);
  visit("schedule", recipe.schedule);
  visit("stair_epochs", recipe.stair_epochs);
  visit("stair_factor", recipe.stair_factor);
  visit("frozen_norms", recipe.frozen_norms);
  visit("seed", recipe.seed);
  visit("distillation", recipe.distillation);
  visit("teacher_share", recipe.teacher_share);
  visit("temperature", recipe.temperature);
  visit("least_crop", recipe.least_crop);
  visit("mirror", recipe.mirror);
  visit("rand_probability", recipe.rand_probability);
  visit("rand_magnitude", recipe.rand_magnitude);
  visit("degrees", recipe.degrees);
  visit("colour", recipe.colour);
  visit("erase", recipe.erase);
  visit("mixup", recipe.mixup);
  visit("cutmix", recipe.cutmix);
  visit("output", recipe.output);
  visit("page", recipe.page);
  visit("checkpoint_seconds", recipe.checkpoint_seconds);
}

template <class Number>
std::string text_of_number(Number number) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), number).ptr;
  return std::string(text, end);
}

/// Chooses values, and remembers why.
class Choices {
 public:
  explicit Choices(std::vector<std::string>& lines) : lines_(lines) {}

  template <class Number>
  void choose(Number& value, std::string_view name, Number chosen, std::string_view why) {
    if (value != Number{Recipe::kAuto}) return;
    value = chosen;
    lines_.push_back(join({name, " ", formatted("%.4g", static_cast<double>(chosen)), ": ", why}));
  }

 private:
  std::vector<std::string>& lines_;
};

/// Returns the largest power of two from 16 to 128 that leaves eight steps or more in an epoch.
int batch_for(std::size_t pictures) {
  int batch = 16;
  while (batch < 128 && pictures >= static_cast<std::size_t>(batch) * 2 * 8) batch *= 2;
  return batch;
}

void choose_steps(Recipe& recipe, const RecipeFacts& facts, Choices& choices) {
  const std::size_t pictures = std::max<std::size_t>(1, facts.pictures);
  const double seen = facts.is_fine_tuned ? 12'000 : 150'000;
  const int epochs = std::clamp(static_cast<int>(std::lround(seen / static_cast<double>(pictures))),
                                facts.is_fine_tuned ? 10 : 20, facts.is_fine_tuned ? 60 : 200);
  choices.choose(recipe.epochs, "epochs", epochs,
                 facts.is_fine_tuned ? "trained weights need few, the more the fewer pictures"
                                     : "from scratch: many, the more the fewer pictures");
  choices.choose(recipe.batch, "batch", batch_for(pictures),
                 "eight steps or more in an epoch, but 16 pictures at least and 128 at most");
  const double rate = facts.is_fine_tuned ? 0.02 : 0.1;
  choices.choose(recipe.rate, "learning rate", rate * std::sqrt(recipe.batch / 64.0),
                 facts.is_fine_tuned ? "0.02 for 64 pictures: trained weights move little"
                                     : "0.1 for 64 pictures, by the root of the batch");
  const int frozen = facts.is_fine_tuned && facts.has_new_head ? std::min(2, recipe.epochs / 5) : 0;
  choices.choose(
      recipe.frozen_epochs, "frozen epochs", frozen,
      frozen > 0 ? "at first the new head learns alone" : "all layers learn from the first step");
  choices.choose(recipe.warm_up, "warm-up epochs", std::min(5.0, recipe.epochs * 0.1),
                 "a tenth of the epochs, five at most");
  choices.choose(recipe.decay, "weight decay", facts.is_fine_tuned ? 4e-5 : 3e-5,
                 "as PaddleClas has it");
  choices.choose(recipe.smoothing, "label smoothing", facts.classes > 2 ? 0.1 : 0.0,
                 facts.classes > 2 ? "as PaddleClas has it" : "of two classes none");
  choices.choose(recipe.dropout, "dropout", facts.is_fine_tuned ? 0.0 : 1.0,
                 facts.is_fine_tuned ? "none in fine-tuning" : "that of the network");
}

void choose_augmentation(Recipe& recipe, const RecipeFacts& facts, Choices& choices) {
  const bool few = facts.pictures < 20'000;
  if (facts.squeezes)
    choices.choose(recipe.least_crop, "least crop", 1.0,
                   "pictures are squeezed whole into the input, as in use");
  else
    choices.choose(recipe.least_crop, "least crop", few ? 0.35 : 0.08,
                   few ? "a third of the area or more: of few pictures nothing may be lost"
                       : "8 % of the area or more, as PaddleClas has it");
  const bool mirrors = !facts.squeezes && !facts.tells_direction;
  choices.choose(recipe.mirror, "mirror", mirrors ? 0.5 : 0.0,
                 facts.tells_direction ? "the labels tell directions"
                 : facts.squeezes      ? "what is squeezed is often a line of text"
                                       : "half of the pictures");
  choices.choose(recipe.rand_probability, "RandAugment",
                 facts.squeezes ? (facts.is_fine_tuned ? 0.5 : 0.2) : 0.0,
                 facts.squeezes ? "in place of crops, with that probability" : "crops are enough");
  choices.choose(recipe.colour, "colour jitter", few ? 0.2 : 0.0,
                 few ? "brightness, contrast and saturation by up to a fifth" : "none");
  choices.choose(recipe.erase, "random erasing", 0.1, "a tenth of the pictures, as PULC has it");
}

}  // namespace

pplcnet::Augmentation Recipe::augmentation() const {
  return {.crops = least_crop < 1,
          .crop = {.least_area = least_crop},
          .mirror = mirror,
          .rand = {.probability = rand_probability, .magnitude = rand_magnitude},
          .degrees = degrees,
          .brightness = colour,
          .contrast = colour,
          .saturation = colour,
          .erase = {.probability = erase}};
}

bool tell_direction(const std::vector<std::string>& labels) {
  return std::ranges::any_of(labels, [](const std::string& label) {
    std::string lower;
    for (const char c : label)
      lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view word : {"left", "right", "degree", "clockwise", "rotat"})
      if (lower.find(word) != lower.npos) return true;
    return lower == "90" || lower == "180" || lower == "270";
  });
}

std::vector<std::string> complete_recipe(Recipe& recipe, const RecipeFacts& facts) {
  std::vector<std::string> lines;
  Choices choices(lines);
  choose_steps(recipe, facts, choices);
  choose_augmentation(recipe, facts, choices);
  constexpr double kUneven = 3;
  if (recipe.class_weights == "auto") {
    recipe.class_weights = facts.imbalance > kUneven ? "balanced" : "none";
    lines.push_back(join({"class weights ", recipe.class_weights, ": the largest class has ",
                          formatted("%.4g", std::round(10 * facts.imbalance) / 10),
                          " times as many pictures as the smallest"}));
  }
  return lines;
}

RecipeTexts texts_of(const Recipe& recipe) {
  RecipeTexts texts;
  for_each_value(recipe, [&](const char* name, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>)
      texts.emplace_back(name, value);
    else if constexpr (std::is_same_v<Value, bool>)
      texts.emplace_back(name, value ? "1" : "0");
    else
      texts.emplace_back(name, text_of_number(value));
  });
  return texts;
}

Error read_recipe(const RecipeTexts& texts, const std::string& path, Recipe& recipe) {
  Error problem;
  for_each_value(recipe, [&](const char* name, auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    const auto found = std::ranges::find(texts, std::string_view(name), [](const auto& entry) {
      return std::string_view(entry.first);
    });
    if (problem) return;
    if (found == texts.end()) {
      problem = Error::of(path, ": has no ", pplcnet::quote(name));
      return;
    }
    const std::string& text = found->second;
    if constexpr (std::is_same_v<Value, std::string>) {
      value = text;
    } else {
      std::conditional_t<std::is_same_v<Value, bool>, int, Value> number = {};
      const char* const end = text.data() + text.size();
      const auto [stop, error] = pplcnet::from_chars(text.data(), end, number);
      if (error != std::errc() || stop != end)
        problem = Error::of(path, ": ", name, ": expected a number, found ", pplcnet::quote(text));
      value = static_cast<Value>(number);
    }
  });
  return problem;
}
