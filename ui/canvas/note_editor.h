// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPlainTextEdit>

#include <functional>

namespace gradwright {

/// The text of a note, over it. Ctrl+Enter and a click elsewhere take it, Escape does not. It
/// deletes itself.
class NoteEditor final : public QPlainTextEdit {
    Q_OBJECT
public:
    NoteEditor(const QString& text, std::function<void(const QString&)> take, QWidget* parent);

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
