// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/activation_plot.h"

#include "engine/layers/formula.h"
#include "engine/layers/shared_params.h"
#include "ui/glossary/explanation.h"

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kLeft = -3.2, kRight = 3.2; ///< of x
constexpr double kBottom = -1.4, kTop = 2.6; ///< of y
constexpr int kPlotMargin = 8;

} // namespace

std::optional<Activation> activationOf(const LayerDef& layer, const ParamValues& values) {
    const Params params(layer.params, values);
    const bool ends = params.has("activation");
    const std::string& key = ends ? params.text("activation") : layer.key;
    const auto known = std::ranges::find(activations(), key, &ActivationInfo::key);
    if (known == activations().end() || known->kind == ActivationKind::Identity)
        return {};
    if (ends && params.has("slope"))
        return layers::activationOf(params);
    Activation activation = defaultActivation(known->kind);
    for (const char* const param : {"slope", "alpha"})
        if (!ends && params.has(param))
            activation.alpha = params.real(param);
    return activation;
}

std::optional<Curve> curveOf(const LayerDef& layer, const ParamValues& values) {
    if (const auto activation = activationOf(layer, values))
        return Curve{[=](double x) { return evaluate(*activation, x); },
                     [=](double x) { return derivative(*activation, x); },
                     info(activation->kind).formula};
    if (layer.key != "formula")
        return {};
    const Params params(layer.params, values);
    const auto read = layers::formulaOf(params);
    const auto* const known = std::get_if<layers::Formula>(&read);
    if (known == nullptr || known->expression.inputs != 1)
        return {};
    return Curve{[=, of = *known](double x) {
                     return formula::evaluate(of.expression, std::span(&x, 1), of.starts);
                 },
                 [=, of = *known](double x) {
                     return formula::derivative(of.expression, std::span(&x, 1), of.starts);
                 },
                 "f(x) = " + params.text("formula")};
}

ActivationPlot::ActivationPlot(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setMouseTracking(true);
    setFixedHeight(124);
    setAccessibleName(tr("Curve of the activation function and its derivative"));
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void ActivationPlot::setCurve(Curve curve) {
    curve_ = std::move(curve);
    explain(*this, "window/activation-curve", QString::fromStdString(curve_.formula));
    update();
}

QString ActivationPlot::spokenText() const {
    if (!curve_.value)
        return {};
    QStringList values;
    for (const double x : {-2.0, -1.0, 0.0, 1.0, 2.0})
        values << tr("f(%1) = %2").arg(x).arg(curve_.value(x), 0, 'g', 3);
    return QStringLiteral("%1. %2.").arg(QString::fromStdString(curve_.formula),
                                         values.join(QStringLiteral(", ")));
}

QPointF ActivationPlot::toPixels(double x, double y) const {
    return {kPlotMargin + (x - kLeft) / (kRight - kLeft) * (width() - 2 * kPlotMargin),
            height() - kPlotMargin -
                (y - kBottom) / (kTop - kBottom) * (height() - 2 * kPlotMargin)};
}

void ActivationPlot::extend(QPainterPath& path, double x, double y, std::optional<double>& last,
                            double jump) const {
    if (!std::isfinite(y)) {
        last.reset();
        return;
    }
    // What is far outside would be beyond what a painter takes.
    const double shown = std::clamp(y, 10 * kBottom, 10 * kTop);
    if (!last || std::abs(shown - *last) > jump)
        path.moveTo(toPixels(x, shown));
    else
        path.lineTo(toPixels(x, shown));
    last = shown;
}

void ActivationPlot::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.field);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);

    painter.setClipRect(rect().adjusted(1, 1, -1, -1));
    painter.setPen(QPen(theme.axis, 1));
    painter.drawLine(toPixels(kLeft, 0), toPixels(kRight, 0));
    painter.drawLine(toPixels(0, kBottom), toPixels(0, kTop));
    painter.setFont(textFont(10));
    for (const int tick : {-2, -1, 1, 2}) {
        const QPointF at = toPixels(tick, 0);
        painter.drawLine(at, at + QPointF(0, 3));
        painter.drawText(QRectF(at.x() - 14, at.y() + 4, 28, 12), Qt::AlignCenter,
                         QString::number(tick).replace(QLatin1Char('-'), QChar(0x2212)));
    }
    for (const int tick : {1, 2}) {
        const QPointF at = toPixels(0, tick);
        painter.drawLine(at, at - QPointF(3, 0));
        painter.drawText(QRectF(at.x() - 22, at.y() - 6, 16, 12), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(tick));
    }

    QPainterPath curve;
    QPainterPath slope;
    // Neither has a line to where it is not defined.
    std::optional<double> lastValue;
    std::optional<double> lastSlope;
    for (int pixel = kPlotMargin; pixel <= width() - kPlotMargin && curve_.value; ++pixel) {
        const double x =
            kLeft + (kRight - kLeft) * (pixel - kPlotMargin) / (width() - 2.0 * kPlotMargin);
        const double value = curve_.value(x);
        // A pole is a jump, too: it leaves the plot at one end and comes back at the other.
        extend(curve, x, value, lastValue, kTop - kBottom);
        // A kink of f is a jump of f', which has no line between its ends.
        extend(slope, x, curve_.slope(x), lastSlope, 0.3);
    }
    const QColor line = theme.category(Category::Activation);
    painter.setBrush(Qt::NoBrush);
    QPen dashed(theme.text2, 1.5);
    dashed.setDashPattern({3, 2});
    painter.setPen(dashed);
    painter.drawPath(slope);
    painter.setPen(QPen(line, 2));
    painter.drawPath(curve);

    painter.setFont(textFont(type::kCaption));
    painter.drawLine(QPointF(14, 18), QPointF(30, 18));
    painter.setPen(dashed);
    painter.drawLine(QPointF(14, 34), QPointF(30, 34));
    painter.setPen(theme.text2);
    painter.drawText(QPointF(36, 22), QStringLiteral("f(x)"));
    painter.drawText(QPointF(36, 38), QStringLiteral("f′(x)"));

    if (!hovered_ || !curve_.value)
        return;
    const double value = curve_.value(*hovered_);
    painter.setPen(QPen(theme.field, 2));
    painter.setBrush(line);
    if (std::isfinite(value))
        painter.drawEllipse(toPixels(*hovered_, value), 4.5, 4.5);
    painter.setPen(theme.text);
    painter.drawText(rect().adjusted(0, 8, -10, 0), Qt::AlignRight | Qt::AlignTop,
                     QStringLiteral("f(%1) = %2   f′ = %3")
                         .arg(*hovered_, 0, 'f', 2)
                         .arg(value, 0, 'f', 2)
                         .arg(curve_.slope(*hovered_), 0, 'f', 2)
                         .replace(QLatin1Char('-'), QChar(0x2212)));
}

void ActivationPlot::mouseMoveEvent(QMouseEvent* event) {
    const double across =
        (event->position().x() - kPlotMargin) / std::max(1.0, width() - 2.0 * kPlotMargin);
    hovered_ = kLeft + std::clamp(across, 0.0, 1.0) * (kRight - kLeft);
    update();
}

void ActivationPlot::leaveEvent(QEvent*) {
    hovered_.reset();
    update();
}

} // namespace gradwright

#include "moc_activation_plot.cpp"
