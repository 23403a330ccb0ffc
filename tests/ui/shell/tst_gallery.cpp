// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "ui/shell/challenge_chart.h"
#include "ui/shell/main_window.h"
#include "ui/shell/template_card.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <memory>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

} // namespace

/// The gallery of templates, and several projects in windows of their own.
class TestGallery : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] TemplateCard* card(const std::string& key) const {
        return window_->findChild<TemplateCard*>(QString::fromStdString(key));
    }
    [[nodiscard]] int shownCards() const {
        int shown = 0;
        for (const auto* const each : window_->findChildren<TemplateCard*>())
            shown += each->isVisible() ? 1 : 0;
        return shown;
    }
    /// An action of the Window menu.
    static QAction* windowAction(MainWindow& window, const QString& text) {
        for (QAction* const menu : window.findChild<QMenuBar*>()->actions())
            if (menu->text() == QStringLiteral("&Window")) {
                Q_EMIT menu->menu()->aboutToShow();
                for (QAction* const action : menu->menu()->actions())
                    if (action->text() == text)
                        return action;
            }
        return nullptr;
    }
    static MainWindow* otherThan(const MainWindow& window) {
        for (MainWindow* const each : MainWindow::all())
            if (each != &window)
                return each;
        return nullptr;
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() {
        for (MainWindow* const each : MainWindow::all())
            if (each != window_.get())
                delete each;
        window_.reset();
    }

    void everyTemplateHasACardInItsSection() {
        QCOMPARE(shownCards(), static_cast<int>(templates().size()));
        for (const TemplateInfo& info : templates()) {
            TemplateCard* const found = card(info.key);
            QVERIFY2(found != nullptr, info.key.c_str());
            QTRY_VERIFY_WITH_TIMEOUT(found->summary().has_value(), kPatience);
            QCOMPARE(found->summary()->section.toStdString(), info.section);
            QCOMPARE(found->summary()->tryThis.toStdString(), info.tryThis);
            QVERIFY2(found->summary()->problem.isEmpty(), qPrintable(found->summary()->problem));
            QVERIFY(found->summary()->parameters > 0);
            QVERIFY(!found->summary()->description.isEmpty());
        }
        QCOMPARE(card("lenet-5")->summary()->parameters, std::int64_t{61'706});
    }

    void lookingAtACardTellsWhatToTry() {
        TemplateCard* const lenet = card("lenet-5");
        QTRY_VERIFY_WITH_TIMEOUT(lenet->summary().has_value(), kPatience);
        lenet->setFocus();
        QCOMPARE(window_->findChild<QLabel*>(QStringLiteral("tryThis"))->text(),
                 lenet->summary()->tryThis);
        QTest::keyClick(lenet, Qt::Key_Return);
        QCOMPARE(window_->document().project().name, std::string("LeNet-5"));
        QCOMPARE(window_->document().tip(), lenet->summary()->tryThis);
    }

    void aCardThatIsHalfInSightOpensAtAClick() {
        window_->resize(1100, 700);
        auto* const scroll = window_->findChild<QScrollArea*>(QStringLiteral("templates"));
        QVERIFY(scroll != nullptr);
        // The first one whose lower part is out of sight.
        const auto top = [&](const TemplateCard& each) {
            return each.mapTo(scroll->viewport(), QPoint()).y();
        };
        const int height = scroll->viewport()->height();
        TemplateCard* half = nullptr;
        for (auto* const each : window_->findChildren<TemplateCard*>())
            if (half == nullptr && top(*each) < height - 20 && top(*each) + each->height() > height)
                half = each;
        if (half == nullptr) { // none by chance: make it so
            auto* const some = card("lenet-5");
            scroll->verticalScrollBar()->setValue(scroll->verticalScrollBar()->value() +
                                                  top(*some) - height + some->height() / 2);
            half = some;
        }
        const int before = scroll->verticalScrollBar()->value();
        QTest::mousePress(half, Qt::LeftButton, {}, QPoint(20, 10));
        QCOMPARE(scroll->verticalScrollBar()->value(), before);
        QTest::mouseRelease(half, Qt::LeftButton, {}, QPoint(20, 10));
        QVERIFY(!window_->document().project().network.main.nodes().empty());
    }

    void cardsReachedByKeyComeIntoSight() {
        window_->resize(1100, 700);
        auto* const scroll = window_->findChild<QScrollArea*>(QStringLiteral("templates"));
        QVERIFY(scroll != nullptr);
        QCOMPARE(scroll->verticalScrollBar()->value(), 0);
        window_->findChildren<TemplateCard*>().back()->setFocus(Qt::TabFocusReason);
        QVERIFY(scroll->verticalScrollBar()->value() > 0);
    }

    void pointsOfTheChallengeOpenTheirTemplates() {
        window_->resize(1100, 700);
        auto* const chart = window_->findChild<ChallengeChart*>(QStringLiteral("challengeChart"));
        QVERIFY(chart != nullptr && chart->isVisible());
        const auto& points = chart->points();
        QCOMPARE(points.size(), challengeEntries().size());
        // Later ones lie further right and, with smaller errors, further down; deeper ones are
        // larger.
        for (std::size_t i = 1; i < points.size(); ++i) {
            QVERIFY(points[i]->geometry().center().x() > points[i - 1]->geometry().center().x());
            QVERIFY(points[i]->geometry().center().y() > points[i - 1]->geometry().center().y());
            QVERIFY(points[i]->radius() >= points[i - 1]->radius());
            QVERIFY(points[i]->width() >= 24);
        }
        // By keys alone: the arrows lead on, the side tells what is looked at, Enter opens.
        TemplateCard* const resnet = card("resnet-152");
        QTRY_VERIFY_WITH_TIMEOUT(resnet->summary().has_value(), kPatience);
        points.front()->setFocus(Qt::TabFocusReason);
        for (int i = 0; i < 4; ++i)
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Right);
        QCOMPARE(QApplication::focusWidget(), static_cast<QWidget*>(points[4]));
        QTRY_VERIFY(points[4]->toolTip().contains(QStringLiteral("60,192,808 parameters")));
        QVERIFY(points[4]->accessibleName().contains(QStringLiteral("152 layers")));
        QCOMPARE(window_->findChild<QLabel*>(QStringLiteral("tryThis"))->text(),
                 resnet->summary()->tryThis);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QCOMPARE(window_->document().project().name, openTemplate("resnet-152").name);
    }

    void aPointOfTheChallengeIsClicked() {
        auto* const chart = window_->findChild<ChallengeChart*>(QStringLiteral("challengeChart"));
        auto* const scroll = window_->findChild<QScrollArea*>(QStringLiteral("templates"));
        auto* const point = chart->points()[2];
        scroll->ensureWidgetVisible(point);
        QTest::mouseClick(point, Qt::LeftButton);
        QCOMPARE(window_->document().project().name, openTemplate("vgg-19").name);
    }

    void whoSearchesSeesNoChallenge() {
        auto* const search = window_->findChild<QLineEdit*>(QStringLiteral("searchTemplates"));
        auto* const chart = window_->findChild<ChallengeChart*>(QStringLiteral("challengeChart"));
        QTest::keyClicks(search, QStringLiteral("resnet"));
        QVERIFY(!chart->isVisible());
        search->clear();
        QVERIFY(chart->isVisible());
    }

    void templatesAreSearched() {
        for (const auto* const each : window_->findChildren<TemplateCard*>())
            QTRY_VERIFY_WITH_TIMEOUT(each->summary().has_value(), kPatience);
        auto* const search = window_->findChild<QLineEdit*>(QStringLiteral("searchTemplates"));
        search->setFocus();
        QTest::keyClicks(search, QStringLiteral("spiral"));
        QVERIFY(card("two-spirals")->isVisible());
        QVERIFY(!card("lenet-5")->isVisible());
        QVERIFY(shownCards() < static_cast<int>(templates().size()) / 2);
        search->clear();
        QTest::keyClicks(search, QStringLiteral("no such network"));
        QCOMPARE(shownCards(), 0);
        search->clear();
        QCOMPARE(shownCards(), static_cast<int>(templates().size()));
    }

    void searchingLeadsToTheFirstHit() {
        for (const auto* const each : window_->findChildren<TemplateCard*>())
            QTRY_VERIFY_WITH_TIMEOUT(each->summary().has_value(), kPatience);
        auto* const search = window_->findChild<QLineEdit*>(QStringLiteral("searchTemplates"));
        auto* const tip = window_->findChild<QLabel*>(QStringLiteral("tryThis"));
        card("lenet-5")->setFocus();
        search->setFocus();
        QTest::keyClicks(search, QStringLiteral("spiral"));
        // The card at the side is about a hit, not about what was looked at before.
        QCOMPARE(tip->text(), card("two-spirals")->summary()->tryThis);
        QTest::keyClick(search, Qt::Key_Down);
        QVERIFY(card("two-spirals")->hasFocus());
        search->setFocus();
        search->clear();
        QTest::keyClick(search, Qt::Key_Return); // nothing is looked for
        QVERIFY(window_->document().project().network.main.nodes().empty());
        QTest::keyClicks(search, QStringLiteral("spiral"));
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(window_->document().project().madeFrom, std::string("two-spirals"));
    }

    void escapeLeavesTheGallery() {
        auto* const search = window_->findChild<QLineEdit*>(QStringLiteral("searchTemplates"));
        search->setFocus();
        QTest::keyClick(search, Qt::Key_Escape);
        QVERIFY(search->isVisible()); // there is nothing to go back to
        QTest::keyClick(card("perceptron"), Qt::Key_Return);
        QVERIFY(!search->isVisible());
        window_->showGallery();
        search->setFocus();
        QTest::keyClicks(search, QStringLiteral("vgg"));
        QTest::keyClick(search, Qt::Key_Escape);
        QVERIFY(search->text().isEmpty() && search->isVisible());
        QTest::keyClicks(search, QStringLiteral("vgg"));
        QTest::keyClick(card("vgg-16"), Qt::Key_Escape);
        QTest::keyClick(card("vgg-16"), Qt::Key_Escape);
        QVERIFY(!search->isVisible());
        window_->showGallery();
        QVERIFY(search->text().isEmpty());
    }

    void aFileOpensInTheWindowThatHasItAlready() {
        const std::string file = folder_.filePath(QStringLiteral("one.gradwright")).toStdString();
        saveProject(file, test::smallProject());
        const QString name = QString::fromStdString(file);
        window_->openFile(name);
        QVERIFY(window_->document().file().has_value());
        windowAction(*window_, QStringLiteral("New window"))->trigger();
        QCOMPARE(MainWindow::all().size(), std::size_t{2});
        MainWindow& second = *otherThan(*window_);
        QVERIFY(!second.document().file().has_value());
        second.openFile(name);
        QVERIFY(!second.document().file().has_value()); // the first one came to the front instead
        QVERIFY(windowAction(second, QStringLiteral("one")) != nullptr);
        second.close();
        QTRY_COMPARE(MainWindow::all().size(), std::size_t{1});
    }

    /// The gallery is left to be searched, wherever the keyboard was.
    void newFromTemplateBeginsASearch() {
        window_->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
        QTRY_VERIFY_WITH_TIMEOUT(card("two-spirals")->summary().has_value(), kPatience);
        TemplateCard* const other = card("lenet-5");
        other->setFocus();
        QTest::keyClick(other, Qt::Key_N, Qt::ControlModifier);
        auto* const typed = qobject_cast<QLineEdit*>(QApplication::focusWidget());
        QVERIFY(typed != nullptr);
        QTest::keyClicks(typed, QStringLiteral("spiral"));
        QTest::keyClick(typed, Qt::Key_Return);
        QTRY_COMPARE(window_->document().project().name, std::string("Two spirals"));
    }

    void oneWindowTrainsAtATime() {
        Project project = test::smallProject(2000, 0.1);
        test::set(project, "epochs", std::int64_t{100'000});
        window_->document().openUnsaved(project);
        window_->training().start();
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().currentStep() > 5, kPatience);
        MainWindow& second = window_->openWindow();
        project.uuid = newProject().uuid;
        second.document().openUnsaved(project);
        second.training().start();
        QCOMPARE(second.session().state(), TrainingState::Queued);
        QCOMPARE(second.findChild<QPushButton*>(QStringLiteral("train"))->text(),
                 QStringLiteral("Waiting"));
        // Why nothing moves can be read.
        second.showPage(second.training());
        second.resize(1380, 860);
        const QLabel* waiting = nullptr;
        for (const auto* const label : second.training().findChildren<QLabel*>())
            if (label->text().startsWith(QStringLiteral("Waiting for")))
                waiting = label;
        QVERIFY(waiting != nullptr);
        QTRY_VERIFY2(waiting->isVisible() && waiting->width() >= waiting->sizeHint().width(),
                     qPrintable(QStringLiteral("%1 of %2 px")
                                    .arg(waiting->width())
                                    .arg(waiting->sizeHint().width())));
        // Taken out of the queue, and put in again.
        second.training().stop();
        QCOMPARE(second.session().state(), TrainingState::Stopped);
        second.training().start();
        QCOMPARE(second.session().state(), TrainingState::Queued);
        window_->training().stop();
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Stopped, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(second.session().currentStep() > 0, kPatience);
        second.training().stop();
        QTRY_VERIFY_WITH_TIMEOUT(!second.session().isActive(), kPatience);
    }
};

QTEST_MAIN(TestGallery)
#include "tst_gallery.moc"
