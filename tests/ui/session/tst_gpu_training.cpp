// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/engine/worker/worker_rig.h"
#include "ui/session/run_history.h"
#include "ui/session/trained_model.h"
#include "ui/session/training_session.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kPatience = 120'000; // ms: the machine may be busy

/// The one worker that this process has started; 0 when there is none.
int workerId() {
    // A thread of the session has started it.
    QDir tasks(QStringLiteral("/proc/self/task"));
    for (const QString& task : tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile children(tasks.filePath(task + QStringLiteral("/children")));
        if (!children.open(QIODevice::ReadOnly))
            continue;
        const auto words = children.readAll().simplified().split(' ');
        if (!words.isEmpty() && words.first().toInt() > 0)
            return words.first().toInt();
    }
    return 0;
}

Project longProject() {
    auto project = gpuProject(1000);
    set(project, "epochs", std::int64_t{100'000});
    return project;
}

} // namespace

/// What the window does with a training on a GPU, the stand-in here.
class GpuTrainingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { mnist_.emplace(); }

    void aSessionTrainsThere() {
        const TemporaryFolder folder;
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        std::optional<Finished> result;
        connect(&session, &TrainingSession::finished, this,
                [&](const Finished& event) { result = event; });
        session.start(trainingJob(gpuProject(), folder / "runs"));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        EventLog here;
        trainHere(here, trainingJob(gpuProject(), folder / "here"));
        QVERIFY(lastWeightsOf(session.run()) == lastWeightsOf(runOf(here)));
        QVERIFY(result->test == here.all<Finished>()[0].test);
        // The Inference page answers on the processor.
        const auto model = openModel(session.run());
        QCOMPARE(model.target.device, std::string("cpu"));
    }

    void aSessionObeysThere() {
        const TemporaryFolder folder;
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        std::optional<SnapshotTaken> snapshot;
        connect(&session, &TrainingSession::snapshotTaken, this,
                [&](const SnapshotTaken& event) { snapshot = event; });
        session.start(trainingJob(longProject(), folder / "runs"));
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 3, kPatience);
        session.pause();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Paused, kPatience);
        const auto paused = session.currentStep();
        session.step();
        QTRY_COMPARE_WITH_TIMEOUT(session.currentStep(), paused + 1, kPatience);
        session.setLearningRate(0.5);
        QTRY_COMPARE_WITH_TIMEOUT(session.learningRate(), 0.5, kPatience);
        session.requestSnapshot();
        QTRY_VERIFY_WITH_TIMEOUT(snapshot.has_value(), kPatience);
        const auto saved = readCheckpointWeights(session.run() / "last.safetensors");
        QCOMPARE(snapshot->weights->values.size(), saved.values.size());
        session.resume();
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > paused + 3, kPatience);
        session.stop();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Stopped, kPatience);
        QVERIFY(!session.wasInterrupted());
        QCOMPARE(workerId(), 0);
    }

    void gpusAreFoundWhenAskedFor() {
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        QSignalSpy found(&session.gpus(), &GpuFinder::found);
        QVERIFY(!session.gpus().result());
        session.gpus().find();
        session.gpus().find();
        QTRY_COMPARE_WITH_TIMEOUT(found.count(), 1, kPatience);
        QCOMPARE(session.gpus().result()->found.at(0).name, std::string("stand-in"));
    }

    /// The worker is killed while the Train page watches; its user resumes by a click.
    void theWindowOffersToGoOn_data() {
        QTest::addColumn<QString>("button");
        QTest::addColumn<std::string>("device");
        QTest::newRow("on the GPU") << "resumeThere" << std::string("cuda:0");
        QTest::newRow("on the CPU") << "resumeHere" << std::string("cpu");
    }
    void theWindowOffersToGoOn() {
        QFETCH(QString, button);
        QFETCH(std::string, device);
        const TemporaryFolder folder;
        saveProject(folder / "small.gradwright", longProject());
        ProjectDocument document(folder / "autosave");
        document.open(folder / "small.gradwright");
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        TrainPage page(document, theme_, session);
        page.resize(1440, 820);
        page.show();
        auto* const combo = page.findChild<QComboBox*>(QStringLiteral("device"));
        QVERIFY(combo != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(combo->findText(QStringLiteral("stand-in")) >= 0, kPatience);
        QCOMPARE(combo->currentText(), QStringLiteral("stand-in"));

        page.start();
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 3, kPatience);
        const int worker = workerId();
        QVERIFY(worker > 0);
        ::kill(worker, SIGKILL);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Failed, kPatience);
        QVERIFY(session.wasInterrupted());
        QVERIFY2(session.failure().contains(QStringLiteral("was killed")),
                 qPrintable(session.failure()));
        auto* const resume = page.findChild<QPushButton*>(button);
        QVERIFY(resume->isVisible());
        const auto run = session.run();
        const auto saved = stepsOfCheckpoint(run / "last.safetensors");
        QTest::mouseClick(resume, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(
            session.state() == TrainingState::Running && session.currentStep() > saved, kPatience);
        QCOMPARE(session.job()->settings.target().device, device);
        QCOMPARE(session.run(), run);
        QVERIFY(!resume->isVisible());
        session.stop();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Stopped, kPatience);
    }

    /// A device is chosen as any setting is, and undone.
    void aDeviceIsChosenInTheForm() {
        const TemporaryFolder folder;
        saveProject(folder / "small.gradwright", smallProject());
        ProjectDocument document(folder / "autosave");
        document.open(folder / "small.gradwright");
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        TrainPage page(document, theme_, session);
        page.resize(1440, 820);
        page.show();
        auto* const combo = page.findChild<QComboBox*>(QStringLiteral("device"));
        QCOMPARE(combo->currentText(), QStringLiteral("CPU"));
        QTRY_COMPARE_WITH_TIMEOUT(combo->count(), 2, kPatience);
        combo->setFocus();
        QTest::keyClick(combo, Qt::Key_Down);
        QCOMPARE(document.project().training.target().device, std::string("cuda:0"));
        document.undoStack().undo();
        QCOMPARE(combo->currentText(), QStringLiteral("CPU"));
    }

    void withoutAGpuTheFormSaysWhy() {
        const TemporaryFolder folder;
        auto project = smallProject();
        set(project, "device", std::string("cuda:1"));
        saveProject(folder / "small.gradwright", project);
        ProjectDocument document(folder / "autosave");
        document.open(folder / "small.gradwright");
        TrainingSession session;
        session.setRemoteOptions(standinWorker({"--none", "no NVIDIA driver is installed"}));
        TrainPage page(document, theme_, session);
        page.show();
        auto* const note = page.findChild<QLabel*>(QStringLiteral("gpuNote"));
        QTRY_COMPARE_WITH_TIMEOUT(
            note->text(), QStringLiteral("No GPU: no NVIDIA driver is installed."), kPatience);
        QCOMPARE(page.findChild<QComboBox*>(QStringLiteral("device"))->currentText(),
                 QStringLiteral("cuda:1"));
        page.start();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Failed, kPatience);
        QCOMPARE(session.failure(),
                 QStringLiteral("There is no GPU to train on: no NVIDIA driver is installed. Train "
                                "on the CPU instead."));
        QVERIFY(!page.findChild<QPushButton*>(QStringLiteral("resumeThere"))->isVisible());
        auto* const here = page.findChild<QPushButton*>(QStringLiteral("resumeHere"));
        QCOMPARE(here->text(), QStringLiteral("Start on the CPU"));
        QTest::mouseClick(here, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        QCOMPARE(document.project().training.target().device, std::string("cpu"));
    }

    /// A run that comes from another computer.
    void aRunOfAGpuThatIsNotHereGoesOnOnTheCpu() {
        const TemporaryFolder folder;
        saveProject(folder / "small.gradwright", longProject());
        ProjectDocument document(folder / "autosave");
        document.open(folder / "small.gradwright");
        TrainingSession session;
        session.setRemoteOptions(standinWorker());
        TrainPage page(document, theme_, session);
        page.show();
        page.start();
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 3, kPatience);
        page.stop();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Stopped, kPatience);
        const auto run = session.run();
        const auto saved = session.currentStep();
        session.setRemoteOptions(standinWorker({"--none", "no NVIDIA driver is installed"}));
        page.continueRun(run);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Failed, kPatience);
        auto* const here = page.findChild<QPushButton*>(QStringLiteral("resumeHere"));
        QCOMPARE(here->text(), QStringLiteral("Resume on the CPU"));
        QTest::mouseClick(here, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(
            session.state() == TrainingState::Running && session.currentStep() > saved, kPatience);
        QCOMPARE(session.run(), run);
    }

private:
    std::optional<SmallMnist> mnist_;
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(GpuTrainingTest)
#include "tst_gpu_training.moc"
