// Decodes pictures under the memory sanitizer: no pixel, and nothing that is decided on, comes from
// memory that was never written. `run` beside this file builds and runs it. The sanitizer follows
// only what it has compiled, so there is next to nothing here but the decoder, and no libFuzzer;
// the files are those that libFuzzer has found with other sanitizers.
//
//   picture_memory SECONDS FILE...     the files as they are, then damaged, until the time is over
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/damage.hpp"
#include "fuzz/picture_check.hpp"

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string contents_of(const char* path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path, "rb"));
  std::string contents;
  char buffer[4096];
  for (std::size_t size = 1; file && size > 0; contents.append(buffer, size))
    size = std::fread(buffer, 1, sizeof(buffer), file.get());
  return contents;
}

/// Says whether a picture is decoded.
bool decode(const std::string& contents) {
  Picture picture;
  if (pplcnet_test::decode_picture(contents, "damaged", picture)) return false;
  if (pplcnet_test::sum_of(picture) > 3 * 127 * pplcnet_test::kSmallLimits.pixels) std::abort();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::puts("usage: picture_memory SECONDS FILE...");
    return 2;
  }
  std::vector<std::string> files;
  unsigned long long count = 0, decoded = 0;
  for (int i = 2; i < argc; ++i) {
    files.push_back(contents_of(argv[i]));
    decoded += decode(files.back());
    ++count;
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(std::strtol(argv[1], nullptr, 10));
  pplcnet_test::Random random(1);
  while (std::chrono::steady_clock::now() < end) {
    std::string file = random.any_of(files);
    pplcnet_test::damage_bytes(file, files, random);
    decoded += decode(random.one_in(4) ? file : pplcnet_test::with_checksums(file));
    ++count;
  }
  std::printf("stat::number_of_executed_units: %llu\n%llu were decoded\nDone \n", count, decoded);
}
