// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

class CalloutItem;
class CanvasContext;
class NodeItem;

/// The problem that is shown on the canvas beside its node: the worst, or that of the selected
/// node.
class CanvasCallout {
public:
    explicit CanvasCallout(CanvasContext& canvas)
        : canvas_(&canvas) {}

    /// Nullptr where nothing is wrong.
    [[nodiscard]] CalloutItem* item() const { return item_; }
    void sync();
    void remove();
    /// The scene deletes it with its other items.
    void release() { item_ = nullptr; }

private:
    void place(const NodeItem& node);

    CanvasContext* canvas_;
    CalloutItem* item_ = nullptr;
};

} // namespace gradwright
