// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/onnx/onnx_bench.h"
#include "tests/ui/shell/spoken_faults.h"
#include "ui/onnx/differences_dialog.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QDropEvent>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QTableWidget>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// The window that edits ONNX models as a window of files: errors, saving, closing, searching.
class OnnxFilesTest : public OnnxBench {
    Q_OBJECT

private Q_SLOTS:
    void init() { prepare(); }
    void cleanup() { delete window_; }

    void whatCannotBeIsSaidAndChangesNothing() {
        open("small.onnx");
        const auto refused = [this](const char* words) {
            QCoreApplication::processEvents();
            QVERIFY2(window_->said().contains(QString::fromUtf8(words)),
                     qPrintable(window_->said()));
            QVERIFY(!window_->document().isModified());
        };
        typePort(window_->inputs(), PortModel::kFirstAxis + 2, "-3");
        refused("a length from 1 on, a name, or ?");
        typePort(window_->inputs(), 0, "value3");
        refused("there is a value \"value3\" already");
        QCOMPARE(window_->inputs().model()->index(0, 0).data().toString(), QStringLiteral("x"));
        clickNode("dense");
        key(Qt::Key_Delete);
        refused("makes the output");
        clickNode("conv");
        auto& attributes = window_->details().attributes();
        typeInto(attributes, attributes.model()->index(0, 1), "much");
        refused("a list of whole numbers such as");
        QCOMPARE(attributes.topLevelItem(0)->text(1), QStringLiteral("[1, 1]"));
        writeNpy(path("kernel.npy"), Tensor(DType::F32, {5}));
        ModalAnswers answers;
        answers.file(text("kernel.npy"));
        key(Qt::Key_T, Qt::ControlModifier);
        refused("is 2×1×3×3; the given values are 5");
        // A dialog stays, with what was typed.
        clickNode("relu");
        answer(answers, {"x"});
        QString problem;
        answers
            .see([&](QWidget& dialog) {
                problem = dialog.findChild<QLabel*>(QStringLiteral("problem"))->text();
                QCOMPARE(dialog.findChild<QLineEdit*>(QStringLiteral("answer0"))->text(),
                         QStringLiteral("x"));
            })
            .key(Qt::Key_Escape);
        key(Qt::Key_F2);
        QVERIFY(answers.isDone());
        QCOMPARE(problem, QStringLiteral("there is a value \"x\" already"));
        refused("already");
    }

    void modelsAreSeenBesideEachOther() {
        open("small.onnx");
        ModalAnswers answers;
        QString said;
        answers.file(text("small.onnx"))
            .see([&](QWidget& dialog) {
                said = dialog.findChild<QLabel*>(QStringLiteral("said"))->text();
                QVERIFY(!dialog.findChild<QPushButton*>(QStringLiteral("copy"))->isEnabled());
            })
            .key(Qt::Key_Escape);
        pressMenu("Model", "compare");
        QTRY_VERIFY(answers.isDone());
        QCOMPARE(said, QStringLiteral("small.onnx and small.onnx are alike."));

        typePort(window_->inputs(), PortModel::kFirstAxis + 2, "6");
        QStringList cells;
        answers.file(text("small.onnx"))
            .see([&](QWidget& dialog) {
                said = dialog.findChild<QLabel*>(QStringLiteral("said"))->text();
                auto& table = static_cast<DifferencesDialog&>(dialog).table();
                for (int column = 0; column < table.columnCount(); ++column)
                    cells << table.item(0, column)->text();
                QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier);
            })
            .key(Qt::Key_Escape);
        key(Qt::Key_D, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone());
        QCOMPARE(said, QStringLiteral("small.onnx, edited and small.onnx differ in 1 thing."));
        const QStringList expected{QStringLiteral("Input"), QStringLiteral("x"),
                                   QString::fromUtf8("float32 N×1×6×4"),
                                   QString::fromUtf8("float32 N×1×4×4")};
        QCOMPARE(cells, expected);
        QCOMPARE(QGuiApplication::clipboard()->text(), expected.join(u'\t'));

        writeFileAtomically(path("none.onnx"), std::string_view("no model"));
        answers.file(text("none.onnx"));
        key(Qt::Key_D, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone());
        QVERIFY2(window_->said().contains(QStringLiteral("none.onnx")),
                 qPrintable(window_->said()));
    }

    /// The check is the terminal's: what cannot be read again is not written.
    void dataBesideTheModelAreChecked() {
        ModelBuilder b(17);
        b.output(b.node("Add", {b.input("x", {4}), "far"}, "sum"));
        auto& tensor = *b.proto().mutable_graph()->add_initializer();
        tensor.set_name("far");
        tensor.add_dims(4);
        tensor.set_data_type(1);
        tensor.set_data_location(1);
        auto& entry = *tensor.add_external_data();
        entry.set_key("location");
        entry.set_value("weights.bin");
        writeFileAtomically(path("far.onnx"), std::string_view(b.bytes()));
        open("far.onnx");
        typePort(window_->inputs(), 0, "image");
        QTRY_VERIFY(window_->document().isModified());
        ModalAnswers answers;
        answers.file(text("window.onnx"));
        key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY2(window_->said().startsWith(QStringLiteral("Nothing was written: ")) &&
                         window_->said().contains(QStringLiteral("weights.bin")),
                     qPrintable(window_->said()));
        QVERIFY(!fs::exists(path("window.onnx")) && window_->document().isModified());
        writeFileAtomically(path("weights.bin"), std::string_view("0123456789abcdef"));
        saveAs("window.onnx");
        QVERIFY(!window_->said().contains(QStringLiteral("It needs")));
        fs::create_directory(path("other"));
        saveAs("other/window.onnx");
        QVERIFY2(window_->said().contains(QStringLiteral("It needs weights.bin beside it")),
                 qPrintable(window_->said()));
    }

    void theOriginalIsNotReplacedUnasked() {
        open("small.onnx");
        const auto before = readTextFile(path("small.onnx"));
        clickNode("relu");
        key(Qt::Key_Delete);
        QTRY_VERIFY(window_->document().isModified());
        ModalAnswers answers;
        answers.file(text("small.onnx")).press(QMessageBox::Yes).press(QMessageBox::Cancel);
        key(Qt::Key_S, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone());
        QVERIFY(readTextFile(path("small.onnx")) == before);
        QVERIFY(window_->document().isModified());
        answers.file(text("small.onnx")).press(QMessageBox::Yes).press(QMessageBox::Save);
        key(Qt::Key_S, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone() && !window_->document().isModified());
        writeModel("again.onnx");
        QVERIFY(readTextFile(path("small.onnx")) == edited("again.onnx", {"--remove", "relu"}));
        // What was changed can still be taken back.
        key(Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{4});
    }

    void closingAsks() {
        open("small.onnx");
        clickNode("relu");
        key(Qt::Key_Delete);
        QTRY_VERIFY(window_->document().isModified());
        QVERIFY(window_->windowTitle().contains(QStringLiteral("small.onnx[*]")));
        ModalAnswers answers;
        answers.press(QMessageBox::Cancel);
        key(Qt::Key_W, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone());
        QVERIFY(window_->isVisible());
        answers.press(QMessageBox::Save).file(text("kept.onnx"));
        key(Qt::Key_W, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone() && window_.isNull());
        QVERIFY(readTextFile(path("kept.onnx")) == edited("small.onnx", {"--remove", "relu"}));
        open("small.onnx");
        window_->close(); // nothing to ask
        QTRY_VERIFY(window_.isNull());
    }

    void theContextMenuHasTheActions() {
        open("small.onnx");
        clickNode("relu");
        auto& view = window_->nodes().view();
        const QPoint place = view.visualRect(view.currentIndex()).center();
        QTimer::singleShot(0, qApp, [] {
            QTRY_VERIFY(QApplication::activePopupWidget() != nullptr);
            auto* const menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            QVERIFY(menu != nullptr);
            for (QAction* const action : menu->actions())
                if (action->objectName() == QStringLiteral("remove"))
                    QTest::mouseClick(menu, Qt::LeftButton, {},
                                      menu->actionGeometry(action).center());
        });
        QContextMenuEvent event(QContextMenuEvent::Mouse, place,
                                view.viewport()->mapToGlobal(place));
        QCoreApplication::sendEvent(view.viewport(), &event);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{3});
    }

    void tenThousandNodesAreSearched() {
        ModelBuilder b(17);
        auto y = b.input("x", {4});
        for (int i = 0; i < 10'000; ++i)
            y = b.node(i == 7'777 ? "Sigmoid" : "Relu", {y}, "step" + std::to_string(i));
        b.output(y);
        writeFileAtomically(path("long.onnx"), std::string_view(b.bytes()));
        open("long.onnx");
        auto& view = window_->nodes().view();
        QCOMPARE(view.model()->rowCount(), 10'000);
        key(Qt::Key_F, Qt::ControlModifier);
        auto* const field = window_->findChild<QLineEdit*>(QStringLiteral("searchNodes"));
        QTRY_VERIFY(field->hasFocus());
        QTest::keyClicks(field, "sigmoid 7777");
        QCOMPARE(view.model()->rowCount(), 1);
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(window_->nodes().selected().at(0)->name, std::string("step7777"));
        key(Qt::Key_Delete);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{9'999});
        QCOMPARE(view.model()->rowCount(), 0);
    }

    void droppedModelsAreImportedOrEdited() {
        MainWindow main(*themes_);
        main.resize(1280, 800);
        main.show();
        QVERIFY(QTest::qWaitForWindowExposed(&main));
        const auto drop = [&] {
            QMimeData data;
            data.setUrls({QUrl::fromLocalFile(text("small.onnx"))});
            QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
            QCoreApplication::sendEvent(&main, &enter);
            QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
            QCoreApplication::sendEvent(&main, &event);
        };
        ModalAnswers answers;
        answers.key(Qt::Key_Escape);
        drop();
        QTRY_VERIFY(answers.isDone());
        QVERIFY(main.document().project().network.main.nodes().empty());
        answers.press("editFile");
        drop();
        QTRY_VERIFY(answers.isDone());
        const auto shown = [this] {
            for (QWidget* const each : QApplication::topLevelWidgets())
                if (auto* const window = qobject_cast<OnnxWindow*>(each))
                    window_ = window;
            return window_ != nullptr && window_->isVisible();
        };
        QTRY_VERIFY(shown());
        QCOMPARE(outline().nodes.size(), std::size_t{4});
        QVERIFY(main.document().project().network.main.nodes().empty());
        answers.press("importLayers");
        drop();
        QTRY_VERIFY(answers.isDone() && main.document().project().network.main.nodes().size() > 2);
    }

    void whatIsNoModelIsTold() {
        writeFileAtomically(path("text.onnx"), std::string_view("no model"));
        QWidget asker;
        ModalAnswers answers;
        answers.press(QMessageBox::Ok);
        QVERIFY(OnnxWindow::openFile(*themes_, text("text.onnx"), asker) == nullptr);
        QVERIFY2(answers.asked().join(u' ').contains(QStringLiteral("text.onnx: ")),
                 qPrintable(answers.asked().join(u' ')));
    }

    void theWindowIsWholeAndTellsAll() {
        open("small.onnx");
        clickNode("conv");
        window_->resize(1024, 700);
        QTRY_COMPARE(window_->size(), QSize(1024, 700));
        QVERIFY(window_->minimumSizeHint().width() <= 1024);
        QVERIFY(window_->minimumSizeHint().height() <= 700);
        QCOMPARE(faults(*window_).join(u'\n'), QString());
        for (QAction* const menu : window_->menuBar()->actions())
            for (QAction* const action : menu->menu()->actions())
                QVERIFY2(action->isSeparator() || !action->shortcut().isEmpty(),
                         qPrintable(action->text()));
    }
};

QTEST_MAIN(OnnxFilesTest)
#include "tst_onnx_files.moc"
