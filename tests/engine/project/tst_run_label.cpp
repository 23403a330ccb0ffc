// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/project/run_label.h"
#include "engine/project/unsaved_networks.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <filesystem>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

RunDirectory makeRun(const test::TemporaryFolder& folder) {
    const auto run = RunDirectory::create(folder.path(), "small");
    run.writeRunJson({{"name", "LeNet-5"}});
    return run;
}

} // namespace

class RunLabelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oldRunsHaveNone() {
        const test::TemporaryFolder folder;
        const auto run = makeRun(folder);
        QVERIFY(labelOf(run) == RunLabel{});
        QCOMPARE(nameOfRun(run), std::string("LeNet-5"));
    }

    void whatIsWrittenIsRead() {
        const test::TemporaryFolder folder;
        const auto run = makeRun(folder);
        writeLabel(run, {"  with\ndropout ", "Better than\nthe last one: ∞\n"});
        QVERIFY(labelOf(run) == (RunLabel{"with dropout", "Better than\nthe last one: ∞"}));
        QCOMPARE(nameOfRun(run), std::string("with dropout"));
        // The record is the training's, which may be writing it.
        QCOMPARE(run.readRunJson()["name"].get<std::string>(), std::string("LeNet-5"));
        QCOMPARE(summarize(run).name, std::string("with dropout"));
        writeLabel(run, {" ", ""});
        QVERIFY(!std::filesystem::exists(labelFileOf(run)));
        QCOMPARE(nameOfRun(run), std::string("LeNet-5"));
    }

    void aBrokenFileIsNamedAndHidesNoRun() {
        const test::TemporaryFolder folder;
        const auto run = makeRun(folder);
        for (const char* text : {"{", "[]", R"({"name": 7})"}) {
            writeFileAtomically(labelFileOf(run), text);
            QVERIFY2(contains(errorOf([&] { (void)labelOf(run); }), "label.json"), text);
            QCOMPARE(nameOfRun(run), std::string("LeNet-5"));
        }
    }

    void whatIsTooLongLeavesTheOldLabel() {
        const test::TemporaryFolder folder;
        const auto run = makeRun(folder);
        writeLabel(run, {"first", ""});
        const std::string longName(kMaxRunName + 1, 'x');
        QVERIFY(contains(errorOf([&] { writeLabel(run, {longName, ""}); }), "201 bytes"));
        QVERIFY(labelOf(run) == (RunLabel{"first", ""}));
    }

    void linksAreRefused() {
        const test::TemporaryFolder folder;
        const auto run = makeRun(folder);
        const auto outside = folder / "outside.json";
        writeFileAtomically(outside, R"({"name": "theirs"})");
        std::filesystem::create_symlink(outside, labelFileOf(run));
        QVERIFY(contains(errorOf([&] { writeLabel(run, {"mine", ""}); }), "symbolic link"));
        QVERIFY(contains(readTextFile(outside), "theirs"));
    }
};

QTEST_GUILESS_MAIN(RunLabelTest)
#include "tst_run_label.moc"
