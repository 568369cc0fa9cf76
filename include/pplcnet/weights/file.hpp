#ifndef PPLCNET_WEIGHTS_FILE_HPP
#define PPLCNET_WEIGHTS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/compiled.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "pplcnet/weights/path.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The bytes of a whole file, owned. They begin at a multiple of kAlignment.
class FileBytes {
 public:
  static constexpr std::size_t kAlignment = HugePageMemory::kCacheLine;

  FileBytes() = default;

  /// Room for `size` bytes; has none if the system cannot give that much.
  explicit FileBytes(std::size_t size)
      : bytes_(static_cast<std::byte*>(HugePageMemory::allocate(size)), FreeHugePages{size}),
        size_(bytes_ ? size : 0) {}

  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::span<std::byte> bytes() { return {bytes_.get(), size_}; }

 private:
  HugePageArray<std::byte> bytes_;
  std::size_t size_ = 0;
};

namespace files {

/// Returns what the last failed call of the C library has to say.
PPLCNET_INLINE std::string last_problem();

}  // namespace files

/// A weight file that is larger than this is not one of ours.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;

/// Reads a whole regular file. It is an error if it is missing, empty, larger than `max_bytes`, or
/// changes its size meanwhile; `result` changes only on success.
PPLCNET_INLINE Error read_file(std::string_view path, FileBytes& result,
                               std::uint64_t max_bytes = kMaxFileBytes);

/// A file on its way: until it is complete it has a temporary name in the folder where it is to
/// appear. What is not published leaves no file. A program that writes files in its own way
/// overrides `write` and `publish`.
class NewFile {
 public:
  explicit NewFile(std::string_view path) : path_(path) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  PPLCNET_INLINE virtual ~NewFile();

  const std::string& path() const { return path_; }            ///< what it will be called
  const std::string& temporary() const { return temporary_; }  ///< what it is called once written

  /// Writes the pieces one after another; once. An error where something has the name that is no
  /// file: it would be gone.
  PPLCNET_INLINE virtual Error write(std::span<const std::span<const std::byte>> pieces);

  /// Gives the file its name; another file of that name is gone then.
  PPLCNET_INLINE virtual Error publish();

 protected:
  void set_temporary(std::string name) { temporary_ = std::move(name); }

 private:
  std::string path_, target_, temporary_;
};

/// Writes the pieces one after another. The file appears under its name only when it is complete;
/// a failure leaves nothing of it.
PPLCNET_INLINE Error write_file(std::string_view path,
                                std::span<const std::span<const std::byte>> pieces);

#if PPLCNET_HAS_DEFINITIONS
namespace files {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

PPLCNET_INLINE std::string last_problem() {
  return std::error_code(errno, std::generic_category()).message();
}

}  // namespace files

PPLCNET_INLINE Error read_file(std::string_view path, FileBytes& result, std::uint64_t max_bytes) {
  return with_memory_for(path, [&]() -> Error {
    const std::filesystem::path place = path_of(path);
    std::error_code problem;
    const std::filesystem::file_status status = std::filesystem::status(place, problem);
    if (status.type() == std::filesystem::file_type::not_found) {
      return Error::of(path, ": there is no such file");
    }
    if (status.type() == std::filesystem::file_type::none) {
      return Error::of(path, ": cannot be read: ", problem.message());
    }
    // A pipe or a device could keep us waiting, or never end.
    if (!std::filesystem::is_regular_file(status)) {
      return Error::of(path, ": expected a file, found ",
                       std::filesystem::is_directory(status) ? "a folder" : "something else");
    }
    const std::uintmax_t size = std::filesystem::file_size(place, problem);
    if (problem) return Error::of(path, ": cannot be read: ", problem.message());
    if (size == 0) return Error::of(path, ": the file is empty");
    if (size > max_bytes) {
      return Error::of(path, ": expected at most ", max_bytes, " bytes, found ", size);
    }

    const files::File file(open_file(std::string(path)));
    if (!file) return Error::of(path, ": cannot be read: ", files::last_problem());
    FileBytes content(static_cast<std::size_t>(size));
    if (content.bytes().size() != size) {
      return Error::of(path, ": no memory for its ", size, " bytes");
    }
    const std::size_t count =
        std::fread(content.bytes().data(), 1, content.bytes().size(), file.get());
    if (std::ferror(file.get())) {
      return Error::of(path, ": cannot be read: ", files::last_problem());
    }
    if (count != size || std::fgetc(file.get()) != EOF) {
      return Error::of(path, ": expected ", size, " bytes, but its size changed while it was read");
    }
    result = std::move(content);
    return {};
  });
}

PPLCNET_INLINE NewFile::~NewFile() {
  if (!temporary_.empty()) remove_file(temporary_);
}

PPLCNET_INLINE Error NewFile::write(std::span<const std::span<const std::byte>> pieces) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::path place = path_of(path_);
  const fs::file_status old = fs::status(place, problem);
  const bool replaces = fs::is_regular_file(old);
  if (fs::exists(old) && !replaces && !fs::is_directory(old)) {
    return Error::of(path_, ": expected a file that can be replaced, found something else");
  }
  // A link stays, and what it leads to is replaced.
  const fs::path target = replaces ? fs::canonical(place, problem) : fs::path();
  target_ = replaces && !problem ? name_of(target) : path_;
  constexpr int kAttempts = 100;
  std::string name;
  files::File file;
  for (int attempt = 0; !file && attempt < kAttempts; ++attempt) {
    name = target_ + ".tmp" + std::to_string(attempt);
    file.reset(create_file(name));
    if (!file && errno != EEXIST) break;
  }
  if (!file) {
    return Error::of(path_, ": cannot create ", name, ": ", files::last_problem());
  }
  temporary_ = std::move(name);
  if (replaces) fs::permissions(path_of(temporary_), old.permissions(), problem);

  bool written = true;
  for (const std::span<const std::byte> piece : pieces) {
    written = written && std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size();
  }
  // Closing writes what is still buffered, so it can fail too.
  written = std::fclose(file.release()) == 0 && written;
  if (written) return {};
  return Error::of(path_, ": cannot be written: ", files::last_problem());
}

PPLCNET_INLINE Error NewFile::publish() {
  std::error_code problem;
  std::filesystem::rename(path_of(temporary_), path_of(target_), problem);
  if (problem) return Error::of(path_, ": cannot be written: ", problem.message());
  temporary_.clear();
  return {};
}

PPLCNET_INLINE Error write_file(std::string_view path,
                                std::span<const std::span<const std::byte>> pieces) {
  return with_memory_for(path, [&]() -> Error {
    NewFile file(path);
    if (auto error = file.write(pieces)) return error;
    return file.publish();
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_FILE_HPP
