// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/slider_scale.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kWidestLinear = 10; ///< beyond it a step of the slider is too coarse to be of use
constexpr double kDecades = 1e3;     ///< of a logarithmic one, to each side of the default

double rounded(double value, int digits) {
    if (value == 0)
        return 0;
    const double place = std::pow(10, digits - 1 - std::floor(std::log10(std::abs(value)) + 1e-9));
    return std::round(value * place) / place;
}

} // namespace

std::optional<SliderScale> SliderScale::of(const ParamSpec& spec) {
    if (spec.type != ParamType::Real)
        return {};
    SliderScale scale;
    scale.openLow_ = spec.minimumExclusive;
    scale.openHigh_ = spec.maximumExclusive;
    if (spec.logarithmic) {
        const double usual = std::get<double>(spec.defaultValue);
        if (usual <= 0)
            return {};
        scale.logarithmic_ = true;
        scale.low_ = std::max(spec.minimum > 0 ? spec.minimum : 0, usual / kDecades);
        scale.high_ = std::min(spec.maximum, usual * kDecades);
        scale.endsAtZero_ = spec.minimum <= 0 && !spec.minimumExclusive;
        return scale;
    }
    if (!(spec.maximum - spec.minimum <= kWidestLinear))
        return {};
    scale.low_ = spec.minimum;
    scale.high_ = spec.maximum;
    return scale;
}

double SliderScale::valueAt(int position) const {
    if (logarithmic_) {
        if (position <= 0 && endsAtZero_)
            return 0;
        const double share = static_cast<double>(std::clamp(position, 0, kSteps)) / kSteps;
        const double value = low_ * std::pow(high_ / low_, share);
        return std::clamp(rounded(value, 2), low_, high_);
    }
    // An end that does not belong to the range gives way to the step beside it.
    const int inside = std::clamp(position, openLow_ ? 1 : 0, kSteps - (openHigh_ ? 1 : 0));
    const double step = (high_ - low_) / kSteps;
    const double value = low_ + step * inside;
    return std::clamp(std::round(value * 1e6) / 1e6, low_, high_);
}

int SliderScale::positionOf(double value) const {
    if (logarithmic_) {
        if (value <= low_)
            return 0;
        return std::clamp(
            static_cast<int>(std::lround(std::log(value / low_) / std::log(high_ / low_) * kSteps)),
            0, kSteps);
    }
    return std::clamp(static_cast<int>(std::lround((value - low_) / (high_ - low_) * kSteps)), 0,
                      kSteps);
}

} // namespace gradwright
