// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products with matrices that are constant, and what they stand for.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/ops/resample.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

Tensor turnedMatrix(const Tensor& matrix) {
    const auto rows = matrix.shape()[0];
    const auto columns = matrix.shape()[1];
    Tensor turned(DType::F32, {columns, rows});
    const auto from = matrix.span<float>();
    const auto to = turned.span<float>();
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            to[static_cast<std::size_t>(column * rows + row)] =
                from[static_cast<std::size_t>(row * columns + column)];
    return turned;
}

void scaleBy(Tensor& tensor, double factor) {
    if (factor == 1)
        return;
    for (auto& value : tensor.span<float>())
        value = static_cast<float>(static_cast<double>(value) * factor);
}

/// The constant as one number per unit; nothing where it has another shape.
std::optional<Tensor> biasOf(const FoldedValue& value, std::int64_t units) {
    const auto elements = value.tensor->elements();
    const auto& shape = value.shape();
    const bool isRow = shape.rank() == 0 || shape[shape.rank() - 1] == elements;
    if (!isRow || (elements != units && elements != 1))
        return {};
    const auto values = LayerImport::weightOf(value);
    if (elements == units)
        return values.reshaped({units});
    return Tensor::of<float>(
        {units}, std::vector<float>(static_cast<std::size_t>(units), values.span<float>()[0]));
}

struct DenseParts {
    Tensor weight; ///< units × features
    std::optional<Tensor> bias;
    const OnnxNode* last; ///< the node that makes the result
};

/// An Add behind the node becomes the bias of a product without one.
void takeBias(LayerImport& import, const OnnxNode& node, DenseParts& parts) {
    const auto* next = import.soleReader(node.outputs.at(0));
    if (parts.bias || !next || next->op != "Add" || next->inputs.size() != 2 ||
        !next->domain.empty())
        return;
    const auto& other = next->inputs[next->inputs[0] == node.outputs[0] ? 1 : 0];
    if (other == node.outputs[0] || import.isData(other))
        return;
    const auto* constant = import.folded(other);
    if (!constant || constant->tensor->elements() != parts.weight.shape()[0])
        return; // a single number may be meant for something else
    parts.bias = biasOf(*constant, parts.weight.shape()[0]);
    if (!parts.bias)
        return;
    import.consume(*next);
    parts.last = next;
}

DataValue addDense(LayerImport& import, const OnnxNode& node, const DataValue& x,
                   DenseParts& parts) {
    takeBias(import, node, parts);
    const auto units = parts.weight.shape()[0];
    auto input = import.plain(x);
    const auto shape = input.shape;
    // Layers take vectors and sequences: other values are a long sequence meanwhile.
    const bool isLong = shape.rank() > 2;
    const auto name = LayerImport::nameFor(node);
    if (isLong)
        input = import.add("reshape", {{"shape", IntTuple{0, shape[shape.rank() - 1]}}}, input,
                           name + "_rows");
    LayerWeights weights;
    weights.emplace_back("weight", std::move(parts.weight));
    if (parts.bias)
        weights.emplace_back("bias", *std::move(parts.bias));
    const bool hasBias = weights.size() == 2;
    auto made =
        import.add("dense", {{"units", units}, {"bias", hasBias}}, input, name, std::move(weights));
    import.setGroup(made, groupOf(node));
    if (isLong) {
        auto dims = shape.dims();
        dims.back() = units;
        made = import.add("reshape", {{"shape", IntTuple(dims)}}, made, name + "_back");
    }
    return LayerImport::value(made);
}

void requireMatrix(const Tensor& matrix) {
    if (matrix.shape().rank() != 2 || matrix.elements() == 0)
        throw Error("it multiplies by a constant of shape {}", toString(matrix.shape()));
}

void importGemm(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.joinedData(node);
    if (node.integer("transA", 0) != 0)
        throw Error("it transposes its input, which holds the batch");
    if (x.axes.size() != 2 || import.batchAxis(x) != 0)
        throw Error("it takes a vector per sample, not {} axes", x.axes.size() - 1);
    DenseParts parts{import.takeWeight(node, 1, "matrix"), {}, &node};
    requireMatrix(parts.weight);
    if (node.integer("transB", 0) == 0)
        parts.weight = turnedMatrix(parts.weight);
    scaleBy(parts.weight, node.real("alpha", 1));
    const auto units = parts.weight.shape()[0];
    if (parts.weight.shape()[1] != import.lengthAt(x, 1))
        throw Error("its matrix takes {} numbers, and its input has {}", parts.weight.shape()[1],
                    import.lengthAt(x, 1));
    if (const auto* bias = import.constantOrNull(node, 2, "bias")) {
        parts.bias = biasOf(*bias, units);
        if (!parts.bias)
            throw Error("its bias has the shape {}", toString(bias->shape()));
        scaleBy(*parts.bias, node.real("beta", 1));
    }
    auto made = addDense(import, node, LayerImport::parted(x), parts);
    if (x.joined) { // a vector per row
        made.axes = {kBatchAxis, 1};
        made.joined = 0;
        made.isOuter = x.isOuter;
    }
    import.set(parts.last->outputs.at(0), made);
}

/// Whether the matrix takes means of an axis as adaptive pooling does: [size, in].
bool isAdaptiveMean(const Tensor& matrix) {
    const auto size = matrix.shape()[0];
    const auto in = matrix.shape()[1];
    if (size > in)
        return false;
    const AxisMap map{AxisMap::Kind::Mean, size};
    const auto terms = termsOf(map, in);
    std::vector<double> expected(static_cast<std::size_t>(size * in));
    for (std::int64_t row = 0; row < size; ++row)
        for (auto i = terms.begin[static_cast<std::size_t>(row)];
             i < terms.begin[static_cast<std::size_t>(row) + 1]; ++i)
            expected[static_cast<std::size_t>(row * in + terms.index[i])] += terms.weight[i];
    const auto values = matrix.span<float>();
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (!(std::abs(expected[i] - static_cast<double>(values[i])) < 1e-6))
            return false;
    return true;
}

/// rows · x · columns of an image, both taking means.
bool isAdaptivePool(LayerImport& import, const OnnxNode& node, const DataValue& x,
                    const Tensor& rows) {
    const auto* next = import.soleReader(node.outputs.at(0));
    if (!next || next->op != "MatMul" || next->inputs.size() != 2 || !next->domain.empty() ||
        next->inputs[0] != node.outputs[0] || x.axes.size() != 4 || !isAdaptiveMean(rows))
        return false;
    const auto* constant = import.folded(next->inputs[1]);
    if (!constant || constant->shape().rank() != 2)
        return false;
    const auto columns = turnedMatrix(LayerImport::weightOf(*constant));
    if (!isAdaptiveMean(columns) || columns.shape()[1] != import.lengthAt(x, 3) ||
        rows.shape()[1] != import.lengthAt(x, 2))
        return false;
    const auto made = import.add("adaptive-average-pool",
                                 {{"size", IntTuple{rows.shape()[0], columns.shape()[0]}}},
                                 channelsInOrder(import, x), LayerImport::nameFor(node));
    import.consume(*next);
    import.set(next->outputs.at(0), LayerImport::value(made));
    return true;
}

void importMatMul(LayerImport& import, const OnnxNode& node) {
    if (node.inputs.size() != 2)
        throw Error("it lacks an input");
    const bool isFirst = import.isData(node.inputs[0]);
    if (isFirst && import.isData(node.inputs[1]))
        throw Error("it multiplies two values that depend on the sample");
    const auto& x = import.data(node, isFirst ? 0 : 1);
    auto matrix = import.takeWeight(node, isFirst ? 1 : 0, "matrix");
    requireMatrix(matrix);
    if (x.axes.size() < 2 || import.batchAxis(x) + (isFirst ? 1 : 2) >= x.axes.size() ||
        (isFirst && x.axes.back() == kBatchAxis))
        throw Error("it works along the batch");
    if (isFirst) {
        if (matrix.shape()[0] != import.lengthAt(x, x.axes.size() - 1))
            throw Error("its matrix {} does not fit its input", toString(matrix.shape()));
        DenseParts parts{turnedMatrix(matrix), {}, &node};
        auto made = addDense(import, node, x, parts);
        if (const auto batch = import.batchAxis(x); batch != 0) {
            made.axes.erase(made.axes.begin());
            made.axes.insert(made.axes.begin() + static_cast<std::ptrdiff_t>(batch), kBatchAxis);
        }
        import.set(parts.last->outputs.at(0), made);
        return;
    }
    if (import.batchAxis(x) != 0)
        throw Error("the batch is axis {} of its input", import.batchAxis(x));
    if (matrix.shape()[1] != import.lengthAt(x, x.axes.size() - 2))
        throw Error("its matrix {} does not fit its input", toString(matrix.shape()));
    if (isAdaptivePool(import, node, x, matrix))
        return;
    // W x = (xᵀ Wᵀ)ᵀ.
    auto turned = x;
    std::swap(turned.axes[turned.axes.size() - 1], turned.axes[turned.axes.size() - 2]);
    // What is added behind it is added to rows, so it is no bias of units.
    DenseParts parts{std::move(matrix), {}, &node};
    const auto units = parts.weight.shape()[0];
    const auto input = import.plain(turned);
    if (input.shape.rank() != 2)
        throw Error("it multiplies a value of {} axes from the left", input.shape.rank());
    LayerWeights weights;
    weights.emplace_back("weight", std::move(parts.weight));
    const auto made = import.add("dense", {{"units", units}, {"bias", false}}, input,
                                 LayerImport::nameFor(node), std::move(weights));
    import.set(node.outputs.at(0), LayerImport::value(made, {kBatchAxis, 1, 0}));
}

} // namespace

const Translations& denseTranslations() {
    static const Translations all = {{"Gemm", importGemm}, {"MatMul", importMatMul}};
    return all;
}

} // namespace gradwright
