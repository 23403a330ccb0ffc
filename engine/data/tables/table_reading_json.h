// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table_reading.h"
#include "engine/support/json_fwd.h"

namespace gradwright {

Json toJson(const TableReading& reading);
/// Throws Error or a JSON exception naming what is wrong.
TableReading tableReadingFromJson(const Json& json);

} // namespace gradwright
