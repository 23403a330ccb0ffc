// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/layers/layer_harness.h"

#include "engine/layers/catalog.h"
#include "tests/support/numeric.h"

namespace gradwright::test {

std::string nameOf(const LayerCase& layerCase) {
    auto name = layerCase.layer;
    for (const auto& shape : layerCase.inputs)
        name += " " + toString(shape);
    for (const auto& [key, value] : layerCase.params)
        name += " " + key + "=" + toString(value);
    return name;
}

Harness harnessOf(const LayerCase& layerCase) {
    const auto& def = layer(layerCase.layer);
    Harness h;
    h.source = h.graph.addInput("source", {{3}});
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < layerCase.inputs.size(); ++i) {
        const auto& shape = layerCase.inputs[i];
        if (layerCase.layer == "embedding") {
            h.numbers = h.graph.addInput("numbers", {shape});
            inputs.push_back(*h.numbers);
            continue;
        }
        const auto path = fmt::format("source{}", i);
        const auto weight = h.graph.addWeight({path + "/weight",
                                               {shape.elements(), 3},
                                               {"uniform", 1.0},
                                               {3, shape.elements()},
                                               true});
        const auto flat = h.graph.add(DenseOp{shape.elements(), false}, {h.source}, path, {weight});
        inputs.push_back(h.graph.add(ReshapeOp::ofSample(shape), {flat}, path));
    }
    LowerContext context(h.graph, Params(def.params, layerCase.params), inputs, "layer");
    h.output = def.lower(context);
    h.further = context.further();
    h.target = h.graph.addInput("target", h.graph.type(h.output));
    h.loss = h.graph.add(MeanSquaredErrorOp{}, {h.output, h.target}, "loss");
    h.graph.addOutput("output", h.output);
    h.graph.addLoss(h.loss, 1.0);
    return h;
}

HarnessData::HarnessData(const Harness& harness)
    : source(randomTensor(DType::F32, {kBatch, 3}, 1))
    , target(randomTensor(DType::F32, harness.graph.type(harness.target).shapeFor(kBatch), 2)) {
    if (!harness.numbers)
        return;
    numbers = Tensor(DType::F32, harness.graph.type(*harness.numbers).shapeFor(kBatch));
    for (std::size_t i = 0; i < numbers.span<float>().size(); ++i)
        numbers.span<float>()[i] = static_cast<float>(i % 5);
}

std::vector<BatchInput> HarnessData::bindings(const Harness& harness) const {
    std::vector<BatchInput> inputs = {{harness.source, source.bytes().data()},
                                      {harness.target, target.bytes().data()}};
    if (harness.numbers)
        inputs.push_back({*harness.numbers, numbers.bytes().data()});
    return inputs;
}

} // namespace gradwright::test
