// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/standin/standin_rig.h"

#include <QDebug>

#include <cmath>
#include <cstring>
#include <random>

// What tests of kernels compare with.

namespace gradwright::cuda::standin {

/// Uniform in [-1, 1).
inline std::vector<float> noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::vector<float> values(size);
    for (auto& value : values)
        value = uniform(random);
    return values;
}

/// A sum in FP64 with the bound of the error that the same sum has in FP32, in whatever order
/// (Higham: "Accuracy and Stability of Numerical Algorithms", 2002, section 4.2).
class BoundedSum {
public:
    void add(double term) {
        sum_ += term;
        magnitude_ += std::abs(term);
        ++terms_;
    }
    [[nodiscard]] bool isNear(float value) const {
        constexpr double rounding = 0x1p-24;
        return std::abs(value - sum_) <= (terms_ + 2) * rounding * magnitude_;
    }
    [[nodiscard]] double value() const { return sum_; }

private:
    double sum_ = 0, magnitude_ = 0;
    int terms_ = 0;
};

/// Fails at the first that is not near.
inline bool areNear(const std::vector<float>& got, const std::vector<BoundedSum>& want) {
    if (got.size() != want.size())
        return false;
    for (std::size_t i = 0; i < got.size(); ++i)
        if (!want[i].isNear(got[i])) {
            qWarning() << "element" << i << "is" << got[i] << "instead of" << want[i].value();
            return false;
        }
    return true;
}

/// What `work` gives, the same in all orders of threads and blocks; nothing when it differs.
template <class Work>
std::vector<float> inAllOrders(const Work& work) {
    std::vector<float> first;
    for (const auto order : kOrders) {
        Rig rig;
        setThreadOrder(order, 17);
        const auto values = work(rig);
        if (first.empty())
            first = values;
        else if (std::memcmp(first.data(), values.data(), values.size() * sizeof(float)) != 0)
            return {};
    }
    return first;
}

} // namespace gradwright::cuda::standin
