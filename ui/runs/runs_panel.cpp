// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/runs_panel.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/measure.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTextDocument>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace gradwright {

RunsPanel::RunsPanel(ThemeManager& theme, QWidget* parent)
    : QFrame(parent)
    , list_(new RunList(theme))
    , empty_(
          new QLabel(tr("No runs yet. Start trains the network; what it learns is kept here."))) {
    setProperty("role", QStringLiteral("rightPanel"));
    list_->setObjectName(QStringLiteral("runs"));
    list_->setAccessibleName(tr("Runs"));
    list_->onToggle = [this](QListWidgetItem& item) { toggle(item); };
    list_->onRename = [this](QListWidgetItem& item, const QString& name) {
        setLabel(item.data(RunFolder).toString().toStdString(), name, {});
    };
    list_->onMenu = [this](QListWidgetItem& item, QPoint place) {
        auto* const menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        fillMenu(*menu, item.data(RunFolder).toString().toStdString());
        menu->popup(place);
    };
    empty_->setProperty("textRole", QStringLiteral("muted"));
    empty_->setWordWrap(true);
    empty_->setContentsMargins(14, 8, 14, 8);

    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(makeHeader());
    layout->addLayout(makeColumns());
    layout->addWidget(empty_);
    layout->addWidget(list_, 1);
    layout->addWidget(makeUndo());
    layout->addLayout(makeButtons());

    connect(list_, &QListWidget::currentRowChanged, this, [this] {
        showChosen();
        Q_EMIT chosenChanged();
    });
    fill();
}

QLayout* RunsPanel::makeHeader() {
    auto* const title = new QLabel(tr("Runs"));
    title->setProperty("textRole", QStringLiteral("title"));
    explain(*title, "window/runs");
    auto* const hint = new QLabel(tr("tick to overlay"));
    hint->setProperty("textRole", QStringLiteral("muted"));
    auto* const more = new QToolButton;
    more->setObjectName(QStringLiteral("runMenu"));
    more->setText(QStringLiteral("⋯"));
    more->setFixedSize(28, 28);
    more->setToolTip(tr("Commands for the selected run"));
    more->setAccessibleName(more->toolTip());
    more->setPopupMode(QToolButton::InstantPopup);
    more->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
    auto* const menu = new QMenu(more);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        menu->clear();
        if (const auto* const run = chosen())
            fillMenu(*menu, run->folder);
    });
    more->setMenu(menu);
    auto* const header = new QHBoxLayout;
    header->setContentsMargins(14, 8, 12, 4);
    header->setSpacing(8);
    header->addWidget(title);
    header->addWidget(hint);
    header->addStretch(1);
    header->addWidget(more);
    return header;
}

QLayout* RunsPanel::makeColumns() {
    auto* const columns = new QHBoxLayout;
    columns->setContentsMargins(kRunTickWidth + 28, 0, 12, 4);
    columns->setSpacing(0);
    const auto add = [&](const QString& text, int width) {
        auto* const column = new QLabel(text);
        column->setProperty("textRole", QStringLiteral("caption"));
        if (width > 0) {
            column->setFixedWidth(width);
            column->setAlignment(Qt::AlignRight);
        }
        columns->addWidget(column, width == 0 ? 1 : 0);
        return column;
    };
    explain(*add(tr("Run"), 0), "window/runs");
    qualityTitle_ = add({}, kRunQualityWidth);
    metric_ = &qualityMetric(MetricKind::Classes);
    explain(*add(tr("Loss"), kRunLossWidth), "window/run-loss",
            tr("Of the best epoch, on the validation data where there are any"));
    return columns;
}

void RunsPanel::nameQuality(const MetricDef& metric) {
    qualityTitle_->setText(qstr(metric.title));
    explain(*qualityTitle_, "metric/" + metric.key,
            tr("Of the best epoch, on the validation data where there are any"));
}

QWidget* RunsPanel::makeUndo() {
    undo_ = new QFrame;
    undo_->setObjectName(QStringLiteral("trashed"));
    undoText_ = new QLabel;
    undoText_->setWordWrap(true);
    auto* const button = new QPushButton(tr("Undo"));
    button->setObjectName(QStringLiteral("undoTrash"));
    auto* const row = new QHBoxLayout(undo_);
    row->setContentsMargins(14, 8, 12, 0);
    row->addWidget(undoText_, 1);
    row->addWidget(button);
    connect(button, &QPushButton::clicked, this, &RunsPanel::undoTrash);
    undo_->hide();
    return undo_;
}

QLayout* RunsPanel::makeButtons() {
    compare_ = new QPushButton(tr("Compare with"));
    compare_->setObjectName(QStringLiteral("compareRuns"));
    compare_->setToolTip(
        tr("Compare results and settings of the selected run with those of another one"));
    auto* const others = new QMenu(compare_);
    connect(others, &QMenu::aboutToShow, this, [this, others] {
        others->clear();
        if (const auto* const run = chosen())
            fillComparisons(*others, run->folder);
    });
    compare_->setMenu(others);
    openFolder_ = new QPushButton(tr("Open run folder"));
    openFolder_->setObjectName(QStringLiteral("openRunFolder"));
    connect(openFolder_, &QPushButton::clicked, this, [this] {
        if (const auto* const run = chosen())
            openFolder(std::filesystem::path(run->folder));
    });
    auto* const buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 8, 12, 12);
    buttons->setSpacing(8);
    buttons->addWidget(compare_, 1);
    buttons->addWidget(openFolder_, 1);
    return buttons;
}

void RunsPanel::setRuns(std::vector<RunHistory> runs) {
    runs_ = std::move(runs);
    std::erase_if(ticked_, [this](const auto& entry) { return find(entry.first) == nullptr; });
    fill();
}

void RunsPanel::setMetric(const MetricDef& metric) {
    metric_ = &metric;
    if (runs_.empty())
        nameQuality(metric);
}

void RunsPanel::setActive(const std::filesystem::path& folder) {
    active_ = folder;
    activeQuality_.clear();
    activeLoss_.clear();
    activeIsPaused_ = false;
    showRows();
}

void RunsPanel::setActivePaused(bool paused) {
    if (std::exchange(activeIsPaused_, paused) != paused)
        showRows();
}

void RunsPanel::setActiveResult(const QString& quality, const QString& loss) {
    activeQuality_ = quality;
    activeLoss_ = loss;
    showRows();
}

void RunsPanel::showRows() {
    for (int i = 0; i < list_->count(); ++i)
        showRow(*list_->item(i), runs_[static_cast<std::size_t>(i)]);
}

void RunsPanel::fill() {
    const auto* const before = chosen();
    const auto kept = before ? before->folder : std::filesystem::path();
    {
        const QSignalBlocker quiet(list_);
        list_->clear();
        for (const auto& run : runs_)
            showRow(*new RunItem(list_), run);
        choose(kept);
    }
    nameQuality(*(runs_.empty() ? metric_ : runs_.front().metric));
    empty_->setVisible(runs_.empty());
    showChosen();
}

void RunsPanel::showChosen() {
    const bool any = chosen() != nullptr;
    openFolder_->setEnabled(any);
    openFolder_->setVisible(!runs_.empty());
    compare_->setEnabled(any && runs_.size() > 1);
    compare_->setVisible(!runs_.empty());
}

void RunsPanel::showRow(QListWidgetItem& item, const RunHistory& run) const {
    const bool active = !active_.empty() && run.folder == active_;
    const auto tick = ticked_.find(run.folder);
    QString state;
    if (active)
        state = activeIsPaused_ ? tr("paused") : tr("training");
    else if (!run.finished)
        state = tr("stopped");
    else if (run.endedEarly())
        state = tr("stopped early");
    item.setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable);
    item.setText(qstr(run.name));
    item.setToolTip(
        Qt::convertFromPlainText(factsOf(run, active ? state : QString()), Qt::WhiteSpaceNormal));
    // What went wrong, in the words of the list above its plots.
    QString wrong;
    for (const auto& alarm : run.alarms)
        if (!alarm.goneAfter && wrong.isEmpty())
            wrong = qstr(titleOf(alarm.kind)).toLower();
    // What tells runs apart first: the end is cut off where there is little room.
    QStringList parts{methodOf(run), state, wrong, run.isNamed ? timeOf(run) : QString(),
                      qstr(run.note).section(u'\n', 0, 0)};
    parts.removeAll(QString());
    item.setData(RunFolder, QString::fromStdString(run.folder.string()));
    item.setData(RunTime, run.isNamed ? QString() : timeOf(run));
    item.setData(RunSubtitle, parts.join(QStringLiteral(", ")));
    item.setData(Qt::CheckStateRole, tick != ticked_.end() ? Qt::Checked : Qt::Unchecked);
    item.setData(RunLine, active ? QVariant(static_cast<int>(CurveRole::Validation))
                          : tick != ticked_.end() ? QVariant(static_cast<int>(tick->second))
                                                  : QVariant());
    const auto* const best = run.best();
    item.setData(RunQuality, best ? qstr(valueText(*run.metric, best->quality.value)) : QString());
    const bool broken = !run.steps.empty() && !std::isfinite(run.steps.back().loss);
    item.setData(RunAlarm, broken);
    item.setData(RunLoss, broken ? QStringLiteral("NaN")
                          : best ? Measure().text(best->loss)
                                 : QString());
    if (active && !activeQuality_.isEmpty()) {
        item.setData(RunQuality, activeQuality_);
        item.setData(RunLoss, activeLoss_);
    }
}

void RunsPanel::toggle(const QListWidgetItem& item) {
    const std::filesystem::path folder = item.data(RunFolder).toString().toStdString();
    if (folder == active_)
        return; // it is what the others are laid over
    if (ticked_.erase(folder) == 0) {
        int number = 0; // the first look that is free
        while (std::ranges::any_of(
            ticked_, [&](const auto& each) { return each.second == overlayRole(number); }))
            ++number;
        ticked_.emplace(folder, overlayRole(number));
    }
    showRows();
    Q_EMIT tickedChanged();
}

const RunHistory* RunsPanel::chosen() const {
    const auto* const item = list_->currentItem();
    return item ? find(item->data(RunFolder).toString().toStdString()) : nullptr;
}

const RunHistory* RunsPanel::find(const std::filesystem::path& folder) const {
    const auto found = std::ranges::find(runs_, folder, &RunHistory::folder);
    return found == runs_.end() ? nullptr : &*found;
}

void RunsPanel::choose(const std::filesystem::path& folder) {
    if (const auto* const run = find(folder))
        list_->setCurrentRow(static_cast<int>(run - runs_.data()));
    else if (!runs_.empty())
        list_->setCurrentRow(0);
}

std::vector<RunsPanel::Ticked> RunsPanel::ticked() const {
    std::vector<Ticked> all;
    for (const auto& run : runs_)
        if (const auto tick = ticked_.find(run.folder); tick != ticked_.end())
            all.push_back({tick->second, &run});
    return all;
}

} // namespace gradwright

#include "moc_runs_panel.cpp"
