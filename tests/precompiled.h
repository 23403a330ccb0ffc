// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The headers that most tests read, compiled once (see gradwright_test). Each source still includes
// what it uses.

#include "engine/precompiled.h"
#include "engine/support/json.h"

#include <QCoreApplication>
#include <QTemporaryDir>
#include <QTest>
#include <QVariant>

#include <fstream>
