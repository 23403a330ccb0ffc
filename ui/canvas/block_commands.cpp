// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/block_commands.h"

#include "engine/graph/blocks.h"
#include "engine/project/block_edits.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"
#include "ui/theme/text.h"

#include <algorithm>
#include <vector>

namespace gradwright {

void groupSelection(CanvasContext& canvas) {
    std::map<NodeId, Point> at;
    for (const NodeId id : canvas.selection().nodes())
        at[id] = canvas.items().positionOf(id);
    if (at.empty()) {
        Q_EMIT canvas.hint(canvasText("Select the layers that become a block."));
        return;
    }
    const Project& project = canvas.project();
    canvas.attempt([&] {
        const BlockChange change =
            groupIntoBlock(project, canvas.graphName(), at,
                           freshBlockName(project.network, canvasText("Block").toStdString()));
        canvas.document().perform(canvasText("Group into a block"), change.edit);
        canvas.selection().select(change.nodes);
    });
}

void ungroupSelection(CanvasContext& canvas) {
    std::vector<NodeId> instances;
    for (const NodeId id : canvas.selection().nodes())
        if (canvas.graph().find(id)->blockUse() != nullptr)
            instances.push_back(id);
    if (instances.empty()) {
        Q_EMIT canvas.hint(canvasText("Select the blocks to ungroup."));
        return;
    }
    canvas.attempt([&] {
        // One after the other on a copy, since each changes what the next one finds.
        Project project = canvas.project();
        ProjectEdit::Group group;
        std::vector<NodeId> nodes;
        for (const NodeId id : instances) {
            BlockChange change =
                ungroupBlock(project, canvas.graphName(), id, canvas.items().positionOf(id));
            apply(project, change.edit);
            group.push_back(std::move(change.edit));
            nodes.insert(nodes.end(), change.nodes.begin(), change.nodes.end());
        }
        canvas.document().perform(canvasText("Ungroup"), {std::move(group)});
        canvas.selection().select(nodes);
    });
}

void toggleExpanded(CanvasContext& canvas) {
    const auto& all = canvas.project().canvas.expanded;
    const auto open = all.find(canvas.graphName());
    const auto isOpen = [&](NodeId id) { return open != all.end() && open->second.contains(id); };
    std::vector<NodeId> instances;
    for (const NodeId id : canvas.selection().nodes())
        if (canvas.graph().find(id)->blockUse() != nullptr)
            instances.push_back(id);
    if (instances.empty()) {
        Q_EMIT canvas.hint(canvasText("Select the blocks to expand or collapse."));
        return;
    }
    const bool expand = !std::ranges::all_of(instances, isOpen);
    ProjectEdit::Group group;
    for (const NodeId id : instances)
        if (isOpen(id) != expand)
            group.push_back({SetExpanded{canvas.graphName(), id, expand}});
    canvas.perform(expand ? canvasText("Expand block") : canvasText("Collapse block"),
                   {std::move(group)});
}

const Node* chosenInstance(const CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.size() == 1) {
        const Node* const node = canvas.graph().find(selected.front());
        if (node != nullptr && node->blockUse() != nullptr)
            return node;
    }
    if (canvas.scope().instances.empty())
        return nullptr;
    std::vector<NodeId> way = canvas.scope().instances;
    const NodeId id = way.back();
    way.pop_back();
    const Network& network = canvas.project().network;
    return network.graph(scopeOf(network, way).graph).find(id);
}

void repeatSelection(CanvasContext& canvas, std::int64_t times) {
    NetworkEdit::Group group;
    for (const NodeId id : canvas.selection().nodes())
        if (const BlockUse* const use = canvas.graph().find(id)->blockUse();
            use != nullptr && use->repeat != times)
            group.push_back({SetRepeat{canvas.graphName(), id, times}});
    if (!group.empty())
        canvas.perform(canvasText("Repeat %1 times").arg(times), {NetworkEdit{std::move(group)}});
}

void makeSelectionUnique(CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    const Node* const node = selected.size() == 1 ? canvas.graph().find(selected.front()) : nullptr;
    if (node == nullptr || node->blockUse() == nullptr) {
        Q_EMIT canvas.hint(canvasText("Select one block."));
        return;
    }
    canvas.attempt([&] {
        const BlockChange change = makeUnique(canvas.project(), canvas.graphName(), node->id);
        canvas.document().perform(canvasText("Make the block an independent copy"), change.edit);
        canvas.selection().select(change.nodes);
    });
}

void renameBlock(CanvasContext& canvas, const std::string& block, const QString& name) {
    canvas.perform(canvasText("Rename block"),
                   renameBlock(canvas.project(), block, name.trimmed().toStdString()));
}

} // namespace gradwright
