// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <optional>

namespace gradwright {

/// What the positions of a parameter's slider stand for: even steps over a short range, or even
/// factors around the default for a logarithmic one.
class SliderScale {
public:
    static constexpr int kSteps = 100; ///< positions are 0 … kSteps

    /// Nothing for a parameter that a slider does not suit: an endless or a wide linear range.
    static std::optional<SliderScale> of(const ParamSpec& spec);

    [[nodiscard]] double valueAt(int position) const;
    /// The nearest one.
    [[nodiscard]] int positionOf(double value) const;

private:
    double low_ = 0, high_ = 1;
    bool logarithmic_ = false;
    bool endsAtZero_ = false; ///< the lowest position of a logarithmic one is 0
    bool openLow_ = false, openHigh_ = false;
};

} // namespace gradwright
