// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_differences.h"

#include "engine/exchange/onnx_outline.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace gradwright {
namespace {

using Kind = OnnxDifference::Kind;

std::string tensorText(const OnnxTensor& tensor) {
    if (!tensor.values)
        return tensor.problem;
    return fmt::format("{} {}", nameOf(tensor.values->dtype()), toString(tensor.values->shape()));
}

bool haveEqualValues(const OnnxTensor& a, const OnnxTensor& b) {
    if (!a.values || !b.values)
        return !a.values && !b.values && a.problem == b.problem;
    return *a.values == *b.values;
}

/// As a person would write it; of a tensor or a graph, what it is.
struct AttributeText {
    std::string operator()(const OnnxUnread& unread) const {
        return unread.body ? fmt::format("a graph of {} nodes", unread.body->nodes.size())
                           : fmt::format("{} bytes", unread.bytes.size());
    }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return value; }
    template <class T>
    std::string operator()(const std::vector<T>& values) const {
        return fmt::format("[{}]", fmt::join(values, ", "));
    }
    std::string operator()(const OnnxTensor& tensor) const { return tensorText(tensor); }
};

struct AreEqual {
    bool operator()(const OnnxUnread& a, const OnnxUnread& b) const { return a.bytes == b.bytes; }
    bool operator()(const OnnxTensor& a, const OnnxTensor& b) const {
        return haveEqualValues(a, b);
    }
    template <class T>
    bool operator()(const T& a, const T& b) const {
        return a == b;
    }
    template <class A, class B>
    bool operator()(const A&, const B&) const {
        return false;
    }
};

bool areEqual(const OnnxAttributeValue& a, const OnnxAttributeValue& b) {
    return std::visit(AreEqual{}, a, b);
}

std::string operatorText(const OnnxNode& node) {
    return node.domain.empty() ? node.op : node.domain + "." + node.op;
}

/// What both have alike is left out; a part that only one has is there with its name.
std::pair<std::string, std::string> changesOf(const OnnxNode& first, const OnnxNode& second) {
    std::vector<std::string> a;
    std::vector<std::string> b;
    const auto add = [&](std::string_view what, const std::string& one, const std::string& other) {
        if (one == other)
            return;
        a.push_back(what.empty() ? one : fmt::format("{} {}", what, one));
        b.push_back(what.empty() ? other : fmt::format("{} {}", what, other));
    };
    add("", operatorText(first), operatorText(second));
    add("called", first.name, second.name);
    add("reads", fmt::format("{}", fmt::join(first.inputs, ", ")),
        fmt::format("{}", fmt::join(second.inputs, ", ")));
    add("makes", fmt::format("{}", fmt::join(first.outputs, ", ")),
        fmt::format("{}", fmt::join(second.outputs, ", ")));
    std::set<std::string> names;
    for (const auto& node : {&first, &second})
        for (const auto& [name, value] : node->attributes)
            names.insert(name);
    for (const auto& name : names) {
        const auto one = first.attributes.find(name);
        const auto other = second.attributes.find(name);
        const bool isInFirst = one != first.attributes.end();
        const bool isInSecond = other != second.attributes.end();
        if (isInFirst && isInSecond && areEqual(one->second, other->second))
            continue;
        const auto text = [&](bool isThere, const auto& found) {
            return isThere ? fmt::format("{} {}", name, std::visit(AttributeText{}, found->second))
                           : fmt::format("no {}", name);
        };
        auto left = text(isInFirst, one);
        auto right = text(isInSecond, other);
        if (left == right) // of tensors and graphs the text says what they are
            right += ", other values";
        a.push_back(std::move(left));
        b.push_back(std::move(right));
    }
    return {fmt::format("{}", fmt::join(a, "; ")), fmt::format("{}", fmt::join(b, "; "))};
}

/// The whole node, for one that only one model has.
std::string nodeText(const OnnxNode& node) {
    auto text = fmt::format("{} ({})", operatorText(node), fmt::join(node.inputs, ", "));
    for (const auto& [name, value] : node.attributes)
        text += fmt::format("; {} {}", name, std::visit(AttributeText{}, value));
    return text;
}

std::string portText(const OnnxPort& port) {
    return fmt::format("{} {}", port.type, onnxShapeText(port));
}

class ModelComparison {
public:
    ModelComparison(const OnnxModel& first, const OnnxModel& second)
        : first_(first)
        , second_(second) {}

    std::vector<OnnxDifference> run() {
        compareModels();
        comparePorts(Kind::Input, first_.inputs, second_.inputs);
        comparePorts(Kind::Output, first_.outputs, second_.outputs);
        compareNodes();
        compareConstants();
        return std::move(found_);
    }

private:
    void add(Kind kind, const std::string& name, const std::string& a, const std::string& b) {
        if (a != b)
            found_.push_back({kind, name, a, b});
    }

    void compareModels() {
        add(Kind::Model, "IR version", std::to_string(first_.irVersion),
            std::to_string(second_.irVersion));
        add(Kind::Model, "operator set", std::to_string(first_.opset),
            std::to_string(second_.opset));
        using Entries = std::map<std::string, std::pair<std::string, std::string>>;
        Entries entries{{"producer",
                         {first_.producer + " " + first_.producerVersion,
                          second_.producer + " " + second_.producerVersion}},
                        {"graph", {first_.name, second_.name}},
                        {"description", {first_.description, second_.description}}};
        for (const auto& [domain, version] : first_.domains)
            entries["operator set of " + domain].first = std::to_string(version);
        for (const auto& [domain, version] : second_.domains)
            entries["operator set of " + domain].second = std::to_string(version);
        for (const auto& [key, value] : first_.metadata)
            entries["metadata " + key].first = value;
        for (const auto& [key, value] : second_.metadata)
            entries["metadata " + key].second = value;
        for (const auto& [name, values] : entries)
            add(Kind::Model, name, values.first, values.second);
    }

    void comparePorts(Kind kind, const std::vector<OnnxPort>& a, const std::vector<OnnxPort>& b) {
        for (const auto& port : a) {
            const auto other = std::ranges::find(b, port.name, &OnnxPort::name);
            add(kind, port.name, portText(port), other == b.end() ? "" : portText(*other));
        }
        for (const auto& port : b)
            if (std::ranges::find(a, port.name, &OnnxPort::name) == a.end())
                add(kind, port.name, "", portText(port));
        const auto names = [](const std::vector<OnnxPort>& ports) {
            std::vector<std::string> list;
            for (const auto& port : ports)
                list.push_back(port.name);
            return list;
        };
        const auto one = names(a);
        const auto other = names(b);
        if (one != other && std::ranges::is_permutation(one, other))
            add(kind, "order", fmt::format("{}", fmt::join(one, ", ")),
                fmt::format("{}", fmt::join(other, ", ")));
    }

    /// Pairs nodes that have the same key, where it is the only one of its kind in each model.
    template <class Key>
    void pairBy(const Key& keyOf) {
        std::map<std::string, std::optional<std::size_t>> places; // nothing: there are several
        for (std::size_t i = 0; i < second_.nodes.size(); ++i)
            if (!taken_.contains(i))
                if (const auto key = keyOf(second_.nodes[i]); !key.empty())
                    if (const auto [at, isNew] = places.emplace(key, i); !isNew)
                        at->second.reset();
        std::map<std::string, int> counts;
        for (std::size_t i = 0; i < first_.nodes.size(); ++i)
            if (!partners_.contains(i))
                ++counts[keyOf(first_.nodes[i])];
        for (std::size_t i = 0; i < first_.nodes.size(); ++i) {
            if (partners_.contains(i))
                continue;
            const auto key = keyOf(first_.nodes[i]);
            const auto place = places.find(key);
            if (place == places.end() || !place->second || counts[key] > 1)
                continue;
            partners_[i] = *place->second;
            taken_.insert(*place->second);
        }
    }

    void compareNodes() {
        pairBy([](const OnnxNode& node) { return node.name; });
        pairBy([](const OnnxNode& node) {
            return fmt::format("{}|{}", operatorText(node), fmt::join(node.outputs, "|"));
        });
        pairBy([](const OnnxNode& node) {
            return fmt::format("{}|{}", operatorText(node), fmt::join(node.inputs, "|"));
        });
        for (std::size_t i = 0; i < first_.nodes.size(); ++i) {
            const auto& node = first_.nodes[i];
            const auto partner = partners_.find(i);
            if (partner == partners_.end()) {
                add(Kind::Node, node.shortTitle(), nodeText(node), "");
                continue;
            }
            const auto [a, b] = changesOf(node, second_.nodes[partner->second]);
            add(Kind::Node, node.shortTitle(), a, b);
        }
        for (std::size_t i = 0; i < second_.nodes.size(); ++i)
            if (!taken_.contains(i))
                add(Kind::Node, second_.nodes[i].shortTitle(), "", nodeText(second_.nodes[i]));
    }

    void compareConstants() {
        for (const auto& [name, tensor] : first_.initializers) {
            const auto other = second_.initializers.find(name);
            if (other == second_.initializers.end()) {
                add(Kind::Constant, name, tensorText(tensor), "");
                continue;
            }
            const auto a = tensorText(tensor);
            auto b = tensorText(other->second);
            if (a == b && !haveEqualValues(tensor, other->second))
                b = valueText(*tensor.values, *other->second.values);
            add(Kind::Constant, name, a, b);
        }
        for (const auto& [name, tensor] : second_.initializers)
            if (!first_.initializers.contains(name))
                add(Kind::Constant, name, "", tensorText(tensor));
    }

    /// Of two tensors of one type and shape whose bytes differ.
    static std::string valueText(const Tensor& a, const Tensor& b) {
        const auto left = a.to(DType::F64);
        const auto right = b.to(DType::F64);
        std::size_t count = 0;
        double most = 0;
        bool isNumber = true;
        for (std::size_t i = 0; i < left.span<double>().size(); ++i) {
            const double x = left.span<double>()[i];
            const double y = right.span<double>()[i];
            if (x == y || (std::isnan(x) && std::isnan(y)))
                continue;
            ++count;
            const double distance = std::abs(x - y);
            isNumber = isNumber && !std::isnan(distance);
            most = std::max(most, distance);
        }
        if (count == 0)
            return "values differ in their last bits only";
        const auto far =
            isNumber ? fmt::format("by {:.3g} at most", most) : std::string("some of them NaN");
        return fmt::format("{} of {} values differ, {}", count, a.elements(), far);
    }

    const OnnxModel& first_;
    const OnnxModel& second_;
    std::map<std::size_t, std::size_t>
        partners_;                ///< places of the first model's nodes and their partners'
    std::set<std::size_t> taken_; ///< places of the partners
    std::vector<OnnxDifference> found_;
};

} // namespace

std::string_view nameOf(OnnxDifference::Kind kind) {
    switch (kind) {
    case Kind::Model:
        return "model";
    case Kind::Input:
        return "input";
    case Kind::Output:
        return "output";
    case Kind::Node:
        return "node";
    case Kind::Constant:
        return "constant";
    }
    return "";
}

std::vector<OnnxDifference> onnxDifferences(const OnnxModel& first, const OnnxModel& second) {
    return ModelComparison(first, second).run();
}

} // namespace gradwright
