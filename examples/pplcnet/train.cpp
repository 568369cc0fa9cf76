// pplcnet train: a network from pictures, from scratch or from the weights of another one.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "output_file.hpp"
#include "printable.hpp"
#include "train/recipe.hpp"
#include "train/recipe_options.hpp"
#include "train/session.hpp"
#include "train/summary.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;

struct TrainArguments {
  Recipe recipe;
  std::string resumed, curves, size;
  int seed = 0;
  int threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 256U));
  bool json = false;
};

/// Returns what is wrong with the command line; empty: nothing.
std::string usage_error(const TrainArguments& arguments) {
  const Recipe& recipe = arguments.recipe;
  if (!arguments.resumed.empty()) {
    const bool more = !recipe.images.empty() || !recipe.output.empty() || !recipe.init.empty();
    return more ? "--resume FILE goes on as it began: it has pictures, weights and output" : "";
  }
  if (recipe.images.empty()) return "--images is required";
  if (recipe.output.empty()) return "--output is required";
  if (!recipe.output.ends_with(".safetensors")) return no_native_name(recipe.output).message();
  return "";
}

int run(const TrainArguments& arguments) {
  Session session(arguments.threads);
  Recipe recipe = arguments.recipe;
  recipe.seed = static_cast<std::uint64_t>(arguments.seed);
  parse_size(arguments.size, recipe.height, recipe.width);
  if (report(arguments.resumed.empty() ? session.begin(recipe) : session.resume(arguments.resumed)))
    return 1;
  if (!arguments.curves.empty() && report(claim_output(arguments.curves))) return 1;
  const auto say = [&](const std::string& line) {
    if (arguments.json) return;
    std::printf("%s\n", without_controls(line).c_str());
    std::fflush(stdout);
  };
  for (const std::string& fact : facts_of(session)) say(fact);
  const Error error = session.run(say);
  if (interruption::happened()) {
    if (!session.state().weights.parameters.empty())
      std::fprintf(stderr, "pplcnet train: interrupted; `pplcnet train --resume %s` goes on\n",
                   printable(session.checkpoint_path()).c_str());
    return interruption::exit_status();
  }
  if (report(error)) return 1;
  if (session.state().best_epoch < 0) return fail(Error("no epoch has ended"));
  if (report(write_curves(arguments.curves, session))) return 1;
  if (arguments.json)
    std::printf("%s\n", to_json(session).text(1).c_str());
  else
    std::printf("%s\n", end_of(session).c_str());
  return session.complete() ? 0 : 1;
}

constexpr const char* kAboutTraining =
    "The pictures lie in a folder for each class, whose name is the label, or are those of a list "
    "with a path and the number of its class on each line, as Paddle's are. A fifth of each class "
    "is held out, always the same pictures; the epoch that does best on them is the result: a "
    "weight file with labels and preprocessing, for `pplcnet classify`, `evaluate`, `convert` and "
    "`quantise`, and in C++ for the same type of network with other classes."
    "\n\nWithout --init a network learns from scratch, for which thousands of pictures are needed; "
    "with it, fifty do: trained weights go on learning, after a new head has learnt alone for two "
    "epochs if the classes are others. What is not said is chosen from the pictures, and printed "
    "with the reason. --teacher lets a network learn from a larger one, too."
    "\n\nWith --rotations the folder has upright pictures and no classes: a network learns by how "
    "much a picture is rotated, as `pplcnet orient` needs it."
    "\n\nAfter each epoch, and every minute, FILE.checkpoint is written beside FILE.safetensors, "
    "whole or not at all: --resume goes on from there, to the same bits as if nothing had "
    "happened. The bits depend on seed, pictures and options alone, not on the number of threads."
    "\n\nExamples: pplcnet train --images photos --init PPLCNet_x1_0.safetensors -o "
    "mine.safetensors"
    "\n          pplcnet train --images photos --model PPLCNet_x0_25 --size 96 -o mine.safetensors"
    "\n          pplcnet train --resume mine.checkpoint"
    "\n\nExit status: 0; 1 if a picture could not be read, which is named and left out, or there "
    "is no result; 2: usage error; 130 after Ctrl-C: the last checkpoint and the best network so "
    "far stay.";

}  // namespace

Run add_train(CommandLine& program) {
  const auto arguments = std::make_shared<TrainArguments>();
  Recipe& recipe = arguments->recipe;
  const Command command =
      program.add("train", "A network from pictures: from scratch, or from trained weights");
  command.footer(kAboutTraining);
  add_subject(command, recipe);
  command.add("--size", arguments->size, "Of the input: 96, or height and width, 80x160")
      .check([](const std::string& text) {
        int height = 0, width = 0;
        return parse_size(text, height, width) ? std::string()
                                               : text + ": expected a size such as 96 or 80x160";
      });
  command.add("--preset", recipe.preset, "Preprocessing, by name (see `pplcnet convert --help`)");
  command.add("-o,--out,--output", recipe.output, "The new weights, .safetensors");
  command.add("--resume", arguments->resumed, "Goes on from a checkpoint");
  command.add("--report", recipe.page, "A page with learning curves, .html");
  command.add("--curves", arguments->curves, "The learning curves alone, .svg");
  command
      .add("--checkpoint-seconds", recipe.checkpoint_seconds,
           "The time after which there is one, in an epoch, too")
      .range(0, 1 << 20)
      .show_default();
  command.add("--seed", arguments->seed, "Of all random numbers").range(0, 1 << 30).show_default();
  command
      .add("--threads", arguments->threads,
           "Which compute, and prepare pictures; as many as there are processors")
      .range(1, 256);
  command.add_flag("--json", arguments->json, "Print the result as JSON");
  add_method(command, recipe);
  return [arguments] {
    if (const std::string message = usage_error(*arguments); !message.empty()) {
      report(Error(message));
      return 2;
    }
    return run(*arguments);
  };
}
