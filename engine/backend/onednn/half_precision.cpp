// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/half_precision.h"

#include "engine/backend/onednn/primitives.h"
#include "engine/backend/onednn/processor_info.h"

#include <sstream>

namespace gradwright::onednn {
namespace {

/// Whether oneDNN has a fast product of bfloat16 matrices here.
bool hasPrimitives() {
    const auto pd = denseForward(dnnl::prop_kind::forward_training, halfDenseDesc({16, 64}),
                                 halfAnyDesc({32, 64}), MemoryDesc(), denseDesc({16, 32}), nullptr);
    return pd && !isReference(pd);
}

bool hasInstructions() {
    std::istringstream flags(processorInfo("flags"));
    for (std::string flag; flags >> flag;)
        if (flag == "avx512_bf16" || flag == "amx_bf16")
            return true;
    return false;
}

} // namespace

HalfSupport halfSupport() {
    // On AVX-512 without those instructions oneDNN converts in others, slower than FP32.
    static const auto support =
        hasInstructions() && hasPrimitives() ? HalfSupport::Native : HalfSupport::Emulated;
    return support;
}

} // namespace gradwright::onednn
