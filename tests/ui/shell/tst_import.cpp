// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_export.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/training/objective.h"
#include "engine/training/start_weights.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/model_chooser.h"

#include <QComboBox>
#include <QDropEvent>
#include <QInputDialog>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QTemporaryDir>
#include <QTreeWidget>

#include <algorithm>
#include <onnx_subset.pb.h>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// File > Import model and models that are dropped, with the mouse.
class TestImport : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] fs::path path(const char* name) const {
        return fs::path(folder_->path().toStdString()) / name;
    }
    [[nodiscard]] QString text(const char* name) const {
        return QString::fromStdString(path(name).string());
    }
    [[nodiscard]] const ProjectDocument& document() const { return window_->document(); }
    [[nodiscard]] const Graph& network() const { return document().project().network.main; }
    void pressImport() {
        auto* const bar = window_->findChild<QMenuBar*>();
        QVERIFY(bar != nullptr);
        const auto find = [](const QWidget& menu, const QString& start) -> QAction* {
            for (QAction* const action : menu.actions())
                if (action->text().remove(u'&').startsWith(start))
                    return action;
            return nullptr;
        };
        QAction* const file = find(*bar, QStringLiteral("File"));
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(file).center());
        QTRY_VERIFY(file->menu()->isVisible());
        QAction* const entry = find(*file->menu(), QStringLiteral("Import model"));
        QVERIFY(entry != nullptr);
        QTest::mouseClick(file->menu(), Qt::LeftButton, {},
                          file->menu()->actionGeometry(entry).center());
    }
    /// As a file manager does it, and then the answer that it is to become layers.
    void dropModel(const fs::path& file) const {
        ModalAnswers answers;
        answers.press("importLayers");
        drop(file);
        QTRY_VERIFY(answers.isDone());
    }
    /// As a file manager does it.
    void drop(const fs::path& file) const {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(file.string()))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &event);
        QVERIFY(event.isAccepted());
    }
    void writeModel(const char* name) const {
        const auto made = exportOnnx(openTemplate("exclusive-or"), {});
        writeFileAtomically(path(name), std::string_view(made.file));
    }
    /// One node on a vector whose length the model only names.
    void writeNode(const char* name, const char* op) const {
        onnx_format::ModelProto model;
        model.add_opset_import()->set_version(17);
        auto& graph = *model.mutable_graph();
        for (auto* const info : {graph.add_input(), graph.add_output()}) {
            auto& tensor = *info->mutable_type()->mutable_tensor_type();
            tensor.set_elem_type(1);
            tensor.mutable_shape()->add_dim()->set_dim_param("N");
            tensor.mutable_shape()->add_dim()->set_dim_param("width");
        }
        graph.mutable_input(0)->set_name("x");
        graph.mutable_output(0)->set_name("y");
        auto& node = *graph.add_node();
        node.set_name("only");
        node.set_op_type(op);
        node.add_input("x");
        node.add_output("y");
        writeFileAtomically(path(name), std::string_view(model.SerializeAsString()));
    }
    [[nodiscard]] static fs::path kerasModel(const char* name) {
        return fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/exchange/keras" / name;
    }
    [[nodiscard]] static fs::path imports() { return userDataFolder() / "imports"; }
    [[nodiscard]] static std::ptrdiff_t keptImports() {
        if (!fs::exists(imports()))
            return 0;
        return std::distance(fs::directory_iterator(imports()), fs::directory_iterator());
    }

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
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

    void aModelIsOpenedByTheMenuAndSaved() {
        writeModel("gate.onnx");
        ModalAnswers answers;
        answers.file(text("gate.onnx"));
        pressImport();
        QTRY_VERIFY(answers.isDone() && network().nodes().size() > 2);
        QCOMPARE(document().project().name, std::string("gate"));
        QVERIFY(!document().file() && document().isModified());
        // Drawn, though the model knows no places.
        QVERIFY(!document().analysis().nodes.empty());
        const auto kept = document().project().startWeights;
        QVERIFY(fs::exists(kept));
        QCOMPARE(kept.parent_path(), imports());
        // Saved, the weights lie beside the file.
        answers.file(text("mine.gradwright"));
        pressKey(*window_, Qt::Key_S, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone() && document().file());
        QVERIFY(fs::exists(path("mine.start.safetensors")));
        QCOMPARE(document().project().startWeights, path("mine.start.safetensors"));
        QVERIFY(loadProject(path("mine.gradwright")) == document().project());
        QCOMPARE(keptImports(), 0);
        QVERIFY(!document().isModified());
    }

    /// Its weights answer before anything is trained.
    void aModelIsTriedAsItWasOpened() {
        Project source = openTemplate("softmax-regression");
        source.training.params["seed"] = std::int64_t{77};
        writeFileAtomically(path("gate.onnx"), std::string_view(exportOnnx(source, {}).file));
        dropModel(path("gate.onnx"));
        QTRY_COMPARE(document().project().name, std::string("gate"));
        window_->showPage(window_->inference());
        auto* const chooser = window_->inference().findChild<ModelChooser*>();
        QVERIFY(chooser != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(chooser->model() != nullptr, kTrainingPatience);
        QCOMPARE(chooser->box().currentText(), QStringLiteral("gate, as it was opened"));
        // By another seed, the project's own beginning would be another one.
        QVERIFY(document().project().training.seed() != source.training.seed());
        const auto expected = startWeightsOf(
            inferenceGraph(source.network, openDataset(source.data).info, source.training)
                .weights(),
            77, {});
        const auto& found = *chooser->model()->weights;
        QCOMPARE(found.values.size(), expected.values.size());
        for (std::size_t i = 0; i < expected.values.size(); ++i) {
            const auto a = found.values[i].second.span<float>();
            const auto b = expected.values[i].second.span<float>();
            QVERIFY(std::ranges::equal(a, b));
        }
    }

    void aModelIsDroppedAndNotWanted() {
        writeModel("gate.onnx");
        dropModel(path("gate.onnx"));
        QTRY_COMPARE(document().project().name, std::string("gate"));
        QCOMPARE(keptImports(), 1);
        ModalAnswers answers;
        answers.press(QMessageBox::Discard);
        pressCloseButton(*window_);
        QTRY_VERIFY(answers.isDone() && !window_->isVisible());
        window_.reset();
        QCOMPARE(keptImports(), 0);
    }

    void aKerasModelIsDropped() {
        drop(kerasModel("dense.keras"));
        QTRY_COMPARE(document().project().name, std::string("dense"));
        QVERIFY(network().findByName("known") != nullptr);
        QVERIFY(fs::exists(document().project().startWeights));
        const auto before = document().project();
        QStringList layers;
        ModalAnswers answers;
        answers.file(QString::fromStdString(kerasModel("refused.keras").string()))
            .key(Qt::Key_Return)
            .see([&](QWidget& dialog) {
                auto* const list = dialog.findChild<QTreeWidget*>(QStringLiteral("nodes"));
                QVERIFY(list != nullptr);
                QCOMPARE(list->headerItem()->text(1), QStringLiteral("Class"));
                for (int i = 0; i < list->topLevelItemCount(); ++i)
                    layers << list->topLevelItem(i)->text(0);
            })
            .key(Qt::Key_Escape);
        pressImport();
        QTRY_VERIFY(answers.isDone());
        QCOMPARE(layers, (QStringList{"shared", "unit", "early", "wide", "sparse"}));
        QVERIFY(document().project() == before);
    }

    void lengthsAreAskedFor() {
        writeNode("open.onnx", "Relu");
        ModalAnswers answers;
        answers.file(text("open.onnx"))
            .see([](QWidget& dialog) {
                auto* const input = qobject_cast<QInputDialog*>(&dialog);
                QVERIFY(input != nullptr);
                QVERIFY(input->labelText().contains(QStringLiteral("\"width\"")));
                input->setIntValue(12);
            })
            .key(Qt::Key_Return);
        pressImport();
        QTRY_VERIFY(answers.isDone() && network().nodes().size() == 3);
        const auto* input = network().findByName("x");
        QVERIFY(input != nullptr);
        QCOMPARE(std::get<IntTuple>(input->params.at("shape")), IntTuple{12});
    }

    /// Nothing changes, and each node is named.
    void whatCannotBeOpenedIsListed() {
        writeNode("strange.onnx", "Loop");
        const auto before = document().project();
        QStringList row;
        ModalAnswers answers;
        answers.file(text("strange.onnx"))
            .key(Qt::Key_Return)
            .see([&](QWidget& dialog) {
                auto* const nodes = dialog.findChild<QTreeWidget*>(QStringLiteral("nodes"));
                QVERIFY(nodes != nullptr);
                QCOMPARE(nodes->topLevelItemCount(), 1);
                for (int column = 0; column < 3; ++column)
                    row << nodes->topLevelItem(0)->text(column);
            })
            .key(Qt::Key_Escape);
        pressImport();
        QTRY_VERIFY(answers.isDone());
        QCOMPARE(row, (QStringList{"only", "Loop",
                                   "its number of iterations is computed from the sample, and has "
                                   "to be constant"}));
        QVERIFY(document().project() == before);
        QCOMPARE(keptImports(), 0);
    }

    /// What no layer stands for is shown as a node of ONNX.
    void nodesWithoutALayerAreShown() {
        writeNode("kept.onnx", "Hardmax");
        ModalAnswers answers;
        answers.file(text("kept.onnx"))
            .see([](QWidget& dialog) {
                auto* const input = qobject_cast<QInputDialog*>(&dialog);
                QVERIFY(input != nullptr);
                input->setIntValue(12);
            })
            .key(Qt::Key_Return);
        pressImport();
        QTRY_VERIFY(answers.isDone() && network().findByName("only") != nullptr);
        const auto* node = network().findByName("only");
        QCOMPARE(node->layerUse()->layer, std::string("onnx-node"));
        QCOMPARE(std::get<std::string>(node->params.at("operator")), std::string("Hardmax"));
    }

    void noModelIsAnError() {
        writeFileAtomically(path("text.onnx"), std::string_view("no model"));
        ModalAnswers answers;
        answers.press("importLayers").press(QMessageBox::Ok);
        drop(path("text.onnx"));
        QTRY_VERIFY(answers.isDone());
        QVERIFY2(answers.asked().join(u' ').contains(QStringLiteral("no ONNX model")),
                 qPrintable(answers.asked().join(u' ')));
    }
};

QTEST_MAIN(TestImport)
#include "tst_import.moc"
