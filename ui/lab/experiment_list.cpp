// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_list.h"

#include "engine/support/error.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QDateTime>
#include <QLocale>

namespace gradwright {
namespace {

constexpr int kFolderRole = Qt::UserRole;
constexpr int kNameRole = Qt::UserRole + 1;
constexpr int kBegunRole = Qt::UserRole + 2;
constexpr int kListRow = 46;

QString listedText(ExperimentState state, std::size_t trials) {
    switch (state) {
    case ExperimentState::Planned:
        return ExperimentList::tr("not begun");
    case ExperimentState::Running:
        return ExperimentList::tr("runs in another program");
    case ExperimentState::Stopped:
        return countedText(static_cast<std::int64_t>(trials),
                           ExperimentList::tr("stopped after 1 trial"),
                           ExperimentList::tr("stopped after %1 trials"));
    case ExperimentState::Finished:
        return ExperimentList::tr("finished");
    }
    return {};
}

/// When it was begun, of a folder named "2026-01-31T14-02-05-sweep".
QString begunText(const std::filesystem::path& folder) {
    auto begun = QDateTime::fromString(qstr(folder.filename().string()).left(19),
                                       QStringLiteral("yyyy-MM-ddTHH-mm-ss"));
    begun.setTimeSpec(Qt::UTC);
    if (!begun.isValid())
        return {};
    const auto here = begun.toLocalTime();
    return here.date() == QDate::currentDate()
               ? QLocale().toString(here.time(), QLocale::ShortFormat)
               : QLocale().toString(here.date(), QLocale::ShortFormat);
}

void setListedState(QListWidgetItem& item, const QString& state) {
    const auto begun = item.data(kBegunRole).toString();
    item.setText(item.data(kNameRole).toString() + u'\n' + state +
                 (begun.isEmpty() ? QString() : QStringLiteral(" · ") + begun));
    item.setSizeHint(QSize(0, kListRow));
}

} // namespace

std::vector<ListedExperiment> readExperiments(const Project& project,
                                              const std::optional<std::filesystem::path>& file,
                                              QString& problem) {
    std::vector<ListedExperiment> listed;
    const auto guarded = [&problem](const auto& work) {
        try {
            work();
        } catch (const Error& error) {
            problem = QString::fromUtf8(error.what());
        }
    };
    guarded([&] {
        for (const auto& directory : experimentsOf(project, file))
            guarded([&] { // one that is damaged does not hide the others
                const auto experiment = directory.read();
                listed.insert(listed.begin(), {directory.path(), qstr(experiment.name),
                                               directory.state(), directory.results().size()});
            });
    });
    return listed;
}

ExperimentList::ExperimentList(ThemeManager& theme, QWidget* parent)
    : QListWidget(parent)
    , theme_(&theme) {
    setObjectName(QStringLiteral("experiments"));
    setAccessibleName(tr("Experiments"));
    setFrameShape(QFrame::NoFrame);
    setIconSize(QSize(18, 18));
    setSpacing(1);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setContextMenuPolicy(Qt::ActionsContextMenu);
}

void ExperimentList::setExperiments(const std::vector<ListedExperiment>& experiments,
                                    const std::filesystem::path& active, const QString& activeState,
                                    const std::filesystem::path& wanted) {
    const auto before = wanted.empty() ? chosen() : wanted;
    const QSignalBlocker quiet(this);
    clear();
    for (const auto& each : experiments) {
        const bool isActive = each.folder == active;
        const bool isDone = !isActive && each.state == ExperimentState::Finished;
        auto* const item = new QListWidgetItem(this);
        item->setData(kFolderRole, qstr(each.folder.string()));
        item->setData(kNameRole, each.name);
        item->setData(kBegunRole, begunText(each.folder));
        setListedState(*item, isActive ? activeState : listedText(each.state, each.trials));
        item->setIcon(isDone ? theme_->icon(QStringLiteral("ok"), &Theme::ok)
                             : theme_->icon(QStringLiteral("lab")));
        item->setToolTip(qstr(each.folder.filename().string()));
        if (each.folder == before)
            setCurrentItem(item);
    }
    if (!currentItem() && count() > 0)
        setCurrentRow(0);
}

void ExperimentList::setState(const std::filesystem::path& folder, const QString& state) {
    for (int row = 0; row < count() && !state.isEmpty(); ++row)
        if (item(row)->data(kFolderRole).toString() == qstr(folder.string()))
            setListedState(*item(row), state);
}

std::filesystem::path ExperimentList::chosen() const {
    return currentItem() ? currentItem()->data(kFolderRole).toString().toStdString()
                         : std::string();
}

QString ExperimentList::chosenName() const {
    return currentItem() ? currentItem()->data(kNameRole).toString() : QString();
}

} // namespace gradwright
