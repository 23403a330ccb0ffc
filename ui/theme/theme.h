// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/diagnostic.h"
#include "engine/layers/layer.h"

#include <QColor>
#include <QFont>

#include <array>

namespace gradwright {

enum class ThemeKind { Dark, Light };

/// Every colour of the window; palette, style sheet, canvas and plots are drawn from it alone.
struct Theme {
    ThemeKind kind;

    QColor window, panel, canvas, field, raised, hover, selection;
    QColor divider; ///< decoration only; what can be clicked has `border`
    QColor border;
    QColor text, text2, text3, disabled;
    QColor accent, accentHover, onAccent;
    QColor focus; ///< rings and links

    QColor error, errorTint, warning, warningTint, ok, okTint, info, infoTint;
    QColor training, validation, run3, run4;
    QColor grid, axis;

    QColor nodeFill, nodeBorder, wire;

    std::array<QColor, 10> categories; ///< by Category; for bars and icons, never text

    [[nodiscard]] const QColor& category(Category which) const {
        return categories[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] const QColor& severity(Severity which) const;
    [[nodiscard]] const QColor& severityTint(Severity which) const;
};

const Theme& theme(ThemeKind kind);

/// Sizes of type, in logical pixels.
namespace type {
inline constexpr int kBody = 13;
inline constexpr int kDense = 12;
inline constexpr int kCaption = 11;
inline constexpr int kPanelTitle = 14;
inline constexpr int kFigure = 16;
inline constexpr int kPageTitle = 18;
} // namespace type

QFont textFont(int pixels, QFont::Weight weight = QFont::Normal);
/// For numbers and shapes.
QFont fixedFont(double pixels);

/// The name of the icon of a category or of a severity in resources/icons.
QString iconOf(Category category);
QString iconOf(Severity severity);

} // namespace gradwright
