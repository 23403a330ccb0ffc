// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct TextWish {
    std::int64_t characters = 200; ///< to be added
    double temperature = 1; ///< below 1 keeps to what is likely; 0 always takes the likeliest
    std::uint64_t seed = 1;
};

/// Continues a text, a character at a time, by a network that predicts at each step what follows
/// it. The network must not look ahead (no bidirectional layer), since what is behind the last
/// character is empty. Throws Error when the prompt is empty or the network is of another kind.
std::string continueText(Predictor& predictor, const std::vector<std::string>& vocabulary,
                         std::string_view prompt, const TextWish& wish);

} // namespace gradwright
