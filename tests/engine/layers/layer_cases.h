// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"
#include "engine/tensor/shape.h"

#include <string>
#include <vector>

namespace gradwright::test {

/// A layer with parameters on inputs that it accepts.
struct LayerCase {
    std::string layer;
    std::vector<Shape> inputs;
    ParamValues params = {};
    Shape output;
    std::vector<Shape> further = {}; ///< of the outputs behind the first
};

/// To cover a new layer, add a line or more here: awkward shapes, and every parameter that changes
/// the shape. A layer without a line fails the contract test.
std::vector<LayerCase> layerCases();

} // namespace gradwright::test
