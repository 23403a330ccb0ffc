// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/setting_fit.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

bool suitsAugmentation(std::string_view name, const DataInfo& info) {
    if (info.input.rank() != 3)
        return false;
    constexpr std::array<std::string_view, 4> kKeepPlaces{"brightness", "contrast", "noise",
                                                          "cutout"};
    const bool keepsPlaces = std::ranges::find(kKeepPlaces, name) != kKeepPlaces.end();
    const bool hasImageTarget = !info.hasClasses() && info.target.rank() == 3;
    if (hasImageTarget && !info.reconstructs)
        return keepsPlaces;
    return name != "mixup" || info.hasClasses();
}

} // namespace

bool suitsData(std::string_view place, const DataInfo& info) {
    const auto area = place.substr(0, place.find('/'));
    const auto name = place.substr(place.rfind('/') + 1);
    if (area == "augmentation")
        return suitsAugmentation(name, info);
    if (place == "data/reconstruct")
        return info.reconstructs || info.labels() == 1;
    if (area != "dataset")
        return true;
    if (name == "scale_target")
        return !info.hasClasses();
    if (name.starts_with("image_"))
        return std::ranges::any_of(
            info.columns, [](const TableColumn& column) { return column.image.has_value(); });
    return true;
}

} // namespace gradwright
