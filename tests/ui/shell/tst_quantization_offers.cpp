// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_export.h"
#include "engine/exchange/onnx_model.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "tests/support/modal_answers.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/quantization/quantization_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QMessageBox>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include <algorithm>
#include <filesystem>

using namespace gradwright;
using namespace gradwright::test;

/// What the Quantize dialog offers beside the figures: kernels of 4 bits as ONNX, and a training
/// for integers where they lose much.
class QuantizationOffersTest : public QObject {
    Q_OBJECT

private:
    SmallMnistHome home_{800, 300};
    QTemporaryDir folder_;
    std::filesystem::path project_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    QuantizationDialog* dialog() const { return window_->findChild<QuantizationDialog*>(); }
    void open() {
        QAction* found = nullptr;
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Quantize…"))
                found = each;
        QVERIFY(found != nullptr);
        found->trigger();
        QVERIFY(QTest::qWaitForWindowActive(dialog()));
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->runs().count(), 1, kTrainingPatience);
    }
    void quantize() {
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->result() && !dialog()->quantizer().isRunning(),
                                 kTrainingPatience);
    }

private Q_SLOTS:
    void initTestCase() {
        themes_ = std::make_unique<ThemeManager>(*qApp);
        project_ = folder_.filePath(QStringLiteral("digits.gradwright")).toStdString();
        saveProject(project_, smallProject(600, 0.2));
        MainWindow window(*themes_);
        window.resize(1440, 900);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        window.openFile(QString::fromStdString(project_.string()));
        pressKey(window, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window.session().state(), TrainingState::Finished,
                                  kTrainingPatience);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(1024, 700);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void kernelsOfFourBitsAreExported() {
        window_->openFile(QString::fromStdString(project_.string()));
        open();
        dialog()->form().format().setFocus();
        QTest::keyClick(&dialog()->form().format(), Qt::Key_Down);
        dialog()->form().chooses().setChecked(false);
        quantize();
        QVERIFY(dialog()->exportButton().isEnabled());
        ModalAnswers answers;
        const QString onnx = folder_.filePath(QStringLiteral("digits-int4.onnx"));
        answers.file(onnx);
        QTest::mouseClick(&dialog()->exportButton(), Qt::LeftButton);
        QTRY_VERIFY2_WITH_TIMEOUT(dialog()->said().text().contains(QStringLiteral("as ONNX")),
                                  qPrintable(dialog()->said().text()), kTrainingPatience);
        const auto nodes = readOnnxFile(onnx.toStdString()).nodes;
        QCOMPARE(std::ranges::count(nodes, "DequantizeLinear", &OnnxNode::op), 2);
    }

    /// Half a point and more is lost: a click begins a training for integers with the run's
    /// weights.
    void aNetworkThatLosesMuchIsTrainedForIntegers() {
        const QString project = folder_.filePath(QStringLiteral("spoilt.gradwright"));
        const auto trained = *latestTrainedRun(loadProject(project_), project_);
        const auto runs = std::filesystem::path(project.toStdString()).replace_extension(".runs");
        std::filesystem::copy_file(project_, project.toStdString());
        std::filesystem::copy(trained.path().parent_path(), runs,
                              std::filesystem::copy_options::recursive);
        // The first pixel is always black, so its weight changes nothing but the kernel's scale.
        const auto run = RunDirectory::open(runs / trained.path().filename());
        auto weights = readSafetensors(weightsOfRun(run));
        for (auto& [key, values] : weights.tensors)
            if (key == "hidden/weight")
                for (std::size_t unit = 0; unit < 16; ++unit)
                    values.span<float>()[unit * 784] = 1000;
        writeSafetensors(weightsOfRun(run), weights);

        window_->openFile(project);
        open();
        QVERIFY(!dialog()->trainButton().isVisible());
        dialog()->form().chooses().setChecked(false);
        quantize();
        const auto& result = *dialog()->result();
        const double lost = 100 * (result.real.quality.value - result.integers.quality.value);
        QVERIFY2(lost > 0.5, qPrintable(QString::number(lost)));
        const auto* const told = dialog()->findChild<QLabel*>(QStringLiteral("quantizationLost"));
        QVERIFY(told->isVisible());
        QVERIFY2(told->text().contains(QString::number(lost, 'f', 2)), qPrintable(told->text()));
        auto& document = window_->document();
        // A network that has been changed since takes no weights of the run, which is told.
        ModalAnswers answers;
        document.perform(QStringLiteral("Remove"),
                         {NetworkEdit{RemoveLink{
                             "", document.project().network.main.linksOf(NodeId{4}).front()}}});
        answers.press(QMessageBox::Ok);
        QTest::mouseClick(&dialog()->trainButton(), Qt::LeftButton);
        QTRY_VERIFY(answers.isDone());
        QVERIFY(document.project().startWeights.empty() && !window_->session().isActive());
        document.undoStack().undo();
        QTest::mouseClick(&dialog()->trainButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().state() == TrainingState::Finished,
                                 kTrainingPatience);
        QVERIFY(!dialog()->isVisible());
        QCOMPARE(std::get<std::string>(document.project().training.params.at("integers")),
                 std::string("int8"));
        QCOMPARE(readSafetensors(document.project().startWeights).tensors, weights.tensors);
        const auto made = projectOfRun(*latestTrainedRun(document.project(), document.file()));
        QVERIFY(made.training.trainedIntegers() == TrainedIntegers::Int8);
        // One step takes both back.
        document.undoStack().undo();
        QVERIFY(document.project().startWeights.empty());
        QVERIFY(document.project().training.trainedIntegers() == TrainedIntegers::None);
    }
};

QTEST_MAIN(QuantizationOffersTest)
#include "tst_quantization_offers.moc"
