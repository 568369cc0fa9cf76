#include "pplcnet/weights/file.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "weights/contents.hpp"

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>

#include <csignal>
#define PPLCNET_TEST_HAS_FILE_SIZE_LIMIT
#endif

namespace pplcnet_test::file_test {
namespace {

using pplcnet::Error;
using pplcnet::FileBytes;

Error write(const std::string& path, const std::string& contents) {
  const std::span<const std::byte> pieces[] = {bytes_of(contents)};
  return pplcnet::write_file(path, pieces);
}

std::string read(const std::string& path) {
  FileBytes bytes;
  if (auto error = pplcnet::read_file(path, bytes)) return error.message();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.bytes().data()) % FileBytes::kAlignment, 0u);
  return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size()};
}

TEST(ErrorTest, SuccessIsTheDefault) {
  const Error success;
  EXPECT_FALSE(success);
  EXPECT_STREQ(success.message(), "");
  EXPECT_TRUE(Error(""));  // even without words
}

TEST(ErrorTest, MessagesJoinTextsAndNumbers) {
  const std::string file = "a.safetensors";
  const Error error =
      Error::of(file, ": expected ", std::uint64_t{18446744073709551615u}, ", found ", -1);
  EXPECT_TRUE(error);
  EXPECT_STREQ(error.message(), "a.safetensors: expected 18446744073709551615, found -1");
}

TEST(ErrorTest, ForeignTextIsMadePrintable) {
  EXPECT_EQ(pplcnet::quote("conv1.weight"), "'conv1.weight'");
  EXPECT_EQ(pplcnet::quote(std::string_view("a\0\n\x7f\xff", 5)), "'a\\x00\\x0a\\x7f\\xff'");
  EXPECT_EQ(pplcnet::quote(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
  EXPECT_EQ(pplcnet::quote(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
}

TEST(FileTest, PiecesComeBackAsOneFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.bin");
  const std::string first = "first ", second(100'000, 's');
  const std::span<const std::byte> pieces[] = {bytes_of(first), {}, bytes_of(second)};
  EXPECT_STREQ(pplcnet::write_file(path, pieces).message(), "");
  EXPECT_EQ(read(path), first + second);
  EXPECT_STREQ(write(path, "shorter").message(), "");  // takes the place of the old file
  EXPECT_EQ(read(path), "shorter");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(FileTest, FailedReadingSaysWhy) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing"), empty = folder.file("empty");
  const std::string large = folder.file("large");
  std::ofstream(empty).flush();
  EXPECT_EQ(read(missing), missing + ": there is no such file");
  EXPECT_EQ(read(missing + "/a"), missing + "/a: there is no such file");
  EXPECT_EQ(read(folder.path.string()), folder.path.string() + ": expected a file, found a folder");
  EXPECT_EQ(read(empty), empty + ": the file is empty");
  if (std::filesystem::exists("/dev/zero")) {
    EXPECT_EQ(read("/dev/zero"), "/dev/zero: expected a file, found something else");
  }

  FileBytes bytes;
  ASSERT_FALSE(write(large, "12345"));
  EXPECT_EQ(pplcnet::read_file(large, bytes, 4).message(),
            large + ": expected at most 4 bytes, found 5");
  EXPECT_FALSE(pplcnet::read_file(large, bytes, 5));
  EXPECT_TRUE(pplcnet::read_file(missing, bytes));
  EXPECT_EQ(bytes.bytes().size(), 5u);  // what was there stays

  std::error_code problem;
  std::filesystem::resize_file(large, std::uintmax_t{1} << 40, problem);  // no bytes after it
  if (problem) GTEST_SKIP() << "no file is so large: " << problem.message();
  EXPECT_EQ(pplcnet::read_file(large, bytes).message(),
            large + ": expected at most 1073741824 bytes, found 1099511627776");
}

TEST(FileTest, FailedWritingLeavesNoFile) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing/a"), occupied = folder.file("occupied");
  EXPECT_EQ(write(missing, "x").message(),
            missing + ": cannot create " + missing + ".tmp0: No such file or directory");
  std::filesystem::create_directories(occupied + "/inside");
#if defined(_WIN32)
  EXPECT_TRUE(std::string(write(occupied, "x").message())
                  .starts_with(occupied + ": cannot be written: "));  // and why, in its own words
#else
  EXPECT_EQ(write(occupied, "x").message(), occupied + ": cannot be written: Is a directory");
#endif
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(FileTest, ATemporaryFileOfSomebodyElseIsLeftAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  std::ofstream(path + ".tmp0") << "theirs";
  EXPECT_STREQ(write(path, "ours").message(), "");
  EXPECT_EQ(read(path), "ours");
  EXPECT_EQ(read(path + ".tmp0"), "theirs");
  EXPECT_EQ(folder.file_count(), 2);
}

TEST(FileTest, WhatIsNotPublishedLeavesNoFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  ASSERT_FALSE(write(path, "old"));
  const std::string contents = "new";
  const std::span<const std::byte> pieces[] = {bytes_of(contents)};
  for (const bool publish : {false, true}) {
    pplcnet::NewFile file(path);
    EXPECT_STREQ(file.write(pieces).message(), "");
    EXPECT_EQ(file.path(), path);
    EXPECT_EQ(read(file.temporary()), "new");
    EXPECT_EQ(read(path), "old");
    EXPECT_EQ(folder.file_count(), 2);
    if (publish) {
      EXPECT_STREQ(file.publish().message(), "");
    }
  }
  EXPECT_EQ(read(path), "new");
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(FileTest, LinksAreFollowedAndModesKept) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const std::string path = folder.file("a"), link = folder.file("link");
  ASSERT_FALSE(write(path, "old"));
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  const fs::perms modes = fs::status(path).permissions();
  std::error_code problem;
  fs::create_symlink("a", link, problem);
  if (problem) GTEST_SKIP() << "no links: " << problem.message();
  EXPECT_STREQ(write(link, "new").message(), "");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read(path), "new");
  EXPECT_EQ(fs::status(path).permissions(), modes);
  EXPECT_EQ(folder.file_count(), 2);
}

TEST(FileTest, WhatIsNoFileIsNotReplaced) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const std::string link = folder.file("null");
  if (!fs::exists("/dev/null")) GTEST_SKIP() << "no devices among files";
  fs::create_symlink("/dev/null", link);
  EXPECT_EQ(write(link, "x").message(),
            link + ": expected a file that can be replaced, found something else");
  EXPECT_TRUE(fs::is_character_file(link));
}

#ifdef PPLCNET_TEST_HAS_FILE_SIZE_LIMIT
TEST(FileTest, AFullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  ASSERT_FALSE(write(path, "old"));
  rlimit unlimited;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const std::size_t size : {std::size_t{2'000}, std::size_t{200'000}}) {
    // The smaller one fits a buffer: only closing the file tells that it cannot be written.
    const rlimit limited = {1'000, unlimited.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
    const Error error = write(path, std::string(size, 'x'));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    EXPECT_EQ(error.message(), path + ": cannot be written: File too large");
    EXPECT_EQ(read(path), "old");
    EXPECT_EQ(folder.file_count(), 1);
  }
  std::signal(SIGXFSZ, old_handler);
}
#endif

}  // namespace
}  // namespace pplcnet_test::file_test
