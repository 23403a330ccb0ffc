// SPDX-License-Identifier: GPL-3.0-or-later
//
// Means of bytes, and dense layers with kernels of 4 bits.
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/activation.h"
#include "engine/backend/onednn/kernels/integer_pool.h"
#include "engine/backend/onednn/kernels/packed_dense.h"

namespace gradwright::onednn {

void lower(Compiler& compiler, const OpContext& context, const QuantizedPoolOp& op) {
    const auto& graph = compiler.graph();
    auto from = compiler.plainLayout(context.op.inputs[0]).as(op.x.type);
    from.format = Format::ChannelsLast;
    auto* source = compiler.convert(context.inputs[0], from);
    auto to = compiler.plainLayout(context.op.output()).as(op.result.type);
    if (!op.global)
        to.format = Format::ChannelsLast;
    auto* output = compiler.makeOutput(context, to);
    const IntegerPoolPlan plan(op, graph.type(context.op.inputs[0]).shapeFor(compiler.batch()),
                               graph.type(context.op.output()).shapeFor(compiler.batch()));
    const bool takesSigns = op.x.type == DType::I8;
    const bool makesSigns = op.result.type == DType::I8;
    compiler.schedule().add({source->buffer, output->buffer},
                            [=, in = source->buffer, out = output->buffer](const RunContext&) {
                                const auto pool = [&](auto* made) {
                                    if (takesSigns)
                                        poolIntegers(plan, made, in->as<std::int8_t>());
                                    else
                                        poolIntegers(plan, made, in->as<std::uint8_t>());
                                };
                                if (makesSigns)
                                    pool(out->as<std::int8_t>());
                                else
                                    pool(out->as<std::uint8_t>());
                            });
    compiler.reportForward(context, "own", to);
}

void lower(Compiler& compiler, const OpContext& context, const PackedDenseOp& op) {
    auto& weights = compiler.weights();
    const auto kernelId = context.op.weights[0];
    const Dims dims{op.units, op.rowBytes()};
    if (!weights.stored(kernelId).isSet)
        weights.setLayout(kernelId, dims, denseDesc(dims, DType::I8));
    auto* kernel = compiler.weightAs(kernelId, denseDesc(dims, DType::I8));
    auto* bias = op.bias ? compiler.plainWeight(context.op.weights[1]) : nullptr;
    auto* source = compiler.plain(context.inputs[0]);
    auto* addend = op.adds ? compiler.plain(context.inputs[1])->buffer : nullptr;
    const auto layout = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, layout);
    std::vector<Buffer*> uses{source->buffer, kernel, output->buffer};
    for (auto* further : {bias, addend})
        if (further)
            uses.push_back(further);
    const auto elements = layout.elements();
    compiler.schedule().add(
        std::move(uses), [=, in = source->buffer, out = output->buffer](const RunContext&) {
            multiplyPacked(op, elements / static_cast<std::size_t>(op.units), out->as(), in->as(),
                           kernel->as<std::int8_t>(), bias ? bias->as() : nullptr,
                           addend ? addend->as() : nullptr);
            if (op.activation.kind != ActivationKind::Identity)
                activate(op.activation, out->as(), out->as(), elements);
        });
    std::vector<std::string> told;
    if (op.adds)
        told.emplace_back("add");
    if (op.activation.kind != ActivationKind::Identity)
        told.push_back(info(op.activation.kind).key);
    compiler.reportForward(context, "own", layout, std::move(told));
}

} // namespace gradwright::onednn
