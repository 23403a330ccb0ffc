// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/check/op_cases.h"

namespace gradwright::test {
using namespace gradwright::check;
} // namespace gradwright::test
