// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"

#include <filesystem>
#include <memory>

namespace gradwright {

/// readCsv() for those that look at one file one after the other or at once: it is read once as
/// long as it does not change. Tables of up to 128 MiB in all are kept, the latest ones. Throws
/// what readCsv() throws.
std::shared_ptr<const CsvTable> sharedCsv(const std::filesystem::path& path,
                                          const CsvOptions& options = {});

} // namespace gradwright
