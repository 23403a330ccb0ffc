// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/added_images.h"
#include "engine/data/survey/sample_selection.h"
#include "engine/project/own_project.h"
#include "tests/support/gestures.h"
#include "tests/support/modal_answers.h"
#include "tests/support/network_builder.h"
#include "tests/ui/inference/trained_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/answer_card.h"
#include "ui/inference/image_panel.h"
#include "ui/session/data_probe.h"

#include <QApplication>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QToolButton>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

QImage plain(bool red, int i) {
    QImage image(12, 12, QImage::Format_RGB32);
    image.fill(red ? QColor(190 + 3 * i, 20 + i, 30) : QColor(25, 15 + i, 200 + 2 * i));
    return image;
}

Project redOrBlue(const std::string& folder) {
    auto project = newProject();
    project.name = "colours";
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
    const auto scores =
        b.after(b.after(image, "flatten"), "dense", {{"units", std::int64_t{2}}}, "scores");
    b.after(b.after(scores, "softmax"), "output", {}, "colour");
    project.network = std::move(b.network);
    project.data.dataset = "images";
    project.data.params = {{"folder", folder}, {"size", IntTuple{8, 8}}};
    set(project, "epochs", std::int64_t{10});
    set(project, "batch", std::int64_t{8});
    set(project, "threads", std::int64_t{1});
    return project;
}

} // namespace

/// The user says what it is that the network has read.
class AnnotatingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        for (const bool red : {true, false}) {
            fs::create_directories(folder_ / (red ? "colours/red" : "colours/blue"));
            for (int i = 0; i < 15; ++i)
                QVERIFY(plain(red, i).save(file(red, i)));
        }
        trained_ = std::make_unique<TrainedPage>(theme_, redOrBlue((folder_ / "colours").string()),
                                                 folder_, "colours");
        probe_ = std::make_unique<DataProbe>(document());
        QVERIFY(trained_->isReady());
        QTRY_VERIFY_WITH_TIMEOUT(document().dataInfo().has_value(), kPatience);
        panel_ = &trained_->page->images();
        QVERIFY(QTest::qWaitForWindowExposed(trained_->page.get()));
    }
    void cleanupTestCase() {
        probe_.reset();
        trained_->page.reset();
    }
    void init() {
        activate();
        panel_->clear();
        while (document().undoStack().canUndo())
            document().undoStack().undo();
        waitForData();
        fs::remove_all(set().parent_path());
    }

    void aDrawingIsAddedByKeysAndTakenBack() {
        QVERIFY(!button().isEnabled()); // nothing has been drawn
        drawWithMouse(panel_->pad(), kSeven);
        QVERIFY(button().isEnabled() && button().isVisible());
        panel_->pad().setFocus();
        QTest::keyClick(&panel_->pad(), Qt::Key_F2);
        QVERIFY(menu().isVisible());
        QCOMPARE(menu().actions().size(), 2);
        QTest::keyClick(&menu(), Qt::Key_R);
        // The first one asks where they go.
        QWidget& dialog = setDialog();
        auto& name = *dialog.findChild<QLineEdit*>(QStringLiteral("drawnSetName"));
        QVERIFY(dialog.focusWidget() == &name);
        QTest::keyClicks(&name, QStringLiteral("mine"));
        QCOMPARE(dialog.findChild<QLabel*>(QStringLiteral("drawnSetPlace"))->text(),
                 QString::fromStdString(set("mine").string()));
        QSignalSpy hints(trained_->page.get(), &Page::hint);
        QTest::keyClick(&name, Qt::Key_Return);
        const auto first = set("mine") / "red/drawn-0001.png";
        QVERIFY(fs::exists(first));
        QVERIFY(hints.last().front().toString().contains(QStringLiteral("Added as red to mine")));
        QCOMPARE(addedFolder(), set("mine").string());
        // It is what was drawn, and the data have it.
        const QImage saved(QString::fromStdString(first.string()));
        QCOMPARE(saved.size(), QSize(280, 280));
        QVERIFY(saved.pixelColor(90, 70).lightness() + saved.pixelColor(175, 72).lightness() > 200);
        QCOMPARE(trainingSize(), size_ + 1);
        // Twice would be once too often.
        say(Qt::Key_R);
        QVERIFY(hints.last().front().toString().contains(QStringLiteral("already")));
        QCOMPARE(filesOf(set("mine")), 1);
        document().undoStack().undo();
        QVERIFY(!fs::exists(set("mine")));
        QVERIFY(addedFolder().empty());
        QCOMPARE(trainingSize(), size_);
        document().undoStack().redo();
        QVERIFY(fs::exists(first));
        QCOMPARE(trainingSize(), size_ + 1);
    }

    void aSecondOneAsksNothing() {
        addFirst();
        panel_->pad().clear();
        drawWithMouse(panel_->pad(), kOne);
        QTest::mouseClick(&button(), Qt::LeftButton);
        QVERIFY(menu().isVisible());
        QTest::mouseClick(&menu(), Qt::LeftButton, {},
                          menu().actionGeometry(menu().actions().front()).center());
        QVERIFY(fs::exists(set() / "blue/drawn-0002.png"));
        QCOMPARE(trainingSize(), size_ + 2);
        document().undoStack().undo();
        QCOMPARE(filesOf(set()), 1);
        QVERIFY(!fs::exists(set() / "blue"));
    }

    /// A file is copied as it is, and stays as it was.
    void aPictureIsAddedAsTheFileItWas() {
        addFirst();
        const auto source = fs::path(file(false, 3).toStdString());
        const auto bytes = readFile(source);
        panel_->openImage(file(false, 3));
        QTRY_VERIFY_WITH_TIMEOUT(!panel_->pad().picture().isNull(), kPatience);
        say(Qt::Key_R);
        QVERIFY(readFile(set() / "red/drawn-0002.png") == bytes);
        QVERIFY(readFile(source) == bytes);
        // From the clipboard, too.
        QApplication::clipboard()->setImage(plain(true, 2));
        panel_->pasteImage();
        say(Qt::Key_R);
        QCOMPARE(QImage(QString::fromStdString((set() / "red/drawn-0003.png").string()))
                     .pixelColor(3, 3),
                 plain(true, 2).pixelColor(3, 3));
        QCOMPARE(trainingSize(), size_ + 3);
    }

    void whatIsKnownOrMissingCannotBeSaid() {
        panel_->showSample(0);
        QVERIFY(!button().isEnabled());
        QVERIFY(button().toolTip().contains(QStringLiteral("test set")));
        panel_->clear();
        QVERIFY(!button().isEnabled());
        QTest::keyClick(trained_->page.get(), Qt::Key_F2);
        QVERIFY(!menu().isVisible());
    }

    void cancelAddsNothing() {
        const auto before = document().project();
        drawWithMouse(panel_->pad(), kOne);
        say(Qt::Key_B);
        QTest::keyClick(&setDialog(), Qt::Key_Escape);
        QVERIFY(document().project() == before);
        QVERIFY(!fs::exists(set()));
    }

    void aFolderThatIsThereIsUsedAndKeepsItsFiles() {
        const auto own = folder_ / "own";
        fs::create_directories(own / "red");
        QVERIFY(plain(true, 1).save(QString::fromStdString((own / "red/a.png").string())));
        drawWithMouse(panel_->pad(), kOne);
        say(Qt::Key_B);
        QWidget& dialog = setDialog();
        chooseFolder(dialog, own);
        auto& accept = *dialog.findChild<QPushButton*>(QStringLiteral("drawnSetAccept"));
        QVERIFY(accept.isEnabled());
        QTest::mouseClick(&accept, Qt::LeftButton);
        QVERIFY(fs::exists(own / "blue/drawn-0001.png"));
        QCOMPARE(trainingSize(), size_ + 2);
        document().undoStack().undo();
        QVERIFY(fs::exists(own / "red/a.png") && !fs::exists(own / "blue"));
        QCOMPARE(trainingSize(), size_);
    }

    void whatIsWrongWithAPlaceIsSaid() {
        fs::create_directories(folder_ / "other/green");
        drawWithMouse(panel_->pad(), kOne);
        say(Qt::Key_B);
        QWidget& dialog = setDialog();
        auto& accept = *dialog.findChild<QPushButton*>(QStringLiteral("drawnSetAccept"));
        auto& problem = *dialog.findChild<QLabel*>(QStringLiteral("drawnSetProblem"));
        auto& name = *dialog.findChild<QLineEdit*>(QStringLiteral("drawnSetName"));
        for (const char* wrong : {"", "a/b", ".hidden"}) {
            name.selectAll();
            QTest::keyClick(&name, Qt::Key_Delete);
            QTest::keyClicks(&name, QString::fromLatin1(wrong));
            QVERIFY2(!accept.isEnabled() && problem.isVisible(), wrong);
        }
        chooseFolder(dialog, folder_ / "other");
        QVERIFY(!accept.isEnabled());
        QVERIFY(problem.text().contains(QStringLiteral("green")));
        QTest::keyClick(&dialog, Qt::Key_Escape);
    }

    /// Undo never destroys what somebody else has done meanwhile.
    void aFileThatWasChangedStays() {
        addFirst();
        const auto added = set() / "red/drawn-0001.png";
        writeFile(added, Bytes{1, 2, 3});
        QSignalSpy failures(&document(), &ProjectDocument::filesFailed);
        document().undoStack().undo();
        QVERIFY(fs::exists(added));
        QCOMPARE(failures.size(), 1);
        QVERIFY(failures.front().front().toString().contains(QStringLiteral("drawn-0001.png")));
        fs::remove_all(set());
    }

    /// With the data, and alone as a data set of its own.
    void theSetIsTrainedWith() {
        addFirst();
        panel_->pad().clear();
        drawWithMouse(panel_->pad(), kOne);
        say(Qt::Key_B);
        for (int i = 0; i < 6; ++i) {
            panel_->pad().clear();
            drawWithMouse(panel_->pad(), i % 2 == 0 ? kOne : kSeven);
            say(i % 2 == 0 ? Qt::Key_B : Qt::Key_R);
        }
        QCOMPARE(filesOf(set()), 8);
        waitForData();
        trained_->session.start(trainingJob(document().project(), document().runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(trained_->session.state(), TrainingState::Finished, kPatience);
        const auto alone = projectForData(set());
        const auto data = openDataset(alone.data);
        QCOMPARE(data.info.classes, (std::vector<std::string>{"blue", "red"}));
        QCOMPARE(data.training->size() + data.test->size(), std::int64_t{8});
    }

private:
    [[nodiscard]] ProjectDocument& document() const { return trained_->document; }
    [[nodiscard]] QString file(bool red, int i) const {
        return QString::fromStdString((folder_ / (red ? "colours/red" : "colours/blue")).string()) +
               QStringLiteral("/%1.png").arg(i);
    }
    [[nodiscard]] fs::path set(const char* name = "drawings") const {
        return folder_ / "colours.data" / name;
    }
    [[nodiscard]] QToolButton& button() const { return panel_->answer().sayButton(); }
    [[nodiscard]] QMenu& menu() const {
        return *panel_->findChild<QMenu*>(QStringLiteral("sayClassMenu"));
    }
    /// As a window manager would when a dialog has closed.
    void activate() const {
        trained_->page->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(trained_->page.get()));
    }
    void say(Qt::Key key) const {
        activate();
        waitForData();
        QTest::keyClick(trained_->page.get(), Qt::Key_F2);
        QVERIFY(menu().isVisible());
        QTest::keyClick(&menu(), key);
    }
    [[nodiscard]] static QWidget& setDialog() {
        auto* const dialog = QApplication::activeModalWidget();
        if (!dialog || dialog->objectName() != QStringLiteral("drawnSetDialog"))
            qFatal("nobody asks where images go");
        return *dialog;
    }
    static void chooseFolder(QWidget& dialog, const fs::path& folder) {
        ModalAnswers answers;
        answers.file(QString::fromStdString(folder.string()));
        QTest::mouseClick(dialog.findChild<QPushButton*>(QStringLiteral("drawnSetExisting")),
                          Qt::LeftButton);
        QVERIFY(answers.isDone());
    }
    /// A drawing in the class "red" of the usual set.
    void addFirst() const {
        drawWithMouse(panel_->pad(), kSeven);
        say(Qt::Key_R);
        QTest::keyClick(&setDialog(), Qt::Key_Return);
        QVERIFY(fs::exists(set() / "red/drawn-0001.png"));
        waitForData();
    }
    [[nodiscard]] std::string addedFolder() const {
        const auto& params = document().project().data.params;
        const auto found = params.find(std::string(kAddedFolderParam));
        return found == params.end() ? std::string() : std::get<std::string>(found->second);
    }
    void waitForData() const {
        QTRY_VERIFY_WITH_TIMEOUT(document().dataInfo().has_value() && probe_->data(), kPatience);
    }
    [[nodiscard]] std::int64_t trainingSize() const {
        [this] { waitForData(); }();
        return probe_->data() ? probe_->data()->training->size() : -1;
    }
    static int filesOf(const fs::path& folder) {
        int count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            count += entry.is_regular_file() ? 1 : 0;
        return count;
    }

    TemporaryFolder folder_;
    ThemeManager theme_{*qApp};
    std::unique_ptr<TrainedPage> trained_;
    std::unique_ptr<DataProbe> probe_;
    ImagePanel* panel_ = nullptr;
    std::int64_t size_ = 24; ///< images to train on without added ones
};

QTEST_MAIN(AnnotatingTest)
#include "tst_annotating.moc"
