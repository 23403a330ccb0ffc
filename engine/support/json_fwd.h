// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// For headers, which only name the type: the library itself takes seconds to compile.
#include <nlohmann/json_fwd.hpp>

namespace gradwright {

/// A namespace of its own, so that a call with a Json does not look for functions in gradwright.
namespace json_values {
/// How values are taken out of JSON (json.h): whole numbers only where they are whole and fit.
template <typename T, typename = void>
struct CheckedSerializer;
} // namespace json_values

/// Keeps the order of keys, so that a file written twice is the same file.
using Json =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t,
                         std::uint64_t, double, std::allocator, json_values::CheckedSerializer>;

} // namespace gradwright
