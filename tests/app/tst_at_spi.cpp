// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/at_spi.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <set>

using namespace gradwright::test;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

} // namespace

/// The window over a real AT-SPI connection, as a screen reader has it.
class TestAtSpi : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    AtSpiDesktop desktop_;
    std::optional<AtSpiElement> window_;

    /// LeNet-5 on a part of MNIST, for so many epochs that it trains until it is stopped.
    QString writeProject() {
        QFile read(QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/templates/lenet-5.gradwright"));
        if (!read.open(QIODevice::ReadOnly))
            return {};
        QJsonObject project = QJsonDocument::fromJson(read.readAll()).object();
        QJsonObject data = project[QStringLiteral("data")].toObject();
        data[QStringLiteral("limit")] = 1000;
        project[QStringLiteral("data")] = data;
        QJsonObject training = project[QStringLiteral("training")].toObject();
        QJsonObject params = training[QStringLiteral("params")].toObject();
        params[QStringLiteral("epochs")] = 1000;
        params[QStringLiteral("threads")] = 1; // the window needs one, too
        training[QStringLiteral("params")] = params;
        project[QStringLiteral("training")] = training;
        QFile written(folder_.filePath(QStringLiteral("lenet.gradwright")));
        if (!written.open(QIODevice::WriteOnly))
            return {};
        written.write(QJsonDocument(project).toJson());
        return written.fileName();
    }

    [[nodiscard]] std::optional<AtSpiElement> named(const QString& role,
                                                    const QString& name) const {
        return window_->findShown([&](const AtSpiElement& element) {
            return element.name() == name && element.role() == role;
        });
    }
    /// Presses what is shown under that name; a button that stays down is toggled.
    [[nodiscard]] bool press(const QString& name) const {
        QString action;
        const auto found = window_->findShown([&](const AtSpiElement& element) {
            if (element.name() != name)
                return false;
            for (const QString& each : element.actions())
                if (each == QStringLiteral("Press") || each == QStringLiteral("Toggle"))
                    action = each;
            return !action.isEmpty();
        });
        return found && found->act(action);
    }
    /// A command of the menus, which need not be open.
    [[nodiscard]] bool command(const QString& name) const {
        const auto item = window_->find([&](const AtSpiElement& element) {
            return element.role() == QStringLiteral("menu item") && element.name().startsWith(name);
        });
        return item && item->act(QStringLiteral("Press"));
    }
    [[nodiscard]] std::optional<AtSpiElement> canvasItem(const QString& beginning) const {
        const auto canvas = named(QStringLiteral("list"), QStringLiteral("Network canvas"));
        if (!canvas)
            return {};
        for (const AtSpiElement& item : canvas->children())
            if (item.name().startsWith(beginning))
                return item;
        return {};
    }

private Q_SLOTS:
    void initTestCase() {
        const QString missing = desktop_.start();
        if (!missing.isEmpty())
            QSKIP(qPrintable(QStringLiteral("there is no %1 here").arg(missing)));
        const QString project = writeProject();
        QVERIFY(!project.isEmpty());
        window_ = desktop_.run(QStringLiteral(GRADWRIGHT_PROGRAM), {project});
        QVERIFY2(window_, "the program has not registered with AT-SPI");
        QTRY_VERIFY_WITH_TIMEOUT(canvasItem(QStringLiteral("conv1,")), kPatience);
    }

    void theCanvasListsLayersAndLinks() {
        const auto canvas = named(QStringLiteral("list"), QStringLiteral("Network canvas"));
        QVERIFY(canvas);
        std::set<QString> names;
        for (const AtSpiElement& item : canvas->children()) {
            names.insert(item.name());
            QCOMPARE(item.role(), QStringLiteral("list item"));
        }
        QCOMPARE(names.size(), std::size_t{11 + 10}); // LeNet-5's layers and links
        QVERIFY(names.contains(QStringLiteral("Link from conv1 to pool1")));
        const auto conv = canvasItem(QStringLiteral("conv1,"));
        QVERIFY(conv);
        QVERIFY2(conv->description().contains(QStringLiteral("Shape 6")),
                 qPrintable(conv->description()));
        QVERIFY2(conv->description().contains(QStringLiteral("Feeds pool1")),
                 qPrintable(conv->description()));
        const auto link = canvasItem(QStringLiteral("Link from conv1 to pool1"));
        QVERIFY(link && link->description().contains(QStringLiteral("Shape 6")));
    }

    void aLayerIsSelectedAndItsParametersAreRead() {
        const auto conv = canvasItem(QStringLiteral("conv2,"));
        QVERIFY(conv);
        QVERIFY(!conv->hasState(AtSpiElement::kSelected));
        QVERIFY(conv->act(QStringLiteral("SetFocus")));
        QTRY_VERIFY(conv->hasState(AtSpiElement::kSelected));
        QVERIFY(!canvasItem(QStringLiteral("conv1,"))->hasState(AtSpiElement::kSelected));
        // The inspector follows: a field with its name, a figure with its value.
        QTRY_VERIFY_WITH_TIMEOUT(named(QStringLiteral("spin box"), QStringLiteral("Filters")),
                                 kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(window_->findShown([](const AtSpiElement& element) {
            return element.name().startsWith(QStringLiteral("Parameters: 2,416"));
        }),
                                 kPatience); // 16 kernels of 6 × 5 × 5 weights and a bias
        // Another one takes the selection; both have it after the other action.
        const auto pool = canvasItem(QStringLiteral("pool1,"));
        QVERIFY(pool && pool->act(QStringLiteral("SetFocus")));
        QTRY_VERIFY(pool->hasState(AtSpiElement::kSelected));
        QVERIFY(!conv->hasState(AtSpiElement::kSelected));
        QVERIFY(conv->act(QStringLiteral("Toggle")));
        QTRY_VERIFY(conv->hasState(AtSpiElement::kSelected));
        QVERIFY(pool->hasState(AtSpiElement::kSelected));
    }

    void layersComeAndGo() {
        const auto canvas = named(QStringLiteral("list"), QStringLiteral("Network canvas"));
        QVERIFY(canvas);
        const std::size_t before = canvas->children().size();
        QVERIFY(canvasItem(QStringLiteral("pool2,"))->act(QStringLiteral("SetFocus")));
        QVERIFY(command(QStringLiteral("Duplicate")));
        QTRY_COMPARE_WITH_TIMEOUT(canvas->children().size(), before + 1, kPatience);
        QVERIFY(command(QStringLiteral("Undo")));
        QTRY_COMPARE_WITH_TIMEOUT(canvas->children().size(), before, kPatience);
    }

    void plotsSayTheirValuesWhileTraining() {
        QVERIFY(press(QStringLiteral("Train")));
        QTRY_VERIFY_WITH_TIMEOUT(press(QStringLiteral("Start")), kPatience);
        std::optional<AtSpiElement> chart;
        QTRY_VERIFY_WITH_TIMEOUT(chart = named(QStringLiteral("chart"), QStringLiteral("Loss")),
                                 kPatience);
        const auto validation = [&chart] {
            static const QRegularExpression values(
                QStringLiteral("Last values: training ([0-9.e-]+), validation ([0-9.e-]+)\\."));
            return values.match(chart->description());
        };
        QTRY_VERIFY_WITH_TIMEOUT(validation().hasMatch(), kPatience);
        const double loss = validation().captured(2).toDouble();
        QVERIFY2(loss > 0 && loss < 10, qPrintable(chart->description()));
        QVERIFY(chart->description().contains(QStringLiteral("Horizontal axis: Epoch, 0 to 1000")));
        QVERIFY(chart->description().contains(QStringLiteral("Vertical axis: Loss")));
        const auto gradients =
            named(QStringLiteral("chart"), QStringLiteral("Gradient norm per layer"));
        QVERIFY(gradients);
        QTRY_VERIFY2_WITH_TIMEOUT(
            gradients->description().contains(QStringLiteral("Last norms: conv1 ")),
            qPrintable(gradients->description()), kPatience);
        // It goes on: the progress is another one a moment later.
        const auto progress = named(QStringLiteral("progress bar"), QStringLiteral("Progress"));
        QVERIFY(progress && progress->value());
        const double before = *progress->value();
        QTRY_VERIFY_WITH_TIMEOUT(progress->value() > before, kPatience);
        QVERIFY(press(QStringLiteral("Stop")));
    }

    void aDigitIsReadWithItsClass() {
        QVERIFY(press(QStringLiteral("Inference")));
        QTRY_VERIFY_WITH_TIMEOUT(press(QStringLiteral("Next test sample")), kPatience);
        std::optional<AtSpiElement> answer;
        static const QRegularExpression read(QStringLiteral("^Read as ([0-9]), [0-9.]+ % sure$"));
        QTRY_VERIFY_WITH_TIMEOUT(answer = window_->findShown([](const AtSpiElement& element) {
            return read.match(element.name()).hasMatch();
        }),
                                 kPatience);
        // The first of the bars in words is that of the class.
        const QString digit = read.match(answer->name()).captured(1);
        QVERIFY2(answer->description().startsWith(digit + QStringLiteral(": ")),
                 qPrintable(answer->description()));
        QCOMPARE(answer->description().count(u'%'), 10);
    }
};

QTEST_GUILESS_MAIN(TestAtSpi)
#include "tst_at_spi.moc"
