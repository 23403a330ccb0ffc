// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"

#include <cstdint>
#include <vector>

namespace gradwright::onednn {

/// Whether the processor sums products of bytes exactly in 32 bits, as those with VNNI or AMX do.
/// Others add pairs of products in 16 bits first, which saturate, so that oneDNN's results are
/// wrong there.
bool sumsBytesExactly();

/// What a product of integers does to its sums before it writes them, see ProductScaling.
struct IntegerFinish {
    std::vector<float> multipliers; ///< one for each output channel
    std::int32_t zeroOfSource = 0;
    bool adds = false; ///< what the output's memory holds, of type `addendType`
    DType addendType = DType::F32;
    float addendFactor = 1;
    std::int32_t zeroOfAddend = 0;
    const Activation* activation = nullptr; ///< that oneDNN has
    float resultFactor = 1;
    std::int32_t zeroOfResult = 0;
};

/// Whether biases are added behind the multipliers, as real numbers, instead of to the sums: so it
/// is from version 3 on, which rounds once more therefore.
inline constexpr bool kBiasIsScaled = DNNL_VERSION_MAJOR >= 3;

/// A convolution of U8 or I8 with a kernel of I8; with groups, the kernel's description begins with
/// them. Empty where oneDNN has no fast one.
ConvForward integerConvForward(const MemoryDesc& src, const MemoryDesc& weights,
                               const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                               const IntegerFinish& finish);

/// A number, or one for each channel, that a primitive takes when it runs.
struct RunArgument {
    int argument;
    MemoryDesc desc;
    std::vector<float> scales;       ///< where the argument holds scales, F32
    std::vector<std::int32_t> zeros; ///< where it holds zero points instead, I32
};
/// What the primitive takes beside its tensors: version 2 settles it all beforehand.
std::vector<RunArgument> runArguments(const IntegerFinish& finish);

} // namespace gradwright::onednn
