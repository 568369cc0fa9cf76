#include "train/summary.hpp"

#include <cstddef>
#include <utility>

#include "formatted.hpp"
#include "output_file.hpp"
#include "pplcnet/weights/join.hpp"
#include "printable.hpp"
#include "train/history.hpp"

using pplcnet::Error;
using pplcnet::join;

std::vector<std::string> facts_of(const Session& session) {
  const Checkpoint& state = session.state();
  const Recipe& recipe = state.recipe;
  std::vector<std::string> facts = {
      join({state.published, ", ", state.height, "x", state.width, ", ", state.classes,
            " classes, ", session.parameters(), " parameters",
            recipe.init.empty() ? std::string(", from scratch") : ", from " + recipe.init}),
      join({"pictures: ", session.data().training.size(), " to learn from, ",
            session.data().validation.size(), " held out"})};
  facts.insert(facts.end(), state.facts.begin(), state.facts.end());
  return facts;
}

std::string line_of_epoch(const Session& session) {
  const Checkpoint& state = session.state();
  const EpochResult& result = state.history.back();
  const int left = state.recipe.epochs - state.epoch;
  const double seconds = state.seconds / state.epoch * left;
  std::string line =
      join({"epoch ", state.epoch, "/", state.recipe.epochs, formatted(": loss %.4f", result.loss),
            formatted(", right %.2f %%", 100 * result.accuracy)});
  if (!session.data().validation.empty())
    line += join({formatted("; held out: loss %.4f", result.validation_loss),
                  formatted(", right %.2f %%", 100 * result.validation_accuracy)});
  line += formatted("; %.0f pictures/s", result.pictures_per_second);
  if (left > 0)
    line += formatted(seconds < 90 ? ", %.0f s left" : ", %.0f min left",
                      seconds < 90 ? seconds : seconds / 60);
  return line + (result.is_best ? " (best)" : "");
}

std::string end_of(const Session& session) {
  const Checkpoint& state = session.state();
  const EpochResult& best = state.history[static_cast<std::size_t>(state.best_epoch)];
  std::string text;
  if (state.epoch < state.recipe.epochs)
    text += join({"ended early: no epoch was better for ", state.recipe.patience, " epochs\n"});
  text += join({"best: epoch ", state.best_epoch + 1});
  if (!session.data().validation.empty())
    text += join({formatted(", %.2f %% of ", 100 * best.validation_accuracy),
                  session.data().validation.size(), " held-out pictures right"});
  return text + join({formatted("\nseconds: %.1f\n", state.seconds),
                      "written: ", printable(state.recipe.output)});
}

Json to_json(const Session& session) {
  const Checkpoint& state = session.state();
  Json labels = Json::array(), facts = Json::array(), recipe = Json::object();
  for (const std::string& label : state.labels) labels.add(label);
  for (const std::string& fact : state.facts) facts.add(fact);
  for (const auto& [name, value] : texts_of(state.recipe)) recipe.add(name, value);
  Json result = Json::object({{"model", state.published},
                              {"parameters", session.parameters()},
                              {"memory_bytes", session.memory_bytes()},
                              {"training", session.data().training.size()},
                              {"validation", session.data().validation.size()},
                              {"steps", state.step},
                              {"best_epoch", state.best_epoch + 1},
                              {"seconds", state.seconds}});
  if (state.best_epoch >= 0)
    result.add("accuracy",
               state.history[static_cast<std::size_t>(state.best_epoch)].validation_accuracy);
  result.add("labels", std::move(labels));
  result.add("chosen", std::move(facts));
  result.add("recipe", std::move(recipe));
  result.add("epochs", to_json(state.history));
  result.add_file(state.recipe.output);
  return result;
}

Error write_curves(const std::string& curves, const Session& session) {
  const Checkpoint& state = session.state();
  if (!curves.empty())
    if (auto error = write_output(curves, learning_curves(state.history))) return error;
  if (state.recipe.page.empty()) return {};
  const std::string title = join({state.published, " learns ", state.recipe.images});
  return write_output(state.recipe.page, training_page(title, facts_of(session), state.history));
}
