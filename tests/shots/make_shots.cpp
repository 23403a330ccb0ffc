// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes the guide's pictures: works with the real window as a user does, with a real training, and
// saves what it shows, dark and light, at two sizes. The scale is Qt's own (QT_SCALE_FACTOR).
// Usage: make_shots FOLDER [passes|onnx]: all, or those of the passes for inference or of the
// window for ONNX models alone, which take no training.
#include "engine/exchange/onnx_export.h"
#include "engine/io/atomic_file.h"
#include "engine/project/templates.h"
#include "tests/support/gestures.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/plane_view.h"
#include "ui/inference/prediction_panel.h"
#include "ui/lab/lab_chart.h"
#include "ui/lab/lab_page.h"
#include "ui/onnx/node_list.h"
#include "ui/onnx/onnx_window.h"
#include "ui/optimization/pass_picture.h"
#include "ui/shell/main_window.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/training/train_page.h"

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QFrame>
#include <QPushButton>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QVBoxLayout>

#include <cstdio>
#include <functional>
#include <string_view>

using namespace gradwright;

namespace {

constexpr int kPatience = 300'000; // ms
constexpr int kPictureWidth = 760;
constexpr int kSettled = 400; // ms, after which nothing moves any more

void waitFor(const char* what, const std::function<bool()>& condition) {
    if (!QTest::qWaitFor(condition, kPatience))
        qFatal("%s did not happen", what);
}

class Photographer {
public:
    explicit Photographer(QString folder)
        : folder_(std::move(folder))
        , themes_(*qApp)
        , window_(themes_) {
        window_.show();
    }

    void run() {
        everywhere("welcome");
        window_.document().newFromTemplate("two-spirals");
        window_.training().start();
        waitFor("the spirals", [this] { return !window_.session().isActive(); });
        window_.showPage(window_.inference());
        waitFor("the map", [this] { return window_.inference().plane().map().has_value(); });
        everywhere("plane");
        visitTheLab();
        window_.document().newFromTemplate("lenet-5");
        window_.showPage(window_.design());
        select("conv2");
        everywhere("design");
        makeAProblem();
        everywhere("problem");
        window_.document().undoStack().undo();

        window_.showPage(window_.training());
        window_.training().start();
        const auto total = [this] { return window_.document().project().training.epochs(); };
        int epochs = 0;
        QObject::connect(&window_.session(), &TrainingSession::epochDone, &window_,
                         [&epochs] { ++epochs; });
        waitFor("half of the training",
                [&] { return 2 * epochs >= total() || !window_.session().isActive(); });
        window_.training().pause();
        everywhere("training");
        window_.training().resume();
        waitFor("the end of the training", [this] { return !window_.session().isActive(); });
        everywhere("train");

        window_.showPage(window_.inference());
        waitFor("the model", [this] { return window_.inference().pad().isVisible(); });
        QTest::qWait(kSettled);
        const QPoint shift = window_.inference().pad().rect().center() - QPoint(160, 160);
        std::vector<QPoint> line;
        for (const QPoint point : test::kSeven)
            line.push_back(point + shift);
        test::drawWithMouse(window_.inference().pad(), line);
        waitFor("an answer",
                [this] { return window_.inference().prediction().prediction().has_value(); });
        waitFor("the test set",
                [this] { return window_.inference().evaluation().report() != nullptr; });
        everywhere("inference");
        passes();
        onnx();
    }

    /// A model that is edited as a file: another name for an input, an output within.
    void onnx() {
        const QString file = QDir(folder_).filePath(QStringLiteral("lenet-5.onnx"));
        writeFileAtomically(file.toStdString(),
                            std::string_view(exportOnnx(openTemplate("lenet-5"), {}).file));
        OnnxWindow* const window = OnnxWindow::openFile(themes_, file, window_);
        if (window == nullptr)
            qFatal("%s was not opened", qPrintable(file));
        auto& view = window->nodes().view();
        const auto choose = [&](const char* part) {
            for (int row = 0; row < view.model()->rowCount(); ++row)
                if (view.model()->index(row, 0).data().toString().contains(QLatin1String(part)))
                    return view.selectRow(row);
            qFatal("no node is called %s", part);
        };
        choose("conv2");
        window->findChild<QAction*>(QStringLiteral("makeOutput"))->trigger();
        waitFor("an output", [window] { return window->document().isModified(); });
        everywhere("onnx-window", window);
        window->document().steps().setClean(); // nothing of it is kept
        window->close();
        QFile::remove(file);
    }

    /// What each pass for inference does, on its example, dark and light.
    void passes() {
        for (const bool dark : {true, false}) {
            themes_.setChoice(dark ? ThemeChoice::Dark : ThemeChoice::Light);
            for (const InferencePass& pass : inferencePasses()) {
                QFrame frame; // with the ground of a dialog
                PassPicture picture;
                (new QVBoxLayout(&frame))->addWidget(&picture);
                picture.showPass(pass.key);
                frame.resize(kPictureWidth, frame.sizeHint().height());
                frame.show();
                QTest::qWait(kSettled);
                save(frame, QStringLiteral("%1/pass-%2-%3-%4.png")
                                .arg(folder_, QString::fromStdString(std::string(pass.key)),
                                     dark ? QStringLiteral("dark") : QStringLiteral("light"))
                                .arg(qRound(100 * frame.devicePixelRatioF())));
            }
        }
    }

private:
    /// What the Lab asks, a plan, an experiment that runs, and two that have found something.
    void visitTheLab() {
        auto& lab = *window_.findChild<LabPage*>();
        window_.showPage(lab);
        everywhere("lab");
        const ParamValues settings{
            {"over", std::string("learning_rate=0.0005..0.5:log; layer.hidden1.units=4..32")},
            {"method", std::string("random")},
            {"trials", std::int64_t{24}}};
        lab.plan("sweep", &settings);
        everywhere("lab-plan");
        press("startExperiment");
        waitFor("a few trials", [&lab] {
            return lab.experiments().progress().done >= 8 || !lab.experiments().isActive();
        });
        lab.experiments().pause();
        everywhere("lab-running");
        lab.experiments().resume();
        waitFor("the sweep", [&lab] { return !lab.experiments().isActive(); });
        everywhere("lab-sweep");
        const ParamValues surface{{"directions", std::string("path")},
                                  {"optimizers", std::string("adam,sgd:learning_rate=0.1")},
                                  {"resolution", std::int64_t{41}},
                                  {"samples", std::int64_t{300}}};
        lab.plan("landscape", &surface);
        press("startExperiment");
        waitFor("the cost surface", [&lab] {
            return !lab.experiments().isActive() && lab.view().chart() &&
                   lab.view().chart()->data().contains("loss");
        });
        everywhere("lab-surface");
    }
    void press(const char* name) {
        auto* const button = window_.findChild<QPushButton*>(QLatin1String(name));
        waitFor(name, [button] { return button && button->isVisible() && button->isEnabled(); });
        QTest::mouseClick(button, Qt::LeftButton);
    }
    static void save(QWidget& widget, const QString& file) {
        if (!widget.grab().save(file))
            qFatal("cannot write %s", qPrintable(file));
        std::puts(qPrintable(file));
    }
    void select(const char* name) {
        window_.design().scene().selectNodes(
            {window_.document().project().network.main.findByName(name)->id});
    }
    void makeAProblem() {
        const Node* const pool = window_.document().project().network.main.findByName("pool2");
        window_.document().perform(
            QStringLiteral("Kernel"),
            {NetworkEdit{SetParam{"", pool->id, "kernel", ParamValue{IntTuple{16, 16}}}}});
        select("pool2");
    }
    void everywhere(const char* name, QWidget* shown = nullptr) {
        QWidget& window = shown != nullptr ? *shown : window_;
        for (const QSize size : {QSize(1440, 900), QSize(1024, 700)}) {
            window.showNormal(); // on a small screen it fills it at first
            window.resize(size);
            for (const bool dark : {true, false}) {
                themes_.setChoice(dark ? ThemeChoice::Dark : ThemeChoice::Light);
                QTest::qWait(kSettled);
                window_.design().view().fit();
                QTest::qWait(kSettled);
                const QString file =
                    QStringLiteral("%1/%2-%3-%4x%5-%6.png")
                        .arg(folder_, QLatin1String(name),
                             dark ? QStringLiteral("dark") : QStringLiteral("light"))
                        .arg(size.width())
                        .arg(size.height())
                        .arg(qRound(100 * window.devicePixelRatioF()));
                save(window, file);
            }
        }
    }

    QString folder_;
    ThemeManager themes_;
    MainWindow window_;
};

} // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    // Nothing of the user's is read or written.
    QTemporaryDir home;
    qputenv("XDG_DATA_HOME", home.path().toUtf8());
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("gradwright"));
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, home.path());
    const std::string_view part = argc == 3 ? argv[2] : "";
    if ((argc != 2 && part != "passes" && part != "onnx") ||
        !QDir().mkpath(QString::fromLocal8Bit(argv[1])))
        qFatal("usage: make_shots FOLDER [passes|onnx]");
    Photographer photographer(QString::fromLocal8Bit(argv[1]));
    if (part == "passes")
        photographer.passes();
    else if (part == "onnx")
        photographer.onnx();
    else
        photographer.run();
    return 0;
}
