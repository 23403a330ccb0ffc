// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/graph/edit.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// No parameter has such a key: blocks keep their repetition apart from what they promote.
inline constexpr auto kRepeatKey = "#repeat";

/// The parameters of a node: those its layer declares; of a block, its repetition and those it
/// promotes.
ParamSpecs paramsOf(const Network& network, const Node& node);

/// Selected nodes of one graph, seen as one thing with the parameters that all of them have.
class Subject {
public:
    Subject(const Network& network, std::string graph, const std::vector<NodeId>& nodes);

    [[nodiscard]] const std::string& graph() const { return graph_; }
    [[nodiscard]] const std::vector<const Node*>& nodes() const { return nodes_; }
    [[nodiscard]] bool isEmpty() const { return nodes_.empty(); }
    /// Nothing unless it is exactly one.
    [[nodiscard]] const Node* single() const {
        return nodes_.size() == 1 ? nodes_.front() : nullptr;
    }
    /// The layer that all of them are of, or nullptr.
    [[nodiscard]] const LayerDef* layer() const { return layer_; }
    /// Those that all have, alike in what they may hold, and that are visible in each.
    [[nodiscard]] const ParamSpecs& specs() const { return specs_; }
    /// Nothing where the nodes' values differ.
    [[nodiscard]] std::optional<ParamValue> value(const ParamSpec& spec) const;
    /// Sets it in all; no value brings back the default.
    [[nodiscard]] NetworkEdit edit(const std::string& key,
                                   const std::optional<ParamValue>& value) const;

private:
    [[nodiscard]] std::optional<ParamValue> valueOf(const Node& node, const ParamSpec& spec) const;

    std::string graph_;
    std::vector<const Node*> nodes_;
    const LayerDef* layer_ = nullptr;
    ParamSpecs specs_;
};

} // namespace gradwright
