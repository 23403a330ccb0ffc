// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/step_trace.h"

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace gradwright {

/// Gathers what steps spend their time with, for chrome://tracing and ui.perfetto.dev: a row for
/// each part of a batch and one for sums over ranks.
class ChromeTrace final : public TraceSink {
public:
    /// Steps that are worth looking at: each has an event an op.
    static constexpr std::int64_t kSteps = 20;

    void add(const TraceEvent& event) override;

    /// Writes a JSON file in Chrome's trace event format ("X" events, times in microseconds since
    /// the first one, `process` as their pid). Throws Error naming the file.
    void write(const std::filesystem::path& file, int process) const;

private:
    struct Entry {
        TraceEvent event; ///< its path is empty
        std::string path;
    };

    mutable std::mutex mutex_;
    std::vector<Entry> entries_;
};

} // namespace gradwright
