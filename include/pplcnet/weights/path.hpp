#ifndef PPLCNET_WEIGHTS_PATH_HPP
#define PPLCNET_WEIGHTS_PATH_HPP

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#endif

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/utf16.hpp"

namespace pplcnet::inline PPLCNET_ABI {

// Names of files are UTF-8, with `/` between folders, on Windows too: what std::string becomes a
// path there depends on the machine's settings. Elsewhere they are the system's own bytes, whatever
// they are.

/// Returns the path of a name.
inline std::filesystem::path path_of(std::string_view name) {
#if defined(_WIN32)
  return utf16_of<wchar_t>(name);
#else
  return name;
#endif
}

/// Returns the name of a path.
inline std::string name_of(const std::filesystem::path& path) {
#if defined(_WIN32)
  return utf8_of<wchar_t>(path.generic_wstring());
#else
  return path.string();
#endif
}

/// Returns the name of what is called `name` in a folder; an absolute name stays as it is.
inline std::string name_in(std::string_view folder, std::string_view name) {
  return name_of(path_of(folder) / path_of(name));
}

/// Returns the name of the folder that a file is in; nothing if it has only its own.
inline std::string folder_of(std::string_view name) { return name_of(path_of(name).parent_path()); }

/// Opens a file for reading its bytes; null with errno if that fails.
inline std::FILE* open_file(const std::string& name) {
#if defined(_WIN32)
  return _wfsopen(path_of(name).c_str(), L"rb", _SH_DENYNO);
#else
  return std::fopen(name.c_str(), "rb");
#endif
}

/// Creates a file for writing bytes; null with errno if that fails, EEXIST if it is there already.
inline std::FILE* create_file(const std::string& name) {
#if defined(_WIN32)
  constexpr int kFlags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT;
  int descriptor = -1;
  if (_wsopen_s(&descriptor, path_of(name).c_str(), kFlags, _SH_DENYNO, _S_IREAD | _S_IWRITE) != 0)
    return nullptr;
  std::FILE* const file = _fdopen(descriptor, "wb");
  if (file == nullptr) _close(descriptor);
  return file;
#else
  return std::fopen(name.c_str(), "wbx");
#endif
}

/// Removes a file if it is there; allocates nothing but on Windows.
inline void remove_file(const std::string& name) noexcept {
#if defined(_WIN32)
  _wunlink(path_of(name).c_str());
#else
  std::remove(name.c_str());
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PATH_HPP
