// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/checks.h"

#include <algorithm>

namespace gradwright::checks {

void require(bool holds, std::string_view op, std::string_view rule, InputTypes inputs) {
    if (holds)
        return;
    std::string received;
    for (const auto& input : inputs)
        received += (received.empty() ? "" : ", ") + toString(input.dims);
    throw Error("{}: {}; received {}", op, rule, received.empty() ? "no input" : received);
}

void requireInputs(std::size_t count, std::string_view op, InputTypes inputs) {
    require(inputs.size() == count, op, fmt::format("takes {} input(s)", count), inputs);
}

void requireReal(std::string_view op, InputTypes inputs) {
    for (const auto& input : inputs)
        require(input.isReal(), op,
                fmt::format("takes real numbers, not {}", nameOf(input.element)), inputs);
}

void requirePositive(std::initializer_list<std::int64_t> sizes, std::string_view op,
                     std::string_view rule, InputTypes inputs) {
    require(std::ranges::all_of(sizes, [](std::int64_t size) { return size >= 1; }), op, rule,
            inputs);
}

Shape requireSample(std::string_view op, InputTypes inputs) {
    requireInputs(1, op, inputs);
    requireReal(op, inputs);
    require(inputs[0].isPerSample(), op, "takes a batch of samples", inputs);
    return inputs[0].sample();
}

Shape requireSequence(std::string_view op, InputTypes inputs) {
    auto sample = requireSample(op, inputs);
    require(sample.rank() == 2, op, "takes a sequence of steps × features", inputs);
    return sample;
}

ValueType sameAsInput(std::string_view op, InputTypes inputs) {
    requireInputs(1, op, inputs);
    requireReal(op, inputs);
    return inputs[0];
}

std::size_t requireAxis(std::int64_t axis, std::size_t rank, std::string_view op,
                        InputTypes inputs) {
    const auto length = static_cast<std::int64_t>(rank);
    require(axis >= -length && axis < length, op, fmt::format("axis {} must exist", axis), inputs);
    return static_cast<std::size_t>(axis < 0 ? axis + length : axis);
}

} // namespace gradwright::checks
