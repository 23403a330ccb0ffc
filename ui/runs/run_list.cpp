// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/run_list.h"

#include "engine/training/recipes/optimizers.h"
#include "ui/plots/curve_legend.h"
#include "ui/plots/measure.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QContextMenuEvent>
#include <QCoreApplication>
#include <QDateTime>
#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTimeZone>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kRowHeight = 48;
constexpr int kEditorHeight = 28;
constexpr int kRightMargin = 12;
constexpr int kTextTop = 7; // of the first of two lines
constexpr int kTextHeight = 18;
constexpr int kLineWidth = 28; // of the sample of the line and the space behind it

QString runsText(const char* text) {
    return QCoreApplication::translate("Runs", text);
}

QDateTime startOf(const RunHistory& run) {
    const auto folder = QString::fromStdString(run.folder.filename().string());
    auto time = QDateTime::fromString(folder.left(19), QStringLiteral("yyyy-MM-ddTHH-mm-ss"));
    time.setTimeZone(QTimeZone::utc());
    return time.toLocalTime();
}

class RunDelegate final : public QStyledItemDelegate {
public:
    RunDelegate(ThemeManager& theme, RunList& list)
        : QStyledItemDelegate(&list)
        , theme_(&theme)
        , list_(&list) {}

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

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem&,
                          const QModelIndex&) const override {
        auto* const edit = new QLineEdit(parent);
        edit->setObjectName(QStringLiteral("runName"));
        edit->setAccessibleName(runsText("Name of the run"));
        edit->setPlaceholderText(runsText("as it was recorded"));
        return edit;
    }
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex&) const override {
        const int left = option.rect.left() + kRunTickWidth;
        editor->setGeometry(left, option.rect.top() + (kRowHeight - kEditorHeight) / 2,
                            option.rect.right() - kRightMargin - left, kEditorHeight);
    }
    /// The list's owner decides what becomes of it.
    void setModelData(QWidget* editor, QAbstractItemModel*,
                      const QModelIndex& index) const override {
        const QString name = static_cast<QLineEdit*>(editor)->text();
        auto* const item = list_->item(index.row());
        if (item && list_->onRename && name != item->text())
            list_->onRename(*item, name);
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
        const auto line = index.data(RunLine);
        if (line.isValid())
            drawSample(painter, QRectF(row.left() + kRunTickWidth, row.top(), 20, row.height()),
                       static_cast<CurveRole>(line.toInt()), theme);
    }

    void paintTexts(QPainter& painter, const QRect& row, const QModelIndex& index) const {
        const auto& theme = theme_->theme();
        const int left = row.left() + kRunTickWidth + kLineWidth;
        const int right = row.right() - kRightMargin;
        const QRect loss(right - kRunLossWidth, row.top() + kTextTop, kRunLossWidth, kTextHeight);
        const QRect quality(loss.left() - kRunQualityWidth, loss.top(), kRunQualityWidth,
                            kTextHeight);
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text);
        const QString qualityText = index.data(RunQuality).toString();
        painter.drawText(quality, Qt::AlignRight | Qt::AlignVCenter, qualityText);
        painter.setPen(index.data(RunAlarm).toBool() ? theme.error : theme.text);
        painter.drawText(loss, Qt::AlignRight | Qt::AlignVCenter, index.data(RunLoss).toString());
        painter.setPen(theme.text);

        // Names may take what a short quality leaves free, and long ones the place of the time.
        const int used = painter.fontMetrics().horizontalAdvance(qualityText);
        const QRect name(left, loss.top(), quality.right() - used - 10 - left, kTextHeight);
        constexpr int kGap = 6;
        const QString full = index.data().toString();
        const QString time = index.data(RunTime).toString();
        const int timeWidth = painter.fontMetrics().horizontalAdvance(time) + kGap;
        painter.setFont(textFont(type::kBody, QFont::DemiBold));
        const int fullWidth = painter.fontMetrics().horizontalAdvance(full);
        const bool beside = !time.isEmpty() && fullWidth + timeWidth <= name.width();
        painter.drawText(name, Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(full, Qt::ElideRight, name.width()));
        if (beside) {
            painter.setFont(textFont(type::kBody));
            painter.drawText(name.adjusted(fullWidth + kGap, 0, 0, 0),
                             Qt::AlignLeft | Qt::AlignVCenter, time);
        }
        // The line below has the row's width, as settings and remarks need it. The time comes last:
        // cut off, it is missed least.
        QStringList below{index.data(RunSubtitle).toString(), beside ? QString() : time};
        below.removeAll(QString());
        painter.setFont(textFont(type::kDense));
        painter.setPen(theme.text2);
        const QRect line(left, name.top() + kTextHeight - 1, right - left, kTextHeight);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(below.join(QStringLiteral(", ")),
                                                          Qt::ElideRight, line.width()));
    }

    ThemeManager* theme_;
    RunList* list_;
};

} // namespace

RunList::RunList(ThemeManager& theme, QWidget* parent)
    : QListWidget(parent) {
    setItemDelegate(new RunDelegate(theme, *this));
    setMouseTracking(true);
    setEditTriggers(QAbstractItemView::EditKeyPressed);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(&theme, &ThemeManager::changed, viewport(), qOverload<>(&QWidget::update));
}

void RunList::mousePressEvent(QMouseEvent* event) {
    auto* const item = itemAt(event->position().toPoint());
    if (event->button() == Qt::RightButton)
        return; // it is for the menu alone
    if (item && event->position().x() < kRunTickWidth && onToggle)
        onToggle(*item);
    else
        QListWidget::mousePressEvent(event);
}

void RunList::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Space && currentItem() && onToggle)
        onToggle(*currentItem());
    else
        QListWidget::keyPressEvent(event);
}

void RunList::contextMenuEvent(QContextMenuEvent* event) {
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    auto* const item = byKey ? currentItem() : itemAt(event->pos());
    if (!item || !onMenu)
        return;
    const QPoint place =
        byKey ? viewport()->mapToGlobal(visualItemRect(item).center()) : event->globalPos();
    onMenu(*item, place);
}

QString timeOf(const RunHistory& run) {
    const auto time = startOf(run);
    if (!time.isValid())
        return {};
    // With seconds: small networks are trained several times a minute.
    return time.toString(time.date() == QDate::currentDate() ? QStringLiteral("HH:mm:ss")
                                                             : QStringLiteral("d MMM HH:mm:ss"));
}

QString titleOf(const RunHistory& run) {
    const auto time = run.isNamed ? QString() : timeOf(run);
    return time.isEmpty() ? qstr(run.name) : qstr(run.name) + u' ' + time;
}

QString durationText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0)
        return QStringLiteral("–");
    const auto whole = std::llround(seconds);
    if (whole < 60)
        return QStringLiteral("%1 s").arg(whole);
    if (whole < 3600)
        return QStringLiteral("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    return QStringLiteral("%1 h %2 min").arg(whole / 3600).arg(whole / 60 % 60);
}

QVariant RunItem::data(int role) const {
    if (role != Qt::AccessibleTextRole)
        return QListWidgetItem::data(role);
    const QString loss = data(RunLoss).toString();
    QStringList parts{text(), data(RunTime).toString(), data(RunSubtitle).toString(),
                      data(RunQuality).toString(),
                      loss.isEmpty() ? QString() : runsText("loss %1").arg(loss)};
    parts.removeAll(QString());
    return parts.join(QStringLiteral(", "));
}

QString methodOf(const RunHistory& run) {
    const auto known = std::ranges::find(optimizers(), run.optimizer, &OptimizerDef::key);
    const QString title = qstr(known == optimizers().end() ? run.optimizer : known->title);
    return run.learningRate > 0 ? title + u' ' + QString::number(run.learningRate, 'g', 4) : title;
}

QString factsOf(const RunHistory& run, const QString& state) {
    QStringList lines{titleOf(run)};
    if (const auto time = startOf(run); time.isValid())
        lines << runsText("Started %1").arg(time.toString(QStringLiteral("d MMMM yyyy HH:mm:ss")));
    lines << methodOf(run);
    if (!state.isEmpty()) {
        // How far it is stands above its curves; its record is older than that.
        lines << runsText("%1; %2 in all")
                     .arg(state,
                          countedText(run.totalEpochs, runsText("1 epoch"), runsText("%1 epochs")));
        if (!run.note.empty())
            lines << QString() << qstr(run.note);
        return lines.join(u'\n');
    }
    lines << runsText("%1 of %2%3")
                 .arg(run.epochs.size())
                 .arg(countedText(run.totalEpochs, runsText("1 epoch"), runsText("%1 epochs")))
                 .arg(run.endedEarly() ? runsText(", stopped early")
                      : run.finished   ? QString()
                                       : runsText(", not finished"));
    if (const auto* const best = run.best())
        lines << runsText("Best epoch %1: %2 %3, loss %4")
                     .arg(best->epoch)
                     .arg(qstr(nameInSentence(*run.metric)),
                          qstr(valueText(*run.metric, best->quality.value)),
                          Measure().text(best->loss));
    if (run.test)
        lines << runsText("Test set: %1 %2")
                     .arg(qstr(nameInSentence(*run.test->metric)),
                          qstr(valueText(*run.test->metric, run.test->value)));
    if (std::isfinite(run.seconds))
        lines << runsText("Trained for %1").arg(durationText(run.seconds));
    if (!run.note.empty())
        lines << QString() << qstr(run.note);
    return lines.join(u'\n');
}

} // namespace gradwright

#include "moc_run_list.cpp"
