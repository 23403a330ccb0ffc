// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/runs.h"
#include "engine/training/health.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright::test {

/// A project that has been trained in a folder of its own.
struct Trained {
    EventLog log;
    TemporaryFolder folder;

    explicit Trained(const Project& project) {
        Trainer(trainingJob(project, folder.path()), log.sink()).run({});
    }
    [[nodiscard]] std::filesystem::path run() const { return log.all<RunStarted>().at(0).run; }
    /// As the last event told them.
    [[nodiscard]] std::vector<Alarm> alarms() const {
        const auto events = log.all<HealthChanged>();
        return events.empty() ? std::vector<Alarm>{} : events.back().alarms;
    }
};

/// What was raised, for messages of failures, too.
inline std::string told(const std::vector<Alarm>& alarms) {
    std::string all;
    for (const auto& alarm : alarms)
        all += lineOf(alarm) + "\n";
    return all;
}

} // namespace gradwright::test
