// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {
namespace {

/// Whether the batch stays in front and the axes of a sample, 0 … n-1, are rotated so that `first`
/// comes first.
bool startsAt(const PermuteOp& op, std::int64_t first) {
    const auto rank = static_cast<std::int64_t>(op.axes.size()) - 1;
    if (op.axes[0] != 0)
        return false;
    for (std::int64_t i = 0; i < rank; ++i)
        if (op.axes[static_cast<std::size_t>(i + 1)] != (first + i) % rank + 1)
            return false;
    return true;
}

/// The row-major input as the output sees it.
MemoryDesc permutedDesc(const PermuteOp& op, const Shape& in, DType type) {
    std::vector<std::int64_t> strides(in.rank());
    std::int64_t stride = 1;
    for (auto axis = in.rank(); axis-- > 0;) {
        strides[axis] = stride;
        stride *= in[axis];
    }
    Dims dims;
    Dims seen;
    for (const auto axis : op.axes) {
        dims.push_back(in[static_cast<std::size_t>(axis)]);
        seen.push_back(strides[static_cast<std::size_t>(axis)]);
    }
    return stridedDesc(dims, seen, type);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const PermuteOp& op) {
    auto* source = context.inputs[0];
    auto layout = compiler.plainLayout(context.op.output()).as(source->layout.type);
    const auto last = static_cast<std::int64_t>(op.axes.size()) - 2;
    // Channels to the end or from there: the same memory under another name.
    const bool isChannelsLast =
        source->layout.format == Format::ChannelsLast && !source->layout.isPadded();
    if ((startsAt(op, 1) && isChannelsLast) || (startsAt(op, last) && !isChannelsLast)) {
        if (!isChannelsLast) {
            source = compiler.plainOfType(source);
            layout.format = Format::ChannelsLast;
        }
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    source = compiler.plainOfType(source);
    const auto from =
        permutedDesc(op, source->layout.shape.withBatch(source->layout.batch), layout.type);
    const auto to = layout.logical();
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add(reorderFromTo(from, to), {{DNNL_ARG_FROM, source->buffer, from},
                                                      {DNNL_ARG_TO, output->buffer, to}});
    compiler.reportForward(context, implementationOf(reorderFromTo(from, to)), layout);
}

} // namespace gradwright::onednn
