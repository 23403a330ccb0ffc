// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLineEdit>

#include <functional>

namespace gradwright {

/// A field over a text on the canvas. Enter and a click elsewhere take what was typed, Escape does
/// not. It deletes itself.
class InlineEditor final : public QLineEdit {
    Q_OBJECT
public:
    InlineEditor(const QString& text, std::function<void(const QString&)> take, QWidget* parent);

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void finish(bool taken);

    std::function<void(const QString&)> take_;
    QString before_;
    bool finished_ = false;
};

} // namespace gradwright
