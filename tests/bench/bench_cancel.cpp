// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long experiments take to be cancelled: each kind on a large network, stopped at moments that
// are spread over its first seconds.
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace gradwright;

namespace fs = std::filesystem;

namespace {

using CancelClock = std::chrono::steady_clock;

struct CancelWish {
    std::string name = "resnet-18";
    std::int64_t batch = 8;
    std::int64_t samples = 256; ///< to train with; 0: all
    int moments = 12;
    double first = 0.2; ///< seconds after the beginning
    double last = 12;
    std::string begin; ///< what moments are counted from: a trial or its note; empty: the beginning
    std::vector<std::string> settings; ///< KEY=VALUE, of the kind
};

double secondsFrom(CancelClock::time_point since) {
    return std::chrono::duration<double>(CancelClock::now() - since).count();
}

ParamValues settingsOf(const std::string& kind) {
    if (kind == "sweep")
        return {{"over", std::string("learning_rate=0.001,0.01,0.1")},
                {"method", std::string("grid")}};
    if (kind == "landscape")
        return {{"resolution", std::int64_t{21}}, {"samples", std::int64_t{128}}};
    if (kind == "ensemble")
        return {{"members", std::int64_t{3}}};
    if (kind == "cross-validation")
        return {{"folds", std::int64_t{3}}};
    if (kind == "depth")
        return {{"depths", std::string("2,20,50")}};
    if (kind == "baselines")
        return {{"methods", std::string("forest")}};
    return {};
}

Project projectFor(const CancelWish& wish) {
    auto project = openTemplate(wish.name);
    project.training.params["batch"] = wish.batch;
    project.training.params["epochs"] = std::int64_t{3};
    project.data.limit = wish.samples;
    return project;
}

ParamValues settingsFor(const ExperimentKind& kind, const Project& project,
                        const CancelWish& wish) {
    auto settings = kind.suggest ? kind.suggest(project) : ParamValues{};
    for (const auto& [key, value] : settingsOf(kind.key))
        settings.insert_or_assign(key, value);
    for (const auto& setting : wish.settings) {
        const auto equals = std::min(setting.find('='), setting.size());
        const auto* const spec = findParam(kind.params, setting.substr(0, equals));
        if (!spec || equals == setting.size())
            throw Error("{}: not KEY=VALUE of a {} experiment", setting, kind.key);
        settings.insert_or_assign(spec->key, paramFromText(*spec, setting.substr(equals + 1)));
    }
    return settings;
}

/// Seconds from the request to the end, and what the experiment was at.
std::pair<double, std::string> cancelled(const fs::path& folder, const Experiment& experiment,
                                         double moment, const std::string& begin) {
    const auto plan = experimentKind(experiment.kind).make(experiment)->plan();
    const auto directory = ExperimentDirectory::create(folder, experiment, plan);
    std::mutex mutex;
    std::condition_variable changed;
    std::string at = "beginning";
    bool hasBegun = begin.empty();
    ExperimentSink sink;
    sink.progress = [&](const ExperimentProgress& progress) {
        const std::lock_guard lock(mutex);
        at = progress.title + (progress.note.empty() ? "" : ", " + progress.note);
        hasBegun = hasBegun || at.find(begin) != std::string::npos;
        changed.notify_all();
    };
    std::stop_source stop;
    CancelClock::time_point asked;
    double taken = 0;
    std::thread runner([&] {
        runExperiment(directory, sink, stop.get_token());
        if (stop.stop_requested()) // else it has ended before
            taken = secondsFrom(asked);
        const std::lock_guard lock(mutex);
        hasBegun = true;
        changed.notify_all();
    });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return hasBegun; });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(moment));
    std::string where;
    {
        const std::lock_guard lock(mutex);
        where = at;
    }
    asked = CancelClock::now();
    stop.request_stop();
    runner.join();
    std::error_code none;
    fs::remove_all(directory.path(), none);
    return {taken, where};
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("How long experiments take to be cancelled");
    CancelWish wish;
    std::vector<std::string> kinds{"sweep", "landscape", "ensemble", "cross-validation",
                                   "depth", "baselines"};
    app.add_option("kinds", kinds, "Kinds of experiments");
    app.add_option("--template", wish.name);
    app.add_option("--batch", wish.batch);
    app.add_option("--samples", wish.samples);
    app.add_option("--moments", wish.moments)->check(CLI::Range(1, 10000));
    app.add_option("--first", wish.first, "Seconds after the beginning");
    app.add_option("--last", wish.last, "Seconds after the beginning");
    app.add_option("--from", wish.begin, "Counts from when a trial or its note has this text");
    app.add_option("--with", wish.settings, "KEY=VALUE, a setting of the experiment");
    CLI11_PARSE(app, argc, argv);

    std::string pattern = fs::temp_directory_path() / "gradwright-cancel-XXXXXX";
    if (!mkdtemp(pattern.data())) {
        fmt::print(stderr, "{}: no folder can be made\n", pattern);
        return 1;
    }
    int code = 0;
    try {
        for (const auto& kind : kinds) {
            const auto project = projectFor(wish);
            const auto settings = settingsFor(experimentKind(kind), project, wish);
            const Experiment experiment{kind, project, settings, kind};
            std::vector<double> times;
            for (int i = 0; i < wish.moments; ++i) {
                const double moment =
                    wish.first + (wish.last - wish.first) * i / std::max(wish.moments - 1, 1);
                const auto [taken, where] = cancelled(pattern, experiment, moment, wish.begin);
                times.push_back(taken);
                fmt::print("{:<12} at {:5.1f} s: {:6.3f} s  ({})\n", kind, moment, taken, where);
                std::fflush(stdout);
            }
            std::ranges::sort(times);
            fmt::print("{:<12} median {:.3f} s, longest {:.3f} s\n", kind, times[times.size() / 2],
                       times.back());
            std::fflush(stdout);
        }
    } catch (const Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        code = 1;
    }
    std::error_code none;
    fs::remove_all(pattern, none);
    return code;
}
