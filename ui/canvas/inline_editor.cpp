// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/inline_editor.h"

#include <QKeyEvent>

#include <utility>

namespace gradwright {

InlineEditor::InlineEditor(const QString& text, std::function<void(const QString&)> take,
                           QWidget* parent)
    : TextTaker(text, std::move(take), parent) {
    setObjectName(QStringLiteral("inlineEditor"));
    setAccessibleName(tr("Name"));
    selectAll();
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

} // namespace gradwright

#include "moc_inline_editor.cpp"
