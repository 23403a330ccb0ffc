// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Which integers a network is trained for.
enum class TrainedIntegers {
    None,
    Int8, ///< products read values and kernels rounded as quantize() rounds them
    Int4, ///< dense layers read kernels rounded as packDense() rounds them, in groups of 32
};

/// The features of a unit that share a scale, where nothing else is asked for.
inline constexpr std::int64_t kPackedGroup = 32;

/// One value that is rounded: the integers are U8.
struct FakeQuantizedValue {
    std::size_t place = 0;    ///< of its FakeQuantizeOp
    ValueId value{};          ///< as it is computed
    WeightId scale{}, zero{}; ///< tracked weights of one number each
};

/// Behind "<path of the value>": the keys of its scale and its zero point among the weights.
inline constexpr std::string_view kScaleOfValue = "/quantization/scale";
inline constexpr std::string_view kZeroOfValue = "/quantization/zero";

/// Lets products read what they are going to read in integers, before differentiate(): behind each
/// value that quantize() may quantize comes a FakeQuantizeOp, from which all ops read it, and
/// kernels are rounded for each output channel. Normalizations behind a product need not be folded
/// for that: they multiply each channel of the kernel, and its scale with it. Scales begin as 1
/// and zero points as 0; they are to be found before the first step.
void addFakeQuantization(OpGraph& graph, TrainedIntegers integers);

/// In the order of the ops. Values of one group share scale and zero point.
std::vector<FakeQuantizedValue> fakeQuantizedValues(const OpGraph& graph);

/// The same graph without any rounding; weights keep their numbers.
OpGraph withoutFakeQuantization(OpGraph graph);

} // namespace gradwright
