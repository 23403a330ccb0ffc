// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/convolution.h"
#include "engine/tensor/shape.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// How long a convolution takes where its values lie in one order of elements.
struct ConvLayoutTime {
    std::string layout; ///< "NCHW", "NHWC", "nChw8c", "nChw16c", or "oneDNN's choice"
    /// Which layout that is in memory, as oneDNN writes it: "abcd", "acdb", "aBcd16b".
    std::string memory;
    std::string implementation; ///< e.g. "brgconv:avx512_core"
    /// Of the forward pass; nothing where oneDNN has only its reference loops, which are hundreds
    /// of times slower, or nothing at all.
    std::optional<double> seconds;
    int reorders = 0; ///< from row-major order for the input and back for the output: 0 … 2
    double reorderSeconds = 0; ///< that these take
};

/// Measures the forward pass of a convolution in FP32, on all threads of the calling thread's
/// setting, for each order of its values that the processor knows; the kernel lies as oneDNN likes
/// it. `input`, `output`: of one sample, channels first. Each time is the best of several. Empty
/// when stopped. Throws Error when memory does not suffice.
std::vector<ConvLayoutTime> measureConvLayouts(const ConvOp& op, const Shape& input,
                                               const Shape& output, std::int64_t batch,
                                               const std::stop_token& stop = {});

} // namespace gradwright
