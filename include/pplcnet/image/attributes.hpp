#ifndef PPLCNET_IMAGE_ATTRIBUTES_HPP
#define PPLCNET_IMAGE_ATTRIBUTES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/results.hpp"

// From probabilities to predictions, by the rules of PaddleClas (deploy/python/postprocess.py):
// yes-or-no models, and attributes of persons, vehicles and tables. Thresholds are double because
// Python's are: the float nearest to 0.3 is above 0.3.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the prediction of a yes-or-no model (ThreshOutput) from the probabilities of no and yes:
/// class 1 where its probability reaches the threshold, otherwise class 0 with the rest.
constexpr Prediction threshold(std::span<const float, 2> probabilities, double least = 0.5) {
  const float score = probabilities[1];
  return score < least ? Prediction{0, 1.0F - score} : Prediction{1, score};
}

namespace attributes {

/// Returns the index of the highest value, the first of equal ones.
constexpr int argmax(std::span<const float> values) {
  return static_cast<int>(std::distance(values.begin(), std::ranges::max_element(values)));
}

}  // namespace attributes

// ---- Persons ---------------------------------------------------------------------------------

/// Names of the 26 probabilities of PULC person_attribute, as PaddleClas spells them.
inline constexpr std::string_view kPersonAttributeNames[] = {"Hat",
                                                             "Glasses",
                                                             "ShortSleeve",
                                                             "LongSleeve",
                                                             "UpperStride",
                                                             "UpperLogo",
                                                             "UpperPlaid",
                                                             "UpperSplice",
                                                             "LowerStripe",
                                                             "LowerPattern",
                                                             "LongCoat",
                                                             "Trousers",
                                                             "Shorts",
                                                             "Skirt&Dress",
                                                             "Boots",
                                                             "HandBag",
                                                             "ShoulderBag",
                                                             "Backpack",
                                                             "HoldObjectsInFront",
                                                             "AgeLess18",
                                                             "Age18-60",
                                                             "AgeOver60",
                                                             "Female",
                                                             "Front",
                                                             "Side",
                                                             "Back"};

enum class Gender : unsigned char { male, female };
enum class Age : unsigned char { under_18, from_18_to_60, over_60 };
enum class Direction : unsigned char { front, side, back };
enum class Bag : unsigned char { hand_bag, shoulder_bag, backpack, none };
enum class Sleeve : unsigned char { short_sleeve, long_sleeve };
/// The upper clothes.
enum class Upper : unsigned char { stripe, logo, plaid, splice };
/// The lower clothes.
enum class Lower : unsigned char { stripe, pattern, long_coat, trousers, shorts, skirt_or_dress };

constexpr std::string_view attribute_name(Gender gender) {
  return gender == Gender::male ? "Male" : "Female";
}
constexpr std::string_view attribute_name(Age age) {
  return kPersonAttributeNames[19 + static_cast<int>(age)];
}
constexpr std::string_view attribute_name(Direction direction) {
  return kPersonAttributeNames[23 + static_cast<int>(direction)];
}
constexpr std::string_view attribute_name(Bag bag) {
  return bag == Bag::none ? "No bag" : kPersonAttributeNames[15 + static_cast<int>(bag)];
}
constexpr std::string_view attribute_name(Sleeve sleeve) {
  return kPersonAttributeNames[2 + static_cast<int>(sleeve)];
}
constexpr std::string_view attribute_name(Upper upper) {
  return kPersonAttributeNames[4 + static_cast<int>(upper)];
}
constexpr std::string_view attribute_name(Lower lower) {
  return kPersonAttributeNames[8 + static_cast<int>(lower)];
}

/// A probability above its threshold counts; the published ones are the defaults.
struct PersonThresholds {
  double glasses = 0.3;
  double holds_object = 0.6;
  double others = 0.5;
};

/// Attributes of a person, as PULC person_attribute predicts them.
struct PersonAttributes {
  Gender gender = {};
  Age age = {};              ///< the most probable
  Direction direction = {};  ///< the most probable
  bool hat = false;
  bool glasses = false;
  bool holds_object = false;  ///< in front of the body
  bool boots = false;
  Bag bag = Bag::none;  ///< the most probable, if it is above the threshold
  Sleeve sleeve = {};   ///< short, unless long is more probable
  std::array<bool, 4> upper = {};
  std::array<bool, 6> lower = {};  ///< at least one: the most probable if none is above
  /// PaddleClas' `output`: each probability above its threshold, of which all but those of glasses
  /// and of objects are 0.5 here, whatever `others` is.
  std::array<bool, 26> bits = {};

  constexpr bool has(Upper kind) const { return upper[static_cast<std::size_t>(kind)]; }
  constexpr bool has(Lower kind) const { return lower[static_cast<std::size_t>(kind)]; }
};

/// Applies the rules of PaddleClas' PersonAttribute, for probabilities after a sigmoid.
constexpr PersonAttributes person_attributes(std::span<const float, 26> probabilities,
                                             const PersonThresholds& thresholds = {}) {
  const auto& p = probabilities;
  const auto above = [&](std::size_t i) { return p[i] > thresholds.others; };
  PersonAttributes person;
  person.hat = above(0);
  person.glasses = p[1] > thresholds.glasses;
  person.sleeve = p[3] > p[2] ? Sleeve::long_sleeve : Sleeve::short_sleeve;
  for (std::size_t i = 0; i < person.upper.size(); ++i) person.upper[i] = above(4 + i);
  for (std::size_t i = 0; i < person.lower.size(); ++i) person.lower[i] = above(8 + i);
  if (std::ranges::none_of(person.lower, [](bool worn) { return worn; }))
    person.lower[static_cast<std::size_t>(attributes::argmax(p.subspan<8, 6>()))] = true;
  person.boots = above(14);
  const int bag = attributes::argmax(p.subspan<15, 3>());
  person.bag = above(static_cast<std::size_t>(15 + bag)) ? static_cast<Bag>(bag) : Bag::none;
  person.holds_object = p[18] > thresholds.holds_object;
  person.age = static_cast<Age>(attributes::argmax(p.subspan<19, 3>()));
  person.gender = above(22) ? Gender::female : Gender::male;
  person.direction = static_cast<Direction>(attributes::argmax(p.subspan<23, 3>()));
  for (std::size_t i = 0; i < person.bits.size(); ++i) person.bits[i] = p[i] > 0.5;
  person.bits[1] = person.glasses;
  person.bits[18] = person.holds_object;
  return person;
}

// ---- Vehicles --------------------------------------------------------------------------------

/// Names of the 19 probabilities of PULC vehicle_attribute: ten colours, then nine types.
inline constexpr std::string_view kVehicleAttributeNames[] = {
    "yellow", "orange", "green", "gray",      "red", "blue",   "white", "golden", "brown", "black",
    "sedan",  "suv",    "van",   "hatchback", "mpv", "pickup", "bus",   "truck",  "estate"};

enum class VehicleColour : unsigned char {
  yellow,
  orange,
  green,
  gray,
  red,
  blue,
  white,
  golden,
  brown,
  black,
  unknown
};
enum class VehicleType : unsigned char {
  sedan,
  suv,
  van,
  hatchback,
  mpv,
  pickup,
  bus,
  truck,
  estate,
  unknown
};

constexpr std::string_view attribute_name(VehicleColour colour) {
  return colour == VehicleColour::unknown ? "unknown"
                                          : kVehicleAttributeNames[static_cast<int>(colour)];
}
constexpr std::string_view attribute_name(VehicleType type) {
  return type == VehicleType::unknown ? "unknown"
                                      : kVehicleAttributeNames[10 + static_cast<int>(type)];
}

/// What the most probable colour and type have to reach.
struct VehicleThresholds {
  double colour = 0.5;
  double type = 0.5;
};

/// Attributes of a vehicle, as PULC vehicle_attribute predicts them.
struct VehicleAttributes {
  VehicleColour colour = VehicleColour::unknown;
  VehicleType type = VehicleType::unknown;
  float colour_score = 0.0F;  ///< of the most probable colour, also where that is too little
  float type_score = 0.0F;
  std::array<bool, 19> bits = {};  ///< PaddleClas' `output`: each probability above (not at) its
                                   ///< threshold
};

/// Applies the rules of PaddleClas' VehicleAttribute, for probabilities after a sigmoid.
constexpr VehicleAttributes vehicle_attributes(std::span<const float, 19> probabilities,
                                               const VehicleThresholds& thresholds = {}) {
  const auto colours = probabilities.first<10>();
  const auto types = probabilities.last<9>();
  const int colour = attributes::argmax(colours);
  const int type = attributes::argmax(types);
  VehicleAttributes vehicle;
  vehicle.colour_score = colours[static_cast<std::size_t>(colour)];
  vehicle.type_score = types[static_cast<std::size_t>(type)];
  if (vehicle.colour_score >= thresholds.colour)
    vehicle.colour = static_cast<VehicleColour>(colour);
  if (vehicle.type_score >= thresholds.type) vehicle.type = static_cast<VehicleType>(type);
  for (std::size_t i = 0; i < vehicle.bits.size(); ++i)
    vehicle.bits[i] = probabilities[i] > (i < colours.size() ? thresholds.colour : thresholds.type);
  return vehicle;
}

// ---- Tables ----------------------------------------------------------------------------------

/// Names of the 6 probabilities of PULC table_attribute.
inline constexpr std::string_view kTableAttributeNames[] = {
    "Scanned", "Little", "Black-and-White", "Clear", "Without-Obstacles", "Horizontal"};

/// A probability above its threshold counts.
struct TableThresholds {
  double source = 0.5;
  double number = 0.5;
  double colour = 0.5;
  double clarity = 0.5;
  double obstruction = 0.5;
  double angle = 0.5;
};

/// Attributes of the picture of a table, as PULC table_attribute predicts them.
struct TableAttributes {
  bool scanned = false;            ///< otherwise a photo
  bool little = false;             ///< few cells; otherwise numerous
  bool black_and_white = false;    ///< otherwise multicolour
  bool clear = false;              ///< otherwise blurry
  bool without_obstacles = false;  ///< otherwise with obstacles
  bool horizontal = false;         ///< otherwise tilted
  /// PaddleClas' `output`: each probability above its own threshold.
  std::array<bool, 6> bits = {};
};

/// Applies the rules of PaddleClas' TableAttribute, for probabilities after a sigmoid. It holds
/// obstacles and tilt against the threshold of the number, and so does this; only `bits` uses their
/// own.
constexpr TableAttributes table_attributes(std::span<const float, 6> probabilities,
                                           const TableThresholds& thresholds = {}) {
  const auto& p = probabilities;
  const TableThresholds& t = thresholds;
  const std::array<double, 6> own = {t.source,  t.number,      t.colour,
                                     t.clarity, t.obstruction, t.angle};
  TableAttributes table = {.scanned = p[0] > t.source,
                           .little = p[1] > t.number,
                           .black_and_white = p[2] > t.colour,
                           .clear = p[3] > t.clarity,
                           .without_obstacles = p[4] > t.number,
                           .horizontal = p[5] > t.number};
  for (std::size_t i = 0; i < own.size(); ++i) table.bits[i] = p[i] > own[i];
  return table;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ATTRIBUTES_HPP
