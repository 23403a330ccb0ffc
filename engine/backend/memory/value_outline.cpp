// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/memory/value_outline.h"

namespace gradwright {

Outline valueOutline(const OpGraph& graph, std::int64_t batch, std::size_t elementBytes) {
    const auto& values = graph.values();
    const auto isElsewhere = [&](ValueId id) {
        const auto& value = graph.value(id);
        return value.weight || value.constant;
    };
    Outline outline;
    outline.bytes.resize(values.size());
    outline.kept.resize(values.size());
    for (std::uint32_t i = 0; i < values.size(); ++i) {
        if (isElsewhere(ValueId{i}))
            continue;
        const auto elements = static_cast<std::size_t>(values[i].type.shapeFor(batch).elements());
        outline.bytes[i] = elements * elementBytes;
        outline.kept[i] = graph.isResult(ValueId{i});
    }

    Outline::Step batchStep;
    for (const auto& [name, value] : graph.inputs()) {
        batchStep.uses.push_back(value.index());
        outline.kept[value.index()] = true;
    }
    batchStep.changes = batchStep.uses;
    outline.steps.push_back(std::move(batchStep));

    outline.backward = graph.backwardBegin() + 1;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto& op = graph.ops()[i];
        Outline::Step step;
        step.op = i + 1;
        for (const auto input : op.inputs)
            if (!isElsewhere(input))
                step.uses.push_back(input.index());
        for (const auto output : op.outputs) {
            step.uses.push_back(output.index());
            step.changes.push_back(output.index());
        }
        outline.steps.push_back(std::move(step));
    }
    return outline;
}

} // namespace gradwright
