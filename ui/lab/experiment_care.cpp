// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_care.h"

#include "engine/lab/experiment.h"
#include "engine/support/error.h"
#include "ui/session/run_trash.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QInputDialog>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>

#include <system_error>
#include <utility>

namespace gradwright {

ExperimentCare::ExperimentCare(const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , text_(new QLabel)
    , button_(new QPushButton(tr("Undo"))) {
    setObjectName(QStringLiteral("experimentCare"));
    text_->setObjectName(QStringLiteral("experimentCareText"));
    text_->setWordWrap(true);
    button_->setObjectName(QStringLiteral("undoExperiment"));
    auto* const close = new QPushButton(tr("Dismiss"));
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(14, 6, 12, 6);
    row->addWidget(text_, 1);
    row->addWidget(button_);
    row->addWidget(close);
    connect(button_, &QPushButton::clicked, this, &ExperimentCare::undo);
    connect(close, &QPushButton::clicked, this, &QWidget::hide);
    const auto dress = [this, &themes] {
        const auto& theme = themes.theme();
        setStyleSheet(QStringLiteral("QFrame#experimentCare { background: %1; border: none;"
                                     "border-bottom: 1px solid %2; }")
                          .arg(theme.infoTint.name(), theme.info.name()));
    };
    dress();
    connect(&themes, &ThemeManager::changed, this, dress);
    hide();
}

void ExperimentCare::rename(const std::filesystem::path& folder, const QString& name) {
    bool isTaken = false;
    const auto wanted = QInputDialog::getText(window(), tr("Rename experiment"), tr("Name"),
                                              QLineEdit::Normal, name, &isTaken)
                            .trimmed();
    if (!isTaken || wanted == name)
        return;
    try {
        ExperimentDirectory::open(folder).rename(wanted.toStdString());
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
        return;
    }
    say(tr("%1 is called %2 now.").arg(name, wanted),
        [this, folder, name] { setName(folder, name); });
    Q_EMIT changed();
}

void ExperimentCare::setName(const std::filesystem::path& folder, const QString& name) {
    ExperimentDirectory::open(folder).rename(name.toStdString());
}

void ExperimentCare::remove(const std::filesystem::path& folder, const QString& name) {
    QMessageBox question(QMessageBox::Question, tr("Delete experiment"),
                         tr("Move %1 with all its trials and its report to the trash?").arg(name),
                         QMessageBox::NoButton, window());
    auto* const yes = question.addButton(tr("Move to trash"), QMessageBox::DestructiveRole);
    question.setDefaultButton(question.addButton(QMessageBox::Cancel));
    question.exec();
    if (question.clickedButton() != yes)
        return;
    try {
        const auto directory = ExperimentDirectory::open(folder);
        const auto lock = directory.lock(); // nobody works on it
        const auto trashed = moveFolderToTrash(folder, "experiment");
        say(tr("%1 is in the trash.").arg(name), [trashed] { restoreRun(trashed); });
    } catch (const Error& error) {
        const auto reason = QString::fromUtf8(error.what());
        if (!reason.contains(QStringLiteral("the trash cannot take"))) {
            Q_EMIT failed(reason);
            return;
        }
        QMessageBox last(QMessageBox::Warning, tr("Delete experiment"),
                         tr("There is no trash for it. Delete %1 for good?").arg(name),
                         QMessageBox::NoButton, window());
        auto* const forGood = last.addButton(tr("Delete for good"), QMessageBox::DestructiveRole);
        last.setDefaultButton(last.addButton(QMessageBox::Cancel));
        last.exec();
        if (last.clickedButton() != forGood)
            return;
        std::error_code failure;
        std::filesystem::remove_all(folder, failure);
        if (failure) {
            Q_EMIT failed(tr("%1 cannot be deleted: %2")
                              .arg(name, QString::fromStdString(failure.message())));
            return;
        }
        undo_ = {};
        hide();
    }
    Q_EMIT changed();
}

void ExperimentCare::undo() {
    if (!undo_)
        return;
    const auto work = std::exchange(undo_, {});
    hide();
    try {
        work();
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
    Q_EMIT changed();
}

void ExperimentCare::say(const QString& text, std::function<void()> undo) {
    text_->setText(text);
    undo_ = std::move(undo);
    show();
}

} // namespace gradwright
