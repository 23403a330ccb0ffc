// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_export.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "ui/canvas/canvas_scene.h"

#include <QBuffer>
#include <QImage>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kExportMargin = 24;
constexpr double kPngScale = 2;
constexpr double kMostPixels = 64e6; // a picture of 250 MiB; larger ones get coarser

QByteArray asSvg(CanvasScene& scene, const QRectF& area) {
    QBuffer buffer;
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(area.size().toSize());
    generator.setViewBox(QRectF(QPointF(), area.size()));
    generator.setTitle(QStringLiteral("Gradwright"));
    QPainter painter(&generator);
    scene.render(&painter, QRectF(QPointF(), area.size()), area);
    painter.end();
    return buffer.data();
}

QByteArray asPng(CanvasScene& scene, const QRectF& area, const QColor& paper) {
    const double whole = area.width() * area.height();
    const double scale = std::min(kPngScale, std::sqrt(kMostPixels / whole));
    QImage image((area.size() * scale).toSize(), QImage::Format_RGB32);
    if (image.isNull())
        throw Error("the picture would be too large");
    image.fill(paper);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    scene.render(&painter, image.rect(), area);
    painter.end();
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG"))
        throw Error("the picture could not be written as PNG");
    return buffer.data();
}

QByteArray asPdf(CanvasScene& scene, const QRectF& area) {
    constexpr double pointsPerPixel = 0.75;
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setPageSize(
        QPageSize(area.size() * pointsPerPixel, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins({});
    writer.setTitle(QStringLiteral("Gradwright"));
    QPainter painter(&writer);
    scene.render(&painter, QRectF(0, 0, writer.width(), writer.height()), area);
    painter.end();
    return buffer.data();
}

} // namespace

void exportCanvas(CanvasScene& scene, const QString& file) {
    const QRectF content = scene.contentRect();
    if (content.isEmpty())
        throw Error("There is nothing on the canvas yet");
    const QList<QGraphicsItem*> selected = scene.selectedItems();
    scene.clearSelection(); // a picture shows no selection
    QByteArray bytes;
    const QRectF area = scene.itemsBoundingRect().united(content).adjusted(
        -kExportMargin, -kExportMargin, kExportMargin, kExportMargin);
    const QString ending = file.section(u'.', -1).toLower();
    try {
        if (ending == QLatin1String("svg"))
            bytes = asSvg(scene, area);
        else if (ending == QLatin1String("pdf"))
            bytes = asPdf(scene, area);
        else if (ending == QLatin1String("png"))
            bytes = asPng(scene, area, scene.paper());
        else
            throw Error("Pictures are written as .svg, .png or .pdf, not \".{}\"",
                        ending.toStdString());
    } catch (...) {
        for (QGraphicsItem* const item : selected)
            item->setSelected(true);
        throw;
    }
    for (QGraphicsItem* const item : selected)
        item->setSelected(true);
    writeFileAtomically(
        file.toStdString(),
        std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

} // namespace gradwright
