// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/program_cache.h"
#include "engine/data/dataset.h"
#include "engine/project/project.h"
#include "engine/training/objective.h"

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace gradwright {

/// So many of a project's training samples, drawn by a seed; all where there are fewer.
std::vector<std::uint32_t> probeSamples(const Dataset& data, const DataChoice& choice,
                                        std::int64_t samples, std::uint64_t seed);

/// The loss of a network over fixed samples as a function of its weights: as evaluate measures it,
/// without drop-out and with running statistics as they are; penalties of weights are no part of
/// it.
class LossProbe {
public:
    /// Throws Error where the project cannot be trained on the data, and WorkStopped when stopped.
    LossProbe(const Project& project, const Dataset& data, std::vector<std::uint32_t> samples,
              const std::stop_token& stop = {});

    [[nodiscard]] const std::vector<WeightSpec>& specs() const { return graph_.graph.weights(); }
    /// Infinity where it is not finite; nothing when stopped.
    std::optional<double> loss(const Weights& weights, const std::stop_token& stop);

private:
    TrainingGraph graph_;
    std::shared_ptr<const DataSource> source_;
    std::vector<std::uint32_t> samples_;
    std::optional<ProgramCache> programs_;
};

/// The same loss with its gradient, in FP64 on the reference engine.
class GradientProbe {
public:
    /// Throws Error as LossProbe does, and for networks that take more memory than there is.
    GradientProbe(const Project& project, const Dataset& data, std::vector<std::uint32_t> samples);

    [[nodiscard]] const std::vector<WeightSpec>& specs() const { return graph_.graph.weights(); }
    /// Weights that do not learn, which gradient() leaves as they are.
    void setOthers(const Weights& weights);
    /// The mean loss over the samples.
    double loss(std::span<const double> weights);
    /// Its gradient. Throws FitStopped when stopped.
    std::vector<double> gradient(std::span<const double> weights, const std::stop_token& stop = {});
    /// The Hessian times a direction: (g(w + ε d) - g(w - ε d)) / 2ε with ε |d| = 6e-6 · max(1,
    /// |w|), the cube root of FP64's precision.
    std::vector<double> hessianTimes(std::span<const double> weights,
                                     std::span<const double> direction,
                                     const std::stop_token& stop = {});

private:
    bool run(std::span<const double> weights, const std::stop_token& stop);

    TrainingGraph graph_;
    std::unique_ptr<Program> program_;
    std::unique_ptr<Batcher> batcher_;
    std::vector<BatchInput> inputs_;
    std::int64_t samples_;
};

} // namespace gradwright
