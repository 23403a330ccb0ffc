// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op.h"

namespace gradwright {

OpAttributes::OpAttributes() = default;
OpAttributes::OpAttributes(const OpAttributes& other) = default;
OpAttributes::OpAttributes(OpAttributes&& other) noexcept = default;
OpAttributes& OpAttributes::operator=(const OpAttributes& other) = default;
OpAttributes& OpAttributes::operator=(OpAttributes&& other) noexcept = default;
OpAttributes::~OpAttributes() = default;

bool OpAttributes::operator==(const OpAttributes& other) const {
    return static_cast<const AnyOp&>(*this) == static_cast<const AnyOp&>(other);
}

void OpAttributes::take(std::size_t place, void* op) {
    takeAlternative(static_cast<AnyOp&>(*this), place, op);
}

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
