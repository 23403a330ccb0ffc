// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/id.h"

#include <QColor>
#include <QString>

#include <optional>

namespace gradwright {

/// What a node says in the place of its cost and shape.
struct NodeOverlay {
    QString line;  ///< the second line, left
    QString right; ///< the second line, right
    QColor fill;   ///< invalid: as always
};

/// The same of a link.
struct LinkOverlay {
    QString text; ///< on its pill
    QColor color; ///< invalid: as always
};

/// Something that is shown on the canvas for a while, such as the values of a batch. Asked for one
/// item at a time, when it is painted; nothing leaves the item as it is.
class CanvasOverlay {
public:
    virtual ~CanvasOverlay() = default;
    [[nodiscard]] virtual std::optional<NodeOverlay> node(NodeId id) const = 0;
    [[nodiscard]] virtual std::optional<LinkOverlay> link(LinkId id) const = 0;
};

} // namespace gradwright
