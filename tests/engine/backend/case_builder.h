// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/check/case_builder.h"
#include "tests/engine/backend/op_cases.h"
