// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/steps/batch_steps.h"

#include <QString>

#include <span>

namespace gradwright {

/// Four digits, with a minus sign as it is printed.
QString stepNumber(double value);
/// Up to two numbers, or the range of more: "0.31, −0.2", "−0.42 … 1.7".
QString stepNumbers(std::span<const double> values);
/// The part of a tensor [samples, …] that belongs to one sample.
std::span<const double> sampleOf(const BatchTrace& trace, const Tensor& values,
                                 std::int64_t sample);
/// What the sample is to be answered with: its class, or its target values.
QString truthText(const BatchTrace& trace, std::int64_t sample);

/// The weight's element that a step moved furthest.
struct LargestMove {
    const TracedWeight* weight = nullptr;
    std::size_t element = 0;
    double before = 0;
    double gradient = 0;
    double after = 0;
};
/// Of those that learn; nothing where none does.
std::optional<LargestMove> largestMove(std::span<const TracedWeight* const> weights);
/// "dense1/weight[3, 1]"; places are counted from 1.
QString weightName(const TracedWeight& weight, std::size_t element);

// What the bar says of the step that is shown. `steps` has a trace.
QString titleOf(BatchStep step);
/// Two sentences.
QString explanationOf(const BatchSteps& steps);
QString formulaOf(const BatchSteps& steps);
/// The numbers behind it, a line each; empty where the canvas shows them all.
QString detailsOf(const BatchSteps& steps, std::span<const TracedWeight* const> weights);

} // namespace gradwright
