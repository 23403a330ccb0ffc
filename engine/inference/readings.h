// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/data/dataset.h"
#include "engine/ops/op_graph.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// How one sample was read.
struct Reading {
    std::uint32_t sample = 0;
    std::int32_t label = 0;
    std::int32_t predicted = 0;
    float probability = 0; ///< of `predicted`

    [[nodiscard]] bool correct() const { return label == predicted; }
};

/// What a network said about some samples, and what would have been right.
struct Outcomes {
    std::size_t elements = 0;         ///< of one output: of a sample, or of a step of it
    std::vector<float> outputs;       ///< [samples (× steps), elements]
    std::vector<std::int32_t> labels; ///< one each; all 0 where there are target values
    std::vector<float> targets;       ///< [samples, elements]; none where samples have classes
    std::size_t steps = 1;            ///< that a sample has
};

/// Runs some samples of a source; `graph` is an inferenceGraph(). Nothing when stopped; `progress`
/// is told the number of samples done. Throws Error when weights or samples are another network's.
std::optional<Outcomes> readOutcomes(const OpGraph& graph, const Weights& weights,
                                     std::shared_ptr<const DataSource> source,
                                     std::vector<std::uint32_t> indices,
                                     const std::stop_token& stop = {},
                                     const std::function<void(std::int64_t)>& progress = {});
/// The same for every sample.
std::optional<Outcomes> readAll(const OpGraph& graph, const Weights& weights,
                                const std::shared_ptr<const DataSource>& source,
                                const std::stop_token& stop = {},
                                const std::function<void(std::int64_t)>& progress = {});

/// Gives outputs and targets the units that they had before the data set scaled them.
void restoreUnits(Outcomes& outcomes, const std::vector<Scaling>& scaling);

/// The largest output of each sample (or step); sample numbers count from 0.
std::vector<Reading> readingsOf(const Outcomes& outcomes);

/// How often each class was read as which.
class ConfusionMatrix {
public:
    ConfusionMatrix() = default;
    /// Throws Error when a reading's class is outside 0 … classes - 1.
    ConfusionMatrix(std::size_t classes, const std::vector<Reading>& readings);

    [[nodiscard]] std::size_t classes() const { return classes_; }
    [[nodiscard]] std::int64_t count(std::size_t label, std::size_t predicted) const {
        return counts_[label * classes_ + predicted];
    }
    [[nodiscard]] std::int64_t samples() const;
    [[nodiscard]] std::int64_t correct() const;
    /// Share of a class's samples that were read as it; nothing without samples.
    [[nodiscard]] std::optional<double> recall(std::size_t label) const;

private:
    std::size_t classes_ = 0;
    std::vector<std::int64_t> counts_; ///< row = label
};

/// The wrong ones, the surest first.
std::vector<Reading> mistakes(const std::vector<Reading>& readings);

} // namespace gradwright
