// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gradwright {

/// Training and validation are parts of Dataset::training.
enum class DataPart { Training, Validation, Test };
inline constexpr std::size_t kDataParts = 3;

/// One sample: its number in Dataset::training or, of the test part, in Dataset::test.
struct SampleId {
    DataPart part = DataPart::Training;
    std::uint32_t index = 0;

    auto operator<=>(const SampleId&) const = default;
};

/// By part.
using PartNumbers = std::array<std::int64_t, kDataParts>;

/// How many samples there are.
struct PartCounts {
    PartNumbers samples{};
    std::vector<PartNumbers> classes; ///< by label; none where a sample has no single class

    [[nodiscard]] std::int64_t total() const;
    /// Of a class, in all parts.
    [[nodiscard]] std::int64_t ofClass(std::size_t label) const;
    /// The most frequent class of the training part over the rarest one; 1 without classes,
    /// infinity where one does not occur.
    [[nodiscard]] double imbalance() const;
    /// What each class counts in a loss so that all weigh the same: samples over those of the class
    /// times the number of classes, over the training part; 1 for one that does not occur. The mean
    /// over the samples is 1 (King, Zeng: "Logistic regression in rare events data", 2001).
    [[nodiscard]] std::vector<double> balancedWeights() const;
};

/// `split` is that of the data set's training part. A sample left out by the choice's limit is in
/// no part.
PartCounts countParts(const Dataset& data, const Split& split);

/// Where a sample comes from as its source tells it, else its number from 1: "sample 12".
std::string originOf(const Dataset& data, const SampleId& sample);

} // namespace gradwright
