#include "output_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interruption.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

using FileId = std::pair<dev_t, ino_t>;

FileId id_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

std::mutex inputs_mutex;
std::set<FileId> inputs;

bool is_input(const struct stat& status) {
  const std::scoped_lock lock(inputs_mutex);
  return inputs.contains(id_of(status));
}

/// The names of temporaries, where a signal handler may read them: memory that is never freed.
struct Slot {
  std::atomic<bool> is_taken = false, is_ready = false;
  std::array<char, PATH_MAX> path = {};
};
std::array<Slot, 1024> slots;  // far more than threads that write
std::atomic<std::size_t> next_slot = 0;

std::size_t take_slot(const std::string& path) {
  if (path.size() >= PATH_MAX) return slots.size();
  for (std::size_t attempt = 0; attempt < slots.size(); ++attempt) {
    const std::size_t place = next_slot++ % slots.size();
    Slot& slot = slots[place];
    if (slot.is_taken.exchange(true)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.is_ready = true;
    return place;
  }
  return slots.size();
}

void give_back_slot(std::size_t place) {
  if (place == slots.size()) return;
  slots[place].is_ready = false;
  slots[place].is_taken = false;
}

/// Writes all of it; false with errno.
bool write_all(int descriptor, std::span<const std::byte> bytes) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), std::min(bytes.size(), kMost));
    if (count < 0 && errno == EINTR && !interruption::happened()) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

/// Returns the standard stream of this program that goes to it, if any.
int standard_stream_of(const struct stat& status) {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat other = {};
    if (fstat(stream, &other) == 0 && id_of(other) == id_of(status)) return stream;
  }
  return -1;
}

/// Opens a temporary for writing, which is locked while its program lives: one of this name that is
/// not is what a killed program left, and is cleared away. -1 with errno: EEXIST if it is in use.
int open_temporary(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int old = open(path.c_str(), kFlags);
  if (old >= 0) {
    struct stat status = {};
    const bool is_stale = fstat(old, &status) == 0 && S_ISREG(status.st_mode) &&
                          status.st_uid == geteuid() && !is_input(status) &&
                          flock(old, LOCK_EX | LOCK_NB) == 0;
    if (is_stale) unlink(path.c_str());
    close(old);
  }
  const int descriptor = open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
  if (descriptor < 0) return -1;
  struct stat status = {};
  flock(descriptor, LOCK_EX | LOCK_NB);
  // Another program may have taken it for stale before the lock.
  if (fstat(descriptor, &status) == 0 && status.st_nlink > 0) return descriptor;
  close(descriptor);
  errno = EEXIST;
  return -1;
}

}  // namespace

void add_input(const std::string& path) {
  struct stat status = {};
  if (path.empty() || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const std::scoped_lock lock(inputs_mutex);
  inputs.insert(id_of(status));
}

Error read_input(const std::string& path, pplcnet::FileBytes& bytes, std::uint64_t max_bytes) {
  add_input(path);
  return pplcnet::read_file(path, bytes, max_bytes);
}

Error claim_output(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || !is_input(status)) return {};
  return Error::of(path, ": is both read and to be written; name another output");
}

OutputFile::~OutputFile() { remove_temporary(); }

Error OutputFile::problem(int number) const {
  return Error::of(
      path(), ": cannot be written: ", std::error_code(number, std::generic_category()).message());
}

/// Finds out where the bytes go.
Error OutputFile::resolve() {
  if (auto error = claim_output(path())) return error;
  target_ = path();
  struct stat status = {};
  if (existing_ == Existing::kept) {
    if (lstat(target_.c_str(), &status) == 0) return Error::of(target_, " is there already");
    return {};
  }
  const bool exists = stat(target_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) return problem(errno);
  if (exists && S_ISDIR(status.st_mode)) return problem(EISDIR);
  is_stream_ = exists && (!S_ISREG(status.st_mode) || standard_stream_of(status) >= 0);
  if (is_stream_) return {};
  if (exists && access(target_.c_str(), W_OK) != 0) return problem(errno);
  // Links are followed even where they lead to no file yet.
  constexpr int kMostLinks = 40;
  std::error_code none;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path link = fs::read_symlink(target_, none);
    if (none) return {};
    target_ = (fs::path(target_).parent_path() / link).string();
  }
  return problem(ELOOP);
}

/// Of a stream beside other temporary files, of a file beside it, so that it can get its name.
Error OutputFile::create_temporary() {
  constexpr int kAttempts = 1000;
  constexpr std::size_t kLongest = 200;  // bytes of a name; systems have room for 255
  std::error_code none;
  const fs::path target(target_);
  fs::path folder = target.parent_path();
  if (is_stream_) folder = fs::temp_directory_path(none);
  if (none) folder = "/tmp";
  const std::string stem = target.filename().string().substr(0, kLongest) + ".pplcnet-tmp";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = (folder / (stem + std::to_string(attempt))).string();
    descriptor_ = open_temporary(name);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0)
      return Error::of(path(), ": cannot create ", name, ": ", pplcnet::files::last_problem());
    slot_ = take_slot(name);
    set_temporary(std::move(name));  // cannot fail: the file is known from now on
    return {};
  }
  return problem(EEXIST);
}

/// Those of the file that is replaced.
void OutputFile::keep_modes() const {
  struct stat status = {};
  if (stat(target_.c_str(), &status) != 0) return;
  constexpr mode_t kModes = 0777;
  // Only an administrator may give files away.
  static_cast<void>(fchown(descriptor_, status.st_uid, status.st_gid) == 0 ||
                    fchown(descriptor_, static_cast<uid_t>(-1), status.st_gid) == 0);
  fchmod(descriptor_, status.st_mode & kModes);
}

Error OutputFile::write(std::span<const std::span<const std::byte>> pieces) {
  remove_temporary();
  if (auto error = resolve()) return error;
  if (auto error = create_temporary()) return error;
  for (const std::span<const std::byte> piece : pieces)
    if (!write_all(descriptor_, piece)) return problem(errno);
  if (is_stream_) return {};
  if (existing_ == Existing::replaced) keep_modes();
  return fsync(descriptor_) == 0 || errno == EINVAL ? Error() : problem(errno);
}

/// Gives the temporary its name: 0, or errno.
int OutputFile::rename_temporary() const {
  const char* const from = temporary().c_str();
  const char* const to = target_.c_str();
  if (existing_ == Existing::replaced) return std::rename(from, to) == 0 ? 0 : errno;
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  return link(from, to) == 0 ? (unlink(from), 0) : errno;
}

/// Hands the temporary's bytes on: 0, or errno.
int OutputFile::pass_through() const {
  struct stat status = {};
  if (stat(target_.c_str(), &status) != 0) return errno;
  const int stream = standard_stream_of(status);
  if (stream == STDOUT_FILENO && std::fflush(stdout) != 0) return errno;
  const int out =
      stream >= 0 ? dup(stream) : open(target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (out < 0) return errno;
  std::array<std::byte, 1 << 16> buffer;
  int number = lseek(descriptor_, 0, SEEK_SET) == 0 ? 0 : errno;
  while (number == 0) {
    const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
    if (count < 0) number = errno;
    if (count <= 0) break;
    const auto size = static_cast<std::size_t>(count);
    if (!write_all(out, std::span(buffer).first(size))) number = errno;
  }
  if (close(out) != 0 && number == 0) number = errno;
  return number;
}

Error OutputFile::publish() {
  // What was no input when the bytes were written may have become one.
  if (auto error = claim_output(path())) return error;
  if (const int number = is_stream_ ? pass_through() : rename_temporary(); number == EEXIST)
    return Error::of(target_, " is there already");
  else if (number != 0)
    return problem(number);
  if (is_stream_) {
    remove_temporary();
    return {};
  }
  give_back_slot(slot_);
  set_temporary("");
  close(std::exchange(descriptor_, -1));
  const std::string folder = fs::path(target_).parent_path().string();
  const int opened = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return {};  // it may be written but not read: nothing is known to have failed
  const bool failed = fsync(opened) != 0 && errno == EIO;
  close(opened);
  return failed ? problem(EIO) : Error();
}

void OutputFile::remove_temporary() {
  if (descriptor_ < 0) return;
  unlink(temporary().c_str());
  give_back_slot(slot_);
  set_temporary("");
  close(std::exchange(descriptor_, -1));
}

Error write_output(const std::string& path, std::string_view bytes, OutputFile::Existing existing) {
  OutputFile file(path, existing);
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(bytes))};
  if (auto error = file.write(pieces)) return error;
  return file.publish();
}

void remove_temporaries() {
  for (const Slot& slot : slots)
    if (slot.is_ready) unlink(slot.path.data());
}
