#include "pplcnet/weights/path.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/utf16.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::path_test {
namespace {

// Latin, Chinese, and a character that is two units of UTF-16.
constexpr const char* kName =
    "Gr\xc3\xbc\xc3\x9f"
    "e \xe5\x9b\xbe\xe7\x89\x87 \xf0\x9f\x90\xb1.bin";

TEST(PathTest, EveryCharacterComesBackFromUtf16) {
  for (std::uint32_t code = 1; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    std::string text = "a";
    pplcnet::append_utf8(text, code);
    text += "b";
    const std::u16string wide = pplcnet::utf16_of<char16_t>(text);
    ASSERT_EQ(wide.size(), code < 0x10000 ? 3u : 4u) << code;
    ASSERT_EQ(pplcnet::utf8_of<char16_t>(wide), text) << code;
  }
  EXPECT_EQ(pplcnet::utf16_of<char16_t>(kName), u"Grüße 图片 🐱.bin");
}

TEST(PathTest, WhatIsNotWellFormedIsReplaced) {
  EXPECT_EQ(pplcnet::utf16_of<char16_t>("a\xff\xc3 \xed\xa0\x80"), u"a?? ???");
  const std::u16string halves = {u'a', 0xd83d, u'b', 0xdc31};
  EXPECT_EQ(pplcnet::utf8_of<char16_t>(halves),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  const std::u16string turned = {0xdc31, 0xd83d};
  EXPECT_EQ(pplcnet::utf8_of<char16_t>(turned), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(PathTest, NamesComeBackFromPaths) {
  EXPECT_EQ(pplcnet::name_of(pplcnet::path_of(kName)), kName);
  EXPECT_EQ(pplcnet::name_in("a/b", kName), std::string("a/b/") + kName);
  EXPECT_EQ(pplcnet::name_of(pplcnet::path_of(std::string("a/") + kName).extension()), ".bin");
}

TEST(PathTest, FilesWithNamesOfAnyLanguageAreWrittenAndRead) {
  const TemporaryFolder folder;
  const std::string path = pplcnet::name_in(pplcnet::name_of(folder.path), kName);
  for (const std::string contents : {"first", "second"}) {  // which replaces it
    const std::span<const std::byte> pieces[] = {bytes_of(contents)};
    ASSERT_STREQ(pplcnet::write_file(path, pieces).message(), "");
    pplcnet::FileBytes bytes;
    ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
    EXPECT_EQ(
        std::string(reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size()),
        contents);
  }
  ASSERT_EQ(folder.file_count(), 1);
  EXPECT_TRUE(std::filesystem::directory_iterator(folder.path)->path().filename().u8string() ==
              u8"Grüße 图片 🐱.bin");
}

TEST(PathTest, CreatingNeverReplaces) {
  const TemporaryFolder folder;
  const std::string path = pplcnet::name_in(pplcnet::name_of(folder.path), kName);
  std::FILE* const file = pplcnet::create_file(path);
  ASSERT_NE(file, nullptr);
  errno = 0;
  EXPECT_EQ(pplcnet::create_file(path), nullptr);
  EXPECT_EQ(errno, EEXIST);
  std::fclose(file);
  pplcnet::remove_file(path);
  EXPECT_EQ(folder.file_count(), 0);
}

}  // namespace
}  // namespace pplcnet_test::path_test
