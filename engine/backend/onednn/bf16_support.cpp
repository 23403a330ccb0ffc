// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/bf16_support.h"

#include "engine/backend/onednn/primitives.h"
#include "engine/backend/onednn/processor_info.h"

#include <sstream>

namespace gradwright::onednn {
namespace {

std::optional<Bf16Support> pretended;

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

bool hasBf16Primitives() {
    const auto pd = denseForward(dnnl::prop_kind::forward_training, bf16DenseDesc({16, 64}),
                                 bf16AnyDesc({32, 64}), MemoryDesc(), denseDesc({16, 32}), nullptr);
    return pd && !isReference(pd);
}

Bf16Support bf16Support() {
    static const auto real =
        hasInstructions() && hasBf16Primitives() ? Bf16Support::Native : Bf16Support::Emulated;
    return pretended.value_or(real);
}

bool isBf16Slower() {
    return hasFlag("amx_bf16");
}

void pretendBf16Support(std::optional<Bf16Support> support) {
    pretended = support;
}

} // namespace gradwright::onednn
