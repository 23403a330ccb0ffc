// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/support/json_fwd.h"

namespace gradwright {

/// What a run notes about its data, so that its network can be used where they are not.
Json toJson(const DataInfo& info);
/// Throws Error with the key at fault.
DataInfo dataInfoFromJson(const Json& json);

} // namespace gradwright
