// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/runs_panel.h"

#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QDateTime>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTimeZone>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <functional>

namespace gradwright {
namespace {

enum Role { Folder = Qt::UserRole, Subtitle, QualityText, LossText, Line, IsBroken };

constexpr int kRowHeight = 48;
constexpr int kQualityRight = 66; // from the right edge
constexpr int kTickWidth = 38;

QDateTime startOf(const RunHistory& run) {
    const auto folder = QString::fromStdString(run.folder.filename().string());
    auto time = QDateTime::fromString(folder.left(19), QStringLiteral("yyyy-MM-ddTHH-mm-ss"));
    time.setTimeZone(QTimeZone::utc());
    return time.toLocalTime();
}

QString timeOf(const RunHistory& run) {
    const auto time = startOf(run);
    if (!time.isValid())
        return {};
    return time.toString(time.date() == QDate::currentDate() ? QStringLiteral("HH:mm")
                                                             : QStringLiteral("d MMM HH:mm"));
}

class RunDelegate final : public QStyledItemDelegate {
public:
    RunDelegate(ThemeManager& theme, QObject* parent)
        : QStyledItemDelegate(parent)
        , theme_(&theme) {}

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
        return {200, kRowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const auto& theme = theme_->theme();
        const QRect row = option.rect;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state & QStyle::State_Selected)
            painter->fillRect(row, theme.selection);
        else if (option.state & QStyle::State_MouseOver)
            painter->fillRect(row, theme.hover);
        paintTick(*painter, row, index);
        paintTexts(*painter, row, index);
        painter->restore();
    }

private:
    void paintTick(QPainter& painter, const QRect& row, const QModelIndex& index) const {
        const auto& theme = theme_->theme();
        const bool ticked = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
        const QRectF box(row.left() + 12, row.center().y() - 7.5, 16, 16);
        painter.setPen(QPen(ticked ? theme.accent : theme.border, 1));
        painter.setBrush(ticked ? theme.accent : theme.field);
        painter.drawRoundedRect(box, 4, 4);
        if (ticked) {
            painter.setPen(QPen(theme.onAccent, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            painter.drawPolyline(QPolygonF{box.topLeft() + QPointF(4, 8),
                                           box.topLeft() + QPointF(7, 11.5),
                                           box.topLeft() + QPointF(12, 5)});
        }
        const auto line = index.data(Line);
        if (line.isValid())
            drawSample(painter, QRectF(row.left() + kTickWidth, row.top(), 20, row.height()),
                       static_cast<CurveRole>(line.toInt()), theme);
    }

    void paintTexts(QPainter& painter, const QRect& row, const QModelIndex& index) const {
        const auto& theme = theme_->theme();
        const int left = row.left() + kTickWidth + 28;
        const QRect name(left, row.top() + 7, row.right() - 122 - left, 18);
        const auto elided = [&](const QString& text) {
            return painter.fontMetrics().elidedText(text, Qt::ElideRight, name.width());
        };
        painter.setFont(textFont(type::kBody, QFont::DemiBold));
        painter.setPen(theme.text);
        painter.drawText(name, Qt::AlignLeft | Qt::AlignVCenter, elided(index.data().toString()));
        painter.setFont(textFont(type::kDense));
        painter.setPen(theme.text2);
        painter.drawText(name.translated(0, 17), Qt::AlignLeft | Qt::AlignVCenter,
                         elided(index.data(Subtitle).toString()));
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text);
        painter.drawText(QRect(row.right() - kQualityRight - 70, row.top(), 70, row.height()),
                         Qt::AlignRight | Qt::AlignVCenter, index.data(QualityText).toString());
        painter.setPen(index.data(IsBroken).toBool() ? theme.error : theme.text);
        painter.drawText(QRect(row.right() - 66, row.top(), 54, row.height()),
                         Qt::AlignRight | Qt::AlignVCenter, index.data(LossText).toString());
    }

    ThemeManager* theme_;
};

/// Takes a click on the tick apart from one on the row.
class RunList final : public QListWidget {
public:
    using QListWidget::QListWidget;
    std::function<void(QListWidgetItem&)> onToggle;

protected:
    void mousePressEvent(QMouseEvent* event) override {
        auto* item = itemAt(event->position().toPoint());
        if (item && event->position().x() < kTickWidth && onToggle)
            onToggle(*item);
        else
            QListWidget::mousePressEvent(event);
    }
    void keyPressEvent(QKeyEvent* event) override {
        if (event->key() == Qt::Key_Space && currentItem() && onToggle)
            onToggle(*currentItem());
        else
            QListWidget::keyPressEvent(event);
    }
};

} // namespace

QString titleOf(const RunHistory& run) {
    const auto time = timeOf(run);
    return time.isEmpty() ? qstr(run.name) : qstr(run.name) + u' ' + time;
}

RunsPanel::RunsPanel(ThemeManager& theme, QWidget* parent)
    : QFrame(parent)
    , theme_(&theme)
    , empty_(new QLabel(tr("No runs yet. Start trains the network; what it learns is kept here.")))
    , openFolder_(new QPushButton(tr("Open run folder"))) {
    setProperty("role", QStringLiteral("rightPanel"));
    auto* list = new RunList;
    list_ = list;
    list->onToggle = [this](QListWidgetItem& item) { toggle(item); };
    list_->setObjectName(QStringLiteral("runs"));
    list_->setAccessibleName(tr("Runs"));
    list_->setItemDelegate(new RunDelegate(theme, list_));
    list_->setMouseTracking(true);
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    empty_->setProperty("textRole", QStringLiteral("muted"));
    empty_->setWordWrap(true);
    empty_->setContentsMargins(14, 8, 14, 8);

    auto* title = new QLabel(tr("Runs"));
    title->setProperty("textRole", QStringLiteral("title"));
    auto* hint = new QLabel(tr("tick to overlay"));
    hint->setProperty("textRole", QStringLiteral("muted"));
    auto* header = new QHBoxLayout;
    header->setContentsMargins(14, 8, 12, 4);
    header->setSpacing(8);
    header->addWidget(title);
    header->addWidget(hint);
    header->addStretch(1);
    auto* columns = new QHBoxLayout;
    columns->setContentsMargins(kTickWidth + 28, 0, 12, 4);
    for (const auto& [text, width] :
         {std::pair{tr("Run"), 0}, std::pair{qstr(qualityMetric(MetricKind::Classes).title), 70},
          std::pair{tr("Loss"), 54}}) {
        auto* column = new QLabel(text);
        column->setProperty("textRole", QStringLiteral("caption"));
        if (width > 0) {
            column->setFixedWidth(width);
            column->setAlignment(Qt::AlignRight);
        }
        columns->addWidget(column, width == 0 ? 1 : 0);
        if (width == 70)
            qualityTitle_ = column;
    }
    columns->setSpacing(0);
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 8, 12, 12);
    buttons->addWidget(openFolder_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(header);
    layout->addLayout(columns);
    layout->addWidget(empty_);
    layout->addWidget(list_, 1);
    layout->addLayout(buttons);

    connect(&theme, &ThemeManager::changed, list_->viewport(), qOverload<>(&QWidget::update));
    connect(list_, &QListWidget::currentRowChanged, this, [this] {
        openFolder_->setEnabled(chosen() != nullptr);
        Q_EMIT chosenChanged();
    });
    connect(openFolder_, &QPushButton::clicked, this, [this] {
        if (const auto* run = chosen())
            QDesktopServices::openUrl(
                QUrl::fromLocalFile(QString::fromStdString(run->folder.string())));
    });
    fill();
}

void RunsPanel::setRuns(std::vector<RunHistory> runs) {
    runs_ = std::move(runs);
    std::erase_if(ticked_, [this](const auto& entry) {
        return std::ranges::find(runs_, entry.first, &RunHistory::folder) == runs_.end();
    });
    fill();
}

void RunsPanel::setActive(const std::filesystem::path& folder) {
    active_ = folder;
    activeQuality_.clear();
    activeLoss_.clear();
    for (int i = 0; i < list_->count(); ++i)
        showRow(*list_->item(i), runs_[static_cast<std::size_t>(i)]);
}

void RunsPanel::setActiveResult(const QString& quality, const QString& loss) {
    activeQuality_ = quality;
    activeLoss_ = loss;
    for (int i = 0; i < list_->count(); ++i) {
        if (runs_[static_cast<std::size_t>(i)].folder != active_)
            continue;
        list_->item(i)->setData(QualityText, quality);
        list_->item(i)->setData(LossText, loss);
    }
}

void RunsPanel::fill() {
    const auto* before = chosen();
    const auto kept = before ? before->folder : std::filesystem::path();
    {
        const QSignalBlocker quiet(list_);
        list_->clear();
        for (const auto& run : runs_) {
            auto* item = new QListWidgetItem(list_);
            showRow(*item, run);
        }
        choose(kept);
    }
    if (!runs_.empty())
        qualityTitle_->setText(qstr(runs_.front().metric->title));
    empty_->setVisible(runs_.empty());
    openFolder_->setEnabled(chosen() != nullptr);
    openFolder_->setVisible(!runs_.empty());
}

void RunsPanel::showRow(QListWidgetItem& item, const RunHistory& run) const {
    const bool active = !active_.empty() && run.folder == active_;
    const auto tick = ticked_.find(run.folder);
    QString state;
    if (active)
        state = tr("training");
    else if (!run.finished)
        state = tr("stopped");
    else if (run.stoppedAfter > 0)
        state = tr("stopped early");
    // What went wrong, in the words of the list above its plots.
    QString wrong;
    for (const auto& alarm : run.alarms)
        if (!alarm.goneAfter && wrong.isEmpty())
            wrong = qstr(titleOf(alarm.kind)).toLower();
    item.setText(qstr(run.name));
    QStringList parts{state, wrong, timeOf(run), qstr(run.optimizer)};
    parts.removeAll(QString());
    item.setData(Folder, QString::fromStdString(run.folder.string()));
    item.setData(Subtitle, parts.join(QStringLiteral(", ")));
    item.setData(Qt::CheckStateRole, tick != ticked_.end() ? Qt::Checked : Qt::Unchecked);
    item.setData(Line, active                  ? QVariant(static_cast<int>(CurveRole::Validation))
                       : tick != ticked_.end() ? QVariant(static_cast<int>(tick->second))
                                               : QVariant());
    const auto* best = run.best();
    item.setData(QualityText, best ? qstr(valueText(*run.metric, best->quality.value)) : QString());
    const bool broken = !run.steps.empty() && !std::isfinite(run.steps.back().loss);
    item.setData(IsBroken, broken);
    item.setData(LossText, broken ? QStringLiteral("NaN")
                           : best ? QString::number(best->loss, 'f', 3)
                                  : QString());
    if (active && !activeQuality_.isEmpty()) {
        item.setData(QualityText, activeQuality_);
        item.setData(LossText, activeLoss_);
    }
}

void RunsPanel::toggle(const QListWidgetItem& item) {
    const std::filesystem::path folder = item.data(Folder).toString().toStdString();
    if (folder == active_)
        return; // it is what the others are laid over
    if (ticked_.erase(folder) == 0) {
        const auto taken = [this](CurveRole role) {
            return std::ranges::find(ticked_, role, [](const auto& e) { return e.second; }) !=
                   ticked_.end();
        };
        if (taken(CurveRole::Run3) && taken(CurveRole::Run4))
            std::erase_if(ticked_, [](const auto& e) { return e.second == CurveRole::Run3; });
        ticked_.emplace(folder, taken(CurveRole::Run3) ? CurveRole::Run4 : CurveRole::Run3);
    }
    for (int i = 0; i < list_->count(); ++i)
        showRow(*list_->item(i), runs_[static_cast<std::size_t>(i)]);
    Q_EMIT tickedChanged();
}

const RunHistory* RunsPanel::chosen() const {
    const auto* item = list_->currentItem();
    if (!item)
        return nullptr;
    const std::filesystem::path folder = item->data(Folder).toString().toStdString();
    const auto found = std::ranges::find(runs_, folder, &RunHistory::folder);
    return found == runs_.end() ? nullptr : &*found;
}

void RunsPanel::choose(const std::filesystem::path& folder) {
    const auto found = std::ranges::find(runs_, folder, &RunHistory::folder);
    if (found != runs_.end())
        list_->setCurrentRow(static_cast<int>(found - runs_.begin()));
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
