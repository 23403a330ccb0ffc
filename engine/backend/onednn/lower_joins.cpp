// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/elementwise.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace gradwright::onednn {
namespace {

/// One layout for all: that of the first blocked input, so that images stay as convolutions like
/// them.
Layout commonLayout(const std::vector<Lowered*>& inputs) {
    const auto blocked = std::ranges::find_if(
        inputs, [](const Lowered* input) { return blockOf(input->layout.format) > 1; });
    return (blocked == inputs.end() ? inputs.front() : *blocked)->layout;
}

/// The order in which a concatenation works: blocked or channels-last when all inputs lie so and
/// none has padding that would end up in the middle, else row-major.
Format joinFormat(const std::vector<Lowered*>& inputs, std::int64_t axis) {
    const auto format = inputs[0]->layout.format;
    const bool fits = std::ranges::all_of(inputs, [&](const Lowered* input) {
        return input->layout.format == format && !input->layout.isPadded();
    });
    return fits && axis == 0 ? format : Format::Plain;
}

struct Slice {
    Lowered* value;
    std::size_t offset, length; ///< elements of each row
};

struct Slices {
    std::vector<Slice> parts;
    std::size_t rows = 1, rowLength = 0;
};

/// The inputs as columns of the output seen as a matrix.
Slices slicesOf(const std::vector<Lowered*>& inputs, std::int64_t axis) {
    Slices slices;
    const auto& layout = inputs[0]->layout;
    // A sample is one run of channels unless they lie side by side at each position.
    auto rows = layout.batch;
    if (layout.format == Format::ChannelsLast)
        rows *= layout.positions();
    for (std::int64_t i = 0; i < axis; ++i)
        rows *= layout.shape[static_cast<std::size_t>(i)];
    slices.rows = static_cast<std::size_t>(rows);
    for (auto* input : inputs) {
        const auto length = input->layout.elements() / slices.rows;
        slices.parts.push_back({input, slices.rowLength, length});
        slices.rowLength += length;
    }
    return slices;
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const AddOp&) {
    const auto layout = commonLayout(context.inputs);
    std::vector<Lowered*> inputs;
    for (auto* input : context.inputs)
        inputs.push_back(compiler.convert(input, layout));
    auto* output = compiler.makeOutput(context, layout);
    const auto flat = layout.flat();
    auto& schedule = compiler.schedule();
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        const bool isLast = i + 1 == inputs.size();
        const auto pd = binaryAdd(flat, isLast ? context.fused : nullptr);
        auto* left = i == 1 ? inputs[0]->buffer : output->buffer;
        schedule.add(pd, {{DNNL_ARG_SRC_0, left, flat},
                          {DNNL_ARG_SRC_1, inputs[i]->buffer, flat},
                          {DNNL_ARG_DST, output->buffer, flat}});
        if (i == 1)
            schedule.lastMayWriteOver(output->buffer, left);
        if (isLast)
            compiler.reportForward(context, implementationOf(pd), layout);
    }
    const bool isDirty = std::ranges::any_of(inputs, &Lowered::dirtyPadding);
    const bool dirties = context.fused && !preservesZero(*context.fused);
    output->dirtyPadding = layout.isPadded() && (isDirty || dirties);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, inputs, output] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        for (auto* input : inputs)
            if (input->wantsGradient)
                compiler.contribute(input, gradient);
        compiler.reportBackward(context, "none", output->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const ConcatOp& op) {
    const auto format = joinFormat(context.inputs, op.axis);
    std::vector<Lowered*> inputs;
    std::vector<MemoryDesc> descs;
    for (auto* input : context.inputs) {
        auto layout = Layout::plain(compiler.batch(), input->layout.shape);
        layout.format = format;
        inputs.push_back(compiler.convert(input, layout));
        descs.push_back(layout.padded());
    }
    auto layout = Layout::plain(compiler.batch(), compiler.graph().type(context.op.output).shape);
    layout.format = format;
    if (inputs.size() == 1) {
        compiler.aliasOutput(context, inputs[0], layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    auto* output = compiler.makeOutput(context, layout);
    const auto pd = concatenate(layout.padded(), static_cast<int>(op.axis) + 1, descs);
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_DST, output->buffer, layout.padded()}};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        arguments.push_back(
            {DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), inputs[i]->buffer, descs[i]});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(pd), layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([&compiler, context, output, slices = slicesOf(inputs, op.axis)] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        for (const auto& part : slices.parts) {
            if (!part.value->wantsGradient)
                continue;
            auto* result = compiler.schedule().arena(part.value->layout.bytes());
            compiler.schedule().add({gradient, result}, [=, rows = slices.rows,
                                                         whole = slices.rowLength,
                                                         offset = part.offset,
                                                         length = part.length](const RunContext&) {
                copyColumns(result->as(), length, gradient->as() + offset, whole, rows, length);
            });
            compiler.contribute(part.value, result);
        }
        compiler.reportBackward(context, "own", output->layout);
    });
}

void lower(Compiler& compiler, const OpContext& context, const ReshapeOp& op) {
    auto* source = compiler.plainOfType(context.inputs[0]);
    auto layout = Layout::plain(compiler.batch(), op.shape);
    layout.isHalf = source->layout.isHalf;
    compiler.aliasOutput(context, source, layout);
    compiler.reportForward(context, "none", layout);
}

} // namespace gradwright::onednn
