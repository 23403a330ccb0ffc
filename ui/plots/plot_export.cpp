// SPDX-License-Identifier: GPL-3.0-or-later
// What a CurvePlot shows and hands out on request: read-out under the mouse, menu, files.
#include "engine/support/error.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/plot_files.h"
#include "ui/plots/qcp.h"
#include "ui/plots/scale.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QTextStream>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kHeader = 28;
constexpr int kEpochAxis = 34; ///< in the window another plot has it, for all of them

constexpr double kReach = 8; ///< px, of a point beyond the ends of its curve

/// Index of the value nearest to x; nothing when x is further than `reach` before or after all.
std::optional<std::size_t> nearest(const std::vector<double>& xs, double x, double reach) {
    if (xs.empty() || x < xs.front() - reach || x > xs.back() + reach)
        return {};
    const auto after = std::ranges::lower_bound(xs, x);
    if (after == xs.begin())
        return 0;
    if (after == xs.end() || x - *(after - 1) < *after - x)
        return static_cast<std::size_t>(after - xs.begin() - 1);
    return static_cast<std::size_t>(after - xs.begin());
}

QString placeText(XUnit unit, double x) {
    switch (unit) {
    case XUnit::Step:
        return CurvePlot::tr("step %1").arg(tickText(unit, x));
    case XUnit::Epoch:
        return CurvePlot::tr("epoch %1").arg(QString::number(x, 'f', 2));
    case XUnit::Time:
        return CurvePlot::tr("after %1").arg(tickText(unit, x));
    }
    return {};
}

} // namespace

void CurvePlot::buildCrosshair() {
    crosshair_->hide();
    readout_->hide();
    for (QWidget* widget : {static_cast<QWidget*>(crosshair_), static_cast<QWidget*>(readout_)})
        widget->setAttribute(Qt::WA_TransparentForMouseEvents);
    readout_->setTextFormat(Qt::RichText);
    plot_->setMouseTracking(true);
    plot_->installEventFilter(this);
}

bool CurvePlot::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::MouseMove)
        moveCrosshair(static_cast<QMouseEvent*>(event)->position());
    else if (event->type() == QEvent::Leave) {
        crosshair_->hide();
        readout_->hide();
    }
    return QWidget::eventFilter(watched, event);
}

void CurvePlot::moveCrosshair(QPointF position) {
    const auto area = plot_->axisRect()->rect();
    if (!area.contains(position.toPoint())) {
        crosshair_->hide();
        readout_->hide();
        return;
    }
    const double x = plot_->xAxis->pixelToCoord(position.x());
    QStringList lines;
    const auto add = [&](CurveRole role, const QString& name, double value) {
        lines << QStringLiteral("<span style='color:%1'>■</span> %2 <b>%3</b>")
                     .arg(colorOf(role, theme_->theme()).name(), name.toHtmlEscaped(),
                          format(value));
    };
    const double reach = plot_->xAxis->pixelToCoord(position.x() + kReach) - x;
    if (const auto i = nearest(placesOf(training_.x(), clock_), x, reach))
        add(CurveRole::Training, tr("training"), training_.smooth()[*i]);
    if (const auto i = nearest(placesOf(validationX_, clock_), x, reach))
        add(CurveRole::Validation, tr("validation"), validationY_[*i]);
    for (const auto& overlay : overlays_) {
        const auto& training = overlay.training;
        if (const auto i = nearest(placesOf(overlay.x, overlay.clock), x, reach))
            add(overlay.role, overlay.name, overlay.y[*i]);
        if (const auto i = nearest(placesOf(training.x(), overlay.clock), x, reach))
            add(overlay.role, tr("%1, training").arg(overlay.name), training.smooth()[*i]);
    }
    if (lines.isEmpty()) {
        crosshair_->hide();
        readout_->hide();
        return;
    }
    lines.prepend(placeText(unit_, x));
    readout_->setText(lines.join(QStringLiteral("<br>")));
    readout_->adjustSize();
    crosshair_->setGeometry(static_cast<int>(position.x()), area.top(), 1, area.height());
    int left = static_cast<int>(position.x()) + 12;
    if (left + readout_->width() > area.right())
        left = static_cast<int>(position.x()) - 12 - readout_->width();
    const int top = std::min(std::max(area.top() + 4, static_cast<int>(position.y()) + 8),
                             plot_->height() - readout_->height());
    readout_->move(left, std::max(0, top));
    crosshair_->show();
    readout_->show();
}

QString CurvePlot::readout() const {
    return readout_->isVisible() ? readout_->text() : QString();
}

void CurvePlot::showMenu(QPoint position) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Show everything"), this, [this] {
        resetView();
        Q_EMIT viewReset();
    });
    menu->addSeparator();
    menu->addAction(tr("Save as PNG, SVG, PDF or CSV…"), this, &CurvePlot::saveAs);
    menu->popup(position);
}

void CurvePlot::saveAs() {
    const QString file = askPlotFile(*window(), title_->text());
    if (file.isEmpty())
        return;
    try {
        exportTo(file);
    } catch (const Error& error) {
        QMessageBox::warning(window(), tr("Save plot"), QString::fromUtf8(error.what()));
    }
}

QString CurvePlot::csv() const {
    QString text;
    QTextStream out(&text);
    out.setRealNumberPrecision(9);
    out << "series,epoch,value,smoothed\n";
    for (std::size_t i = 0; i < training_.size(); ++i)
        out << "training," << training_.x()[i] << ',' << training_.raw()[i] << ','
            << training_.smooth()[i] << '\n';
    for (std::size_t i = 0; i < validationY_.size(); ++i)
        out << "validation," << validationX_[i] << ',' << validationY_[i] << ",\n";
    for (const auto& overlay : overlays_)
        for (std::size_t i = 0; i < overlay.y.size(); ++i)
            out << csvCell(overlay.name) << ',' << overlay.x[i] << ',' << overlay.y[i] << ",\n";
    for (const auto& [role, name, x, y, training, clock] : overlays_)
        for (std::size_t i = 0; i < training.size(); ++i)
            out << csvCell(tr("%1, training").arg(name)) << ',' << training.x()[i] << ','
                << training.raw()[i] << ',' << training.smooth()[i] << '\n';
    return text;
}

void CurvePlot::exportTo(const QString& file) {
    refresh();
    const QSize size(plot_->width(), plot_->height() + kHeader + kEpochAxis);
    exportPlot(file, size, title_->text(), csv(),
               [&](QPaintDevice& device, double scale) { paintInto(file, device, scale); });
}

void CurvePlot::paintInto(const QString& file, QPaintDevice& device, double scale) {
    QCPPainter painter;
    if (!painter.begin(&device))
        throw Error("{}: cannot be painted", file.toStdString());
    const int width = plot_->width();
    painter.scale(scale, scale);
    painter.fillRect(0, 0, width, plot_->height() + kHeader + kEpochAxis, theme_->theme().canvas);
    painter.setFont(textFont(type::kPanelTitle, QFont::DemiBold));
    painter.setPen(theme_->theme().text);
    painter.drawText(QRectF(16, 4, width, kHeader - 4), Qt::AlignLeft | Qt::AlignVCenter,
                     title_->text());
    legend_->paint(painter, QRectF(width / 4.0, 4, 0.75 * width - kPlotRight, kHeader - 4));
    painter.translate(0, kHeader);
    painter.setBrush(Qt::NoBrush);
    QCPAxis& axis = *plot_->xAxis;
    const QMargins margins = plot_->axisRect()->margins();
    plot_->axisRect()->setMargins(margins + QMargins(0, 0, 0, kEpochAxis));
    axis.setTickLabels(true);
    axis.setTickLabelFont(textFont(type::kCaption));
    axis.setTickLabelColor(theme_->theme().axis);
    axis.setLabel(nameOf(unit_));
    axis.setLabelFont(textFont(type::kCaption));
    axis.setLabelColor(theme_->theme().axis);
    plot_->toPainter(&painter, width, plot_->height() + kEpochAxis);
    axis.setTickLabels(false);
    axis.setLabel({});
    plot_->axisRect()->setMargins(margins);
    plot_->replot(QCustomPlot::rpQueuedReplot);
    painter.end();
}

} // namespace gradwright
