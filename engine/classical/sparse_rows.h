// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/samples.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace gradwright {

/// A number of a row as LIBSVM and LIBLINEAR take it (svm.h: svm_node, linear.h: feature_node).
struct SparseNumber {
    int index; ///< from 1; -1 ends a row
    double value;
};

/// Writes a row without its zeros into `out`. A `bias` above 0 is one more number, behind all.
inline void writeSparse(std::span<const float> row, double bias, std::vector<SparseNumber>& out) {
    for (std::size_t i = 0; i < row.size(); ++i)
        if (row[i] < 0 || row[i] > 0)
            out.push_back({static_cast<int>(i) + 1, static_cast<double>(row[i])});
    if (bias > 0)
        out.push_back({static_cast<int>(row.size()) + 1, bias});
    out.push_back({-1, 0});
}

/// Samples as both libraries take them, class by class: they number classes in the order in which
/// they meet them, and settle ties by it.
struct SparseRows {
    std::vector<SparseNumber> numbers;
    std::vector<SparseNumber*> rows;  ///< into `numbers`
    std::vector<std::uint32_t> order; ///< the sample that a row is
    std::vector<double> y;            ///< a class or a target value a row

    /// Throws Error where memory does not suffice.
    SparseRows(const Samples& samples, double bias)
        : order(samples.count()) {
        std::iota(order.begin(), order.end(), 0U);
        if (samples.classes > 0)
            std::ranges::stable_sort(order, {}, [&](auto n) { return samples.labels[n]; });
        const auto zeros = static_cast<std::size_t>(std::ranges::count(samples.inputs, 0.0F));
        const auto size = samples.inputs.size() - zeros + 2 * samples.count();
        const auto bytes = static_cast<std::int64_t>(size * sizeof(SparseNumber));
        const auto available = availableMemory();
        if (available && bytes > *available)
            throw Error("the samples take {} in the form that the method needs, and {} of memory "
                        "are free: use fewer (--limit)",
                        bytesText(bytes), bytesText(*available));
        numbers.reserve(size);
        std::vector<std::size_t> starts;
        for (const auto n : order) {
            starts.push_back(numbers.size());
            writeSparse(samples.row(n), bias, numbers);
        }
        for (const auto start : starts)
            rows.push_back(numbers.data() + start);
        y.resize(order.size());
        if (samples.classes > 0)
            std::ranges::transform(order, y.begin(),
                                   [&](auto n) { return static_cast<double>(samples.labels[n]); });
    }

    /// Sets y to one of the target values.
    void aimAt(const Samples& samples, std::size_t value) {
        std::ranges::transform(order, y.begin(), [&](auto n) {
            return static_cast<double>(samples.target(n)[value]);
        });
    }
};

} // namespace gradwright
