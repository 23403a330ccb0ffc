// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/rank_session.h"

#include <filesystem>
#include <stop_token>

namespace gradwright::cli {

/// What was begun among ranks is resumed so: statistics that they share, and gradients that travel
/// rounded. Does nothing for a new run.
void keepSharing(TrainingJob& job);

/// One of the processes that another program has started for a training, which writeSharedJob() has
/// put into the folder and which follows the first process. Throws Error where it fails.
void trainFollowed(const std::filesystem::path& folder, RankSession& ranks,
                   const std::stop_token& stop);

} // namespace gradwright::cli
