// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/text_taker.h"

#include <QLineEdit>

namespace gradwright {

/// A field over a name on the canvas. Enter takes what was typed, Escape does not.
class InlineEditor final : public TextTaker<QLineEdit> {
    Q_OBJECT
public:
    InlineEditor(const QString& text, std::function<void(const QString&)> take, QWidget* parent);

protected:
    [[nodiscard]] QString typed() const override { return text(); }
    void keyPressEvent(QKeyEvent* event) override;
};

} // namespace gradwright
