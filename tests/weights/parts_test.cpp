// What a distillation saves: the networks of its parts, beside each other.
#include "pplcnet/weights/naming/parts.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace pplcnet_test::parts_test {
namespace {

using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::TensorFile;

using Student = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}}>;
using Teacher = PPLCNet<Scale::x0_35, Options{.classes = 4, .input = {32, 32}}>;

/// The tensors of two networks under names of their own, and one beside them.
struct Distilled {
  Distilled(const std::string& student_name, const std::string& teacher_name) {
    const auto add = [&](const SyntheticStateDict& state, const std::string& prefix) {
      for (pplcnet::Tensor tensor : state.file.tensors) {
        tensor.name = prefix + tensor.name;
        file.tensors.push_back(std::move(tensor));
      }
    };
    add(teacher, teacher_name);
    add(student, student_name);
    file.tensors.push_back({.name = "loss.weight", .shape = {0}, .data = {}});
  }

  SyntheticStateDict student = synthetic_state_dict(Student::layers, Student::traits);
  SyntheticStateDict teacher = synthetic_state_dict(Teacher::layers, Teacher::traits);
  TensorFile file = {.tensors = {}, .metadata = {}, .path = "x"};
};

template <class Net>
std::string problem(const TensorFile& file, typename Net::Weights& weights) {
  return pplcnet::pack_state_dict(file, Net::layers, Net::traits, weights.values).message();
}

TEST(PartsTest, APartIsANetworkOfItsOwn) {
  for (const auto& [student, teacher] :
       {std::pair("Student.", "Teacher."), std::pair("student.model.", "teacher.model."),
        std::pair("Student2.backbone.", "Student.backbone.")}) {
    SCOPED_TRACE(student);
    const Distilled distilled(student, teacher);
    const auto part = [&](std::string_view name) { return name.substr(0, name.find('.')); };
    const auto weights = std::make_unique<Student::Weights>();
    TensorFile file = distilled.file;
    EXPECT_EQ(problem<Student>(file, *weights), "x: holds several networks, take one of them: '" +
                                                    std::string(part(teacher)) + "', '" +
                                                    std::string(part(student)) + "'");
    ASSERT_STREQ(pplcnet::take_part(file, part(student)).message(), "");
    EXPECT_EQ(file.tensors.size(), distilled.student.file.tensors.size());
    ASSERT_EQ(problem<Student>(file, *weights), "");
    EXPECT_EQ(weights->values, synthetic_weights<Student>()->values);

    file = distilled.file;
    const auto other = std::make_unique<Teacher::Weights>();
    ASSERT_STREQ(pplcnet::take_part(file, part(teacher)).message(), "");
    ASSERT_EQ(problem<Teacher>(file, *other), "");
    EXPECT_EQ(other->values, synthetic_weights<Teacher>()->values);
  }
}

TEST(PartsTest, CapitalLettersDoNotMatter) {
  TensorFile file = Distilled("Student.", "Teacher.").file;
  EXPECT_STREQ(pplcnet::take_part(file, "sTUDENT").message(), "");
  EXPECT_NE(file.find("conv1.conv.weight"), nullptr);
}

TEST(PartsTest, WhatIsNotThereIsSaid) {
  TensorFile file = Distilled("Student.", "Teacher.").file;
  EXPECT_STREQ(pplcnet::take_part(file, "Assistant").message(),
               "x: has no part 'Assistant', it has 'Teacher', 'Student'");
  TensorFile one = synthetic_state_dict(Student::layers, Student::traits).file;
  EXPECT_STREQ(pplcnet::take_part(one, "Student").message(),
               "synthetic: has no part 'Student', it is of one network");
  TensorFile many;
  for (int i = 0; i < 1000; ++i)
    many.tensors.push_back(
        {.name = "Student" + std::to_string(i) + ".a", .shape = {0}, .data = {}});
  EXPECT_EQ(pplcnet::parts_of(many).size(), 8u);
}

}  // namespace
}  // namespace pplcnet_test::parts_test
