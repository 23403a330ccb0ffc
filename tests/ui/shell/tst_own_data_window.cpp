// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"
#include "tests/support/data_files.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/data/data_page.h"
#include "ui/data/data_preview.h"
#include "ui/design/design_page.h"
#include "ui/forms/file_dialogs.h"
#include "ui/training/train_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <memory>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// A person's own data, from the file to a trained network.
class TestOwnDataWindow : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] fs::path at(const char* name) const {
        return fs::path(folder_.path().toStdString()) / name;
    }
    static void write(const fs::path& file, const std::string& text) {
        fs::create_directories(file.parent_path());
        writeFile(file, Bytes(text.begin(), text.end()));
    }
    fs::path plants() const {
        std::string text = "id,length,width,species\n";
        for (int i = 0; i < 240; ++i)
            text += fmt::format("{},{}.{},{},{}\n", i + 1, i % 3 == 0 ? 5 : 2, i % 10,
                                i == 7 ? std::string() : std::to_string(i % 7),
                                i % 3 == 0 ? "setosa" : "other");
        write(at("plants.csv"), text);
        return at("plants.csv");
    }
    /// Dark and light images, a folder each.
    fs::path shades() const {
        for (const char* const name : {"dark", "light"})
            for (int i = 0; i < 40; ++i) {
                const auto shade = static_cast<std::uint8_t>((name[0] == 'd' ? 20 : 170) + i);
                fs::create_directories(at("shades") / name);
                writeFile(at("shades") / name / fmt::format("{}.jpg", i),
                          jpeg(16, 16, 1, Bytes(256, shade)));
            }
        return at("shades");
    }
    /// As a file manager does it.
    void drop(const fs::path& file) const { drop(std::vector{file}); }
    void drop(const std::vector<fs::path>& files) const {
        QMimeData data;
        QList<QUrl> urls;
        for (const auto& file : files)
            urls << QUrl::fromLocalFile(QString::fromStdString(file.string()));
        data.setUrls(urls);
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(window_.get(), &event);
        QVERIFY(event.isAccepted());
    }
    void start() const {
        auto* const button = window_->training().findChild<QPushButton*>(QStringLiteral("start"));
        QVERIFY(button->isVisible() && button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    [[nodiscard]] const Project& project() const { return window_->document().project(); }
    template <class T>
    T& find(const char* name) const {
        auto* const found = window_->training().findChild<T*>(QLatin1String(name));
        if (found == nullptr)
            qFatal("no widget \"%s\"", name);
        return *found;
    }
    /// On the Data page.
    [[nodiscard]] QPushButton* buttonSaying(const char* text) const {
        for (auto* const button : window_->data().findChildren<QPushButton*>())
            if (button->text() == QString::fromUtf8(text))
                return button;
        return nullptr;
    }
    [[nodiscard]] bool hasErrors() const { return window_->document().analysis().hasErrors(); }
    void opensPlants() {
        drop(plants());
        QTRY_COMPARE(project().name, std::string("plants"));
        QTRY_VERIFY(window_->document().dataInfo());
        QTRY_VERIFY(window_->training().findChild<QCheckBox*>(QStringLiteral("use/id")));
    }

private Q_SLOTS:
    void initTestCase() {
        liveIn(folder_.path() + QStringLiteral("/home"));
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aTableIsDroppedAndTrained() {
        opensPlants(); // one action
        QVERIFY(window_->training().isVisible());
        QVERIFY(!window_->document().isModified());
        QVERIFY(!hasErrors());
        const auto saysStart = [&] {
            const auto labels = window_->findChildren<QLabel*>();
            return std::ranges::any_of(labels, [](const QLabel* label) {
                return label->text().contains(QStringLiteral("Press Start (F5)"));
            });
        };
        QVERIFY(saysStart());
        start(); // and the second
        QTRY_VERIFY(!saysStart());
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  kTrainingPatience);
        QString accuracy;
        for (const auto* const label : window_->training().findChildren<QLabel*>())
            if (label->isVisible() && label->property("textRole") == QStringLiteral("figure") &&
                label->text().endsWith(QStringLiteral(" %")))
                accuracy = label->text();
        QVERIFY2(accuracy.chopped(2).toDouble() > 95, qPrintable(accuracy));
    }

    /// A row without its target is left out, and the page says so.
    void whatIsLeftOutIsSaid() {
        std::string text = "id,length,width,species\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{},{}.5,{},{}\n", i + 1, i % 3 == 0 ? 5 : 2, i % 7,
                                i == 7       ? ""
                                : i % 3 == 0 ? "setosa"
                                             : "other");
        write(at("gaps.csv"), text);
        drop(at("gaps.csv"));
        const std::vector<std::string>& notes = window_->document().dataNotes();
        QTRY_VERIFY(!notes.empty());
        const auto& label = find<QLabel>("dataNotes");
        QTRY_VERIFY(label.isVisible());
        for (const std::string& note : notes)
            QVERIFY2(label.text().contains(QString::fromStdString(note)), note.c_str());
        QVERIFY2(label.text().contains(QStringLiteral("60 rows: 59 used")),
                 qPrintable(label.text()));
        // Other data have other notes, or none.
        window_->document().perform(QStringLiteral("Data"), {SetData{DataChoice{}}});
        QTRY_VERIFY(!label.isVisible());
    }

    /// Examples of them would push all other columns out of the panel.
    void freeTextIsNotShownInTheList() {
        std::string table = "size,comment,kind\n";
        for (int i = 0; i < 40; ++i)
            table += std::to_string(i % 7) + ",came late and was number " + std::to_string(i) +
                     (i % 2 == 0 ? ",good\n" : ",bad\n");
        const auto file = at("reviews.csv");
        write(file, table);
        drop(file);
        QTRY_VERIFY(window_->training().findChild<QCheckBox*>(QStringLiteral("use/comment")));
        QCOMPARE(find<QCheckBox>("use/comment").toolTip(),
                 QStringLiteral("Texts · a different text in nearly every row"));
        QVERIFY(!find<QCheckBox>("use/comment").isChecked());
        QCOMPARE(find<QCheckBox>("use/kind").toolTip(), QStringLiteral("2 categories: bad, good"));
    }

    /// What is saved next lies beside the data, however they were opened.
    void theProjectIsProposedBesideItsData() {
        opensPlants();
        QCOMPARE(lastFolder().toStdString(), plants().parent_path().string());
    }

    void aFolderIsChosenInTheGalleryAndTrained() {
        ModalAnswers answers;
        answers.file(QString::fromStdString(shades().string()));
        QTest::mouseClick(buttonIn(*window_, "openDataFolder"), Qt::LeftButton);
        QTRY_COMPARE(project().name, std::string("shades"));
        QTRY_VERIFY(window_->document().dataInfo());
        QCOMPARE(window_->document().dataInfo()->classes,
                 (std::vector<std::string>{"dark", "light"}));
        QVERIFY(!hasErrors());
        start();
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().currentStep() > 0, kTrainingPatience);
        window_->training().stop();
        QTRY_VERIFY_WITH_TIMEOUT(!window_->session().isActive(), kTrainingPatience);
    }

    /// IDX files of whatever names.
    void filesThatBelongTogetherAreDroppedTogether() {
        Bytes pixels;
        Bytes labels;
        for (int i = 0; i < 80; ++i) {
            pixels.insert(pixels.end(), 144, static_cast<std::uint8_t>(3 * i));
            labels.push_back(static_cast<std::uint8_t>(i % 2));
        }
        writeFile(at("pixels.idx"), idx(8, {80, 12, 12}, pixels));
        writeFile(at("answers.idx"), idx(8, {80}, labels));
        writeFile(at("fewer.idx"), idx(8, {79}, Bytes(79, 1)));
        for (const bool isReversed : {false, true}) {
            window_ = std::make_unique<MainWindow>(*themes_);
            window_->show();
            QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
            std::vector files{at("pixels.idx"), at("answers.idx")};
            if (isReversed)
                std::ranges::reverse(files);
            drop(files);
            QTRY_COMPARE(project().data.dataset, std::string("idx"));
            QCOMPARE(std::get<std::string>(project().data.params.at("training_labels")),
                     at("answers.idx").string());
            QTRY_VERIFY(window_->document().dataInfo());
            QVERIFY(!hasErrors());
        }
        // On a project they are shown first; what does not fit is named.
        const auto before = project().data;
        const auto preview = [&] { return window_->findChild<DataPreview*>(); };
        drop({at("pixels.idx"), at("fewer.idx")});
        QTRY_VERIFY(preview() && preview()->isVisible());
        const auto state = [&] {
            return preview()->findChild<QLabel*>(QStringLiteral("previewState"))->text();
        };
        QTRY_VERIFY2(state().contains(QStringLiteral("holds 80 images")) &&
                         state().contains(QStringLiteral("fewer.idx holds 79 labels")),
                     qPrintable(state()));
        QTest::keyClick(preview(), Qt::Key_Escape);
        QTRY_VERIFY(!preview());
        QVERIFY(project().data == before);
    }

    /// A folder with broken images is opened without them, once that is wanted.
    void brokenImagesAreLeftOutOfANewProject() {
        const auto folder = shades();
        writeFile(folder / "dark" / "0.jpg", Bytes{1, 2, 3});
        writeFile(folder / "light" / "7.jpg", Bytes{1, 2, 3});
        const auto before = project().name;
        {
            ModalAnswers answers;
            answers.press(QMessageBox::Cancel);
            drop(folder);
            QTRY_VERIFY(answers.isDone());
            QCOMPARE(project().name, before);
        }
        ModalAnswers answers;
        answers.press("leaveOutUnreadable");
        drop(folder);
        QTRY_COMPARE(project().name, std::string("shades"));
        QVERIFY2(answers.asked().join(u'\n').contains(QStringLiteral("0.jpg")) &&
                     answers.asked().join(u'\n').contains(QStringLiteral("7.jpg")),
                 qPrintable(answers.asked().join(u'\n')));
        QCOMPARE(std::get<std::string>(project().data.params.at("unreadable")),
                 std::string("leave_out"));
        QTRY_VERIFY(window_->document().dataInfo());
        QVERIFY(!hasErrors());
        fs::remove_all(folder);
    }

    void columnsAreShownAsTheyWereRecognised() {
        opensPlants();
        const auto& id = find<QCheckBox>("use/id");
        QVERIFY(id.isVisible() && !id.isChecked() && id.isEnabled());
        QVERIFY(id.toolTip().contains(QStringLiteral("a number for each row")));
        const auto& width = find<QCheckBox>("use/width");
        QVERIFY(width.isChecked());
        QCOMPARE(width.toolTip(), QStringLiteral("Whole numbers, 0 to 6 · 1 missing"));
        const auto& species = find<QCheckBox>("use/species");
        QVERIFY(!species.isEnabled()); // it is what is predicted
        QCOMPARE(species.toolTip(), QStringLiteral("2 categories: other, setosa"));
        QCOMPARE(find<QComboBox>("targetColumn").currentText(), QStringLiteral("species"));
        // The columns stand there alone, not a second time as texts.
        QVERIFY(window_->training().findChild<QWidget*>(QStringLiteral("ignore")) == nullptr);
    }

    void theNetworkFollowsTicksAndTarget() {
        opensPlants();
        const auto network = project().network;
        auto& width = find<QCheckBox>("use/width");
        QTest::mouseClick(&width, Qt::LeftButton, {}, QPoint(8, width.height() / 2));
        QCOMPARE(ignoredBy(project().data), (std::vector<std::string>{"id", "width"}));
        QTRY_VERIFY(window_->document().dataInfo());
        QTRY_VERIFY(!hasErrors());
        QCOMPARE(window_->document().dataInfo()->input.elements(), std::int64_t{1});

        auto& target = find<QComboBox>("targetColumn");
        target.lineEdit()->setFocus();
        target.lineEdit()->selectAll();
        QTest::keyClicks(target.lineEdit(), QStringLiteral("length"));
        QTest::keyClick(target.lineEdit(), Qt::Key_Return);
        QTRY_VERIFY(window_->document().dataInfo() &&
                    !window_->document().dataInfo()->hasClasses());
        QTRY_VERIFY(!hasErrors());
        QCOMPARE(project().training.objectives.front().loss.key, std::string("mean-squared-error"));
        // What was typed and is no column changes nothing.
        target.lineEdit()->selectAll();
        QTest::keyClicks(target.lineEdit(), QStringLiteral("nonsense"));
        QTest::keyClick(target.lineEdit(), Qt::Key_Return);
        QCOMPARE(target.currentText(), QStringLiteral("length"));

        window_->document().undoStack().undo();
        window_->document().undoStack().undo();
        QVERIFY(project().network == network);
        QTRY_VERIFY(window_->document().dataInfo());
        QTRY_VERIFY(!hasErrors());
        QVERIFY(width.isChecked());
    }

    /// A column that a table leaves out by itself would have a tick and be no input.
    void aTickMeansAnInput() {
        std::string text = "id;built;sold on;size;price\n";
        for (int i = 0; i < 120; ++i)
            text += fmt::format("{};{};{:02}.{:02}.2021;{},5;{},25\n", i + 1,
                                i % 20 == 3 ? std::string("k.A.") : std::to_string(1900 + i),
                                i % 28 + 1, i % 12 + 1, i * 7 % 31, i % 13 + i * 7 % 31);
        write(at("houses.csv"), text);
        drop(at("houses.csv"));
        QTRY_VERIFY(window_->training().findChild<QCheckBox*>(QStringLiteral("use/sold on")));
        QTRY_VERIFY(window_->document().dataInfo());
        const auto tick = [this](const char* name) {
            auto& box = find<QCheckBox>(name);
            QTest::mouseClick(&box, Qt::LeftButton, {}, QPoint(8, box.height() / 2));
        };
        // Dates become their parts, in one step.
        tick("use/sold on");
        QTRY_VERIFY(
            window_->training().findChild<QCheckBox*>(QStringLiteral("use/sold on (month)")));
        QTRY_VERIFY(window_->document().dataInfo() && !hasErrors());
        QVERIFY(find<QCheckBox>("use/sold on (month)").isChecked());
        QTRY_COMPARE(window_->document().dataInfo()->columns.size(), std::size_t{4});
        window_->document().undoStack().undo();
        QTRY_VERIFY(window_->training().findChild<QCheckBox*>(QStringLiteral("use/sold on")));
        QVERIFY(!find<QCheckBox>("use/sold on").isChecked());
        // A number for each row is left out until it is wanted.
        QTRY_VERIFY(window_->document().dataInfo());
        QCOMPARE(window_->document().dataInfo()->columns.size(), std::size_t{1});
        tick("use/id");
        QTRY_VERIFY(window_->document().dataInfo());
        QTRY_COMPARE(window_->document().dataInfo()->columns.size(), std::size_t{2});
        QVERIFY(find<QCheckBox>("use/id").isChecked());
        QCOMPARE(window_->document().dataInfo()->columns.front().name, std::string("id"));
        window_->document().undoStack().undo();
        QTRY_VERIFY(window_->document().dataInfo());
        QVERIFY(!find<QCheckBox>("use/id").isChecked());
        // Texts among numbers are explained in the words of the form, and cured by a click.
        tick("use/built");
        QTRY_VERIFY(hasErrors());
        const auto message = window_->document().dataProblem();
        QVERIFY2(message.find("“Missing marks”") != std::string::npos &&
                     message.find("data.missing") == std::string::npos,
                 message.c_str());
        QTest::mouseClick(buttonIn(*window_, "train"), Qt::LeftButton); // "1 error"
        QVERIFY(window_->design().isVisible());
        QTest::mouseClick(buttonIn(*window_, "toData"), Qt::LeftButton);
        QVERIFY(window_->data().isVisible());
        QPushButton* cure = nullptr;
        QTRY_VERIFY((cure = buttonSaying("Count “k.A.” as missing")) != nullptr);
        QTest::mouseClick(cure, Qt::LeftButton);
        QTRY_VERIFY(window_->document().dataInfo() && !hasErrors());
        QCOMPARE(window_->document().dataInfo()->columns.size(), std::size_t{2});
    }

    /// A file that is moved while it is open is missed, and found again with all that was chosen.
    void aMovedFileIsFoundAgain() {
        opensPlants();
        auto& width = find<QCheckBox>("use/width");
        QTest::mouseClick(&width, Qt::LeftButton, {}, QPoint(8, width.height() / 2));
        QTRY_VERIFY(window_->document().dataInfo());
        const auto chosen = ignoredBy(project().data);
        fs::rename(at("plants.csv"), at("moved.csv"));
        window_->showPage(window_->data());
        QPushButton* cure = nullptr;
        QTRY_VERIFY((cure = buttonSaying("Find it…")) != nullptr);
        window_->data().showFaults();
        ModalAnswers answers;
        answers.file(QString::fromStdString(at("moved.csv").string()));
        QTest::mouseClick(cure, Qt::LeftButton);
        QTRY_COMPARE(std::get<std::string>(project().data.params.at("file")),
                     at("moved.csv").string());
        QTRY_VERIFY(window_->document().dataInfo() && !hasErrors());
        QCOMPARE(ignoredBy(project().data), chosen);
        QTRY_VERIFY(buttonSaying("Find it…") == nullptr);
    }

    void aBrokenFileLosesNothing() {
        chooseTemplate(*window_, "perceptron");
        const auto before = project();
        write(at("broken.csv"), "a,b,c\n1,2,3\n4,5\n");
        ModalAnswers answers;
        answers.press(QMessageBox::Ok);
        window_->openFile(QString::fromStdString(at("broken.csv").string()));
        QTRY_VERIFY(answers.isDone());
        QVERIFY(
            answers.asked().join(u' ').contains(QStringLiteral("broken.csv, line 3: 2 fields")));
        QVERIFY(project() == before);
    }

    /// Wherever data are dropped while a project is open, they are shown first.
    void dataDroppedOnAProjectAreShownOnTheDataPage() {
        chooseTemplate(*window_, "perceptron");
        QVERIFY(!window_->data().isVisible());
        const auto before = project();
        for (const auto& path : {plants(), shades()}) {
            drop(path);
            QTRY_VERIFY(window_->data().isVisible());
            const auto preview = [&] { return window_->findChild<DataPreview*>(); };
            QTRY_VERIFY(preview() && preview()->isVisible());
            auto* const use = preview()->findChild<QPushButton*>(QStringLiteral("useData"));
            QTRY_VERIFY_WITH_TIMEOUT(use->isEnabled(), kTrainingPatience);
            QVERIFY(project() == before); // nothing has changed so far
            if (path == plants()) {
                QTest::keyClick(preview(), Qt::Key_Escape);
                QTRY_VERIFY(!preview());
                QVERIFY(project() == before);
                continue;
            }
            QTest::mouseClick(use, Qt::LeftButton);
            QTRY_COMPARE(project().data.dataset, std::string("images"));
        }
        QTRY_VERIFY(!window_->findChild<DataPreview*>());
        window_->document().undoStack().undo();
        QVERIFY(project() == before);
        // A file that cannot be read says why, and changes nothing.
        write(at("short.csv"), "a,b,c\n1,2,3\n4,5\n");
        drop(at("short.csv"));
        QTRY_VERIFY(window_->findChild<DataPreview*>());
        auto* const state =
            window_->findChild<DataPreview*>()->findChild<QLabel*>(QStringLiteral("previewState"));
        QTRY_VERIFY(state->text().contains(QStringLiteral("short.csv, line 3: 2 fields")));
        QVERIFY(project() == before);
        QTest::keyClick(window_->findChild<DataPreview*>(), Qt::Key_Escape);
    }

    void unsavedChangesAreAskedAbout() {
        chooseTemplate(*window_, "perceptron");
        window_->document().perform(QStringLiteral("Name"), {SetTexts{"mine", ""}});
        ModalAnswers answers;
        answers.press(QMessageBox::Cancel);
        window_->openFile(QString::fromStdString(plants().string()));
        QTRY_VERIFY(answers.isDone());
        QVERIFY(answers.asked().join(u' ').contains(QStringLiteral("Save the changes to mine?")));
        QTest::qWait(50);
        QCOMPARE(project().name, std::string("mine"));
        window_->document().undoStack().undo();
    }

    void dataOnTheCommandLineOpens() {
        window_->openBeside(QString::fromStdString(plants().string()));
        QCOMPARE(project().name, std::string("plants"));
        QCOMPARE(MainWindow::all().size(), std::size_t{1});
    }

    void templatesOnTheCommandLineOpen() {
        window_->openBeside(QStringLiteral("template:exclusive-or"));
        QCOMPARE(project().madeFrom, std::string("exclusive-or"));
        QVERIFY(!window_->document().file());
        ModalAnswers answers;
        answers.press(QMessageBox::Ok);
        window_->openFile(QStringLiteral("template:exclusive-orr"));
        QTRY_VERIFY(answers.isDone());
        const auto asked = answers.asked().join(u' ');
        QVERIFY2(asked.contains(QStringLiteral("there is no template \"exclusive-orr\"")),
                 qPrintable(asked));
    }
};

QTEST_MAIN(TestOwnDataWindow)
#include "tst_own_data_window.moc"
