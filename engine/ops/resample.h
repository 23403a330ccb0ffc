// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"

namespace gradwright {

/// What lies outside an axis: ResampleOp::outside, or what the axis holds.
enum class Border { Constant, Reflect, Replicate };

/// How one axis is taken from the input: a linear map with few terms.
struct AxisMap {
    enum class Kind {
        Keep,    ///< as it is
        Shift,   ///< y[i] = x[first + i·step], backwards below 0; outside, as `border` says
        Nearest, ///< y[i] = x[floor(i · in / size)]
        Linear,  ///< between the two neighbours of (i + 1/2) · in / size - 1/2
        Mean     ///< of x from floor(i · in / size) to ceil((i + 1) · in / size)
    };
    Kind kind = Kind::Keep;
    std::int64_t size = 0; ///< of the output
    std::int64_t first = 0;
    std::int64_t step = 1;
    Border border = Border::Constant;
    bool operator==(const AxisMap&) const = default;
};

/// Padding, cropping, slicing, upsampling and adaptive averaging: each axis through its map, one
/// after the other.
struct ResampleOp {
    std::vector<AxisMap> axes; ///< as many as the input has
    double outside = 0.0;      ///< what Border::Constant puts there
    /// Resamples the axes of each sample.
    [[nodiscard]] static ResampleOp ofSample(std::vector<AxisMap> axes);
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Types outputs(InputTypes inputs) const;
    [[nodiscard]] std::vector<Shape> weights(InputTypes inputs) const;
    [[nodiscard]] std::int64_t macs(InputTypes inputs) const;
    void gradient(GradientContext& context) const;
    bool operator==(const ResampleOp&) const = default;
};

/// The terms of each element of an AxisMap's output: y[i] = Σ weight · x[index] over
/// begin[i] … begin[i + 1]. One without terms is ResampleOp::outside.
struct AxisTerms {
    std::vector<std::size_t> begin;
    std::vector<std::int64_t> index;
    std::vector<double> weight;
};
AxisTerms termsOf(const AxisMap& map, std::int64_t in);

} // namespace gradwright
