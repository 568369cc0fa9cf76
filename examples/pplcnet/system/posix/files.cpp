#include "system/files.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <glob.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace system_files {

namespace {

int outcome_of(int result) { return result == 0 ? 0 : errno; }

Facts facts_of(const struct stat& status) {
  const Kind kind = S_ISREG(status.st_mode)   ? Kind::file
                    : S_ISDIR(status.st_mode) ? Kind::folder
                                              : Kind::stream;
  return {kind, {status.st_dev, status.st_ino}};
}

}  // namespace

int find(const std::string& name, Facts& facts) {
  struct stat status = {};
  if (stat(name.c_str(), &status) != 0) return errno;
  facts = facts_of(status);
  return 0;
}

int find(int descriptor, Facts& facts) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return errno;
  facts = facts_of(status);
  return 0;
}

bool is_taken(const std::string& name) {
  struct stat status = {};
  return lstat(name.c_str(), &status) == 0;
}

int check_writable(const std::string& name) { return outcome_of(access(name.c_str(), W_OK)); }

int open_temporary(const std::string& name, bool (*is_kept)(const Facts& facts)) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int old = open(name.c_str(), kFlags);
  if (old >= 0) {
    struct stat status = {};
    const bool is_stale = fstat(old, &status) == 0 && S_ISREG(status.st_mode) &&
                          status.st_uid == geteuid() && !is_kept(facts_of(status)) &&
                          flock(old, LOCK_EX | LOCK_NB) == 0;
    if (is_stale) unlink(name.c_str());
    ::close(old);
  }
  const int descriptor = open(name.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
  if (descriptor < 0) return -1;
  struct stat status = {};
  flock(descriptor, LOCK_EX | LOCK_NB);
  // Another program may have taken it for stale before the lock.
  if (fstat(descriptor, &status) == 0 && status.st_nlink > 0) return descriptor;
  ::close(descriptor);
  errno = EEXIST;
  return -1;
}

int open_stream(const std::string& name) {
  return open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

int duplicate(int descriptor) { return dup(descriptor); }

std::ptrdiff_t read(int descriptor, std::span<std::byte> bytes) {
  return ::read(descriptor, bytes.data(), bytes.size());
}

std::ptrdiff_t write(int descriptor, std::span<const std::byte> bytes) {
  return ::write(descriptor, bytes.data(), bytes.size());
}

int rewind(int descriptor) { return lseek(descriptor, 0, SEEK_SET) == 0 ? 0 : errno; }

int close(int descriptor) { return outcome_of(::close(descriptor)); }

int sync(int descriptor) {
  return fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;  // pipes have no disk
}

int sync_folder(const std::string& folder) {
  const int opened = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return 0;  // it may be written but not read: nothing is known to have failed
  const bool failed = fsync(opened) != 0 && errno == EIO;
  ::close(opened);
  return failed ? EIO : 0;
}

void copy_modes(const std::string& from, int descriptor) {
  struct stat status = {};
  if (stat(from.c_str(), &status) != 0) return;
  constexpr mode_t kModes = 0777;
  // Only an administrator may give files away.
  static_cast<void>(fchown(descriptor, status.st_uid, status.st_gid) == 0 ||
                    fchown(descriptor, static_cast<uid_t>(-1), status.st_gid) == 0);
  fchmod(descriptor, status.st_mode & kModes);
}

int rename(const std::string& from, const std::string& to) {
  return outcome_of(std::rename(from.c_str(), to.c_str()));
}

int rename_new(const std::string& from, const std::string& to) {
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  if (link(from.c_str(), to.c_str()) != 0) return errno;
  unlink(from.c_str());
  return 0;
}

void remove(const char* name) noexcept { unlink(name); }

int match(const std::string& pattern, std::vector<std::string>& found) {
  glob_t matches = {};
  errno = 0;
  const int outcome = glob(pattern.c_str(), GLOB_ERR, nullptr, &matches);
  const int number = errno;
  found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  if (outcome == GLOB_NOSPACE) return ENOMEM;
  return outcome == GLOB_ABORTED && number != ENOENT ? number : 0;
}

}  // namespace system_files
