// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/graph/network.h"

#include <string>
#include <vector>

namespace gradwright {

/// A layer of the unrolled network, with what it makes and what it costs for one sample.
struct LayerRow {
    NodeId node; ///< in the main graph: the layer, or the block that it is in
    std::string name;
    std::string type;
    std::string input;  ///< shapes; "?" while not known
    std::string output; ///< the same
    std::int64_t parameters = 0;
    std::int64_t macs = 0;
    std::int64_t bytes = 0; ///< of the output in FP32
};

/// All layers, each after what feeds it.
std::vector<LayerRow> layerTable(const Network& network, const Analysis& analysis);

/// A line of titles, one for each layer, and one of totals; after RFC 4180.
std::string tableAsCsv(const std::vector<LayerRow>& rows);
/// A table as GitHub and most notebooks render it.
std::string tableAsMarkdown(const std::vector<LayerRow>& rows);

} // namespace gradwright
