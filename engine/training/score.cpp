// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/score.h"

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

void ScoreSums::add(double lossSum, std::span<const float> outputs, const Batch& batch) {
    const auto count = static_cast<std::size_t>(batch.count);
    loss += lossSum;
    samples += batch.count;
    if (batch.targets.empty()) {
        correct += countCorrect(outputs, batch.labels);
        labels += static_cast<std::int64_t>(batch.labels.size());
        return;
    }
    targets.resize(outputs.size() / count);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto target = static_cast<double>(batch.targets[i]);
        const auto error = static_cast<double>(outputs[i]) - target;
        squaredErrors += error * error;
        targetSquares += target * target;
        targets[i % targets.size()] += target;
    }
}

Score ScoreSums::score() const {
    if (samples == 0)
        return {};
    const auto count = static_cast<double>(samples);
    Score result{loss / count, 0, samples};
    if (labels > 0)
        result.accuracy = static_cast<double>(correct) / static_cast<double>(labels);
    if (targets.empty())
        return result;
    double variation = targetSquares;
    for (const auto sum : targets)
        variation -= sum * sum / count;
    result.accuracy = variation > 0 ? 1 - squaredErrors / variation : 0;
    return result;
}

void applySigmoid(std::span<float> values) {
    for (auto& value : values)
        value = 1 / (1 + std::exp(-value));
}

std::string scoreKey(bool hasClasses) {
    return hasClasses ? "accuracy" : "r2";
}

} // namespace gradwright
