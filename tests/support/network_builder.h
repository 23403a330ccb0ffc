// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/edit.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright::test {

/// Draws a network by edits, as a user would.
class NetworkBuilder {
public:
    /// From here on, nodes go into the block of that name ("" is the main graph), made on demand.
    NetworkBuilder& in(const std::string& graph);
    /// Adds a layer named like its key with a number, or as given.
    NodeId layer(const std::string& key, ParamValues params = {}, const std::string& name = {});
    NodeId block(const std::string& definition, const std::string& name, std::int64_t repeat = 1,
                 ParamValues params = {});
    LinkId link(NodeId from, NodeId to, std::uint32_t input = 0, std::uint32_t output = 0);
    /// Adds a layer fed by `from`.
    NodeId after(NodeId from, const std::string& key, ParamValues params = {},
                 const std::string& name = {});
    void promote(std::vector<PromotedParam> promoted);

    [[nodiscard]] const std::string& graph() const { return graph_; }
    Network network;

private:
    NodeId add(std::variant<LayerUse, BlockUse> use, ParamValues params, std::string name);

    std::string graph_;
};

/// LeNet-5 as usually drawn today: 61,706 parameters on 1×28×28.
Network lenet();

/// A convolutional network of two stages, each a block of a residual unit repeated twice, the
/// unit's number of filters promoted, on 3×12×12.
Network residualNetwork();

} // namespace gradwright::test
