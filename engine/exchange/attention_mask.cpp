// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/attention_mask.h"

#include <algorithm>
#include <optional>

namespace gradwright {

bool isAdditiveMask(const Tensor& values) {
    constexpr float kLow = -100; // Swin transformers add this, others less
    if (values.dtype() != DType::F32 && values.dtype() != DType::F64)
        return false;
    const auto numbers = values.to(DType::F32);
    bool hidesSome = false;
    for (const auto value : numbers.span<float>()) {
        if (value != 0 && !(value <= kLow))
            return false;
        hidesSome = hidesSome || value != 0;
    }
    return hidesSome && values.elements() > 1;
}

bool hidesLaterSteps(std::string_view op, std::span<const Tensor* const> constants,
                     const Shape& scores, double scale) {
    constexpr double kHidden = -1e4; // its exponential is 0 beside that of any usual score
    const bool isSum = op == "Add";
    if (std::ranges::count(constants, nullptr) != 1 ||
        !(isSum ? constants.size() == 2 : op == "Where" && constants.size() == 3 && constants[0]))
        return false;
    const auto* mask = constants[isSum && !constants[0] ? 1 : 0];
    const auto steps = scores[scores.rank() - 1];
    const auto& shape = mask->shape();
    if (shape.rank() < 2 || shape[shape.rank() - 1] != steps ||
        scores[scores.rank() - 2] != steps || shape[shape.rank() - 2] != steps ||
        mask->elements() != steps * steps)
        return false;
    const auto isHidden = [&](double value) { return value * scale <= kHidden; };
    const bool whereTrue = !isSum && constants[1]; // the number stands where the mask is true
    if (!isSum) {
        const auto& number = *constants[whereTrue ? 1 : 2];
        if (number.elements() != 1 || !isHidden(number.to(DType::F64).span<double>()[0]))
            return false;
    }
    const auto values = mask->to(DType::F64);
    for (std::int64_t step = 0; step < steps; ++step)
        for (std::int64_t other = 0; other < steps; ++other) {
            const auto value =
                values.span<double>()[static_cast<std::size_t>(step * steps + other)];
            const bool hidden = isSum ? isHidden(value) : (value != 0) == whereTrue;
            if (hidden != (other > step) || (isSum && !hidden && value != 0))
                return false;
        }
    return true;
}

} // namespace gradwright
