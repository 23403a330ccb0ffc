// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/compiler.h"
#include "engine/backend/onednn/kernels/combine.h"
#include "engine/backend/onednn/kernels/elementwise.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

struct Arranged {
    std::vector<Lowered*> inputs; ///< converted
    Layout output;
    CombinePlan plan;
};

bool isVector(const Shape& shape) {
    return std::all_of(shape.begin() + 1, shape.end(), [](std::int64_t d) { return d == 1; });
}

/// Every input has the output's shape or one number per channel: the layout of the first of that
/// shape serves all, images stay as convolutions like them.
Arranged arrangeByChannels(Compiler& compiler, const OpContext& context, CombineKind kind,
                           const Shape& shape) {
    const auto full = std::ranges::find_if(
        context.inputs, [&](const Lowered* input) { return input->layout.shape == shape; });
    Arranged arranged{{}, (*full)->layout, {kind, {}, {}}};
    const auto& layout = arranged.output;
    const ChannelView view(layout);
    const auto channels = view.channels();
    arranged.plan.lengths = {view.batch, view.blocks, view.positions, view.lanes};
    for (auto* input : context.inputs) {
        if (input->layout.shape == shape) {
            arranged.inputs.push_back(compiler.convert(input, layout));
            const auto sample = channels * view.positions;
            arranged.plan.strides.push_back({sample, view.positions * view.lanes, view.lanes, 1});
            continue;
        }
        auto vector = Layout::plain(compiler.batch(), input->layout.shape);
        vector.channels = layout.channels;
        arranged.inputs.push_back(compiler.convert(input, vector));
        arranged.plan.strides.push_back({channels, view.lanes, 0, view.lanes == 1 ? 0U : 1U});
    }
    return arranged;
}

/// Row-major, repeated along any axis.
Arranged arrangeByAxes(Compiler& compiler, const OpContext& context, CombineKind kind,
                       const Shape& shape) {
    Arranged arranged{{}, Layout::plain(compiler.batch(), shape), {kind, {}, {}}};
    arranged.plan.lengths = {static_cast<std::size_t>(compiler.batch())};
    for (const auto length : shape)
        arranged.plan.lengths.push_back(static_cast<std::size_t>(length));
    for (auto* input : context.inputs) {
        arranged.inputs.push_back(compiler.plain(input));
        const auto& in = input->layout.shape;
        std::vector<std::size_t> strides(shape.rank() + 1);
        std::size_t stride = 1;
        for (auto axis = in.rank(); axis-- > 0;) {
            strides[axis + 1] = in[axis] == 1 ? 0 : stride;
            stride *= static_cast<std::size_t>(in[axis]);
        }
        strides[0] = stride;
        arranged.plan.strides.push_back(std::move(strides));
    }
    return arranged;
}

Arranged arrange(Compiler& compiler, const OpContext& context, CombineKind kind) {
    const auto& shape = compiler.graph().type(context.op.output()).sample();
    const bool byChannels =
        shape.rank() > 0 && // numbers have no channels
        std::ranges::all_of(context.inputs,
                            [&](const Lowered* input) {
                                const auto& in = input->layout.shape;
                                return in == shape || (in[0] == shape[0] && isVector(in));
                            }) &&
        std::ranges::any_of(context.inputs,
                            [&](const Lowered* input) { return input->layout.shape == shape; });
    auto arranged = byChannels ? arrangeByChannels(compiler, context, kind, shape)
                               : arrangeByAxes(compiler, context, kind, shape);
    arranged.plan.simplify();
    return arranged;
}

void emitBackward(Compiler& compiler, const OpContext& context, const Arranged& arranged,
                  Lowered* output) {
    auto* gradient = compiler.gradientOf(output);
    if (!gradient)
        return;
    std::vector<Buffer*> uses{gradient, output->buffer};
    std::array<Buffer*, kMaxCombined> values{};
    std::array<Buffer*, kMaxCombined> results{};
    for (std::size_t i = 0; i < arranged.inputs.size(); ++i) {
        auto* input = arranged.inputs[i];
        uses.push_back(values[i] = input->buffer);
        if (!input->wantsGradient)
            continue;
        results[i] = compiler.schedule().arena(input->layout.bytes());
        uses.push_back(results[i]);
    }
    compiler.schedule().add(uses,
                            [=, plan = arranged.plan, out = output->buffer](const RunContext&) {
                                CombineInputs in{};
                                std::array<float*, kMaxCombined> gradients{};
                                for (std::size_t i = 0; i < plan.strides.size(); ++i) {
                                    in[i] = values[i]->as();
                                    gradients[i] = results[i] ? results[i]->as() : nullptr;
                                    if (results[i] && plan.isRepeated(i))
                                        zeroBytes(results[i]->as<std::byte>(), results[i]->bytes());
                                }
                                combineBackward(plan, gradients, in, out->as(), gradient->as());
                            });
    for (std::size_t i = 0; i < arranged.inputs.size(); ++i)
        if (results[i])
            compiler.contribute(arranged.inputs[i], results[i]);
    compiler.reportBackward(context, "own", output->layout);
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const CombineOp& op) {
    if (context.inputs.size() > kMaxCombined)
        throw Error("{} combines {} inputs; the CPU engine takes {} at most", context.op.path,
                    context.inputs.size(), kMaxCombined);
    const auto arranged = arrange(compiler, context, op.kind);
    auto* output = compiler.makeOutput(context, arranged.output);
    std::vector<Buffer*> uses{output->buffer};
    std::array<Buffer*, kMaxCombined> values{};
    for (std::size_t i = 0; i < arranged.inputs.size(); ++i) {
        uses.push_back(values[i] = arranged.inputs[i]->buffer);
        output->dirtyPadding |= arranged.output.isPadded() && arranged.inputs[i]->dirtyPadding;
    }
    compiler.schedule().add(uses,
                            [=, plan = arranged.plan, out = output->buffer](const RunContext&) {
                                CombineInputs in{};
                                for (std::size_t i = 0; i < plan.strides.size(); ++i)
                                    in[i] = values[i]->as();
                                combine(plan, out->as(), in);
                            });
    compiler.reportForward(context, "own", arranged.output);
    if (output->wantsGradient)
        compiler.onBackward([=, &compiler] { emitBackward(compiler, context, arranged, output); });
}

} // namespace gradwright::onednn
