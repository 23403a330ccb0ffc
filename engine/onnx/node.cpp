// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node.h"

#include <array>
#include <charconv>
#include <cmath>

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

double shortest(float value) {
    if (!std::isfinite(value))
        return static_cast<double>(value);
    const auto text = fmt::format("{}", value);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string OnnxNode::title() const {
    if (!name.empty())
        return fmt::format("{} ({})", name, op);
    return outputs.empty() ? op : fmt::format("{} ({})", outputs.front(), op);
}

std::string OnnxNode::shortTitle() const {
    return name.empty() && !outputs.empty() ? outputs[0] : name;
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

std::shared_ptr<const Tensor> OnnxNode::tensor(std::string_view attribute) const {
    const auto* value = attributeOf<OnnxTensor>(*this, attribute, "a tensor");
    if (value && !value->values)
        throw Error("{}", value->problem);
    return value ? value->values : nullptr;
}

std::shared_ptr<const OnnxBody> OnnxNode::body(std::string_view attribute) const {
    const auto found = attributes.find(attribute);
    const auto* unread =
        found == attributes.end() ? nullptr : std::get_if<OnnxUnread>(&found->second);
    return unread ? unread->body : nullptr;
}

} // namespace gradwright
