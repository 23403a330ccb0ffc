// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace gradwright {

/// What the steps of a program read and write, with buffers by number.
struct Outline {
    struct Step {
        std::size_t op = 0;               ///< the steps of an op follow each other
        std::vector<std::size_t> uses;    ///< buffers
        std::vector<std::size_t> changes; ///< those of them that it may write
        /// The output may be written over the input, if nobody needs that any more.
        struct InPlace {
            std::size_t output, input;
        };
        std::optional<InPlace> inPlace = {};
    };
    std::vector<Step> steps;
    std::size_t backward = 0;       ///< the first step of the backward pass
    std::vector<std::size_t> bytes; ///< by buffer
    std::vector<bool> kept;         ///< by buffer: read after the last step
};

/// From the execution that writes a buffer first to the one that reads it last.
struct Life {
    std::size_t first, last;
    bool operator==(const Life&) const = default;
};

/// The order in which the steps of a program run.
struct Execution {
    std::vector<std::size_t> order;       ///< steps; those of the forward pass may come again
    std::size_t backward = 0;             ///< where in `order` the backward pass begins
    std::vector<std::vector<Life>> lives; ///< by buffer, in places of `order`
    std::size_t parts = 0; ///< of the forward pass that run again in the backward pass

    [[nodiscard]] bool runsAgain(std::size_t step) const;
};

/// Each step once.
Execution runOnce(const Outline& outline);

/// Cuts the forward pass into parts, keeps what crosses the cuts, and runs a part again when the
/// backward pass needs what was made inside it (Chen, Xu, Zhang, Guestrin: Training deep nets with
/// sublinear memory cost, 2016). The cuts are those, of several tried, with the lowest peak of
/// memory. Steps of the forward pass must depend on nothing but their buffers, the weights and the
/// seed; and write to nothing but what their own op has made.
Execution runAgain(const Outline& outline);

/// The most bytes that are in use at a time.
std::size_t peakBytes(const Outline& outline, const Execution& execution);

} // namespace gradwright
