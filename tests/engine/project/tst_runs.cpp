// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

class RunsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runsLieBesideTheFile() {
        const Project project;
        QCOMPARE(runsFolder(project, "/a/b/net.gradwright"), fs::path("/a/b/net.runs"));
    }

    void withoutAFileTheyLieInTheUsersData() {
        qputenv("XDG_DATA_HOME", "/data");
        auto project = newProject();
        project.name = "Mein Netz";
        QCOMPARE(runsFolder(project, {}),
                 fs::path("/data/gradwright/runs") / ("mein-netz-" + project.uuid));
        qputenv("XDG_DATA_HOME", "");
        qputenv("HOME", "/home/me");
        QCOMPARE(userDataFolder(), fs::path("/home/me/.local/share/gradwright"));
    }

    void aHostileUuidStaysInItsFolder() {
        qputenv("XDG_DATA_HOME", "/data");
        auto project = newProject();
        project.uuid = "/../../../etc";
        const auto folder = runsFolder(project, {});
        QCOMPARE(folder.lexically_normal(), folder);
        QCOMPARE(folder.parent_path(), fs::path("/data/gradwright/runs"));
    }

    void aRunKnowsItsProject() {
        const TemporaryFolder folder;
        const auto project = openTemplate("perceptron");
        const auto run = RunDirectory::create(folder.path(), "a");
        run.writeRunJson({{"project", toJson(project)}, {"data_notes", Json::array()}});
        QVERIFY(projectOfRun(run) == project);

        // Of a version that took no notes: it is read as then, and gone on with as today.
        run.writeRunJson({{"project", toJson(project)}});
        QVERIFY(projectOfRun(run).data.asBefore);
        QVERIFY(projectToGoOnWith(run) == project);

        run.writeRunJson(Json::object());
        auto error = errorOf([&] { static_cast<void>(projectOfRun(run)); });
        QVERIFY2(contains(error, run.runJson().string()), error.c_str());
        run.writeRunJson({{"project", {{"schema", 99}}}});
        error = errorOf([&] { static_cast<void>(projectOfRun(run)); });
        QVERIFY2(contains(error, run.runJson().string()), error.c_str());
    }

    void aRunIsJudgedByItsBestWeights() {
        const TemporaryFolder folder;
        const auto run = RunDirectory::create(folder.path(), "a");
        const auto error = errorOf([&] { static_cast<void>(weightsOfRun(run)); });
        QVERIFY2(contains(error, run.path().string()), error.c_str());
        writeFile(run.lastWeights(), {});
        QCOMPARE(weightsOfRun(run), run.lastWeights());
        writeFile(run.bestWeights(), {});
        QCOMPARE(weightsOfRun(run), run.bestWeights());
    }
};

QTEST_APPLESS_MAIN(RunsTest)
#include "tst_runs.moc"
