// The readers for libFuzzer, which finds its own way through them; `run` beside this file builds
// and runs it.
//
//   fuzzer --format=FORMAT --seeds=FOLDER --words=FILE     writes valid files, and a dictionary
//   fuzzer --format=FORMAT [OPTION OF LIBFUZZER]... FOLDER
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/formats.hpp"

namespace {

std::optional<pplcnet_test::Format> format;

/// What stands after `option=` on the command line; empty if nothing does.
std::string value_of(std::string_view option, int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument.starts_with(option)) return std::string(argument.substr(option.size()));
  }
  return {};
}

void write_seeds(const std::string& folder) {
  int count = 0;
  for (const pplcnet_test::Parts& parts : format->files)
    std::ofstream(folder + "/seed" + std::to_string(count++), std::ios::binary)
        << format->join(parts);
}

/// A dictionary: one word in quotes on each line, its bytes in hexadecimal.
void write_words(const std::string& path) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::ofstream file(path);
  for (const std::string& word : format->words) {
    file << '"';
    for (const char character : word) {
      const auto byte = static_cast<unsigned char>(character);
      file << "\\x" << kHexDigits[byte >> 4] << kHexDigits[byte & 15];
    }
    file << "\"\n";
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  format = pplcnet_test::format_named(value_of("--format=", *count, *arguments));
  const std::string seeds = value_of("--seeds=", *count, *arguments);
  if (seeds.empty()) return 0;
  write_seeds(seeds);
  write_words(value_of("--words=", *count, *arguments));
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  format->check({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
