// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/onnx/onnx_bench.h"

#include <QInputDialog>

#include <functional>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Each action of the window that edits ONNX models; what it saves is what the terminal writes for
/// the same changes.
class OnnxWindowTest : public OnnxBench {
    Q_OBJECT

private Q_SLOTS:
    void init() { prepare(); }
    void cleanup() { delete window_; }

    void eachStepIsThatOfTheTerminal_data() {
        QTest::addColumn<std::function<void()>>("step");
        QTest::addColumn<QStringList>("arguments");
        using Step = std::function<void()>;
        const auto row = [](const char* name, Step step, const QStringList& arguments) {
            QTest::newRow(name) << step << arguments;
        };
        row("name of an input", [this] { typePort(window_->inputs(), 0, "image"); },
            {"--rename", "x=image"});
        row("name of an output", [this] { typePort(window_->outputs(), 0, "scores"); },
            {"--rename", "value6=scores"});
        row("length", [this] { typePort(window_->inputs(), PortModel::kFirstAxis + 2, "8"); },
            {"--fix", "x:2=8"});
        row("length of a name",
            [this] { typePort(window_->inputs(), PortModel::kFirstAxis, "16"); },
            {"--fix", "N=16"});
        row("name of a length",
            [this] { typePort(window_->inputs(), PortModel::kFirstAxis + 3, "columns"); },
            {"--free", "x:3=columns"});
        row("other name of an axis",
            [this] { typePort(window_->outputs(), PortModel::kFirstAxis, "batch"); },
            {"--rename-axis", "N=batch"});
        row("open axis", [this] { typePort(window_->outputs(), PortModel::kFirstAxis + 1, "?"); },
            {"--free", "value6:1=?"});
        row("name of a value",
            [this] {
                clickNode("relu");
                ModalAnswers answers;
                answer(answers, {"features"});
                key(Qt::Key_F2);
                QVERIFY(answers.isDone());
            },
            {"--rename", "value3=features"});
        row("output",
            [this] {
                clickNode("relu");
                key(Qt::Key_U, Qt::ControlModifier);
            },
            {"--add-output", "value3"});
        row("output by a button",
            [this] {
                clickNode("conv");
                clickNode("flat", Qt::ControlModifier);
                QTest::mouseClick(buttonIn(*window_, "makeOutputButton"), Qt::LeftButton);
            },
            {"--add-output", "value2", "--add-output", "value4"});
        row("output that is chosen among the values",
            [this] {
                clickNode("flat");
                clickItem(window_->details().values(), 1, "value3");
                QTest::keyClick(&window_->details().values(), Qt::Key_U, Qt::ControlModifier);
            },
            {"--add-output", "value3"});
        row("part",
            [this] {
                clickNode("relu");
                clickNode("flat", Qt::ShiftModifier);
                key(Qt::Key_K, Qt::ControlModifier | Qt::ShiftModifier);
            },
            {"--from", "value2", "--to", "value4"});
        row("part by name",
            [this] {
                clickNode("relu");
                clickNode("dense", Qt::ShiftModifier);
                QTest::mouseClick(buttonIn(*window_, "keepButton"), Qt::LeftButton);
            },
            {"--keep", "relu", "--keep", "flat", "--keep", "dense"});
        row("removed node",
            [this] {
                clickNode("relu");
                key(Qt::Key_Delete);
            },
            {"--remove", "relu"});
        row("operator",
            [this] {
                clickNode("relu");
                ModalAnswers answers;
                answer(answers, {"Sigmoid"});
                key(Qt::Key_E, Qt::ControlModifier);
                QVERIFY(answers.isDone());
            },
            {"--operator", "relu=Sigmoid"});
        row("attribute in its cell",
            [this] {
                clickNode("conv");
                auto& list = window_->details().attributes();
                typeInto(list, list.model()->index(0, 1), "[2, 2]");
            },
            {"--attribute", "conv:strides=[2, 2]"});
        row("new attribute",
            [this] {
                clickNode("dense");
                ModalAnswers answers;
                answer(answers, {"alpha", "0.5"});
                key(Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
                QVERIFY(answers.isDone());
            },
            {"--attribute", "dense:alpha=0.5"});
        row("attribute that goes",
            [this] {
                clickNode("conv");
                clickItem(window_->details().attributes(), 0, "strides");
                QTest::keyClick(&window_->details().attributes(), Qt::Key_Delete);
            },
            {"--attribute", "conv:strides="});
        row("tensor",
            [this] {
                Tensor values(DType::F32, {2, 1, 3, 3});
                values.span<float>()[3] = 0.25F;
                writeNpy(path("kernel.npy"), values);
                clickNode("conv");
                ModalAnswers answers;
                answers.file(text("kernel.npy"));
                key(Qt::Key_T, Qt::ControlModifier);
                QVERIFY(answers.isDone());
            },
            {"--constant", QStringLiteral("KERNEL=%1")});
        row("operator set by the menu",
            [this] {
                ModalAnswers answers;
                answers
                    .see([](QWidget& dialog) {
                        auto* const input = qobject_cast<QInputDialog*>(&dialog);
                        QVERIFY(input != nullptr);
                        input->setTextValue("21");
                    })
                    .key(Qt::Key_Return);
                pressMenu("Model", "opset");
                QTRY_VERIFY(answers.isDone());
            },
            {"--opset", "21"});
    }
    void eachStepIsThatOfTheTerminal() {
        QFETCH(std::function<void()>, step);
        QFETCH(QStringList, arguments);
        open("small.onnx");
        QVERIFY(!window_->isWindowModified());
        step();
        QTRY_VERIFY2(window_->document().isModified(), qPrintable(window_->said()));
        QVERIFY(window_->isWindowModified());
        saveAs("window.onnx");
        QVERIFY(!window_->isWindowModified());
        for (QString& each : arguments)
            if (each.startsWith(QStringLiteral("KERNEL=")))
                each = QString::fromStdString(kernel_) + u'=' + text("kernel.npy");
        QVERIFY(readTextFile(path("window.onnx")) == edited("small.onnx", arguments));
        // Taken back it is the file that was opened, to the bit, and made again the same step.
        key(Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(window_->document().isModified());
        fs::remove(path("window.onnx"));
        saveAs("window.onnx");
        QVERIFY(readTextFile(path("window.onnx")) == readTextFile(path("small.onnx")));
        key(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(window_->document().isModified());
        fs::remove(path("window.onnx"));
        saveAs("window.onnx");
        QVERIFY(readTextFile(path("window.onnx")) == edited("small.onnx", arguments));
    }

    /// The saved file is that of the terminal's calls one after the other.
    void severalStepsAddUp() {
        open("small.onnx");
        clickNode("relu");
        key(Qt::Key_Delete);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{3});
        typePort(window_->inputs(), 0, "image");
        QTRY_COMPARE(outline().inputs[0].name, std::string("image"));
        clickNode("conv");
        key(Qt::Key_K, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{1});
        key(Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(outline().nodes.size(), std::size_t{3});
        saveAs("window.onnx");
        QVERIFY2(window_->said().contains(QStringLiteral("Remove relu; Rename x to image")),
                 qPrintable(window_->said()));
        writeFileAtomically(path("first.onnx"),
                            std::string_view(edited("small.onnx", {"--remove", "relu"})));
        QVERIFY(readTextFile(path("window.onnx")) == edited("first.onnx", {"--rename", "x=image"}));
    }
};

QTEST_MAIN(OnnxWindowTest)
#include "tst_onnx_window.moc"
