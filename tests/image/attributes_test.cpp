#include "pplcnet/image/attributes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace pplcnet_test::attributes_test {
namespace {

using pplcnet::Age;
using pplcnet::attribute_name;
using pplcnet::Bag;
using pplcnet::Direction;
using pplcnet::Gender;
using pplcnet::Lower;
using pplcnet::person_attributes;
using pplcnet::Prediction;
using pplcnet::Sleeve;
using pplcnet::table_attributes;
using pplcnet::threshold;
using pplcnet::Upper;
using pplcnet::vehicle_attributes;
using pplcnet::VehicleColour;
using pplcnet::VehicleType;

constexpr float kAboveHalf = 0.50000006F;  // the next float

/// Probabilities of zero but for the given ones.
template <std::size_t kCount>
struct Probabilities : std::array<float, kCount> {
  constexpr Probabilities with(std::size_t index, float value) const {
    Probabilities changed = *this;
    changed[index] = value;
    return changed;
  }
};
constexpr Probabilities<26> kPerson = {};
constexpr Probabilities<19> kVehicle = {};
constexpr Probabilities<6> kTable = {};

template <std::size_t kCount>
std::size_t set_bits(const std::array<bool, kCount>& bits) {
  return static_cast<std::size_t>(std::ranges::count(bits, true));
}

// ---- Yes or no -------------------------------------------------------------------------------

TEST(Threshold, SecondClassFromTheThresholdOn) {
  EXPECT_EQ(threshold(std::array{0.25F, 0.75F}), (Prediction{1, 0.75F}));
  EXPECT_EQ(threshold(std::array{0.5F, 0.5F}), (Prediction{1, 0.5F}));
  EXPECT_EQ(threshold(std::array{0.75F, 0.25F}), (Prediction{0, 0.75F}));
}

TEST(Threshold, FirstClassHasTheRestOfTheSecond) {
  EXPECT_EQ(threshold(std::array{0.9F, 0.125F}), (Prediction{0, 0.875F}));
}

TEST(Threshold, IsComparedInDoublePrecisionAsByPython) {
  EXPECT_EQ(threshold(std::array{0.125F, 0.875F}, 0.9), (Prediction{0, 0.125F}));
  EXPECT_EQ(threshold(std::array{0.1F, 0.9F}, 0.9).class_id, 0);  // 0.9F is below 0.9
  EXPECT_EQ(threshold(std::array{0.9F, 0.1F}, 0.1).class_id, 1);  // 0.1F is above 0.1
}

// ---- Persons ---------------------------------------------------------------------------------

TEST(PersonAttributes, OfNothing) {
  const auto person = person_attributes(kPerson);
  EXPECT_EQ(person.gender, Gender::male);
  EXPECT_EQ(person.age, Age::under_18);
  EXPECT_EQ(person.direction, Direction::front);
  EXPECT_EQ(person.bag, Bag::none);
  EXPECT_EQ(person.sleeve, Sleeve::short_sleeve);
  EXPECT_FALSE(person.hat || person.glasses || person.holds_object || person.boots);
  EXPECT_EQ(set_bits(person.upper), 0U);
  EXPECT_EQ(set_bits(person.lower), 1U);
  EXPECT_TRUE(person.has(Lower::stripe));  // the first of equal ones
  EXPECT_EQ(set_bits(person.bits), 0U);
}

TEST(PersonAttributes, OneHalfIsNotAboveOneHalf) {
  for (const std::size_t index : {0U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U, 12U, 13U, 14U, 22U}) {
    const auto at = person_attributes(kPerson.with(index, 0.5F));
    const auto above = person_attributes(kPerson.with(index, kAboveHalf));
    EXPECT_EQ(set_bits(at.bits), 0U);
    EXPECT_EQ(set_bits(above.bits), 1U);
    EXPECT_TRUE(above.bits[index]);
    EXPECT_FALSE(at.hat || at.boots || at.gender == Gender::female);
    EXPECT_EQ(above.hat, index == 0);
    EXPECT_EQ(above.boots, index == 14);
    EXPECT_EQ(above.gender == Gender::female, index == 22);
    EXPECT_EQ(set_bits(at.upper), 0U);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(above.upper[i], index == 4 + i);
    for (std::size_t i = 0; i < 6; ++i) {
      const bool fallback = i == 0 && (index < 8 || index > 13);
      EXPECT_EQ(above.lower[i], index == 8 + i || fallback);
      EXPECT_EQ(at.lower[i], above.lower[i]);  // the most probable where none is above
    }
  }
}

TEST(PersonAttributes, GlassesAndObjectsHaveThresholdsOfTheirOwn) {
  // The nearest floats to 0.3 and 0.6 are above them.
  EXPECT_TRUE(person_attributes(kPerson.with(1, 0.3F)).glasses);
  EXPECT_TRUE(person_attributes(kPerson.with(1, 0.3F)).bits[1]);
  EXPECT_FALSE(person_attributes(kPerson.with(1, std::nextafter(0.3F, 0.0F))).glasses);
  EXPECT_TRUE(person_attributes(kPerson.with(18, 0.6F)).holds_object);
  const auto below = person_attributes(kPerson.with(18, std::nextafter(0.6F, 0.0F)));
  EXPECT_FALSE(below.holds_object);
  EXPECT_FALSE(below.bits[18]);
  EXPECT_FALSE(person_attributes(kPerson.with(1, 0.75F), {.glasses = 0.75}).glasses);
  EXPECT_FALSE(person_attributes(kPerson.with(18, 0.75F), {.holds_object = 0.75}).bits[18]);
}

TEST(PersonAttributes, LongSleevesOnlyIfMoreProbable) {
  EXPECT_EQ(person_attributes(kPerson.with(2, 0.2F).with(3, 0.2F)).sleeve, Sleeve::short_sleeve);
  EXPECT_EQ(person_attributes(kPerson.with(2, 0.2F).with(3, 0.3F)).sleeve, Sleeve::long_sleeve);
  EXPECT_EQ(person_attributes(kPerson.with(2, 0.9F).with(3, 0.8F)).sleeve, Sleeve::short_sleeve);
}

TEST(PersonAttributes, AllLowerClothesAboveTheThreshold) {
  const auto person = person_attributes(kPerson.with(10, 0.6F).with(12, 0.7F).with(13, 0.5F));
  EXPECT_EQ(set_bits(person.lower), 2U);
  EXPECT_TRUE(person.has(Lower::long_coat) && person.has(Lower::shorts));
  const auto unsure = person_attributes(kPerson.with(11, 0.2F).with(13, 0.4F));
  EXPECT_EQ(set_bits(unsure.lower), 1U);
  EXPECT_TRUE(unsure.has(Lower::skirt_or_dress));
  EXPECT_EQ(set_bits(unsure.bits), 0U);
}

TEST(PersonAttributes, AgeAndDirectionAreTheMostProbable) {
  EXPECT_EQ(person_attributes(kPerson.with(20, 0.1F)).age, Age::from_18_to_60);
  EXPECT_EQ(person_attributes(kPerson.with(20, 0.1F).with(21, 0.2F)).age, Age::over_60);
  EXPECT_EQ(person_attributes(kPerson.with(20, 0.9F).with(21, 0.9F)).age, Age::from_18_to_60);
  EXPECT_EQ(person_attributes(kPerson.with(24, 0.1F)).direction, Direction::side);
  EXPECT_EQ(person_attributes(kPerson.with(25, 0.1F)).direction, Direction::back);
}

TEST(PersonAttributes, TheMostProbableBagIfAboveTheThreshold) {
  EXPECT_EQ(person_attributes(kPerson.with(15, 0.6F)).bag, Bag::hand_bag);
  EXPECT_EQ(person_attributes(kPerson.with(15, 0.6F).with(16, 0.7F)).bag, Bag::shoulder_bag);
  EXPECT_EQ(person_attributes(kPerson.with(17, kAboveHalf)).bag, Bag::backpack);
  EXPECT_EQ(person_attributes(kPerson.with(17, 0.5F)).bag, Bag::none);
}

TEST(PersonAttributes, TheOtherThresholdLeavesTheBitsAlone) {
  const auto person = person_attributes(
      kPerson.with(0, 0.6F).with(4, 0.6F).with(8, 0.6F).with(14, 0.6F).with(15, 0.6F).with(22,
                                                                                           0.6F),
      {.others = 0.75});
  EXPECT_FALSE(person.hat || person.boots);
  EXPECT_EQ(set_bits(person.upper), 0U);
  EXPECT_EQ(person.bag, Bag::none);
  EXPECT_EQ(person.gender, Gender::male);
  EXPECT_EQ(set_bits(person.bits), 6U);
}

TEST(PersonAttributes, NamesArePaddles) {
  EXPECT_EQ(std::size(pplcnet::kPersonAttributeNames), 26U);
  EXPECT_EQ(attribute_name(Gender::male), "Male");
  EXPECT_EQ(attribute_name(Gender::female), "Female");
  EXPECT_EQ(attribute_name(Age::under_18), "AgeLess18");
  EXPECT_EQ(attribute_name(Age::over_60), "AgeOver60");
  EXPECT_EQ(attribute_name(Direction::front), "Front");
  EXPECT_EQ(attribute_name(Direction::back), "Back");
  EXPECT_EQ(attribute_name(Bag::hand_bag), "HandBag");
  EXPECT_EQ(attribute_name(Bag::backpack), "Backpack");
  EXPECT_EQ(attribute_name(Bag::none), "No bag");
  EXPECT_EQ(attribute_name(Sleeve::short_sleeve), "ShortSleeve");
  EXPECT_EQ(attribute_name(Sleeve::long_sleeve), "LongSleeve");
  EXPECT_EQ(attribute_name(Upper::stripe), "UpperStride");
  EXPECT_EQ(attribute_name(Upper::splice), "UpperSplice");
  EXPECT_EQ(attribute_name(Lower::stripe), "LowerStripe");
  EXPECT_EQ(attribute_name(Lower::skirt_or_dress), "Skirt&Dress");
}

// ---- Vehicles --------------------------------------------------------------------------------

TEST(VehicleAttributes, TheMostProbableFromTheThresholdOn) {
  const auto at = vehicle_attributes(kVehicle.with(4, 0.5F).with(16, 0.5F).with(3, 0.4F));
  EXPECT_EQ(at.colour, VehicleColour::red);
  EXPECT_EQ(at.type, VehicleType::bus);
  EXPECT_EQ(at.colour_score, 0.5F);
  EXPECT_EQ(at.type_score, 0.5F);
  EXPECT_EQ(set_bits(at.bits), 0U);  // bits are for what is above

  const auto below = vehicle_attributes(kVehicle.with(9, 0.4F).with(10, 0.3F));
  EXPECT_EQ(below.colour, VehicleColour::unknown);
  EXPECT_EQ(below.type, VehicleType::unknown);
  EXPECT_EQ(below.colour_score, 0.4F);
  EXPECT_EQ(below.type_score, 0.3F);
}

TEST(VehicleAttributes, EveryColourAndType) {
  for (std::size_t i = 0; i < 19; ++i) {
    const auto vehicle = vehicle_attributes(kVehicle.with(i, 0.75F));
    EXPECT_EQ(attribute_name(vehicle.colour),
              i < 10 ? pplcnet::kVehicleAttributeNames[i] : "unknown");
    EXPECT_EQ(attribute_name(vehicle.type),
              i < 10 ? "unknown" : pplcnet::kVehicleAttributeNames[i]);
    EXPECT_EQ(set_bits(vehicle.bits), 1U);
    EXPECT_TRUE(vehicle.bits[i]);
  }
  EXPECT_EQ(attribute_name(VehicleColour::black), "black");
  EXPECT_EQ(attribute_name(VehicleType::sedan), "sedan");
  EXPECT_EQ(attribute_name(VehicleType::estate), "estate");
}

TEST(VehicleAttributes, ThresholdsOfTheirOwn) {
  const auto both = kVehicle.with(0, 0.75F).with(10, 0.75F);
  const auto no_colour = vehicle_attributes(both, {.colour = 0.875});
  EXPECT_EQ(no_colour.colour, VehicleColour::unknown);
  EXPECT_EQ(no_colour.type, VehicleType::sedan);
  EXPECT_FALSE(no_colour.bits[0]);
  EXPECT_TRUE(no_colour.bits[10]);
  const auto no_type = vehicle_attributes(both, {.type = 0.875});
  EXPECT_EQ(no_type.colour, VehicleColour::yellow);
  EXPECT_EQ(no_type.type, VehicleType::unknown);
  EXPECT_TRUE(no_type.bits[0]);
  EXPECT_FALSE(no_type.bits[10]);
}

// ---- Tables ----------------------------------------------------------------------------------

TEST(TableAttributes, EachAboveItsThreshold) {
  for (std::size_t i = 0; i < 6; ++i) {
    const auto at = table_attributes(kTable.with(i, 0.5F));
    const auto above = table_attributes(kTable.with(i, kAboveHalf));
    EXPECT_FALSE(at.scanned || at.little || at.black_and_white || at.clear ||
                 at.without_obstacles || at.horizontal);
    EXPECT_EQ(set_bits(at.bits), 0U);
    EXPECT_EQ(above.scanned, i == 0);
    EXPECT_EQ(above.little, i == 1);
    EXPECT_EQ(above.black_and_white, i == 2);
    EXPECT_EQ(above.clear, i == 3);
    EXPECT_EQ(above.without_obstacles, i == 4);
    EXPECT_EQ(above.horizontal, i == 5);
    EXPECT_EQ(set_bits(above.bits), 1U);
    EXPECT_TRUE(above.bits[i]);
  }
  EXPECT_EQ(std::size(pplcnet::kTableAttributeNames), 6U);
}

TEST(TableAttributes, ObstaclesAndTiltGoByTheThresholdOfTheNumber) {
  Probabilities<6> all;
  all.fill(0.6F);
  const auto number = table_attributes(all, {.number = 0.75});
  EXPECT_FALSE(number.little || number.without_obstacles || number.horizontal);
  EXPECT_TRUE(number.scanned && number.black_and_white && number.clear);
  EXPECT_EQ(number.bits, (std::array{true, false, true, true, true, true}));

  const auto own = table_attributes(all, {.obstruction = 0.75, .angle = 0.75});
  EXPECT_TRUE(own.without_obstacles && own.horizontal);
  EXPECT_EQ(own.bits, (std::array{true, true, true, true, false, false}));

  const auto others = table_attributes(all, {.source = 0.75, .colour = 0.75, .clarity = 0.75});
  EXPECT_FALSE(others.scanned || others.black_and_white || others.clear);
  EXPECT_EQ(others.bits, (std::array{false, true, false, false, true, true}));
}

// ---- At compile time -------------------------------------------------------------------------

static_assert(person_attributes(kPerson.with(22, 1.0F)).gender == Gender::female);
static_assert(vehicle_attributes(kVehicle.with(2, 1.0F)).colour == VehicleColour::green);
static_assert(table_attributes(kTable.with(3, 1.0F)).clear);
static_assert(threshold(std::array{0.0F, 1.0F}) == Prediction{1, 1.0F});

}  // namespace
}  // namespace pplcnet_test::attributes_test
