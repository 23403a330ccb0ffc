// SPDX-License-Identifier: GPL-3.0-or-later
//
// From the first start of the program to a digit that it has read: in a home that has never seen
// it, in a real window on a display of its own (Xvfb), with the mouse and keys of xdotool. Prints
// the seconds from the start to each step and how many actions a person needs. Where things are,
// and what was read, is asked over AT-SPI; the time that this takes is a part of the figures.
#include "tests/app/at_spi.h"
#include "tests/bench/quantile.h"
#include "tests/support/gestures.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kPatience = 60'000; // ms
constexpr double kPadSide = 316;  // of the pad that the strokes of gestures.h are for

/// One start, with what a person does.
class FirstStart {
public:
    /// The seconds by step; "read" is the last one.
    QJsonObject run(const QString& program) {
        if (const QString missing = desktop_.start(); !missing.isEmpty())
            qFatal("there is no %s here", qPrintable(missing));
        clock_.start();
        window_ = desktop_.run(program, {});
        if (!window_)
            qFatal("the program has not registered with AT-SPI");
        find("the window", "frame", {});
        xdotool({"search", "--onlyvisible", "--name", "Gradwright", "windowmove", "0", "0",
                 "windowfocus"});
        note("window");
        find("the tour", {}, "Skip");
        click(find("the card that the tour points to", {}, "LeNet-5"));
        find("the canvas", "list", "Network canvas");
        note("network");
        click(find("Start", "push button", "Start"));
        find("Pause", "push button", "Pause");
        note("training");
        key("ctrl+4");
        const QRect pad = find("the pad", {}, "Drawing pad").rect();
        // Before the first epoch ends there are weights, too, but they read poorly.
        const auto answer = find("an answer", "chart", "No answer");
        draw(pad);
        waitFor("an answer", [&] { return answer.name().startsWith(QStringLiteral("Read as ")); });
        note("answer");
        waitFor("the right answer",
                [&] { return answer.name().startsWith(QStringLiteral("Read as 7,")); });
        note("read");
        times_.insert(QStringLiteral("actions"), actions_);
        return times_;
    }

private:
    void note(const char* step) {
        times_.insert(QString::fromLatin1(step), static_cast<double>(clock_.elapsed()) / 1000);
    }
    static void waitFor(const char* what, const std::function<bool()>& condition) {
        if (!QTest::qWaitFor(condition, kPatience))
            qFatal("%s did not come", what);
    }
    /// Waits for an element that is shown; no role or name: any.
    AtSpiElement find(const char* what, const QString& role, const QString& name) {
        std::optional<AtSpiElement> found;
        waitFor(what, [&] {
            found = window_->findShown([&](const AtSpiElement& element) {
                return (name.isEmpty() || element.name() == name) &&
                       (role.isEmpty() || element.role() == role);
            });
            return found.has_value();
        });
        return *found;
    }

    void xdotool(const QStringList& arguments) const {
        QProcess process;
        process.setProcessEnvironment(desktop_.environment());
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QStringLiteral("xdotool"), arguments);
        if (!process.waitForFinished(kPatience) || process.exitCode() != 0)
            qFatal("xdotool %s failed", qPrintable(arguments.join(u' ')));
    }
    static QStringList to(QPointF place) {
        return {QStringLiteral("mousemove"), QString::number(qRound(place.x())),
                QString::number(qRound(place.y()))};
    }
    void click(const AtSpiElement& element) {
        ++actions_;
        xdotool(to(element.rect().center()) + QStringList{"click", "1"});
    }
    void key(const QString& keys) {
        ++actions_;
        xdotool({"key", keys});
    }
    /// A seven, as a hand draws it.
    void draw(const QRect& pad) {
        ++actions_;
        const auto place = [&](QPointF point) {
            return pad.topLeft() + point / kPadSide * pad.width();
        };
        QStringList stroke = to(place(kSeven.front())) + QStringList{"mousedown", "1"};
        constexpr int kParts = 10;
        for (std::size_t i = 1; i < kSeven.size(); ++i)
            for (int part = 1; part <= kParts; ++part)
                stroke +=
                    to(place(kSeven[i - 1] + QPointF(kSeven[i] - kSeven[i - 1]) * part / kParts)) +
                    QStringList{"sleep", "0.01"};
        xdotool(stroke + QStringList{"mouseup", "1"});
    }

    AtSpiDesktop desktop_;
    std::optional<AtSpiElement> window_;
    QElapsedTimer clock_;
    QJsonObject times_;
    int actions_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.addHelpOption();
    const QCommandLineOption program(QStringLiteral("program"), QStringLiteral("gradwright."),
                                     QStringLiteral("FILE"));
    const QCommandLineOption starts(QStringLiteral("starts"), QStringLiteral("How many starts."),
                                    QStringLiteral("N"), QStringLiteral("3"));
    const QCommandLineOption json(QStringLiteral("json"), QStringLiteral("Keeps the figures."),
                                  QStringLiteral("FILE"));
    parser.addOptions({program, starts, json});
    parser.process(application);
    QJsonArray all;
    std::vector<double> totals;
    std::printf("start   window  network  training  answer  read as 7   actions\n");
    for (int i = 0; i < parser.value(starts).toInt(); ++i) {
        const QJsonObject times = FirstStart().run(parser.value(program));
        const auto at = [&](const char* step) {
            return times.value(QLatin1String(step)).toDouble();
        };
        std::printf("%5d %6.2f s %6.2f s  %6.2f s %6.2f s   %6.2f s   %7d\n", i + 1, at("window"),
                    at("network"), at("training"), at("answer"), at("read"),
                    times.value(QStringLiteral("actions")).toInt());
        std::fflush(stdout);
        all.append(times);
        totals.push_back(at("read"));
    }
    std::printf("median %.2f s from the start of the program to a digit that is read right\n",
                median(totals));
    if (parser.isSet(json)) {
        QFile file(parser.value(json));
        if (!file.open(QIODevice::WriteOnly))
            qFatal("cannot write %s", qPrintable(file.fileName()));
        file.write(QJsonDocument(QJsonObject{{QStringLiteral("starts"), all}}).toJson());
    }
    return 0;
}
