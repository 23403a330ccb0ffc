// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/edit.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "ui/canvas/arrange_commands.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/design/design_page.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QFile>
#include <QScrollBar>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>

// How the canvas keeps up with networks of 100, 1,000 and 10,000 layers.
using namespace gradwright;

namespace {

constexpr int kFrames = 120;
constexpr int kEdits = 9;
constexpr std::size_t kMoved = 100;

template <class F>
double msOf(F run) {
    QElapsedTimer timer;
    timer.start();
    run();
    return static_cast<double>(timer.nsecsElapsed()) / 1e6;
}

/// Residual units of convolutions one after the other, up to about that many layers.
Project deepNetwork(std::size_t layers) {
    Project project = newProject();
    Graph& graph = project.network.main;
    std::uint32_t node = 0;
    std::uint32_t link = 0;
    const auto add = [&](const char* layer, ParamValues params) {
        Node made;
        made.id = {++node};
        made.name = "n" + std::to_string(node);
        made.use = LayerUse{layer};
        made.params = std::move(params);
        dropDefaults(made);
        graph.insert(made);
        project.canvas.positions[""][made.id] = {static_cast<double>(node / 400) * 256.0,
                                                 static_cast<double>(node % 400) * 88.0};
        return made.id;
    };
    const auto join = [&](NodeId from, NodeId to, std::uint32_t port = 0) {
        Link made;
        made.id = {++link};
        made.from = {from, {0}};
        made.to = {to, {port}};
        graph.insert(made);
    };
    const ParamValues conv = {{"filters", std::int64_t{8}}, {"padding", std::string("same")}};
    NodeId last = add("input", {{"shape", IntTuple{8, 16, 16}}});
    while (graph.nodes().size() + 5 < layers) {
        const NodeId first = last;
        for (const char* const each : {"conv2d", "batch-norm", "relu", "conv2d"}) {
            const NodeId next =
                add(each, std::string_view(each) == "conv2d" ? conv : ParamValues{});
            join(last, next);
            last = next;
        }
        const NodeId sum = add("add", {});
        join(last, sum);
        join(first, sum, 1);
        last = sum;
    }
    const NodeId end = add("output", {});
    join(last, end);
    return project;
}

struct Row {
    QString what;
    double median = 0;
    double worst = 0;
};

class Bench {
public:
    explicit Bench(std::size_t layers)
        : themes_(*qApp, ThemeChoice::Dark)
        , document_(folder_.path().toStdString())
        , page_(document_, themes_, nullptr, folder_.path().toStdString() + "/blocks")
        , layers_(layers) {
        page_.resize(1440, 800);
        page_.show();
        QApplication::processEvents();
    }

    std::vector<Row> run() {
        measureOpening();
        measureAnalysis();
        measureLayout();
        measureFrames();
        measureEdits();
        return std::move(rows_);
    }

private:
    void report(const QString& what, std::vector<double> times) {
        std::ranges::sort(times);
        rows_.push_back({what, times[times.size() / 2], times.back()});
    }

    void measureOpening() {
        const std::filesystem::path file = folder_.path().toStdString() + "/deep.gradwright";
        saveProject(file, deepNetwork(layers_));
        report(QStringLiteral("open"), {msOf([&] {
                   document_.open(file);
                   settle();
               })});
    }

    /// What a change leads to is drawn as well, as the window would.
    static void settle() { QApplication::processEvents(); }
    /// Draws what has not changed, too.
    void repaint() {
        settle();
        page_.view().viewport()->repaint();
    }

    void measureAnalysis() {
        std::vector<double> times;
        for (int i = 0; i < kEdits; ++i)
            times.push_back(msOf([&] { analyze(document_.project().network); }));
        report(QStringLiteral("shapes and advice alone"), times);
    }

    void measureLayout() {
        const LayoutRequest request{document_.project().network.main, {}, Flow::Down, {}};
        report(QStringLiteral("layout (off the GUI thread)"),
               {msOf([&] { layeredLayout(request, {}); })});
    }

    void measureFrames() {
        CanvasView& view = page_.view();
        view.setZoom(1);
        view.centerOn(page_.scene().contentRect().center());
        QApplication::processEvents();
        std::vector<double> pan;
        std::vector<double> zoomed;
        std::vector<double> whole;
        for (int i = 0; i < kFrames; ++i) {
            const int step = i % 40 < 20 ? 17 : -17;
            pan.push_back(msOf([&] {
                view.horizontalScrollBar()->setValue(view.horizontalScrollBar()->value() + step);
                view.verticalScrollBar()->setValue(view.verticalScrollBar()->value() + step);
                settle();
            }));
        }
        for (int i = 0; i < kFrames / 2; ++i)
            zoomed.push_back(msOf([&] {
                view.setZoom(i % 20 < 10 ? view.zoom() / 1.2 : view.zoom() * 1.2);
                settle();
            }));
        view.fit();
        for (int i = 0; i < kFrames / 6; ++i)
            whole.push_back(msOf([&] { repaint(); }));
        report(QStringLiteral("pan, a frame"), pan);
        report(QStringLiteral("zoom, a frame"), zoomed);
        report(QStringLiteral("all of it, a frame"), whole);
    }

    [[nodiscard]] ProjectEdit insertLayer(LinkId link) const {
        const Network& network = document_.project().network;
        Node node;
        node.id = network.main.freshNodeId();
        node.name = network.main.freshName("extra");
        node.use = LayerUse{"relu"};
        const MoveNodes place{"", {{node.id, Point{0, 40'000}}}};
        return {ProjectEdit::Group{{insertIntoLink(network, "", link, std::move(node))}, {place}}};
    }

    void measureEdits() {
        CanvasScene& scene = page_.scene();
        page_.view().setZoom(1);
        std::vector<NodeId> some;
        for (const auto& [id, node] : scene.graph().nodes())
            if (some.size() < kMoved)
                some.push_back(id);
        std::vector<double> select;
        std::vector<double> move;
        std::vector<double> undo;
        std::vector<double> edit;
        std::vector<double> insert;
        const LinkId link = scene.graph().links().rbegin()->first;
        const NodeId conv = scene.graph().findByName("n2")->id;
        for (int i = 0; i < kEdits; ++i) {
            scene.selectNodes({});
            select.push_back(msOf([&] {
                scene.selectNodes(some);
                settle();
            }));
            move.push_back(msOf([&] {
                moveSelection(scene.canvas(), {24, 24});
                settle();
            }));
            undo.push_back(msOf([&] {
                document_.undoStack().undo();
                settle();
            }));
            edit.push_back(msOf([&] {
                document_.perform(
                    QStringLiteral("Edit"),
                    {NetworkEdit{SetParam{"", conv, "stride",
                                          i % 2 == 0 ? IntTuple{2, 2} : IntTuple{1, 1}}}});
                settle();
            }));
            insert.push_back(msOf([&] {
                document_.perform(QStringLiteral("Insert"), insertLayer(link));
                settle();
            }));
            document_.undoStack().undo();
            settle();
        }
        report(QStringLiteral("select 100 layers"), select);
        report(QStringLiteral("move 100 layers"), move);
        report(QStringLiteral("undo"), undo);
        report(QStringLiteral("edit to updated shapes"), edit);
        report(QStringLiteral("insert a layer"), insert);
    }

    QTemporaryDir folder_;
    ThemeManager themes_;
    ProjectDocument document_;
    DesignPage page_;
    std::size_t layers_;
    std::vector<Row> rows_;
};

} // namespace

int main(int argc, char** argv) {
    QApplication app(argc, argv);
    QCommandLineParser parser;
    parser.addOption(
        {QStringLiteral("json"), QStringLiteral("Keep the figures."), QStringLiteral("file")});
    parser.addOption(
        {QStringLiteral("layers"), QStringLiteral("One size alone."), QStringLiteral("number")});
    parser.process(app);
    std::vector<std::size_t> sizes = {100, 1'000, 10'000};
    if (parser.isSet(QStringLiteral("layers")))
        sizes = {parser.value(QStringLiteral("layers")).toULongLong()};
    Json all = Json::array();
    std::printf("%-30s %8s %12s %12s\n", "", "layers", "median ms", "worst ms");
    for (const std::size_t layers : sizes)
        for (const Row& row : Bench(layers).run()) {
            std::printf("%-30s %8zu %12.2f %12.2f\n", qPrintable(row.what), layers, row.median,
                        row.worst);
            all.push_back({{"what", row.what.toStdString()},
                           {"layers", layers},
                           {"median_ms", row.median},
                           {"worst_ms", row.worst}});
        }
    if (parser.isSet(QStringLiteral("json"))) {
        QFile file(parser.value(QStringLiteral("json")));
        const std::string text = all.dump(1) + '\n';
        if (!file.open(QIODevice::WriteOnly) ||
            file.write(text.c_str(), static_cast<qint64>(text.size())) < 0) {
            std::fprintf(stderr, "%s cannot be written\n", qPrintable(file.fileName()));
            return 1;
        }
    }
    return 0;
}
