// SPDX-License-Identifier: GPL-3.0-or-later
// What the templates cost: time to compile, time of a training step, and memory, predicted and
// measured. Each runs in a process of its own, through the trainer, with checkpoint and test:
//   OMP_NUM_THREADS=2 bench_templates [--batch N] [--json FILE] [KEY...]
#include "engine/backend/devices.h"
#include "engine/io/atomic_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/memory.h"
#include "engine/training/objective.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

using namespace gradwright;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
}

/// A line of /proc/self/status, in bytes.
std::int64_t status(std::string_view key) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key))
            return std::stoll(line.substr(key.size() + 1)) * 1024;
    throw Error("/proc/self/status has no {}", key);
}

struct Job {
    std::string key;
    std::optional<std::int64_t> batch;
};

Project projectOf(const Job& job) {
    auto project = openTemplate(job.key);
    if (job.batch)
        project.training.params.insert_or_assign("batch", *job.batch);
    // Two steps and a short test are enough to reach the peak.
    project.data.limit = 2 * project.training.batch();
    project.data.validationFraction = 0;
    project.training.params.insert_or_assign("epochs", std::int64_t{1});
    if (project.data.dataset == "patterns")
        project.data.params.insert_or_assign("test_samples", std::int64_t{20});
    return project;
}

Json measureCompile(const Job& job) {
    const auto project = projectOf(job);
    const auto info = openDataset(project.data).info;
    const auto& settings = project.training;
    const auto start = Clock::now();
    const auto training = trainingGraph(project.network, info, settings);
    const auto program = backendFor(settings.target())
                             ->compile(training.graph, {settings.batch(), settings.precision(),
                                                        Mode::Training, settings.updateRule()});
    const double compile = secondsSince(start);
    const auto planStart = Clock::now();
    const auto planned = planTrainingMemory(project.network, analyze(project.network), settings);
    return {{"template", job.key},
            {"batch", settings.batch()},
            {"compile_seconds", compile},
            {"plan_seconds", secondsSince(planStart)},
            {"predicted_bytes", planned ? Json(planned->total()) : Json(nullptr)}};
}

Json measureTraining(const Job& job) {
    const auto project = projectOf(job);
    const auto folder =
        std::filesystem::temp_directory_path() / fmt::format("gradwright-bench-{}", ::getpid());
    const auto before = status("VmRSS:");
    Clock::time_point last;
    double step = 0;
    double loss = 0;
    std::string failure;
    Trainer(trainingJob(project, folder), [&](const TrainingEvent& event) {
        if (std::holds_alternative<RunStarted>(event))
            last = Clock::now();
        if (const auto* done = std::get_if<StepDone>(&event)) {
            step = secondsSince(last);
            last = Clock::now();
            loss = done->loss;
        }
        if (const auto* failed = std::get_if<Failed>(&event))
            failure = failed->message;
    }).run({});
    const auto grown = status("VmHWM:") - before;
    std::filesystem::remove_all(folder);
    if (!failure.empty())
        throw Error("{}: {}", job.key, failure);
    return {{"step_seconds", step}, {"loss", loss}, {"measured_bytes", grown}};
}

/// Runs in a process of its own, so that one measurement does not disturb the next.
template <class Measure>
Json apart(Measure&& measure, const Job& job) {
    int pipe[2] = {};
    if (::pipe(pipe) != 0)
        throw Error("no pipe");
    std::fflush(stdout);
    const auto child = ::fork();
    if (child == 0) {
        Json result;
        try {
            result = measure(job);
        } catch (const std::exception& error) {
            result = {{"error", error.what()}};
        }
        const auto text = result.dump();
        const bool whole =
            ::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::_exit(whole ? 0 : 1);
    }
    ::close(pipe[1]);
    std::string text;
    char part[4096];
    for (ssize_t count = 0; (count = ::read(pipe[0], part, sizeof part)) > 0;)
        text.append(part, static_cast<std::size_t>(count));
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    if (text.empty())
        throw Error("{}: the process was killed, probably for its memory", job.key);
    auto result = parseJson(text, "the result");
    if (result.contains("error"))
        throw Error("{}: {}", job.key, result["error"].get<std::string>());
    return result;
}

void print(const Json& row) {
    const double mebibyte = 1 << 20;
    const double predicted = row["predicted_bytes"].get<double>() / mebibyte;
    const double measured = row["measured_bytes"].get<double>() / mebibyte;
    fmt::print(
        "{:<26} {:>5}  {:>7.2f} s {:>7.2f} s {:>8.2f} s  {:>7.0f} MiB {:>7.0f} MiB  {:>+6.1f} "
        "%\n",
        row["template"].get<std::string>(), row["batch"].get<int>(),
        row["compile_seconds"].get<double>(), row["plan_seconds"].get<double>(),
        row["step_seconds"].get<double>(), predicted, measured, 100 * (predicted / measured - 1));
}

int run(std::span<char*> arguments) {
    std::vector<std::string> keys;
    std::optional<std::int64_t> batch;
    std::string file;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string argument = arguments[i];
        const bool hasValue = i + 1 < arguments.size();
        if (argument == "--batch" && hasValue)
            batch = std::stoll(arguments[++i]);
        else if (argument == "--json" && hasValue)
            file = arguments[++i];
        else
            keys.push_back(argument);
    }
    if (keys.empty())
        for (const auto& info : templates())
            if (info.section == "ImageNet architectures")
                keys.push_back(info.key);
    fmt::print("{:<26} {:>5}  {:>9} {:>9} {:>10}  {:>11} {:>11}  {:>8}\n", "template", "batch",
               "compile", "plan", "step", "predicted", "measured", "off by");
    Json rows = Json::array();
    for (const auto& key : keys) {
        const Job job{key, batch};
        auto row = apart(measureCompile, job);
        row.update(apart(measureTraining, job));
        print(row);
        std::fflush(stdout);
        rows.push_back(std::move(row));
    }
    if (!file.empty())
        writeFileAtomically(file, rows.dump(2) + "\n");
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
