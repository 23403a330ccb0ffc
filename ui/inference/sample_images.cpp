// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/sample_images.h"

#include "ui/session/trained_model.h"

#include <QPainter>

#include <string>

namespace gradwright {
namespace {

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

bool readsDrawings(const TrainedModel& model) {
    return areDrawings(model.choice, model.data->info);
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
