// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

class CanvasView;

/// Lets screen readers see what is on canvases: a list of layers, links, frames and notes, each
/// with name, type, shape and problems. Once a program.
void makeCanvasesAccessible();

/// Tells a screen reader, if there is one, that another item is the current one.
void announceCurrentItem(CanvasView& view);

} // namespace gradwright
