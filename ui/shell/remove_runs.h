// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/unsaved_networks.h"

#include <QString>

#include <filesystem>
#include <functional>
#include <vector>

class QWidget;

namespace gradwright {

/// What is to be deleted.
struct RunRemoval {
    QString title; ///< "LeNet-5", "LeNet-5, run of today 14:02"
    QString facts; ///< how much it is: "2 runs · best accuracy 98.93 % · 12 MiB on disk"
    std::vector<std::filesystem::path> folders; ///< that go as a whole
    std::vector<RunSummary> runs;               ///< in them
    QString note;                               ///< what else is lost, in a sentence; may be empty
    /// Ends what writes the runs, after the yes; none: runs that are being written cannot go.
    std::function<void()> stop;
};

/// All of a network, or one of its runs.
RunRemoval removalOf(const UnsavedNetwork& network);
RunRemoval removalOf(const UnsavedNetwork& network, const RunSummary& run);

/// Asks, then moves the folders to the trash; where there is none asks again and deletes them.
/// Nothing goes without a yes, and nothing that is being written. True when all is gone.
bool removeRuns(QWidget& window, const RunRemoval& removal);

/// Does the work on a thread of its own while the window goes on drawing, without taking input.
void waitFor(const std::function<void()>& work);

} // namespace gradwright
