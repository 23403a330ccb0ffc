// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/model_parts.h"
#include "engine/classical/ranked_samples.h"
#include "engine/support/rng.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// How far a tree grows.
struct TreeLimits {
    std::size_t depth = 0;    ///< 0: no limit
    std::size_t leaf = 1;     ///< fewest samples of a leaf
    std::size_t features = 0; ///< that are drawn for each split; 0: all are tried
};

/// A binary tree of questions "is feature i at most t?" (CART: Breiman, Friedman, Olshen, Stone
/// 1984). A split is the one after which Gini's impurity (classes) or the squared error (values) is
/// smallest; all thresholds half-way between two values are tried, and of
/// equally good ones any may be taken.
class Tree {
public:
    /// Grows from samples with a weight above 0. `targets` holds `width` numbers a sample that are
    /// learned in place of the samples' own; empty: these. Throws FitStopped when stopped.
    Tree(const RankedSamples& ranked, std::span<const double> weights,
         std::span<const double> targets, const TreeLimits& limits, const Rng& rng,
         const Watch& watch);

    /// The tree that write() has put there under that name. Throws Error where it is none.
    Tree(const ModelParts& parts, const std::string& name, const RowOutline& rows);
    void write(ModelParts& parts, const std::string& name) const;

    /// Of classes their shares in the leaf that a row comes to, else the mean of its targets.
    [[nodiscard]] std::span<const double> answer(std::span<const float> row) const;
    [[nodiscard]] std::size_t leaves() const { return (nodes_.size() + 1) / 2; }

private:
    class Grower;
    struct Node {
        std::int32_t feature = -1; ///< -1: a leaf
        float threshold = 0;       ///< at most that: the left one
        std::uint32_t left = 0;    ///< the right one follows
    };

    std::size_t width_;
    std::vector<Node> nodes_;
    std::vector<double> values_; ///< [nodes, width]
};

} // namespace gradwright
