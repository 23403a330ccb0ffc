// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the window feels while a network trains at full speed. Prints, and with --json FILE writes:
// how long event handlers keep the GUI thread, on the Train page and while all of the window is
// visited (canvas in columns, a batch step by step, health, glossary, lists, test samples),
// training throughput beside the same run in the terminal, time from a stroke to its answer, how
// the Lab page feels while a sweep runs, and time from start to a usable window. What is wanted
// stands beside it.
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/support/scheduling.h"
#include "tests/bench/measuring_application.h"
#include "tests/bench/quantile.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/data/data_page.h"
#include "ui/data/sample_browser.h"
#include "ui/data/sample_views.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/input_panel.h"
#include "ui/inference/prediction_panel.h"
#include "ui/lab/lab_page.h"
#include "ui/session/live_reader.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/glossary_dialog.h"
#include "ui/shell/main_window.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/steps/batch_steps.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QComboBox>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kPatience = 120'000; // ms
constexpr int kStarts = 5;         // the first one warms the caches and is left out
constexpr int kStrokePoints = 200;
constexpr int kVisits = 5;            // of all of the window
constexpr int kSweepSeconds = 25;     // that a sweep is watched
constexpr int kMostToCancel = 500;    // ms
constexpr int kBetweenKeys = 120;     // ms: a hand is no faster
constexpr double kWantedRatio = 0.92; // of the training beside the window
const QString kStartOnly = QStringLiteral("--start-only");

void waitFor(const char* what, const std::function<bool()>& condition) {
    if (!QTest::qWaitFor(condition, kPatience))
        qFatal("%s did not happen", what);
}

/// Samples and the seconds that their steps took.
struct Throughput {
    double samples = 0;
    double seconds = 0;
    [[nodiscard]] double perSecond() const { return samples / seconds; }
};

class Bench {
public:
    Bench(MeasuringApplication& application, QString cli, QString folder)
        : application_(application)
        , cli_(std::move(cli))
        , folder_(std::move(folder))
        , themes_(application)
        , window_(themes_) {}

    QJsonObject run(int seconds) {
        QJsonObject results;
        std::printf("start to usable window     %6.0f ms (median of %d, warm)\n",
                    startTime(results), kStarts - 1);
        window_.document().newFromTemplate("lenet-5");
        TrainingSettings settings = window_.document().project().training;
        settings.params["epochs"] = std::int64_t{100'000};
        window_.document().perform(QStringLiteral("Epochs"), {SetTraining{settings}});
        window_.show();
        connectEpochs();
        window_.showPage(window_.training());
        window_.training().start();
        waitFor("the first epoch", [this] { return epochs_ > 0; });
        trainBesideTheTerminal(seconds, results);
        application_.tell("on the Train page", "handler", results);
        for (int i = 0; i < kVisits; ++i)
            visitAll();
        application_.tell("visiting all of it", "visit", results);
        strokes(results);
        window_.training().stop();
        waitFor("the end", [this] { return !window_.session().isActive(); });
        sweep(kSweepSeconds, results);
        return results;
    }

    /// A sweep of LeNet-5 with two trials at a time, begun by mouse and keys: the Lab page while
    /// trials come in and its pictures and tables grow, then the canvas.
    void sweep(int seconds, QJsonObject& results) {
        auto project = openTemplate("lenet-5");
        project.data.limit = 1000; // trials of a second or two
        project.training.params["epochs"] = std::int64_t{1};
        project.training.params["threads"] = std::int64_t{1};
        window_.document().openNew(project);
        window_.show();
        auto& lab = *window_.findChild<LabPage*>();
        application_.doing = QStringLiteral("the Lab page");
        goTo(lab);
        clickOn("plan-sweep");
        type("over", QStringLiteral("learning_rate=0.0001..0.1:log; layer.dense1.units=40..240"));
        type("trials", QStringLiteral("10000"));
        auto* const method = lab.findChild<QComboBox*>(QStringLiteral("method"));
        method->setFocus();
        while (method->currentText() != QStringLiteral("Random")) {
            const int before = method->currentIndex();
            press(Qt::Key_Down);
            if (method->currentIndex() == before)
                qFatal("there is no random search");
        }
        lab.findChild<QSpinBox*>(QStringLiteral("trialsAtATime"))->setFocus();
        press(Qt::Key_Up);
        clickOn("startExperiment");
        const auto done = [&lab] { return lab.experiments().progress().done; };
        waitFor("the first trials", [&] { return done() >= 2; });
        application_.measuring = true;
        QTest::qWait(seconds * 1000);
        application_.measuring = false;
        std::printf("a sweep, two at a time     %lld trials are done\n",
                    static_cast<long long>(done()));
        application_.tell("on the Lab page", "lab", results);
        application_.measuring = true;
        visitCanvas();
        application_.doing = QStringLiteral("the Lab page again");
        goTo(lab);
        QTest::qWait(1000);
        application_.measuring = false;
        application_.tell("beside a sweep", "beside_sweep", results);
        QElapsedTimer cancelled;
        cancelled.start();
        QTest::mouseClick(lab.findChild<QPushButton*>(QStringLiteral("cancelExperiment")),
                          Qt::LeftButton);
        waitFor("the end of the sweep", [&] { return !lab.experiments().isActive(); });
        std::printf("from a click to its end    %6.0f ms (wanted: %d at most)\n",
                    static_cast<double>(cancelled.elapsed()), kMostToCancel);
        results.insert(QStringLiteral("cancel_ms"), static_cast<double>(cancelled.elapsed()));
    }

private:
    static double startTime(QJsonObject& results) {
        std::vector<double> times;
        for (int i = 0; i < kStarts; ++i) {
            QProcess process;
            QElapsedTimer timer;
            timer.start();
            process.start(QCoreApplication::applicationFilePath(), {kStartOnly});
            if (!process.waitForReadyRead(kPatience))
                qFatal("the window did not start");
            if (i > 0)
                times.push_back(static_cast<double>(timer.elapsed()));
            process.waitForFinished(kPatience);
        }
        results.insert(QStringLiteral("start_ms"), median(times));
        return median(times);
    }

    void connectEpochs() {
        QObject::connect(&window_.session(), &TrainingSession::epochDone, &window_,
                         [this](const EpochDone& event) {
                             ++epochs_;
                             if (!application_.measuring)
                                 return;
                             inWindow_.samples += static_cast<double>(event.training.samples);
                             inWindow_.seconds += static_cast<double>(event.training.samples) /
                                                  event.samplesPerSecond;
                         });
    }

    /// One epoch in the terminal.
    void runTerminal() {
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(cli_, {QStringLiteral("train"), QStringLiteral("template:lenet-5"),
                             QStringLiteral("--epochs"), QStringLiteral("1"),
                             QStringLiteral("--run-dir"), folder_, QStringLiteral("--json")});
        if (!process.waitForFinished(kPatience) || process.exitCode() != 0)
            qFatal("gradwright-cli train failed");
        const auto json = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
        const double steps = json.value(QStringLiteral("steps")).toDouble();
        const double batch = static_cast<double>(window_.document().project().training.batch());
        inTerminal_.samples += steps * batch;
        inTerminal_.seconds +=
            steps * batch / json.value(QStringLiteral("samples_per_second")).toDouble();
    }

    /// Alternates between an epoch or more in the window and one in the terminal, so that what else
    /// the machine does meets both.
    void trainBesideTheTerminal(int seconds, QJsonObject& results) {
        QElapsedTimer measured;
        double spent = 0;
        while (spent < seconds) {
            window_.training().pause();
            waitFor("a pause",
                    [this] { return window_.session().state() == TrainingState::Paused; });
            runTerminal();
            window_.training().resume();
            // The epoch that the pause cut is not counted.
            int until = epochs_ + 1;
            waitFor("an epoch", [&] { return epochs_ >= until; });
            measured.start();
            application_.measuring = true;
            until = epochs_ + 2;
            waitFor("an epoch", [&] { return epochs_ >= until; });
            application_.measuring = false;
            spent += static_cast<double>(measured.elapsed()) / 1000;
        }
        const double ratio = inWindow_.perSecond() / inTerminal_.perSecond();
        std::printf("training in the window     %6.0f samples/s, in the terminal %.0f: %.1f %% "
                    "(wanted: %.0f %%%s)\n",
                    inWindow_.perSecond(), inTerminal_.perSecond(), 100 * ratio, 100 * kWantedRatio,
                    ratio >= kWantedRatio ? "" : ", missed");
        results.insert(QStringLiteral("window_samples_per_second"), inWindow_.perSecond());
        results.insert(QStringLiteral("terminal_samples_per_second"), inTerminal_.perSecond());
        results.insert(QStringLiteral("window_to_terminal"), ratio);
    }

    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
        QWidget* const popup = QApplication::activePopupWidget();
        QWidget* const modal = QApplication::activeModalWidget();
        QWidget* const top = popup != nullptr ? popup : modal != nullptr ? modal : &window_;
        if (top == &window_) { // what was open before may have had the focus
            window_.activateWindow();
            waitFor("the window's turn", [this] { return window_.isActiveWindow(); });
        }
        QTest::keyClick(top->focusWidget() != nullptr ? top->focusWidget() : top, key, modifiers);
        QTest::qWait(kBetweenKeys);
    }
    void clickOn(const char* name) {
        auto* const button = window_.findChild<QPushButton*>(QString::fromLatin1(name));
        if (button == nullptr || !button->isEnabled())
            qFatal("%s cannot be clicked", name);
        QTest::mouseClick(button, Qt::LeftButton);
        QTest::qWait(kBetweenKeys);
    }
    void type(const char* field, const QString& text) {
        auto* const edit =
            window_.findChild<LabPage*>()->findChild<QLineEdit*>(QString::fromLatin1(field));
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, text);
        QTest::keyClick(edit, Qt::Key_Return);
    }
    /// By its key, wherever the page stands in the window.
    void goTo(const Page& page) {
        const auto& pages = window_.pages();
        const auto place = std::ranges::find(pages, &page) - pages.begin();
        press(static_cast<Qt::Key>(Qt::Key_1 + place), Qt::ControlModifier);
        if (!page.isVisible())
            qFatal("%s is not shown", qPrintable(page.title()));
    }
    /// Opens something by keys and types into its search field; Esc closes it.
    template <class Dialog>
    void search(const char* what, Qt::Key key, Qt::KeyboardModifiers modifiers,
                const QString& typed) {
        application_.doing = QString::fromLatin1(what);
        press(key, modifiers);
        auto* const dialog = window_.findChild<Dialog*>();
        if (dialog == nullptr)
            qFatal("%s did not open", what);
        auto* const field = dialog->template findChild<QLineEdit*>();
        for (const QChar each : typed) {
            QTest::keyClick(field, each.toLatin1());
            QTest::qWait(kBetweenKeys);
        }
        QTest::keyClick(field, Qt::Key_Escape);
        QTest::qWait(kBetweenKeys);
    }

    /// With keys and mouse, while training goes on.
    void visitAll() {
        application_.measuring = true;
        visitCanvas();
        search<CommandPalette>("the list of commands", Qt::Key_K, Qt::ControlModifier,
                               QStringLiteral("dense"));
        search<ShortcutsDialog>("the list of keys", Qt::Key_F1, Qt::ControlModifier,
                                QStringLiteral("zoom"));
        search<GlossaryDialog>("the glossary", Qt::Key_F1, {}, QStringLiteral("gradient"));
        if (auto* const glossary = window_.findChild<GlossaryDialog*>())
            glossary->close();
        visitData();
        visitTraining();
        visitInference();
        application_.doing = QStringLiteral("the gallery");
        press(Qt::Key_N, Qt::ControlModifier);
        QTest::qWait(500);
        goTo(window_.design());
        application_.measuring = false;
    }
    /// LeNet-5 in columns, its layers one after another, and a batch step by step.
    void visitCanvas() {
        application_.doing = QStringLiteral("the canvas");
        goTo(window_.design());
        CanvasView& view = window_.design().view();
        view.setFocus();
        press(Qt::Key_L, Qt::ControlModifier);
        waitFor("a layout", [this] { return !window_.design().scene().isLayingOut(); });
        press(Qt::Key_Home);
        for (std::size_t i = 0; i < window_.document().project().network.main.nodes().size(); ++i)
            press(Qt::Key_Period);
        application_.doing = QStringLiteral("the steps");
        BatchSteps& steps = window_.design().steps();
        view.setFocus();
        for (int i = 0; i < 8; ++i) { // all seven, and the next batch
            press(Qt::Key_F10);
            waitFor("a batch", [&] { return !steps.isComputing(); });
        }
        press(Qt::Key_Down);
        press(Qt::Key_Left);
        press(Qt::Key_Escape);
        if (steps.isActive())
            qFatal("the steps go on");
    }
    /// The samples of the data set, and page after page of them.
    void visitData() {
        application_.doing = QStringLiteral("the Data page");
        goTo(window_.data());
        SampleBrowser& samples = window_.data().samples();
        waitFor("samples", [&] { return samples.shown() != nullptr && !samples.isFiltering(); });
        samples.tiles().setFocus();
        for (int i = 0; i < 5; ++i)
            press(Qt::Key_PageDown);
    }
    void visitTraining() {
        application_.doing = QStringLiteral("the Train page");
        goTo(window_.training());
        application_.doing = QStringLiteral("an alarm");
        Q_EMIT window_.session().healthChanged(
            {5, {{AlarmKind::DeadUnits, "conv1", 1, 5, 0, 1, 0.9, "All 0.", {RemedyKind::Leak}}}});
        QTest::qWait(300);
        Q_EMIT window_.session().healthChanged({6, {}});
        QTest::qWait(300);
    }
    void visitInference() {
        application_.doing = QStringLiteral("test samples");
        goTo(window_.inference());
        auto* const reader = window_.inference().findChild<LiveReader*>();
        waitFor("a model", [&] { return reader->model() != nullptr; });
        for (std::int64_t i = 0; i < 5; ++i) {
            window_.inference().panel().showSample(i);
            QTest::qWait(kBetweenKeys);
        }
    }

    /// From the mouse's movement to the painted answer, while training goes on.
    void strokes(QJsonObject& results) {
        window_.showPage(window_.inference());
        InferencePage& page = window_.inference();
        auto* const reader = page.findChild<LiveReader*>();
        waitFor("a model", [&] { return reader->model() != nullptr; });
        QTest::qWait(500);
        // Not waitFor(): it looks every 10 ms only.
        QEventLoop untilAnswered;
        QObject::connect(reader, &LiveReader::answered, &untilAnswered, &QEventLoop::quit);
        QTimer patience;
        patience.setSingleShot(true);
        QObject::connect(&patience, &QTimer::timeout, [] { qFatal("no answer came"); });
        std::vector<double> times;
        const QPoint center = page.pad().rect().center();
        for (int i = 0; i < kStrokePoints; ++i) {
            const double angle = 0.2 * i;
            const QPoint at =
                center + QPoint(qRound(90 * std::cos(angle)), qRound(90 * std::sin(1.3 * angle)));
            if (i % 40 == 0) {
                page.pad().clear();
                QTest::mousePress(&page.pad(), Qt::LeftButton, {}, at);
                QTest::qWait(100);
                continue;
            }
            QElapsedTimer timer;
            timer.start();
            QTest::mouseMove(&page.pad(), at);
            patience.start(kPatience);
            untilAnswered.exec();
            patience.stop();
            page.prediction().repaint();
            times.push_back(static_cast<double>(timer.nsecsElapsed()) * 1e-6);
            if (i % 40 == 39)
                QTest::mouseRelease(&page.pad(), Qt::LeftButton, {}, at);
            QTest::qWait(20); // a hand is no faster
        }
        std::printf("stroke to answer           median %.1f, 95 %% %.1f, worst %.1f ms\n",
                    quantile(times, 0.5), quantile(times, 0.95), quantile(times, 1));
        results.insert(QStringLiteral("stroke_median_ms"), quantile(times, 0.5));
        results.insert(QStringLiteral("stroke_95_ms"), quantile(times, 0.95));
    }

    MeasuringApplication& application_;
    QString cli_;
    QString folder_;
    ThemeManager themes_;
    MainWindow window_;
    int epochs_ = 0;
    Throughput inWindow_, inTerminal_;
};

/// What the parent times: a window that has been painted and answers events.
int startOnly(QApplication& application) {
    ThemeManager themes(application);
    MainWindow window(themes);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window))
        return 1;
    QCoreApplication::processEvents();
    std::puts("usable");
    std::fflush(stdout);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    QTemporaryDir home;
    if (!qEnvironmentVariableIsSet("GRADWRIGHT_BENCH_HOME"))
        qputenv("GRADWRIGHT_BENCH_HOME", home.path().toUtf8());
    const QString folder = qEnvironmentVariable("GRADWRIGHT_BENCH_HOME");
    qputenv("XDG_DATA_HOME", folder.toUtf8());
    setScheduling(Scheduling::Responsive); // as the program does
    MeasuringApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("gradwright"));
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder);
    if (QCoreApplication::arguments().contains(kStartOnly))
        return startOnly(application);

    QCommandLineParser parser;
    parser.addHelpOption();
    const QCommandLineOption seconds(QStringLiteral("seconds"),
                                     QStringLiteral("How long training is watched."),
                                     QStringLiteral("S"), QStringLiteral("300"));
    const QCommandLineOption cli(QStringLiteral("cli"), QStringLiteral("gradwright-cli."),
                                 QStringLiteral("FILE"));
    const QCommandLineOption json(QStringLiteral("json"), QStringLiteral("Keeps the figures."),
                                  QStringLiteral("FILE"));
    const QCommandLineOption lab(QStringLiteral("lab"),
                                 QStringLiteral("Only the Lab page, while a sweep runs for S "
                                                "seconds."),
                                 QStringLiteral("S"));
    parser.addOptions({seconds, cli, json, lab});
    parser.process(application);
    Bench bench(application, parser.value(cli), folder);
    QJsonObject results;
    if (parser.isSet(lab))
        bench.sweep(parser.value(lab).toInt(), results);
    else
        results = bench.run(parser.value(seconds).toInt());
    if (parser.isSet(json)) {
        QFile file(parser.value(json));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("cannot write %s", qPrintable(file.fileName()));
        file.write(QJsonDocument(results).toJson());
    }
    return 0;
}
