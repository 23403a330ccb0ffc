// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/layered_graph.h"

#include <QSizeF>

#include <cstddef>
#include <span>
#include <vector>

namespace gradwright {

/// Where a long part of a graph is folded: its ranks stand in sections side by side, as the columns
/// of a newspaper do, when the part can be shown larger so.
class Folds {
public:
    struct Section {
        std::size_t firstRank = 0;
        double shift = 0; ///< Its slots are moved by this across the flow.
    };

    /// Of a part whose slots are placed. `start` and `depth` say where each rank begins along the
    /// flow and how long it is there; the page's width lies across the flow. An empty page: one
    /// section.
    Folds(const LayeredGraph& part, std::span<const double> start, std::span<const double> depth,
          QSizeF page);

    [[nodiscard]] const Section& sectionOf(std::size_t rank) const;
    [[nodiscard]] std::size_t count() const { return sections_.size(); }
    /// The bounds of all sections across the flow, the room to the next slot included.
    [[nodiscard]] double left() const { return left_; }
    [[nodiscard]] double right() const { return right_; }

private:
    std::vector<Section> sections_;
    double left_ = 0;
    double right_ = 0;
};

} // namespace gradwright
