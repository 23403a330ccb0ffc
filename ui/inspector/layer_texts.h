// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "ui/theme/theme_manager.h"

class QLabel;
class QWidget;

namespace gradwright {

/// A label in one of the style sheet's roles.
QLabel* textLabel(const QString& text, const char* role);

/// Icon, title and category of a layer.
QWidget* makeLayerHead(const LayerDef& layer, const QString& title, const ThemeManager& themes);

/// Everything that a layer's declaration says of it: what it does, formula, source, and each
/// parameter with its range.
QWidget* makeLayerDoc(const LayerDef& layer);

} // namespace gradwright
