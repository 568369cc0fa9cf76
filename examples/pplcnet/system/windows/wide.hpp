#ifndef PPLCNET_EXAMPLES_SYSTEM_WINDOWS_WIDE_HPP
#define PPLCNET_EXAMPLES_SYSTEM_WINDOWS_WIDE_HPP

#include <string>
#include <string_view>

#include "pplcnet/weights/utf16.hpp"

#ifndef NOMINMAX  // which libstdc++ has defined
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/// Returns a name as Windows has it.
inline std::wstring wide(std::string_view name) { return pplcnet::utf16_of<wchar_t>(name); }

#endif  // PPLCNET_EXAMPLES_SYSTEM_WINDOWS_WIDE_HPP
