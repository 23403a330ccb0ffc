// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/step_launches.h"

#include <algorithm>
#include <set>

namespace gradwright::cuda {

StepBounds listStep(LaunchList& list, const StepUpdate* update) {
    const auto& graph = list.graph;
    const auto& memory = list.memory;
    lowerAll(list);
    const auto first = std::ranges::find_if(list.launches, [&](const PreparedLaunch& launch) {
        return launch.op < graph.ops().size() && graph.ops()[launch.op].isBackward;
    });
    StepBounds bounds;
    bounds.backward = static_cast<std::size_t>(first - list.launches.begin());
    // The losses end the forward pass.
    auto* sums = reinterpret_cast<StepSums*>(memory.sums);
    const auto opLaunches = static_cast<std::ptrdiff_t>(list.launches.size());
    for (const auto& loss : graph.losses()) {
        const auto size = graph.type(loss.perSample).shapeFor(list.options.batch).elements();
        list.addOfNone(kernel::addLoss, {{1}, {kBlockThreads}},
                       reinterpret_cast<const float*>(memory.values[loss.perSample.index()]),
                       static_cast<std::uint64_t>(size), loss.weight, sums);
    }
    std::rotate(list.launches.begin() + static_cast<std::ptrdiff_t>(bounds.backward),
                list.launches.begin() + opLaunches, list.launches.end());
    bounds.backward += graph.losses().size();

    bounds.norms = list.launches.size();
    if (update)
        update->addNorms(list, sums, reinterpret_cast<double*>(memory.sums + sizeof(StepSums)));
    bounds.update = list.launches.size();
    if (update && list.options.update) {
        update->addUpdate(list, reinterpret_cast<const StepScalars*>(memory.scalars), sums);
        list.launches.insert(list.launches.end(), list.updates.begin(), list.updates.end());
    }
    return bounds;
}

StepPlan planStep(const std::shared_ptr<Device>& device, const OpGraph& graph,
                  const CompileOptions& options) {
    device->use();
    CudaWeights weights(device, graph.weights());
    weights.prepareTraining(options.update ? options.update->allSlots() : 0);
    const StepUpdate update(device, graph, options, weights);
    ArrayExtents extents;
    const auto memory = ProgramMemory::apart(graph, options.batch, extents);
    LaunchList list{graph, options, memory};
    list.extents = &extents;
    StepPlan plan;
    plan.bounds = listStep(list, &update);
    plan.launches = std::move(list.launches);
    std::set<ValueId> own;
    for (const auto& [weight, value] : graph.gradients())
        if (!graph.value(value).source || !own.insert(value).second)
            ++plan.copies;
    return plan;
}

std::size_t leastBytes(const OpGraph& graph, const CompileOptions& options) {
    const auto elementsOf = [&](ValueId value) {
        return graph.type(value).shapeFor(options.batch).elements();
    };
    std::int64_t elements = 0;
    for (const auto& op : graph.ops()) {
        for (const auto weight : op.weights)
            elements += graph.weight(weight).shape.elements();
        if (std::holds_alternative<ReshapeOp>(op.attributes))
            continue; // the same numbers in the same order
        for (const auto value : std::set<ValueId>(op.inputs.begin(), op.inputs.end()))
            elements += elementsOf(value);
        for (const auto value : op.outputs)
            elements += elementsOf(value);
    }
    for (const auto& loss : graph.losses())
        elements += elementsOf(loss.perSample);
    if (options.update)
        for (const auto& [weight, value] : graph.gradients())
            elements += graph.weight(weight).shape.elements() *
                        static_cast<std::int64_t>(3 + 2 * options.update->allSlots());
    return static_cast<std::size_t>(elements) * sizeof(float);
}

} // namespace gradwright::cuda
