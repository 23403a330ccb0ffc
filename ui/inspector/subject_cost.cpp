// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/subject_cost.h"

#include "ui/theme/text.h"

#include <QObject>
#include <QStringList>

#include <algorithm>
#include <set>
#include <string_view>

namespace gradwright {

SubjectCost costOf(const Subject& subject, const GraphScope& scope, const Analysis& analysis) {
    std::set<std::string_view> layers;
    std::vector<std::string> below; // paths of what is inside selected blocks
    std::vector<std::string> paths;
    for (const Node* const node : subject.nodes()) {
        if (node->blockUse() != nullptr)
            below.push_back(scope.pathOf(*node) + '/');
        else
            paths.push_back(scope.pathOf(*node));
    }
    layers.insert(paths.begin(), paths.end());
    SubjectCost cost;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const std::string& path = analysis.flat.nodes[i].path;
        const bool counts =
            layers.contains(path) || std::ranges::any_of(below, [&](const std::string& each) {
                return path.starts_with(each);
            });
        if (!counts)
            continue;
        const NodeAnalysis& node = analysis.nodes[i];
        cost.parameters += node.parameters;
        cost.macs += node.macs;
        if (node.state == ShapeState::Known)
            cost.values += node.output.elements();
        for (const Shape& shape : node.further)
            cost.values += shape.elements();
    }
    return cost;
}

QString shapesText(const Subject& subject, const GraphScope& scope, const Analysis& analysis) {
    const Node& node = *subject.single();
    const NodeAnalysis* const found = analysisOf(analysis, scope, node);
    if (const BlockUse* const use = node.blockUse())
        return found != nullptr && found->state == ShapeState::Known
                   ? QObject::tr("Block “%1”   →   Out  %2")
                         .arg(qstr(use->block), qstr(toString(found->output)))
                   : QObject::tr("Block “%1”").arg(qstr(use->block));
    if (found == nullptr)
        return QObject::tr("In  ?   →   Out  ?");
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
