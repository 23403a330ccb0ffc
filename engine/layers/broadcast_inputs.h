// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"

#include <optional>

// Inputs of a layer that are repeated along axes where they have length 1. A vector next to a
// sequence has a number for each feature, next to an image one for each channel.

namespace gradwright::layers {

/// The most axes that one of them has.
std::size_t rankOf(std::span<const Shape> shapes);
/// A vector next to something of rank 2 as one step; anything else as it is.
Shape besideSequence(const Shape& shape, std::size_t rank);
/// What all of them are repeated to, or nothing where they contradict each other.
std::optional<Shape> jointShape(std::span<const Shape> shapes);
/// The inputs as expressions that PyTorch or Keras broadcasts as we do.
std::vector<std::string> alignedInputs(const CodeContext& context, bool channelsLast);

} // namespace gradwright::layers
