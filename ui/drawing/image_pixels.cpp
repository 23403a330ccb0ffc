// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/image_pixels.h"

#include <QBuffer>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr float kMostByte = 255;

QImage onWhite(const QImage& image) {
    QImage opaque(image.size(), QImage::Format_RGB32);
    opaque.fill(Qt::white);
    QPainter(&opaque).drawImage(0, 0, image);
    return opaque;
}

} // namespace

GrayImage grayImage(const QImage& image) {
    const auto gray = onWhite(image).convertToFormat(QImage::Format_Grayscale8);
    auto result = makeImage(gray.width(), gray.height());
    for (int y = 0; y < gray.height(); ++y) {
        const auto* line = gray.constScanLine(y);
        for (int x = 0; x < gray.width(); ++x)
            result.at(x, y) = static_cast<float>(line[x]) / kMostByte;
    }
    return result;
}

Picture pictureOf(const QImage& image) {
    const auto colours = onWhite(image).convertToFormat(QImage::Format_RGB888);
    Picture picture{colours.width(), colours.height(), 3, {}};
    for (int y = 0; y < colours.height(); ++y) {
        const auto* line = colours.constScanLine(y);
        picture.bytes.insert(picture.bytes.end(), line, line + 3 * colours.width());
    }
    return picture;
}

QByteArray pngOf(const GrayImage& image) {
    QImage made(static_cast<int>(image.width), static_cast<int>(image.height),
                QImage::Format_Grayscale8);
    for (int y = 0; y < made.height(); ++y) {
        auto* const line = made.scanLine(y);
        for (int x = 0; x < made.width(); ++x)
            line[x] =
                static_cast<uchar>(std::lround(std::clamp(image.at(x, y), 0.0F, 1.0F) * kMostByte));
    }
    return pngOf(made);
}

QByteArray pngOf(const QImage& image) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
}

} // namespace gradwright
