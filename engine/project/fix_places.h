// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

namespace gradwright {

/// Where a person would draw the layers that an edit adds: a row (a column, where data flow to the
/// right) behind what feeds each, or in front of what it feeds, on a free place. What follows makes
/// room where it stands too near, and frames around it grow. Nothing for graphs in which no layer
/// has a place yet: these are laid out as a whole.
ProjectEdit::Group placesFor(const Project& project, const NetworkEdit& edit);

} // namespace gradwright
