// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_export.h"
#include "engine/exchange/onnx_model.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/quantization/quantized_file.h"
#include "tests/support/modal_answers.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/model_chooser.h"
#include "ui/inference/prediction_panel.h"
#include "ui/quantization/quantization_dialog.h"
#include "ui/session/given_model.h"
#include "ui/shell/recent_projects.h"
#include "ui/theme/bar_delegate.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QProgressBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

/// From a trained run to a network in integers that answers, with mouse and keys.
class QuantizationTest : public QObject {
    Q_OBJECT

private:
    SmallMnistHome home_{800, 300};
    QTemporaryDir folder_;
    std::filesystem::path project_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    QuantizationDialog* dialog() const { return window_->findChild<QuantizationDialog*>(); }
    InferencePage& page() const { return window_->inference(); }
    void open() {
        QAction* found = nullptr;
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Quantize…"))
                found = each;
        QVERIFY(found != nullptr);
        found->trigger();
        QVERIFY(QTest::qWaitForWindowActive(dialog()));
    }
    void quantize() {
        open();
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->runs().count(), 1, kTrainingPatience);
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->result() && !dialog()->quantizer().isRunning(),
                                 kTrainingPatience);
    }
    QString figure(QuantizationDialog::Figure what, QuantizationDialog::Side side) const {
        return dialog()->figure(what, side).text();
    }
    /// Its box.
    void clickBox(int row) const {
        auto& layers = dialog()->layers();
        const QRect line = layers.visualItemRect(layers.topLevelItem(row));
        QTest::mouseClick(layers.viewport(), Qt::LeftButton, {},
                          QPoint(line.left() + 10, line.center().y()));
    }
    void settle() const {
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->saveButton().isEnabled(), kTrainingPatience);
    }
    /// A stroke on the pad of the Inference page.
    void draw() const {
        auto& pad = page().pad();
        const QPoint top(pad.width() / 2, pad.height() / 4);
        const QPoint end(pad.width() / 2, 3 * pad.height() / 4);
        QTest::mousePress(&pad, Qt::LeftButton, {}, top);
        for (int i = 1; i <= 10; ++i)
            QTest::mouseMove(&pad, top + (end - top) * i / 10);
        QTest::mouseRelease(&pad, Qt::LeftButton, {}, end);
    }
    void isUsed(const char* title) const {
        QTRY_VERIFY_WITH_TIMEOUT(page().chooser().model() && page().chooser().model()->optimized,
                                 kTrainingPatience);
        QVERIFY(page().isVisible());
        const auto* const weights = page().findChild<QLabel*>(QStringLiteral("weights"));
        QVERIFY2(weights->text().startsWith(QLatin1String(title)), qPrintable(weights->text()));
    }

private Q_SLOTS:
    void initTestCase() {
        themes_ = std::make_unique<ThemeManager>(*qApp);
        project_ = folder_.filePath(QStringLiteral("digits.gradwright")).toStdString();
        saveProject(project_, smallProject(600, 0.2));
        // Trained once; every window opens it with its run.
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

    void accuracySizeAndErrorsAreShown() {
        window_->openFile(QString::fromStdString(project_.string()));
        quantize();
        using Dialog = QuantizationDialog;
        const auto& result = *dialog()->result();
        // The same as the engine says of the same run, measured here.
        const auto run = quantizableRun(RunDirectory::open(result.wish.run));
        const auto made =
            quantizeTrained(run.model, run.graph, run.calibration(1000), {.mostLoss = 0.002});
        const auto real = scoreOf(run.model, run.graph, run.test());
        const auto integers = scoreOf(made->model, run.graph, run.test());
        const auto percent = [](double value) {
            return QStringLiteral("%1 %").arg(100 * value, 0, 'f', 2);
        };
        QCOMPARE(figure(Dialog::kQualityFigure, Dialog::kRealSide), percent(real->quality.value));
        QCOMPARE(figure(Dialog::kQualityFigure, Dialog::kIntegersSide),
                 percent(integers->quality.value));
        QCOMPARE(figure(Dialog::kWeightsFigure, Dialog::kIntegersSide),
                 byteSize(weightBytes(made->model)));
        QVERIFY(result.integerBytes * 3 < result.realBytes);
        auto& layers = dialog()->layers();
        QCOMPARE(layers.topLevelItemCount(), static_cast<int>(made->layers.size()));
        double longest = 0;
        for (int i = 0; i < layers.topLevelItemCount(); ++i) {
            const auto* const item = layers.topLevelItem(i);
            const double error = made->layers[static_cast<std::size_t>(i)].error;
            QVERIFY(std::abs(item->text(2).split(u' ').first().toDouble() - 100 * error) < 0.01);
            longest = std::max(longest, item->data(2, BarDelegate::kShareRole).toDouble());
            QCOMPARE(item->checkState(0), Qt::Checked);
        }
        QCOMPARE(longest, 1.0);
        QVERIFY2(dialog()->said().text().contains(QStringLiteral("2 of 2 layers")),
                 qPrintable(dialog()->said().text()));
        // Nothing of it is wider than the window that it belongs to.
        QVERIFY(dialog()->width() <= 1024 && dialog()->height() <= 700);
        QVERIFY(dialog()->minimumSizeHint().width() <= 964);
    }

    /// By the mouse, and back by the keyboard.
    void aLayerIsKeptInRealNumbers() {
        window_->openFile(QString::fromStdString(project_.string()));
        quantize();
        const auto whole = dialog()->result();
        clickBox(0);
        QCOMPARE(dialog()->layers().topLevelItem(0)->checkState(0), Qt::Unchecked);
        QVERIFY(!dialog()->useButton().isEnabled()); // it is not measured yet
        settle();
        const auto kept = dialog()->result();
        QCOMPARE(kept->plan.size(), whole->plan.size() - 1);
        QVERIFY(!kept->plan.contains(whole->made->layers[0].name));
        QVERIFY(kept->integerBytes > whole->integerBytes);
        QVERIFY(kept->integers.loss != whole->integers.loss);
        QCOMPARE(dialog()->layers().topLevelItem(0)->text(1), QStringLiteral("FP32"));
        QCOMPARE(figure(QuantizationDialog::kWeightsFigure, QuantizationDialog::kIntegersSide),
                 byteSize(kept->integerBytes));
        dialog()->layers().setFocus();
        dialog()->layers().setCurrentItem(dialog()->layers().topLevelItem(0));
        QTest::keyClick(&dialog()->layers(), Qt::Key_Space);
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->result()->plan.size(), whole->plan.size(),
                                  kTrainingPatience);
        QCOMPARE(dialog()->result()->integers.loss, whole->integers.loss);
        // With none of them there is nothing to save.
        clickBox(0);
        clickBox(1);
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->result()->plan.empty(), kTrainingPatience);
        QVERIFY(!dialog()->saveButton().isEnabled() && !dialog()->useButton().isEnabled());
        QCOMPARE(dialog()->result()->integers.loss, dialog()->result()->real.loss);
    }

    void settingsAreTaken() {
        window_->openFile(QString::fromStdString(project_.string()));
        open();
        QTRY_COMPARE(dialog()->runs().count(), 1);
        dialog()->form().method().setFocus();
        QTest::keyClick(&dialog()->form().method(), Qt::Key_End);
        QCOMPARE(dialog()->form().method().currentData().toString(), QStringLiteral("mse"));
        dialog()->samples().setFocus();
        dialog()->samples().selectAll();
        QTest::keyClicks(&dialog()->samples(), QStringLiteral("40"));
        QTest::mouseClick(&dialog()->form().chooses(), Qt::LeftButton, {},
                          QPoint(8, dialog()->form().chooses().height() / 2));
        QVERIFY(!dialog()->form().mostLoss().isEnabled());
        for (QCheckBox* const box : {&dialog()->form().equalizes(), &dialog()->form().corrects()}) {
            box->setFocus();
            QTest::keyClick(box, Qt::Key_Space);
            QVERIFY(box->isChecked());
        }
        QTest::keyClick(&dialog()->samples(), Qt::Key_Return); // the default button
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->result(), kTrainingPatience);
        const auto& wish = dialog()->result()->wish;
        QVERIFY(wish.settings.method == RangeMethod::MeanSquaredError);
        QVERIFY(!wish.settings.mostLoss);
        QCOMPARE(dialog()->result()->calibrated, 40);
        const auto run = quantizableRun(RunDirectory::open(wish.run));
        const auto made = quantizeTrained(
            run.model, run.graph, run.calibration(40),
            {.method = RangeMethod::MeanSquaredError, .equalizes = true, .correctsBiases = true});
        QVERIFY(made->model.weights == dialog()->result()->model->weights);
        // A layer that is kept leaves the others as they are.
        clickBox(1);
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->result()->plan.size(), std::size_t{1},
                                  kTrainingPatience);
        auto plan = made->plan;
        plan.erase(made->layers[1].name);
        QVERIFY(inIntegers(made->real, plan, made->means).weights ==
                dialog()->result()->model->weights);
    }

    void kernelsOfFourBits() {
        window_->openFile(QString::fromStdString(project_.string()));
        open();
        auto& form = dialog()->form();
        QTRY_COMPARE(form.runs().count(), 1);
        QVERIFY(form.method().isVisible() && !form.group().isVisible());
        form.format().setFocus();
        QTest::keyClick(&form.format(), Qt::Key_Down);
        QVERIFY(form.group().isVisible() && !form.method().isVisible());
        form.group().setFocus();
        form.group().selectAll();
        QTest::keyClicks(&form.group(), QStringLiteral("16"));
        form.chooses().setChecked(false);
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(dialog()->result() && !dialog()->quantizer().isRunning(),
                                 kTrainingPatience);
        const auto run = quantizableRun(RunDirectory::open(dialog()->result()->wish.run));
        const auto made =
            quantizeTrained(run.model, run.graph, run.calibration(1000), {.packedGroup = 16});
        QVERIFY(made->model.weights == dialog()->result()->model->weights);
        QCOMPARE(figure(QuantizationDialog::kWeightsFigure, QuantizationDialog::kIntegersSide),
                 byteSize(weightBytes(made->model)));
        QCOMPARE(dialog()->layers().topLevelItem(0)->text(1), QStringLiteral("INT4"));
        QVERIFY(dialog()->said().text().contains(QStringLiteral("have kernels in 4 bits")));
        QVERIFY(dialog()->exportButton().isEnabled() && dialog()->saveButton().isEnabled());
        clickBox(0);
        settle();
        auto plan = made->plan;
        plan.erase(made->layers[0].name);
        QVERIFY(inIntegers(*made, plan).weights == dialog()->result()->model->weights);
        QTest::mouseClick(&dialog()->useButton(), Qt::LeftButton);
        isUsed("INT4, not saved");
    }

    void itIsStoppedAndClosed() {
        window_->openFile(QString::fromStdString(project_.string()));
        open();
        QTRY_COMPARE(dialog()->runs().count(), 1);
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QCOMPARE(dialog()->startButton().text(), QStringLiteral("Stop"));
        QVERIFY(dialog()->findChild<QProgressBar*>()->isVisible());
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QCOMPARE(dialog()->said().text(), QStringLiteral("Stopped."));
        QVERIFY(!dialog()->result());
        QTest::mouseClick(&dialog()->startButton(), Qt::LeftButton);
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }

    void integersAnswerWhatIsDrawn() {
        window_->openFile(QString::fromStdString(project_.string()));
        quantize();
        QTest::mouseClick(&dialog()->useButton(), Qt::LeftButton);
        isUsed("INT8, not saved");
        QVERIFY(!dialog()->isVisible()); // put aside, with what it has found
        const auto model = page().chooser().model();
        int integers = 0;
        for (const auto& op : model->optimized->graph.ops())
            integers += std::holds_alternative<QuantizedProductOp>(op.attributes) ? 1 : 0;
        QCOMPARE(integers, 2);
        // The test set as the dialog measured it.
        QTRY_VERIFY_WITH_TIMEOUT(page().evaluation().report(), kTrainingPatience);
        QCOMPARE(page().evaluation().report()->metrics.front().value,
                 dialog()->result()->integers.quality.value);
        draw();
        QTRY_VERIFY_WITH_TIMEOUT(page().prediction().prediction().has_value(), kTrainingPatience);
        // The run is still there to be chosen, and answers in real numbers.
        auto& box = page().chooser().box();
        QCOMPARE(box.count(), 2);
        box.setFocus();
        QTest::keyClick(&box, Qt::Key_Home);
        QTRY_VERIFY_WITH_TIMEOUT(page().chooser().model() && page().chooser().model()->weights,
                                 kTrainingPatience);
        QTest::keyClick(&box, Qt::Key_End);
        QTRY_COMPARE(page().chooser().model(), model);
        open();
        QVERIFY(dialog()->isVisible() && dialog()->useButton().isEnabled());
    }

    void itIsSavedAndExported() {
        window_->openFile(QString::fromStdString(project_.string()));
        quantize();
        ModalAnswers answers;
        const QString file = folder_.filePath(QStringLiteral("digits-int8.gwmodel"));
        answers.file(file);
        QTest::mouseClick(&dialog()->saveButton(), Qt::LeftButton);
        QTRY_VERIFY2_WITH_TIMEOUT(dialog()->said().text().startsWith(QStringLiteral("Written")),
                                  qPrintable(dialog()->said().text()), kTrainingPatience);
        const auto model = readModel(file.toStdString());
        const auto& result = *dialog()->result();
        QCOMPARE(measureModel(model, result.of->data.test, result.of->test().indices)->loss,
                 result.integers.loss);
        const QString onnx = folder_.filePath(QStringLiteral("digits.onnx"));
        answers.file(onnx);
        QTest::mouseClick(&dialog()->exportButton(), Qt::LeftButton);
        QTRY_VERIFY2_WITH_TIMEOUT(dialog()->said().text().contains(QStringLiteral("as ONNX")),
                                  qPrintable(dialog()->said().text()), kTrainingPatience);
        int quantizers = 0;
        for (const auto& node : readOnnxFile(onnx.toStdString()).nodes)
            quantizers += node.op == "QuantizeLinear" ? 1 : 0;
        QVERIFY(quantizers > 0);
        // Where it cannot be written, the reason is shown and the dialog goes on.
        answers.file(QStringLiteral("/proc/digits.gwmodel")).press(QMessageBox::Ok);
        QTest::mouseClick(&dialog()->saveButton(), Qt::LeftButton);
        QTRY_VERIFY(answers.isDone() && dialog()->saveButton().isEnabled());
    }

    void withoutATrainingThereIsNothingToQuantize() {
        chooseTemplate(*window_, "exclusive-or");
        open();
        QTRY_VERIFY(dialog()->said().text().contains(QStringLiteral("has not been trained")));
        QVERIFY(!dialog()->startButton().isEnabled());
    }

    /// Into an empty window, and beside a project, which stays.
    void aFileOfAnOptimizedNetworkAnswers_data() {
        QTest::addColumn<bool>("hasProject");
        QTest::newRow("empty window") << false;
        QTest::newRow("beside a project") << true;
    }
    void aFileOfAnOptimizedNetworkAnswers() {
        QFETCH(bool, hasProject);
        const auto model = optimizedModel(loadProject(project_),
                                          latestTrainedRun(loadProject(project_), project_));
        const QString file = folder_.filePath(QStringLiteral("digits.gwmodel"));
        writeModel(file.toStdString(), *model);
        if (hasProject)
            chooseTemplate(*window_, "exclusive-or");
        const auto before = window_->document().project();
        // Dropped, as from a file manager.
        QMimeData dropped;
        dropped.setUrls({QUrl::fromLocalFile(file)});
        QDragEnterEvent enter({400, 300}, Qt::CopyAction, &dropped, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(400, 300), Qt::CopyAction, &dropped, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &drop);
        isUsed("optimized, of ");
        QVERIFY(window_->document().project() == before);
        draw();
        QTRY_VERIFY_WITH_TIMEOUT(page().prediction().prediction().has_value(), kTrainingPatience);
        QTRY_VERIFY_WITH_TIMEOUT(page().evaluation().report(), kTrainingPatience);
        // What cannot be done is said, with the way to do it.
        auto* const notice = window_->findChild<QFrame*>(QStringLiteral("notice"));
        QVERIFY(notice->isVisible());
        bool saysSo = false;
        for (const auto* const label : notice->findChildren<QLabel*>())
            saysSo |= label->text().contains(QStringLiteral("cannot be trained or edited"));
        QVERIFY(saysSo);
        QPushButton* opener = nullptr;
        for (auto* const button : notice->findChildren<QPushButton*>())
            if (button->text() == QStringLiteral("Open that network"))
                opener = button;
        QVERIFY(opener != nullptr);
        const auto windows = MainWindow::all().size();
        QTest::mouseClick(opener, Qt::LeftButton);
        QTRY_COMPARE(MainWindow::all().size(), windows + 1);
        for (MainWindow* const window : MainWindow::all()) {
            if (window == window_.get())
                continue;
            QVERIFY(window->document().project().network == loadProject(project_).network);
            QVERIFY(window->design().isVisible());
            delete window;
        }
        QVERIFY(!notice->isVisible());
    }

    /// What `gradwright-cli quantize` writes.
    void aFileInIntegersAnswers() {
        const auto run = quantizableRun(*latestTrainedRun(loadProject(project_), project_));
        const auto made = quantizeTrained(run.model, run.graph, run.calibration(50), {});
        const QString file = folder_.filePath(QStringLiteral("int8.safetensors"));
        writeQuantizedFile(file.toStdString(), run.run, "min-max", made->plan, made->model);
        window_->openFile(file);
        isUsed("INT8, of ");
        QTRY_VERIFY_WITH_TIMEOUT(page().evaluation().report(), kTrainingPatience);
        QCOMPARE(page().evaluation().report()->metrics.front().value,
                 scoreOf(made->model, run.graph, run.test())->quality.value);
    }

    /// The network still answers, and says why there is no test set.
    void aFileWhoseDataAreNotHereAnswers() {
        auto model = *optimizedModel(loadProject(project_),
                                     latestTrainedRun(loadProject(project_), project_));
        model.project.data = {.dataset = "images",
                              .params = {{"folder", std::string("/nowhere/at/all")}}};
        const QString file = folder_.filePath(QStringLiteral("elsewhere.gwmodel"));
        writeModel(file.toStdString(), model);
        const auto opened = openAnsweringFile(file.toStdString());
        QVERIFY2(!opened.model.noSamples.empty(), "the data are found somewhere");
        window_->openFile(file);
        isUsed("optimized, of ");
        draw();
        QTRY_VERIFY_WITH_TIMEOUT(page().prediction().prediction().has_value(), kTrainingPatience);
        QVERIFY(!page().evaluation().report());
        bool saysWhy = false;
        for (const auto* const label : page().evaluation().findChildren<QLabel*>())
            saysWhy |= label->text().contains(QStringLiteral("There is no test set"));
        QVERIFY(saysWhy);
    }

    /// It is shown, and nothing changes.
    /// As a project, in the menu and on the welcome page; a project of the same name keeps its
    /// runs to itself.
    void aFileThatAnswersIsOpenedAgain() {
        const auto model = optimizedModel(loadProject(project_),
                                          latestTrainedRun(loadProject(project_), project_));
        const QString file = QFileInfo(QString::fromStdString(project_.string())).path() +
                             QStringLiteral("/digits.gwmodel");
        writeModel(file.toStdString(), *model);
        window_->openFile(file);
        isUsed("optimized, of ");
        QCOMPARE(RecentProjects::files().value(0), file);
        RecentProjects recent;
        QSignalSpy read(&recent, &RecentProjects::changed);
        recent.refresh();
        QVERIFY(read.wait());
        const RecentProject& entry = recent.projects().at(0);
        QVERIFY(entry.onlyAnswers());
        QCOMPARE(entry.runs, 0);
        QMenu* menu = nullptr;
        for (QMenu* const each : window_->findChildren<QMenu*>())
            if (each->title() == QStringLiteral("Open recent"))
                menu = each;
        QVERIFY(menu != nullptr);
        chooseTemplate(*window_, "exclusive-or");
        // The menu is filled when the files were read.
        const auto again = [&]() -> QAction* {
            for (QAction* const action : menu->actions())
                if (action->text().contains(QStringLiteral("digits.gwmodel")))
                    return action;
            return nullptr;
        };
        QTRY_VERIFY(again() != nullptr);
        again()->trigger();
        isUsed("optimized, of ");
        QVERIFY(QFile::remove(file));
        QVERIFY(!RecentProjects::files().contains(file));
    }

    void whatIsNoSuchFileIsRefused() {
        const QString file = folder_.filePath(QStringLiteral("text.gwmodel"));
        writeFileAtomically(file.toStdString(), std::string_view("no model"));
        ModalAnswers answers;
        answers.press(QMessageBox::Ok);
        window_->openFile(file);
        QVERIFY(answers.isDone());
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("text.gwmodel")));
        QVERIFY(!page().chooser().model());
        // A network of arrays cannot be fed here.
        Project project = loadProject(project_);
        auto arrays = *optimizedModel(project, {});
        arrays.data.reset();
        arrays.note = "its input is no image";
        arrays.evaluation.graph.clearLosses();
        arrays.evaluation.graph.setScore({});
        const QString other = folder_.filePath(QStringLiteral("arrays.gwmodel"));
        writeModel(other.toStdString(), arrays);
        answers.press(QMessageBox::Ok);
        window_->openFile(other);
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("gradwright-cli infer")));
    }
};

QTEST_MAIN(QuantizationTest)
#include "tst_quantization.moc"
