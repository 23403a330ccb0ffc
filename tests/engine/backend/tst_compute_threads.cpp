// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"

#include <QTest>

#include <limits>
#include <thread>

using namespace gradwright;

namespace {

/// Half of the smallest normal number, computed by the processor.
float halfOfTheSmallest() {
    volatile float smallest = std::numeric_limits<float>::min();
    volatile float half = smallest * 0.5F;
    return half;
}

} // namespace

class ComputeThreadsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void computingThreadsTakeDenormalsForZero() {
        std::thread([] {
            QVERIFY(halfOfTheSmallest() > 0);
            QCOMPARE(setComputeThreads(2), 2);
            QCOMPARE(halfOfTheSmallest(), 0.0F);
        }).join();
        // Threads that nobody asked to compute keep them.
        QVERIFY(halfOfTheSmallest() > 0);
    }
};

QTEST_APPLESS_MAIN(ComputeThreadsTest)
#include "tst_compute_threads.moc"
