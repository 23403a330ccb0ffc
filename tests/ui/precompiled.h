// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The headers that most tests of the window read, compiled once (see gradwright_test). Each source
// still includes what it uses.

#include "engine/project/project_file.h"
#include "tests/precompiled.h"
#include "ui/precompiled.h"

#include <QSignalSpy>
#include <QTableWidget>
