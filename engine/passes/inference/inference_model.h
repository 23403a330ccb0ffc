// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <string>
#include <vector>

namespace gradwright {

/// A trained network on its way to its use: what passes for inference change. They know the
/// weights, so that they can compute with them.
struct InferenceModel {
    OpGraph graph;
    std::vector<Tensor> weights; ///< by WeightId: F32 or F64, of the shapes that the graph says

    [[nodiscard]] Tensor& of(WeightId id) { return weights[id.index()]; }
    [[nodiscard]] const Tensor& of(WeightId id) const { return weights[id.index()]; }
    /// A further weight. Its key is `key`, or that with a number where there is one already.
    WeightId add(std::string key, Tensor values);
    /// Whether one op alone reads the weight, once.
    [[nodiscard]] bool isOwn(WeightId id) const;
    /// Forgets weights that nothing reads.
    void dropUnused();
};

/// What a pass did in one place, for people: the layers that became one, or the one that went.
struct Merge {
    std::vector<std::string> layers;
};

/// A pass on a trained network. The results of the graph stay the same, but for rounding.
struct InferencePass {
    std::string_view key;   ///< "fold-normalization"
    std::string_view title; ///< "Fold normalization"
    std::string_view text;  ///< what it does and why that helps, in a sentence or two
    /// Adds what it did to `merges`. Ops that are dead afterwards may stay.
    void (*run)(InferenceModel& model, std::vector<Merge>& merges);
};

// Each in the file of its name.
void removeIdle(InferenceModel& model, std::vector<Merge>& merges);
void joinMovements(InferenceModel& model, std::vector<Merge>& merges);
void shareEqualOps(InferenceModel& model, std::vector<Merge>& merges);
void foldNormalization(InferenceModel& model, std::vector<Merge>& merges);
void mergeSiblings(InferenceModel& model, std::vector<Merge>& merges);
void fuseProducts(InferenceModel& model, std::vector<Merge>& merges);

/// The numbers of a tensor of F32 or F64, for computing with them, and back.
std::vector<double> numbersOf(const Tensor& tensor);
void setNumbers(Tensor& tensor, const std::vector<double>& numbers);

} // namespace gradwright
