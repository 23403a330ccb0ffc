// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/part_counts.h"
#include "engine/data/survey/table_survey.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// Samples whose inputs are equal to the bit after preparation. Two different ones are taken for
/// equal with a probability of about n² / 2^129 among n samples: 128 bits of a hash are compared.
struct SampleTwins {
    std::vector<SampleId> samples; ///< by part, then by number
    bool isShared = false;         ///< in several parts
    bool isContradicted = false;   ///< with different classes or target values
};

struct Duplicates {
    std::int64_t copies = 0;       ///< samples that repeat another one, which is not counted
    std::int64_t shared = 0;       ///< samples of validation and test that an earlier part has, too
    std::int64_t contradicted = 0; ///< samples whose input occurs with another class or target
    /// The first ones, up to kMostGroups: shared ones first, then those with contradictions.
    std::vector<SampleTwins> groups;
    std::int64_t unreadable = 0;                          ///< samples that could not be read
    std::vector<std::pair<SampleId, std::string>> faults; ///< the first of them, with the cause

    static constexpr std::size_t kMostGroups = 200;
};

/// Reads all samples once. Nothing when stopped.
std::optional<Duplicates> findDuplicates(const Dataset& data, const Split& split,
                                         const std::stop_token& stop = {},
                                         const SurveyProgress& progress = {});

} // namespace gradwright
