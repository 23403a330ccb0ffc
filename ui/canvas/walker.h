// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <Qt>

#include <optional>
#include <vector>

namespace gradwright {

class CanvasContext;

/// Goes from node to node by the arrow keys.
class Walker {
public:
    /// Selects the next node along a link: up against the flow, down with it, left and right among
    /// those at the same end. With `extend` the selection before stays. Where nothing is selected,
    /// it begins at the first node that is read.
    void walk(CanvasContext& canvas, Qt::Key arrow, bool extend);
    /// The same along links alone, whatever the flow: to a node behind (`on`) or before.
    void follow(CanvasContext& canvas, bool on, bool extend);

private:
    /// Where it stands; nothing when the walk has only begun.
    [[nodiscard]] std::optional<NodeId> place(CanvasContext& canvas) const;
    void goToNearest(CanvasContext& canvas, const std::vector<NodeId>& candidates, NodeId from,
                     bool extend);

    std::optional<NodeId> at_; ///< where it stands, as long as that is selected
};

} // namespace gradwright
