// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "engine/training/load_history.h"
#include "tests/support/data_files.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

class LoadHistoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theLatestChangesAreKept() {
        const TemporaryFolder folder;
        const auto run = RunDirectory::create(folder / "runs", "net");
        run.writeRunJson({{"machine", {{"threads", 2}}}, {"name", "net"}});
        LoadHistory history;
        history.write(run); // nothing has happened
        QVERIFY(loadHistoryOf(run.readRunJson()).empty());
        history.add({.step = 10, .threads = 2, .othersBusy = 1});
        history.add({.step = 20, .threads = 1, .othersBusy = 2});
        history.write(run);
        auto record = run.readRunJson();
        QCOMPARE(record["machine"]["threads"].get<int>(), 2); // what else is there stays
        QCOMPARE(record["name"].get<std::string>(), std::string("net"));
        QCOMPARE(record["machine"]["load"].dump(),
                 std::string(R"([{"step":10,"threads":2,"others_busy":1},)"
                             R"({"step":20,"threads":1,"others_busy":2}])"));
        for (int step = 21; step <= 60; ++step)
            history.add({.step = step, .threads = 2, .othersBusy = 0});
        history.write(run);
        const auto load = loadHistoryOf(run.readRunJson());
        QCOMPARE(load.size(), std::size_t{20});
        QCOMPARE(load.front()["step"].get<int>(), 41);
        QCOMPARE(load.back()["step"].get<int>(), 60);
    }

    void aRecordWithoutItHasNone() {
        QVERIFY(loadHistoryOf(Json::object()).empty());
        QVERIFY(loadHistoryOf({{"machine", 3}}).empty());
        QVERIFY(loadHistoryOf({{"machine", {{"load", "much"}}}}).empty());
    }
};

QTEST_APPLESS_MAIN(LoadHistoryTest)
#include "tst_load_history.moc"
