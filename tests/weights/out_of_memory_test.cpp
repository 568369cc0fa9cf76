// Wherever memory ends, while files are loaded, saved, viewed and used, there is an error in one
// sentence, and no file is left half-written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "weights/contents.hpp"

namespace {

/// How many allocations succeed from now on; -1: all. After them one fails, or all do.
long allowed = -1;
bool for_good = false;
bool has_failed = false;

void* allocate(std::size_t size, std::size_t alignment) {
  if (allowed == 0) {
    has_failed = true;
    if (!for_good) allowed = -1;
    return nullptr;
  }
  if (allowed > 0) --allowed;
  return std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}

constexpr auto kUsual = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size, kUsual); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, kUsual);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace {

using pplcnet::Classifier, pplcnet::Error;

/// A small network.
using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25,
                             pplcnet::Options{.classes = 3, .input = {32, 32}, .head = 0}>;

class OutOfMemory : public testing::Test {
 protected:
  OutOfMemory() {
    const pplcnet::ModelInfo info = {.labels = {"a rather long label", "another one", "c"},
                                     .preprocessing = "paddle_direct"};
    EXPECT_FALSE(pplcnet::save(native, *weights, info));
    EXPECT_FALSE(pplcnet::save_onnx(onnx, *weights));
    EXPECT_FALSE(pplcnet::read_file(native, bytes));
  }

  std::span<const std::byte> file() const { return std::as_const(bytes).bytes(); }

  /// Does it again and again, each time with one allocation more, until none fails.
  void expect_errors(const std::function<Error()>& work) {
    for (const bool forever : {true, false}) {
      for (long n = 0;; ++n) {
        for_good = forever;
        has_failed = false;
        allowed = n;
        const Error error = work();
        allowed = -1;
        if (!has_failed) {
          EXPECT_STREQ(error.message(), "");
          EXPECT_GT(n, 0);
          break;
        }
        // What is only a wish, such as a buffer, may fail alone without harm.
        ASSERT_TRUE(error || !forever) << n;
        const std::string message = error.message();
        ASSERT_TRUE(!error || message.find("memory") != std::string::npos) << message;
      }
    }
  }

  void expect_only(std::initializer_list<std::string> names) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.file("")))
      found.push_back(entry.path().string());
    EXPECT_TRUE(std::ranges::is_permutation(found, names)) << testing::PrintToString(found);
  }

  pplcnet_test::TemporaryFolder folder;
  std::string native = folder.file("a native file with a long name.safetensors");
  std::string onnx = folder.file("an ONNX model with a long name.onnx");
  std::unique_ptr<Net::Weights> weights = pplcnet_test::synthetic_weights<Net>();
  pplcnet::FileBytes bytes;
};

TEST_F(OutOfMemory, LoadsFiles) {
  const auto target = std::make_unique<Net::Weights>();
  pplcnet::ModelInfo info;
  expect_errors([&] { return pplcnet::load(native, *target, &info); });
  expect_errors([&] { return pplcnet::load_any(native, *target, &info); });
  expect_errors([&] { return pplcnet::load_onnx(onnx, *target); });
}

TEST_F(OutOfMemory, Views) {
  std::optional<Net::WeightsView> view;
  pplcnet::ModelInfo info;
  expect_errors(
      [&] { return pplcnet::view<Net>(file(), "a name that is not short", view, &info); });
}

TEST_F(OutOfMemory, SavesNothing) {
  const std::string path = folder.file("what was to be written.safetensors");
  const std::function<Error()> saves[] = {[&] { return pplcnet::save(path, *weights); },
                                          [&] { return pplcnet::save_onnx(path, *weights); }};
  for (const auto& save : saves) {
    expect_errors([&] {
      Error error = save();
      allowed = -1;
      EXPECT_EQ(std::remove(path.c_str()) == 0, !error);
      return error;
    });
  }
  expect_only({native, onnx});
}

TEST_F(OutOfMemory, MakesNetworks) {
  std::optional<pplcnet::AnyNetwork> network;
  expect_errors([&] { return pplcnet::AnyNetwork::make(Net::Definition::graph(), 2, network); });
}

TEST_F(OutOfMemory, Classifies) {
  const std::vector<std::uint8_t> pixels(3 * 90 * 60);
  const std::vector<pplcnet::ImageView> views(
      20, pplcnet::ImageView(pixels.data(), 90, 60, pplcnet::PixelFormat::rgb));
  std::vector<pplcnet::Prediction> best(views.size());
  expect_errors([&] {
    Classifier<Net> classifier;
    if (auto error = classifier.load(native)) return error;
    return classifier.classify(views, best);
  });
  expect_errors([&] {
    Classifier<Net> classifier;
    if (auto error = classifier.view(file(), "a name that is not short")) return error;
    return classifier.classify(views, best);
  });
  Classifier<Net> classifier;
  ASSERT_FALSE(classifier.load(native));
  expect_errors([&] {
    Classifier<Net> copy;
    copy.view(*weights);
    return copy.probabilities(views[0]) ? Error() : Error("no memory");
  });
}

}  // namespace
