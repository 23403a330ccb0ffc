// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "ui/canvas/metrics.h"

#include <QColor>
#include <QPolygonF>
#include <QRectF>
#include <QString>

#include <cstddef>
#include <vector>

namespace gradwright {

/// What is in a block, small, as its instance shows it.
struct BlockPreview {
    struct Part {
        QRectF rect; ///< within the node
        QString title;
        QString icon;
        Category category = Category::InputOutput;
        bool operator==(const Part&) const = default;
    };
    std::vector<Part> parts;
    std::vector<QPolygonF> wires;
    bool operator==(const BlockPreview&) const = default;
};

/// The room that a node takes and the ports at its sides.
struct NodeForm {
    std::size_t inputs = 0; ///< ports shown
    std::size_t outputs = 0;
    QSizeF size{metrics::kNodeWidth, metrics::kNodeHeight};
    BlockPreview preview; ///< of an instance that shows what is in it
    bool operator==(const NodeForm&) const = default;
};

/// What a node says, ready to paint.
struct NodeLook {
    enum class State { Normal, Pending, Error };

    QString title;      ///< with what tells the layer from others of its kind: "Conv 5×5×6"
    QString shortTitle; ///< "Conv 2D", where there is no room for more
    QString name;
    QString icon;
    Category category = Category::InputOutput;
    State state = State::Normal;
    QString line;  ///< the second line, left
    QString right; ///< the second line, right
    QString toolTip;
    double share = 0; ///< of the network's MACs
    int warnings = 0;
    bool isBlock = false;
    bool isFrozen = false; ///< training leaves all weights in it alone
    QColor fill = {};      ///< an overlay's colour; invalid: as always
};

enum class LinkState { Valid, Pending, Incompatible };

/// What a link says: on its pill stands the shape that it carries.
struct LinkLook {
    LinkState state = LinkState::Pending;
    QString text;
    QColor color = {}; ///< an overlay's colour; invalid: as always
};

} // namespace gradwright
