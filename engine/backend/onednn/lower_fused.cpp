// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/fused.h"
#include "engine/backend/onednn/numbers.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

/// The layout in which most inputs of the outputs' shape are; of equally many, one that
/// convolutions make. Row-major where an input goes along channels that are padded.
Layout fusedLayout(const Compiler& compiler, const OpContext& context) {
    const auto plain = compiler.plainLayout(context.op.output());
    const auto shape = shapeOf(compiler, context.op.output());
    std::vector<Layout> layouts;
    bool goesAlongChannels = false;
    for (std::size_t i = 0; i < context.inputs.size(); ++i) {
        const auto& layout = context.inputs[i]->layout;
        const auto input = shapeOf(compiler, context.op.inputs[i]);
        if (input != shape) {
            const auto behind = shape.rank() - input.rank(); // axes that it lacks
            goesAlongChannels =
                goesAlongChannels || (behind <= 1 && shape.rank() > 1 && input[1 - behind] != 1);
        } else if (!context.inputs[i]->isClass && layout.type == DType::F32 &&
                   layout.batch == plain.batch && layout.shape == plain.shape) {
            layouts.push_back(layout);
        }
    }
    const auto usersOf = [&](const Layout& layout) {
        return std::ranges::count_if(
            layouts, [&](const Layout& other) { return sameMemory(layout, other); });
    };
    const Layout* best = nullptr;
    for (const auto& layout : layouts) {
        if (layout.isPadded() && goesAlongChannels)
            continue;
        const auto more = best ? usersOf(layout) - usersOf(*best) : 1;
        if (more > 0 || (more == 0 && best->format == Format::Plain))
            best = &layout;
    }
    return best ? *best : plain;
}

/// By input: whether it lies in memory as the outputs do and is the only one there.
std::vector<bool> aloneInMemory(const std::vector<Lowered*>& inputs,
                                const std::vector<std::optional<Shape>>& repeated) {
    std::vector<bool> alone;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        alone.push_back(!repeated[i] &&
                        std::ranges::count(inputs, inputs[i]->buffer, &Lowered::buffer) == 1);
    return alone;
}

} // namespace

void lower(Compiler& compiler, const OpContext& context, const FusedOp& op) {
    const auto layout = fusedLayout(compiler, context);
    const auto shape = shapeOf(compiler, context.op.output());
    std::vector<Lowered*> inputs;
    std::vector<std::optional<Shape>> repeated;
    for (std::size_t i = 0; i < context.inputs.size(); ++i) {
        auto* input = context.inputs[i];
        const auto own = shapeOf(compiler, context.op.inputs[i]);
        const bool isWhole = own == shape;
        if (input->isClass || !isWhole)
            input = numbers(compiler, input);
        inputs.push_back(isWhole ? compiler.convert(input, layout) : input);
        repeated.push_back(isWhole ? std::nullopt : std::optional(own));
    }
    std::vector<Buffer*> sources;
    std::vector<Buffer*> targets;
    for (const auto* input : inputs)
        sources.push_back(input->buffer);
    for (std::size_t i = 0; i < context.op.outputs.size(); ++i)
        targets.push_back(compiler.makeOutput(context, layout, false, i)->buffer);
    auto uses = sources;
    uses.insert(uses.end(), targets.begin(), targets.end());
    const FusedLoops loops(op, layout, repeated);
    compiler.schedule().add(
        std::move(uses), [=, from = std::vector<const float*>(sources.size()),
                          to = std::vector<float*>(targets.size())](const RunContext&) mutable {
            std::ranges::transform(sources, from.begin(), [](const Buffer* b) { return b->as(); });
            std::ranges::transform(targets, to.begin(), [](const Buffer* b) { return b->as(); });
            loops.run(to, from);
        });
    if (const auto inPlace = FusedLoops::inPlaceOf(op, aloneInMemory(inputs, repeated)))
        compiler.schedule().lastMayWriteOver(targets[inPlace->output], sources[inPlace->input]);
    compiler.reportForward(context, "own", layout);
}

} // namespace gradwright::onednn
