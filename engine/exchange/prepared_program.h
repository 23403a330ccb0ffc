// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/code_formats.h"
#include "engine/project/project.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gradwright {

struct PreparedProgram {
    std::string text;
    /// Why the program does not prepare raw inputs, and what would make it; empty where it does, or
    /// says itself what the latest training did.
    std::string note;
};

/// The project's network as a program of this format, with what its latest run on the same network
/// did to the data (see withDataProgram()). Without such a run the program says so in a comment.
/// `file`: the project's, nothing for one without, whose runs lie in the data folder. Throws Error
/// as CodeFormat::write does, and where a run cannot be read.
PreparedProgram preparedProgram(const CodeFormat& format, const Project& project,
                                const std::optional<std::filesystem::path>& file);

} // namespace gradwright
