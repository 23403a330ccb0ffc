// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QString>

#include <filesystem>
#include <functional>

class QLabel;
class QPushButton;

namespace gradwright {

class ThemeManager;

/// Gives experiments other names and moves them to the trash. A line says what was done last, and
/// takes it back.
class ExperimentCare final : public QFrame {
    Q_OBJECT

public:
    explicit ExperimentCare(const ThemeManager& themes, QWidget* parent = nullptr);

    /// Asks for another name.
    void rename(const std::filesystem::path& folder, const QString& name);
    /// Asks, and moves it to the trash; where there is none, asks whether it is to go for good.
    void remove(const std::filesystem::path& folder, const QString& name);
    /// Takes the last of these back, if there is one.
    void undo();
    [[nodiscard]] bool canUndo() const { return static_cast<bool>(undo_); }

Q_SIGNALS:
    /// What is in the folder of experiments has changed.
    void changed();
    void failed(const QString& reason);

private:
    void say(const QString& text, std::function<void()> undo);
    void setName(const std::filesystem::path& folder, const QString& name);

    QLabel* text_;
    QPushButton* button_;
    std::function<void()> undo_;
};

} // namespace gradwright
