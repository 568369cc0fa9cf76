// Feeds damaged files to a reader, to be built with
// -fsanitize=address,undefined: what they find ends it.
//
//   fuzz_readers FORMAT COUNT [SEED]
//
// The same arguments make the same files. A reader may refuse a file with one sentence, or accept
// it; then what it returns must be sound. In both cases the memory that it asks for is bounded by
// the size of the file.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/formats.hpp"

namespace {

using pplcnet_test::Format;
using pplcnet_test::Outcome;
using pplcnet_test::Parts;
using pplcnet_test::Random;

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double most_memory = 0;  // that was requested, as part of what is allowed

Outcome check(const Format& format, const std::string& contents) {
  const std::vector<char> exact(contents.begin(), contents.end());  // nothing after the last byte
  const Outcome outcome = format.check({exact.data(), exact.size()});
  const auto allowed = static_cast<double>(format.allowed_memory(contents.size()));
  most_memory = std::max(most_memory, static_cast<double>(format.memory_of(outcome)) / allowed);
  return outcome;
}

/// Reads all files as they are.
void check_undamaged(const Format& format) {
  std::set<std::string> heads, valid_heads;
  bool complete = false;
  for (const Parts& parts : format.files) {
    const Outcome outcome = check(format, format.join(parts));
    heads.insert(parts.head);
    if (outcome.read) valid_heads.insert(parts.head);
    complete = complete || outcome.complete;
  }
  pplcnet_test::require(heads == valid_heads && complete, "a valid file was refused");
  for (const std::string& contents : format.large) check(format, contents);
}

class Damage {
 public:
  explicit Damage(const Format& format) : format_(format) {
    for (const auto& [head, tail] : format.files) {
      heads_.push_back(head);
      tails_.push_back(tail);
    }
  }

  std::string damaged_file(Random& random) const {
    Parts parts = random.any_of(format_.files);
    if (!random.one_in(3)) format_.damage(parts.head, heads_, random);
    if (random.one_in(3)) pplcnet_test::damage_bytes(parts.tail, tails_, random);
    std::string contents = format_.join(parts);
    if (random.one_in(5)) pplcnet_test::damage_bytes(contents, {contents}, random);
    return contents;
  }

 private:
  const Format& format_;
  std::vector<std::string> heads_, tails_;
};

void fuzz(const Format& format, const char* name, std::uint64_t count, std::uint64_t seed) {
  check_undamaged(format);
  const Damage damage(format);
  std::uint64_t read = 0, complete = 0;
  double slowest = 0;
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < count; ++i) {
    pplcnet_test::file_index = i;
    Random random(seed << 32 ^ i);
    const std::string contents = damage.damaged_file(random);
    const auto start = Clock::now();
    const Outcome outcome = check(format, contents);
    slowest = std::max(slowest, Seconds(Clock::now() - start).count());
    read += outcome.read;
    complete += outcome.complete;
  }
  std::printf(
      "%s: %llu files in %.1f s: %llu refused, %llu read, %llu of them complete; the slowest took "
      "%.2f ms; at most %.0f %% of the allowed memory\n",
      name, static_cast<unsigned long long>(count), Seconds(Clock::now() - begin).count(),
      static_cast<unsigned long long>(count - read), static_cast<unsigned long long>(read),
      static_cast<unsigned long long>(complete), slowest * 1e3, most_memory * 100);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::puts("usage: fuzz_readers FORMAT COUNT [SEED]");
    return 2;
  }
  fuzz(pplcnet_test::format_named(argv[1]), argv[1], std::strtoull(argv[2], nullptr, 10),
       argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
