// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/preparation.h"
#include "engine/support/param.h"

#include <string_view>

namespace gradwright {

/// size, channels, fit, normalize: how image files of any size become samples.
ParamSpecs pictureParams();
/// The fit of that key: "crop", "pad" or "stretch".
PictureFit pictureFitOf(std::string_view key);

} // namespace gradwright
