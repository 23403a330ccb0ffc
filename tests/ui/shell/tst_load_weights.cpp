// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/freeze.h"
#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"

#include <QComboBox>
#include <QDropEvent>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QTemporaryDir>
#include <QTreeWidget>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Weights of other programs and trained networks as starts of trainings, with mouse and keys.
class TestLoadWeights : public QObject {
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
    [[nodiscard]] const Project& project() const { return window_->document().project(); }
    static QAction* find(const QWidget& menu, const QString& start) {
        for (QAction* const action : menu.actions())
            if (action->text().remove(u'&').startsWith(start))
                return action;
        return nullptr;
    }
    void pressInFileMenu(const QString& entry) {
        auto* const bar = window_->findChild<QMenuBar*>();
        QAction* const file = find(*bar, QStringLiteral("File"));
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(file).center());
        QTRY_VERIFY(file->menu()->isVisible());
        QAction* const action = find(*file->menu(), entry);
        QVERIFY(action != nullptr);
        QTest::mouseClick(file->menu(), Qt::LeftButton, {},
                          file->menu()->actionGeometry(action).center());
    }
    /// Of the template for exclusive or: 2 → 8 → 2, as PyTorch might have called it.
    void writeWeights(const char* name, std::int64_t classes = 2) const {
        SafetensorsFile file;
        const auto add = [&](const char* tensor, Shape shape, float value) {
            Tensor values(DType::F32, std::move(shape));
            std::ranges::fill(values.span<float>(), value);
            file.tensors.emplace_back(tensor, std::move(values));
        };
        add("net.0.weight", {8, 2}, 0.5F);
        add("net.0.bias", {8}, 0.25F);
        add("net.2.weight", {classes, 8}, -0.5F);
        add("net.2.bias", {classes}, 0.125F);
        writeSafetensors(path(name), file);
    }
    [[nodiscard]] float firstOf(const char* key) const {
        const auto file = readSafetensors(project().startWeights);
        const auto* const tensor = file.find(key);
        return tensor ? tensor->span<float>()[0] : -1;
    }
    void openTemplateByMouse() {
        chooseTemplate(*window_, "exclusive-or");
        QTRY_COMPARE(project().network.main.nodes().size(), std::size_t{5});
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
        window_->resize(1024, 700);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    /// The change can be undone, and saving keeps the weights beside the file.
    void weightsAreLoadedByTheMenu() {
        openTemplateByMouse();
        writeWeights("net.safetensors");
        ModalAnswers answers;
        QStringList first;
        QSize size;
        answers.file(text("net.safetensors"))
            .see([&](QWidget& dialog) {
                auto* const list = dialog.findChild<QTreeWidget*>(QStringLiteral("weights"));
                QVERIFY(list != nullptr);
                QCOMPARE(list->topLevelItemCount(), 4);
                for (int column = 0; column < 4; ++column)
                    first << list->topLevelItem(0)->text(column);
                size = dialog.size();
            })
            .press("load");
        pressInFileMenu(QStringLiteral("Load weights"));
        QTRY_VERIFY(answers.isDone() && !project().startWeights.empty());
        QCOMPARE(first,
                 (QStringList{"hidden1/weight", "8×2", "net.0.weight", "the only one that fits"}));
        QVERIFY(size.width() <= 1024 && size.height() <= 700);
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("4 of 4 weights")));
        QCOMPARE(firstOf("hidden1/weight"), 0.5F);
        QVERIFY(window_->document().isModified());
        const auto kept = project().startWeights;

        pressKey(*window_, Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(project().startWeights.empty());
        QVERIFY(fs::exists(kept));
        pressKey(*window_, Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_COMPARE(project().startWeights, kept);

        answers.file(text("mine.gradwright"));
        pressKey(*window_, Qt::Key_S, Qt::ControlModifier);
        QTRY_VERIFY(answers.isDone() && window_->document().file());
        QCOMPARE(project().startWeights, path("mine.start.safetensors"));
        QCOMPARE(firstOf("scores/bias"), 0.125F);
        QVERIFY(loadProject(path("mine.gradwright")) == project());
        // Steps of undo still find what they name.
        pressKey(*window_, Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(project().startWeights.empty());
        pressKey(*window_, Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_COMPARE(project().startWeights, path("mine.start.safetensors"));
        QVERIFY(fs::exists(kept));
        window_.reset();
        QVERIFY(!fs::exists(kept));
        QVERIFY(fs::exists(path("mine.start.safetensors")));
    }

    /// By keys: Return opens the choice of a row.
    void anotherTensorIsChosenByKeys() {
        openTemplateByMouse();
        writeWeights("net.safetensors", 4);
        QString why;
        QStringList unused;
        int choices = 0;
        bool isOnlyDoubtful = false;
        ModalAnswers answers;
        answers.file(text("net.safetensors"))
            .see([&](QWidget& dialog) {
                auto* const list = dialog.findChild<QTreeWidget*>(QStringLiteral("weights"));
                why = list->topLevelItem(2)->text(3);
                list->setCurrentItem(list->topLevelItem(1)); // hidden1/bias
                list->setFocus();
                QTest::keyClick(list, Qt::Key_Return);
                QTRY_VERIFY(list->findChild<QComboBox*>(QStringLiteral("tensorChoice")) != nullptr);
                auto* const box = list->findChild<QComboBox*>(QStringLiteral("tensorChoice"));
                choices = box->count();
                QTRY_VERIFY(box->view()->isVisible());
                QTest::keyClick(box->view(), Qt::Key_Home);
                QTest::keyClick(box->view(), Qt::Key_Return);
                QTRY_COMPARE(list->topLevelItem(1)->text(2), QStringLiteral("none"));
                auto* const others = dialog.findChild<QTreeWidget*>(QStringLiteral("unused"));
                for (int i = 0; i < others->topLevelItemCount(); ++i)
                    unused << others->topLevelItem(i)->text(0);
                auto* const doubtful =
                    dialog.findChild<QAbstractButton*>(QStringLiteral("doubtful"));
                doubtful->setFocus();
                QTest::keyClick(doubtful, Qt::Key_Space);
                isOnlyDoubtful =
                    list->topLevelItem(0)->isHidden() && !list->topLevelItem(1)->isHidden();
            })
            .press("load");
        pressInFileMenu(QStringLiteral("Load weights"));
        QTRY_VERIFY(answers.isDone() && !project().startWeights.empty());
        QCOMPARE(why, QStringLiteral("net.2 of the file is 4×8, not 2×8"));
        QCOMPARE(choices, 2); // none, and the only one of that shape
        QCOMPARE(unused, (QStringList{"net.0.bias", "net.2.bias", "net.2.weight"}));
        QVERIFY(isOnlyDoubtful);
        QCOMPARE(firstOf("hidden1/weight"), 0.5F);
        QCOMPARE(firstOf("hidden1/bias"), -1.0F);
    }

    void aDroppedFileThatIsNotWantedChangesNothing() {
        openTemplateByMouse();
        writeWeights("net.safetensors");
        const auto before = project();
        ModalAnswers answers;
        answers.see([](QWidget& dialog) { QCOMPARE(dialog.objectName(), QString("loadWeights")); })
            .key(Qt::Key_Escape);
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(text("net.safetensors"))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &event);
        QTRY_VERIFY(answers.isDone());
        QVERIFY(project() == before);
        QVERIFY(!fs::exists(userDataFolder() / "imports") ||
                fs::is_empty(userDataFolder() / "imports"));
    }

    void filesThatAreProgramsAreExplained() {
        openTemplateByMouse();
        writeFileAtomically(path("net.pth"), std::string_view("PK"));
        ModalAnswers answers;
        answers.file(text("net.pth")).press(QMessageBox::Ok);
        pressInFileMenu(QStringLiteral("Load weights"));
        QTRY_VERIFY(answers.isDone());
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("torch.load('net.pth'")));
    }

    /// A trained network becomes the start of another one, whose first layer stays as it is.
    void aTrainedNetworkIsAStartingPoint() {
        trainTemplate(*window_);
        const auto uuid = project().uuid;
        ModalAnswers answers;
        answers
            .see([](QWidget& dialog) {
                auto* const layers = dialog.findChild<QComboBox*>(QStringLiteral("freeze"));
                QCOMPARE(layers->count(), 3); // all, up to hidden1, nothing
                QTest::keyClick(layers, Qt::Key_Down);
                QCOMPARE(layers->currentText(), QStringLiteral("Up to hidden1"));
            })
            .press("create")
            .press("keepUnsaved");
        pressInFileMenu(QStringLiteral("Use as a starting point"));
        QTRY_VERIFY(project().uuid != uuid);
        const auto& graph = project().network.main;
        QVERIFY(countFrozen(project().network, "", graph.findByName("hidden1")->id).isFrozen());
        QVERIFY(!countFrozen(project().network, "", graph.findByName("scores")->id).isFrozen());
        QVERIFY(fs::exists(project().startWeights));
        QVERIFY(firstOf("hidden1/weight") != -1.0F);
        QCOMPARE(firstOf("scores/weight"), -1.0F);
    }

    void whatWasNeverTrainedIsNoStart() {
        openTemplateByMouse();
        ModalAnswers answers;
        answers.press(QMessageBox::Ok);
        pressInFileMenu(QStringLiteral("Use as a starting point"));
        QTRY_VERIFY(answers.isDone());
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("neither been trained")));
    }
};

QTEST_MAIN(TestLoadWeights)
#include "tst_load_weights.moc"
