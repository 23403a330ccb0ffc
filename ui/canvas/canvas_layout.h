// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QObject>
#include <QPointF>

#include <map>

class QVariantAnimation;

namespace gradwright {

class CanvasContext;
class LayoutJob;

/// The automatic layout of a canvas: computed off the GUI thread, taken when it is done, and shown
/// as a movement.
class CanvasLayout final : public QObject {
    Q_OBJECT

public:
    explicit CanvasLayout(CanvasContext& canvas);

    /// Lays all nodes out; undone as one step.
    void layOut();
    /// Another direction, and a layout for it, as one step.
    void setFlow(Flow flow);
    /// Gives nodes without a position one, for as long as nobody moves them.
    void provide();
    void cancel();
    [[nodiscard]] bool isRunning() const { return job_ != nullptr; }
    /// Something has been moved meanwhile: everything goes to its place at once.
    void endAnimation();

Q_SIGNALS:
    void started();
    void ended();
    /// Nodes have got other places.
    void laidOut();

private:
    enum class Take { Provided, AsEdit, WithLastEdit };

    void run(Take take);
    void take(const std::map<NodeId, Point>& positions, Take how);
    void animateFrom(const std::map<NodeId, QPointF>& before);

    CanvasContext* canvas_;
    LayoutJob* job_ = nullptr;
    QVariantAnimation* animation_ = nullptr;
};

} // namespace gradwright
