// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/confusion.h"
#include "engine/metrics/quality.h"
#include "engine/support/json_fwd.h"

#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// The key under which a record holds a quality: "accuracy", "validation_r2".
std::string qualityKey(const MetricDef& metric, std::string_view prefix = {});

/// The quality that a record holds under qualityKey(), of whichever metric a training can be judged
/// by; a NaN where there is no number, as one that is not finite is written. Nothing without such a
/// key, or where `record` is no object.
std::optional<Quality> qualityIn(const Json& record, std::string_view prefix = {});

/// The counts as a list for each label, of how often its samples are read as each class.
Json confusionJson(const ConfusionMatrix& matrix);

} // namespace gradwright
