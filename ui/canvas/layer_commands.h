// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "ui/canvas/node_item.h"

#include <QPointF>

#include <optional>
#include <string>

namespace gradwright {

class CanvasContext;

/// Adds a layer, or a block, by its key and selects it: at the place, in the link under it where
/// that fits; without a place, behind the selected node or below all others.
void addLayer(CanvasContext& canvas, const std::string& key, std::optional<QPointF> center = {});
/// The same behind the only selected node, and linked with it where the new layer takes an input;
/// without one selected, near `center`. Always on a free place.
void addBehindSelection(CanvasContext& canvas, const std::string& key, QPointF center);
/// The same as addLayer(), linked with a port.
void addLinkedLayer(CanvasContext& canvas, const std::string& key, QPointF center,
                    const Port& port);
/// Whether a layer could stand behind (an output) or before (an input) the port; without one,
/// whether it may stand on this canvas at all.
bool fits(const CanvasContext& canvas, const LayerDef& layer, const std::optional<Port>& port);
/// The same for a block of the project.
bool fits(const CanvasContext& canvas, const std::string& block, const std::optional<Port>& port);
void renameNode(CanvasContext& canvas, NodeId id, const QString& name);

void removeSelection(CanvasContext& canvas);
/// What fed the selected layers then feeds what they fed.
void removeAndClose(CanvasContext& canvas);
/// Links the selected nodes from top to bottom where that is possible.
void linkSelection(CanvasContext& canvas);
/// Whether any selected layer or block has weights.
bool haveWeights(const CanvasContext& canvas);
/// Whether all selected layers that have weights are frozen; false where there are none.
bool areFrozen(const CanvasContext& canvas);
/// Whether the selected layers' weights stay as they are while the network is trained; statistics
/// of batch normalizations stay with them.
void setFrozen(CanvasContext& canvas, bool frozen);
/// Freezes what the selected layer's value depends on, itself included.
void freezeUpToSelection(CanvasContext& canvas);
/// Makes the first fix of the problem that is shown.
void applyFix(CanvasContext& canvas);

} // namespace gradwright
