// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

// Branches and loops while a graph is built: no op holds a graph. What they make are ops like
// others, so every pass and backend knows them and gradients are there for nothing.

/// Ops that a loop may become.
inline constexpr std::int64_t kMostUnrolledOps = 100'000;

/// Copies the ops of `body` to the end of `graph`, with `inputs` in place of the body's own.
/// Returns what its outputs are there, in order. Constants are copied; a weight is the graph's of
/// the same key where it has one. Paths get `prefix` in front. Throws Error where the inputs differ
/// from the body's in number or type, where a weight has another shape than the graph's, and where
/// one of the two has losses in it (the body) or a backward pass.
std::vector<ValueId> inlineGraph(OpGraph& graph, const OpGraph& body,
                                 const std::vector<ValueId>& inputs,
                                 const std::string& prefix = {});

/// A graph and what it is to read.
struct Branch {
    const OpGraph& body;
    std::vector<ValueId> inputs;
};

/// The outputs of one of two graphs, by one truth value. A condition that is a constant inlines its
/// branch alone; else both are computed and WhereOp chooses, so a branch must be harmless where it
/// is not taken: in the backward pass zeros go into it, which an infinite derivative makes NaN.
/// Throws Error for another condition, and where the branches' outputs differ in number or type.
std::vector<ValueId> ifElse(OpGraph& graph, ValueId condition, const Branch& then,
                            const Branch& otherwise, const std::string& path);

/// A body that is repeated. Its inputs: the iteration from 0 on (one I64), whether it runs (one
/// truth value), what is carried, what is captured (the same each time). Its outputs: whether there
/// is a next iteration, what is carried on, then what is collected.
struct Loop {
    const OpGraph& body;
    std::int64_t trips = 0; ///< at most so many; it is unrolled
    std::vector<ValueId> carried;
    std::vector<ValueId> captured{};
    std::optional<ValueId> condition{}; ///< of the first iteration; none: it runs
};

struct LoopResults {
    std::vector<ValueId> carried; ///< after the last iteration that ran
    std::vector<ValueId> scanned; ///< what was collected, stacked along a new first axis
};

/// The loop, unrolled. A condition that is a constant ends it where it says; one that is computed
/// lets later iterations keep what is carried as it was (WhereOp, with ifElse()'s care). Throws
/// Error for a body that does not fit, for more than kMostUnrolledOps ops, and where what is
/// collected would have no length, or one that values decide.
LoopResults loop(OpGraph& graph, const Loop& what, const std::string& path);

/// A body that runs along sequences. Its inputs: what is carried, a slice of each sequence, what is
/// captured; its outputs: what is carried on, then what is collected.
struct Scan {
    const OpGraph& body;
    std::vector<ValueId> carried;
    std::vector<ValueId> sequences; ///< cut along their first axis, one or more, of equal length
    std::vector<ValueId> captured{};
};

/// The scan, unrolled. Throws Error as loop() does.
LoopResults scan(OpGraph& graph, const Scan& what, const std::string& path);

} // namespace gradwright
