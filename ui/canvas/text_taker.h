// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFocusEvent>
#include <QString>
#include <QWidget>

#include <functional>
#include <utility>

namespace gradwright {

/// A text field over something on the canvas. A click elsewhere takes what was typed; which keys
/// take or drop it is the field's. It deletes itself.
template <class Field>
class TextTaker : public Field {
public:
    TextTaker(const QString& text, std::function<void(const QString&)> take, QWidget* parent)
        : Field(text, parent)
        , take_(std::move(take))
        , before_(text) {}

protected:
    [[nodiscard]] virtual QString typed() const = 0;
    [[nodiscard]] virtual bool isNews(const QString& text) const { return text != before_; }

    bool event(QEvent* event) override {
        // Every key is the field's, also those that are commands on the canvas.
        if (event->type() == QEvent::ShortcutOverride) {
            event->accept();
            return true;
        }
        return Field::event(event);
    }

    void focusOutEvent(QFocusEvent* event) override {
        Field::focusOutEvent(event);
        if (event->reason() != Qt::PopupFocusReason)
            finish(true);
    }

    void finish(bool taken) {
        if (std::exchange(finished_, true))
            return;
        QWidget* const canvas = this->parentWidget();
        this->hide();
        this->deleteLater();
        if (canvas != nullptr)
            canvas->setFocus();
        const QString text = taken ? typed() : before_;
        if (isNews(text))
            take_(text);
    }

private:
    std::function<void(const QString&)> take_;
    QString before_;
    bool finished_ = false;
};

} // namespace gradwright
