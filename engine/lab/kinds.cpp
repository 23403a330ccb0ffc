// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/kinds.h"

#include "engine/lab/baselines/baselines.h"
#include "engine/lab/batch_size/batch_size.h"
#include "engine/lab/cross_validation/cross_validation.h"
#include "engine/lab/data_amount/data_amount.h"
#include "engine/lab/depth/depth.h"
#include "engine/lab/ensembles/ensembles.h"
#include "engine/lab/landscape/landscape.h"
#include "engine/lab/precision/precision.h"
#include "engine/lab/seeds/seeds.h"
#include "engine/lab/sweep/sweep.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {

const std::vector<ExperimentKind>& experimentKinds() {
    static const std::vector<ExperimentKind> kinds = {
        batchSizeKind(), sweepKind(),           seedsKind(),    depthKind(),     dataAmountKind(),
        baselinesKind(), crossValidationKind(), ensembleKind(), precisionKind(), landscapeKind()};
    return kinds;
}

const ExperimentKind& experimentKind(std::string_view key) {
    const auto& kinds = experimentKinds();
    const auto found = std::ranges::find(kinds, key, &ExperimentKind::key);
    if (found != kinds.end())
        return *found;
    std::vector<std::string_view> known;
    for (const auto& kind : kinds)
        known.emplace_back(kind.key);
    throw Error("there is no kind of experiment \"{}\"; known are {}", key, fmt::join(known, ", "));
}

} // namespace gradwright
