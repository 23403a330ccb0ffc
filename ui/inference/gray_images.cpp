// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/gray_images.h"

#include <QPainter>

#include <algorithm>

namespace gradwright {

GrayImage grayImage(const QImage& image) {
    QImage opaque(image.size(), QImage::Format_RGB32);
    opaque.fill(Qt::white);
    QPainter(&opaque).drawImage(0, 0, image);
    const auto gray = opaque.convertToFormat(QImage::Format_Grayscale8);
    auto result = makeImage(gray.width(), gray.height());
    for (int y = 0; y < gray.height(); ++y) {
        const auto* line = gray.constScanLine(y);
        for (int x = 0; x < gray.width(); ++x)
            result.at(x, y) = static_cast<float>(line[x]) / 255;
    }
    return result;
}

QImage toQImage(const GrayImage& image) {
    QImage result(static_cast<int>(image.width), static_cast<int>(image.height),
                  QImage::Format_Grayscale8);
    for (int y = 0; y < result.height(); ++y) {
        auto* line = result.scanLine(y);
        for (int x = 0; x < result.width(); ++x)
            line[x] = static_cast<uchar>(std::clamp(image.at(x, y), 0.0F, 1.0F) * 255 + 0.5F);
    }
    return result;
}

QImage inkImage(std::span<const float> values, int width, int height, float least, float most,
                const Theme& theme) {
    QImage result(width, height, QImage::Format_Grayscale8);
    const float range = most > least ? most - least : 1;
    const bool dark = theme.kind == ThemeKind::Dark;
    for (int y = 0; y < height; ++y) {
        auto* line = result.scanLine(y);
        for (int x = 0; x < width; ++x) {
            const float value = values[static_cast<std::size_t>(y * width + x)];
            const float ink = std::clamp((value - least) / range, 0.0F, 1.0F);
            line[x] = static_cast<uchar>((dark ? ink : 1 - ink) * 255 + 0.5F);
        }
    }
    return result;
}

} // namespace gradwright
