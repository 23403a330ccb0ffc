// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/worker_crew.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <atomic>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

class WorkerCrewTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyNumberIsDoneOnce_data() {
        QTest::addColumn<int>("helpers");
        for (const int helpers : {0, 1, 3})
            QTest::newRow(std::to_string(helpers).c_str()) << helpers;
    }
    void everyNumberIsDoneOnce() {
        QFETCH(int, helpers);
        WorkerCrew crew(static_cast<std::size_t>(helpers));
        for (std::size_t count = 0; count < 200; ++count) {
            std::vector<std::atomic<int>> done(count);
            crew.run(count, [&](std::size_t i) { ++done[i]; });
            QVERIFY(std::ranges::all_of(done, [](const auto& n) { return n == 1; }));
        }
    }

    void theFirstFailureIsReported() {
        WorkerCrew crew(3);
        for (int i = 0; i < 50; ++i) {
            const auto error = errorOf([&] {
                crew.run(100, [](std::size_t number) {
                    if (number >= 40)
                        throw Error("number {}", number);
                });
            });
            QCOMPARE(error, std::string("number 40"));
        }
        std::atomic<int> done = 0;
        crew.run(10, [&](std::size_t) { ++done; }); // it goes on
        QCOMPARE(done.load(), 10);
    }
};

QTEST_APPLESS_MAIN(WorkerCrewTest)
#include "tst_worker_crew.moc"
