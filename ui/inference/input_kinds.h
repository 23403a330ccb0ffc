// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/inference/input_panel.h"

#include <cstddef>
#include <vector>

namespace gradwright {

class ThemeManager;

/// One kind of input that the Inference page serves.
struct InputKind {
    const QMetaObject* panel;
    bool (*suits)(const DataInfo&);
    InputPanel* (*make)(ThemeManager&);
};

/// The first kind that suits a network's data is its kind; the last suits all.
const std::vector<InputKind>& inputKinds();
/// The number of the kind of such data.
std::size_t inputKindOf(const DataInfo& info);

} // namespace gradwright
