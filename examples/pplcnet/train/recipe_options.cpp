#include "train/recipe_options.hpp"

#include <cstddef>
#include <cstdio>

#include "weights.hpp"

namespace {

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
           "kl: divergence from the teacher, with --temperature; dml: both ways, as SSLD, "
           "which gains less")
      .one_of({"kl", "dml"})
      .show_default()
      .needs(teacher);
  command.add("--temperature", recipe.temperature, "Of kl").range(0.1, 100.0).show_default();
}

}  // namespace

bool parse_size(const std::string& text, int& height, int& width) {
  if (text.empty()) return true;
  int used = 0;
  const int found = std::sscanf(text.c_str(), "%4dx%4d%n", &height, &width, &used);
  if (found == 1 && std::sscanf(text.c_str(), "%4d%n", &height, &used) == 1) width = height;
  return found >= 1 && used == static_cast<int>(text.size()) && height >= 8 && width >= 8;
}

void add_subject(const Command& command, Recipe& recipe) {
  command.add("--images", recipe.images, "A folder with one for each class, or a list");
  command.add("--root", recipe.root, "Where a list's paths begin; its own folder");
  command.add("--labels", recipe.labels, "Names of the classes, one per line, in their order");
  command
      .add("--rotations", recipe.rotations,
           "2 or 4: the pictures, in one folder, are upright, and each is learnt in so many "
           "rotations, which are the classes")
      .check([](const std::string& text) {
        return text == "2" || text == "4" ? std::string()
                                          : text + ": expected 2, by halves, or 4, by quarters";
      });
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
}

void add_method(const Command& command, Recipe& recipe) {
  add_steps(command, recipe);
  add_augmentation(command, recipe);
  add_teacher(command, recipe);
}
