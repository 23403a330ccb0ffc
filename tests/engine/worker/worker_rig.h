// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/cuda_backend.h"
#include "engine/project/templates.h"
#include "engine/worker/remote_trainer.h"
#include "tests/standin/standin_driver.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist.h"

#include <QtGlobal>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gradwright::test {

/// MNIST in a few samples for this process and its workers, for as long as it lives.
class SmallMnist {
public:
    explicit SmallMnist(std::int64_t trainingSamples = 1000, std::int64_t testSamples = 60) {
        makeSmallMnist(folder_ / "resources", trainingSamples, testSamples);
        qputenv("GRADWRIGHT_RESOURCES", (folder_ / "resources").c_str());
    }
    ~SmallMnist() { qunsetenv("GRADWRIGHT_RESOURCES"); }
    SmallMnist(const SmallMnist&) = delete;
    SmallMnist& operator=(const SmallMnist&) = delete;

private:
    TemporaryFolder folder_;
};

inline RemoteOptions standinWorker(std::vector<std::string> arguments = {}) {
    return {.program = WorkerProgram{GRADWRIGHT_STANDIN_WORKER, std::move(arguments)}};
}

/// smallProject() for the first GPU, with a checkpoint after each step.
inline Project gpuProject(std::int64_t samples = 400, double validationFraction = 0) {
    auto project = smallProject(samples, validationFraction);
    set(project, "device", std::string("cuda:0"));
    set(project, "checkpoint_seconds", 0.0);
    return project;
}

/// Trains in the worker to the end; `watch` sees each event, too.
inline EventLog&
trainRemotely(EventLog& log, const TrainingJob& job, const RemoteOptions& options,
              const std::function<void(RemoteTrainer&, const TrainingEvent&)>& watch = {}) {
    RemoteTrainer* running = nullptr;
    const auto keep = log.sink();
    RemoteTrainer trainer(
        job,
        [&](const TrainingEvent& event) {
            keep(event);
            if (watch)
                watch(*running, event);
        },
        options);
    running = &trainer;
    trainer.run({});
    return log;
}

/// Trains in this process: on the stand-in where the job is for a GPU.
inline void trainHere(EventLog& log, const TrainingJob& job) {
    cuda::standin::restartStandin();
    Trainer(
        job, log.sink(),
        cuda::makeCudaBackend(cuda::standin::standinDriver(), 0, cuda::standin::standinImages()))
        .run({});
}

inline std::filesystem::path runOf(const EventLog& log) {
    return log.all<RunStarted>().at(0).run;
}
inline Bytes lastWeightsOf(const std::filesystem::path& run) {
    return readFile(run / "last.safetensors");
}
/// Why it failed; empty where it did not.
inline std::string failureOf(const EventLog& log) {
    const auto failures = log.all<Failed>();
    return failures.empty() ? std::string() : failures.at(0).message;
}

} // namespace gradwright::test
