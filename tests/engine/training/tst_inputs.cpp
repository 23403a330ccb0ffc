// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/inference/predictor.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"
#include "engine/training/feeds.h"
#include "engine/training/memory.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"
#include "tests/support/numeric.h"
#include "tests/support/small_jobs.h"
#include "tests/support/wide_and_deep.h"

#include <QTest>

#include <array>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// What a sample of houses is.
DataInfo houseInfo(InputAssignment assignment) {
    DataInfo info;
    info.input = {5};
    info.target = {1};
    info.columns = {
        {.name = "size"}, {.name = "view", .categories = {"a", "b", "c"}}, {.name = "age"}};
    info.assignment = std::move(assignment);
    return info;
}

std::vector<InputNode> houseInputs() {
    return {{"numbers", NodeId{1}, Shape{2}}, {"view", NodeId{2}, Shape{3}}};
}

std::vector<Diagnostic> diagnosed(const Network& network, const DataInfo& info) {
    TrainingSettings settings;
    settings.objectives.front().loss = {"mean-squared-error", {}};
    return diagnoseTraining(network, analyze(network), info, settings);
}

/// "3", "0-11", … of the samples' first axis, or columns.
std::string partsOf(const Feeds& feeds, std::string_view input) {
    const auto feed = std::ranges::find(feeds.feeds, input, &Feed::input);
    std::string text;
    for (const auto& part : feed->parts)
        text += (text.empty() ? "" : " ") + part.name;
    return text;
}

std::vector<std::string> messagesOf(const Feeds& feeds) {
    std::vector<std::string> messages;
    for (const auto& problem : feeds.problems)
        messages.push_back(problem.input + "|" + problem.message);
    return messages;
}

/// What two Inputs of the shapes receive of samples 0, 1, 2, … of `info`.
std::array<std::vector<float>, 2> received(const DataInfo& info, const Shape& a, const Shape& b) {
    OpGraph graph;
    graph.addOutput("first",
                    graph.add(UnaryOp{UnaryKind::Linear, 1}, {graph.addInput("a", {a})}, "first"));
    graph.addOutput("second",
                    graph.add(UnaryOp{UnaryKind::Linear, 1}, {graph.addInput("b", {b})}, "second"));
    const auto input = feedInputs(graph, info);
    constexpr std::int64_t kBatch = 2;
    const auto program = backendFor({})->compile(graph, {.batch = kBatch});
    std::vector<float> samples(static_cast<std::size_t>(kBatch * info.input.elements()));
    std::iota(samples.begin(), samples.end(), 0.0F);
    const std::array fed = {BatchInput{input, samples.data()}};
    program->forward(fed);
    std::array<std::vector<float>, 2> result;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto values = program->read(graph.outputs()[i].value);
        result[i].assign(values.span<float>().begin(), values.span<float>().end());
    }
    return result;
}

} // namespace

/// Networks of several Inputs: what each gets of a sample, and that they train.
class InputsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { writeFile(folder_ / "houses.csv", bytesOf(houseTable(200))); }

    void columnsAreSharedOut() {
        const auto feeds = feedsOf(houseInfo(houseColumns()), houseInputs());
        QVERIFY(feeds.problems.empty());
        QCOMPARE(partsOf(feeds, "numbers"), std::string("size age"));
        QVERIFY(feeds.feeds[0].shape == Shape{2} && feeds.feeds[1].shape == Shape{3});
        QVERIFY((feeds.feeds[0].parts[1] == SamplePart{"age", 4, 1}));
        QVERIFY((feeds.feeds[1].parts[0] == SamplePart{"view", 1, 3}));
    }

    /// An Input has its parts in the order of the sample, whichever way they are written.
    void assignmentsAreComparedByWhatTheySay() {
        const auto alike = [](InputAssignment a, InputAssignment b, bool areColumns = true) {
            std::array data = {houseInfo(std::move(a)), houseInfo(std::move(b))};
            for (auto& each : data)
                if (!areColumns)
                    each.columns.clear();
            return feedsAlike(data[0], data[1]) && feedsAlike(data[1], data[0]);
        };
        const InputAssignment two = {{{"numbers", {"size"}}, {"view", {"view"}}}, {"age"}};
        QVERIFY(alike(houseColumns(), houseColumns()));
        QVERIFY(alike(houseColumns(), {{{"view", {"view"}}, {"numbers", {"age", "size"}}}, {}}));
        QVERIFY(!alike(houseColumns(), {{{"view", {"size", "age"}}, {"numbers", {"view"}}}, {}}));
        QVERIFY(!alike(houseColumns(), two));
        QVERIFY(!alike(two, {{{"numbers", {"age"}}, {"view", {"view"}}}, {"size"}}));
        QVERIFY(!alike(houseColumns(), {}));
        QVERIFY(alike({{{"house", {"age", "view", "size"}}}, {}}, {}));
        QVERIFY(!alike({{{"house", {"view", "size"}}}, {"age"}}, {}));
        QVERIFY(alike({{{"a", {"0-1", "3", "2"}}, {"b", {"4"}}}, {}},
                      {{{"a", {"0-3"}}, {"b", {"4"}}}, {}}, false));
        QVERIFY(!alike({{{"a", {"0-2"}}, {"b", {"3-4"}}}, {}}, {{{"a", {"0-3"}}, {"b", {"4"}}}, {}},
                       false));
    }

    void wrongAssignmentsAreExplained() {
        const auto messages = [](InputAssignment assignment) {
            return messagesOf(feedsOf(houseInfo(std::move(assignment)), houseInputs()));
        };
        using Messages = std::vector<std::string>;
        QVERIFY((messages({{{"numbers", {"size"}}, {"view", {"view"}}}, {}}) ==
                 Messages{"|No Input gets the column \"age\" of the data."}));
        QVERIFY(messages({{{"numbers", {"size"}}, {"view", {"view"}}}, {"age"}}).empty());
        QVERIFY((messages({{{"numbers", {"size", "age", "view"}}}, {}}) ==
                 Messages{"view|No column of the data is assigned to this Input."}));
        QVERIFY((messages({{{"numbers", {"size", "age"}}, {"view", {"view", "age"}}}, {}}) ==
                 Messages{"|The column \"age\" is assigned twice; it belongs to one Input."}));
        QVERIFY((messages({{{"numbers", {"size", "age", "floor"}}, {"view", {"view"}}}, {}}) ==
                 Messages{"|The data set has no column \"floor\"; it has \"size\", \"view\", "
                          "\"age\"."}));
        QVERIFY((messages({{{"numbers", {"size"}}, {"view", {"view"}}, {"old", {"age"}}}, {}}) ==
                 Messages{"|The data's columns \"age\" are assigned to an Input \"old\", which the "
                          "network does not have."}));
        auto rows = houseInfo({{{"numbers", {"0-1"}}, {"view", {"2-7"}}}, {}});
        rows.columns.clear();
        QVERIFY((messagesOf(feedsOf(rows, houseInputs())) ==
                 Messages{"|\"2-7\" is no part of a sample: write numbers from 0 to 4 as \"3\" or "
                          "\"0-11\".",
                          "view|No part of the data is assigned to this Input.",
                          "|No Input gets the part \"2-4\" of the data."}));
    }

    void faultsHaveFixes() {
        auto project = houseProject("", true);
        const auto applyFix = [&](InputAssignment assignment, std::size_t fix) {
            auto info = houseInfo(std::move(assignment));
            project.data.assignment = info.assignment;
            const auto found = diagnosed(project.network, info);
            const auto& chosen = found.at(0).fixes.at(fix);
            const auto before = project;
            const auto undo = apply(project, editOf(project, chosen));
            info.assignment = project.data.assignment;
            const bool isMended = diagnosed(project.network, info).empty();
            auto undone = project;
            apply(undone, undo);
            return isMended && undone == before ? chosen.title : std::string("no fix");
        };
        // All at once, by size; by size it is not in order, so numbers and categories part.
        QCOMPARE(applyFix({}, 0), std::string("Assign columns to the Inputs"));
        QVERIFY(project.data.assignment == houseColumns());
        QCOMPARE(applyFix({{{"numbers", {"size"}}, {"view", {"view"}}}, {}}, 0),
                 std::string("Assign \"age\" to numbers"));
        QCOMPARE(applyFix({{{"view", {"view"}}}, {"size", "age"}}, 0),
                 std::string("Assign columns to the Inputs"));
        // Left out, the Input has one number too many, which is another fault.
        auto info = houseInfo({{{"numbers", {"size"}}, {"view", {"view"}}}, {"age"}});
        const auto found = diagnosed(project.network, info);
        QCOMPARE(found.size(), 1U);
        QCOMPARE(found[0].message, std::string("What the data give this Input is 1; it takes 2."));
        apply(project.network, found[0].fixes.at(0).edit);
        QVERIFY(diagnosed(project.network, info).empty());
        // Where no shares fit, the Inputs' shapes follow.
        project.network = wideAndDeep(true);
        for (const auto& [id, node] : project.network.main.nodes())
            if (node.name == "numbers")
                apply(project.network, {SetParam{"", id, "shape", IntTuple{7}}});
        QCOMPARE(applyFix({}, 0), std::string("Assign columns to the Inputs"));
    }

    void aSingleInputWithoutAssignmentIsAsBefore() {
        const auto network = wideAndDeep(false);
        QVERIFY(diagnosed(network, houseInfo({})).empty());
        const auto graph = trainingGraph(network, houseInfo({}), settings()).graph;
        QCOMPARE(graph.inputs().front().name, std::string("house"));
        QVERIFY(std::ranges::none_of(graph.ops(), [](const Op& op) { return op.path == "data"; }));
        // It may also get a part.
        auto info = houseInfo({{{"house", {"size", "age"}}}, {"view"}});
        QCOMPARE(diagnosed(network, info).at(0).message,
                 std::string("What the data give this Input is 2; it takes 5."));
    }

    void eachInputReceivesItsParts() {
        using Values = std::vector<float>;
        const auto columns =
            received(houseInfo({{{"a", {"age", "size"}}, {"b", {"view"}}}, {}}), {2}, {3});
        QVERIFY((columns[0] == Values{0, 4, 5, 9})); // as they lie in a sample
        QVERIFY((columns[1] == Values{1, 2, 3, 6, 7, 8}));
        // Channels of images, one left out; the other shape is filled row by row.
        DataInfo images;
        images.input = {4, 1, 2};
        images.assignment = {{{"a", {"0", "3"}}, {"b", {"2"}}}, {"1"}};
        const auto channels = received(images, {2, 1, 2}, {2});
        QVERIFY((channels[0] == Values{0, 1, 6, 7, 8, 9, 14, 15}));
        QVERIFY((channels[1] == Values{4, 5, 12, 13}));
        QVERIFY(contains(errorOf([&] { received(images, {3, 1, 2}, {2}); }), "reshape"));
        images.assignment.inputs.erase("b");
        QVERIFY(contains(errorOf([&] {
                             received(images, {2, 1, 2}, {2});
                         }),
                         "no part of the data is assigned to the Input b"));
    }

    void twoInputsTrainLikeTheSlicesOfOne() {
        std::array<EventLog, 2> logs;
        for (const bool hasTwo : {false, true})
            train(logs[hasTwo ? 1 : 0], houses(hasTwo));
        const auto weights = [&](std::size_t i) {
            return readCheckpointWeights(runOf(logs[i]) / "last.safetensors");
        };
        const auto one = weights(0);
        const auto two = weights(1);
        QCOMPARE(two.values.size(), 6U);
        for (const auto& [key, values] : one.values) {
            const auto* other = two.find(key);
            QVERIFY2(other, key.c_str());
            QVERIFY2(relativeDifference(*other, values) < 1e-6, key.c_str());
        }
        const auto scores = [&](std::size_t i) { return logs[i].all<Finished>().at(0).test; };
        QVERIFY(std::abs(scores(0).loss - scores(1).loss) < 1e-6 * scores(0).loss);
        const auto epochs = logs[1].all<EpochDone>();
        QVERIFY(epochs.back().training.loss < 0.5 * epochs.front().training.loss);

        // Both answer alike, given whole samples.
        const auto source = openDataset(houses(true).data);
        std::array<std::vector<float>, 2> answers;
        for (const bool hasTwo : {false, true}) {
            const auto project = houses(hasTwo);
            Predictor predictor(
                inferenceGraph(project.network, openDataset(project.data).info, project.training),
                weights(hasTwo ? 1 : 0));
            for (std::int64_t i = 0; i < 20; ++i)
                answers[hasTwo ? 1 : 0].push_back(
                    predictor.predict(Tensor::of<float>({5}, inputOf(*source.test, i)))
                        .probabilities.at(0));
        }
        for (std::size_t i = 0; i < answers[0].size(); ++i)
            QVERIFY(std::abs(answers[0][i] - answers[1][i]) < 1e-5F);
    }

    void aRunIsResumedToTheBit() {
        EventLog whole;
        train(whole, houses(true));
        EventLog half;
        std::stop_source stop;
        int steps = 0;
        Trainer(trainingJob(houses(true), folder_.path()), [&](const TrainingEvent& event) {
            half.sink()(event);
            if (std::holds_alternative<StepDone>(event) && ++steps == 15)
                stop.request_stop();
        }).run(stop.get_token());
        QVERIFY(half.has<Stopped>());
        const auto run = RunDirectory::open(runOf(half));
        QVERIFY(projectOfRun(run).data.assignment == houseColumns());
        QVERIFY(dataInfoOfRun(run).assignment == houseColumns());
        auto job = trainingJob(houses(true), folder_.path());
        job.resume = run.path();
        EventLog rest;
        Trainer(std::move(job), rest.sink()).run({});
        QVERIFY(rest.has<Finished>());
        QVERIFY(weightsFile(whole) == weightsFile(half));
        // What is written otherwise and says the same is the same data.
        job = trainingJob(houses(true), folder_.path());
        std::ranges::reverse(job.data.assignment.inputs["numbers"]);
        job.resume = run.path();
        EventLog again;
        Trainer(std::move(job), again.sink()).run({});
        QVERIFY(!again.has<Failed>());
        // Other columns are other data.
        auto other = trainingJob(houses(true), folder_.path());
        std::swap(other.data.assignment.inputs["numbers"], other.data.assignment.inputs["view"]);
        other.resume = run.path();
        EventLog refused;
        Trainer(std::move(other), refused.sink()).run({});
        QVERIFY(refused.has<Failed>());
    }

    void memoryIsPlannedForSeveralInputs() {
        const auto network = wideAndDeep(true);
        const auto two = planTrainingMemory(network, analyze(network), settings());
        const auto single = wideAndDeep(false);
        const auto one = planTrainingMemory(single, analyze(single), settings());
        QVERIFY(one && two);
        QCOMPARE(two->weights, one->weights);
    }

private:
    static Bytes bytesOf(const std::string& text) { return {text.begin(), text.end()}; }
    static TrainingSettings settings() { return houseProject("", true).training; }
    [[nodiscard]] Project houses(bool hasTwo) const {
        return houseProject((folder_ / "houses.csv").string(), hasTwo);
    }
    static std::filesystem::path runOf(const EventLog& log) {
        return log.all<RunStarted>().at(0).run;
    }
    static Bytes weightsFile(const EventLog& log) {
        return readFile(runOf(log) / "last.safetensors");
    }
    void train(EventLog& log, const Project& project) const {
        Trainer(trainingJob(project, folder_.path()), log.sink()).run({});
        if (log.has<Failed>())
            qWarning("%s", log.all<Failed>().at(0).message.c_str());
        QVERIFY(log.has<Finished>());
    }

    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(InputsTest)
#include "tst_inputs.moc"
