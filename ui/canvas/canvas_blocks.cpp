// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"
#include "engine/project/block_edits.h"
#include "engine/support/error.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/theme/text.h"

#include <algorithm>

// Blocks: made of the selection, dissolved, shown and repeated.
namespace gradwright {

void CanvasScene::groupSelection() {
    std::map<NodeId, Point> at;
    for (const NodeId id : selectedNodes())
        at[id] = positionOf(id);
    if (at.empty()) {
        Q_EMIT hint(tr("Select the layers that become a block."));
        return;
    }
    const Project& project = document_->project();
    try {
        const BlockChange change = groupIntoBlock(
            project, scope_.graph, at, freshBlockName(project.network, tr("Block").toStdString()));
        document_->perform(tr("Group into a block"), change.edit);
        selectNodes(change.nodes);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::ungroupSelection() {
    std::vector<NodeId> instances;
    for (const NodeId id : selectedNodes())
        if (graph().find(id)->blockUse() != nullptr)
            instances.push_back(id);
    if (instances.empty()) {
        Q_EMIT hint(tr("Select the blocks to ungroup."));
        return;
    }
    try {
        // One after the other on a copy, since each changes what the next one finds.
        Project project = document_->project();
        ProjectEdit::Group group;
        std::vector<NodeId> nodes;
        for (const NodeId id : instances) {
            BlockChange change = ungroupBlock(project, scope_.graph, id, positionOf(id));
            gradwright::apply(project, change.edit);
            group.push_back(std::move(change.edit));
            nodes.insert(nodes.end(), change.nodes.begin(), change.nodes.end());
        }
        document_->perform(tr("Ungroup"), {std::move(group)});
        selectNodes(nodes);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::toggleExpanded() {
    const auto& all = document_->project().canvas.expanded;
    const auto open = all.find(scope_.graph);
    const auto isOpen = [&](NodeId id) { return open != all.end() && open->second.contains(id); };
    std::vector<NodeId> instances;
    for (const NodeId id : selectedNodes())
        if (graph().find(id)->blockUse() != nullptr)
            instances.push_back(id);
    if (instances.empty()) {
        Q_EMIT hint(tr("Select the blocks to expand or collapse."));
        return;
    }
    const bool expand = !std::ranges::all_of(instances, isOpen);
    ProjectEdit::Group group;
    for (const NodeId id : instances)
        if (isOpen(id) != expand)
            group.push_back({SetExpanded{scope_.graph, id, expand}});
    perform(expand ? tr("Expand block") : tr("Collapse block"), {std::move(group)});
}

const Node* CanvasScene::chosenInstance() const {
    const std::vector<NodeId> selected = selectedNodes();
    if (selected.size() == 1) {
        const Node* const node = graph().find(selected.front());
        if (node != nullptr && node->blockUse() != nullptr)
            return node;
    }
    if (scope_.instances.empty())
        return nullptr;
    std::vector<NodeId> way = scope_.instances;
    const NodeId id = way.back();
    way.pop_back();
    const Network& network = document_->project().network;
    return network.graph(scopeOf(network, way).graph).find(id);
}

void CanvasScene::repeatSelection(std::int64_t times) {
    NetworkEdit::Group group;
    for (const NodeId id : selectedNodes())
        if (const BlockUse* const use = graph().find(id)->blockUse();
            use != nullptr && use->repeat != times)
            group.push_back({SetRepeat{scope_.graph, id, times}});
    if (!group.empty())
        perform(tr("Repeat %1 times").arg(times), {NetworkEdit{std::move(group)}});
}

void CanvasScene::makeSelectionUnique() {
    const std::vector<NodeId> selected = selectedNodes();
    const Node* const node = selected.size() == 1 ? graph().find(selected.front()) : nullptr;
    if (node == nullptr || node->blockUse() == nullptr) {
        Q_EMIT hint(tr("Select one block."));
        return;
    }
    try {
        const BlockChange change = makeUnique(document_->project(), scope_.graph, node->id);
        document_->perform(tr("Make the block a copy of its own"), change.edit);
        selectNodes(change.nodes);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::renameBlock(const std::string& block, const QString& name) {
    perform(tr("Rename block"),
            gradwright::renameBlock(document_->project(), block, name.trimmed().toStdString()));
}

} // namespace gradwright
