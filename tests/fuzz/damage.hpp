#ifndef PPLCNET_TESTS_FUZZ_DAMAGE_HPP
#define PPLCNET_TESTS_FUZZ_DAMAGE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weights/contents.hpp"

/// Damage, of bytes and of forms: a file that is refused at its first byte teaches nothing.
namespace pplcnet_test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((*this)() % limit); }
  bool one_in(std::size_t times) { return below(times) == 0; }

  template <typename Choices>
  const auto& any_of(const Choices& choices) {
    return choices[below(std::size(choices))];
  }

 private:
  std::uint64_t state_;
};

inline constexpr std::uint64_t kNumbers[] = {
    0,         1,          2,          3,          4,          7,           8,
    16,        31,         32,         33,         64,         127,         128,
    255,       256,        32767,      65535,      65536,      100'000'000, 100'000'001,
    ~0u >> 1,  1u << 31,   ~0u,        1ull << 32, 1ull << 53, 1ull << 61,  1ull << 62,
    ~0ull / 4, ~0ull >> 1, 1ull << 63, ~0ull - 7,  ~0ull - 1,  ~0ull,       12};
inline constexpr std::string_view kTokens[] = {"{",
                                               "}",
                                               "[",
                                               "]",
                                               ",",
                                               ":",
                                               "\"",
                                               "\\",
                                               "\\u",
                                               "\\ud83d",
                                               "\\ude00",
                                               "\\u0000",
                                               "null",
                                               "true",
                                               "-",
                                               ".5",
                                               "e9",
                                               " ",
                                               "\n",
                                               "{}",
                                               "[]",
                                               "\"\"",
                                               "[[[[[[[[",
                                               "{\"a\":",
                                               "\"dtype\":",
                                               "\"shape\":[",
                                               "__metadata__",
                                               "\"F4\"",
                                               "\"I64\"",
                                               "\"F16\"",
                                               "\"data_offsets\":",
                                               "\xff",
                                               "\xc3\xa9",
                                               "\xed\xa0\x80",
                                               "18446744073709551616",
                                               "\"a\":\"b\",",
                                               "\"#\":\"p\"",
                                               "\"N\":\"strides\"",
                                               "\x10\x02",
                                               "\x12\x03\x01\x02\x03",
                                               "](",
                                               "}(",
                                               ")",
                                               "t",
                                               "u",
                                               "R",
                                               "b",
                                               "Q",
                                               "\x85",
                                               "\x94",
                                               "\x93",
                                               "h\x01",
                                               "q\x01",
                                               "cnumpy\nndarray\n",
                                               "ccollections\nOrderedDict\n)R",
                                               "PK\5\6"};

inline void change_decimal_number(std::string& contents, std::size_t place, Random& random) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t begin = contents.find_first_of(kDigits, place);
  if (begin == contents.npos) return;
  const std::size_t end = std::min(contents.find_first_not_of(kDigits, begin), contents.size());
  contents.replace(begin, end - begin, std::to_string(random.any_of(kNumbers)));
}

/// Changes one place; parts of `others` are put in.
inline void damage_once(std::string& contents, const std::vector<std::string>& others,
                        Random& random) {
  if (contents.empty()) contents = random.any_of(others);
  if (contents.empty()) return;
  const std::size_t place = random.below(contents.size());
  const std::size_t length =
      std::min(contents.size() - place, 1 + random.below(random.one_in(4) ? 200 : 12));
  switch (random.below(11)) {
    case 0:
      contents[place] = static_cast<char>(contents[place] ^ 1 << random.below(8));
      break;
    case 1:
      contents[place] = static_cast<char>(random.any_of(kNumbers));
      break;
    case 2:
      if (random.one_in(4)) contents.resize(place);
      break;
    case 3:
      contents.insert(place, contents.substr(random.below(contents.size()), length));
      break;
    case 4:
      contents.erase(place, length);
      break;
    case 5: {
      std::string noise;
      while (noise.size() < length) noise += static_cast<char>(random());
      contents.insert(place, noise);
      break;
    }
    case 6:
    case 7:
      change_decimal_number(contents, place, random);
      break;
    case 8: {
      const std::string number = little_endian(random.any_of(kNumbers));
      const std::size_t size =
          std::min(contents.size() - place, random.one_in(2) ? 4u : number.size());
      contents.replace(place, size, number.substr(0, size));
      break;
    }
    case 9:
      contents.insert(place, random.any_of(kTokens));
      break;
    case 10: {
      const std::string& other = random.any_of(others);
      contents = contents.substr(0, place) + other.substr(random.below(other.size() + 1));
      break;
    }
  }
}

/// Changes one to four places.
inline void damage_bytes(std::string& contents, const std::vector<std::string>& others,
                         Random& random) {
  for (std::size_t times = 1 + random.below(4); times > 0; --times)
    damage_once(contents, others, random);
}

inline void flip(std::string& bytes, Random& random) {
  if (!bytes.empty()) bytes[random.below(bytes.size())] = static_cast<char>(random());
}

/// A protobuf message with one field, at any depth, changed, doubled, moved or gone; lengths fit.
inline std::string damaged_message(const std::string& message, Random& random) {
  using Wire = protozero::pbf_wire_type;
  std::vector<std::string> fields;
  try {
    protozero::pbf_reader reader(message);
    std::size_t count = 0;
    for (auto counter = reader; counter.next(); counter.skip()) ++count;
    if (count == 0) return message;
    const std::size_t chosen = random.below(count);
    for (std::size_t i = 0; reader.next(); ++i) {
      std::string field;
      protozero::pbf_writer writer(field);
      const auto tag = reader.tag();
      switch (reader.wire_type()) {
        case Wire::varint: {
          const std::uint64_t value = reader.get_uint64();
          writer.add_uint64(tag, i == chosen ? random.any_of(kNumbers) : value);
          break;
        }
        case Wire::fixed32:
          writer.add_fixed32(tag,
                             reader.get_fixed32() ^ (i == chosen ? 1u << random.below(32) : 0));
          break;
        case Wire::fixed64:
          writer.add_fixed64(tag, reader.get_fixed64());
          break;
        default: {
          std::string value = reader.get_string();
          if (i == chosen && random.one_in(4)) {
            flip(value, random);
          } else if (i == chosen) {
            value = damaged_message(value, random);
          }
          writer.add_bytes(tag, value);
        }
      }
      if (i == chosen && random.one_in(8)) continue;
      fields.push_back(field);
      if (i == chosen && random.one_in(8)) fields.push_back(field);
    }
  } catch (const protozero::exception&) {  // no message but a text or numbers
    std::string bytes = message;
    flip(bytes, random);
    return bytes;
  }
  if (fields.size() > 1 && random.one_in(16))
    std::swap(fields[random.below(fields.size())], fields[random.below(fields.size())]);
  std::string result;
  for (const std::string& field : fields) result += field;
  return result;
}

/// A text with a word changed, doubled or gone.
inline void damage_text(std::string& text, Random& random) {
  constexpr std::string_view kWords[] = {"0",
                                         "1",
                                         "-1",
                                         "3",
                                         "2147483647",
                                         "-2147483648",
                                         "99999999999",
                                         "0=1",
                                         "6=4",
                                         "5=1",
                                         "9=6",
                                         "-23310=2,1,2",
                                         "10=0.1,nan",
                                         "1e99",
                                         "=",
                                         "0=",
                                         "Split",
                                         "BinaryOp",
                                         "MemoryData 0=3 1=2",
                                         "BatchNorm",
                                         "InnerProduct",
                                         "Convolution",
                                         "\n",
                                         "l1",
                                         "\xff"};
  const std::size_t begin = text.find_first_not_of(" \n", random.below(text.size() + 1));
  if (begin == text.npos) return;
  const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
  if (random.one_in(6)) {
    text.insert(begin, text.substr(begin, end - begin) + " ");
  } else if (random.one_in(6)) {
    text.erase(begin, end - begin);
  } else if (random.one_in(4)) {
    text[begin + random.below(end - begin)] = static_cast<char>(random());
  } else {
    text.replace(begin, end - begin, kWords[random.below(std::size(kWords))]);
  }
}

/// The same, once for each of up to four times, as a format's way to damage its heads.
inline void damage_messages(std::string& message, const std::vector<std::string>&, Random& random) {
  for (std::size_t times = random.below(5); times > 0; --times)
    message = damaged_message(message, random);
}
inline void damage_words(std::string& text, const std::vector<std::string>&, Random& random) {
  for (std::size_t times = random.below(5); times > 0; --times) damage_text(text, random);
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_DAMAGE_HPP
