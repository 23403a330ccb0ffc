// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op.h"

namespace gradwright {

// An op that lacks one of these does not compile.

std::string_view nameOf(const OpAttributes& attributes) {
    return std::visit([](const auto& op) { return op.name(); }, attributes);
}

Types inferTypes(const OpAttributes& attributes, InputTypes inputs) {
    return std::visit([&](const auto& op) { return op.outputs(inputs); }, attributes);
}

std::vector<Shape> weightShapes(const OpAttributes& attributes, InputTypes inputs) {
    return std::visit([&](const auto& op) { return op.weights(inputs); }, attributes);
}

std::int64_t macsOf(const OpAttributes& attributes, InputTypes inputs) {
    return std::visit([&](const auto& op) { return op.macs(inputs); }, attributes);
}

} // namespace gradwright
