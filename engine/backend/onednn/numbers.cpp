// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/numbers.h"

#include "engine/backend/onednn/kernels/broadcast.h"

namespace gradwright::onednn {

Shape shapeOf(const Compiler& compiler, ValueId value) {
    return compiler.graph().type(value).shapeFor(compiler.batch());
}

Lowered* numbers(Compiler& compiler, Lowered* value) {
    if (!value->isClass)
        return compiler.plain(value);
    auto* copy = compiler.makeNumbers(value->layout);
    compiler.schedule().add({value->buffer, copy->buffer}, [from = value->buffer,
                                                            to = copy->buffer](const RunContext&) {
        toNumbers(to->as(), from->as<std::int32_t>(), to->bytes() / sizeof(float));
    });
    return copy;
}

std::vector<Lowered*> allNumbers(Compiler& compiler, const OpContext& context) {
    std::vector<Lowered*> inputs;
    for (auto* input : context.inputs)
        inputs.push_back(numbers(compiler, input));
    return inputs;
}

} // namespace gradwright::onednn
