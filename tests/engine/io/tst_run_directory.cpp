// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "tests/engine/io/io_test.h"

#include <QRegularExpression>
#include <QTest>

#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using std::chrono::sys_days;
const std::chrono::system_clock::time_point kTime =
    sys_days(std::chrono::year(2026) / 1 / 31) + std::chrono::seconds(14 * 3600 + 2 * 60 + 5);

} // namespace

class RunDirectoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void createsUniqueFolders() {
        const Folder folder;
        const auto parent = folder / "deep/lenet.runs";
        const auto first = RunDirectory::create(parent, "LeNet 5", kTime);
        QCOMPARE(first.path(), parent / "2026-01-31T14-02-05-lenet-5");
        QVERIFY(fs::is_directory(first.path()));
        QCOMPARE(RunDirectory::create(parent, "LeNet 5", kTime).name(),
                 "2026-01-31T14-02-05-lenet-5-002");
        std::ofstream(parent / "2026-01-31T14-02-05-lenet-5-003") << "a file in the way";
        QCOMPARE(RunDirectory::create(parent, "LeNet 5", kTime).name(),
                 "2026-01-31T14-02-05-lenet-5-004");
        const auto now = RunDirectory::create(parent, "x").name();
        const QRegularExpression pattern(R"(^20\d\d-\d\d-\d\dT\d\d-\d\d-\d\d-x$)");
        QVERIFY2(pattern.match(QString::fromStdString(now)).hasMatch(), now.c_str());
    }

    void refusesAParentThatIsNoFolder() {
        const Folder folder;
        writeFileAtomically(folder / "file", "x");
        VERIFY_ERROR("file: the folder for runs cannot be made (Not a directory)",
                     RunDirectory::create(folder / "file", "x"));
        VERIFY_ERROR("the folder for runs cannot be made (Not a directory)",
                     RunDirectory::create(folder / "file/runs", "x"));
    }

    void slugs() {
        QCOMPARE(slugOf("LeNet-5"), "lenet-5");
        QCOMPARE(slugOf("  ../Ärger & Söhne/..  "), "rger-s-hne");
        QCOMPARE(slugOf("a__b--c"), "a-b-c");
        QCOMPARE(slugOf("…"), "run");
        QCOMPARE(slugOf(""), "run");
        QCOMPARE(slugOf(std::string(200, 'a')), std::string(64, 'a'));
        QCOMPARE(slugOf(std::string(63, 'a') + " b"), std::string(63, 'a'));
    }

    void pathsAndRunJson() {
        const Folder folder;
        const auto run = RunDirectory::create(folder.path(), "x", kTime);
        const Json json = {{"version", "0.1.0"}, {"seed", 7}};
        run.writeRunJson(json);
        QCOMPARE(run.runJson(), run.path() / "run.json");
        QCOMPARE(run.metrics(), run.path() / "metrics.jsonl");
        QCOMPARE(run.lastWeights(), run.path() / "last.safetensors");
        QCOMPARE(run.bestWeights(), run.path() / "best.safetensors");
        const auto opened = RunDirectory::open(run.path());
        QVERIFY(opened.readRunJson() == json);
        QCOMPARE(RunDirectory::open(run.path() / "").name(), run.name());
        QCOMPARE(runsFolderOf("/a/digits.v2.gradwright"), fs::path("/a/digits.v2.runs"));
        VERIFY_ERROR("cannot be written", run.writeRunJson({{"name", "caf\xe9"}}));
        QVERIFY(opened.readRunJson() == json);
    }

    void openNamesWhatIsMissing() {
        const Folder folder;
        VERIFY_ERROR("none: there is no such run", RunDirectory::open(folder / "none"));
        writeFileAtomically(folder / "file", "x");
        VERIFY_ERROR("file: is not a run (a run is a folder with a run.json)",
                     RunDirectory::open(folder / "file"));
        const auto run = RunDirectory::create(folder.path(), "x");
        VERIFY_ERROR("is not a run (run.json is missing)", RunDirectory::open(run.path()));
        writeFileAtomically(run.runJson(), "[1]");
        VERIFY_ERROR("must hold a JSON object, not array",
                     RunDirectory::open(run.path()).readRunJson());
        writeFileAtomically(run.runJson(), "{\"a\":");
        VERIFY_ERROR("run.json: not valid JSON", RunDirectory::open(run.path()).readRunJson());
    }

    /// A run received from elsewhere must not make a resume write outside its folder.
    void refusesSymbolicLinks() {
        const Folder folder;
        writeFileAtomically(folder / "victim", "kept");
        for (const auto* name :
             {"run.json", "metrics.jsonl", "last.safetensors", "best.safetensors", ".lock"}) {
            const auto run = RunDirectory::create(folder / "runs", "x");
            run.writeRunJson(Json::object());
            fs::remove(run.path() / name);
            fs::create_symlink(folder / "victim", run.path() / name);
            VERIFY_ERROR(std::string(name) + ": is a symbolic link",
                         RunDirectory::open(run.path()));
        }
        QVERIFY(RunDirectory::list(folder / "runs").empty());
    }

    void listsRunsOldestFirst() {
        const Folder folder;
        QVERIFY(RunDirectory::list(folder / "none").empty());
        std::vector<std::string> expected;
        const auto add = [&](std::chrono::system_clock::time_point time, const char* slug) {
            const auto run = RunDirectory::create(folder.path(), slug, time);
            run.writeRunJson(Json::object());
            return run.name();
        };
        const auto late = add(kTime + std::chrono::hours(24 * 300), "a");
        for (int i = 0; i < 12; ++i)
            expected.push_back(add(kTime, "b"));
        expected.push_back(add(kTime + std::chrono::seconds(1), "a"));
        expected.push_back(late);
        fs::create_directory(folder / "other");
        writeFileAtomically(folder / "notes.txt", "x");
        std::vector<std::string> names;
        for (const auto& run : RunDirectory::list(folder.path()))
            names.push_back(run.name());
        QCOMPARE(names, expected);
        VERIFY_ERROR("the runs cannot be listed", RunDirectory::list(folder / "notes.txt"));
    }

    void oneWriterAtATime() {
        const Folder folder;
        const auto run = RunDirectory::create(folder.path(), "x");
        QVERIFY(!run.isLocked());
        {
            const auto lock = run.lock();
            QVERIFY(run.isLocked());
            VERIFY_ERROR(fmt::format("is being written by process {};", ::getpid()), run.lock());
        }
        QVERIFY(!run.isLocked());

        Child child([&](auto answer) {
            const auto lock = run.lock();
            answer("locked");
            ::pause();
        });
        QCOMPARE(child.receive(), "locked");
        QVERIFY(run.isLocked());
        VERIFY_ERROR(fmt::format("is being written by process {};", child.id()), run.lock());
        child.kill();
        QVERIFY(!run.isLocked());
        const auto lock = run.lock();
        QCOMPARE(readTextFile(run.path() / ".lock"), std::to_string(::getpid()) + "\n");
    }

    /// A live view that asks without end whether the run is written must not keep a trainer out.
    void askingDoesNotDisturbTheWriter() {
        const Folder folder;
        const auto run = RunDirectory::create(folder.path(), "x");
        static_cast<void>(run.lock());
        Child child([&](auto answer) {
            answer("asking");
            for (;;)
                static_cast<void>(run.isLocked());
        });
        QCOMPARE(child.receive(), "asking");
        for (int i = 0; i < 200; ++i)
            static_cast<void>(run.lock());
    }

    void lockNeedsTheFolder() {
        const Folder folder;
        const auto run = RunDirectory::create(folder.path(), "x");
        fs::remove_all(run.path());
        VERIFY_ERROR("cannot be locked (No such file or directory)", run.lock());
        QVERIFY(!run.isLocked());
    }
};

QTEST_APPLESS_MAIN(RunDirectoryTest)
#include "tst_run_directory.moc"
