// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/half_precision.h"

#include "engine/backend/onednn/primitives.h"
#include "engine/backend/onednn/processor_info.h"

#include <sstream>

namespace gradwright::onednn {
namespace {

std::optional<HalfSupport> pretended;

bool hasInstructions() {
    std::istringstream flags(processorInfo("flags"));
    for (std::string flag; flags >> flag;)
        if (flag == "avx512_bf16" || flag == "amx_bf16")
            return true;
    return false;
}

} // namespace

bool hasHalfPrimitives() {
    const auto pd = denseForward(dnnl::prop_kind::forward_training, halfDenseDesc({16, 64}),
                                 halfAnyDesc({32, 64}), MemoryDesc(), denseDesc({16, 32}), nullptr);
    return pd && !isReference(pd);
}

HalfSupport halfSupport() {
    static const auto real =
        hasInstructions() && hasHalfPrimitives() ? HalfSupport::Native : HalfSupport::Emulated;
    return pretended.value_or(real);
}

void pretendHalfSupport(std::optional<HalfSupport> support) {
    pretended = support;
}

} // namespace gradwright::onednn
