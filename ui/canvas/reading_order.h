// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "engine/project/project.h"

#include <QRectF>

#include <cstddef>
#include <map>
#include <span>
#include <vector>

namespace gradwright {

/// The order in which what lies on a canvas is read: along the links, and where these leave it
/// open, column by column and along the flow within a column. Columns are what stands side by side
/// across the flow without overlapping, as the sections of a folded layout do (see Folds).
class ReadingOrder {
public:
    /// `rects` are the nodes' places, in scene units; a node of `graph` without one is left out.
    ReadingOrder(const Graph& graph, const std::map<NodeId, QRectF>& rects, Flow flow);

    [[nodiscard]] const std::vector<NodeId>& nodes() const { return nodes_; }
    /// For each of `others`, which have no links (frames and notes): before which of nodes() it is
    /// read, counted from 0; nodes().size() for one that comes last.
    [[nodiscard]] std::vector<std::size_t> placesOf(std::span<const QRectF> others) const;

private:
    /// Where something stands: its column, and its place along the flow and across it.
    struct Place {
        std::size_t column = 0;
        double along = 0;
        double across = 0;
        auto operator<=>(const Place&) const = default;
    };
    [[nodiscard]] Place placeOf(const QRectF& rect) const;
    void findColumns(const std::map<NodeId, QRectF>& rects);

    Flow flow_;
    std::vector<double> columnEnds_; ///< across the flow, ascending
    std::vector<NodeId> nodes_;
    std::vector<Place> places_; ///< of nodes_
};

} // namespace gradwright
