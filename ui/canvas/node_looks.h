// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "ui/canvas/looks.h"
#include "ui/document/graph_scope.h"

#include <map>

namespace gradwright {

/// What nodes and links of the graph that is shown look like: their forms, which depend on what is
/// drawn alone, and what analysis found. Answers for one item at a time: of a large network most
/// are out of sight.
class NodeLooks {
public:
    /// Both are read again with each question.
    NodeLooks(const Project& project, const GraphScope& scope);

    /// Takes over what was found; what it says of shapes and problems is true until the next edit.
    void take(const Analysis& analysis);

    [[nodiscard]] NodeForm form(NodeId id) const;
    [[nodiscard]] NodeLook node(NodeId id) const;
    [[nodiscard]] LinkLook link(LinkId id) const;
    /// What is said of the link when one points at it.
    [[nodiscard]] QString tipOf(LinkId id) const;
    /// What a node is painted with where it is too small for more.
    [[nodiscard]] Category categoryOf(NodeId id) const;
    [[nodiscard]] bool isWrong(NodeId id) const;

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

    struct Carried {
        ShapeState state = ShapeState::Pending;
        const Shape* shape = nullptr;
    };
    [[nodiscard]] Carried leaving(PortRef port) const;
    [[nodiscard]] const Graph* graph() const;
    [[nodiscard]] const Node* nodeOf(NodeId id) const;
    void takeNodes(const Analysis& analysis);
    void takeDiagnostics(const Analysis& analysis);
    void describe(NodeLook& look, const Node& node) const;
    void preview(NodeForm& form, const Node& node) const;
    void writeLines(NodeLook& look, const Node& node, const Found& found) const;

    const Project* project_;
    const GraphScope* scope_;
    std::int64_t totalMacs_ = 0;
    std::map<NodeId, Found> found_;
};

/// The icon of a node, and what it is called by its layer or block.
QString iconOf(const Node& node);
QString titleOf(const Node& node);

} // namespace gradwright
