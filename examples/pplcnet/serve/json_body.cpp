#include "json_body.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>

using nlohmann::json;
using pplcnet::Error;

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values = {};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

Error read_json(std::string_view text, json& object) {
  constexpr int kDeepest = 8;
  constexpr int kMostBrackets = 100'000;
  int brackets = 0;
  const auto count = [&](int depth, json::parse_event_t event, const json&) {
    const bool begins =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (begins && depth >= kDeepest) throw std::length_error("arrays are nested too deeply");
    if (begins && ++brackets > kMostBrackets) throw std::length_error("there are too many arrays");
    return true;
  };
  try {
    object = json::parse(text, count);
  } catch (const json::parse_error& problem) {
    return Error::of("the body is no JSON: byte ", problem.byte, " does not belong there");
  } catch (const json::exception&) {
    return Error::of("the body is no JSON: a number is too large");
  } catch (const std::length_error& problem) {
    return Error::of("the JSON is not what is expected: ", problem.what());
  }
  if (!object.is_object()) return Error::of("expected a JSON object, found ", object.type_name());
  return {};
}

const json* member_of(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> batch_of(const json* shape, std::span<const int> sizes) {
  if (shape == nullptr || !shape->is_array() || shape->size() != 1 + sizes.size() ||
      !shape->front().is_number_unsigned())
    return std::nullopt;
  std::size_t place = 0;
  for (const int size : sizes) {
    const json& here = (*shape)[++place];
    if (!here.is_number() || here.get<double>() != size) return std::nullopt;
  }
  return shape->front().get<std::uint64_t>();
}

Error decode_base64(std::string_view text, std::string_view name, std::string& bytes) {
  const auto ends_line = [](char c) { return c == '\r' || c == '\n'; };
  int padding = 0;
  while (!text.empty() && (ends_line(text.back()) || (text.back() == '=' && padding++ < 2)))
    text.remove_suffix(1);
  bytes.clear();
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ends_line(text[i])) continue;
    const std::uint8_t value = kValues[static_cast<unsigned char>(text[i])];
    if (value == kNoDigit)
      return Error::of(name, ": character ", i,
                       " is not one of base64: ", pplcnet::quote(text.substr(i, 1)));
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  if (count == 6) return Error::of(name, ": ends in the middle of a byte of base64");
  return {};
}
