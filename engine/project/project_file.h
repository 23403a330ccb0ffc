// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <filesystem>
#include <string>

namespace gradwright {

inline constexpr int kProjectSchema = 1;

Json toJson(const Project& project);
/// Keys that this version does not know are kept. Throws Error naming what is wrong and where; a
/// newer schema is refused.
Project projectFromJson(const Json& json);

// For what builds on these files (clipboard, saved blocks).
Json toJson(const Canvas& canvas);
Canvas canvasFromJson(const Json& json);

/// UTF-8 JSON in a stable order with one node, link or frame a line, so that it diffs well.
std::string projectText(const Project& project);

/// Replaces the file atomically. Throws Error; the file is then as before.
void saveProject(const std::filesystem::path& file, const Project& project);
/// Throws Error naming the file and what is wrong.
Project loadProject(const std::filesystem::path& file);

/// JSON with objects indented and the elements of arrays one a line; what fits stays on a line.
std::string readableJson(const Json& json);

} // namespace gradwright
