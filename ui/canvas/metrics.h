// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>

#include <cmath>
#include <cstddef>

// Sizes on the canvas, in scene units (logical pixels at 100 %).
namespace gradwright::metrics {

inline constexpr double kNodeWidth = 208;
inline constexpr double kNodeHeight = 54;
inline constexpr double kPortRadius = 4.5;
inline constexpr double kFittingPortRadius = 7;
inline constexpr double kPortHit = 12;
inline constexpr double kGrid = 4;
inline constexpr double kDots = 24;
/// From one node to the next below it and beside it.
inline constexpr double kRowPitch = 88;
inline constexpr double kColumnPitch = 256;
/// Below these zooms a node shows less.
inline constexpr double kDetailZoom = 0.5;
inline constexpr double kBlockZoom = 0.25;

inline QRectF nodeRect() {
    return {0, 0, kNodeWidth, kNodeHeight};
}

inline double onGrid(double value) {
    return std::round(value / kGrid) * kGrid;
}

/// Where the port stands along a node's side of that length, which has `count` of them.
inline double alongSide(double length, std::size_t port, std::size_t count) {
    return length * (static_cast<double>(port) + 1) / (static_cast<double>(count) + 1);
}

} // namespace gradwright::metrics
