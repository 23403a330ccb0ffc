// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/window.h"

namespace gradwright::layers {

/// What the convolutions over one, two and three axes share; each adds its key, title and words.
LayerDef convolution(std::size_t axes);

/// The op with weights of its own, in PyTorch's layout, called "<prefix>weight" and "<prefix>bias".
ValueId lowerConvolution(LowerContext& context, const ConvOp& op, ValueId input,
                         const Activation& activation, const std::string& prefix = {});
/// "nn.Conv2d(…)"; uneven padding is left to the caller.
std::string torchConvolution(const Window& window, std::int64_t inChannels,
                             std::int64_t outChannels, std::int64_t groups, bool bias);
/// "layers.Conv2D(…)(x)" of Keras with the parameters of the layer, padded and activated; `first`
/// are its first arguments.
std::string kerasConvolution(const CodeContext& context, std::string_view layer,
                             std::vector<std::string> first);

/// Depthwise kernels have their two axes of channels the other way round in Keras.
inline constexpr std::string_view kKerasDepthwiseFitting =
    R"(    if isinstance(layer, (layers.DepthwiseConv2D, layers.SeparableConv2D)):
        kernel, *rest = tensors
        channels = kernel.shape[0] // layer.depth_multiplier
        kernel = kernel.reshape(channels, -1, *kernel.shape[2:]).transpose(2, 3, 0, 1)
        return [kernel] + [v.transpose(2, 3, 1, 0) if v.ndim == 4 else v for v in rest]
)";

ParamSpec groupsParam();
/// "groups" divides both channel counts.
std::optional<LayerProblem> checkGroups(std::int64_t groups, std::int64_t channels,
                                        std::int64_t filters);

} // namespace gradwright::layers
