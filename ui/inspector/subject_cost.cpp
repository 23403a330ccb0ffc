// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/subject_cost.h"

#include "ui/theme/text.h"

#include <QObject>
#include <QStringList>

#include <algorithm>
#include <set>

namespace gradwright {

SubjectCost costOf(const Subject& subject, const Analysis& analysis) {
    std::set<NodeId> ids;
    std::vector<std::string> below; // paths of what is inside selected blocks
    for (const Node* const node : subject.nodes()) {
        ids.insert(node->id);
        if (node->blockUse() != nullptr && subject.graph().empty())
            below.push_back(node->name + '/');
    }
    SubjectCost cost;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const FlatNode& flat = analysis.flat.nodes[i];
        const bool counts = (flat.graph == subject.graph() && ids.contains(flat.node)) ||
                            std::ranges::any_of(below, [&](const std::string& path) {
                                return flat.path.starts_with(path);
                            });
        if (!counts)
            continue;
        const NodeAnalysis& node = analysis.nodes[i];
        cost.parameters += node.parameters;
        cost.macs += node.macs;
        if (node.state == ShapeState::Known)
            cost.values += node.output.elements();
    }
    return cost;
}

const NodeAnalysis* analysisOf(const Subject& subject, const Analysis& analysis) {
    if (subject.isEmpty())
        return nullptr;
    const NodeId id = subject.nodes().front()->id;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i)
        if (analysis.flat.nodes[i].node == id && analysis.flat.nodes[i].graph == subject.graph())
            return &analysis.nodes[i];
    return nullptr;
}

QString shapesText(const Subject& subject, const Analysis& analysis) {
    const Node& node = *subject.single();
    const NodeAnalysis* const found = analysisOf(subject, analysis);
    if (found == nullptr)
        return node.blockUse() != nullptr
                   ? QObject::tr("Block “%1”").arg(qstr(node.blockUse()->block))
                   : QObject::tr("In  ?   →   Out  ?");
    QStringList in;
    for (const auto& input : found->inputs)
        in << (input ? qstr(toString(*input)) : QStringLiteral("?"));
    const QString out =
        found->state == ShapeState::Known ? qstr(toString(found->output)) : QStringLiteral("?");
    if (in.isEmpty())
        return QObject::tr("Out  %1").arg(out);
    if (subject.layer() != nullptr && !subject.layer()->hasOutput)
        return QObject::tr("In  %1").arg(in.join(QStringLiteral(", ")));
    return QObject::tr("In  %1   →   Out  %2").arg(in.join(QStringLiteral(", ")), out);
}

} // namespace gradwright
