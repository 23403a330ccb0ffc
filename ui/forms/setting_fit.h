// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <string>
#include <string_view>

namespace gradwright {

/// A setting that a form offers.
struct OfferedSetting {
    std::string place; ///< in the glossary: "training/seed"
    std::string title;
    std::string doc;
};

/// Whether a setting makes sense for such samples, so that forms need not offer what would do
/// nothing or harm. `place` is the setting's in the glossary: "augmentation/rotation",
/// "dataset/csv/image_size", "data/reconstruct". All others suit all data.
///
/// Augmentation takes images (C×H×W). What moves pixels is not for samples whose target is another
/// image, which would stay where it is; mixing is for classes. A text cannot be reconstructed,
/// since its inputs are numbers of characters.
bool suitsData(std::string_view place, const DataInfo& info);

} // namespace gradwright
