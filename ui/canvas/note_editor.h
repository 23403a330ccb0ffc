// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/text_taker.h"

#include <QPlainTextEdit>

namespace gradwright {

/// The text of a note, over it. Escape and Ctrl+Enter end writing and keep what was written, which
/// may be long; undoing brings the text from before back.
class NoteEditor final : public TextTaker<QPlainTextEdit> {
    Q_OBJECT
public:
    NoteEditor(const QString& text, std::function<void(const QString&)> take, QWidget* parent);

protected:
    [[nodiscard]] QString typed() const override { return toPlainText(); }
    /// What is empty goes, also when it was never anything else.
    [[nodiscard]] bool isNews(const QString& text) const override {
        return text.isEmpty() || TextTaker::isNews(text);
    }
    void keyPressEvent(QKeyEvent* event) override;
};

} // namespace gradwright
