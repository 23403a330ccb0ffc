// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <string>

namespace gradwright::onednn {

/// A reduction: the axes that stay and those that go, each outermost first, with how far the input
/// moves along them.
struct ReducePlan {
    /// Throws Error for more than 8 axes.
    ReducePlan(const ReduceOp& op, const Shape& shape);

    ReduceKind kind;
    std::vector<std::size_t> keptLengths, keptStrides;
    std::vector<std::size_t> goneLengths, goneStrides;
    std::size_t outputs = 1, terms = 1; ///< terms of each output

    /// Where the terms of an output begin in the input, and where one of them lies from there.
    [[nodiscard]] std::size_t begin(std::size_t output) const;
    [[nodiscard]] std::size_t term(std::size_t number) const;
};

void reduce(const ReducePlan& plan, float* out, const float* in);
/// For products: `result` is the gradient of the input.
void reduceProductBackward(const ReducePlan& plan, float* result, const float* in,
                           const float* gradient);

/// An array seen along one axis: [outer, length, inner].
struct LanePlan {
    LanePlan(const Shape& shape, std::int64_t axis);
    std::size_t outer = 1, length = 1, inner = 1;
};

void argMax(const LanePlan& plan, bool minimum, float* out, const float* in);
void topK(const LanePlan& plan, const TopKOp& op, float* values, float* indices, const float* in);
/// Brings the gradients of the k values to their places; zeros elsewhere.
void topKBackward(const LanePlan& plan, std::size_t k, float* result, const float* indices,
                  const float* gradient);
/// out[o, n, i] = in[o, indices[n], i]. Throws Error for an index outside the axis.
void gather(const LanePlan& plan, const std::string& path, float* out, const float* in,
            const float* indices, std::size_t count);
void gatherBackward(const LanePlan& plan, float* result, const float* indices, std::size_t count,
                    const float* gradient);

} // namespace gradwright::onednn
