// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/training/train_bench.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QTest>

using namespace gradwright;
using test::kPatience;

/// The learning rate of a run that is stopped and resumed.
class TrainRateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theRateInTheFieldIsTheOneThatARunIsResumedWith_data() {
        QTest::addColumn<QByteArray>("entered");
        QTest::addColumn<double>("resumed");
        QTest::newRow("left alone: the one that it had") << QByteArray() << 0.003;
        QTest::newRow("another one") << QByteArray("0.01") << 0.01;
    }
    void theRateInTheFieldIsTheOneThatARunIsResumedWith() {
        QFETCH(const QByteArray, entered);
        QFETCH(const double, resumed);
        auto project = test::smallProject(16'000, 0.02);
        test::set(project, "epochs", std::int64_t{40});
        test::set(project, "learning_rate", 0.03);
        test::TrainBench bench(theme_, project);
        auto* const field = bench.page->findChild<QLineEdit*>(QStringLiteral("learning_rate"));
        QVERIFY(field);
        const auto enter = [&](const char* text) {
            field->setFocus();
            field->selectAll();
            QTest::keyClicks(field, QString::fromLatin1(text));
            QTest::keyClick(field, Qt::Key_Return);
        };
        bench.click("start");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 5, kPatience);
        enter("0.003");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.learningRate(), 0.003, kPatience);
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
        // The field is the project's again.
        QCOMPARE(field->text().toDouble(), 0.03);
        QTRY_VERIFY_WITH_TIMEOUT(bench.button("pause")->isEnabled(), kPatience);
        // So what the run will take is told below it, until a rate is entered for it.
        auto* const note = bench.page->findChild<QLabel*>(QStringLiteral("resumeRateNote"));
        QTRY_VERIFY_WITH_TIMEOUT(note->isVisible(), kPatience);
        QVERIFY2(note->text().contains(QStringLiteral("0.003,")), qPrintable(note->text()));
        if (!entered.isEmpty()) {
            enter(entered);
            QTRY_VERIFY(!note->isVisible());
        }
        bench.click("pause"); // says "Resume" now
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Running, kPatience);
        QCOMPARE(bench.session.learningRate(), resumed);
        QCOMPARE(field->text().toDouble(), resumed);
        QVERIFY(!note->isVisible());
        QCOMPARE(bench.document.project().training.learningRate(), entered.isEmpty() ? 0.03 : 0.01);
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
    }

private:
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(TrainRateTest)
#include "tst_train_rate.moc"
