// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {
namespace {

/// Whether the axes are 0 … n-1 rotated so that `first` comes first.
bool startsAt(const PermuteOp& op, std::int64_t first) {
    const auto rank = static_cast<std::int64_t>(op.axes.size());
    for (std::int64_t i = 0; i < rank; ++i)
        if (op.axes[static_cast<std::size_t>(i)] != (first + i) % rank)
            return false;
    return true;
}

/// The row-major input as the output sees it.
MemoryDesc permutedDesc(const PermuteOp& op, std::int64_t batch, const Shape& in) {
    Dims strides(in.rank());
    std::int64_t stride = 1;
    for (auto axis = in.rank(); axis-- > 0;) {
        strides[axis] = stride;
        stride *= in[axis];
    }
    Dims dims{batch};
    Dims seen{stride};
    for (const auto axis : op.axes) {
        dims.push_back(in[static_cast<std::size_t>(axis)]);
        seen.push_back(strides[static_cast<std::size_t>(axis)]);
    }
    return stridedDesc(dims, seen);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const PermuteOp& op) {
    auto* source = context.inputs[0];
    auto layout = Layout::plain(compiler.batch(), compiler.graph().type(context.op.output).shape);
    const auto last = static_cast<std::int64_t>(op.axes.size()) - 1;
    // Channels to the end or from there: the same memory under another name.
    const bool isChannelsLast =
        source->layout.format == Format::ChannelsLast && !source->layout.isPadded();
    if ((startsAt(op, 1) && isChannelsLast) || (startsAt(op, last) && !isChannelsLast)) {
        if (!isChannelsLast) {
            source = compiler.plain(source);
            layout.format = Format::ChannelsLast;
        }
        compiler.aliasOutput(context, source, layout);
        compiler.reportForward(context, "none", layout);
        return;
    }
    source = compiler.plain(source);
    const auto from = permutedDesc(op, compiler.batch(), source->layout.shape);
    const auto to = layout.logical();
    auto* output = compiler.makeOutput(context, layout);
    compiler.schedule().add(reorderFromTo(from, to), {{DNNL_ARG_FROM, source->buffer, from},
                                                      {DNNL_ARG_TO, output->buffer, to}});
    compiler.reportForward(context, implementationOf(reorderFromTo(from, to)), layout);
    if (!output->wantsGradient)
        return;
    compiler.onBackward([=, &compiler] {
        auto* gradient = compiler.gradientOf(output);
        if (!gradient)
            return;
        auto* result = compiler.schedule().arena(source->layout.bytes());
        compiler.schedule().add(reorderFromTo(to, from),
                                {{DNNL_ARG_FROM, gradient, to}, {DNNL_ARG_TO, result, from}});
        compiler.contribute(source, result);
        compiler.reportBackward(context, implementationOf(reorderFromTo(to, from)), source->layout);
    });
}

} // namespace gradwright::onednn
