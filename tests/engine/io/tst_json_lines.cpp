// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/io/line_scan.h"
#include "engine/support/json.h"
#include "tests/engine/io/io_test.h"

#include <QTest>

#include <sys/resource.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

void put(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

Json record(int step) {
    return {{"step", step}, {"loss", 1.0 / (step + 1)}};
}

} // namespace

class JsonLinesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roundTrip() {
        const Folder folder;
        {
            JsonLinesWriter writer(folder / "m", JsonLinesMode::Create);
            for (int step = 0; step < 3; ++step)
                writer.write(record(step));
            writer.sync();
        }
        {
            JsonLinesWriter writer(folder / "m", JsonLinesMode::Append);
            QCOMPARE(writer.droppedBytes(), 0U);
            writer.write({{"text", "line\nbreak"}});
        }
        const auto lines = readJsonLines(folder / "m");
        QCOMPARE(lines.records.size(), 4U);
        QVERIFY(lines.records[2] == record(2));
        QVERIFY(lines.records[3]["text"] == "line\nbreak");
        QVERIFY(!lines.tornAt);
        QCOMPARE(lines.endOffset, std::filesystem::file_size(folder / "m"));

        JsonLinesWriter(folder / "m", JsonLinesMode::Create).write(record(9));
        QVERIFY(readJsonLines(folder / "m").records == std::vector<Json>{record(9)});
    }

    void numbersThatJsonLacksBecomeNull() {
        const Folder folder;
        JsonLinesWriter(folder / "m", JsonLinesMode::Create)
            .write({{"loss", std::numeric_limits<double>::quiet_NaN()}});
        QVERIFY(readJsonLines(folder / "m").records.at(0)["loss"].is_null());
    }

    /// A live reader continues where it stopped, also in front of a line still being written.
    void readsOn() {
        const Folder folder;
        put(folder / "m", "{\"a\":1}\n{\"a\":2}\n{\"a\"");
        const auto first = readJsonLines(folder / "m");
        QCOMPARE(first.records.size(), 2U);
        QCOMPARE(first.endOffset, 16U);
        QCOMPARE(first.tornAt, std::optional<std::uint64_t>(16));
        put(folder / "m", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n");
        const auto second = readJsonLines(folder / "m", first.endOffset);
        QVERIFY(second.records == (std::vector<Json>{{{"a", 3}}, {{"a", 4}}}));
        QVERIFY(!second.tornAt);
        const auto third = readJsonLines(folder / "m", second.endOffset);
        QVERIFY(third.records.empty());
        QCOMPARE(third.endOffset, second.endOffset);
        VERIFY_ERROR("fewer than the 99 read earlier", readJsonLines(folder / "m", 99));
    }

    void tornLineIsCutOffBeforeAppending_data() {
        QTest::addColumn<QByteArray>("tail");
        QTest::newRow("half a line") << QByteArray("{\"loss\":0.1");
        QTest::newRow("all but the line break") << QByteArray("{\"loss\":0.1}");
        QTest::newRow("zeros") << QByteArray(5000, '\0');
        QTest::newRow("long") << QByteArray(100'000, 'x');
    }
    void tornLineIsCutOffBeforeAppending() {
        QFETCH(QByteArray, tail);
        const Folder folder;
        for (const std::string before : {"", "{\"a\":1}\n"}) {
            put(folder / "m", before + tail.toStdString());
            const auto torn = readJsonLines(folder / "m");
            QCOMPARE(torn.records.size(), before.empty() ? 0U : 1U);
            QCOMPARE(torn.tornAt, std::optional<std::uint64_t>(before.size()));
            JsonLinesWriter writer(folder / "m", JsonLinesMode::Append);
            QCOMPARE(writer.droppedBytes(), static_cast<std::uint64_t>(tail.size()));
            QCOMPARE(std::filesystem::file_size(folder / "m"), before.size());
            writer.write({{"a", 2}});
            QCOMPARE(readTextFile(folder / "m"), before + "{\"a\":2}\n");
        }
    }

    void corruptionInTheMiddleIsAnError() {
        const Folder folder;
        put(folder / "m", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n");
        VERIFY_ERROR("m, line 2: not valid JSON at line 1", readJsonLines(folder / "m"));
        VERIFY_ERROR("m, line 1 after byte 8: not valid JSON", readJsonLines(folder / "m", 8));
        put(folder / "m", "{\"a\":1}\n\n");
        VERIFY_ERROR("m, line 2: not valid JSON", readJsonLines(folder / "m"));
        put(folder / "m", "{\"a\":1,\"a\":2}\n");
        VERIFY_ERROR("m, line 1: the key \"a\" appears twice", readJsonLines(folder / "m"));
    }

    void refusesWhatIsNoFile() {
        const Folder folder;
        VERIFY_ERROR("No such file", JsonLinesWriter(folder / "no/m", JsonLinesMode::Append));
        VERIFY_ERROR("Is a directory", JsonLinesWriter(folder.path(), JsonLinesMode::Append));
        VERIFY_ERROR("it is not a regular file",
                     JsonLinesWriter("/dev/full", JsonLinesMode::Append));
        VERIFY_ERROR("No such file", readJsonLines(folder / "m"));
    }

    void fullDiskLeavesWholeLines() {
        const Folder folder;
        Child child([&](auto answer) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{100, 100};
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
                return answer("no limit");
            JsonLinesWriter writer(folder / "m", JsonLinesMode::Create);
            writer.write({{"text", std::string(50, 'a')}});
            auto text = errorOf([&] { writer.write({{"text", std::string(80, 'b')}}); });
            writer.write({{"a", 1}});
            answer(text);
        });
        QCOMPARE(child.receive(), (folder / "m").string() +
                                      ": cannot be written (File too large); the earlier lines are "
                                      "kept");
        child.kill();
        const auto lines = readJsonLines(folder / "m");
        QVERIFY(!lines.tornAt);
        QCOMPARE(lines.records.size(), 2U);
        QVERIFY(lines.records[1] == Json({{"a", 1}}));
    }

    void survivesKill() {
        const Folder folder;
        put(folder / "m", "");
        for (int round = 0; round < 20; ++round) {
            const auto before = readJsonLines(folder / "m").records.size();
            Child child([&](auto answer) {
                JsonLinesWriter writer(folder / "m", JsonLinesMode::Append);
                for (auto step = static_cast<int>(before);; ++step) {
                    writer.write(record(step));
                    if (step == static_cast<int>(before))
                        answer("ready");
                }
            });
            QCOMPARE(child.receive(), "ready");
            std::this_thread::sleep_for(std::chrono::microseconds(round * 37));
            child.kill();
            const auto lines = readJsonLines(folder / "m");
            QVERIFY(lines.records.size() > before);
            for (std::size_t i = 0; i < lines.records.size(); ++i)
                QVERIFY(lines.records[i] == record(static_cast<int>(i)));
        }
    }

    /// What is found in the text of a line is what reading it as JSON gives.
    void numbersAreFoundInLines() {
        const Folder folder;
        {
            JsonLinesWriter writer(folder / "m", JsonLinesMode::Create);
            for (int step = 1; step <= 50; ++step)
                writer.write({{"step", step},
                              {"epoch_loss", 1.0 / (3.0 * step)},
                              {"loss", step % 7 == 0 ? Json() : Json(std::exp(-step / 3.0))},
                              {"name", "loss\":5"},
                              {"norms", {1.5, 2.5}},
                              {"seconds", 1e-5 * step}});
        }
        std::ofstream(folder / "m", std::ios::app) << "{\"step\":51,\"los"; // torn
        const auto records = readJsonLines(folder / "m").records;
        std::size_t lines = 0;
        scanLines(folder / "m", [&](std::string_view line, std::size_t number) {
            QCOMPARE(number, ++lines);
            const auto& record = records.at(number - 1);
            for (const auto* const key : {"step", "epoch_loss", "loss", "seconds", "norms", "os"}) {
                const bool isThere = record.contains(key);
                QCOMPARE(isInLine(line, key), isThere);
                const bool isNumber = isThere && record.at(key).is_number();
                QCOMPARE(numberInLine(line, key).has_value(), isNumber);
                if (isNumber)
                    QCOMPARE(*numberInLine(line, key), record.at(key).get<double>());
            }
        });
        QCOMPARE(lines, std::size_t{50});
        QVERIFY(!numberInLine("{\"a\":1.5x}", "a"));
        QVERIFY(!numberInLine("{\"a\":\"1.5\"}", "a"));
        QVERIFY_THROWS_EXCEPTION(Error, scanLines(folder / "none", [](auto, auto) {}));
    }
};

QTEST_APPLESS_MAIN(JsonLinesTest)
#include "tst_json_lines.moc"
