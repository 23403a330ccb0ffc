// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/layer_import.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gradwright {

/// A recurrent layer of which it is not known yet whether all its states are read or the last.
struct RecurrentCell {
    std::string layer, name;
    ParamValues params; ///< but for "sequences"
    LayerWeights weights;
    Operand input; ///< steps × features; backwards where `isReversed`
    std::int64_t units = 0;
    int directions = 1;
    bool isReversed = false; ///< the one direction runs from the end to the beginning
    std::optional<Operand> sequence{}, lastState{}; ///< what has been made of it
};

} // namespace gradwright
