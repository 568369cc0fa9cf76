#ifndef PPLCNET_EXAMPLES_HTML_HPP
#define PPLCNET_EXAMPLES_HTML_HPP

#include <string>
#include <string_view>

/// Returns text of unknown origin for a page, between tags or quotes: marked-up characters are
/// escaped, and control characters and bytes that are not UTF-8 are shown as \xNN.
std::string html_text(std::string_view text);

/// Returns bytes in base64.
std::string base64(std::string_view bytes);

#endif  // PPLCNET_EXAMPLES_HTML_HPP
