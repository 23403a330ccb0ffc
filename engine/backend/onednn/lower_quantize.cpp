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

/// Whether one scale is for all elements, so that their order does not matter.
bool hasOneScale(const Compiler& compiler, const OpContext& context, std::int64_t block) {
    return block == 0 && shapeOf(compiler, context.op.inputs[1]).elements() == 1;
}

/// In the order of elements at hand, without channels that are padding.
Lowered* unpadded(Compiler& compiler, Lowered* value) {
    auto layout = value->layout;
    if (!layout.isPadded() && blockOf(layout.format) == 1)
        return value;
    layout.format = Format::ChannelsLast;
    layout.channels = layout.shape[0];
    return compiler.convert(value, layout);
}

/// apply(out, in, size, scale, zero point) on the elements as they lie, from one layout to the
/// other.
template <class Apply>
void lowerInPlace(Compiler& compiler, const OpContext& context, Lowered* source,
                  const Layout& layout, const Apply& apply) {
    const auto inputs = context.inputs;
    auto* output = compiler.makeOutput(context, layout);
    auto* scale = numbers(compiler, inputs[1])->buffer;
    auto* zero = inputs.size() > 2 ? numbers(compiler, inputs[2])->buffer : nullptr;
    std::vector<Buffer*> uses{source->buffer, scale, output->buffer};
    if (zero)
        uses.push_back(zero);
    compiler.schedule().add(uses, [=, in = source->buffer, out = output->buffer,
                                   size = layout.elements()](const RunContext&) {
        apply(out, in, size, *scale->as(), zero ? *zero->as() : 0.0F);
    });
    compiler.reportForward(context, "own", layout);
}

void lowerToBytes(Compiler& compiler, const OpContext& context, DType to) {
    auto* given = context.inputs[0];
    if (given->layout.type != DType::F32)
        given = compiler.plain(given);
    auto* source = unpadded(compiler, given);
    lowerInPlace(compiler, context, source, source->layout.as(to),
                 [to](Buffer* out, Buffer* in, std::size_t size, float scale, float zero) {
                     if (to == DType::U8)
                         quantizeToBytes(out->as<std::uint8_t>(), in->as(), size, scale, zero);
                     else
                         quantizeToBytes(out->as<std::int8_t>(), in->as(), size, scale, zero);
                 });
}

void lowerFromBytes(Compiler& compiler, const OpContext& context) {
    auto* source = context.inputs[0];
    lowerInPlace(compiler, context, source, source->layout.as(DType::F32),
                 [from = source->layout.type](Buffer* out, Buffer* in, std::size_t size,
                                              float scale, float zero) {
                     if (from == DType::U8)
                         dequantizeBytes(out->as(), in->as<std::uint8_t>(), size, scale, zero);
                     else
                         dequantizeBytes(out->as(), in->as<std::int8_t>(), size, scale, zero);
                 });
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
    if (!context.inputs[0]->isClass && hasOneScale(compiler, context, op.block) &&
        compiler.isReadAsBytes(context.op.output()))
        return lowerToBytes(compiler, context, op.to);
    lowerScaled(compiler, context, op.axis, op.block,
                [to = op.to](const ScaleLayout& layout, float* out, const float* in,
                             const float* scale,
                             const float* zero) { quantize(layout, to, out, in, scale, zero); });
}

void lower(Compiler& compiler, const OpContext& context, const DequantizeOp& op) {
    const auto type = context.inputs[0]->layout.type;
    if ((type == DType::U8 || type == DType::I8) && hasOneScale(compiler, context, op.block))
        return lowerFromBytes(compiler, context);
    lowerScaled(compiler, context, op.axis, op.block, dequantize);
}

/// On the elements as they lie: 0 stays 0, so padding stays what it was.
void lower(Compiler& compiler, const OpContext& context, const FakeQuantizeOp& op) {
    auto* source = context.inputs[0];
    if (source->layout.type != DType::F32)
        source = compiler.convert(source, source->layout.as(DType::F32));
    auto* output = compiler.makeOutput(context, source->layout);
    output->dirtyPadding = source->dirtyPadding;
    auto* scale = numbers(compiler, context.inputs[1])->buffer;
    auto* zero = numbers(compiler, context.inputs[2])->buffer;
    compiler.schedule().add({source->buffer, scale, zero, output->buffer},
                            [=, to = op.to, in = source->buffer, out = output->buffer,
                             size = source->layout.elements()](const RunContext&) {
                                fakeQuantize(to, out->as(), in->as(), size, *scale->as(),
                                             *zero->as());
                            });
    compiler.reportForward(context, "own", source->layout);
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
