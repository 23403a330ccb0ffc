// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <map>
#include <optional>
#include <vector>

namespace gradwright {

/// Which values of a graph have the same integers where they are quantized, because one is made of
/// the other without computing: maxima, other shapes and orders, pieces and joins.
class IntegerGroups {
public:
    /// `wanted`: how values are quantized that have to be. What an op reads and makes is one group
    /// unless its values are wanted in two ways.
    explicit IntegerGroups(const OpGraph& graph,
                           const std::map<ValueId, Quantization>& wanted = {});

    /// The value that stands for the group: the first one that is computed or fed.
    [[nodiscard]] ValueId rootOf(ValueId value) const { return roots_[value.index()]; }
    /// Those of the group that are computed or fed, in the order of the graph.
    [[nodiscard]] const std::vector<ValueId>& sourcesOf(ValueId value) const;
    /// How the group is wanted.
    [[nodiscard]] std::optional<Quantization> wantedOf(ValueId value) const;
    /// Whether an op makes of integers integers of the same group.
    [[nodiscard]] bool keeps(const Op& op) const;

private:
    void unite(const Op& op);

    std::vector<std::size_t> group_; ///< by value
    std::vector<std::optional<Quantization>> wanted_;
    std::map<std::size_t, std::vector<ValueId>> sources_; ///< by group
    std::vector<ValueId> roots_;                          ///< by value
};

} // namespace gradwright
