// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// The largest magnitudes of the integers that kernels and biases become.
inline constexpr double kMostKernelInteger = 127;
inline constexpr double kMostBiasInteger = 16777216; // 2^24

/// How the values that a product reads are quantized.
struct LayerQuantization {
    Quantization x{};
    std::optional<Quantization> addend{}; ///< where the product adds one
    bool operator==(const LayerQuantization&) const = default;
};

/// By the name of a product (QuantizableProduct::name) or of a pool (QuantizablePool::name): those
/// that compute in integers.
using QuantizationPlan = std::map<std::string, LayerQuantization, std::less<>>;

/// A convolution or a dense layer that could compute in integers.
struct QuantizableProduct {
    std::size_t place = 0; ///< in ops()
    std::string name;      ///< the key of its kernel, and a number where several ops read that
    std::vector<std::string> layers; ///< the paths of those that it stands for
    ValueId x{};                     ///< see IntegerGroups::rootOf()
    std::optional<ValueId> addend{};
};
/// In the order of the ops.
std::vector<QuantizableProduct> quantizableProducts(const OpGraph& graph);

/// A pool that takes means and could take them of integers.
struct QuantizablePool {
    std::size_t place = 0; ///< in ops()
    std::string name;      ///< the path of the layer, and a number where several ops are of it
    ValueId x{}, y{};      ///< what it reads and makes, see IntegerGroups::rootOf()
};
/// In the order of the ops.
std::vector<QuantizablePool> quantizablePools(const OpGraph& graph);

/// The passes that a network goes through before it is quantized: those that depend on its
/// structure alone, so that the products have the names of the plan whatever the weights are.
void prepareForQuantization(InferenceModel& model);

/// Makes the products of the plan compute in integers: kernels become whole numbers from -127 to
/// 127 with a scale for each output channel, biases those that count the scale of x times that of
/// the kernel. A value stays in integers between two of them, through max pooling, other shapes and
/// orders, pieces, joins and sums of residual blocks, when all that read it take integers; else it
/// is real and quantized for those that do. Means of the plan's pools are taken of integers where
/// they lie between two products that way, and of real numbers elsewhere. To be run behind the
/// other passes, which fuse what follows a product. Weights are F32 or F64. Throws Error for a
/// product that the graph lacks, and where those that read one value want it otherwise.
void quantize(InferenceModel& model, const QuantizationPlan& plan);

/// A plan for all products without any samples, to measure how fast integers are: values behind a
/// ReLU are taken as positive. What it answers means nothing.
QuantizationPlan planByStructure(const OpGraph& graph);

/// What the elements of each weight are in files, by WeightId: I8 of the kernels (two integers of 4
/// bits in each, where they are packed) and I32 of the biases of products in integers, `real` of
/// all others.
std::vector<DType> storedTypes(const OpGraph& graph, DType real = DType::F32);

/// The scale of each output channel of a kernel, and the whole numbers that stand for it and for
/// its bias: |kernel| is 127 scales at most, and a bias 2^24 units, so that FP32 holds it.
struct QuantizedWeights {
    std::vector<float> scales;
    Tensor kernel, bias; ///< F32; no elements without a bias
};
QuantizedWeights quantizeWeights(const Tensor& kernel, const Tensor* bias, float scaleOfX);

} // namespace gradwright
