#ifndef PPLCNET_EXAMPLES_DRAWN_TEXT_HPP
#define PPLCNET_EXAMPLES_DRAWN_TEXT_HPP

#include <span>
#include <string>

#include "pplcnet/image/view.hpp"
#include "pplcnet/text/text_boxes.hpp"

/// The bytes of a PNG file: a picture with the outlines of lines of text, and their numbers.
std::string drawn_text_png(pplcnet::ImageView image, std::span<const pplcnet::TextBox> boxes);

#endif  // PPLCNET_EXAMPLES_DRAWN_TEXT_HPP
