// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "tests/support/numeric.h"

#include <QByteArray>

#include <algorithm>
#include <cmath>
#include <string>

namespace gradwright::test {

/// SGD with momentum 0.9: one slot.
template <class T>
void momentumStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    for (std::size_t i = 0; i < span.size; ++i) {
        span.slots[0][i] = T(0.9) * span.slots[0][i] + span.gradient[i];
        span.weight[i] -= static_cast<T>(step.learningRate) * span.slots[0][i];
    }
}

inline UpdateRule momentumRule() {
    UpdateRule rule;
    rule.key = "momentum";
    rule.slots = 1;
    rule.f32 = momentumStep<float>;
    rule.f64 = momentumStep<double>;
    return rule;
}

inline CompileOptions training(std::int64_t batch, Precision precision = Precision::F32) {
    return {
        .batch = batch, .precision = precision, .mode = Mode::Training, .update = momentumRule()};
}

/// What differs most between two stores, and by how much.
struct Difference {
    double relative = 0;
    std::string where = "nothing";

    void add(const std::string& name, const Tensor& actual, const Tensor& expected) {
        const double difference = relativeDifference(actual, expected);
        if (difference > relative) {
            relative = difference;
            where = name;
        }
    }
    [[nodiscard]] QByteArray text() const {
        return QByteArray::fromStdString(where) + ": " + QByteArray::number(relative);
    }
};

/// Zero in both counts as equal, rounding noise around an exact zero does not count.
inline bool isZero(const Tensor& tensor) {
    const auto values = tensor.to(DType::F64);
    return std::ranges::all_of(values.span<double>(), [](double v) { return std::abs(v) < 1e-6; });
}

inline void addWeights(Difference& difference, const WeightStore& actual,
                       const WeightStore& expected, bool gradients) {
    for (std::uint32_t i = 0; i < actual.specs().size(); ++i) {
        const WeightId id{i};
        const auto& spec = actual.specs()[i];
        if (gradients && !spec.trainable)
            continue;
        const auto have = gradients ? actual.readGradient(id) : actual.read(id);
        const auto want = gradients ? expected.readGradient(id) : expected.read(id);
        if (!isZero(have) || !isZero(want))
            difference.add(spec.key, have, want);
        if (!gradients && spec.trainable && actual.slots() > 0)
            difference.add(spec.key + " slot", actual.readSlot(id, 0), expected.readSlot(id, 0));
    }
}

} // namespace gradwright::test
