// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/note_editor.h"

#include <QKeyEvent>

#include <utility>

namespace gradwright {

NoteEditor::NoteEditor(const QString& text, std::function<void(const QString&)> take,
                       QWidget* parent)
    : QPlainTextEdit(text, parent)
    , take_(std::move(take))
    , before_(text) {
    setObjectName(QStringLiteral("noteEditor"));
    setAccessibleName(tr("Text of the note"));
    setPlaceholderText(tr("Text. A line that begins with # is a heading; Ctrl+Enter takes it."));
    setTabChangesFocus(true);
    selectAll();
}

bool NoteEditor::event(QEvent* event) {
    // Every key is the field's, also those that are commands on the canvas.
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    return QPlainTextEdit::event(event);
}

void NoteEditor::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && event->modifiers().testFlag(Qt::ControlModifier))
        finish(true);
    else if (event->key() == Qt::Key_Escape)
        finish(false);
    else
        QPlainTextEdit::keyPressEvent(event);
}

void NoteEditor::focusOutEvent(QFocusEvent* event) {
    QPlainTextEdit::focusOutEvent(event);
    if (event->reason() != Qt::PopupFocusReason)
        finish(true);
}

void NoteEditor::finish(bool taken) {
    if (std::exchange(finished_, true))
        return;
    QWidget* const canvas = parentWidget();
    hide();
    deleteLater();
    if (canvas != nullptr)
        canvas->setFocus();
    // What is empty goes, also when it was never anything else.
    const QString text = taken ? toPlainText() : before_;
    if (text != before_ || text.isEmpty())
        take_(text);
}

} // namespace gradwright
