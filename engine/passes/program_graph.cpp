// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/program_graph.h"

#include "engine/passes/differentiate.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/verify.h"

#include <utility>

namespace gradwright {

std::span<const Pass> passes() {
    static constexpr Pass kAll[] = {
        {"eliminate identities",
         [](OpGraph& graph, Mode mode) { eliminateIdentities(graph, mode == Mode::Inference); }},
        {"differentiate",
         [](OpGraph& graph, Mode mode) {
             if (mode == Mode::Training)
                 graph = differentiate(std::move(graph));
         }},
        {"eliminate dead ops", [](OpGraph& graph, Mode) { eliminateDead(graph); }},
    };
    return kAll;
}

OpGraph programGraph(OpGraph graph, Mode mode) {
    for (const auto& pass : passes()) {
        pass.run(graph, mode);
#ifndef NDEBUG
        verify(graph, pass.key);
#endif
    }
    return graph;
}

} // namespace gradwright
