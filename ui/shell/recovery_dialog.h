// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/autosave.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

#include <optional>

class QComboBox;
class QHBoxLayout;
class QPushButton;
class QTextBrowser;

namespace gradwright {

/// What a crash left, beside what had been saved: both states of each project with a picture and
/// their sizes, and what lies between them.
class RecoveryDialog final : public QDialog {
    Q_OBJECT
public:
    enum class Answer { Later, OpenUnsaved, OpenSaved, DiscardUnsaved };

    /// `found` is not empty.
    RecoveryDialog(std::vector<RecoverableProject> found, const ThemeManager& themes,
                   QWidget* parent = nullptr);

    [[nodiscard]] Answer answer() const { return answer_; }
    /// The one that the answer is about.
    [[nodiscard]] const RecoverableProject& chosen() const;

private:
    void showChosen();
    void finish(Answer answer);
    QPushButton* addButton(QHBoxLayout& row, const QString& text, const char* name, Answer answer);

    std::vector<RecoverableProject> found_;
    const ThemeManager* themes_;
    Answer answer_ = Answer::Later;
    QComboBox* choice_;
    QHBoxLayout* sides_;
    QTextBrowser* changes_;
    QPushButton* openSaved_;
};

} // namespace gradwright
