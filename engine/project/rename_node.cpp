// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/rename_node.h"

#include <algorithm>

namespace gradwright {

ProjectEdit renameNode(const Project& project, std::string_view graph, NodeId id,
                       const std::string& name) {
    ProjectEdit rename{NetworkEdit{RenameNode{std::string(graph), id, name}}};
    const Node* const node = graph.empty() ? project.network.main.find(id) : nullptr;
    const LayerUse* const use = node == nullptr ? nullptr : node->layerUse();
    if (use != nullptr && use->layer == "input" &&
        project.data.assignment.inputs.contains(node->name)) {
        DataChoice data = project.data;
        auto assigned = data.assignment.inputs.extract(node->name);
        assigned.key() = name;
        data.assignment.inputs.insert(std::move(assigned));
        return {ProjectEdit::Group{std::move(rename), {SetData{std::move(data)}}}};
    }
    if (use == nullptr || use->layer != "output")
        return rename;
    TrainingSettings training = project.training;
    const auto objective = std::ranges::find(training.objectives, node->name, &Objective::output);
    if (objective == training.objectives.end())
        return rename;
    objective->output = name;
    return {ProjectEdit::Group{std::move(rename), {SetTraining{std::move(training)}}}};
}

} // namespace gradwright
