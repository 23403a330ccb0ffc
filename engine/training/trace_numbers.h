// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/batch_trace.h"
#include "engine/training/written_value.h"

#include <cstdint>
#include <string>

// What writeOut() is made of.

namespace gradwright {

/// The numbers of one sample of a batch.
struct TraceNumbers {
    const BatchTrace& trace;
    std::int64_t sample;

    [[nodiscard]] const Shape& shapeOf(ValueId value) const { return trace.value(value).shape(); }
    /// An element of the sample, row-major.
    [[nodiscard]] double number(ValueId value, std::int64_t element) const {
        const auto& tensor = trace.value(value);
        const auto perSample = tensor.elements() / trace.samples;
        return tensor.span<double>()[static_cast<std::size_t>(sample * perSample + element)];
    }
    /// An element of an op's weight.
    [[nodiscard]] double weight(const Op& op, std::size_t which, std::int64_t element) const {
        const auto& spec = trace.weights[op.weights[which].index()];
        return spec.before.span<double>()[static_cast<std::size_t>(element)];
    }
};

/// A number in a formula: brackets around one below 0.
std::string signedNumber(double value);

/// A recurrent cell's state, gate by gate. `made.sum` is the state at that element.
void writeCell(const TraceNumbers& numbers, const Op& op, const RecurrentOp& cell,
               std::int64_t element, WrittenValue& made);
/// What a head of attention gathers: each step's value times its share of the attention, the
/// largest first, under `name`, and how the largest share comes about (Vaswani et al. 2017,
/// equation 1).
void writeAttention(const TraceNumbers& numbers, const Op& op, const AttentionOp& attention,
                    std::int64_t element, const std::string& name, WrittenValue& made);

} // namespace gradwright
