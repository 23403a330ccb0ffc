// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "ui/canvas/link_item.h"
#include "ui/canvas/node_item.h"
#include "ui/document/graph_scope.h"

#include <map>

namespace gradwright {

struct LinkLook {
    LinkState state = LinkState::Pending;
    QString text;
    QString toolTip;
};

/// What analysis found, as nodes and links of the graph that is shown.
class NodeLooks {
public:
    NodeLooks(const Project& project, const Analysis& analysis, const GraphScope& scope);

    [[nodiscard]] NodeLook node(NodeId id) const;
    [[nodiscard]] LinkLook link(LinkId id) const;

private:
    /// A layer, or all layers of a block's instance together.
    struct Found {
        ShapeState state = ShapeState::Pending;
        Shape output;
        std::map<NodeId, std::pair<ShapeState, Shape>> ports; ///< of a block's instance
        std::int64_t parameters = 0;
        std::int64_t macs = 0;
        int errors = 0;
        int warnings = 0;
        QString problem; ///< the first message
    };

    [[nodiscard]] std::pair<ShapeState, Shape> leaving(PortRef port) const;
    void takeAnalysis(const Analysis& analysis);
    void takeDiagnostics(const Analysis& analysis);
    void describe(NodeLook& look, const Node& node) const;
    void preview(NodeLook& look, const Node& node) const;
    void writeLines(NodeLook& look, const Found& found) const;

    const Project* project_;
    const GraphScope* scope_;
    const Graph* graph_;
    std::int64_t totalMacs_ = 0;
    std::map<NodeId, Found> found_;
};

/// The icon of a node, and what it is called by its layer or block.
QString iconOf(const Node& node);
QString titleOf(const Node& node);

} // namespace gradwright
