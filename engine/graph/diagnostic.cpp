// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/diagnostic.h"

namespace gradwright {

void DiagnosticList::add(Diagnostic diagnostic) {
    const auto& place = diagnostic.place;
    if (seen_.emplace(place.graph, place.node, place.param, diagnostic.message).second)
        all_.push_back(std::move(diagnostic));
}

} // namespace gradwright
