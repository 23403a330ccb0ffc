// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// The order in which stratifiedSplit() goes through so many samples. It depends on nothing else,
/// so it can be made beside other work.
std::vector<std::uint32_t> splitOrder(std::size_t samples, std::uint64_t seed);
/// stratifiedSplit() in that order.
Split stratifiedSplit(std::span<const std::int32_t> labels, std::size_t classes,
                      double validationFraction, std::vector<std::uint32_t> order);

/// foldSplit() in that order.
Split foldSplit(std::span<const std::int32_t> labels, std::size_t classes, std::int64_t folds,
                std::int64_t fold, const std::vector<std::uint32_t>& order);

/// How many of so many samples stratifiedSplit() splits off.
std::size_t splitOff(std::size_t samples, double validationFraction);

} // namespace gradwright
