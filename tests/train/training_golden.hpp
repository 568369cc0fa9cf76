#ifndef PPLCNET_TESTS_TRAIN_TRAINING_GOLDEN_HPP
#define PPLCNET_TESTS_TRAIN_TRAINING_GOLDEN_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/train/tensor_in_file.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/training.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// What PaddleClas' own code computes in training, in double precision, for synthetic weights and
/// pictures.
class TrainingGolden {
 public:
  explicit TrainingGolden(const std::string& name)
      : name_(name),
        golden_(Golden::read(std::filesystem::path(PPLCNET_TESTS) / "train" / "goldens" /
                             (name + ".json"))) {
    // The learning rate's factors are no part of the network.
    Golden network = golden_;
    network.numbers["kwargs"].erase("lr_mult_list");
    const std::vector<std::size_t> shape = picture_shape();
    network.numbers["hw"] = {shape[2], shape[3]};
    const GoldenNetwork known(network);
    EXPECT_EQ(known.unknown(), "");
    graph_.emplace(known.graph());
  }

  const nlohmann::json& operator[](const char* key) const { return golden_.numbers.at(key); }
  bool has(const char* key) const { return golden_.numbers.contains(key); }
  const std::string& name() const { return name_; }
  const pplcnet::Graph& graph() const { return *graph_; }

  /// The network of a teacher, on the same pictures.
  pplcnet::Graph teacher() const {
    Golden teacher = golden_;
    teacher.numbers["arch"] = golden_.numbers.at("teacher").at("arch");
    teacher.numbers["kwargs"] = golden_.numbers.at("teacher").at("kwargs");
    const std::vector<std::size_t> shape = picture_shape();
    teacher.numbers["hw"] = {shape[2], shape[3]};
    return GoldenNetwork(teacher).graph();
  }

  /// [images][3][height][width]: of all steps.
  std::vector<float> pictures() const {
    const std::vector<std::size_t> shape = picture_shape();
    const std::size_t first = golden_.numbers.value("first_image", std::size_t{0});
    std::vector<float> all =
        synthetic_input(golden_.seed(), first + shape[0], shape[1], shape[2], shape[3]);
    const auto skipped = static_cast<std::ptrdiff_t>(first * shape[1] * shape[2] * shape[3]);
    return {all.begin() + skipped, all.end()};
  }
  std::vector<int> labels() const { return golden_.numbers.at("labels"); }

  /// Has a network learn what the golden's has.
  void load(pplcnet::AnyTrainer& trainer) const {
    const pplcnet::TrainedNetwork network = trainer.network();
    const SyntheticStateDict state =
        synthetic_state_dict(network.layers, network.traits, Form::training, golden_.seed());
    const auto error = trainer.load(state.file);
    EXPECT_FALSE(error) << error.message();
  }

 private:
  std::vector<std::size_t> picture_shape() const {
    const auto& numbers = golden_.numbers;
    return numbers.contains("input") ? numbers.at("input").at("shape")
                                     : numbers.at("images_generated");
  }

  std::string name_;
  Golden golden_;
  std::optional<pplcnet::Graph> graph_;
};

/// A tensor of a trainer, as the golden's framework holds it.
struct NamedTensor {
  const pplcnet::TrainingTensor* tensor = nullptr;
  bool in_out = false;

  /// Returns the values of one of the trainer's arrays.
  std::vector<float> values(std::span<const float> array) const {
    return pplcnet::file_values(*tensor, in_out, array.subspan(tensor->place, tensor->floats()));
  }
};

inline NamedTensor find_tensor(const pplcnet::AnyTrainer& trainer, std::string_view name) {
  const pplcnet::Naming naming = pplcnet::namings_of(trainer.traits()).front();
  for (const pplcnet::TrainingTensor& tensor : trainer.tensors()) {
    const pplcnet::TensorInFile place = tensor_in_file(trainer.network(), tensor, naming);
    if (place.name == name) return {&tensor, place.in_out};
  }
  ADD_FAILURE() << "no tensor is called " << name;
  return {};
}

/// Returns the value that a module of the golden's network gives: that of a node whose name in the
/// framework is the module's, or, of a block, that of its last convolution, and of the sum after
/// it.
inline int find_value(const pplcnet::AnyTrainer& trainer, const std::string& module) {
  const pplcnet::Graph& graph = trainer.graph();
  const pplcnet::Naming naming = pplcnet::namings_of(trainer.traits()).front();
  int node = -1;
  for (int i = 1; i < graph.node_count; ++i) {
    const pplcnet::Name own = naming.module == nullptr || graph.nodes[i].name.empty()
                                  ? graph.nodes[i].name
                                  : naming.module(graph.nodes[i].name).weights;
    const std::string name = pplcnet::text_of(own);
    if (graph.nodes[i].name == pplcnet::Name(module) || name == module ||
        name == module + ".pw_conv" || name == module + ".pw_conv_2")
      node = i;
    const bool adds = graph.nodes[i].op == pplcnet::Operator::add;
    if (adds && graph.nodes[i].second == node) node = i;
  }
  EXPECT_GE(node, 0) << module;
  int value = -1;
  for (const pplcnet::TrainingStep& step : trainer.steps()) {
    if (step.node != node) continue;
    value = step.output;
    if (module == "last_conv") break;  // the module has no activation
  }
  return value;
}

/// Returns the first step that reads a value: when the backward pass has done it, all gradients of
/// the value are there.
inline int first_reader(const pplcnet::AnyTrainer& trainer, int value) {
  for (std::size_t i = 0; i < trainer.steps().size(); ++i)
    if (trainer.steps()[i].input == value || trainer.steps()[i].second == value)
      return static_cast<int>(i);
  return 0;
}

/// Returns a value's numbers in the order of the framework: [image][channel][row][column].
inline std::vector<float> planar(const pplcnet::TrainingValue& value, int images,
                                 std::span<const float> numbers) {
  const auto pixels = static_cast<std::size_t>(value.shape.pixels());
  const auto channels = static_cast<std::size_t>(value.shape.channels);
  const auto pitch = static_cast<std::size_t>(value.pitch);
  std::vector<float> result;
  for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image)
    for (std::size_t channel = 0; channel < channels; ++channel)
      for (std::size_t pixel = 0; pixel < pixels; ++pixel)
        result.push_back(numbers[(image * pixels + pixel) * pitch + channel]);
  return result;
}

/// Compares samples, whose positions follow from the name.
inline void expect_samples(const std::vector<double>& expected, const std::vector<float>& found,
                           const std::string& sample_name, double tolerance) {
  const auto positions = sample_positions(sample_name, found.size(), expected.size());

  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found[positions[i]], expected[i], tolerance) << sample_name << ", sample " << i;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_TRAIN_TRAINING_GOLDEN_HPP
