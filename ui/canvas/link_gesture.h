// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/gesture.h"
#include "ui/canvas/node_item.h"

#include <QString>

#include <functional>
#include <memory>
#include <optional>
#include <set>

class QGraphicsPathItem;

namespace gradwright {

class CanvasContext;
class LinkItem;

/// Drags a link from a port to another one: a new link, or one whose end is moved.
class LinkGesture final : public Gesture {
public:
    /// A link was dropped on free canvas: what shall stand there?
    using OnVoid = std::function<void(const Port& from, QPointF at)>;

    /// From the port at the place, or with the end of the link that is there; nothing without one.
    static std::unique_ptr<LinkGesture> beginAtPort(CanvasContext& canvas, QPointF at,
                                                    OnVoid onVoid);
    /// With the near end of a link, where the place is close to one.
    static std::unique_ptr<LinkGesture> beginAtEnd(CanvasContext& canvas, const LinkItem& link,
                                                   QPointF at, OnVoid onVoid);
    ~LinkGesture() override;

    void move(QPointF at, Qt::KeyboardModifiers keys) override;
    void drop(QPointF at) override;
    [[nodiscard]] bool isHolding() const override;
    [[nodiscard]] bool takesTheMouse() const override { return true; }

private:
    LinkGesture(CanvasContext& canvas, Port from, std::optional<LinkId> replaced, QPointF at,
                OnVoid onVoid);
    void end();
    void dropOnVoid(QPointF at);
    [[nodiscard]] std::optional<Port> targetAt(QPointF at) const;
    [[nodiscard]] std::optional<QString> whyNot(const Port& to) const;
    [[nodiscard]] QString shapeProblem(const Port& to) const;

    CanvasContext* canvas_;
    Port from_;
    std::optional<LinkId> replaced_; ///< whose end is being moved
    OnVoid onVoid_;
    std::set<NodeId> cyclic_; ///< a link to (from) these would close a cycle
    QGraphicsPathItem* line_ = nullptr;
};

} // namespace gradwright
