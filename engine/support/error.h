// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace gradwright {

/// A failure whose message is fit for a user: what was wrong, where, and what would be right.
/// Thrown for broken files, refused requests, backends and I/O; a fault in a network that a user is
/// drawing is a Diagnostic instead.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string& message)
        : std::runtime_error(message) {}

    template <class... Args>
    explicit Error(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0)
        : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

} // namespace gradwright
