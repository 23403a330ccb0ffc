// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/augmentation.h"
#include "engine/io/atomic_file.h"
#include "engine/layers/catalog.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <random>
#include <sstream>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Change = void (*)(Json& project);

std::string errorOfReading(const Json& json) {
    return errorOf([&] { static_cast<void>(projectFromJson(json)); });
}

/// A project that uses every part of the file.
Project fullProject() {
    auto project = openTemplate("small-residual");
    project.name = "Völlig \"neu\"\n";
    project.canvas.positions[""][NodeId{3}] = {-12.5, 1e6};
    project.canvas.frames[FrameId{4}] = {"", "Stem", {1, 2}, 300, 200.5};
    project.canvas.notes[NoteId{4'000'000'000}] = {"", "a\nb", {-1, -2}, 10, 20};
    project.data.params["normalize"] = std::string("unit");
    project.data.validationFraction = 0.25;
    project.data.splitSeed = std::numeric_limits<std::uint64_t>::max();
    project.data.limit = 1234;
    project.data.folds = 5;
    project.data.fold = 3;
    project.data.assignment = {{{"image", {"0"}}}, {}};
    project.training.optimizer = {"sgd", {{"momentum", 0.5}}};
    project.training.params["early_stopping"] = true;
    return project;
}

} // namespace

Q_DECLARE_METATYPE(Change)

class ProjectFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void templatesSurviveARoundTrip_data() {
        QTest::addColumn<std::string>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << key;
    }
    void templatesSurviveARoundTrip() {
        QFETCH(std::string, key);
        const TemporaryFolder folder;
        const auto project = openTemplate(key);
        saveProject(folder / "a.gradwright", project);
        const auto read = loadProject(folder / "a.gradwright");
        QVERIFY(read == project);
        QCOMPARE(projectText(read), projectText(project));
    }

    void everythingSurvivesARoundTrip() {
        const auto project = fullProject();
        const auto read = projectFromJson(parseJson(projectText(project), "text"));
        QVERIFY(read == project);
        QCOMPARE(projectText(read), projectText(project));
        QVERIFY(projectFromJson(toJson(newProject())).network.main.nodes().empty());
    }

    void unknownKeysSurvive() {
        auto json = toJson(fullProject());
        const Json later = {{"from", "a later version"}};
        for (const char* place :
             {"", "/canvas", "/canvas/frames/0", "/canvas/notes/0", "/data", "/training",
              "/training/optimizer", "/training/schedule", "/training/objectives/0",
              "/training/objectives/0/loss", "/network", "/network/nodes/0", "/network/links/0"})
            json[Json::json_pointer(place)]["later"] = later;
        const auto project = projectFromJson(json);
        // Keys may move behind those that are known; nothing is lost or made up.
        QVERIFY(nlohmann::json(toJson(project)) == nlohmann::json(json));
        QVERIFY(projectFromJson(toJson(project)) == project);
    }

    void nodesAndLinksHaveALineEach() {
        const auto project = openTemplate("small-residual");
        std::istringstream lines(projectText(project));
        std::size_t nodes = 0;
        std::size_t links = 0;
        for (std::string line; std::getline(lines, line);) {
            nodes += contains(line, "\"layer\": ") || contains(line, "\"layer\":");
            links += contains(line, "\"from\"") && contains(line, "\"to\"");
        }
        std::size_t expectedNodes = 0;
        std::size_t expectedLinks = project.network.main.links().size();
        const auto layersOf = [](const Graph& graph) {
            return static_cast<std::size_t>(std::ranges::count_if(
                graph.nodes(), [](const auto& entry) { return entry.second.layerUse(); }));
        };
        expectedNodes = layersOf(project.network.main);
        for (const auto& [name, block] : project.network.blocks) {
            expectedNodes += layersOf(block.graph);
            expectedLinks += block.graph.links().size();
        }
        QCOMPARE(nodes, expectedNodes);
        QCOMPARE(links, expectedLinks);
    }

    void aChangedParameterChangesOneLine() {
        auto project = openTemplate("lenet-5");
        const auto before = projectText(project);
        for (const auto& [id, node] : project.network.main.nodes())
            if (node.layerUse()->layer == "dense") {
                apply(project, {NetworkEdit{SetParam{"", id, "units", std::int64_t{99}}}});
                break;
            }
        std::istringstream old(before);
        std::istringstream changed(projectText(project));
        int differing = 0;
        for (std::string a, b; std::getline(old, a) && std::getline(changed, b);)
            differing += a != b;
        QCOMPARE(differing, 1);
        QCOMPARE(std::ranges::count(before, '\n'), std::ranges::count(projectText(project), '\n'));
    }

    void formerKeysAreReadAndNotWritten() {
        auto json = toJson(openTemplate("cifar-resnet-20"));
        json["data"]["params"] = {{"classes", 10}, {"size", 32}, {"test-samples", 77}};
        json["data"]["augmentation"] = {{"flip-horizontal", true}};
        const auto project = projectFromJson(json);
        QVERIFY(project.data.params.at("test_samples") == ParamValue(std::int64_t{77}));
        QVERIFY(project.data.augmentation.at("flip_horizontal") == ParamValue(true));
        const auto written = toJson(project);
        json["data"]["params"] = {{"classes", 10}, {"size", 32}, {"test_samples", 77}};
        json["data"]["augmentation"] = {{"flip_horizontal", true}};
        QCOMPARE(written["data"].dump(), json["data"].dump());
    }

    void keysOfParametersAreInSnakeCase() {
        const auto check = [](std::string_view owner, const ParamSpecs& specs) {
            for (const auto& spec : specs) {
                const auto what = fmt::format("{}: {}", owner, spec.key);
                const auto fits = [](char c) {
                    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                };
                QVERIFY2(std::ranges::all_of(spec.key, fits), what.c_str());
                // A former key must not stand for two parameters.
                for (const auto& former : spec.formerKeys)
                    QVERIFY2(!findParam(specs, former) && findParamToRead(specs, former) == &spec,
                             what.c_str());
            }
        };
        for (const auto& def : datasets())
            check(def.key, def.params);
        for (const auto& def : layerCatalog())
            check(def.key, def.params);
        for (const auto& def : optimizers())
            check(def.key, def.params);
        for (const auto& def : schedules())
            check(def.key, def.params);
        for (const auto& def : losses())
            check(def.key, def.params);
        check("augmentation", augmentationParams());
        check("training", trainingParams());
    }

    void defaultsStandForWhatIsAbsent() {
        auto json = toJson(newProject());
        for (const char* key : {"canvas", "data", "training", "description"})
            json.erase(key);
        const auto project = projectFromJson(json);
        QVERIFY(project.data == DataChoice{});
        QVERIFY(project.training == TrainingSettings{});
    }

    void wrongFilesAreRefused_data() {
        QTest::addColumn<Change>("change");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* name, const char* message, Change change) {
            QTest::newRow(name) << change << message;
        };
        row("newer", "newer Gradwright (schema 2", [](Json& p) { p["schema"] = 2; });
        row("schema 0", "schema", [](Json& p) { p["schema"] = 0; });
        row("schema text", "schema", [](Json& p) { p["schema"] = "1"; });
        row("schema beyond", "schema", [](Json& p) { p["schema"] = 18'000'000'000'000'000'000U; });
        row("format", "not a Gradwright project", [](Json& p) { p["format"] = "x"; });
        row("list", "not a Gradwright project", [](Json& p) { p = Json::array(); });
        row("no name", "\"name\"", [](Json& p) { p.erase("name"); });
        row("name", "name must be a text", [](Json& p) { p["name"] = 3; });
        row("no network", "\"network\"", [](Json& p) { p.erase("network"); });
        row("canvas", "canvas must be an object", [](Json& p) { p["canvas"] = 1; });
        row("positions", "positions must be an object",
            [](Json& p) { p["canvas"]["positions"] = Json::array(); });
        row("positions of a graph", "positions of a graph",
            [](Json& p) { p["canvas"]["positions"][""] = 3; });
        row("position's key", "\"x\"", [](Json& p) { p["canvas"]["positions"][""]["x"] = {1, 2}; });
        row("position", "[x, y]", [](Json& p) { p["canvas"]["positions"][""]["1"] = {1}; });
        row("position's type", "number", [](Json& p) {
            p["canvas"]["positions"][""]["1"] = {1, nullptr};
        });
        row("frames", "frames must be a list", [](Json& p) { p["canvas"]["frames"] = 1; });
        row("frame", "title", [](Json& p) { p["canvas"]["frames"][0].erase("title"); });
        row("frame's number", "numbered from 0 to 4294967295",
            [](Json& p) { p["canvas"]["frames"][0]["id"] = 4'294'967'296; });
        row("two frames", "two have the number", [](Json& p) {
            const auto copy = p["canvas"]["frames"][0];
            p["canvas"]["frames"].push_back(copy);
        });
        row("data set", "imagenet", [](Json& p) { p["data"]["dataset"] = "imagenet"; });
        row("data parameter", "colour", [](Json& p) { p["data"]["params"]["colour"] = 1; });
        row("data parameters", "params must be an object",
            [](Json& p) { p["data"]["params"] = 1; });
        row("data value", "Size", [](Json& p) { p["data"]["params"]["size"] = 5; });
        row("fraction", "validation", [](Json& p) { p["data"]["validation_fraction"] = 1; });
        row("folds", "fold 3 of 1 is none", [](Json& p) { p["data"]["folds"] = 1; });
        row("fold", "fold 5 of 5 is none", [](Json& p) {
            p["data"]["folds"] = 5;
            p["data"]["fold"] = 5;
        });
        row("limit", "limit must be a whole number", [](Json& p) { p["data"]["limit"] = -1; });
        row("limit beyond", "limit must be a whole number",
            [](Json& p) { p["data"]["limit"] = 18'000'000'000'000'000'000U; });
        row("seed", "split_seed must be a whole number",
            [](Json& p) { p["data"]["split_seed"] = 1.5; });
        row("inputs", "inputs must be an object", [](Json& p) { p["data"]["inputs"] = 1; });
        row("an input's parts", "inputs of \"image\" must be a list of names",
            [](Json& p) { p["data"]["inputs"]["image"] = "0"; });
        row("a part", "must name parts of a sample, not 0",
            [](Json& p) { p["data"]["inputs"]["image"][0] = 0; });
        row("left out", "left_out must be a list of names",
            [](Json& p) { p["data"]["left_out"] = Json::object(); });
        row("training", "training must be an object", [](Json& p) { p["training"] = 1; });
        row("objectives", "objectives must be a list",
            [](Json& p) { p["training"]["objectives"] = Json::array(); });
        row("loss", "hinges",
            [](Json& p) { p["training"]["objectives"][0]["loss"]["key"] = "hinges"; });
        row("no loss", "a loss", [](Json& p) { p["training"]["objectives"][0].erase("loss"); });
        row("weight", "greater than 0",
            [](Json& p) { p["training"]["objectives"][0]["weight"] = -1; });
        row("optimizer", "optimizer must be an object",
            [](Json& p) { p["training"]["optimizer"] = 1; });
        row("momentum", "Momentum",
            [](Json& p) { p["training"]["optimizer"]["params"]["momentum"] = 2; });
        row("epochs", "Epochs", [](Json& p) { p["training"]["params"]["epochs"] = 0; });
        row("parameter", "speed", [](Json& p) { p["training"]["params"]["speed"] = 0; });
        row("two keys", "\"flip_vertical\" twice", [](Json& p) {
            p["data"]["augmentation"] = {{"flip-vertical", true}, {"flip_vertical", true}};
        });
    }
    void wrongFilesAreRefused() {
        QFETCH(Change, change);
        QFETCH(QString, message);
        auto json = toJson(fullProject());
        change(json);
        const auto error = errorOfReading(json);
        QVERIFY2(contains(error, message.toStdString()), error.c_str());
    }

    void messagesNameTheFile() {
        const TemporaryFolder folder;
        const auto file = folder / "broken.gradwright";
        const auto text = projectText(openTemplate("perceptron"));
        writeFileAtomically(file, text.substr(0, text.size() / 2));
        const auto error = errorOf([&] { static_cast<void>(loadProject(file)); });
        QVERIFY2(contains(error, file.string()) && contains(error, "line"), error.c_str());
        const auto missing = errorOf([&] { static_cast<void>(loadProject(folder / "none")); });
        QVERIFY2(contains(missing, (folder / "none").string()), missing.c_str());
    }

    void failedSavingKeepsTheFile() {
        const TemporaryFolder folder;
        const auto file = folder / "x" / "a.gradwright";
        QVERIFY(!errorOf([&] { saveProject(file, newProject()); }).empty());
        QVERIFY(!std::filesystem::exists(folder / "x"));
    }

    /// Whatever a file holds, it is read or refused; what is read can be written and read again.
    void damagedFilesAreReadOrRefused() {
        const auto whole = projectText(fullProject());
        std::mt19937 random(1);
        const auto below = [&](std::size_t end) {
            return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
        };
        int read = 0;
        int refused = 0;
        for (int i = 0; i < 2000; ++i) {
            auto text = whole;
            for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
                const auto at = below(text.size());
                switch (below(4)) {
                case 0:
                    text[at] = static_cast<char>(below(256));
                    break;
                case 1:
                    text.erase(at, 1 + below(20));
                    break;
                case 2:
                    text.insert(at, text, below(text.size()), 1 + below(20));
                    break;
                default:
                    text[at] = "0123456789-.eE\"[]{},:"[below(21)];
                    break;
                }
            }
            readOrRefuse(text, read, refused);
        }
        qInfo("%d read, %d refused", read, refused);
        QVERIFY(read > 0 && refused > 0);
    }

    /// The same with valid JSON in which a value is another one, of any type.
    void strangeValuesAreReadOrRefused() {
        const auto whole = toJson(fullProject());
        std::vector<std::string> places;
        std::vector<Json> values = {nullptr,
                                    true,
                                    -1,
                                    0,
                                    1.5,
                                    -1e308,
                                    4'294'967'296,
                                    18e18,
                                    18'000'000'000'000'000'000U,
                                    "",
                                    "../../x",
                                    std::string(1000, 'x'),
                                    Json::array(),
                                    Json::object()};
        const auto leaves = whole.flatten();
        for (const auto& [place, value] : leaves.items()) {
            places.push_back(place);
            values.push_back(value);
        }
        std::mt19937 random(2);
        const auto anyOf = [&](const auto& list) {
            return list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random)];
        };
        int read = 0;
        int refused = 0;
        for (int i = 0; i < 2000; ++i) {
            auto json = whole;
            json[Json::json_pointer(anyOf(places))] = anyOf(values);
            readOrRefuse(json.dump(), read, refused);
        }
        qInfo("%d read, %d refused", read, refused);
        QVERIFY(read > 100 && refused > 100);
    }

private:
    static void readOrRefuse(const std::string& text, int& read, int& refused) {
        try {
            const auto project = projectFromJson(parseJson(text, "the project"));
            ++read;
            QVERIFY(projectFromJson(parseJson(projectText(project), "again")) == project);
        } catch (const Error& error) {
            ++refused;
            QVERIFY(*error.what() != '\0');
        }
    }
};

QTEST_APPLESS_MAIN(ProjectFileTest)
#include "tst_project_file.moc"
