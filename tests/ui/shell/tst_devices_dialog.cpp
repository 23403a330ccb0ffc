// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "ui/devices/devices_dialog.h"
#include "ui/devices/network_panel.h"
#include "ui/devices/rate_bars.h"
#include "ui/devices/roofline_view.h"
#include "ui/shell/device_chip.h"
#include "ui/shell/main_window.h"

#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QSettings>
#include <QTabBar>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <memory>

using namespace gradwright;

namespace {

constexpr int kPatience = 180'000; // ms: the machine may be busy

template <class W>
W* withText(const QWidget& parent, const QString& text) {
    for (W* const widget : parent.findChildren<W*>())
        if (widget->text() == text)
            return widget;
    return nullptr;
}

/// Presses the entry of an open menu that begins so.
void pressEntry(QMenu& menu, const QString& begin) {
    for (QAction* const action : menu.actions())
        if (action->text().startsWith(begin))
            return QTest::mouseClick(&menu, Qt::LeftButton, {},
                                     menu.actionGeometry(action).center());
    QFAIL(qPrintable(begin));
}

QString cell(const DevicesTable& table, int row, int column) {
    const auto* const item = table.item(row, column);
    return item ? item->text() : QString();
}

int rowOf(const DevicesTable& table, const QString& name) {
    for (int row = 0; row < table.rowCount(); ++row)
        if (cell(table, row, 0) == name)
            return row;
    return -1;
}

} // namespace

/// The dialog of the devices in the real window, on the stand-in for a GPU.
class DevicesDialogTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    DevicesDialog* dialog() { return window_->findChild<DevicesDialog*>(); }
    DevicesTable& table() { return *dialog()->findChild<DevicesTable*>(); }
    QString state() { return dialog()->findChild<QLabel*>(QStringLiteral("state"))->text(); }
    void shoot(const char* name) {
        const QString folder = qEnvironmentVariable("GRADWRIGHT_SHOTS");
        if (!folder.isEmpty())
            dialog()->grab().save(folder + QStringLiteral("/%1.png").arg(QLatin1String(name)));
    }
    void press(const QString& button) {
        QTest::mouseClick(withText<QPushButton>(*dialog(), button), Qt::LeftButton);
    }
    void openFromMenu() {
        auto* const bar = window_->findChild<QMenuBar*>();
        const auto actions = bar->actions();
        const auto run = std::ranges::find(actions, QStringLiteral("&Run"), &QAction::text);
        QVERIFY(run != actions.end());
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(*run).center());
        QTRY_VERIFY((*run)->menu()->isVisible());
        pressEntry(*(*run)->menu(), QStringLiteral("Devices…"));
        QTRY_VERIFY(dialog() && dialog()->isVisible());
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("GRADWRIGHT_WORKER", GRADWRIGHT_STANDIN_WORKER);
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void cleanupTestCase() { qunsetenv("GRADWRIGHT_WORKER"); }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(1280, 800);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void theChipOpensIt() {
        auto* const chip = window_->findChild<DeviceChip*>();
        QTimer::singleShot(300, chip,
                           [chip] { pressEntry(*chip->menu(), QStringLiteral("All devices")); });
        QTest::mouseClick(chip, Qt::LeftButton); // returns when its menu is closed
        QTRY_VERIFY(dialog() && dialog()->isVisible());
        // A second time brings the same one to the front.
        openFromMenu();
        QCOMPARE(window_->findChildren<DevicesDialog*>().size(), 1);
    }

    void devicesAndCardsHaveTheirPeaks() {
        openFromMenu();
        QTRY_VERIFY_WITH_TIMEOUT(rowOf(table(), QStringLiteral("stand-in")) >= 0, kPatience);
        const int gpu = rowOf(table(), QStringLiteral("stand-in"));
        QCOMPARE(gpu, 1); // below the processor
        const int bandwidth = DevicesTable::columnOf(RateFormat::I8) + 1;
        QCOMPARE(cell(table(), gpu, bandwidth), QStringLiteral("64.0 GB/s")); // 2 · 1e9 · 256 / 8
        QVERIFY(table().item(gpu, bandwidth)->toolTip().contains(QStringLiteral("256 bits")));
        const int a100 = rowOf(table(), QStringLiteral("A100 SXM 80 GB"));
        QCOMPARE(cell(table(), a100, DevicesTable::columnOf(RateFormat::Bf16)),
                 QStringLiteral("312 TFLOP/s"));
        QCOMPARE(cell(table(), a100, bandwidth + 1), QStringLiteral("600 GB/s"));
        QVERIFY(
            table().item(a100, bandwidth + 1)->toolTip().contains(QStringLiteral("data sheet")));
        const int t4 = rowOf(table(), QStringLiteral("T4"));
        QCOMPARE(cell(table(), t4, DevicesTable::columnOf(RateFormat::F64)), QStringLiteral("—"));
        QCOMPARE(table().rowCount(), 2 + 5);
    }

    void measuringFillsTableAndBars() {
        openFromMenu();
        QTRY_VERIFY_WITH_TIMEOUT(rowOf(table(), QStringLiteral("stand-in")) >= 0, kPatience);
        press(QStringLiteral("Measure"));
        QVERIFY(!withText<QPushButton>(*dialog(), QStringLiteral("Measure"))->isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(state(), QStringLiteral("Measured."), kPatience);
        shoot("devices");
        QCOMPARE(cell(table(), 1, 0).trimmed(), QStringLiteral("measured"));
        QVERIFY(cell(table(), 1, DevicesTable::columnOf(RateFormat::F32))
                    .endsWith(QStringLiteral("FLOP/s")));
        const int gpu = rowOf(table(), QStringLiteral("stand-in")) + 1;
        QVERIFY(cell(table(), gpu, DevicesTable::columnOf(RateFormat::I8) + 2)
                    .contains(QStringLiteral(" in, ")));
        int measured = 0;
        for (RateBars* const bars : dialog()->findChildren<RateBars*>())
            measured += static_cast<int>(std::ranges::count_if(
                bars->bars(), [](const RateBar& bar) { return bar.measured > 0; }));
        QVERIFY(measured >= 6); // FP64, FP32, BF16 and memory here, FP32 and memory there
    }

    void checkingComparesWithTheReference() {
        openFromMenu();
        auto* const device = dialog()->findChild<QComboBox*>();
        QTRY_COMPARE_WITH_TIMEOUT(device->count(), 2, kPatience);
        QCOMPARE(device->currentData().toString(), QStringLiteral("cpu"));
        press(QStringLiteral("Check"));
        QTRY_VERIFY_WITH_TIMEOUT(state().endsWith(QStringLiteral("agree with the FP64 reference.")),
                                 kPatience);
    }

    void closingEndsAMeasurement() {
        openFromMenu();
        press(QStringLiteral("Measure"));
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(!dialog(), kPatience);
    }

    /// Rates a power of ten apart are equally far apart; the ends are powers of ten.
    void theAxisIsLogarithmic() {
        RateBars bars(*themes_, [](double rate) { return QString::number(rate); });
        bars.setBars({{QStringLiteral("a"), QStringLiteral("x"), 3e9, 0},
                      {QStringLiteral("a"), QStringLiteral("y"), 0, 0},
                      {QStringLiteral("b"), QStringLiteral("x"), 2e12, 4e11}});
        QCOMPARE(bars.bars().size(), std::size_t{2}); // what is unknown is left out
        QCOMPARE(bars.position(1e9), 0.0);
        QCOMPARE(bars.position(1e13), 1.0);
        QVERIFY(qAbs(bars.position(1e11) - bars.position(1e10) - 0.25) < 1e-12);
        QVERIFY(bars.accessibleDescription().contains(QStringLiteral("20 %")));
    }

    /// Under roofs of 100 operations and 10 bytes a second.
    void layersAreNamedUnderTheRoof() {
        NetworkSpeed speed;
        speed.product.perSecond = 100;
        speed.memory.perSecond = 10;
        speed.measured = 157;
        ProgramReport report;
        const auto add = [&](const char* path, std::int64_t operations, std::size_t bytes) {
            auto& op = report.ops.emplace_back();
            op.path = path;
            op.operations = operations;
            op.bytes = bytes;
        };
        add("conv", 6000, 200);
        add("relu", 80, 200);
        add("copy", 0, 10);
        speed.layers = layerSpeeds(report, 100, 10);
        RooflineView view(*themes_);
        view.resize(640, 320);
        view.setSpeed(speed);
        const auto conv = view.pointOf(0);
        const auto relu = view.pointOf(1);
        QVERIFY(conv && relu && !view.pointOf(2));
        QVERIFY(conv->x() > relu->x() && conv->y() < relu->y()); // more a byte, and faster
        QCOMPARE(view.layerAt(*conv + QPointF(3, 2)), std::optional(std::size_t{0}));
        QCOMPARE(view.layerAt(*relu), std::optional(std::size_t{1}));
        QVERIFY(!view.layerAt(QPointF(1, 1)));
        QVERIFY(view.tip(0).contains(QStringLiteral("(100 % of the peak), bound by arithmetic")));
        QVERIFY(view.tip(1).contains(QStringLiteral("(4 % of the peak), bound by memory")));
    }

    void theNetworkIsComparedWithThePeak() {
        QTest::mouseClick(window_->findChild<QAbstractButton*>(QStringLiteral("lenet-5")),
                          Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(window_->document().dataInfo(), kPatience);
        openFromMenu();
        auto* const tabs = dialog()->findChild<QTabBar*>();
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
        auto* const panel = dialog()->findChild<NetworkPanel*>();
        QTRY_VERIFY(panel->isVisible());
        auto* const compare =
            withText<QPushButton>(*panel, QStringLiteral("Compare with the peak"));
        QTRY_VERIFY_WITH_TIMEOUT(compare->isEnabled(), kPatience);
        QTest::mouseClick(compare, Qt::LeftButton);
        QVERIFY(!compare->isEnabled());
        auto* const layers = panel->findChild<QTableWidget*>();
        QTRY_VERIFY_WITH_TIMEOUT(layers->rowCount() > 0, kPatience);
        shoot("network-speed");
        QCOMPARE(layers->item(0, 0)->text(), QStringLiteral("conv1"));
        QVERIFY(panel->findChild<QLabel*>(QStringLiteral("speed"))
                    ->text()
                    .contains(QStringLiteral("% of the peak of")));
        QVERIFY(panel->findChild<RooflineView*>()->accessibleDescription().contains(
            QStringLiteral("conv1: ")));
    }

    /// Once for a version of the driver.
    void aNewDriverIsOffered() {
        const QString key = QStringLiteral("devices/offeredDriver");
        QSettings().remove(key);
        window_->session().gpus().find();
        QTRY_VERIFY_WITH_TIMEOUT(window_->session().gpus().result(), kPatience);
        auto* const show = withText<QPushButton>(*window_, QStringLiteral("Show devices"));
        QVERIFY(show && show->isVisible());
        QVERIFY(QSettings().value(key).toInt() > 0);
        QTest::mouseClick(show, Qt::LeftButton);
        QTRY_VERIFY(dialog() && dialog()->isVisible());

        MainWindow other(*themes_);
        other.show();
        other.session().gpus().find();
        QTRY_VERIFY_WITH_TIMEOUT(other.session().gpus().result(), kPatience);
        auto* const again = withText<QPushButton>(other, QStringLiteral("Show devices"));
        QVERIFY(!again || !again->isVisible());
    }
};

QTEST_MAIN(DevicesDialogTest)
#include "tst_devices_dialog.moc"
