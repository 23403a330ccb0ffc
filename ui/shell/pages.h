// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"

#include <vector>

namespace gradwright {

/// The pages of a window, in their order.
std::vector<Page*> makePages(const PageContext& context);

} // namespace gradwright
