// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/quantize.h"
#include "engine/backend/onednn/numbers.h"

namespace gradwright::onednn {
namespace {

/// apply(layout, out, in, scale, zero point or null)
template <class Apply>
void lowerScaled(Compiler& compiler, const OpContext& context, std::int64_t axis,
                 std::int64_t block, const Apply& apply) {
    const auto inputs = allNumbers(compiler, context);
    const ScaleLayout layout(shapeOf(compiler, context.op.inputs[0]),
                             shapeOf(compiler, context.op.inputs[1]), axis, block);
    const auto plain = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, plain);
    auto* zero = inputs.size() > 2 ? inputs[2]->buffer : nullptr;
    std::vector<Buffer*> uses{inputs[0]->buffer, inputs[1]->buffer, output->buffer};
    if (zero)
        uses.push_back(zero);
    compiler.schedule().add(uses, [=, in = inputs[0]->buffer, scale = inputs[1]->buffer,
                                   out = output->buffer](const RunContext&) {
        apply(layout, out->as(), in->as(), scale->as(), zero ? zero->as() : nullptr);
    });
    compiler.reportForward(context, "own", plain);
}

/// apply(out, first, second, zero point of the first, of the second, scratch)
template <class Apply>
void lowerProduct(Compiler& compiler, const OpContext& context, bool zeroOfFirst, bool zeroOfSecond,
                  std::size_t scratchElements, const Apply& apply) {
    const auto inputs = allNumbers(compiler, context);
    const auto plain = compiler.plainLayout(context.op.output());
    auto* output = compiler.makeOutput(context, plain);
    auto* scratch = compiler.schedule().arena(scratchElements * sizeof(std::int16_t));
    std::vector<Buffer*> uses{output->buffer, scratch};
    for (const auto* input : inputs)
        uses.push_back(input->buffer);
    const auto zeroOf = [&](bool isGiven, std::size_t place) {
        return isGiven ? inputs[place]->buffer : nullptr;
    };
    const auto bound = [](Buffer* buffer) {
        return buffer ? ZeroPoint{buffer->as(), buffer->bytes() / sizeof(float)} : ZeroPoint{};
    };
    compiler.schedule().add(uses, [=, first = inputs[0]->buffer, second = inputs[1]->buffer,
                                   ofFirst = zeroOf(zeroOfFirst, 2),
                                   ofSecond = zeroOf(zeroOfSecond, zeroOfFirst ? 3 : 2),
                                   out = output->buffer](const RunContext&) {
        apply(out->as(), first->as(), second->as(), bound(ofFirst), bound(ofSecond),
              scratch->as<std::int16_t>());
    });
    compiler.reportForward(context, "own", plain);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const QuantizeOp& op) {
    lowerScaled(compiler, context, op.axis, op.block,
                [to = op.to](const ScaleLayout& layout, float* out, const float* in,
                             const float* scale,
                             const float* zero) { quantize(layout, to, out, in, scale, zero); });
}

void lower(Compiler& compiler, const OpContext& context, const DequantizeOp& op) {
    lowerScaled(compiler, context, op.axis, op.block, dequantize);
}

void lower(Compiler& compiler, const OpContext& context, const MatMulIntegerOp& op) {
    const IntegerProductPlan plan(shapeOf(compiler, context.op.inputs[0]),
                                  shapeOf(compiler, context.op.inputs[1]),
                                  shapeOf(compiler, context.op.output()));
    lowerProduct(compiler, context, op.zeroOfA, op.zeroOfB, plan.scratch(),
                 [plan](float* out, const float* a, const float* b, ZeroPoint zeroOfA,
                        ZeroPoint zeroOfB, std::int16_t* scratch) {
                     multiplyIntegers(plan, out, a, b, zeroOfA, zeroOfB, scratch);
                 });
}

void lower(Compiler& compiler, const OpContext& context, const ConvIntegerOp& op) {
    const IntegerConvPlan plan(op, shapeOf(compiler, context.op.inputs[0]),
                               shapeOf(compiler, context.op.inputs[1]),
                               shapeOf(compiler, context.op.output()));
    lowerProduct(compiler, context, op.zeroOfX, op.zeroOfKernel, plan.scratch(),
                 [plan](float* out, const float* x, const float* kernel, ZeroPoint zeroOfX,
                        ZeroPoint zeroOfKernel, std::int16_t* scratch) {
                     convolveIntegers(plan, out, x, kernel, zeroOfX, zeroOfKernel, scratch);
                 });
}

} // namespace gradwright::onednn
