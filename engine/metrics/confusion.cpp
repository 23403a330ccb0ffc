// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/confusion.h"

#include "engine/support/error.h"

#include <numeric>
#include <span>

namespace gradwright {
namespace {

double shareOf(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

} // namespace

ConfusionMatrix::ConfusionMatrix(std::size_t classes, const std::vector<Reading>& readings)
    : classes_(classes)
    , counts_(classes * classes) {
    for (const auto& reading : readings) {
        const auto label = static_cast<std::size_t>(reading.label);
        const auto predicted = static_cast<std::size_t>(reading.predicted);
        if (label >= classes || predicted >= classes)
            throw Error("sample {} has class {}, read as {}; there are {} classes", reading.sample,
                        reading.label, reading.predicted, classes);
        ++counts_[label * classes + predicted];
    }
}

std::int64_t ConfusionMatrix::samples() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t ConfusionMatrix::correct() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < classes_; ++i)
        sum += count(i, i);
    return sum;
}

std::optional<double> ConfusionMatrix::recall(std::size_t label) const {
    const auto row = std::span(counts_).subspan(label * classes_, classes_);
    const auto sum = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    if (sum == 0)
        return {};
    return static_cast<double>(count(label, label)) / static_cast<double>(sum);
}

ClassScore classScore(const ConfusionMatrix& matrix, std::size_t label) {
    std::int64_t isClass = 0;
    std::int64_t readAsClass = 0;
    for (std::size_t other = 0; other < matrix.classes(); ++other) {
        isClass += matrix.count(label, other);
        readAsClass += matrix.count(other, label);
    }
    const auto right = matrix.count(label, label);
    ClassScore score{shareOf(right, readAsClass), shareOf(right, isClass), 0, isClass};
    if (right > 0)
        score.f1 = 2 * score.precision * score.recall / (score.precision + score.recall);
    return score;
}

} // namespace gradwright
