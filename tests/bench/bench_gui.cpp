// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the window feels while a network trains at full speed. Prints, and with --json FILE writes:
// how long event handlers keep the GUI thread, training throughput beside the same run in the
// terminal, time from a stroke to its answer, and time from start to a usable window.
#include "engine/support/json.h"
#include "engine/support/scheduling.h"
#include "tests/bench/quantile.h"
#include "ui/inference/drawing_pad.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/prediction_panel.h"
#include "ui/session/live_reader.h"
#include "ui/shell/main_window.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <cmath>
#include <cstdio>
#include <functional>

using namespace gradwright;

namespace {

constexpr int kPatience = 120'000; // ms
constexpr int kStarts = 5;         // the first one warms the caches and is left out
constexpr int kStrokePoints = 200;
const QString kStartOnly = QStringLiteral("--start-only");

/// Measures how long each event keeps the GUI thread.
class MeasuringApplication final : public QApplication {
public:
    using QApplication::QApplication;

    bool notify(QObject* receiver, QEvent* event) override {
        if (depth_ > 0 || !measuring)
            return QApplication::notify(receiver, event);
        ++depth_;
        QElapsedTimer timer;
        timer.start();
        const bool handled = QApplication::notify(receiver, event);
        handlers.push_back(static_cast<double>(timer.nsecsElapsed()) * 1e-6);
        --depth_;
        return handled;
    }

    bool measuring = false;
    std::vector<double> handlers; ///< ms

private:
    int depth_ = 0;
};

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
        strokes(results);
        window_.training().stop();
        waitFor("the end", [this] { return !window_.session().isActive(); });
        return results;
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
        auto& handlers = application_.handlers;
        const double worst = *std::ranges::max_element(handlers);
        const auto within = std::ranges::count_if(handlers, [](double ms) { return ms <= 16; });
        const double share =
            100 * static_cast<double>(within) / static_cast<double>(handlers.size());
        const double ratio = inWindow_.perSecond() / inTerminal_.perSecond();
        std::printf("event handlers             %6zu in %.0f s: %.3f %% within 16 ms; median %.3f, "
                    "99 %% %.2f, worst %.1f ms\n",
                    handlers.size(), spent, share, quantile(handlers, 0.5),
                    quantile(handlers, 0.99), worst);
        std::printf("training in the window     %6.0f samples/s, in the terminal %.0f: %.1f %%\n",
                    inWindow_.perSecond(), inTerminal_.perSecond(), 100 * ratio);
        results.insert(QStringLiteral("handlers"), static_cast<double>(handlers.size()));
        results.insert(QStringLiteral("handlers_within_16_ms_percent"), share);
        results.insert(QStringLiteral("handler_99_ms"), quantile(handlers, 0.99));
        results.insert(QStringLiteral("handler_worst_ms"), worst);
        results.insert(QStringLiteral("window_samples_per_second"), inWindow_.perSecond());
        results.insert(QStringLiteral("terminal_samples_per_second"), inTerminal_.perSecond());
        results.insert(QStringLiteral("window_to_terminal"), ratio);
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
    parser.addOptions({seconds, cli, json});
    parser.process(application);
    Bench bench(application, parser.value(cli), folder);
    const QJsonObject results = bench.run(parser.value(seconds).toInt());
    if (parser.isSet(json)) {
        QFile file(parser.value(json));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("cannot write %s", qPrintable(file.fileName()));
        file.write(QJsonDocument(results).toJson());
    }
    return 0;
}
