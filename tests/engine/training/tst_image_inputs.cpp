// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/project/runs.h"
#include "engine/training/feeds.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"
#include "tests/support/image_tables.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

using namespace gradwright;
using namespace gradwright::test;

namespace {

TableColumn imageColumn(const char* name, const Shape& shape) {
    TableColumn column{.name = name};
    column.image = ImageColumn{.shape = shape};
    return column;
}

/// rooms, a photo of 1×4×4, a plan of 3×2×2, age: 1 + 16 + 12 + 1 values.
DataInfo homeInfo(InputAssignment assignment) {
    DataInfo info;
    info.input = {30};
    info.target = {1};
    info.columns = {{.name = "rooms"},
                    imageColumn("photo", {1, 4, 4}),
                    imageColumn("plan", {3, 2, 2}),
                    {.name = "age"}};
    info.assignment = std::move(assignment);
    return info;
}

std::vector<std::string> messagesOf(const Feeds& feeds) {
    std::vector<std::string> messages;
    for (const auto& problem : feeds.problems)
        messages.push_back(problem.input + "|" + problem.message);
    return messages;
}

const Feed& feedOf(const Feeds& feeds, std::string_view input) {
    return *std::ranges::find(feeds.feeds, input, &Feed::input);
}

std::vector<Diagnostic> diagnosed(const Project& project, const DataInfo& data) {
    auto info = data;
    info.assignment = project.data.assignment;
    return diagnoseTraining(project.network, analyze(project.network), info, project.training);
}

/// What the Inputs of a network receive of sample `index`.
std::vector<std::vector<float>> received(const DataInfo& info, const DataSource& source,
                                         std::int64_t index, const std::vector<Feed>& feeds) {
    OpGraph graph;
    for (const auto& feed : feeds)
        graph.addOutput(feed.input,
                        graph.add(UnaryOp{UnaryKind::Linear, 1},
                                  {graph.addInput(feed.input, {feed.shape})}, feed.input));
    const auto input = feedInputs(graph, info);
    const auto program = backendFor({})->compile(graph, {.batch = 1});
    const auto sample = inputOf(source, index);
    const std::array fed = {BatchInput{input, sample.data()}};
    program->forward(fed);
    std::vector<std::vector<float>> result;
    for (const auto& output : graph.outputs()) {
        const auto values = program->read(output.value);
        result.emplace_back(values.span<float>().begin(), values.span<float>().end());
    }
    return result;
}

/// As the Input gets them: 0 is black, 1 is white.
std::vector<float> scaled(const Bytes& pixels) {
    std::vector<float> values;
    for (const auto pixel : pixels)
        values.push_back(static_cast<float>(pixel) / 255.0F);
    return values;
}

bool areNear(const std::vector<float>& a, const std::vector<float>& b) {
    return std::ranges::equal(a, b, [](float x, float y) { return std::abs(x - y) < 1e-6F; });
}

} // namespace

/// Networks whose Inputs get images and numbers from a table.
class ImageInputsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        writePairs(folder_.path(), 160);
        writeHomes(folder_.path(), 120);
    }

    void imagesGoToTheirInputs() {
        const std::vector<InputNode> inputs{{"a", NodeId{1}, Shape{1, 4, 4}},
                                            {"b", NodeId{2}, Shape{3, 2, 2}},
                                            {"c", NodeId{3}, Shape{2}}};
        const auto info =
            homeInfo({{{"a", {"photo"}}, {"b", {"plan"}}, {"c", {"age", "rooms"}}}, {}});
        const auto feeds = feedsOf(info, inputs);
        QVERIFY(feeds.problems.empty());
        QVERIFY(feedOf(feeds, "a").shape == (Shape{1, 4, 4}) && feedOf(feeds, "a").isImage);
        QVERIFY(feedOf(feeds, "b").shape == (Shape{3, 2, 2}) && feedOf(feeds, "b").isImage);
        QVERIFY(feedOf(feeds, "c").shape == Shape{2} && !feedOf(feeds, "c").isImage);
        QVERIFY((feedOf(feeds, "b").parts[0] == SamplePart{"plan", 17, 12, {3, 2, 2}}));
        // Images of one size are stacked by channels, in the order of the columns.
        auto alike = info;
        alike.columns[2] = imageColumn("plan", {3, 4, 4});
        alike.input = {1 + 16 + 48 + 1};
        alike.assignment = {{{"a", {"plan", "photo"}}, {"c", {"rooms", "age"}}}, {}};
        const auto stacked = feedsOf(alike, {inputs[0], inputs[2]});
        QVERIFY(stacked.problems.empty());
        QVERIFY(feedOf(stacked, "a").shape == (Shape{4, 4, 4}));
    }

    void whatDoesNotFitIsExplained() {
        const std::vector<InputNode> inputs{{"a", NodeId{1}, Shape{1, 4, 4}},
                                            {"c", NodeId{3}, Shape{2}}};
        const auto messages = [&](InputAssignment assignment) {
            return messagesOf(feedsOf(homeInfo(std::move(assignment)), inputs));
        };
        using Messages = std::vector<std::string>;
        QVERIFY((messages({{{"a", {"photo", "age"}}, {"c", {"rooms"}}}, {"plan"}}) ==
                 Messages{"a|Images (\"photo\") and numbers (\"age\") cannot share an Input; give "
                          "each an Input of its own."}));
        QVERIFY((messages({{{"a", {"photo", "plan"}}, {"c", {"rooms", "age"}}}, {}}) ==
                 Messages{"a|The columns \"photo\", \"plan\" are images of different sizes, which "
                          "cannot share an Input: 1×4×4 and 3×2×2, say."}));
        QVERIFY((messages({{{"a", {"foto"}}, {"c", {"rooms", "age"}}}, {"photo", "plan"}}) ==
                 Messages{"|The data set has no column \"foto\"; it has \"rooms\", \"photo\", "
                          "\"plan\", \"age\".",
                          "a|No column of the data is assigned to this Input."}));
        QVERIFY((messages({{{"a", {"photo"}}, {"c", {"rooms", "age"}}}, {}}) ==
                 Messages{"|No Input gets the column \"plan\" of the data."}));
    }

    void faultsHaveFixes() {
        const auto info = [] {
            auto made = homeInfo({});
            made.columns.erase(made.columns.begin() + 2);
            made.input = {18};
            return made;
        }();
        auto project = homeProject(folder_.path(), 1);
        QVERIFY(diagnosed(project, info).empty());
        const auto fixed = [&](std::size_t fix) {
            const auto found = diagnosed(project, info);
            const auto& chosen = found.at(0).fixes.at(fix);
            apply(project, editOf(project, chosen));
            return chosen.title;
        };
        // Nothing assigned: photos go to what has their shape, numbers to the vector.
        const auto good = project.data.assignment;
        project.data.assignment = {};
        QCOMPARE(fixed(0), std::string("Assign columns to the Inputs"));
        QVERIFY(project.data.assignment == good);
        QVERIFY(diagnosed(project, info).empty());
        // Images and numbers in one.
        project.data.assignment = {{{"photo", {"photo", "age"}}, {"numbers", {"rooms"}}}, {}};
        QCOMPARE(diagnosed(project, info).at(0).fixes.size(), std::size_t{3});
        QCOMPARE(fixed(1), std::string("Leave \"age\" out"));
        QVERIFY((project.data.assignment ==
                 InputAssignment{{{"photo", {"photo"}}, {"numbers", {"rooms"}}}, {"age"}}));
        // A column that nobody gets is offered to Inputs that can take it.
        project.data.assignment = {{{"photo", {"photo"}}, {"numbers", {"rooms"}}}, {}};
        const auto offered = diagnosed(project, info).at(0).fixes;
        QCOMPARE(offered.size(), std::size_t{2});
        QCOMPARE(offered[0].title, std::string("Assign \"age\" to numbers"));
        QCOMPARE(fixed(0), offered[0].title);
        QVERIFY(diagnosed(project, info).empty());
        // Another shape, of as many elements: pixels may fill a vector, not another image.
        const auto photo = nodesOfLayer(project.network.main, "input").front();
        const auto before = project;
        apply(project.network, {SetParam{"", photo, "shape", IntTuple{1, 2, 8}}});
        QCOMPARE(diagnosed(project, info).at(0).message,
                 std::string("What the data give this Input is 1×4×4; it takes 1×2×8."));
        QCOMPARE(fixed(0), std::string("Set the shape to 1×4×4"));
        QVERIFY(diagnosed(project, info).empty());
        apply(project.network, {SetParam{"", photo, "shape", IntTuple{16}}});
        QVERIFY(diagnosed(project, info).empty());
        // Or the images are read as the Input has it.
        project = before;
        apply(project.network, {SetParam{"", photo, "shape", IntTuple{3, 8, 6}}});
        QCOMPARE(fixed(1), std::string("Read \"photo\" as 3×8×6"));
        QCOMPARE(std::get<std::string>(project.data.params.at("image_shapes")),
                 std::string("photo=3x8x6"));
        QVERIFY(diagnosed(project, openDataset(project.data).info).empty());
        // Images of two sizes in one Input become one size.
        auto two = pairProject(folder_.path(), 1);
        two.data.params["image_shapes"] = std::string("right=5x5");
        two.data.assignment = {{{"first", {"left", "right"}}, {"second", {}}}, {}};
        const auto sizes = diagnosed(two, openDataset(two.data).info);
        const auto mixture = std::ranges::find_if(sizes, [](const Diagnostic& each) {
            return contains(each.message, "different sizes");
        });
        QVERIFY(mixture != sizes.end());
        QCOMPARE(mixture->fixes.at(1).title, std::string("Read all of them as 1×10×10"));
        apply(two, editOf(two, mixture->fixes[1]));
        QCOMPARE(std::get<std::string>(two.data.params.at("image_shapes")),
                 std::string("right=1x10x10"));
    }

    void oneInputCannotHaveBoth() {
        auto project = newProject();
        NetworkBuilder b;
        const auto input = b.layer("input", {{"shape", IntTuple{30}}}, "all");
        const auto dense = b.after(input, "dense", {{"units", std::int64_t{1}}}, "dense");
        b.after(dense, "output", {}, "price");
        project.network = std::move(b.network);
        project.training.objectives.front().loss = {"mean-squared-error", {}};
        const auto found = diagnosed(project, homeInfo({}));
        QCOMPARE(found.size(), std::size_t{1});
        QVERIFY(contains(found[0].message, "cannot share an Input"));
        QCOMPARE(found[0].fixes.back().title, std::string("Leave \"photo\", \"plan\" out"));
        apply(project, editOf(project, found[0].fixes.back()));
        // Only the Input's shape is wrong now.
        const auto next = diagnosed(project, homeInfo({}));
        QCOMPARE(next.size(), std::size_t{1});
        QCOMPARE(next[0].message, std::string("What the data give this Input is 2; it takes 30."));
    }

    void suggestionsTakeKindsApart() {
        const auto suggested = [](const DataInfo& info, std::vector<InputNode> inputs) {
            const auto fix = suggestAssignment(info, inputs);
            return fix ? *fix->assignment : InputAssignment{};
        };
        const auto a = [](std::optional<Shape> shape) {
            return InputNode{"a", NodeId{1}, std::move(shape)};
        };
        const auto b = [](std::optional<Shape> shape) {
            return InputNode{"b", NodeId{2}, std::move(shape)};
        };
        const auto c = [](std::optional<Shape> shape) {
            return InputNode{"c", NodeId{3}, std::move(shape)};
        };
        const auto info = homeInfo({});
        const InputAssignment all{{{"a", {"photo"}}, {"b", {"plan"}}, {"c", {"rooms", "age"}}}, {}};
        QVERIFY(suggested(info, {a({}), b({}), c({})}) == all);
        QVERIFY(suggested(info, {a(Shape{3, 9, 9}), b(Shape{1, 9, 9}), c(Shape{7})}) == all);
        // By shape, whatever their order.
        QVERIFY(
            (suggested(info, {a(Shape{2}), b(Shape{3, 2, 2}), c(Shape{1, 4, 4})}) ==
             InputAssignment{{{"a", {"rooms", "age"}}, {"b", {"plan"}}, {"c", {"photo"}}}, {}}));
        // Two sizes and numbers need three.
        QVERIFY(!suggestAssignment(info, {a({}), b({})}));
        auto alike = info;
        alike.columns[2] = imageColumn("plan", {1, 4, 4});
        alike.input = {34};
        QVERIFY((suggested(alike, {a(Shape{1, 9, 9}), b(Shape{5})}) ==
                 InputAssignment{{{"a", {"photo", "plan"}}, {"b", {"rooms", "age"}}}, {}}));
    }

    /// Pixel by pixel what was drawn into the files.
    void eachInputReceivesItsPixels() {
        const auto project = pairProject(folder_.path(), 1);
        const auto data = openDataset(project.data);
        QVERIFY(data.info.input == (Shape{2, kDigitSide, kDigitSide}));
        const auto feeds =
            feedsOf(data.info, {{"first", NodeId{1}, {}}, {"second", NodeId{2}, {}}}).feeds;
        std::size_t found = 0;
        for (std::int64_t i = 0; i < data.training->size(); ++i) {
            const auto values = received(data.info, *data.training, i, feeds);
            QCOMPARE(values.size(), std::size_t{2});
            // Which pair it is, its left picture says.
            for (int pair = 0; pair < 160; ++pair) {
                const int digit = (pair / 2) % 4;
                const int other = pair % 2 == 0 ? digit : (digit + 1 + (pair / 8) % 3) % 4;
                const auto variant = static_cast<std::uint32_t>(2 * pair);
                if (areNear(values[0], scaled(digitPixels(digit, variant))) &&
                    areNear(values[1], scaled(digitPixels(other, variant + 1)))) {
                    ++found;
                    QCOMPARE(data.training->label(i), pair % 2 == 0 ? 1 : 0);
                    break;
                }
            }
        }
        QCOMPARE(found, static_cast<std::size_t>(data.training->size()));
    }

    void numbersAndPixelsAreTakenApart() {
        auto project = homeProject(folder_.path(), 1);
        project.data.params["normalize"] = std::string("none");
        const auto data = openDataset(project.data);
        QVERIFY(data.info.input == Shape{18});
        const auto feeds = feedsOf(data.info, {{"photo", NodeId{1}, Shape{1, 4, 4}},
                                               {"numbers", NodeId{2}, Shape{2}}})
                               .feeds;
        for (std::int64_t i = 0; i < data.test->size(); ++i) {
            const auto values = received(data.info, *data.test, i, feeds);
            float target = 0;
            data.test->target(i, std::span(&target, 1));
            // The price is made of what the Inputs get.
            const auto price = 10 * values[1][0] + values[0][0] * 255 - 2 * values[1][1];
            QVERIFY(std::abs(data.info.targetScaling[0].restored(double{target}) - double{price}) <
                    1e-2);
            QVERIFY(
                std::ranges::all_of(values[0], [&](float pixel) { return pixel == values[0][0]; }));
        }
    }

    void aPhotoAndNumbersGiveAPrice() {
        EventLog log;
        train(log, homeProject(folder_.path(), 60));
        const auto test = log.all<Finished>().at(0).test;
        QVERIFY2(test.quality.value > 0.97, std::to_string(test.quality.value).c_str());
    }

    void aRunIsResumedToTheBit() {
        const auto project = pairProject(folder_.path(), 4);
        EventLog whole;
        train(whole, project);
        EventLog half;
        std::stop_source stop;
        int steps = 0;
        Trainer(trainingJob(project, folder_ / "runs"), [&](const TrainingEvent& event) {
            half.sink()(event);
            if (std::holds_alternative<StepDone>(event) && ++steps == 11)
                stop.request_stop();
        }).run(stop.get_token());
        QVERIFY(half.has<Stopped>());
        const auto run = RunDirectory::open(runOf(half));
        const auto info = dataInfoOfRun(run);
        QVERIFY(info.assignment == pairColumns());
        QVERIFY(info.columns.at(1).image &&
                info.columns[1].image->shape == (Shape{1, kDigitSide, kDigitSide}));
        auto job = trainingJob(project, folder_ / "runs");
        job.resume = run.path();
        EventLog rest;
        Trainer(std::move(job), rest.sink()).run({});
        QVERIFY(rest.has<Finished>());
        QVERIFY(weightsFile(whole) == weightsFile(half));
        // Images of another size are other data.
        auto other = trainingJob(project, folder_ / "runs");
        other.data.params["image_fit"] = std::string("stretch");
        other.resume = run.path();
        EventLog refused;
        Trainer(std::move(other), refused.sink()).run({});
        QVERIFY(refused.has<Failed>());
    }

    void trainingDoesNotStartOnMissingImages() {
        const TemporaryFolder folder;
        writePairs(folder.path(), 40);
        std::filesystem::remove(folder / "right/7.png");
        EventLog log;
        Trainer(trainingJob(pairProject(folder.path(), 1), folder / "runs"), log.sink()).run({});
        QVERIFY(log.has<Failed>() && !log.has<StepDone>());
        QVERIFY(contains(log.all<Failed>().at(0).message,
                         "line 9, column \"right\": right/7.png: there is no such file"));
    }

private:
    static std::filesystem::path runOf(const EventLog& log) {
        return log.all<RunStarted>().at(0).run;
    }
    static Bytes weightsFile(const EventLog& log) {
        return readFile(runOf(log) / "last.safetensors");
    }
    void train(EventLog& log, const Project& project) const {
        Trainer(trainingJob(project, folder_ / "runs"), log.sink()).run({});
        if (log.has<Failed>())
            qWarning("%s", log.all<Failed>().at(0).message.c_str());
        QVERIFY(log.has<Finished>());
    }

    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(ImageInputsTest)
#include "tst_image_inputs.moc"
