// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// A convolution from `source` to `output`, or, `transposed`, its adjoint, which reads `output` and
/// makes `source`.
struct ConvProblem {
    Shape source, output;
    Window window;
    std::int64_t groups = 1;
    bool bias = false; ///< not when transposed
    bool transposed = false;
    const Lowered* given;   ///< what is read
    bool wantsGradient;     ///< of what is read
    bool wantsBf16 = false; ///< may make its result in bfloat16
    WeightId kernel;
    Finish finish{};
    std::string path;

    /// [output channels, input channels, …] for those counts in memory, with groups in front.
    [[nodiscard]] Dims kernelDims(std::int64_t in, std::int64_t out) const;
};

/// The three primitives of a convolution for one choice of channel counts in memory.
struct ConvPlan {
    ConvForward forward;
    ConvBackwardWeights backwardWeights; ///< empty when not wanted
    ConvBackwardData backwardData;       ///< empty when not wanted
    Layout source, output;
    /// The layouts of the values in memory, as `source` and `output` say; the primitives may want
    /// their operands in bfloat16 where these are FP32.
    MemoryDesc sourceDesc, outputDesc;
    MemoryDesc kernelDesc; ///< that suits them, in FP32
    int references = 0;    ///< primitives without a fast implementation
};

/// The candidate with the fewest reference implementations, the first of equals. Unpadded input
/// channels come first: oneDNN has special code for images of one or three channels. Throws Error
/// when there is none at all.
ConvPlan planConvolution(Compiler& compiler, const ConvProblem& problem);

} // namespace gradwright::onednn
