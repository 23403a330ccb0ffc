// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/pooling.h"
#include "engine/ops/quantized_product.h"

#include <cstdint>

namespace gradwright {

/// Average pooling on integers of 8 bits: C×positions of `x` → C×positions' of `result`, or → C
/// where it is `global`, the mean over all positions. Sums are exact; then, in FP32 with one
/// rounding, y = sum of (integer - x.zero) · (x.scale / (count · result.scale)) + result.zero,
/// rounded with halves to the even number, within the range of the type. `count` is what PoolOp
/// divides by. The numbers are attributes as those of QuantizedProductOp.
struct QuantizedPoolOp {
    PoolOp pool{.kind = PoolKind::Average}; ///< not read where it is global
    bool global = false;
    Quantization x{}, result{};

    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    /// Throws Error: integers have no gradient.
    void gradient(GradientContext& context) const;
    bool operator==(const QuantizedPoolOp&) const = default;

    /// The pool; over all positions of `sample`, C×positions, where it is global.
    [[nodiscard]] PoolOp window(const Shape& sample) const;
};

/// What a QuantizedPoolOp makes of a sum, from which the zero points are gone.
class MeanFinisher {
public:
    explicit MeanFinisher(const QuantizedPoolOp& op);

    /// What sums of so many elements are multiplied with.
    [[nodiscard]] float multiplier(std::int64_t count) const;
    [[nodiscard]] float operator()(std::int64_t sum, float multiplier) const;

private:
    double ratio_;
    float zero_, least_, most_;
};

} // namespace gradwright
