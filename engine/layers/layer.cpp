// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/layer.h"

namespace gradwright {

const std::vector<CategoryInfo>& categories() {
    static const std::vector<CategoryInfo> all = {
        {Category::InputOutput, "input-output", "Input and output"},
        {Category::Convolution, "convolution", "Convolution"},
        {Category::Dense, "dense", "Dense"},
        {Category::Activation, "activation", "Activation"},
        {Category::Normalization, "normalization", "Normalization"},
        {Category::Pooling, "pooling", "Pooling"},
        {Category::Regularization, "regularization", "Regularization"},
        {Category::Shape, "shape", "Shape"},
        {Category::Merge, "merge", "Merge"},
        {Category::Sequence, "sequence", "Sequence"},
    };
    return all;
}

Shape LowerContext::inputShape(std::size_t index) const {
    return graph_->type(inputs_.at(index)).sample();
}

Shape LowerContext::shapeOf(ValueId value) const {
    return graph_->type(value).sample();
}

WeightId LowerContext::weight(std::string_view name, Shape shape, Initializer initializer,
                              WeightFans fans, bool trainable) {
    WeightSpec spec{fmt::format("{}/{}", path_, name), std::move(shape), std::move(initializer),
                    fans, trainable};
    // A layer under test may have been made without the catalog.
    if (params_.has("frozen"))
        spec.rateFactor = params_.boolean("frozen") ? 0.0 : params_.real("learning_rate_factor");
    return graph_->addWeight(std::move(spec));
}

ValueId LowerContext::severalOutputs(OpAttributes attributes) {
    auto made = graph_->insert(graph_->ops().size(), std::move(attributes), inputs_, path_);
    further_.assign(made.begin() + 1, made.end());
    return made.front();
}

ValueId LowerContext::give(const std::vector<ValueId>& outputs) {
    further_.assign(outputs.begin() + 1, outputs.end());
    return outputs.front();
}

ValueId LowerContext::op(OpAttributes attributes, std::vector<ValueId> inputs,
                         std::vector<WeightId> weights) {
    return graph_->add(std::move(attributes), std::move(inputs), path_, std::move(weights));
}

std::string labelOf(const LayerDef& layer, const ParamValues& params) {
    return layer.label ? layer.label(Params(layer.params, params)) : layer.title;
}

} // namespace gradwright
