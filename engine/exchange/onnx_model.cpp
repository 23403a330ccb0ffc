// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_model.h"

#include <algorithm>

namespace gradwright {
namespace {

template <class T>
const T* attributeOf(const OnnxNode& node, std::string_view name, std::string_view wanted) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end())
        return nullptr;
    if (const auto* value = std::get_if<T>(&found->second))
        return value;
    throw Error("{}: its attribute \"{}\" must be {}", node.title(), name, wanted);
}

template <class T>
T attributeOr(const OnnxNode& node, std::string_view name, std::string_view wanted, T otherwise) {
    const auto* value = attributeOf<T>(node, name, wanted);
    return value ? *value : std::move(otherwise);
}

} // namespace

std::string OnnxNode::title() const {
    if (!name.empty())
        return fmt::format("{} ({})", name, op);
    return outputs.empty() ? op : fmt::format("{} ({})", outputs.front(), op);
}

std::int64_t OnnxNode::integer(std::string_view attribute, std::int64_t otherwise) const {
    return attributeOr(*this, attribute, "a whole number", otherwise);
}

double OnnxNode::real(std::string_view attribute, double otherwise) const {
    return attributeOr(*this, attribute, "a number", otherwise);
}

std::string OnnxNode::text(std::string_view attribute, std::string otherwise) const {
    return attributeOr(*this, attribute, "a text", std::move(otherwise));
}

std::vector<std::int64_t> OnnxNode::integers(std::string_view attribute,
                                             std::vector<std::int64_t> otherwise) const {
    return attributeOr(*this, attribute, "a list of whole numbers", std::move(otherwise));
}

std::vector<double> OnnxNode::reals(std::string_view attribute) const {
    return attributeOr(*this, attribute, "a list of numbers", std::vector<double>{});
}

std::vector<std::string> OnnxNode::texts(std::string_view attribute) const {
    return attributeOr(*this, attribute, "a list of texts", std::vector<std::string>{});
}

std::string OnnxModel::metadataAt(std::string_view key) const {
    const auto found =
        std::ranges::find(metadata, key, &std::pair<std::string, std::string>::first);
    return found == metadata.end() ? std::string() : found->second;
}

} // namespace gradwright
