// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "ui/canvas/link_item.h"
#include "ui/canvas/node_item.h"

#include <map>

namespace gradwright {

struct LinkLook {
    LinkState state = LinkState::Pending;
    QString text;
};

/// What analysis found, as nodes and links of the main graph show it.
class NodeLooks {
public:
    NodeLooks(const Network& network, const Analysis& analysis);

    [[nodiscard]] NodeLook node(NodeId id) const;
    [[nodiscard]] LinkLook link(LinkId id) const;

private:
    /// A layer, or all layers of a block's instance together.
    struct Found {
        ShapeState state = ShapeState::Pending;
        Shape output;
        std::int64_t parameters = 0;
        std::int64_t macs = 0;
        int errors = 0;
        QString problem; ///< the first message
    };

    void describeLayer(NodeLook& look, const LayerDef& layer, const Node& node) const;

    const Network* network_;
    std::map<NodeId, Found> found_;
};

} // namespace gradwright
