// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

class CanvasView;

/// Lets screen readers see what is on canvases: a list of layers, links, frames and notes, each
/// with name, type, shape and problems, which can be selected and edited. Once a program, before
/// anything is said of a canvas, since Qt keeps the first interface that it finds.
void makeCanvasesAccessible();

/// Tells a screen reader, if there is one, that another item is the current one.
void announceCurrentItem(CanvasView& view);
/// The same of items that have come or gone.
void announceItems(CanvasView& view);

} // namespace gradwright
