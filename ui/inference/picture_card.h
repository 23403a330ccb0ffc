// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QWidget>

class QAction;
class QLabel;
class QPushButton;

namespace gradwright {

class TestStepper;
class ThemeManager;
struct TrainedModel;

/// Where pictures come from: a file, the clipboard, a folder, the test set.
class PictureCard final : public QWidget {
    Q_OBJECT

public:
    explicit PictureCard(ThemeManager& theme, QWidget* parent = nullptr);

    void setModel(const TrainedModel& model);
    [[nodiscard]] TestStepper& stepper() { return *stepper_; }
    [[nodiscard]] const QList<QAction*>& menuActions() const { return actions_; }
    /// What is wrong with a picture; empty: nothing.
    void showProblem(const QString& problem);

Q_SIGNALS:
    void fileChosen(const QString& file);
    void folderChosen(const QString& folder);
    void pasteWanted();

private:
    QPushButton* button(ThemeManager& theme, const QString& icon, const QString& text,
                        const QString& command);

    QLabel* title_ = nullptr;
    QLabel* text_;
    QLabel* problem_;
    QWidget* buttons_;
    TestStepper* stepper_;
    QList<QAction*> actions_;
};

} // namespace gradwright
