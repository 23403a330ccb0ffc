// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icon_engine.h"

#include "ui/theme/theme_manager.h"

#include <QFile>
#include <QIconEngine>
#include <QPixmapCache>
#include <QPointer>
#include <QSvgRenderer>

#include <algorithm>

namespace gradwright {

namespace {

QPixmap render(const QString& name, const QColor& color, QSize pixels, double logicalWidth) {
    const QString key = QStringLiteral("gradwright/%1/%2/%3/%4")
                            .arg(name, color.name(QColor::HexArgb))
                            .arg(pixels.width())
                            .arg(logicalWidth);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    pixmap = QPixmap(pixels);
    pixmap.fill(Qt::transparent);
    if (!file.open(QIODevice::ReadOnly))
        return pixmap;
    QByteArray svg = file.readAll();
    svg.replace("currentColor", color.name().toLatin1());
    svg.replace("stroke-width=\"1.5\"",
                "stroke-width=\"" + QByteArray::number(1.5 * 20 / logicalWidth) + '"');
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    QSvgRenderer(svg).render(&painter, QRectF(QPointF(), pixels));
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

/// Takes its colour from the theme of the moment, so that icons follow a switch.
class ThemedIconEngine final : public QIconEngine {
public:
    ThemedIconEngine(const ThemeManager& manager, QString name, QColor Theme::*role)
        : manager_(&manager)
        , name_(std::move(name))
        , role_(role) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const int side = std::min(rect.width(), rect.height());
        drawIcon(*painter, QRect(rect.topLeft(), QSize(side, side)), name_, color(mode));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        return scaledPixmap(size, mode, state, 1);
    }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal scale) override {
        const int side = std::min(size.width(), size.height());
        const QPixmap icon = render(name_, color(mode), {side, side}, side / scale);
        if (size == icon.size())
            return icon;
        QPixmap room(size);
        room.fill(Qt::transparent);
        QPainter(&room).drawPixmap(0, (size.height() - side) / 2, icon);
        return room;
    }
    [[nodiscard]] QIconEngine* clone() const override { return new ThemedIconEngine(*this); }

private:
    [[nodiscard]] QColor color(QIcon::Mode mode) const {
        if (manager_.isNull())
            return Qt::gray;
        const Theme& theme = manager_->theme();
        return mode == QIcon::Disabled ? theme.disabled : theme.*role_;
    }

    QPointer<const ThemeManager> manager_;
    QString name_;
    QColor Theme::*role_;
};

} // namespace

void drawIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color) {
    // On a zoomed canvas the pixels follow the zoom, the line's width the icon's logical size.
    const double scale = painter.worldTransform().m11() * painter.device()->devicePixelRatioF();
    const QSize pixels = (rect.size() * scale).toSize().expandedTo(QSize(1, 1));
    painter.drawPixmap(rect, render(name, color, pixels, rect.width()), QRectF(QPointF(), pixels));
}

QIcon ThemeManager::icon(const QString& name, QColor Theme::*role) const {
    return QIcon(new ThemedIconEngine(*this, name, role));
}

} // namespace gradwright
