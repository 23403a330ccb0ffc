// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/landscape_chart.h"

#include "ui/lab/panel_chart.h"
#include "ui/plots/heat_colors.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QImage>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QTextStream>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gradwright {
namespace {

constexpr int kPlaneLeft = 58;
constexpr int kPlaneRight = 84; ///< with the scale of colours
constexpr int kPlaneTop = 10;
constexpr int kPlaneBottom = 54;
constexpr int kBands = 14; ///< of equal loss
constexpr int kScaleWidth = 14;
constexpr QColor kBareGround(74, 84, 98); ///< where nothing is measured

QString nameOfAxis(const Json& data, const char* key) {
    return QString::fromStdString(data.value(key, std::string()));
}

/// In bands of equal loss, each in one colour, with a line between two.
QImage imageOf(const LossSurface& surface, QSize pixels) {
    QImage image(pixels, QImage::Format_ARGB32);
    image.fill(Qt::transparent);
    const auto bandAt = [&](int column, int row) {
        const double x =
            surface.left() + (column + 0.5) / pixels.width() * (surface.right() - surface.left());
        const double y =
            surface.top() - (row + 0.5) / pixels.height() * (surface.top() - surface.bottom());
        const auto share = surface.shareAt(x, y);
        return share ? std::clamp(static_cast<int>(*share * kBands), 0, kBands - 1) : -1;
    };
    std::vector<int> above(static_cast<std::size_t>(pixels.width()), -1);
    for (int row = 0; row < pixels.height(); ++row) {
        auto* const line = reinterpret_cast<QRgb*>(image.scanLine(row));
        int before = -1;
        for (int column = 0; column < pixels.width(); ++column) {
            const int band = bandAt(column, row);
            auto& over = above[static_cast<std::size_t>(column)];
            if (band >= 0) {
                const QColor color(heatColor((band + 0.5) / kBands));
                const bool isEdge = (before >= 0 && before != band) || (over >= 0 && over != band);
                line[column] = (isEdge ? color.lighter(130) : color).rgb();
            }
            before = over = band;
        }
    }
    return image;
}

} // namespace

std::vector<QRectF> labelsBeside(const std::vector<QPointF>& points,
                                 const std::vector<QSizeF>& sizes, const QRectF& area) {
    std::vector<QRectF> labels;
    for (std::size_t i = 0; i < points.size(); ++i) {
        constexpr double kBeside = 10;
        constexpr double kApart = 4;
        QRectF label(points[i].x() + kBeside, points[i].y() - sizes[i].height() / 2,
                     sizes[i].width(), sizes[i].height());
        if (label.right() > area.right())
            label.moveRight(std::max(points[i].x() - kBeside, area.left() + label.width()));
        const auto isFree = [&](double top) {
            const QRectF here(label.left(), top, label.width(), label.height());
            return here.top() >= area.top() && here.bottom() <= area.bottom() &&
                   std::ranges::none_of(labels, [&](const QRectF& other) {
                       return other.adjusted(-1, -1, 1, 1).intersects(here);
                   });
        };
        const double wanted = std::clamp(label.top(), area.top(), area.bottom() - label.height());
        label.moveTop(wanted);
        const double step = label.height() + kApart;
        for (double off = 0; off < area.height(); off += step / 2) {
            const bool isBelow = isFree(wanted + off);
            if (!isBelow && !isFree(wanted - off))
                continue;
            label.moveTop(isBelow ? wanted + off : wanted - off);
            break;
        }
        labels.push_back(label);
    }
    return labels;
}

LandscapeChart::LandscapeChart(ThemeManager& theme, QWidget* parent)
    : LabChart(theme, tr("Cost surface"), parent)
    , reset_(new QPushButton(tr("Reset view"), this)) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    reset_->setObjectName(QStringLiteral("resetRelief"));
    reset_->hide();
    connect(reset_, &QPushButton::clicked, this, [this] {
        setFocus(); // the button goes
        setView({});
    });
    connect(&theme, &ThemeManager::changed, this, &LandscapeChart::placeReset);
}

LandscapeChart::Areas LandscapeChart::areasIn(QSize size) const {
    const QRectF all({}, size);
    if (shown_ == Shown::Map || !isMeasured_)
        return {all, {}};
    if (shown_ == Shown::Relief)
        return {{}, all};
    const double half = std::floor(all.width() / 2);
    return {{0, 0, half, all.height()}, {half, 0, all.width() - half, all.height()}};
}

void LandscapeChart::paint(QPainter& painter, QSize size) {
    const auto& theme = theme_->theme();
    const LossSurface surface(data());
    painter.setFont(textFont(type::kCaption));
    if (!surface.hasFrame()) {
        painter.setPen(theme.text3);
        painter.drawText(QRect({}, size), Qt::AlignCenter, tr("The surface is not measured yet."));
        return;
    }
    const auto paths = surfacePaths(data());
    const auto areas = areasIn(size);
    if (!areas.map.isEmpty()) {
        painter.save();
        painter.translate(areas.map.topLeft());
        paintMap(painter, areas.map.size(), surface, paths);
        painter.restore();
    }
    if (areas.relief.isEmpty())
        return;
    paintRelief(painter, areas.relief, surface, paths, view_, theme, nameOfAxis(data(), "x_name"),
                nameOfAxis(data(), "y_name"));
    if (areas.map.isEmpty()) // else the map has them
        paintLegend(painter, areas.relief, paths);
}

void LandscapeChart::paintLegend(QPainter& painter, const QRectF& area,
                                 const std::vector<SurfacePath>& paths) const {
    painter.setFont(textFont(type::kCaption));
    double top = area.top() + 4;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto text = pathText(paths[i]);
        const double wide = painter.fontMetrics().horizontalAdvance(text);
        painter.setPen(theme_->theme().text2);
        painter.drawText(QRectF(area.right() - wide - 6, top, wide, 16), Qt::AlignCenter, text);
        painter.setPen(QPen(QColor(0, 0, 0, 150), 4));
        painter.drawLine(QPointF(area.right() - wide - 30, top + 8),
                         QPointF(area.right() - wide - 12, top + 8));
        painter.setPen(QPen(pathColor(theme_->theme(), i), 2));
        painter.drawLine(QPointF(area.right() - wide - 30, top + 8),
                         QPointF(area.right() - wide - 12, top + 8));
        top += 18;
    }
}

void LandscapeChart::paintMap(QPainter& painter, QSizeF size, const LossSurface& surface,
                              const std::vector<SurfacePath>& paths) const {
    const auto& theme = theme_->theme();
    const QRectF area(kPlaneLeft, kPlaneTop, size.width() - kPlaneLeft - kPlaneRight,
                      size.height() - kPlaneTop - kPlaneBottom);
    if (area.width() < 20 || area.height() < 20)
        return;
    if (surface.isEmpty()) // a ground on which the paths of all colours are seen
        painter.fillRect(area, kBareGround);
    else
        painter.drawImage(area, imageOf(surface, area.size().toSize()));
    painter.setPen(theme.divider);
    painter.drawRect(area);
    painter.setPen(theme.axis);
    for (const double share : {0.0, 0.5, 1.0}) {
        const double x = surface.left() + share * (surface.right() - surface.left());
        const double y = surface.bottom() + share * (surface.top() - surface.bottom());
        painter.drawText(QRectF(area.left() + share * area.width() - 30, area.bottom() + 4, 60, 16),
                         Qt::AlignCenter, placeText(x));
        painter.drawText(QRectF(0, area.bottom() - share * area.height() - 8, kPlaneLeft - 8, 16),
                         Qt::AlignRight | Qt::AlignVCenter, placeText(y));
        if (surface.isEmpty())
            continue;
        painter.drawText(QRectF(area.right() + 18 + kScaleWidth,
                                area.bottom() - share * area.height() - 8, kPlaneRight - 24, 16),
                         Qt::AlignLeft | Qt::AlignVCenter, lossText(surface.lossAt(share)));
    }
    const double room = size.width() - kPlaneLeft - 4;
    const auto caption = [&](double below, const QString& text) {
        painter.drawText(
            QRectF(area.left(), area.bottom() + below, room, 16), Qt::AlignLeft | Qt::AlignVCenter,
            painter.fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(room)));
    };
    caption(20, tr("Across: %1").arg(nameOfAxis(data(), "x_name")));
    const auto up = nameOfAxis(data(), "y_name");
    caption(36, surface.isEmpty() ? tr("Up: %1").arg(up) : tr("Up: %1; colours: loss").arg(up));
    const double band = area.height() / kBands;
    for (int i = 0; i < kBands && !surface.isEmpty(); ++i)
        painter.fillRect(
            QRectF(area.right() + 12, area.bottom() - (i + 1) * band, kScaleWidth, band + 0.5),
            QColor(heatColor((i + 0.5) / kBands)));

    paintPaths(painter, area, surface, paths);
    if (!isProvisional(data()))
        return;
    painter.setFont(textFont(type::kCaption));
    painter.setPen(QColor(255, 255, 255, 190));
    painter.drawText(area.adjusted(8, 6, -8, -6), Qt::AlignTop | Qt::AlignHCenter,
                     painter.fontMetrics().elidedText(
                         tr("Not the surface's plane yet: that of the points so far"),
                         Qt::ElideRight, static_cast<int>(area.width()) - 16));
}

void LandscapeChart::paintPaths(QPainter& painter, const QRectF& area, const LossSurface& surface,
                                const std::vector<SurfacePath>& paths) const {
    const auto& theme = theme_->theme();
    const auto placeOf = [&](double x, double y) {
        return QPointF(area.left() + surface.acrossOf(x) * area.width(),
                       area.bottom() - surface.upOf(y) * area.height());
    };
    painter.setClipRect(area);
    std::vector<QPointF> ends;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto& points = paths[i].points;
        QPainterPath line(placeOf(points.front().x, points.front().y));
        for (const auto& point : points)
            line.lineTo(placeOf(point.x, point.y));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(QColor(0, 0, 0, 150), 4));
        painter.drawPath(line);
        painter.setPen(QPen(pathColor(theme, i), 2));
        painter.drawPath(line);
        painter.setPen(QPen(Qt::black, 1));
        painter.setBrush(pathColor(theme, i));
        for (const auto& point : points)
            painter.drawEllipse(placeOf(point.x, point.y), 3, 3);
        const auto end = placeOf(points.back().x, points.back().y);
        painter.drawEllipse(end, 6, 6);
        ends.push_back(end);
    }
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    std::vector<QString> texts;
    std::vector<QSizeF> sizes;
    for (const auto& path : paths) {
        texts.push_back(painter.fontMetrics().elidedText(pathText(path), Qt::ElideMiddle,
                                                         static_cast<int>(area.width()) - 16));
        sizes.emplace_back(painter.fontMetrics().horizontalAdvance(texts.back()) + 12, 20);
    }
    const auto labels = labelsBeside(ends, sizes, area);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(15, 20, 28, 215));
        painter.drawRoundedRect(labels[i], 4, 4);
        painter.setPen(Qt::white);
        painter.drawText(labels[i], Qt::AlignCenter, texts[i]);
    }
    painter.setClipping(false);
}

int LandscapeChart::pauseBetween() const {
    constexpr int kPathsAlone = 50;
    return isMeasured_ ? LabChart::pauseBetween() : kPathsAlone;
}

void LandscapeChart::dataChanged() {
    isMeasured_ = !LossSurface(data()).isEmpty();
    placeReset();
}

PanelChoices LandscapeChart::choices() const {
    return {tr("Shown"), {tr("Map and relief"), tr("Map"), tr("Relief")}};
}

void LandscapeChart::choose(int number) {
    shown_ = static_cast<Shown>(number);
    placeReset();
    changed();
}

void LandscapeChart::setView(const ReliefView& view) {
    if (view == view_)
        return;
    view_ = view;
    changed();
}

void LandscapeChart::changed() {
    placeReset();
    update();
    sayTextChanged(*this);
}

QRectF LandscapeChart::reliefArea() const {
    return areasIn(pictureRect().size()).relief.translated(pictureRect().topLeft());
}

void LandscapeChart::placeReset() {
    reset_->adjustSize();
    const auto area = reliefArea();
    reset_->setVisible(view_ != ReliefView() && !area.isEmpty());
    reset_->move(static_cast<int>(area.right()) - reset_->width(),
                 static_cast<int>(area.bottom()) - reset_->height());
}

void LandscapeChart::resizeEvent(QResizeEvent* event) {
    LabChart::resizeEvent(event);
    placeReset();
}

void LandscapeChart::paintEvent(QPaintEvent* event) {
    LabChart::paintEvent(event);
    QPainter painter(this);
    if (const auto area = reliefArea(); !area.isEmpty()) {
        painter.setFont(textFont(type::kCaption));
        painter.setPen(theme_->theme().text3);
        painter.drawText(QRectF(area.left(), area.top(), area.width(), 16),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(
                             tr("Drag it, or press arrow keys, to turn it; + and − zoom"),
                             Qt::ElideRight, static_cast<int>(area.width())));
    }
    if (!hasFocus())
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme_->theme().focus, 2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
}

void LandscapeChart::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !reliefArea().contains(event->position())) {
        LabChart::mousePressEvent(event);
        return;
    }
    dragged_ = event->position();
    setCursor(Qt::ClosedHandCursor);
}

void LandscapeChart::mouseMoveEvent(QMouseEvent* event) {
    if (!dragged_) {
        setCursor(reliefArea().contains(event->position()) ? Qt::OpenHandCursor : Qt::ArrowCursor);
        return;
    }
    constexpr double kDegrees = 0.5; // a pixel
    const auto off = event->position() - *dragged_;
    dragged_ = event->position();
    auto view = view_;
    view.turn(-kDegrees * off.x(), kDegrees * off.y());
    setView(view);
}

void LandscapeChart::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && dragged_) {
        dragged_.reset();
        setCursor(Qt::OpenHandCursor);
    }
}

void LandscapeChart::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && reliefArea().contains(event->position()))
        setView({});
}

void LandscapeChart::wheelEvent(QWheelEvent* event) {
    // Without the keys the wheel scrolls the page, as over anything else.
    const bool isWanted = hasFocus() || (event->modifiers() & Qt::ControlModifier);
    const double turns = event->angleDelta().y() / 120.0;
    if (!isWanted || turns == 0 || !reliefArea().contains(event->position())) {
        event->ignore();
        return;
    }
    auto view = view_;
    view.zoomBy(std::pow(1.15, turns));
    setView(view);
    event->accept();
}

void LandscapeChart::keyPressEvent(QKeyEvent* event) {
    constexpr double kDegrees = 5;
    auto view = view_;
    switch (event->key()) {
    case Qt::Key_Left:
        view.turn(kDegrees, 0);
        break;
    case Qt::Key_Right:
        view.turn(-kDegrees, 0);
        break;
    case Qt::Key_Up:
        view.turn(0, -kDegrees);
        break;
    case Qt::Key_Down:
        view.turn(0, kDegrees);
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        view.zoomBy(1.15);
        break;
    case Qt::Key_Minus:
        view.zoomBy(1 / 1.15);
        break;
    case Qt::Key_Home:
        view = {};
        break;
    default:
        LabChart::keyPressEvent(event);
        return;
    }
    if (reliefArea().isEmpty())
        LabChart::keyPressEvent(event); // there is nothing to turn
    else
        setView(view);
}

QString LandscapeChart::spokenText() const {
    const LossSurface surface(data());
    QStringList parts;
    if (surface.isEmpty())
        parts << tr("not measured yet");
    else
        parts << tr("loss from %1 to %2")
                     .arg(lossText(surface.lossAt(0)), lossText(surface.lossAt(1)));
    if (isProvisional(data()))
        parts << tr("paths in the plane of their points so far");
    for (const auto& path : surfacePaths(data()))
        parts << tr("path of %1: %2, to loss %3")
                     .arg(path.name,
                          countedText(std::ssize(path.points), tr("1 point"), tr("%1 points")),
                          lossText(path.points.back().loss));
    if (shown_ != Shown::Map && !surface.isEmpty())
        parts << tr("relief turned by %1°, seen from %2° above, %3 % of its size")
                     .arg(std::lround(view_.azimuth))
                     .arg(std::lround(view_.elevation))
                     .arg(std::lround(100 * view_.zoom));
    return parts.join(QStringLiteral("; "));
}

QString LandscapeChart::csv() const {
    QString text;
    QTextStream out(&text);
    if (!isMeasured_) {
        out << "path,x,y,loss\n";
        for (const auto& path : surfacePaths(data()))
            for (const auto& point : path.points)
                out << path.name << ',' << QString::number(point.x, 'g', 10) << ','
                    << QString::number(point.y, 'g', 10) << ','
                    << (std::isfinite(point.loss) ? QString::number(point.loss, 'g', 10)
                                                  : QString())
                    << '\n';
        return text;
    }
    out << "x,y,loss\n";
    const auto placesIn = [&](const char* key) {
        const auto found = data().find(key);
        return found == data().end() ? std::vector<double>() : found->get<std::vector<double>>();
    };
    const auto x = placesIn("x"), y = placesIn("y");
    const auto rows = data().find("loss");
    for (std::size_t r = 0; rows != data().end() && r < rows->size() && r < y.size(); ++r)
        for (std::size_t c = 0; c < (*rows)[r].size() && c < x.size(); ++c) {
            const auto& loss = (*rows)[r][c];
            out << QString::number(x[c], 'g', 10) << ',' << QString::number(y[r], 'g', 10) << ','
                << (loss.is_number() ? QString::number(loss.get<double>(), 'g', 10) : QString())
                << '\n';
        }
    return text;
}

} // namespace gradwright
