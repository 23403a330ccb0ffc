// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/values_panel.h"

#include "ui/inference/gray_images.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kRow = 26;

} // namespace

ValuesPanel::ValuesPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumSize(260, 200);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void ValuesPanel::setInfo(const DataInfo& info) {
    info_ = info;
    values_.reset();
    update();
}

void ValuesPanel::setValues(std::optional<std::vector<float>> values) {
    values_ = std::move(values);
    if (!values_)
        setAccessibleName(tr("No answer"));
    else if (showsPicture())
        setAccessibleName(tr("A picture of %1").arg(qstr(toString(info_.target))));
    else
        setAccessibleName(tr("%1: %2").arg(name(0), QLocale().toString(restored(0), 'g', 4)));
    update();
}

void ValuesPanel::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

bool ValuesPanel::showsPicture() const {
    return info_.target.rank() == 3 && info_.target[0] == 1;
}

QString ValuesPanel::name(std::size_t index) const {
    return index < info_.targetNames.size() ? qstr(info_.targetNames[index])
                                            : tr("Output %1").arg(index + 1);
}

double ValuesPanel::restored(std::size_t index) const {
    const auto value = static_cast<double>((*values_)[index]);
    return index < info_.targetScaling.size() ? info_.targetScaling[index].restored(value) : value;
}

void ValuesPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (!values_) {
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme_->theme().text2);
        painter.drawText(rect().adjusted(0, 0, -12, 0), Qt::AlignVCenter | Qt::TextWordWrap, hint_);
    } else if (showsPicture()) {
        paintPicture(painter);
    } else {
        paintList(painter);
    }
}

void ValuesPanel::paintPicture(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const auto rows = static_cast<int>(info_.target[1]);
    const auto columns = static_cast<int>(info_.target[2]);
    if (values_->size() != static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns))
        return;
    const int scale = std::max(1, std::min(width() / columns, height() / rows));
    const QRect box(0, (height() - rows * scale) / 2, columns * scale, rows * scale);
    painter.drawImage(box, inkImage(*values_, columns, rows, 0, 1, theme));
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box.adjusted(0, 0, -1, -1));
}

void ValuesPanel::paintList(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const auto room = static_cast<std::size_t>(std::max(1, height() / kRow));
    const auto shown = std::min(values_->size(), room);
    int top = std::max(0, (height() - static_cast<int>(shown) * kRow) / 2);
    for (std::size_t i = 0; i < shown; ++i, top += kRow) {
        const QRect row(0, top, width(), kRow);
        const bool more = i + 1 == shown && shown < values_->size();
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text2);
        const QString text = more ? tr("and %1 more").arg(values_->size() - i) : name(i);
        painter.drawText(row, Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(text, Qt::ElideRight, width() / 2));
        if (more)
            return;
        painter.setFont(textFont(type::kFigure, QFont::DemiBold));
        painter.setPen(theme.text);
        painter.drawText(row.adjusted(width() / 2, 0, 0, 0), Qt::AlignVCenter,
                         QLocale().toString(restored(i), 'g', 5));
    }
}

} // namespace gradwright

#include "moc_values_panel.cpp"
