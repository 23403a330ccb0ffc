// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/half_precision.h"

#include "engine/backend/onednn/primitives.h"
#include "engine/backend/onednn/processor_info.h"

#include <sstream>

namespace gradwright::onednn {
namespace {

std::optional<HalfSupport> pretended;

bool hasFlag(std::string_view wanted) {
    std::istringstream flags(processorInfo("flags"));
    for (std::string flag; flags >> flag;)
        if (flag == wanted)
            return true;
    return false;
}

bool hasInstructions() {
    return hasFlag("avx512_bf16") || hasFlag("amx_bf16");
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

bool isHalfSlower() {
    return hasFlag("amx_bf16");
}

void pretendHalfSupport(std::optional<HalfSupport> support) {
    pretended = support;
}

} // namespace gradwright::onednn
