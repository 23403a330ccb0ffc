// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/training/events.h"

#include <deque>

namespace gradwright {

/// How busy the computer was while a run trained: the latest changes, kept in run.json under
/// "machine", "load". The weights do not depend on it; the speed does.
class LoadHistory {
public:
    void add(const LoadChanged& change);
    /// Adds what is new to the run's record.
    void write(const RunDirectory& run);

private:
    std::deque<LoadChanged> news_;
};

/// The part of a run's record that is kept when the rest of "machine" is written anew.
Json loadHistoryOf(const Json& record);

} // namespace gradwright
