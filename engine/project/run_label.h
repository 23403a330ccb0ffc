// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"

#include <cstddef>
#include <filesystem>
#include <string>

namespace gradwright {

/// What a person calls a run and has noted about it. It is kept in a file of its own, because
/// run.json belongs to the training, which may be writing it.
struct RunLabel {
    std::string name; ///< one line; empty: as it was recorded
    std::string note;
    bool operator==(const RunLabel&) const = default;
};

inline constexpr std::size_t kMaxRunName = 200;      ///< bytes
inline constexpr std::size_t kMaxRunNote = 64 << 10; ///< bytes

/// `label.json` in the run's folder.
std::filesystem::path labelFileOf(const RunDirectory& run);
/// An empty one where the run has none. Throws Error naming the file and the fault.
RunLabel labelOf(const RunDirectory& run);
/// Replaces the file as a whole, or removes it where the label is empty. White space around name
/// and note is left out, line breaks in a name become spaces. Throws Error when one of them is too
/// long or the file cannot be written; it is then as before.
void writeLabel(const RunDirectory& run, RunLabel label);
/// The name of its label, else the recorded one, else that of its folder; whatever cannot be read
/// is passed over.
std::string nameOfRun(const RunDirectory& run);

} // namespace gradwright
