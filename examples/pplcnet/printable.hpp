#ifndef PPLCNET_EXAMPLES_PRINTABLE_HPP
#define PPLCNET_EXAMPLES_PRINTABLE_HPP

#include <cstdint>
#include <string>
#include <string_view>

// Names and labels come from anywhere. In text that people and terminals read, nothing of them
// moves the cursor, changes colours, begins a line or reverses the direction of writing.

/// Returns text for people, on one line: control characters, marks of direction and what is not
/// UTF-8 are written as \n, \t, \r or, byte by byte, \xNN.
std::string without_controls(std::string_view text);

/// Returns a name or label as a field of printed text: as it is, or if it has such characters or
/// begins with a double quote, between double quotes, with \" and \\ for these two. No two names
/// look the same.
std::string printable(std::string_view name);

/// Returns a field of CSV (RFC 4180), unchanged but for quotes around it where they are needed.
std::string csv_field(std::string_view text);

/// Returns the same for a spreadsheet, which would run text that begins with =, +, - or @ as a
/// formula: a name of a file gets ./ before it, another text that is no number an apostrophe.
std::string csv_file(std::string_view path);
std::string csv_label(std::string_view label);

/// Returns a number in a format of printf for `unsigned`.
std::string hexadecimal(const char* format, std::uint32_t number);

#endif  // PPLCNET_EXAMPLES_PRINTABLE_HPP
