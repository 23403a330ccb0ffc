// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/program_graph.h"

#include "engine/passes/differentiate.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fix_statistics.h"
#include "engine/passes/fuse_elementwise.h"
#include "engine/passes/verify.h"

#include <utility>

namespace gradwright {
namespace {

constexpr Pass kEliminateIdentities{"eliminate identities", [](OpGraph& graph, Mode mode) {
                                        eliminateIdentities(graph, mode == Mode::Inference);
                                    }};
constexpr Pass kFixStatistics{"fix statistics", [](OpGraph& graph, Mode mode) {
                                  if (mode == Mode::Training)
                                      fixStatistics(graph);
                              }};
constexpr Pass kDifferentiate{"differentiate", [](OpGraph& graph, Mode mode) {
                                  if (mode == Mode::Training)
                                      graph = differentiate(std::move(graph));
                              }};
constexpr Pass kEliminateDead{"eliminate dead ops",
                              [](OpGraph& graph, Mode) { eliminateDead(graph); }};
constexpr Pass kFuse{"fuse elementwise ops", [](OpGraph& graph, Mode) { fuseElementwise(graph); }};
constexpr Pass kFirst[] = {kEliminateIdentities, kFixStatistics, kDifferentiate};
constexpr Pass kLast[] = {kEliminateDead, kFuse};

} // namespace

OpGraph programGraph(OpGraph graph, Mode mode, std::span<const Pass> further,
                     const EvaluateConstants& evaluate) {
    if (evaluate && foldConstants(graph, evaluate) > 0) {
        eliminateDead(graph);
#ifndef NDEBUG
        verify(graph, "fold constants");
#endif
    }
    for (const auto& passes :
         {std::span<const Pass>(kFirst), further, std::span<const Pass>(kLast)})
        for (const auto& pass : passes) {
            pass.run(graph, mode);
#ifndef NDEBUG
            verify(graph, pass.key);
#endif
        }
    return graph;
}

} // namespace gradwright
