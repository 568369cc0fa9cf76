#ifndef PPLCNET_EXAMPLES_FORMATTED_HPP
#define PPLCNET_EXAMPLES_FORMATTED_HPP

#include <cstdio>
#include <string>

/// Returns a number in a format of printf, such as "%.2f %%".
inline std::string formatted(const char* format, double number) {
  char text[40];
  std::snprintf(text, sizeof(text), format, number);
  return text;
}

#endif  // PPLCNET_EXAMPLES_FORMATTED_HPP
