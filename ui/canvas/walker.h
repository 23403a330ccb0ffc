// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <Qt>

#include <optional>

namespace gradwright {

class CanvasContext;

/// Goes from node to node by the arrow keys.
class Walker {
public:
    /// Selects the next node along a link: up against the flow, down with it, left and right among
    /// those at the same end. With `extend` the selection before stays.
    void walk(CanvasContext& canvas, Qt::Key arrow, bool extend);

private:
    std::optional<NodeId> at_; ///< where it stands, as long as that is selected
};

} // namespace gradwright
