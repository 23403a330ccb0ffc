// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with a run of the list.
#include "engine/project/run_label.h"
#include "engine/project/runs.h"
#include "ui/runs/run_comparison.h"
#include "ui/runs/runs_panel.h"
#include "ui/theme/text.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QInputDialog>
#include <QLabel>
#include <QMenu>
#include <QTextDocument>
#include <QUrl>

#include <algorithm>
#include <exception>
#include <system_error>

namespace gradwright {
namespace {

QString pathText(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

/// A text of the user's has no mnemonics.
QString plainActionText(QString text) {
    return text.replace(u'&', QStringLiteral("&&"));
}

} // namespace

void RunsPanel::fillMenu(QMenu& menu, const std::filesystem::path& folder) {
    const auto* const run = find(folder);
    if (run == nullptr)
        return;
    const bool active = folder == active_;
    const auto add = [&](const QString& text, const char* name, auto action) {
        auto* const made = menu.addAction(text, this, action);
        made->setObjectName(QLatin1String(name));
        return made;
    };
    add(tr("Rename"), "renameRun", [this, folder] { rename(folder); });
    add(run->note.empty() ? tr("Add a note…") : tr("Edit note…"), "noteRun",
        [this, folder] { editNote(folder); });
    menu.addSeparator();
    auto* const others = menu.addMenu(tr("Compare with"));
    others->setObjectName(QStringLiteral("compareWith"));
    others->setEnabled(runs_.size() > 1);
    fillComparisons(*others, folder);
    add(tr("Use its settings"), "restoreSettings", [this, folder] {
        Q_EMIT settingsWanted(folder);
    })->setToolTip(tr("Set training settings and data of the project to those of this run"));
    add(tr("Open project as it was"), "openAsItWas",
        [this, folder] { Q_EMIT projectWanted(folder); });
    add(tr("Use as a starting point…"), "useAsStart", [this, folder] {
        Q_EMIT startWanted(folder);
    })->setToolTip(tr("A new project with its layers and weights, for other data"));
    menu.addSeparator();
    add(tr("Open run folder"), "openFolder", [this, folder] { openFolder(folder); });
    add(tr("Copy path of the folder"), "copyPath",
        [folder] { QApplication::clipboard()->setText(pathText(folder)); });
    menu.addSeparator();
    auto* const trash =
        add(tr("Move to trash"), "trashRun", [this, folder] { moveToTrash(folder); });
    trash->setEnabled(!active);
    menu.setToolTipsVisible(true);
    if (active)
        trash->setToolTip(tr("The run is still training; stop it first"));
}

/// The ticked ones first: they are what is being looked at.
void RunsPanel::fillComparisons(QMenu& menu, const std::filesystem::path& folder) {
    std::vector<const RunHistory*> others;
    for (const auto& run : runs_)
        if (run.folder != folder)
            others.push_back(&run);
    std::stable_partition(others.begin(), others.end(),
                          [this](const RunHistory* run) { return ticked_.contains(run->folder); });
    for (const auto* const run : others)
        // Runs of one project have one name: what tells them apart is how they were trained.
        menu.addAction(plainActionText(titleOf(*run) + QStringLiteral(", ") + methodOf(*run)), this,
                       [this, folder, other = run->folder] { compare(folder, other); })
            ->setToolTip(Qt::convertFromPlainText(factsOf(*run), Qt::WhiteSpaceNormal));
    menu.setToolTipsVisible(true);
}

void RunsPanel::rename(const std::filesystem::path& folder) {
    const auto* const run = find(folder);
    if (run == nullptr)
        return;
    auto* const item = list_->item(static_cast<int>(run - runs_.data()));
    list_->scrollToItem(item);
    list_->editItem(item);
}

void RunsPanel::editNote(const std::filesystem::path& folder) {
    const auto* const run = find(folder);
    if (run == nullptr)
        return;
    auto* const dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("runNote"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setOption(QInputDialog::UsePlainTextEditForTextInput);
    dialog->setWindowTitle(tr("Note"));
    dialog->setLabelText(tr("Note on %1").arg(titleOf(*run)));
    dialog->setTextValue(qstr(run->note));
    connect(dialog, &QInputDialog::textValueSelected, this,
            [this, folder](const QString& note) { setLabel(folder, {}, note); });
    dialog->open();
}

void RunsPanel::setLabel(const std::filesystem::path& folder, const std::optional<QString>& name,
                         const std::optional<QString>& note) {
    try {
        const auto run = RunDirectory::open(folder);
        auto label = labelOf(run);
        if (name)
            label.name = name->toStdString();
        if (note)
            label.note = note->toStdString();
        writeLabel(run, std::move(label));
    } catch (const std::exception& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
    Q_EMIT changedOnDisk();
}

void RunsPanel::compare(const std::filesystem::path& first, const std::filesystem::path& second) {
    const auto* a = find(first);
    const auto* b = find(second);
    if (a == nullptr || b == nullptr)
        return;
    if (a > b)
        std::swap(a, b); // the list has the newest first
    try {
        const auto side = [](const RunHistory& run) {
            return RunComparison::Side{run, projectOfRun(RunDirectory::open(run.folder))};
        };
        auto* const dialog = new RunComparison(side(*b), side(*a), this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
    } catch (const std::exception& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

void RunsPanel::openFolder(const std::filesystem::path& folder) {
    std::error_code none;
    if (!std::filesystem::is_directory(folder, none))
        Q_EMIT failed(tr("The run's folder is gone: %1").arg(pathText(folder)));
    else if (!QDesktopServices::openUrl(QUrl::fromLocalFile(pathText(folder))))
        Q_EMIT failed(
            tr("No file manager could be started. The run's folder is %1").arg(pathText(folder)));
}

void RunsPanel::moveToTrash(const std::filesystem::path& folder) {
    const auto* const run = find(folder);
    if (run == nullptr || folder == active_)
        return;
    try {
        const QString title = titleOf(*run);
        trashed_ = moveRunToTrash(folder);
        undoText_->setText(tr("%1 is in the trash.").arg(title));
        undo_->show();
    } catch (const std::exception& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
    Q_EMIT changedOnDisk();
}

void RunsPanel::undoTrash() {
    if (!trashed_)
        return;
    const TrashedRun run = *trashed_;
    trashed_.reset();
    undo_->hide();
    try {
        restoreRun(run);
    } catch (const std::exception& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
    Q_EMIT changedOnDisk();
}

} // namespace gradwright
