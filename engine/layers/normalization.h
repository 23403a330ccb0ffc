// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/channels.h"

// What the normalizations within a sample share.

namespace gradwright::layers {

ParamSpec epsilonParam(double defaultValue);
/// Scales over an image have their channels first in Gradwright's files, last in Keras.
inline constexpr std::string_view kKerasOverFeaturesFitting =
    R"(    if isinstance(layer, (layers.LayerNormalization, layers.RMSNormalization)):
        return [numpy.moveaxis(v, 0, -1) if v.ndim > 2 else v for v in tensors]
)";

/// "over": the features (channels) at each place, or all values of the sample.
ParamSpec overParam();
/// Whether the statistics are those of the features at each place.
bool isOverFeatures(const Params& params);

/// Scale and shift as "weight" and "bias", as far as the op wants them.
std::vector<WeightId> normalizationWeights(LowerContext& context, const NormalizeOp& op,
                                           const Shape& shape);
/// The op over the last axis of a value whose channels have been brought there, or over all axes.
ValueId lowerOverFeatures(LowerContext& context, NormalizeOp op);
/// A norm whose means are those of single values subtracts each value from itself and leaves the
/// shift alone, of which PyTorch refuses to compute some: the layer without the norm.
PyTorchCode torchShiftAlone(const CodeContext& context);
/// The same for Keras, which would round on the way: the layer on zeros.
CodeContext onZeros(const CodeContext& context);
/// "(64,)" or "(64, 7, 7)": PyTorch's normalized_shape.
std::string torchNormalizedShape(const CodeContext& context);
/// "self.norm(x)", where the channels of an image go last for the time.
std::string torchOverFeatures(const CodeContext& context);
/// The axes for Keras, where channels are last.
std::string kerasAxes(const CodeContext& context);

} // namespace gradwright::layers
