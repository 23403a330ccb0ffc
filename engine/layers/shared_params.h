// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"

// What several layers declare in the same way.

namespace gradwright::layers {

/// Axes of a sample that layers reach which move elements: pictures cut into windows have five.
inline constexpr std::int64_t kMostSampleAxes = 6;

/// "activation" and, for leaky ReLU, "slope".
ParamSpecs activationParams();
Activation activationOf(const Params& params);
/// Appends the op of the "activation" parameter, none for identity.
ValueId lowerActivation(LowerContext& context, ValueId value);

/// "initializer" and "initializer_range"; "auto" picks He for the ReLU family, else Xavier.
ParamSpecs initializerParams();
Initializer initializerOf(const Params& params, const Activation& activation);

/// "frozen" and "learning_rate_factor": how training treats the weights of one layer.
ParamSpecs learningParams();

/// Keras's Embedding has its table as Gradwright's files do.
inline constexpr std::string_view kKerasEmbeddingFitting =
    R"(    if isinstance(layer, layers.Embedding):
        return tensors
)";

ParamSpecs joined(std::initializer_list<ParamSpecs> parts);

} // namespace gradwright::layers
