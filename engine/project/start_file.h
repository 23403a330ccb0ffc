// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/project/project.h"

#include <filesystem>

namespace gradwright {

/// `NAME.start.safetensors` beside the project file `NAME.gradwright`.
std::filesystem::path startWeightsOfFile(const std::filesystem::path& projectFile);
/// Where the weights lie that an imported project starts with while it has no file.
std::filesystem::path unsavedStartWeights(const Project& project);
/// A file beside that one for other weights that the open project starts with until it is saved:
/// those before stay there, so that the change can be undone.
std::filesystem::path furtherStartWeights(const Project& project);

/// Writes the weights into the file, whose folder is made, and lets the project start with them.
/// Replaces the file atomically. Throws Error.
void keepStartWeights(Project& project, const Weights& weights, const std::filesystem::path& file);
/// Writes the weights into the file, whose folder is made. Replaces it atomically. Throws Error.
void writeStartWeights(const Weights& weights, const std::filesystem::path& file);

/// Copies weights that lie where those of projects without a file do beside the file that the
/// project is saved as, and lets it start with these; does nothing for others. Other weights that
/// are there already stay: then the copy has a number in its name. Throws Error; the project is
/// then as before.
void copyStartWeights(Project& project, const std::filesystem::path& projectFile);
/// Removes the weights that lie where those of this project do while it has no file.
void dropStartWeights(const Project& project);

} // namespace gradwright
