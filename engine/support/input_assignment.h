// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <map>
#include <string>
#include <vector>

namespace gradwright {

/// The parts of each sample that every Input of a network receives: columns of a table by their
/// names, of other samples ranges of the first axis, counted from 0 ("3", or "0-11" with both
/// ends). Empty: the only Input gets all of it.
struct InputAssignment {
    std::map<std::string, std::vector<std::string>> inputs; ///< by the name of the Input
    std::vector<std::string> leftOut;                       ///< parts that no Input is to get

    [[nodiscard]] bool empty() const { return inputs.empty() && leftOut.empty(); }
    bool operator==(const InputAssignment&) const = default;
};

/// Adds "inputs" and "left_out" to the object, where there are any.
void writeAssignment(const InputAssignment& assignment, Json& object);
/// Reads these keys of an object, which may lack them. Throws Error naming the key and the value.
InputAssignment readAssignment(const Json& object);

} // namespace gradwright
