// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/batch_trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A weight times what it is multiplied with.
struct WrittenTerm {
    double weight = 0;
    double input = 0;
    std::string name; ///< the input's: "x3", "h1"
};

/// A weighted sum as it is written out: Σ weight · input + bias = value.
struct WrittenSum {
    std::string name; ///< the result's: "z", "z_forget"
    std::vector<WrittenTerm> terms;
    std::optional<double> bias;
    double value = 0;
};

/// How one number of a layer comes about, written out with the numbers of a batch.
struct WrittenValue {
    std::vector<WrittenSum> sums;   ///< none for layers without weighted sums
    std::vector<std::string> lines; ///< what is done to them: "a = max(0, z) = 0.53"
    double value = 0;               ///< what the engine computed
    std::string place;              ///< "unit 3", "step 4, unit 2", "channel 2, row 5, column 7"
    /// The number at the same place before the layer's activations; of a layer without, `value`.
    double sum = 0;
};

/// Elements of a layer's output for one sample.
std::int64_t elementsOf(const BatchTrace& trace, const TracedLayer& layer, std::size_t output = 0);

/// Element `element` (row-major within the sample) of the layer's output for sample `sample` of the
/// batch. Sums of dense layers, convolutions, recurrent cells and attention are written out, also
/// behind activations and what only moves values; maxima, means, additions, softmax and
/// normalization in lines; of other layers the value is all that is said. Throws Error when sample
/// or element are out of range.
WrittenValue writeOut(const BatchTrace& trace, const TracedLayer& layer, std::int64_t sample,
                      std::int64_t element, std::size_t output = 0);

/// How the cost of one sample comes about: a line per objective that is understood, and its sum.
/// The last line's number is the engine's.
std::vector<std::string> writeCost(const BatchTrace& trace, std::int64_t sample);

/// A number as it is shown: four digits.
std::string shownNumber(double value);

} // namespace gradwright
