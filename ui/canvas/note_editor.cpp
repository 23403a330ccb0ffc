// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/note_editor.h"

#include <QKeyEvent>

#include <utility>

namespace gradwright {

NoteEditor::NoteEditor(const QString& text, std::function<void(const QString&)> take,
                       QWidget* parent)
    : TextTaker(text, std::move(take), parent) {
    setObjectName(QStringLiteral("noteEditor"));
    setAccessibleName(tr("Text of the note"));
    setPlaceholderText(
        tr("Text. A line that begins with # is a heading; Esc or Ctrl+Enter ends writing."));
    setTabChangesFocus(true);
    selectAll();
}

void NoteEditor::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (event->key() == Qt::Key_Escape ||
        (enter && event->modifiers().testFlag(Qt::ControlModifier)))
        finish(true);
    else
        QPlainTextEdit::keyPressEvent(event);
}

} // namespace gradwright

#include "moc_note_editor.cpp"
