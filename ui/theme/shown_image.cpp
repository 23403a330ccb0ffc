// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/shown_image.h"

#include <algorithm>

namespace gradwright {
namespace {

int byteOf(float value) {
    return static_cast<int>(std::clamp(value, 0.0F, 1.0F) * 255 + 0.5F);
}

} // namespace

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

bool areDrawings(const DataChoice& choice, const DataInfo& info) {
    return info.input.rank() == 3 && info.input[0] == 1 &&
           info.preparation.pictures == PictureKind::Digit && choice.dataset != "fashion-mnist";
}

} // namespace gradwright
