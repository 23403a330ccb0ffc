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
/// none has padding that would end up in the middle, else row-major. The axis counts the batch.
Format joinFormat(const std::vector<Lowered*>& inputs, std::int64_t axis) {
    const auto format = inputs[0]->layout.format;
    const bool fits = std::ranges::all_of(inputs, [&](const Lowered* input) {
        return input->layout.format == format && !input->layout.isPadded();
    });
    return fits && axis == 1 ? format : Format::Plain;
}

/// The type of the elements that are joined: bytes where all inputs are bytes of one kind.
DType joinType(const std::vector<Lowered*>& inputs) {
    const auto type = inputs[0]->layout.type;
    const bool isByte = type == DType::U8 || type == DType::I8;
    const bool isCommon = std::ranges::all_of(
        inputs, [&](const Lowered* input) { return input->layout.type == type; });
    return isByte && isCommon ? type : DType::F32;
}

/// Runs of elements that a piece of each has, where values are cut along that axis of all.
std::size_t rowsBefore(const Layout& layout, std::int64_t axis) {
    const auto shape = layout.shape.withBatch(layout.batch);
    // A sample is one run of channels unless they lie side by side at each position.
    std::int64_t rows = layout.format == Format::ChannelsLast ? layout.positions() : 1;
    for (std::int64_t i = 0; i < axis; ++i)
        rows *= shape[static_cast<std::size_t>(i)];
    return static_cast<std::size_t>(rows);
}

/// Primitives work fastest on memory that begins so.
constexpr std::size_t kAlignment = 64;

/// Whether pieces of values that are cut along an axis are runs of memory that begin as buffers do:
/// then nothing has to be copied to join or cut them. It is so along the first axis, and along the
/// channels of a single sample unless these lie side by side at each position. In training all is
/// kept for the backward pass.
bool arePiecesRuns(const Compiler& compiler, const Layout& whole, std::int64_t axis,
                   const std::vector<std::size_t>& bytes) {
    return compiler.readsOnly() && rowsBefore(whole, axis) == 1 &&
           std::ranges::all_of(bytes, [](std::size_t size) { return size % kAlignment == 0; });
}

/// What makes the inputs writes them into the joined value. Those that lie elsewhere already, such
/// as a part of another join, are copied. Returns how many are not.
std::size_t joinInPlace(Compiler& compiler, const std::vector<Lowered*>& inputs, Buffer* joined) {
    auto& schedule = compiler.schedule();
    std::size_t offset = 0;
    std::size_t moved = 0;
    for (auto* input : inputs) {
        const auto bytes = input->layout.bytes();
        if (schedule.moveInto(input->buffer, joined, offset)) {
            ++moved;
        } else {
            auto* piece = schedule.pieceOf(joined, offset, bytes);
            schedule.add({input->buffer, piece, joined},
                         [from = input->buffer, piece, bytes](const RunContext&) {
                             copyBytes(piece->as<std::byte>(), from->as<std::byte>(), bytes);
                         });
        }
        offset += bytes;
    }
    return moved;
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
}

void lower(Compiler& compiler, const OpContext& context, const ConcatOp& op) {
    const auto rank =
        static_cast<std::int64_t>(compiler.graph().type(context.op.output()).dims.rank());
    const auto axis = op.axis < 0 ? op.axis + rank : op.axis;
    const auto type = joinType(context.inputs);
    const auto format = joinFormat(context.inputs, axis);
    std::vector<Lowered*> inputs;
    std::vector<MemoryDesc> descs;
    for (auto* input : context.inputs) {
        auto layout = Layout::plain(input->layout.batch, input->layout.shape).as(type);
        layout.format = format;
        inputs.push_back(compiler.convert(input, layout));
        descs.push_back(layout.padded());
    }
    auto layout = compiler.plainLayout(context.op.output()).as(type);
    layout.format = format;
    if (inputs.size() == 1) {
        compiler.aliasOutput(context, inputs[0], layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    auto* output = compiler.makeOutput(context, layout);
    std::vector<std::size_t> sizes;
    for (const auto* input : inputs)
        sizes.push_back(input->layout.bytes());
    if (arePiecesRuns(compiler, layout, axis, sizes)) {
        const auto moved = joinInPlace(compiler, inputs, output->buffer);
        compiler.reportForward(context, moved == inputs.size() ? "in place" : "partly in place",
                               layout);
        return;
    }
    const auto pd = concatenate(layout.padded(), static_cast<int>(axis), descs);
    std::vector<Schedule::Argument> arguments{{DNNL_ARG_DST, output->buffer, layout.padded()}};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        arguments.push_back(
            {DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), inputs[i]->buffer, descs[i]});
    compiler.schedule().add(pd, std::move(arguments));
    compiler.reportForward(context, implementationOf(pd), layout);
}

void lower(Compiler& compiler, const OpContext& context, const SplitOp& op) {
    auto* source = context.inputs[0];
    const auto rank = static_cast<std::int64_t>(source->layout.shape.rank()) + 1;
    const auto axis = op.axis < 0 ? op.axis + rank : op.axis;
    const auto block = blockOf(source->layout.format);
    const bool fits = axis == 1 && !source->layout.isPadded() &&
                      std::ranges::all_of(op.sizes, [&](auto size) { return size % block == 0; });
    if (!fits)
        source = compiler.plainOfType(source);
    auto format = source->layout.format;
    const auto rows = rowsBefore(source->layout, axis);
    const auto whole = source->layout.elements() / rows;
    std::vector<Layout> layouts;
    std::vector<std::size_t> sizes;
    for (const auto piece : context.op.outputs) {
        layouts.push_back(compiler.plainLayout(piece).as(source->layout.type));
        layouts.back().format = format;
        sizes.push_back(layouts.back().bytes());
    }
    const auto size = gradwright::sizeOf(source->layout.type);
    const bool inPlace = arePiecesRuns(compiler, source->layout, axis, sizes);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < op.sizes.size(); ++i) {
        const auto length = layouts[i].elements() / rows;
        if (compiler.isRead(context.op.outputs[i]) && inPlace) {
            compiler.pieceOutput(context, source, layouts[i], i, offset * size);
        } else if (compiler.isRead(context.op.outputs[i])) {
            auto* piece = compiler.makeOutput(context, layouts[i], false, i);
            compiler.schedule().add(
                {source->buffer, piece->buffer},
                [=, from = source->buffer, to = piece->buffer](const RunContext&) {
                    copyRuns(to->as<std::byte>(), from->as<std::byte>() + offset * size,
                             whole * size, rows, length * size);
                });
        }
        offset += length;
    }
    compiler.reportForward(context, inPlace ? "in place" : "own", source->layout);
}

void lower(Compiler& compiler, const OpContext& context, const ReshapeOp& /*op*/) {
    auto* source = compiler.plainOfType(context.inputs[0]);
    auto layout = compiler.plainLayout(context.op.output());
    layout.type = source->layout.type;
    compiler.aliasOutput(context, source, layout);
    compiler.reportForward(context, "none", layout);
}

} // namespace gradwright::onednn
