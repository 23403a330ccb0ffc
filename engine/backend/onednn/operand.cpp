// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/operand.h"

#include "engine/backend/onednn/kernels/bf16.h"

#include <algorithm>

namespace gradwright::onednn {

Operand::Operand(Compiler& compiler, WeightId id)
    : Operand(compiler, compiler.weightAs(id, compiler.weights().stored(id).desc),
              compiler.weights().stored(id).desc) {
    weight_ = id;
}

Buffer* Operand::as(const MemoryDesc& desc) {
    const bool emulates = compiler_->usesBf16() && !isBf16(desc);
    if (!emulates && desc == given_.desc)
        return given_.buffer;
    const auto found = std::ranges::find(made_, desc, &Form::desc);
    if (found != made_.end())
        return found->buffer;

    if (weight_ && !compiler_->isRounded(*weight_) &&
        (compiler_->readsOnly() || compiler_->keepsRounded())) {
        made_.push_back({compiler_->weightInForm(*weight_, {desc, emulates}), desc});
        return made_.back().buffer;
    }
    auto* copy = compiler_->schedule().arena(desc.get_size());
    auto* source = given_.buffer;
    if (!(desc == given_.desc)) {
        compiler_->reorder(given_.buffer, given_.desc, copy, desc);
        source = copy;
    }
    if (emulates)
        compiler_->schedule().add({source, copy}, [source, copy](const RunContext&) {
            roundToBf16(copy->as(), source->as(), copy->bytes() / sizeof(float));
        });
    made_.push_back({copy, desc});
    return copy;
}

std::string implementationOf(const Compiler& compiler, const std::string& name,
                             const MemoryDesc& operand) {
    const bool emulates = compiler.usesBf16() && !isBf16(operand);
    return name + (emulates ? " (bf16 emulated)" : "");
}

} // namespace gradwright::onednn
