// SPDX-License-Identifier: GPL-3.0-or-later
//
// Constants that nodes read, and how long they are needed.
#include "engine/exchange/layer_import.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/error.h"

namespace gradwright {

std::vector<std::string> readsOf(const OnnxNode& node) {
    std::vector<std::string> names;
    for (const auto& name : node.inputs)
        if (!name.empty())
            names.push_back(name);
    for (auto& name : onnxCapturedNames(node))
        names.push_back(std::move(name));
    return names;
}

const FoldedValue* LayerImport::folded(const std::string& name) const {
    const auto found = folded_.find(name);
    if (found != folded_.end())
        return &found->second;
    const auto tensor = model_.initializers.find(name);
    if (tensor != model_.initializers.end())
        throw Error("{}", tensor->second.problem);
    return nullptr;
}

const FoldedValue* LayerImport::constantOrNull(const OnnxNode& node, std::size_t input,
                                               std::string_view what) const {
    if (!node.hasInput(input))
        return nullptr;
    if (const auto* value = folded(node.inputs[input]))
        return value;
    throw Error("its {} is computed from the sample", what);
}

const FoldedValue& LayerImport::constant(const OnnxNode& node, std::size_t input,
                                         std::string_view what) const {
    if (const auto* value = constantOrNull(node, input, what))
        return *value;
    throw Error("it has no {}", what);
}

Tensor LayerImport::weightOf(const FoldedValue& value) {
    if (value.dependsOnBatch() || value.isPerBatch)
        throw Error("it computes with the number of samples");
    return value.tensor->to(DType::F32);
}

Tensor LayerImport::takeWeight(const OnnxNode& node, std::size_t input, std::string_view what) {
    const auto& value = constant(node, input, what);
    const auto& name = node.inputs[input];
    const bool isOfModel =
        freed_ && (freed_->initializers.contains(name) || constants_.contains(name));
    if (!isOfModel || unread_[name] != 1 || value.tensor->dtype() != DType::F32)
        return weightOf(value);
    const auto tensor = value.tensor;
    freeConstant(name);
    if (tensor.use_count() > 1)
        return *tensor;
    return std::move(*std::const_pointer_cast<Tensor>(tensor));
}

void LayerImport::release(const OnnxNode& node) {
    if (!freed_ || !result_.problems.empty() || !released_.insert(&node).second)
        return;
    for (const auto& name : readsOf(node))
        if (--unread_[name] == 0)
            freeConstant(name);
}

void LayerImport::freeConstant(const std::string& name) {
    const auto constant = folded_.find(name);
    if (constant == folded_.end())
        return;
    const auto bytes = constant->second.tensor->bytes().size();
    folded_.erase(constant);
    if (const auto found = freed_->initializers.find(name); found != freed_->initializers.end())
        found->second.values.reset();
    if (const auto maker = constants_.find(name); maker != constants_.end())
        for (auto& [key, value] : maker->second->attributes)
            if (auto* const tensor = std::get_if<OnnxTensor>(&value))
                tensor->values.reset();
    freedMemory_.add(bytes);
}

} // namespace gradwright
