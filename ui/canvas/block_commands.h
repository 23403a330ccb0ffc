// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <QString>

#include <cstdint>
#include <string>

namespace gradwright {

class CanvasContext;

void groupSelection(CanvasContext& canvas);
void ungroupSelection(CanvasContext& canvas);
void toggleExpanded(CanvasContext& canvas);
void repeatSelection(CanvasContext& canvas, std::int64_t times);
void makeSelectionUnique(CanvasContext& canvas);
/// The instance that is selected alone, or the one that the canvas is in; nullptr when neither.
const Node* chosenInstance(const CanvasContext& canvas);
void renameBlock(CanvasContext& canvas, const std::string& block, const QString& name);

} // namespace gradwright
