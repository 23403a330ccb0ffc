// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/spoken_faults.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/design/design_page.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/report/find_bar.h"

#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QTemporaryDir>

using namespace gradwright;
using test::faults;
using test::find;

/// What assistive technology is told of each page, without a connection to any.
class TestAccessibleTree : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    void showPage(int page) {
        test::pressKey(*window_, static_cast<Qt::Key>(Qt::Key_0 + page), Qt::ControlModifier);
        QTest::qWait(50);
    }
    [[nodiscard]] QString report() const { return faults(*window_).join(u'\n'); }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->setWindowState(Qt::WindowNoState); // not of the size of the platform's screen
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aFaultIsFound() {
        QWidget broken;
        auto* const button = new QPushButton(&broken);
        auto* const label = new QLabel(QStringLiteral("Loss"), &broken);
        label->setToolTip(QStringLiteral("<qt>What training <i>minimizes</i></qt>"));
        broken.show();
        QCOMPARE(faults(broken).size(), 2);
        button->setAccessibleName(QStringLiteral("Start"));
        setHelp(*label, label->toolTip());
        QCOMPARE(label->accessibleDescription(), QStringLiteral("What training minimizes"));
        QVERIFY(faults(broken).isEmpty());
    }

    void theGallery() { QCOMPARE(report(), QString()); }

    void theDesignPage() {
        test::chooseTemplate(*window_, "lenet-5");
        QCOMPARE(report(), QString());
        // With a layer's parameters and pictures.
        const Graph& graph = window_->document().project().network.main;
        for (const char* const name : {"conv1", "pool1", "dense1"}) {
            window_->design().scene().selectNodes({graph.findByName(name)->id});
            QCOMPARE(report(), QString());
        }
        QVERIFY(find(window_->design(), QStringLiteral("Parameters: 48,120")) != nullptr);
        window_->design().finder().open();
        QCOMPARE(report(), QString());
    }

    void theOtherPages() {
        test::chooseTemplate(*window_, "two-spirals");
        showPage(2);
        QTRY_VERIFY_WITH_TIMEOUT(window_->data().review().parts(), test::kTrainingPatience);
        QCOMPARE(report(), QString());
        showPage(3);
        QCOMPARE(report(), QString());
        // A box has the name of its label and of what is chosen.
        QVERIFY(find(window_->training(), QStringLiteral("Method: Adam")) != nullptr);
        QAccessibleInterface* const loss = find(window_->training(), QStringLiteral("Loss"));
        QVERIFY(loss != nullptr);
        showPage(4);
        QCOMPARE(report(), QString());
    }

    /// After a training each page has more to tell, and still tells it at once.
    void trainedPages_data() {
        QTest::addColumn<QString>("key");
        for (const char* const key : {"lenet-5", "two-spirals", "weather"})
            QTest::newRow(key) << key; // images, points, rows of a table
    }
    void trainedPages() {
        QFETCH(const QString, key);
        test::chooseTemplate(*window_, qPrintable(key));
        DataChoice data = window_->document().project().data;
        data.limit = 400;
        window_->document().perform(QStringLiteral("Limit"), {SetData{data}});
        TrainingSettings settings = window_->document().project().training;
        settings.params["epochs"] = std::int64_t{2};
        window_->document().perform(QStringLiteral("Epochs"), {SetTraining{settings}});
        for (int run = 1; run <= 2; ++run) {
            test::pressKey(*window_, Qt::Key_F5);
            QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                      test::kTrainingPatience);
            QTRY_COMPARE_WITH_TIMEOUT(window_->training().runs().runs().size(),
                                      static_cast<std::size_t>(run), test::kTrainingPatience);
        }
        QCOMPARE(report(), QString());
        showPage(4);
        QTRY_VERIFY_WITH_TIMEOUT(window_->inference().evaluation().report() != nullptr,
                                 test::kTrainingPatience);
        QCOMPARE(report(), QString());
    }

    void anItemIsSelectedAndEditedByActions() {
        test::chooseTemplate(*window_, "lenet-5");
        auto& page = window_->design();
        QAccessibleInterface* const pool = find(page.view(), QStringLiteral("pool1,"));
        QAccessibleInterface* const link = find(page.view(), QStringLiteral("Link from conv1 to"));
        QVERIFY(pool != nullptr && link != nullptr);
        pool->actionInterface()->doAction(QAccessibleActionInterface::setFocusAction());
        QVERIFY(pool->state().selected && pool->state().focused);
        link->actionInterface()->doAction(QAccessibleActionInterface::toggleAction());
        QVERIFY(link->state().selected && pool->state().selected);
        link->actionInterface()->doAction(QAccessibleActionInterface::setFocusAction());
        QVERIFY(link->state().selected && !pool->state().selected);
        // Editing goes to the first field of the inspector.
        pool->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        QVERIFY(pool->state().selected);
        QVERIFY(page.inspector().isAncestorOf(QApplication::focusWidget()));
    }

    void boxesNameLabelAndChoice() {
        QComboBox box;
        box.addItems({QStringLiteral("Adam"), QStringLiteral("Lion")});
        QAccessibleInterface* const told = QAccessible::queryAccessibleInterface(&box);
        QCOMPARE(told->role(), QAccessible::ComboBox);
        QCOMPARE(told->text(QAccessible::Name), QStringLiteral("Adam"));
        box.setAccessibleName(QStringLiteral("Method"));
        box.setCurrentIndex(1);
        QCOMPARE(told->text(QAccessible::Name), QStringLiteral("Method: Lion"));
        QCOMPARE(told->text(QAccessible::Value), QStringLiteral("Lion"));
        QCOMPARE(told->childCount(), 1);
        QCOMPARE(told->child(0)->text(QAccessible::Name), QStringLiteral("Method"));
        QCOMPARE(told->indexOfChild(told->child(0)), 0);
    }
};

QTEST_MAIN(TestAccessibleTree)
#include "tst_accessible_tree.moc"
