// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/inline_editor.h"

#include <QKeyEvent>

#include <utility>

namespace gradwright {

InlineEditor::InlineEditor(const QString& text, std::function<void(const QString&)> take,
                           QWidget* parent)
    : QLineEdit(text, parent)
    , take_(std::move(take))
    , before_(text) {
    setObjectName(QStringLiteral("inlineEditor"));
    setAccessibleName(tr("Name"));
    selectAll();
}

bool InlineEditor::event(QEvent* event) {
    // Every key is the field's, also those that are commands on the canvas.
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    return QLineEdit::event(event);
}

void InlineEditor::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        finish(true);
        return;
    case Qt::Key_Escape:
        finish(false);
        return;
    default:
        QLineEdit::keyPressEvent(event);
    }
}

void InlineEditor::focusOutEvent(QFocusEvent* event) {
    QLineEdit::focusOutEvent(event);
    if (event->reason() != Qt::PopupFocusReason)
        finish(true);
}

void InlineEditor::finish(bool taken) {
    if (std::exchange(finished_, true))
        return;
    QWidget* const canvas = parentWidget();
    hide();
    deleteLater();
    if (canvas != nullptr)
        canvas->setFocus();
    if (taken && text() != before_)
        take_(text());
}

} // namespace gradwright
