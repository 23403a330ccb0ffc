// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/lowering.h"

#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

template <class O>
concept LoweredOp = requires(Lowering& lowering, const O& op) {
    lower(lowering, op);
};
template <class O>
concept LoweredGradient = requires(GradientLowering& lowering, const O& op) {
    lowerGradient(lowering, op);
};

/// Whether there is nothing to be lowered for the op's gradient: it consists of other ops.
template <class O>
bool hasKernels(const O& /*op*/) {
    return LoweredOp<O>;
}
bool hasKernels(const GradientOp& op) {
    return std::visit([]<class O>(const O&) { return LoweredGradient<O>; }, op.forward->attributes);
}

[[noreturn]] void refuse(const OpAttributes& op, const std::string& path) {
    throw Error("{}: NVIDIA GPUs have no kernel for {} yet; train on the CPU", path, nameOf(op));
}

} // namespace

ProgramMemory ProgramMemory::nowhere(const OpGraph& graph) {
    constexpr Address kSomewhere = kArrayAlignment;
    return {std::vector<Address>(graph.values().size(), kSomewhere),
            std::vector<Address>(graph.weights().size(), kSomewhere),
            kSomewhere,
            kSomewhere,
            kSomewhere,
            kSomewhere,
            kSomewhere,
            kSomewhere};
}

ProgramMemory ProgramMemory::apart(const OpGraph& graph, std::int64_t batch,
                                   ArrayExtents& extents) {
    Address next = kArrayAlignment;
    const auto place = [&](std::size_t bytes) {
        const auto at = next;
        extents.set(at, bytes);
        next += alignedBytes(std::max<std::size_t>(bytes, 1));
        return at;
    };
    const auto bytesOf = [](const Shape& shape) {
        return static_cast<std::size_t>(shape.elements()) * sizeof(float);
    };
    ProgramMemory memory;
    for (const auto& spec : graph.weights())
        memory.weights.push_back(place(bytesOf(spec.shape)));
    for (const auto& value : graph.values())
        memory.values.push_back(value.weight ? memory.weights[value.weight->index()]
                                             : place(bytesOf(value.type.shapeFor(batch))));
    memory.scalars = place(sizeof(StepScalars));
    memory.sums = place(sizeof(StepSums));
    memory.lossScale = place(sizeof(DeviceLossScale));
    // These grow: each gets more addresses than any memory has bytes.
    constexpr Address kMost = Address{1} << 48;
    memory.scratch = kMost;
    memory.state = 2 * kMost;
    memory.tables = 3 * kMost;
    return memory;
}

bool Lowering::isFedAsIndices(std::size_t i) const {
    const auto& value = graph().value(op_.inputs[i]);
    return !value.source && !value.weight && !value.constant && value.type.element == DType::I32;
}

const std::int32_t* Lowering::indices(std::size_t i) const {
    if (!isFedAsIndices(i))
        throw Error("{}: class indices have to be an input of the network; computed ones are real "
                    "numbers",
                    op_.path);
    return reinterpret_cast<const std::int32_t*>(list_.memory.values[op_.inputs[i].index()]);
}

Launch Lowering::forElements(std::size_t count) {
    // A multiple of what any GPU runs at a time; each thread then takes several elements.
    constexpr std::size_t kMostBlocks = 4096;
    const auto blocks =
        std::clamp<std::size_t>((count + kBlockThreads - 1) / kBlockThreads, 1, kMostBlocks);
    return {{static_cast<unsigned>(blocks)}, {kBlockThreads}};
}

GradientLowering::GradientLowering(LaunchList& list, std::size_t place, std::size_t forward)
    : Lowering(list, place, forward)
    , gradient_(list.graph.ops()[place]) {
    const auto& op = std::get<GradientOp>(gradient_.attributes);
    auto made = gradient_.outputs.begin();
    for (const bool isWanted : op.ofInputs)
        inputGradients_.push_back(isWanted ? array(*made++) : nullptr);
    for (const bool isWanted : op.ofWeights)
        weightGradients_.push_back(isWanted ? array(*made++) : nullptr);
    inputGradients_.resize(op_.inputs.size());
    weightGradients_.resize(op_.weights.size());
}

bool hasLowering(const OpAttributes& op) {
    return std::visit([](const auto& attributes) { return hasKernels(attributes); }, op);
}

void lowerAll(LaunchList& list) {
    const auto& ops = list.graph.ops();
    for (std::size_t place = 0; place < ops.size(); ++place) {
        const auto& op = ops[place];
        if (const auto* gradient = std::get_if<GradientOp>(&op.attributes)) {
            const auto forward = list.graph.placeOf(gradient->of);
            if (!forward)
                throw Error("a gradient at {} without its op", op.path);
            GradientLowering lowering(list, place, *forward);
            std::visit(
                [&]<class O>(const O& attributes) {
                    if constexpr (LoweredGradient<O>)
                        lowerGradient(lowering, attributes);
                    else
                        refuse(op.attributes, op.path);
                },
                gradient->forward->attributes);
            continue;
        }
        Lowering lowering(list, place, place);
        std::visit(
            [&]<class O>(const O& attributes) {
                if constexpr (LoweredOp<O>)
                    lower(lowering, attributes);
                else
                    refuse(op.attributes, op.path);
            },
            op.attributes);
    }
}

} // namespace gradwright::cuda
