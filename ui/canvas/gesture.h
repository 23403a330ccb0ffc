// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <Qt>

namespace gradwright {

/// What the mouse is doing on the canvas between a press and the release. Deleting it gives it up;
/// what it drew goes with it.
class Gesture {
public:
    Gesture() = default;
    Gesture(const Gesture&) = delete;
    Gesture& operator=(const Gesture&) = delete;
    virtual ~Gesture() = default;

    virtual void move(QPointF at, Qt::KeyboardModifiers keys) = 0;
    virtual void drop(QPointF at) = 0;
    /// Whether what is held is still there: a key may take it away.
    [[nodiscard]] virtual bool isHolding() const = 0;
    /// Whether the scene's own handling of the mouse rests meanwhile.
    [[nodiscard]] virtual bool takesTheMouse() const { return false; }
};

} // namespace gradwright
