// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/clipboard.h"

namespace gradwright {

class CanvasContext;

/// What is selected, with what lies in the selected frames.
Copied copiedItems(const CanvasContext& canvas);

void copySelection(const CanvasContext& canvas);
void cutSelection(CanvasContext& canvas);
/// Pasted items are selected.
void paste(CanvasContext& canvas);
void duplicateSelection(CanvasContext& canvas);

} // namespace gradwright
