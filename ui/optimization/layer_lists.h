// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/layer_times.h"

#include <QWidget>

#include <array>
#include <vector>

class QLabel;
class QTreeWidget;

namespace gradwright {

/// The layers of a network before the passes for inference and after them, side by side: what
/// became one has its parts indented below it, and choosing a layer in one list chooses in the
/// other what it was or is. Once measured, each has its time as a figure and a bar. (Lists and no
/// canvas: the items of a canvas belong to a document and its network, and a graph after the passes
/// has none.)
class LayerLists final : public QWidget {
    Q_OBJECT
public:
    enum Side { kBefore, kAfter, kSides };

    explicit LayerLists(QWidget* parent = nullptr);

    /// Not measured.
    void showLayers(const std::vector<LayerTime>& before, const std::vector<LayerTime>& after);
    void showTimes(const LayerTimes& before, const LayerTimes& after);
    void clear();

    [[nodiscard]] QTreeWidget& list(Side side) { return *lists_[side]; }
    [[nodiscard]] QLabel& caption(Side side) { return *captions_[side]; }

private:
    void fill(Side side, const std::vector<LayerTime>& layers, double longest);
    /// Chooses in the other list what has a part in common.
    void follow(Side from);

    std::array<QTreeWidget*, kSides> lists_;
    std::array<QLabel*, kSides> captions_;
    bool follows_ = false; ///< while one list is made to follow the other
};

} // namespace gradwright
