// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/project/templates.h"
#include "tests/app/cli.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include <functional>
#include <memory>
#include <random>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr int kKills = 20;
constexpr int kKillsUnderLoad = 5;

/// What a run leaves that must not depend on what happened to it.
struct SavedWeights {
    std::string last;
    std::string best;
    bool operator==(const SavedWeights&) const = default;
};

SavedWeights weightsIn(const fs::path& run) {
    return {contentsOf(run / "last.safetensors"), contentsOf(run / "best.safetensors")};
}

/// A multilayer perceptron with all that has a state or draws random numbers.
Project statefulNetwork() {
    auto project = openTemplate("multilayer-perceptron");
    const auto insertAfterFirstDense = [&](const char* layer) {
        const auto& graph = project.network.main;
        for (const auto& [id, link] : graph.links())
            if (graph.find(link.from.node)->layerUse()->layer == "dense") {
                Node node{graph.freshNodeId(), graph.freshName(layer), LayerUse{layer}, {}};
                const auto edit = insertIntoLink(project.network, "", id, std::move(node));
                apply(project, {edit});
                return;
            }
    };
    insertAfterFirstDense("dropout");
    insertAfterFirstDense("batch-norm");
    project.data.limit = 500;
    project.training.params["epochs"] = std::int64_t{3};
    project.training.params["threads"] = std::int64_t{1};
    return project;
}

Project adamSavedEachStep() {
    auto project = statefulNetwork();
    project.training.params["checkpoint_seconds"] = 0.0;
    project.training.params["batch"] = std::int64_t{24};
    return project;
}

Project momentumSavedEachEpoch() {
    auto project = statefulNetwork();
    project.training.params["epochs"] = std::int64_t{8};
    project.training.optimizer = {"sgd",
                                  {{"momentum", 0.9}, {"nesterov", true}, {"weight_decay", 1e-4}}};
    project.training.params["learning_rate"] = 0.01;
    return project;
}

Project leNet() {
    auto project = openTemplate("lenet-5");
    project.data.limit = 200;
    project.training.params["epochs"] = std::int64_t{3};
    project.training.params["threads"] = std::int64_t{2};
    project.training.params["checkpoint_seconds"] = 0.1;
    return project;
}

} // namespace

Q_DECLARE_METATYPE(gradwright::Project)

class CliCrashTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sameSeedSameBytes_data() { addProjects(); }
    void sameSeedSameBytes() {
        QFETCH(Project, project);
        const auto file = saved(project, "same");
        const auto train = [&](const char* name, const char* seed) {
            const auto folder = folderFor(name);
            const auto result = cli_.run({"train", file, "--seed", seed, "--quiet", "--run-dir",
                                          QString::fromStdString(folder.string())});
            if (result.code != 0)
                QTest::qFail(result.text().c_str(), __FILE__, __LINE__);
            return weightsIn(onlyRun(folder));
        };
        const auto first = train("first", "5");
        QVERIFY(!first.last.empty() && !first.best.empty());
        QVERIFY(train("second", "5") == first);
        QVERIFY(train("other", "6").last != first.last);
    }

    void killedAndResumedIsUndisturbed_data() { addProjects(); }
    void killedAndResumedIsUndisturbed() {
        QFETCH(Project, project);
        file_ = saved(project, "killed");
        QElapsedTimer timer;
        timer.start();
        auto folder = folderFor("undisturbed");
        const auto result = cli_.run(trainInto(folder));
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto duration = timer.elapsed();
        const auto expected = weightsIn(onlyRun(folder));
        QVERIFY(!expected.last.empty() && !expected.best.empty());
        kill(kKills, duration, expected);
    }

    /// Other programs take the processors while it runs; it is resumed in quiet.
    void killedUnderLoadIsUndisturbed() {
        auto project = openTemplate("lenet-5");
        project.data.limit = 2000;
        project.training.params["epochs"] = std::int64_t{2};
        project.training.params["parts"] = std::int64_t{2};
        project.training.params["checkpoint_seconds"] = 0.05;
        file_ = saved(project, "load");
        QElapsedTimer timer;
        timer.start();
        const auto folder = folderFor("undisturbed");
        const auto result = cli_.run(trainInto(folder));
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto expected = weightsIn(onlyRun(folder));
        QVERIFY(!expected.last.empty() && !expected.best.empty());

        std::vector<std::unique_ptr<QProcess>> others;
        for (int i = 0; i < 2; ++i) {
            auto& other = others.emplace_back(std::make_unique<QProcess>());
            other->start("sh", {"-c", "while :; do :; done"});
            QVERIFY(other->waitForStarted());
        }
        kill(kKillsUnderLoad, timer.elapsed(), expected, [&] {
            for (auto& other : others) {
                other->kill();
                other->waitForFinished();
            }
        });
    }

private:
    /// Kills trainings at random moments and resumes them until they are complete. `beforeLast`:
    /// called before a run is trained to its end.
    void kill(
        int wanted, qint64 duration, const SavedWeights& expected,
        const std::function<void()>& beforeLast = [] {}) {
        fs::path folder;
        std::mt19937 random(20);
        std::uniform_int_distribution<int> moment(0, static_cast<int>(duration));
        int kills = 0;
        int runs = 0;
        while (kills < wanted) {
            folder = folderFor(fmt::format("run{}", runs++));
            bool done = false;
            while (!done) {
                auto process = cli_.start(trainInto(folder));
                if (kills < wanted && !process->waitForFinished(moment(random))) {
                    process->kill();
                    process->waitForFinished();
                    if (++kills == wanted)
                        beforeLast();
                    continue;
                }
                const auto ended = Cli::finish(*process);
                QVERIFY2(ended.code == 0, ended.text().c_str());
                done = true;
            }
            const auto run = onlyRun(folder);
            QVERIFY2(weightsIn(run).last == expected.last, run.c_str());
            QVERIFY2(weightsIn(run).best == expected.best, run.c_str());
            // The log may hold a step twice, but every line of it is whole.
            const auto lines = readJsonLines(run / "metrics.jsonl");
            QVERIFY(!lines.records.empty() && !lines.tornAt);
        }
        qInfo("%d kills in %d runs of about %lld ms", kills, runs,
              static_cast<long long>(duration));
    }

    static void addProjects() {
        QTest::addColumn<Project>("project");
        QTest::newRow("Adam, dropout, batch norm, saved each step") << adamSavedEachStep();
        QTest::newRow("momentum, dropout, batch norm, saved each epoch")
            << momentumSavedEachEpoch();
        QTest::newRow("LeNet") << leNet();
    }

    QString saved(const Project& project, const char* test) {
        return cli_.save(project, fmt::format("{}-{}.gradwright", test, ++projects_));
    }
    fs::path folderFor(const std::string& name) const {
        return cli_ / fmt::format("{}-{}", name, projects_);
    }
    /// Resumes the run in the folder; where none has got so far as to be one, starts it.
    QStringList trainInto(const fs::path& folder) const {
        const auto run = onlyRun(folder);
        if (!run.empty())
            return {"train", "--resume", QString::fromStdString(run.string()), "--quiet"};
        return {"train", file_, "--quiet", "--run-dir", QString::fromStdString(folder.string())};
    }

    Cli cli_{700, 100};
    QString file_;
    int projects_ = 0;
};

QTEST_GUILESS_MAIN(CliCrashTest)
#include "tst_cli_crash.moc"
