#ifndef PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP
#define PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "pplcnet/weights/error.hpp"

/// Reads a JSON object that a client sent, whose memory is in proportion to its text.
pplcnet::Error read_json(std::string_view text, nlohmann::json& object);

/// Returns a member of an object; null if it has none of that name.
const nlohmann::json* member_of(const nlohmann::json& object, const char* name);

/// Decodes base64 (RFC 4648), with or without its padding, on one line or several.
pplcnet::Error decode_base64(std::string_view text, std::string_view name, std::string& bytes);

#endif  // PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP
