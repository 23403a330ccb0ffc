// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/kernels/bf16.h"
#include "tests/engine/backend/op_cases.h"

#include <cmath>

namespace gradwright::test {

/// The case's weights as bfloat16 can hold them. Sources are weights, too: numbers that are told
/// apart only by what rounding takes away would move kinks and maxima, which no tolerance covers.
inline void writeRoundedWeights(const OpCase& opCase, WeightStore& store) {
    writeWeights(opCase, store);
    for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
        auto values = store.read(WeightId{i}).to(DType::F32);
        const auto span = values.span<float>();
        onednn::roundToBf16(span.data(), span.data(), span.size());
        // Kinks are at whole numbers, where an engine may take the slope of either side.
        for (auto& value : span)
            if (value != 0 && value == std::round(value))
                value *= 1 + 1.0F / 128;
        onednn::roundToBf16(span.data(), span.data(), span.size());
        store.write(WeightId{i}, values);
    }
}

} // namespace gradwright::test
