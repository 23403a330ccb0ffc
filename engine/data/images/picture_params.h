// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/preparation.h"
#include "engine/support/param.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gradwright {

/// size, channels, fit, normalize: how image files of any size become samples.
ParamSpecs pictureParams();
/// Adds to them a choice of "normalize" by which mean and deviation of each channel are given:
/// those that weights from elsewhere were trained with.
void addGivenScaling(ParamSpecs& params);

/// The mean and the deviation of each channel, of values from 0 (black) to 1.
struct ChannelScaling {
    std::vector<double> mean, deviation;
    bool operator==(const ChannelScaling&) const = default;
};
/// What "mean" and "deviation" say where "normalize" is "given"; nothing otherwise. Throws Error
/// naming the parameter unless there is a number for each channel, deviations greater than 0.
std::optional<ChannelScaling> givenScaling(const Params& params, std::int64_t channels);
/// Sets the parameters so that givenScaling() gives that.
void setGivenScaling(ParamValues& params, const ChannelScaling& scaling);

/// The fit of that key: "crop", "pad" or "stretch".
PictureFit pictureFitOf(std::string_view key);

} // namespace gradwright
