// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "ui/canvas/canvas_overlay.h"
#include "ui/canvas/looks.h"
#include "ui/document/graph_scope.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

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
    /// What is shown instead until it is null again; called anew when it has changed. It must live
    /// as long as it is set.
    void setOverlay(const CanvasOverlay* overlay);
    [[nodiscard]] bool hasOverlay() const { return overlay_ != nullptr; }
    /// Grows with each take() and setOverlay(): what was answered before is old then.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

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
        Category category = Category::Shape; ///< as blocks have it
        Shape output;
        /// What leaves a block's instance, by the nodes of its ports, or a layer of several
        /// outputs, by their numbers.
        std::map<NodeId, std::pair<ShapeState, Shape>> ports;
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
    /// Nullptr for a node that was not there.
    [[nodiscard]] const Found* foundOf(NodeId id) const;
    [[nodiscard]] std::optional<std::size_t> placeOf(NodeId id) const;
    [[nodiscard]] const Graph* graph() const;
    [[nodiscard]] const Node* nodeOf(NodeId id) const;
    void takeNodes(const Analysis& analysis);
    void takeDiagnostics(const Analysis& analysis);
    void describe(NodeLook& look, const Node& node) const;
    void writeLines(NodeLook& look, const Node& node, const Found& found) const;

    const Project* project_;
    const GraphScope* scope_;
    const CanvasOverlay* overlay_ = nullptr;
    std::int64_t totalMacs_ = 0;
    std::uint64_t revision_ = 0;
    std::vector<NodeId> ids_;  ///< of the nodes, in order
    std::vector<Found> found_; ///< of each
};

/// What an item looks like: asked for when the item is shown, kept until something else is found.
template <class Look>
class SeenLook {
public:
    template <class Ask>
    const Look& get(const NodeLooks& looks, Ask ask) const {
        if (revision_ != looks.revision()) {
            look_ = ask();
            revision_ = looks.revision();
        }
        return look_;
    }

private:
    mutable Look look_;
    mutable std::optional<std::uint64_t> revision_; ///< of the answer
};

} // namespace gradwright
