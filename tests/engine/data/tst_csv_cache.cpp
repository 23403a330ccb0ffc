// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/own_data.h"
#include "engine/data/tables/csv_cache.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::filesystem::path written(const TemporaryFolder& folder, std::string_view text,
                              int secondsAgo) {
    const auto path = folder / "t.csv";
    writeFile(path, Bytes(text.begin(), text.end()));
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() -
                                               std::chrono::seconds(secondsAgo));
    return path;
}

} // namespace

class CsvCacheTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFileThatStaysIsReadOnce() {
        const TemporaryFolder folder;
        const auto path = written(folder, "a,b\n1,2\n3,4\n", 60);
        const auto first = sharedCsv(path);
        QCOMPARE(sharedCsv(path).get(), first.get());
        // Read otherwise, it is another table.
        QVERIFY(sharedCsv(path, {.header = CsvHeader::No}).get() != first.get());
        QCOMPARE(sharedCsv(path, {.header = CsvHeader::No})->rows(), std::size_t{3});
    }

    void aFileThatChangesIsReadAgain() {
        const TemporaryFolder folder;
        const auto path = written(folder, "a,b\n1,2\n3,4\n", 60);
        QCOMPARE(sharedCsv(path)->at(0, 0), std::string("1"));
        written(folder, "a,b\n7,2\n3,4\n", 40); // as long as before
        QCOMPARE(sharedCsv(path)->at(0, 0), std::string("7"));
        written(folder, "a,b\n7,2\n", 40); // as old
        QCOMPARE(sharedCsv(path)->rows(), std::size_t{1});
    }

    void whatHasJustBeenWrittenIsNotKept() {
        const TemporaryFolder folder;
        const auto path = written(folder, "a,b\n1,2\n3,4\n", 0);
        const auto first = sharedCsv(path);
        QVERIFY(sharedCsv(path).get() != first.get());
    }

    void aFaultIsToldEachTime() {
        const TemporaryFolder folder;
        const auto path = written(folder, "a,b\n1,2\n3\n5,6\n", 60);
        for (int i = 0; i < 2; ++i)
            QVERIFY(contains(errorOf([&] { sharedCsv(path); }), "line 3"));
        QVERIFY(contains(errorOf([&] { sharedCsv(folder / "absent.csv"); }), "no such file"));
    }

    void severalAskAtOnce() {
        const TemporaryFolder folder;
        std::string text = "a,b,c\n";
        for (int i = 0; i < 50'000; ++i)
            text += std::to_string(i) + ",x," + std::to_string(i % 3) + "\n";
        const auto path = written(folder, text, 60);
        std::vector<std::shared_ptr<const CsvTable>> tables(4);
        {
            std::vector<std::jthread> threads;
            for (auto& table : tables)
                threads.emplace_back([&] { table = sharedCsv(path); });
        }
        for (const auto& table : tables)
            QCOMPARE(table.get(), tables.front().get());
    }
};

QTEST_APPLESS_MAIN(CsvCacheTest)
#include "tst_csv_cache.moc"
