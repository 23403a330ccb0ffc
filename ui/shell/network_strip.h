// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "ui/theme/theme.h"

#include <QPainter>

#include <utility>
#include <vector>

namespace gradwright {

/// A small picture of a network: its layers as coloured bars from left to right, with an arc where
/// a link skips layers.
class NetworkStrip {
public:
    NetworkStrip() = default;
    explicit NetworkStrip(const Graph& graph);

    void paint(QPainter& painter, const QRectF& rect, const Theme& theme) const;

private:
    std::vector<Category> bars_;
    std::vector<std::pair<int, int>> skips_; ///< of bars, by number
};

} // namespace gradwright
