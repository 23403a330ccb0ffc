// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/lab_chart.h"

#include "engine/support/error.h"
#include "ui/lab/panel_chart.h"
#include "ui/plots/plot_files.h"
#include "ui/theme/theme_manager.h"

#include <QContextMenuEvent>
#include <QMenu>
#include <QMessageBox>
#include <QPainter>

#include <utility>

namespace gradwright {

LabChart::LabChart(ThemeManager& theme, const QString& name, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setAccessibleName(name);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void LabChart::setData(Json data) {
    data_ = std::move(data);
    dataChanged();
    update();
    sayTextChanged(*this);
}

PanelChoices LabChart::choices() const {
    return {};
}

void LabChart::exportTo(const QString& file, QSize size) {
    exportPlot(file, size, accessibleName(), csv(),
               [this, size](QPaintDevice& device, double scale) {
                   QPainter painter(&device);
                   painter.scale(scale, scale);
                   painter.fillRect(QRect({}, size), theme_->theme().panel);
                   painter.setRenderHint(QPainter::Antialiasing);
                   paint(painter, size);
               });
}

void LabChart::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto& theme = theme_->theme();
    painter.setPen(theme.divider);
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter.setBrush(Qt::NoBrush);
    painter.translate(pictureRect().topLeft());
    paint(painter, pictureRect().size());
}

QRect LabChart::pictureRect() const {
    constexpr int kMargin = 10;
    return rect().adjusted(kMargin, kMargin, -kMargin, -kMargin);
}

void LabChart::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    const auto* const save = menu.addAction(tr("Save picture or table…"));
    if (menu.exec(event->globalPos()) != save)
        return;
    const auto file = askPlotFile(*this, accessibleName());
    if (file.isEmpty())
        return;
    try {
        exportTo(file, size());
    } catch (const Error& error) {
        QMessageBox::warning(window(), tr("Save picture"), QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright
