// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <string>

namespace gradwright {

/// The parameters for an instance of a block that is to be linked behind `source`: none where it
/// runs as it is. A block that does not (a residual block of 64 filters behind 32 channels) gets
/// the number of channels that it receives for the promoted parameter that makes it run, if one
/// does. `instance` is not in `network` yet.
ParamValues fittingParams(const Network& network, const std::string& graph, const Node& instance,
                          NodeId source);

} // namespace gradwright
