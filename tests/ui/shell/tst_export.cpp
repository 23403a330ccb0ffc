// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"

#include <QCheckBox>
#include <QComboBox>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QTemporaryDir>

#include <algorithm>
#include <onnx_subset.pb.h>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// File > Export, with the mouse.
class TestExport : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] fs::path path(const char* name) const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    static QAction* actionIn(const QWidget& menu, const QString& start) {
        for (QAction* const action : menu.actions())
            if (action->text().remove(u'&').startsWith(start))
                return action;
        return nullptr;
    }
    /// Opens File and Export and presses the entry that begins so.
    void press(const QString& entry) {
        auto* const bar = window_->findChild<QMenuBar*>();
        QVERIFY(bar != nullptr);
        QAction* const file = actionIn(*bar, QStringLiteral("File"));
        QVERIFY(file != nullptr);
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(file).center());
        QTRY_VERIFY(file->menu()->isVisible());
        QAction* const exports = actionIn(*file->menu(), QStringLiteral("Export"));
        QTest::mouseClick(file->menu(), Qt::LeftButton, {},
                          file->menu()->actionGeometry(exports).center());
        QTRY_VERIFY(exports->menu()->isVisible());
        QAction* const chosen = actionIn(*exports->menu(), entry);
        QVERIFY2(chosen != nullptr, qPrintable(entry));
        QTest::mouseClick(exports->menu(), Qt::LeftButton, {},
                          exports->menu()->actionGeometry(chosen).center());
    }
    [[nodiscard]] onnx_format::ModelProto model(const char* name) const {
        onnx_format::ModelProto read;
        if (!read.ParseFromString(readTextFile(path(name))))
            qFatal("%s is no model", name);
        return read;
    }
    static std::string metadata(const onnx_format::ModelProto& model, const std::string& key) {
        for (const auto& entry : model.metadata_props())
            if (entry.key() == key)
                return entry.value();
        return {};
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        folder_ = std::make_unique<QTemporaryDir>();
        liveIn(folder_->path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        liveIn(folder_->path());
        QSettings().clear();
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(1280, 800);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void programsAreWritten_data() {
        QTest::addColumn<QString>("entry");
        QTest::addColumn<QString>("contains");
        QTest::newRow("PyTorch") << "As PyTorch"
                                 << "class Net(";
        QTest::newRow("Keras") << "As Keras"
                               << "def build_model(";
    }
    void programsAreWritten() {
        QFETCH(const QString, entry);
        QFETCH(const QString, contains);
        chooseTemplate(*window_, "exclusive-or");
        ModalAnswers answers;
        answers.file(QString::fromStdString(path("net.py").string()));
        press(entry);
        QTRY_VERIFY(answers.isDone() && fs::exists(path("net.py")));
        QVERIFY(QString::fromStdString(readTextFile(path("net.py"))).contains(contains));
    }

    void anUntrainedNetworkIsWrittenAsOnnx() {
        chooseTemplate(*window_, "exclusive-or");
        ModalAnswers answers;
        // The ending is added.
        answers.press("continueExport").file(QString::fromStdString(path("net").string()));
        press(QStringLiteral("As ONNX"));
        QTRY_VERIFY(answers.isDone() && fs::exists(path("net.onnx")));
        QCOMPARE(metadata(model("net.onnx"), "gradwright.run"), std::string());
        QCOMPARE(model("net.onnx").graph().output(0).name(), std::string("probabilities"));
    }

    void aTrainedNetworkIsWrittenWithItsWeights() {
        trainTemplate(*window_);
        ModalAnswers answers;
        answers.press("continueExport").file(QString::fromStdString(path("net.onnx").string()));
        press(QStringLiteral("As ONNX"));
        QTRY_VERIFY(answers.isDone() && fs::exists(path("net.onnx")));
        QCOMPARE(metadata(model("net.onnx"), "gradwright.run"),
                 window_->session().run().filename().string());
    }

    void theOperatorSetIsChosen() {
        chooseTemplate(*window_, "exclusive-or");
        ModalAnswers answers;
        answers
            .see([](QWidget& dialog) {
                auto* const opsets = dialog.findChild<QComboBox*>(QStringLiteral("opset"));
                QVERIFY(opsets != nullptr);
                QTest::keyClick(opsets, Qt::Key_Down);
            })
            .press("continueExport")
            .file(QString::fromStdString(path("net.onnx").string()));
        press(QStringLiteral("As ONNX"));
        QTRY_VERIFY(answers.isDone() && fs::exists(path("net.onnx")));
        QCOMPARE(model("net.onnx").opset_import(0).version(), 17);
    }

    /// With keys alone: Tab reaches the weights and the tick.
    void passesAndWeightsAreChosen() {
        chooseTemplate(*window_, "lenet-5");
        ModalAnswers answers;
        answers
            .see([](QWidget& dialog) {
                auto* const types = dialog.findChild<QComboBox*>(QStringLiteral("weightType"));
                auto* const optimizes = dialog.findChild<QCheckBox*>(QStringLiteral("optimize"));
                QVERIFY(types != nullptr && optimizes != nullptr && !optimizes->isChecked());
                QTest::keyClick(types, Qt::Key_Down);
                QTest::keyClick(optimizes, Qt::Key_Space);
                QVERIFY(optimizes->isChecked());
            })
            .press("continueExport")
            .file(QString::fromStdString(path("net.onnx").string()));
        press(QStringLiteral("As ONNX"));
        QTRY_VERIFY(answers.isDone() && fs::exists(path("net.onnx")));
        const auto written = model("net.onnx");
        QVERIFY(written.graph().initializer_size() > 0);
        for (const auto& weight : written.graph().initializer())
            QVERIFY(weight.data_type() == 10 || weight.data_type() == 7); // FP16, or a shape
    }

    /// The reason is shown before a name is asked for.
    void aNetworkThatCannotRunIsNotWritten() {
        chooseTemplate(*window_, "exclusive-or");
        const auto link = window_->document().project().network.main.links().begin()->first;
        window_->document().perform(QStringLiteral("Cut"), {NetworkEdit{RemoveLink{"", link}}});
        ModalAnswers answers;
        answers.press("continueExport").press(QMessageBox::Ok);
        press(QStringLiteral("As ONNX"));
        QTRY_VERIFY(answers.isDone());
        QVERIFY2(answers.asked().join(u' ').contains(QStringLiteral("cannot run yet")),
                 qPrintable(answers.asked().join(u' ')));
    }
};

QTEST_MAIN(TestExport)
#include "tst_export.moc"
