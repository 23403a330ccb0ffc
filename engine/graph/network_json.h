// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

namespace gradwright {

/// {"nodes": [...], "links": [...], "blocks": {...}}, in the order of ids. Parameters at their
/// defaults are left out.
Json toJson(const Network& network);

/// Reads it back; keys that this version does not know are kept. Throws Error naming the node or
/// link and the rule when the network breaks one: a name taken, a link that does not fit, a value
/// of the wrong type, a node that is missing.
Network networkFromJson(const Json& json);

// For what builds on these files (clipboard, project).
Json toJson(const Node& node);
Json toJson(const Link& link);
Node nodeFromJson(const Json& json);
Link linkFromJson(const Json& json);

/// The value of a required key. Throws Error naming the key and `what`.
const Json& required(const Json& object, std::string_view key, std::string_view what);

} // namespace gradwright
