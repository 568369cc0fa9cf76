#ifndef PPLCNET_EXAMPLES_SYSTEM_FILES_HPP
#define PPLCNET_EXAMPLES_SYSTEM_FILES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What the standard library does not know of files, and posix/ and windows/ do. Names are UTF-8 on
/// Windows. Where an int is returned that is no descriptor, it is 0 or an errno.
namespace system_files {

/// Tells a file or folder from all others, whatever name leads to it.
using Id = std::pair<std::uint64_t, std::uint64_t>;

enum class Kind { file, folder, stream };

struct Facts {
  Kind kind = Kind::file;
  Id id = {};
};

/// Finds out what a name leads to, after all links, or what a descriptor is of.
int find(const std::string& name, Facts& facts);
int find(int descriptor, Facts& facts);

/// Returns whether a name is in use, if only by a link to nothing.
bool is_taken(const std::string& name);

/// Returns whether a file may be written, or why not.
int check_writable(const std::string& name);

/// Opens a temporary for reading and writing, which is locked while its program lives: one of this
/// name that is not is what a killed program left, and is cleared away unless `is_kept`. Returns a
/// descriptor, or -1 with errno: EEXIST if it is in use.
int open_temporary(const std::string& name, bool (*is_kept)(const Facts& facts));

/// Opens a device or a pipe for writing. Returns a descriptor, or -1 with errno.
int open_stream(const std::string& name);

/// Returns another descriptor of the same stream, or -1 with errno.
int duplicate(int descriptor);

/// Reads or writes some of the bytes: how many, or -1 with errno.
std::ptrdiff_t read(int descriptor, std::span<std::byte> bytes);
std::ptrdiff_t write(int descriptor, std::span<const std::byte> bytes);

int rewind(int descriptor);
int close(int descriptor);

/// Has all that was written on the disk.
int sync(int descriptor);

/// Has the names in a folder on the disk, where a system can do that.
int sync_folder(const std::string& folder);

/// Gives a file the owner and the modes of another one, where a system has them and allows it.
void copy_modes(const std::string& from, int descriptor);

/// Gives a file another name; one that has it already is gone then.
int rename(const std::string& from, const std::string& to);

/// Gives a file another name that is not in use: EEXIST otherwise.
int rename_new(const std::string& from, const std::string& to);

/// Removes a file, if it is there. A signal handler may call it.
void remove(const char* name) noexcept;

/// Finds the names that a pattern with `*`, `?` and, but on Windows, `[…]` stands for, sorted.
int match(const std::string& pattern, std::vector<std::string>& found);

}  // namespace system_files

#endif  // PPLCNET_EXAMPLES_SYSTEM_FILES_HPP
