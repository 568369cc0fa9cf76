// pplcnet train: a network from pictures, from scratch or from the weights of another one.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "output_file.hpp"
#include "pplcnet/weights/join.hpp"
#include "printable.hpp"
#include "train/history.hpp"
#include "train/recipe.hpp"
#include "train/session.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;
using pplcnet::join;

struct TrainArguments {
  Recipe recipe;
  std::string resumed, curves, size;
  int seed = 0;
  int threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 256U));
  bool json = false;
};

/// Reads `160` or `80x160`, height before width.
bool parse_size(const std::string& text, int& height, int& width) {
  if (text.empty()) return true;
  int used = 0;
  const int found = std::sscanf(text.c_str(), "%4dx%4d%n", &height, &width, &used);
  if (found == 1 && std::sscanf(text.c_str(), "%4d%n", &height, &used) == 1) width = height;
  return found >= 1 && used == static_cast<int>(text.size()) && height >= 8 && width >= 8;
}

/// Returns what is wrong with the command line; empty: nothing.
std::string usage_error(const TrainArguments& arguments) {
  const Recipe& recipe = arguments.recipe;
  if (!arguments.resumed.empty()) {
    const bool more = !recipe.images.empty() || !recipe.output.empty() || !recipe.init.empty();
    return more ? "--resume FILE goes on as it began: it has pictures, weights and output" : "";
  }
  if (recipe.images.empty()) return "--images is required";
  if (recipe.output.empty()) return "--output is required";
  if (!recipe.output.ends_with(".safetensors"))
    return recipe.output + ": expected a name that ends in .safetensors";
  return "";
}

/// Lists what is trained on what.
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

/// Writes the curves that were asked for.
Error write_curves(const TrainArguments& arguments, const Session& session) {
  const Checkpoint& state = session.state();
  if (!arguments.curves.empty())
    if (auto error = write_output(arguments.curves, learning_curves(state.history))) return error;
  if (state.recipe.page.empty()) return {};
  const std::string title = join({state.published, " learns ", state.recipe.images});
  return write_output(state.recipe.page, training_page(title, facts_of(session), state.history));
}

void print_end(const Session& session) {
  const Checkpoint& state = session.state();
  const EpochResult& best = state.history[static_cast<std::size_t>(state.best_epoch)];
  if (state.epoch < state.recipe.epochs)
    std::printf("ended early: no epoch was better for %d epochs\n", state.recipe.patience);
  std::printf("best: epoch %d", state.best_epoch + 1);
  if (!session.data().validation.empty())
    std::printf(", %.2f %% of %zu held-out pictures right", 100 * best.validation_accuracy,
                session.data().validation.size());
  std::printf("\nseconds: %.1f\nwritten: %s\n", state.seconds,
              printable(state.recipe.output).c_str());
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
  if (report(write_curves(arguments, session))) return 1;
  if (arguments.json)
    std::printf("%s\n", to_json(session).text(1).c_str());
  else
    print_end(session);
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
    "\n\nAfter each epoch, and every minute, FILE.checkpoint is written beside FILE.safetensors, "
    "whole or not at all: --resume goes on from there, to the same bits as if nothing had "
    "happened. The bits depend on seed, pictures and options alone, not on the number of threads."
    "\n\nExamples: pplcnet train --images photos --init PPLCNet_x1_0.safetensors -o "
    "mine.safetensors"
    "\n          pplcnet train --images photos --model PPLCNet_x0_25 --size 96 -o mine.safetensors"
    "\n          pplcnet train --resume mine.checkpoint"
    "\n\nExit status: 0; 1 if a picture could not be read, which is named and left out, or there "
    "is "
    "no result; 130 after Ctrl-C: the last checkpoint and the best network so far stay.";

void add_steps(const Command& command, Recipe& recipe) {
  command.add("--epochs", recipe.epochs, "How often each picture is seen").range(1, 1 << 20);
  command.add("--batch", recipe.batch, "Pictures of a step").range(1, 4096);
  command.add("--rate", recipe.rate, "The highest learning rate").range(1e-30, 1e30);
  command.add("--schedule", recipe.schedule, "How the learning rate falls")
      .one_of({"cosine", "stairs", "constant"})
      .show_default();
  command.add("--warm-up", recipe.warm_up, "Epochs in which the learning rate rises")
      .range(0.0, 1e6);
  command.add("--stair-epochs", recipe.stair_epochs, "Of stairs: epochs of each").show_default();
  command.add("--stair-factor", recipe.stair_factor, "Of stairs: what the rate falls to, each time")
      .range(0.0, 1.0)
      .show_default();
  command.add("--momentum", recipe.momentum, "Of the gradients").range(0.0, 0.9999).show_default();
  command.add("--decay", recipe.decay, "L2 of weights, not of batch norms").range(0.0, 1.0);
  command.add("--smoothing", recipe.smoothing, "The share of a label that all classes have")
      .range(0.0, 0.9);
  command.add("--clip", recipe.clip, "The most that the gradients' norm may be; 0: anything")
      .range(0.0, 1e9);
  command
      .add("--average", recipe.average,
           "Weights and statistics are averaged over the steps, so much is kept at each, such "
           "as 0.999; 0: they are not")
      .range(0.0, 0.999999);
  command.add("--dropout", recipe.dropout, "1: the network's; 0: none").range(0.0, 1.0);
  command.add("--frozen-epochs", recipe.frozen_epochs, "Epochs in which only the head learns")
      .range(0, 1 << 20);
  command.add("--body-rate", recipe.body_rate, "The learning rate before the head, as a share")
      .range(0.0, 1.0)
      .show_default();
  command.add_flag("--frozen-norms", recipe.frozen_norms,
                   "Batch norms keep the statistics of the initial weights");
  command
      .add("--patience", recipe.patience,
           "Ends after so many epochs that were not better; 0: never")
      .range(0, 1 << 20);
}

void add_augmentation(const Command& command, Recipe& recipe) {
  command
      .add("--least-crop", recipe.least_crop,
           "The least share of a picture that is seen at a time; 1: all of it")
      .range(0.01, 1.0);
  command.add("--mirror", recipe.mirror, "The probability that left and right are exchanged")
      .range(0.0, 1.0);
  command.add("--degrees", recipe.degrees, "Pictures are turned by up to so many")
      .range(0.0, 180.0);
  command
      .add("--colour", recipe.colour,
           "Brightness, contrast and saturation change by up to this share")
      .range(0.0, 1.0);
  command
      .add("--rand-augment", recipe.rand_probability,
           "The probability of two operations of RandAugment")
      .range(0.0, 1.0);
  command.add("--rand-magnitude", recipe.rand_magnitude, "How strong they are")
      .range(0.0, 10.0)
      .show_default();
  command.add("--erase", recipe.erase, "The probability that a rectangle becomes noise")
      .range(0.0, 1.0);
  command
      .add("--mixup", recipe.mixup,
           "The probability that a batch's pictures shine through "
           "each other")
      .range(0.0, 1.0);
  command.add("--cutmix", recipe.cutmix, "The probability that they exchange rectangles")
      .range(0.0, 1.0);
}

void add_teacher(const Command& command, Recipe& recipe) {
  const CommandOption teacher =
      command.add("--teacher", recipe.teacher, "Weights of a network with the same classes");
  command.add("--teacher-share", recipe.teacher_share, "Of the loss; the labels have the rest")
      .range(0.0, 1.0)
      .show_default()
      .needs(teacher);
  command
      .add("--distillation", recipe.distillation,
           "kl: divergence from the teacher, with --temperature; dml: both ways, as SSLD")
      .one_of({"kl", "dml"})
      .show_default()
      .needs(teacher);
  command.add("--temperature", recipe.temperature, "Of kl").range(0.1, 100.0).show_default();
}

}  // namespace

Run add_train(CommandLine& program) {
  const auto arguments = std::make_shared<TrainArguments>();
  Recipe& recipe = arguments->recipe;
  const Command command =
      program.add("train", "A network from pictures: from scratch, or from trained weights");
  command.footer(kAboutTraining);
  command.add("--images", recipe.images, "A folder with one for each class, or a list");
  command.add("--root", recipe.root, "Where a list's paths begin; its own folder");
  command.add("--labels", recipe.labels, "Names of the classes, one per line, in their order");
  command.add("--validation", recipe.validation,
              "A folder or list of pictures to measure with, in place of held-out ones");
  command.add("--held-out", recipe.held_out, "The share of pictures that is not learnt from")
      .range(0.0, 0.9);
  command
      .add("--class-weights", recipe.class_weights,
           "balanced: each class counts the same; auto: if they are uneven")
      .one_of({"auto", "none", "balanced"})
      .show_default();
  command.add("--model", recipe.model, "The network, by name (see `pplcnet inspect`)")
      .check(check_model);
  command.add("--init", recipe.init, "Weights to begin with, of any format");
  command.add("--part", recipe.part, "Which network of a distillation's checkpoint to begin with");
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
  add_steps(command, recipe);
  add_augmentation(command, recipe);
  add_teacher(command, recipe);
  return [arguments] {
    if (const std::string message = usage_error(*arguments); !message.empty()) {
      report(Error(message));
      return 2;
    }
    return run(*arguments);
  };
}
