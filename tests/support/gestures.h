// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTest>

#include <vector>

namespace gradwright::test {

/// A stroke in a widget's coordinates: presses, moves in small steps and releases, as a hand does.
inline void drawWithMouse(QWidget& widget, const std::vector<QPoint>& line) {
    constexpr int kParts = 10;
    QTest::mousePress(&widget, Qt::LeftButton, {}, line.front());
    for (std::size_t i = 1; i < line.size(); ++i)
        for (int part = 1; part <= kParts; ++part)
            QTest::mouseMove(&widget, line[i - 1] + (line[i] - line[i - 1]) * part / kParts);
    QTest::mouseRelease(&widget, Qt::LeftButton, {}, line.back());
}

/// Strokes that look like the digits one and seven on the drawing pad at its usual size.
inline const std::vector<QPoint> kOne = {{165, 70}, {160, 150}, {155, 240}};
inline const std::vector<QPoint> kSeven = {{95, 80}, {205, 78}, {170, 150}, {140, 240}};

} // namespace gradwright::test
