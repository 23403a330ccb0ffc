// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/activation.h"
#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/backend/onednn/lower_product.h"

namespace gradwright::onednn {

Lowered* fetchAddend(Compiler& compiler, Lowered* addend, const Lowered* output) {
    auto* fitting = compiler.convert(addend, output->layout);
    compiler.schedule().add({fitting->buffer, output->buffer},
                            [from = fitting->buffer, to = output->buffer](const RunContext&) {
                                if (from->as() != to->as())
                                    copyBytes(to->as<std::byte>(), from->as<std::byte>(),
                                              to->bytes());
                            });
    compiler.schedule().lastMayWriteOver(output->buffer, fitting->buffer);
    return fitting;
}

void lower(Compiler& compiler, const OpContext& context, const FusedProductOp& op) {
    const bool applies = op.activation.kind != ActivationKind::Identity;
    const bool inPrimitive = applies && hasPrimitive(op.activation);
    ProductFinish finish;
    if (op.adds) {
        finish.addend = context.inputs[1];
        finish.told.emplace_back("add");
    }
    if (applies)
        finish.told.push_back(info(op.activation.kind).key);
    if (inPrimitive)
        finish.activation = &op.activation;
    finish.isRead = applies && !inPrimitive;
    std::visit([&](const auto& product) { lowerProduct(compiler, context, product, finish); },
               op.product);
    if (!finish.isRead)
        return;
    // oneDNN does not have the function.
    auto* output = compiler.valueOf(context.op.output());
    output->dirtyPadding =
        output->layout.isPadded() && (output->dirtyPadding || !preservesZero(op.activation));
    compiler.schedule().add({output->buffer},
                            [activation = op.activation, buffer = output->buffer,
                             elements = output->layout.elements()](const RunContext&) {
                                activate(activation, buffer->as(), buffer->as(), elements);
                            });
}

} // namespace gradwright::onednn
