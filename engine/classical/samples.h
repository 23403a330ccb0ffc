// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/watch.h"
#include "engine/data/dataset.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// Samples as classical methods take them: a row of numbers each, beside its class or its target
/// values.
struct Samples {
    std::size_t features = 0;
    std::size_t classes = 0;          ///< 0: samples have target values
    std::size_t width = 0;            ///< target values a sample; 0 with classes
    std::vector<float> inputs;        ///< [count, features]
    std::vector<std::int32_t> labels; ///< one a sample; none with target values
    std::vector<float> targets;       ///< [count, width]; none with classes

    [[nodiscard]] std::size_t count() const { return features ? inputs.size() / features : 0; }
    [[nodiscard]] std::span<const float> row(std::size_t sample) const {
        return std::span(inputs).subspan(sample * features, features);
    }
    [[nodiscard]] std::span<const float> target(std::size_t sample) const {
        return std::span(targets).subspan(sample * width, width);
    }
    /// The numbers that a method gives for a sample: one a class, or one a target value.
    [[nodiscard]] std::size_t outputs() const { return classes > 0 ? classes : width; }
    /// Those samples, in this order.
    [[nodiscard]] Samples picked(std::span<const std::uint32_t> rows) const;
};

/// Why classical methods cannot learn such data: a text, samples that are their own target. Empty
/// when they can.
std::string whyNoClassicalMethods(const DataInfo& data);

/// For each element of a sample whether methods get it: all but the parts that the assignment
/// leaves out. Throws Error for a part that no sample has.
std::vector<bool> usedElements(const DataInfo& info, std::size_t elements);

/// Reads samples of a data set as a network gets them: prepared, flattened, without the parts that
/// its assignment leaves out, never augmented. Throws Error with the reason where classical methods
/// cannot learn them or memory does not suffice, FitStopped when stopped.
Samples samplesOf(const DataSource& source, std::span<const std::uint32_t> indices,
                  const DataInfo& info, const Watch& watch);

} // namespace gradwright
