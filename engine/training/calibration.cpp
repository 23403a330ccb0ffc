// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/calibration.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/support/rng.h"
#include "engine/training/seconds_since.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace gradwright {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 3;
constexpr double kSeconds = 0.1;    ///< of a trial in a round
constexpr double kShortStep = 0.02; ///< seconds; only below it parts are tried
constexpr double kLongStep = 0.5;   ///< seconds; beyond it all threads have enough to do
constexpr double kWorthChanging = 1.04;
/// For a plan in one part and several threads, which cannot give way to other programs.
constexpr double kWorthStanding = 1.25;

/// Noise for every input; class 0 for class indices, and entry 0 for a network that looks entries
/// up.
struct MadeUpBatch {
    MadeUpBatch(const OpGraph& graph, std::int64_t batch) {
        const bool looksUp = std::ranges::any_of(graph.ops(), [](const Op& op) {
            return std::holds_alternative<EmbeddingOp>(op.attributes);
        });
        for (const auto& [name, value] : graph.inputs()) {
            const auto& type = graph.type(value);
            const auto elements = static_cast<std::size_t>(batch * type.sample().elements());
            auto& memory = memories.emplace_back(elements);
            const Rng rng(1, RngStream::Shuffle, static_cast<std::uint32_t>(memories.size()));
            for (std::size_t i = 0; type.element == DType::F32 && !looksUp && i < elements; ++i)
                memory[i] = static_cast<float>(rng.uniform(i));
            inputs.push_back({value, memory.data()});
        }
    }

    std::vector<std::vector<float>> memories;
    std::vector<BatchInput> inputs;
};

class Calibrator {
public:
    Calibrator(const OpGraph& graph, const TrainingSettings& settings, const std::stop_token& stop)
        : graph_(graph)
        , settings_(settings)
        , stop_(stop)
        , batch_(graph, settings.batch())
        , backend_(backendFor(settings.target())) {}

    std::optional<Calibration> run() {
        const ComputePlan all{availableThreads(), defaultParts(graph_, settings_)};
        add(all);
        if (!measure(trials_.front()))
            return {};
        if (trials_.front().seconds > kLongStep)
            return chosen();
        std::set<int> counts{all.threads};
        for (int threads = 1; threads < all.threads; threads *= 2)
            counts.insert(threads);
        for (const int threads : counts)
            if (ComputePlan{threads, 1} != all && !stop_.stop_requested())
                add({threads, 1});
        for (const int parts : {all.parts / 2, 2 * all.parts})
            if (parts > 1 && trials_.front().seconds < kShortStep && !stop_.stop_requested())
                add({all.threads, parts});
        for (int round = 0; round < kRounds; ++round)
            for (auto& trial : trials_)
                if (!measure(trial))
                    return {};
        return chosen();
    }

private:
    struct Trial {
        ComputePlan plan;
        std::unique_ptr<Program> program;
        double seconds =
            1e9; ///< of the shortest step: other work makes steps longer, never shorter
    };

    void add(const ComputePlan& plan) {
        setComputeThreads(plan.threads);
        auto program = backend_->compile(graph_, trainingOptions(settings_, plan), store_);
        if (!store_) {
            store_ = program->weights();
            initializeWeights(*store_, 1);
        }
        if (program->report().parts == plan.parts)
            trials_.push_back({plan, std::move(program)});
    }

    bool measure(Trial& trial) {
        setComputeThreads(trial.plan.threads);
        const auto start = Clock::now();
        for (int i = 0; i < 2 || secondsSince(start) < kSeconds; ++i) {
            const auto since = Clock::now();
            // A learning rate of 0: nothing diverges.
            if (!trial.program->forward(batch_.inputs, {1, steps_}, stop_) ||
                !trial.program->backward(stop_))
                return false;
            trial.program->update(0, ++steps_);
            trial.seconds = std::min(trial.seconds, secondsSince(since));
        }
        return true;
    }

    [[nodiscard]] Calibration chosen() const {
        Calibration result;
        const auto* best = &trials_.front();
        for (const auto& trial : trials_) {
            result.trials.push_back(
                {trial.plan, static_cast<double>(settings_.batch()) / trial.seconds});
            const bool stands = trial.plan.parts == 1 && trial.plan.threads > 1;
            if (trial.seconds * (stands ? kWorthStanding : kWorthChanging) < best->seconds)
                best = &trial;
        }
        result.best = best->plan;
        return result;
    }

    const OpGraph& graph_;
    const TrainingSettings& settings_;
    const std::stop_token& stop_;
    MadeUpBatch batch_;
    std::shared_ptr<const Backend> backend_;
    std::shared_ptr<WeightStore> store_;
    std::vector<Trial> trials_;
    std::uint64_t steps_ = 0;
};

} // namespace

std::optional<Calibration> calibrate(const OpGraph& training, const TrainingSettings& settings,
                                     const std::stop_token& stop) {
    return Calibrator(training, settings, stop).run();
}

std::optional<Calibration> calibrateAndRemember(const OpGraph& training,
                                                const TrainingSettings& settings,
                                                const std::stop_token& stop,
                                                const CalibrationCache& cache) {
    auto result = calibrate(training, settings, stop);
    if (!result)
        return {};
    double rate = 0;
    for (const auto& trial : result->trials)
        if (trial.plan == result->best)
            rate = trial.samplesPerSecond;
    cache.remember(calibrationKey(training, settings), result->best, rate);
    return result;
}

} // namespace gradwright
