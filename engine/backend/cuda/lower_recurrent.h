// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/launches.h"

namespace gradwright::cuda {

/// The sizes of a sequence and where its steps are. Step i is the i-th to run.
struct SequenceSizes {
    std::int64_t samples, steps, features, units, rows;
    bool isTimeFirst, isReverse;

    SequenceSizes(const Lowering& lowering, const RecurrentOp& op)
        : samples(lowering.inputShape()[op.batchAxis()])
        , steps(lowering.inputShape()[op.timeAxis()])
        , features(lowering.inputShape()[2])
        , units(op.units)
        , rows(gatesOf(op.cell) * op.units)
        , isTimeFirst(op.timeFirst)
        , isReverse(op.reverse) {}

    [[nodiscard]] std::int64_t places() const { return samples * steps; }
    [[nodiscard]] std::size_t size(std::int64_t width) const {
        return static_cast<std::size_t>(places() * width);
    }
    /// Places from one sample to the next.
    [[nodiscard]] std::int64_t stride() const { return isTimeFirst ? 1 : steps; }
    /// Where a step begins in an array of the sequence.
    template <class T>
    [[nodiscard]] T* at(T* array, std::int64_t step, std::int64_t width) const {
        const auto time = isReverse ? steps - 1 - step : step;
        return array + time * (isTimeFirst ? samples : 1) * width;
    }
    [[nodiscard]] Launch forStep() const {
        return Lowering::forElements(static_cast<std::size_t>(samples * units));
    }
};

/// c = a · bᵀ or a · b for rows of a with any stride and a packed b; c is packed.
struct RowProduct {
    std::int64_t rows, columns, depth, aStride;
    bool isTransposed; ///< b is [columns, depth]
};
void multiplyRows(Lowering& lowering, const RowProduct& product, const float* a, const float* b,
                  const float* bias, float* c);

/// A cell for which RecurrentOp::isPlain() does not hold: it has no gradient.
void lowerVariant(Lowering& lowering, const RecurrentOp& op);

} // namespace gradwright::cuda
