// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gradwright {
namespace json_values {

template <typename T, typename>
struct CheckedSerializer : nlohmann::adl_serializer<T> {};

/// The library converts any number to the type that is asked for: a fraction loses its digits, and
/// what is out of range becomes some other number (from a real one this is undefined). Here both
/// throw Json::type_error; 3.0 is the whole number 3.
template <typename T>
struct CheckedSerializer<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
    : nlohmann::adl_serializer<T> {
    static void from_json(const Json& json, T& value) {
        if (!json.is_number())
            throw Json::type_error::create(
                302, std::string("type must be number, but is ") + json.type_name(), &json);
        if (!take(json, value))
            throw Json::type_error::create(
                302,
                "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                    std::to_string(std::numeric_limits<T>::max()) + " is needed, not " +
                    json.dump(),
                &json);
    }

private:
    static bool take(const Json& json, T& value) {
        if (const auto* const real = json.get_ptr<const Json::number_float_t*>()) {
            // Both bounds are powers of two (or 0), which a double holds exactly; the upper one is
            // the first number that is too large.
            constexpr double tooLarge =
                2.0 * static_cast<double>(T{1} << (std::numeric_limits<T>::digits - 1));
            if (!(*real >= static_cast<double>(std::numeric_limits<T>::min()) && *real < tooLarge))
                return false;
            value = static_cast<T>(*real);
            return static_cast<double>(value) == *real;
        }
        if (const auto* const natural = json.get_ptr<const Json::number_unsigned_t*>()) {
            value = static_cast<T>(*natural);
            return std::in_range<T>(*natural);
        }
        const auto whole = *json.get_ptr<const Json::number_integer_t*>();
        value = static_cast<T>(whole);
        return std::in_range<T>(whole);
    }
};

} // namespace json_values

struct JsonLimits {
    std::size_t bytes = std::size_t{64} << 20;
    int depth = 64;
};

/// Parses untrusted text. Throws Error naming `what`, line and column when the text is not JSON, is
/// larger or nested deeper than the limits, or repeats a key.
Json parseJson(std::string_view text, std::string_view what, JsonLimits limits = {});

/// The value as text for a message, cut to a readable length whatever a file holds.
std::string dumpExcerpt(const Json& json);
/// A text for a message, cut likewise, never within a UTF-8 character.
std::string excerpt(std::string_view text);

} // namespace gradwright
