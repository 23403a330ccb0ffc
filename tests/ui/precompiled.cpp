// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/precompiled.h"

// The precompiled headers of the tests belong to a library, which needs a source.
