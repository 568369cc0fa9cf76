#include "system/files.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <io.h>

#include "pplcnet/weights/path.hpp"
#include "system/windows/wide.hpp"

namespace system_files {

namespace {

namespace fs = std::filesystem;

constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// Returns why the last call of Windows failed, as an errno.
int last_problem() {
  const auto condition =
      std::system_category().default_error_condition(static_cast<int>(GetLastError()));
  return condition.category() == std::generic_category() ? condition.value() : EIO;
}

int outcome_of(BOOL result) { return result != 0 ? 0 : last_problem(); }

int outcome_of_call(int result) { return result == 0 ? 0 : errno; }

int facts_of(HANDLE handle, Facts& facts) {
  if (GetFileType(handle) != FILE_TYPE_DISK) {  // which has no name of its own
    facts = {Kind::stream,
             {std::numeric_limits<std::uint64_t>::max(), reinterpret_cast<std::uintptr_t>(handle)}};
    return 0;
  }
  BY_HANDLE_FILE_INFORMATION file = {};
  if (GetFileInformationByHandle(handle, &file) == 0) return last_problem();
  const bool is_folder = (file.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  facts = {is_folder ? Kind::folder : Kind::file,
           {file.dwVolumeSerialNumber,
            std::uint64_t{file.nFileIndexHigh} << 32 | std::uint64_t{file.nFileIndexLow}}};
  return 0;
}

/// Locks a byte that no file has, for as long as the file is open.
bool lock(HANDLE handle) {
  OVERLAPPED place = {};
  place.OffsetHigh = 1u << 30;
  return LockFileEx(handle, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place) !=
         0;
}

/// Returns whether a name is one that a pattern with `*` and `?` stands for.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*')
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  if (name.empty()) return false;
  const std::size_t size = pattern[0] == '?' ? pplcnet::first_character(name).size() : 1;
  return (pattern[0] == '?' || pattern[0] == name[0]) &&
         matches(pattern.substr(1), name.substr(size));
}

/// Adds the names that begin with `folder` and go on as `rest` says.
int match(const fs::path& folder, fs::path::iterator rest, const fs::path::iterator& end,
          std::vector<std::string>& found) {
  if (rest == end) {
    found.push_back(pplcnet::name_of(folder));
    return 0;
  }
  const fs::path part = *rest++;
  const std::string pattern = pplcnet::name_of(part);
  std::error_code problem;
  if (pattern.find_first_of("*?") == pattern.npos)
    return rest != end || fs::exists(folder / part, problem)
               ? match(folder / part, rest, end, found)
               : 0;
  fs::directory_iterator entry(folder.empty() ? fs::path(L".") : folder, problem);
  for (const fs::directory_iterator last; !problem && entry != last; entry.increment(problem)) {
    const std::string name = pplcnet::name_of(entry->path().filename());
    if (name.starts_with('.') && !pattern.starts_with('.')) continue;
    if (!matches(pattern, name)) continue;
    if (const int number = match(folder / entry->path().filename(), rest, end, found))
      return number;
  }
  const bool is_missing = problem == std::errc::no_such_file_or_directory;
  return problem && !is_missing ? problem.default_error_condition().value() : 0;
}

}  // namespace

int find(const std::string& name, Facts& facts) {
  const HANDLE handle = CreateFileW(wide(name).c_str(), 0, kShared, nullptr, OPEN_EXISTING,
                                    FILE_FLAG_BACKUP_SEMANTICS, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return last_problem();
  const int number = facts_of(handle, facts);
  CloseHandle(handle);
  return number;
}

int find(int descriptor, Facts& facts) {
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  return handle == INVALID_HANDLE_VALUE ? EBADF : facts_of(handle, facts);
}

bool is_taken(const std::string& name) {
  return GetFileAttributesW(wide(name).c_str()) != INVALID_FILE_ATTRIBUTES;
}

int check_writable(const std::string& name) {
  constexpr int kWrite = 2;
  return outcome_of_call(_waccess(wide(name).c_str(), kWrite));
}

int open_temporary(const std::string& name, bool (*is_kept)(const Facts& facts)) {
  const std::wstring path = wide(name);
  const HANDLE old = CreateFileW(path.c_str(), GENERIC_READ | DELETE, kShared, nullptr,
                                 OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
  if (old != INVALID_HANDLE_VALUE) {
    Facts facts;
    const bool is_stale =
        facts_of(old, facts) == 0 && facts.kind == Kind::file && !is_kept(facts) && lock(old);
    if (is_stale) DeleteFileW(path.c_str());
    CloseHandle(old);
  }
  const HANDLE handle = CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, kShared, nullptr,
                                    CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    errno = last_problem();
    return -1;
  }
  lock(handle);
  return _open_osfhandle(reinterpret_cast<std::intptr_t>(handle), _O_RDWR | _O_BINARY);
}

int open_stream(const std::string& name) {
  return _wopen(wide(name).c_str(), _O_WRONLY | _O_BINARY | _O_NOINHERIT);
}

int duplicate(int descriptor) { return _dup(descriptor); }

std::ptrdiff_t read(int descriptor, std::span<std::byte> bytes) {
  return _read(descriptor, bytes.data(), static_cast<unsigned>(bytes.size()));
}

std::ptrdiff_t write(int descriptor, std::span<const std::byte> bytes) {
  return _write(descriptor, bytes.data(), static_cast<unsigned>(bytes.size()));
}

int rewind(int descriptor) { return _lseeki64(descriptor, 0, SEEK_SET) == 0 ? 0 : errno; }

int close(int descriptor) { return outcome_of_call(_close(descriptor)); }

int sync(int descriptor) { return outcome_of_call(_commit(descriptor)); }

int sync_folder(const std::string&) { return 0; }

void copy_modes(const std::string&, int) {}  // a file has those of its folder

int rename(const std::string& from, const std::string& to) {
  return outcome_of(MoveFileExW(wide(from).c_str(), wide(to).c_str(),
                                MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH));
}

int rename_new(const std::string& from, const std::string& to) {
  return outcome_of(MoveFileExW(wide(from).c_str(), wide(to).c_str(), MOVEFILE_WRITE_THROUGH));
}

void remove(const char* name) noexcept { DeleteFileW(wide(name).c_str()); }

int match(const std::string& pattern, std::vector<std::string>& found) {
  const fs::path path = pplcnet::path_of(pattern);
  const fs::path relative = path.relative_path();
  const int number = match(path.root_path(), relative.begin(), relative.end(), found);
  std::ranges::sort(found);
  return number;
}

}  // namespace system_files
