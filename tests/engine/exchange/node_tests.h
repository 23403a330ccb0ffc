// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"

#include <filesystem>
#include <string>

namespace gradwright::test {

/// What became of a node test of the ONNX standard in the importer.
struct NodeTestResult {
    enum class State {
        Equal,     ///< it opens and gives the expected outputs
        Different, ///< it opens and gives others
        Refused    ///< it does not open or run, with the reason
    };
    State state = State::Refused;
    /// Which inputs had to be constants: none, those of whole numbers, or all but the first.
    enum class Fixed { Nothing, WholeNumbers, AllButFirst };
    Fixed fixed = Fixed::Nothing;
    std::string reason{};
};

/// Opens model.onnx of the folder, with its inputs as they are and then, where that does not run,
/// with some as constants, as real models have them; gives it the test's arrays and compares its
/// outputs with the expected ones.
NodeTestResult runNodeTest(const std::filesystem::path& folder, const ComputeTarget& target = {});

} // namespace gradwright::test
