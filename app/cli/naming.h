// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <filesystem>
#include <string>

namespace gradwright::cli {

/// Does what concerns a file; an Error that does not name the file gets its name in front.
template <class Action>
auto naming(const std::filesystem::path& file, Action&& action) {
    try {
        return action();
    } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find(file.string()) != std::string::npos)
            throw;
        throw Error("{}: {}", file.string(), message);
    }
}

} // namespace gradwright::cli
