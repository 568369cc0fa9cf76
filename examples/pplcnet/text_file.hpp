#ifndef PPLCNET_EXAMPLES_TEXT_FILE_HPP
#define PPLCNET_EXAMPLES_TEXT_FILE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"

/// Reads a text file, of 256 MB at most; what is in its lines, pplcnet::split_lines finds out.
pplcnet::Error read_text(const std::string& path, pplcnet::FileBytes& file);

/// Returns the text that was read.
std::string_view text_of(const pplcnet::FileBytes& file);

/// Checks a picture's name in line `number` (from 1) of a list, which stands for `path`: it is
/// UTF-8 unless there is a file of exactly these bytes.
pplcnet::Error check_name(std::string_view list, std::size_t number, std::string_view name,
                          const std::string& path);

#endif  // PPLCNET_EXAMPLES_TEXT_FILE_HPP
