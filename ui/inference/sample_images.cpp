// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/sample_images.h"

#include "ui/session/trained_model.h"

#include <QPainter>

#include <algorithm>
#include <string>

namespace gradwright {
namespace {

QImage onWhite(const QImage& image) {
    QImage opaque(image.size(), QImage::Format_RGB32);
    opaque.fill(Qt::white);
    QPainter(&opaque).drawImage(0, 0, image);
    return opaque;
}

int byteOf(float value) {
    return static_cast<int>(std::clamp(value, 0.0F, 1.0F) * 255 + 0.5F);
}

} // namespace

GrayImage grayImage(const QImage& image) {
    const auto gray = onWhite(image).convertToFormat(QImage::Format_Grayscale8);
    auto result = makeImage(gray.width(), gray.height());
    for (int y = 0; y < gray.height(); ++y) {
        const auto* line = gray.constScanLine(y);
        for (int x = 0; x < gray.width(); ++x)
            result.at(x, y) = static_cast<float>(line[x]) / 255;
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

QImage shownImage(std::span<const float> values, const Shape& shape, bool isDrawing,
                  const Theme& theme) {
    const auto height = static_cast<int>(shape[1]);
    const auto width = static_cast<int>(shape[2]);
    if (isDrawing)
        return inkImage(values, width, height, 0, 1, theme);
    const auto plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const std::size_t step = shape[0] == 3 ? plane : 0;
    QImage result(width, height, QImage::Format_RGB32);
    for (int y = 0; y < height; ++y) {
        auto* line = reinterpret_cast<QRgb*>(result.scanLine(y));
        for (int x = 0; x < width; ++x) {
            const auto at = static_cast<std::size_t>(y * width + x);
            line[x] =
                qRgb(byteOf(values[at]), byteOf(values[at + step]), byteOf(values[at + 2 * step]));
        }
    }
    return result;
}

bool readsDrawings(const TrainedModel& model) {
    const auto& info = model.data->info;
    return info.input.rank() == 3 && info.input[0] == 1 &&
           info.preparation.pictures == PictureKind::Digit &&
           model.choice.dataset != "fashion-mnist";
}

bool readsDigits(const TrainedModel& model) {
    if (!readsDrawings(model))
        return false;
    if (model.choice.dataset == "mnist")
        return true;
    const auto& classes = model.data->info.classes;
    for (std::size_t i = 0; i < classes.size(); ++i)
        if (classes[i] != std::to_string(i))
            return false;
    return classes.size() == 10;
}

} // namespace gradwright
