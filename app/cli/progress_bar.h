// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/events.h"

#include <chrono>
#include <cstdio>
#include <set>
#include <string>

namespace gradwright::cli {

/// Shows a training in the terminal: one line that moves and one that stays for each epoch. Where
/// the stream is no terminal, the lines that stay alone.
class ProgressBar {
public:
    explicit ProgressBar(std::FILE* stream);

    void show(const TrainingEvent& event);

private:
    void showStart(const RunStarted& event);
    void showStep(const StepDone& event);
    void showEpoch(const EpochDone& event);
    void showHealth(const HealthChanged& event);
    void showMovingLine(const std::string& head, double share, const std::string& tail);
    void clearMovingLine();
    void showLastingLine(const std::string& line);

    std::FILE* stream_;
    bool isTerminal_;
    std::int64_t epochs_ = 1;
    double smoothedLoss_ = 0;
    Quality smoothedQuality_;
    std::int64_t smoothedSteps_ = 0;
    std::set<std::string> said_; ///< lines about alarms
    std::string load_;           ///< the note on a busy computer; empty on a quiet one
    std::chrono::steady_clock::time_point lastShown_;
};

} // namespace gradwright::cli
