// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The headers that most of the engine's sources read, compiled once (see gradwright_module). Each
// source still includes what it uses: -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without this.

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
