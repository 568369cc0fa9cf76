#ifndef PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP
#define PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/weights/error.hpp"

/// Reads a JSON object that a client sent, whose memory is in proportion to its text.
pplcnet::Error read_json(std::string_view text, nlohmann::json& object);

/// Returns a member of an object; null if it has none of that name.
const nlohmann::json* member_of(const nlohmann::json& object, const char* name);

/// Returns n where an array is the shape [n, sizes...] of a batch; nothing where it is another.
std::optional<std::uint64_t> batch_of(const nlohmann::json* shape, std::span<const int> sizes);

/// Decodes base64 (RFC 4648), with or without its padding, on one line or several.
pplcnet::Error decode_base64(std::string_view text, std::string_view name, std::string& bytes);

#endif  // PPLCNET_EXAMPLES_SERVE_JSON_BODY_HPP
