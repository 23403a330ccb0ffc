// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/rate.h"

#include <span>

namespace gradwright {

/// A GPU as NVIDIA's data sheet describes it; 0 stands for what the sheet does not give or the card
/// does not have.
struct Card {
    std::string_view name;
    int year;
    std::array<double, kRateFormats> peaks; ///< operations per second, dense, by format
    double f64Tensor;                       ///< FP64 on tensor cores
    double memory;                          ///< bytes
    double bandwidth;                       ///< bytes per second of its memory
    double nvlink;                          ///< both directions together, bytes a second
    std::string_view source;
};

/// P100, V100, T4, A100 and H100, for comparison. FP16, BF16, TF32 and INT8 are those of tensor
/// cores without sparsity, where there are any.
std::span<const Card> knownCards();

} // namespace gradwright
