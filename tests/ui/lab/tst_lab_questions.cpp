// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/kinds.h"
#include "tests/support/modal_answers.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/lab/lab_bench.h"
#include "ui/lab/lab_chart.h"

#include <QApplication>
#include <QLabel>
#include <QTableWidget>

#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Every experiment by mouse and keys: planned, paused, cancelled, resumed to its end, read,
/// exported and planned again.
class LabQuestionsTest : public QObject {
    Q_OBJECT

    struct Question {
        const char* kind;
        QList<std::pair<const char*, const char*>> fields; ///< what is typed
        const char* planned;                               ///< a part of the plan's words
        int trials;
        QStringList told; ///< by the picture to readers
    };

    static const QList<Question>& questions() {
        static const QList<Question> all = {
            {"batch-size",
             {{"smallest", "16"}, {"largest", "32"}, {"repeats", "1"}},
             "2 batch sizes",
             2,
             {"batch size 16", "batch size 32"}},
            {"sweep",
             {{"over", "learning_rate=0.001,0.01; layer.hidden.units=8,16"}, {"trials", "3"}},
             "layer.hidden.units",
             3,
             {"3 trials"}},
            {"seeds", {{"trainings", "2"}}, "Train 2 times", 2, {"by seed", "validation: 1 "}},
            {"depth",
             {{"depths", "2,3"},
              {"activations", "relu"},
              {"variants", "plain"},
              {"initializers", "auto,normal"},
              {"units", "8"}},
             "4 networks",
             4,
             {"Gradient norm by layer", "relu, plain, normal: 1 "}},
            {"data-amount",
             {{"shares", "20,100"}, {"methods", "knn"}, {"repeats", "1"}},
             "20",
             0, // as many as the processors make
             {"Network: 20 %", "k nearest neighbours: 20 %"}},
            {"baselines",
             {{"methods", "naive-bayes,tree"}},
             "naive-bayes, tree",
             3,
             {"Decision tree", "Network: small", "are read right"}},
            {"cross-validation",
             {{"folds", "2"}},
             "into 2 folds",
             2,
             {"held-out folds", "validation: 1 "}},
            {"ensemble", {{"members", "2"}}, "Train 2 times", 3, {"All together: ", "Member 2: "}},
            {"precision",
             {{"precisions", "fp64,fp32"}, {"samples", "40"}},
             "fp64, fp32",
             3,
             {"Training loss", "FP64: ", "FP32: "}},
            {"landscape",
             {{"resolution", "3"}, {"samples", "40"}},
             "3 × 3",
             6,
             {"loss from", "path of"}}};
        return all;
    }

private Q_SLOTS:
    void allKindsAreAsked() {
        std::set<std::string> asked;
        for (const auto& question : questions())
            asked.insert(question.kind);
        for (const auto& kind : experimentKinds())
            QVERIFY2(asked.contains(kind.key), kind.key.c_str());
    }

    void eachIsAnswered_data() {
        QTest::addColumn<int>("number");
        for (int i = 0; i < questions().size(); ++i)
            QTest::newRow(questions()[i].kind) << i;
    }
    void eachIsAnswered() {
        QFETCH(int, number);
        const auto& question = questions()[number];
        LabBench bench(theme_, trainable());
        bench.click((std::string("plan-") + question.kind).c_str());
        for (const auto& [field, text] : question.fields)
            bench.enter(field, text);
        const auto* const plan = bench.find<QLabel>("planSteps");
        QVERIFY2(plan->text().contains(QString::fromUtf8(question.planned)),
                 qPrintable(plan->text()));

        // Held within a trial, mostly the first, and given up there: nothing of it is left.
        bench.click("startExperiment");
        bench.click("pauseExperiment");
        QTRY_COMPARE(bench.page->experiments().state(), LabState::Paused);
        bench.click("cancelExperiment");
        bench.waitUntilDone();
        const auto directory = ExperimentDirectory::open(bench.page->experiments().folder());
        const auto kept = directory.results().size();
        QTRY_VERIFY_WITH_TIMEOUT(bench.find<QLabel>("experimentState")
                                     ->text()
                                     .contains(kept > 0 ? "stopped" : "not begun"),
                                 kPatience);
        QVERIFY(!fs::exists(directory.trialFolder(static_cast<std::int64_t>(kept))));

        bench.click("resumeExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY2(bench.find<QLabel>("experimentState")->text().contains("finished"),
                     qPrintable(bench.page->experiments().failure()));
        const auto results = directory.results();
        for (const auto& result : results)
            QVERIFY2(!result.hasFailed(), result.error.c_str());
        if (question.trials > 0)
            QCOMPARE(static_cast<int>(results.size()), question.trials);
        QVERIFY(bench.find<QTableWidget>("reportTable0")->rowCount() > 0);
        const auto spoken = bench.page->view().chart()->spokenText();
        for (const auto& part : question.told)
            QVERIFY2(spoken.contains(part), qPrintable(part + " is not in " + spoken));

        // The kept report and the exported one have the picture.
        QVERIFY(readTextFile(directory.reportMarkdown()).find("](picture.png)") !=
                std::string::npos);
        QVERIFY(fs::exists(directory.reportJson()));
        ModalAnswers answers;
        answers.file(QString::fromStdString((bench.folder / "answer.md").string()));
        bench.click("exportReport");
        QTRY_VERIFY(answers.isDone());
        QVERIFY(readTextFile(bench.folder / "answer.md").find("](answer.png)") !=
                std::string::npos);
        QVERIFY(fs::file_size(bench.folder / "answer.png") > 1000);

        // The same again from what is kept.
        bench.click("repeatExperiment");
        for (const auto& [field, text] : question.fields)
            QCOMPARE(bench.find<QLineEdit>(field)->text(), QString::fromUtf8(text));
        QVERIFY(bench.find<QPushButton>("startExperiment")->isEnabled());
    }

private:
    SmallMnistHome home_{500, 100};
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabQuestionsTest)
#include "tst_lab_questions.moc"
