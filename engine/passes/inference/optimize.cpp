// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/optimize.h"

#include "engine/passes/eliminate.h"
#include "engine/passes/verify.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

constexpr std::array kInferencePasses{
    InferencePass{"remove-idle", "Remove what does nothing",
                  "Drop-out and noise are for training, and an identity or a reshape to the same "
                  "shape changes nothing. They go, and so does what nobody reads.",
                  removeIdle},
    InferencePass{"join-movements", "Join movements",
                  "Two reshapes, or two permutations of axes, that follow each other are one.",
                  joinMovements},
    InferencePass{"share-equal-ops", "Share what is equal",
                  "Layers with equal weights that read the same value compute the same: the first "
                  "one is read by all.",
                  shareEqualOps},
    InferencePass{"fold-normalization", "Fold normalization",
                  "With its running statistics a batch normalization is a line per channel. The "
                  "convolution or dense layer beside it takes it into its weights.",
                  foldNormalization},
    InferencePass{"fuse-products", "Fuse products",
                  "A convolution or dense layer adds the shortcut and applies the activation that "
                  "follow before its result leaves the registers.",
                  fuseProducts},
    InferencePass{"merge-siblings", "Merge siblings",
                  "Layers of one kind that read the same value become one, whose result is cut "
                  "into theirs: the value is read once, and the product is larger.",
                  mergeSiblings},
};

std::int64_t layersOf(const OpAttributes& attributes) {
    return std::visit(
        Overloaded{[](const BatchNormOp&) { return 2; }, [](const DropoutOp&) { return 0; },
                   [](const GaussianNoiseOp&) { return 0; }, [](const ReshapeOp&) { return 0; },
                   [](const ActivationOp& op) {
                       return op.activation.kind == ActivationKind::Identity ? 0 : 1;
                   },
                   [](const auto&) { return 1; }},
        attributes);
}

void requireKnown(const std::set<std::string>& keys) {
    std::vector<std::string_view> known;
    for (const auto& pass : kInferencePasses)
        known.push_back(pass.key);
    for (const auto& key : keys)
        if (std::ranges::find(known, key) == known.end())
            throw Error("no pass is called \"{}\"; there are {}", key, fmt::join(known, ", "));
}

/// Whether it did anything.
bool runPass(const InferencePass& pass, InferenceModel& model, PassReport& report) {
    const auto before = sizeOf(model.graph);
    const auto merges = report.merges.size();
    pass.run(model, report.merges);
    eliminateDead(model.graph);
#ifndef NDEBUG
    verify(model.graph, pass.key);
#endif
    const auto after = sizeOf(model.graph);
    report.saved.layers += before.layers - after.layers;
    report.saved.operations += before.operations - after.operations;
    report.saved.bytes += before.bytes - after.bytes;
    report.saved.weights += before.weights - after.weights;
    return report.merges.size() > merges;
}

} // namespace

std::span<const InferencePass> inferencePasses() {
    return kInferencePasses;
}

std::int64_t countedLayers(const OpGraph& graph) {
    std::int64_t sum = 0;
    for (const auto& op : graph.ops())
        sum += layersOf(op.attributes);
    return sum;
}

NetworkSize sizeOf(const OpGraph& graph) {
    NetworkSize size{.layers = countedLayers(graph)};
    for (const auto& op : graph.ops()) {
        size.operations += graph.operationsOf(op);
        size.bytes += graph.elementsAround(op) * std::int64_t{sizeof(float)};
    }
    std::set<WeightId> inBytes;
    for (const auto& op : graph.ops())
        if (std::holds_alternative<QuantizedProductOp>(op.attributes) ||
            std::holds_alternative<PackedDenseOp>(op.attributes))
            inBytes.insert(op.weights[0]);
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        size.weights += graph.weights()[i].shape.elements() *
                        (inBytes.contains(WeightId{i}) ? 1 : std::int64_t{sizeof(float)});
    return size;
}

OptimizationReport optimize(InferenceModel& model, const std::set<std::string>& leftOut) {
    requireKnown(leftOut);
    OptimizationReport report{.before = sizeOf(model.graph)};
    for (const auto& pass : kInferencePasses)
        if (!leftOut.contains(std::string(pass.key)))
            report.passes.push_back({.key = std::string(pass.key)});
    for (bool changed = true; changed;) {
        changed = false;
        auto entry = report.passes.begin();
        for (const auto& pass : kInferencePasses)
            if (!leftOut.contains(std::string(pass.key)))
                changed |= runPass(pass, model, *entry++);
    }
    model.dropUnused();
    report.after = sizeOf(model.graph);
    return report;
}

} // namespace gradwright
