// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"

#include <filesystem>

namespace gradwright {

/// The files in the folder of a training that processes share: what each of them is given, the
/// socket at which the first one finds whoever has started them, and what they print.
inline constexpr const char* kSharedJobFile = "job";
inline constexpr const char* kSharedSocket = "socket";
inline constexpr const char* kSharedOutput = "output";

/// Writes all of a job but its ranks into the folder. Throws Error naming the file.
void writeSharedJob(const std::filesystem::path& folder, const TrainingJob& job);
/// Reads what writeSharedJob() of the same version wrote. Throws Error naming the file.
TrainingJob readSharedJob(const std::filesystem::path& folder);

} // namespace gradwright
