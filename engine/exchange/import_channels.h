// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/layer_import.h"

namespace gradwright {

/// A value [N, C, …] of ONNX in the order in which layers take it: steps × channels for one
/// position axis, else channels first.
Operand channelsInOrder(LayerImport& import, const DataValue& x);
/// What such a layer gives, as ONNX sees it.
DataValue channelsFirst(const Operand& made);
/// The value with ONNX's axis 1 as the channels of the layer's output, on which layers per channel
/// work whatever the order of the others.
DataValue withChannels(LayerImport& import, const DataValue& x);
/// Throws Error for whole numbers.
void requireNumbers(const DataValue& x);

void importNormPattern(LayerImport& import, const Pattern& pattern);
void importZeros(LayerImport& import, const Pattern& pattern);
void importLocalResponsePattern(LayerImport& import, const Pattern& pattern);
void importAttention(LayerImport& import, const Pattern& pattern);
/// A Reshape to `shape` (-1: the batch), InstanceNormalization of groups, Reshape back: one layer.
/// False where it is not that.
bool becomesGroupNorm(LayerImport& import, const OnnxNode& reshape, const DataValue& x,
                      std::span<const std::int64_t> shape);

} // namespace gradwright
