// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/input_kinds.h"

#include "ui/inference/image_panel.h"
#include "ui/inference/plane_panel.h"
#include "ui/inference/table_panel.h"
#include "ui/inference/text_panel.h"
#include "ui/session/plane_map.h"

#include <algorithm>

namespace gradwright {
namespace {

template <class Panel>
InputKind kind(bool (*suits)(const DataInfo&)) {
    return {&Panel::staticMetaObject, suits,
            [](ThemeManager& theme) -> InputPanel* { return new Panel(theme); }};
}

} // namespace

const std::vector<InputKind>& inputKinds() {
    static const std::vector<InputKind> all = {
        kind<PlanePanel>(livesInThePlane),
        kind<TablePanel>(TablePanel::suits),
        kind<TextPanel>(TextPanel::suits),
        kind<ImagePanel>([](const DataInfo&) { return true; }),
    };
    return all;
}

std::size_t inputKindOf(const DataInfo& info) {
    const auto& all = inputKinds();
    const auto found =
        std::ranges::find_if(all, [&](const InputKind& each) { return each.suits(info); });
    return static_cast<std::size_t>(found - all.begin());
}

} // namespace gradwright
