// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/window.h"

namespace gradwright::layers {

/// Any positions, gone in the output.
inline Inferred inferGlobalPool(std::string_view title, const Shape& input) {
    if (input.rank() >= 2 && input.rank() <= 4)
        return Shape{channelsOf(input)};
    return LayerProblem{fmt::format("{} takes a sequence, an image or a volume; received {}.",
                                    title, toString(input)),
                        "",
                        {}};
}

/// "dim=1" of a sequence, "dim=(2, 3)" of an image.
inline std::string torchPositions(const Shape& input) {
    return input.rank() == 2 ? "1" : input.rank() == 3 ? "(2, 3)" : "(2, 3, 4)";
}

} // namespace gradwright::layers
