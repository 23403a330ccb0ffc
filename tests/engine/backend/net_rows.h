// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/backend/sample_nets.h"

#include <QTest>

namespace gradwright::test {

/// A column "index" and a row for each of sampleNets().
inline void addNetRows() {
    QTest::addColumn<std::size_t>("index");
    const auto nets = sampleNets();
    for (std::size_t i = 0; i < nets.size(); ++i)
        QTest::newRow(nets[i].name.c_str()) << i;
}

} // namespace gradwright::test
