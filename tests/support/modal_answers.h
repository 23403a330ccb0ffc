// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QApplication>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QTest>
#include <QTimer>

#include <deque>
#include <functional>

namespace gradwright::test {

/// Enters a file's name in an open file dialog. The name is not typed key by key: Qt completes what
/// is typed from folders that it reads in the background, and on a busy computer Return then takes
/// a completion that nobody chose.
inline void enterFileName(QFileDialog& dialog, const QString& path) {
    auto* const name = dialog.findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
    name->setFocus();
    name->setText(path);
    QTest::keyClick(name, Qt::Key_Return);
}

/// Answers modal dialogs with mouse and keys, one after the other, while the code that opened them
/// waits for its answer. What was asked is kept.
class ModalAnswers : public QObject {
public:
    ModalAnswers() {
        timer_.setInterval(20);
        connect(&timer_, &QTimer::timeout, this, &ModalAnswers::look);
        timer_.start();
    }

    /// Presses the button of that name in the next dialog that has one, once it can be pressed.
    ModalAnswers& press(const char* name) {
        steps_.push_back([name = QByteArray(name)](QWidget& dialog) -> std::function<void()> {
            auto* const button = dialog.findChild<QAbstractButton*>(QLatin1String(name));
            if (!button || !button->isVisible() || !button->isEnabled())
                return {};
            return [button] { QTest::mouseClick(button, Qt::LeftButton); };
        });
        return *this;
    }
    /// Presses a standard button of the next message box.
    ModalAnswers& press(QMessageBox::StandardButton which) {
        steps_.push_back([which](QWidget& dialog) -> std::function<void()> {
            auto* const box = qobject_cast<QMessageBox*>(&dialog);
            auto* const button = box ? box->button(which) : nullptr;
            if (!button)
                return {};
            return [button] { QTest::mouseClick(button, Qt::LeftButton); };
        });
        return *this;
    }
    /// Presses a key in the next dialog other than a file dialog.
    ModalAnswers& key(Qt::Key key) {
        steps_.push_back([key](QWidget& dialog) -> std::function<void()> {
            if (qobject_cast<QFileDialog*>(&dialog))
                return {};
            return [&dialog, key] {
                QTest::keyClick(dialog.focusWidget() ? dialog.focusWidget() : &dialog, key);
            };
        });
        return *this;
    }
    /// Enters the file's name in the next file dialog.
    ModalAnswers& file(const QString& path) {
        steps_.push_back([path](QWidget& dialog) -> std::function<void()> {
            auto* const files = qobject_cast<QFileDialog*>(&dialog);
            if (!files || !files->findChild<QLineEdit*>(QStringLiteral("fileNameEdit")))
                return {};
            return [files, path] { enterFileName(*files, path); };
        });
        return *this;
    }
    /// Looks at the next dialog without answering it; the next answer is for the same one.
    ModalAnswers& see(std::function<void(QWidget&)> look) {
        steps_.push_back([this, look = std::move(look)](QWidget& dialog) -> std::function<void()> {
            return [this, &dialog, look] {
                looking_ = true; // it may wait for something
                look(dialog);
                looking_ = false;
            };
        });
        return *this;
    }

    /// All answers that were prepared have been given.
    [[nodiscard]] bool isDone() const { return steps_.empty(); }
    /// Texts of the dialogs' labels, one dialog a line.
    [[nodiscard]] const QStringList& asked() const { return asked_; }

private:
    void look() {
        QWidget* const dialog = QApplication::activeModalWidget();
        if (!dialog || !dialog->isVisible() || steps_.empty() || looking_)
            return;
        const auto action = steps_.front()(*dialog);
        if (!action)
            return;
        steps_.pop_front();
        QStringList texts;
        for (const auto* const label : dialog->findChildren<QLabel*>())
            if (label->isVisible() && !label->text().isEmpty())
                texts << label->text();
        asked_ << texts.join(QStringLiteral(" | "));
        // Not from the timer, which would not fire again while another dialog is open.
        QMetaObject::invokeMethod(qApp, action, Qt::QueuedConnection);
    }

    std::deque<std::function<std::function<void()>(QWidget&)>> steps_;
    QStringList asked_;
    bool looking_ = false;
    QTimer timer_;
};

} // namespace gradwright::test
