#include "system/streams.hpp"

#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <io.h>

#include "interruption.hpp"
#include "system/windows/wide.hpp"

#include <shellapi.h>

namespace system_streams {

namespace {

HANDLE handle_of(int descriptor) { return reinterpret_cast<HANDLE>(_get_osfhandle(descriptor)); }

}  // namespace

void open_all() {
  for (const int stream : {kInput, kOutput, kErrors}) {
    _setmode(stream, _O_BINARY);  // what is printed ends its lines as everywhere
    DWORD mode = 0;
    if (GetConsoleMode(handle_of(stream), &mode) != 0 && stream != kInput)
      SetConsoleMode(handle_of(stream), mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  }
  SetConsoleOutputCP(CP_UTF8);
}

bool is_terminal(int descriptor) {
  DWORD mode = 0;
  return GetConsoleMode(handle_of(descriptor), &mode) != 0;
}

/// Who writes to such a pipe is told so, and no signal comes.
bool reader_left() { return false; }

std::ptrdiff_t read_input(std::span<char> buffer) {
  const int count = _read(kInput, buffer.data(), static_cast<unsigned>(buffer.size()));
  return interruption::happened() ? 0 : count;
}

std::vector<std::string> arguments(int, char**) {
  int count = 0;
  const std::unique_ptr<LPWSTR, decltype(&LocalFree)> words(
      CommandLineToArgvW(GetCommandLineW(), &count), LocalFree);
  std::vector<std::string> result;
  for (int i = 1; i < count; ++i) result.push_back(pplcnet::utf8_of<wchar_t>(words.get()[i]));
  return result;
}

}  // namespace system_streams
