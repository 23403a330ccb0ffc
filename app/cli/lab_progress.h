// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/run_experiment.h"

#include <chrono>
#include <cstdio>

namespace gradwright::cli {

/// Shows an experiment in the terminal: one line that moves and one that stays for each trial.
/// Where the stream is no terminal, the lines that stay alone; without a stream, nothing.
class LabProgress {
public:
    explicit LabProgress(std::FILE* stream);
    ~LabProgress();
    LabProgress(const LabProgress&) = delete;
    LabProgress& operator=(const LabProgress&) = delete;

    [[nodiscard]] ExperimentSink sink();

private:
    void showMoving(const ExperimentProgress& progress);
    void showDone(const TrialResult& result);
    void clearLine();

    std::FILE* stream_;
    bool isTerminal_;
    std::int64_t trials_ = 0;
    std::string left_; ///< the time that is left, in words
    std::chrono::steady_clock::time_point lastShown_;
};

} // namespace gradwright::cli
