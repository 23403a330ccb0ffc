// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/thread_communicator.h"
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <thread>

namespace gradwright::test {

struct Together {
    std::vector<EventLog> logs;
    std::vector<std::filesystem::path> runs;

    explicit Together(int size)
        : logs(static_cast<std::size_t>(size)) {}
    [[nodiscard]] Weights weights(std::size_t rank = 0) const {
        return readCheckpointWeights(runs[rank] / "last.safetensors");
    }
    [[nodiscard]] Bytes lastFile(std::size_t rank = 0) const {
        return readFile(runs[rank] / "last.safetensors");
    }
    [[nodiscard]] Finished result() const { return logs[0].all<Finished>().at(0); }
    [[nodiscard]] Json ranksRecord() const {
        return RunDirectory::open(runs[0]).readRunJson()["machine"]["ranks"];
    }
};

/// 50 samples in batches of 10, of which some of four ranks get nothing.
inline Project doubleProject() {
    auto project = smallProject(50, 0.1);
    set(project, "precision", std::string("fp64"));
    set(project, "batch", std::int64_t{10});
    set(project, "epochs", std::int64_t{4});
    return project;
}

/// Chooses an optimizer with its own rate, and a loss that it knows.
inline void choose(Project& project, const std::string& optimizer) {
    project.training.optimizer = {optimizer, {}};
    set(project, "learning_rate", gradwright::optimizer(optimizer).defaultLearningRate);
    if (optimizer == "perceptron-rule")
        project.training.objectives.front().loss = {"perceptron-criterion", {}};
}

/// With a batch normalization behind the first dense layer.
inline Project normalized(Project project) {
    auto& graph = project.network.main;
    constexpr NodeId from{3}, to{4}, added{100};
    const auto link = std::ranges::find(graph.links(), PortRef{to, {0}}, [](const auto& entry) {
                          return entry.second.to;
                      })->first;
    apply(project.network, {RemoveLink{"", link}});
    apply(project.network, {AddNode{"", {added, "normalized", LayerUse{"batch-norm"}, {}}}});
    for (const auto& [before, behind] : {std::pair{from, added}, std::pair{added, to}})
        apply(project.network, {AddLink{"", {graph.freshLinkId(), {before, {0}}, {behind, {0}}}}});
    return project;
}

/// How ranks train together.
struct Sharing {
    std::filesystem::path resumed{}; ///< a run; empty: a new one
    /// Steps that the last rank sees before it asks for a stop.
    int stopAfter = -1;
    bool sharesStatistics = false;
    bool roundsGradients = false;
    bool overlaps = true;
    std::size_t bucketBytes = kGradientBucket;
    std::function<std::vector<std::unique_ptr<Communicator>>(int size)> members =
        makeThreadCommunicators;
    /// Called when a rank has taken so many steps.
    std::function<void(int rank, int steps)> onStep = {};
    std::stop_source stop{}; ///< of the last rank
};

/// Trains on a thread for each rank; of one, without any communicator.
inline Together trainTogether(const Project& project, int size, const std::filesystem::path& folder,
                              Sharing how = {}) {
    namespace fs = std::filesystem;
    Together all(size);
    auto members = how.members(size);
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank) {
        const auto own = folder / fmt::format("{}-of-{}", rank, size);
        auto job = trainingJob(project, own);
        if (!how.resumed.empty()) {
            fs::create_directories(own);
            job.resume = own / "resumed";
            fs::remove_all(job.resume);
            fs::copy(how.resumed, job.resume);
        }
        if (size > 1)
            job.ranks = std::move(members[static_cast<std::size_t>(rank)]);
        job.sharesStatistics = how.sharesStatistics;
        job.roundsGradients = how.roundsGradients;
        job.overlapsSums = how.overlaps;
        job.bucketBytes = how.bucketBytes;
        const bool isLast = rank == size - 1;
        threads.emplace_back([&, job = std::move(job), rank, isLast]() mutable {
            const auto sink = all.logs[static_cast<std::size_t>(rank)].sink();
            int steps = 0;
            Trainer(std::move(job), [&](const TrainingEvent& event) {
                sink(event);
                if (!std::holds_alternative<StepDone>(event))
                    return;
                ++steps;
                if (how.onStep)
                    how.onStep(rank, steps);
                if (steps == how.stopAfter && isLast)
                    how.stop.request_stop();
            }).run(isLast ? how.stop.get_token() : std::stop_token());
        });
    }
    for (auto& thread : threads)
        thread.join();
    for (const auto& log : all.logs) {
        for (const auto& failed : log.all<Failed>())
            qWarning("%s", failed.message.c_str());
        all.runs.push_back(log.all<RunStarted>().at(0).run);
    }
    return all;
}

/// Two ranks of which the second one ends after its sixth step. `log` gets what the first one
/// tells.
inline void trainUntilRankIsLost(EventLog& log, const Project& project,
                                 std::vector<std::unique_ptr<Communicator>> members,
                                 const std::filesystem::path& folder,
                                 std::size_t bucketBytes = kGradientBucket) {
    EventLog ofSecond;
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < 2; ++rank) {
        auto job = trainingJob(project, folder / std::to_string(rank));
        job.ranks = std::move(members[rank]);
        job.bucketBytes = bucketBytes;
        job.rankPatience = std::chrono::seconds(1);
        threads.emplace_back([&, rank, job = std::move(job)]() mutable {
            const auto sink = (rank == 0 ? log : ofSecond).sink();
            int steps = 0;
            Trainer(std::move(job), [&](const TrainingEvent& event) {
                sink(event);
                if (rank == 1 && std::holds_alternative<StepDone>(event) && ++steps == 6)
                    throw std::runtime_error("this rank ends");
            }).run({});
        });
    }
    for (auto& thread : threads)
        thread.join();
}

inline double largestDifference(const Weights& a, const Weights& b) {
    double largest = 0;
    for (const auto& [key, value] : a.values) {
        const auto first = value.to(DType::F64);
        const auto other = b.find(key)->to(DType::F64);
        for (std::size_t i = 0; i < first.span<double>().size(); ++i)
            largest =
                std::max(largest, std::abs(first.span<double>()[i] - other.span<double>()[i]));
    }
    return largest;
}

} // namespace gradwright::test
