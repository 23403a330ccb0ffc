// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/session/gpu_finder.h"
#include "ui/shell/device_chip.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QMenu>
#include <QTest>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

QAction* actionOf(const DeviceChip& chip, const QString& text) {
    for (QAction* const action : chip.menu()->actions())
        if (action->text() == text)
            return action;
    return nullptr;
}

/// A chip whose worker finds what these arguments say.
struct ChipBench {
    explicit ChipBench(ThemeManager& themes, std::vector<std::string> arguments = {})
        : document(folder / "autosave")
        , chip(document, themes) {
        gpus.setProgram({GRADWRIGHT_STANDIN_WORKER, std::move(arguments)});
        chip.setGpus(gpus);
    }

    /// Opens the menu, once before the GPUs are known and once after.
    void openMenu() {
        Q_EMIT chip.menu()->aboutToShow();
        QVERIFY(gpus.result() || actionOf(chip, QStringLiteral("Looking for GPUs…")));
        QTRY_VERIFY_WITH_TIMEOUT(gpus.result(), kPatience);
        Q_EMIT chip.menu()->aboutToShow();
    }

    test::TemporaryFolder folder;
    ProjectDocument document;
    GpuFinder gpus;
    DeviceChip chip;
};

} // namespace

class DeviceChipTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Nothing is looked for before the menu is opened.
    void aGpuIsChosenAndLeft() {
        ChipBench bench(themes_);
        QTest::qWait(50);
        QVERIFY(!bench.gpus.result());
        bench.openMenu();
        QAction* gpu = actionOf(bench.chip, QStringLiteral("stand-in"));
        QVERIFY(gpu && gpu->isEnabled() && !gpu->isChecked());
        QVERIFY(actionOf(bench.chip, QStringLiteral("CPU"))->isChecked());
        gpu->trigger();
        QCOMPARE(bench.document.project().training.target().device, std::string("cuda:0"));
        QCOMPARE(bench.chip.text(), QStringLiteral("GPU · stand-in"));
        QCOMPARE(bench.chip.accessibleName(), QStringLiteral("Device: GPU · stand-in"));
        bench.openMenu();
        QVERIFY(actionOf(bench.chip, QStringLiteral("stand-in"))->isChecked());
        actionOf(bench.chip, QStringLiteral("CPU"))->trigger();
        QVERIFY(bench.chip.text().startsWith(QStringLiteral("CPU · oneDNN")));
    }

    /// Who shares a training is told in place of the threads of one process.
    void severalProcessesAreCounted() {
        ChipBench bench(themes_);
        auto settings = bench.document.project().training;
        settings.params["where"] = std::string("processes");
        settings.params["processes"] = std::int64_t{3};
        bench.document.perform(QStringLiteral("where"), {SetTraining{settings}});
        QCOMPARE(bench.chip.text(), QString::fromUtf8("CPU · oneDNN · 3 processes"));
        bench.chip.setLoad(ComputeLoad{.threads = 1, .othersBusy = 2});
        QCOMPARE(bench.chip.text(), QString::fromUtf8("CPU · oneDNN · 3 processes"));
        bench.document.undoStack().undo();
        QVERIFY(!bench.chip.text().contains(QStringLiteral("processes")));
    }

    /// A GPU that is not here keeps its key: the project is not changed by looking.
    void aGpuThatIsNotHereIsNamed() {
        ChipBench bench(themes_);
        auto settings = bench.document.project().training;
        settings.params["device"] = std::string("cuda:7");
        bench.document.perform(QStringLiteral("device"), {SetTraining{settings}});
        bench.openMenu();
        QCOMPARE(bench.chip.text(), QStringLiteral("GPU · cuda:7"));
        QVERIFY(!actionOf(bench.chip, QStringLiteral("stand-in"))->isChecked());
    }

    void whatCannotBeUsedSaysWhy() {
        const QString why = QStringLiteral("this program was built without code for GPUs");
        ChipBench unusable(themes_, {"--unusable", why.toStdString()});
        unusable.openMenu();
        const QAction* gpu = actionOf(unusable.chip, QStringLiteral("stand-in: %1").arg(why));
        QVERIFY(gpu && !gpu->isEnabled());
        ChipBench none(themes_, {"--none", "no NVIDIA driver is installed"});
        none.openMenu();
        const QAction* reason =
            actionOf(none.chip, QStringLiteral("No GPU: no NVIDIA driver is installed"));
        QVERIFY(reason && !reason->isEnabled());
    }

private:
    ThemeManager themes_{*qApp};
};

QTEST_MAIN(DeviceChipTest)
#include "tst_device_chip.moc"
