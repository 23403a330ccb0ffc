// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/score_sums.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

std::int64_t countCorrect(std::span<const float> outputs, std::span<const std::int32_t> labels) {
    const auto classes = outputs.size() / labels.size();
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = outputs.subspan(i * classes, classes);
        const auto best =
            classes == 1 ? std::ptrdiff_t{row[0] > 0} : std::ranges::max_element(row) - row.begin();
        correct += best == labels[i] ? 1 : 0;
    }
    return correct;
}

void ScoreSums::add(double lossSum, std::span<const float> outputs,
                    std::span<const std::int32_t> classes, std::span<const float> values,
                    std::int64_t count) {
    loss += lossSum;
    samples += count;
    if (values.empty()) {
        correct += countCorrect(outputs, classes);
        labels += static_cast<std::int64_t>(classes.size());
        return;
    }
    targets.resize(outputs.size() / static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto target = static_cast<double>(values[i]);
        const auto error = static_cast<double>(outputs[i]) - target;
        squaredErrors += error * error;
        targetSquares += target * target;
        targets[i % targets.size()] += target;
    }
}

void ScoreSums::add(const ScoreSums& other) {
    loss += other.loss;
    correct += other.correct;
    samples += other.samples;
    labels += other.labels;
    squaredErrors += other.squaredErrors;
    targetSquares += other.targetSquares;
    targets.resize(std::max(targets.size(), other.targets.size()));
    for (std::size_t i = 0; i < other.targets.size(); ++i)
        targets[i] += other.targets[i];
}

void ScoreSums::clear() {
    auto memory = std::move(targets);
    memory.clear();
    *this = {};
    targets = std::move(memory);
}

void applySigmoid(std::span<float> values) {
    for (auto& value : values)
        value = 1 / (1 + std::exp(-value));
}

} // namespace gradwright
