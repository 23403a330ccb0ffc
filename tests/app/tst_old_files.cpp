// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

const fs::path kOldFiles = fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/app/data/old_files";

/// Other processors sum in another order.
constexpr double kTolerance = 2e-3;

Json readJson(const fs::path& file) {
    return parseJson(contentsOf(file), file.string());
}

/// Where two documents differ by more than rounding; empty when nowhere. Keys that `expected` lacks
/// are new and may be there.
std::string difference(const Json& expected, const Json& actual, const std::string& path) {
    if (expected.is_number() && actual.is_number()) {
        const auto was = expected.get<double>();
        const auto is = actual.get<double>();
        if (std::abs(is - was) <= kTolerance * std::max(1.0, std::abs(was)))
            return {};
        return fmt::format("{} is {} and was {}", path, is, was);
    }
    if (expected.is_object() && actual.is_object()) {
        for (const auto& [key, value] : expected.items()) {
            if (!actual.contains(key))
                return fmt::format("{}/{} is missing", path, key);
            if (auto found = difference(value, actual[key], path + "/" + key); !found.empty())
                return found;
        }
        return {};
    }
    if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
        for (std::size_t i = 0; i < expected.size(); ++i)
            if (auto found = difference(expected[i], actual[i], fmt::format("{}/{}", path, i));
                !found.empty())
                return found;
        return {};
    }
    return expected == actual
               ? std::string()
               : fmt::format("{} is {} and was {}", path, actual.dump(), expected.dump());
}

/// The layers of a summary without what they cost, which is counted in another way at times.
Json layersOf(const Json& summary) {
    auto layers = Json::array();
    for (const auto& layer : summary) {
        auto known = Json::object();
        for (const auto* key : {"id", "type", "output_shape", "parameters"})
            known[key] = layer[key];
        layers.push_back(std::move(known));
    }
    return layers;
}

/// A case's folder in the world of the program, its paths put right.
void unpack(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
    auto record = contentsOf(to / "run/run.json");
    const std::string mark = "@FOLDER@";
    for (auto at = record.find(mark); at != std::string::npos; at = record.find(mark, at))
        record.replace(at, mark.size(), to.string());
    writeText(to / "run/run.json", record);
}

} // namespace

/// What an older Gradwright wrote means the same today. See tests/app/data/old_files/README.md.
class OldFilesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        fs::copy(fs::path(GRADWRIGHT_SOURCE_DIR) / "resources/datasets/seattle-weather",
                 cli_ / "resources/datasets/seattle-weather", fs::copy_options::recursive);
    }

    void templatesOpen() {
        const auto expected = readJson(kOldFiles / "templates/expected.json");
        QCOMPARE(expected.size(), std::size_t{3});
        for (const auto& [key, layers] : expected.items())
            checkProject(kOldFiles / "templates" / (key + ".gradwright"), layers);
    }

    void runsAreUsed_data() { addCases(true); }
    void runsAreUsed() {
        const auto name = unpacked();
        const auto expected = readJson(cli_ / (name + "/expected.json"));
        checkProject(cli_ / (name + "/project.gradwright"), expected["summary"]);

        const auto evaluated = cli_.run({"evaluate", cli_.path(name + "/run"), "--json"});
        QVERIFY2(evaluated.code == 0, evaluated.text().c_str());
        compareFigures(expected["evaluate"], evaluated.json());

        if (!expected.contains("predict"))
            return;
        QStringList arguments = {"predict", "run"};
        for (const auto& argument : expected["predict_arguments"])
            arguments << QString::fromStdString(argument.get<std::string>());
        auto process = cli_.prepared(arguments << "--json");
        process->setWorkingDirectory(cli_.path(name));
        process->start();
        const auto predicted = Cli::finish(*process);
        QVERIFY2(predicted.code == 0, predicted.text().c_str());
        QCOMPARE(difference(expected["predict"], predicted.json(), "predict"), std::string());
    }

    void runsAreResumed_data() { addCases(false); }
    void runsAreResumed() {
        const auto name = unpacked();
        const auto expected = readJson(cli_ / (name + "/expected.json"));
        const auto run = cli_.path(name + "/run");
        const auto epochs = QString::number(expected["resume_epochs"].get<int>());
        const auto trained = cli_.run({"train", "--resume", run, "--epochs", epochs, "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QCOMPARE(trained.json()["epochs"].get<int>(), epochs.toInt());
        QCOMPARE(trained.json()["steps"].get<int>(), expected["resume"]["steps"].get<int>());
        const auto evaluated = cli_.run({"evaluate", run, "--split", "training", "--json"});
        QVERIFY2(evaluated.code == 0, evaluated.text().c_str());
        compareFigures(expected["resume"]["evaluate"], evaluated.json());
    }

private:
    static void addCases(bool finished) {
        QTest::addColumn<QString>("name");
        for (const auto* name : {"digits", "table", "text", "patterns", "shapes", "surface",
                                 "weather", "pictures", "idx"})
            QTest::newRow(name) << name;
        if (!finished)
            QTest::newRow("stopped") << "stopped";
    }

    /// The name of the current case, whose files then lie in the program's world.
    std::string unpacked() {
        QFETCH(QString, name);
        const auto folder = name.toStdString();
        unpack(kOldFiles / folder, cli_ / folder);
        return folder;
    }

    void checkProject(const fs::path& file, const Json& layers) {
        const auto summary = cli_.run({"summary", QString::fromStdString(file.string()), "--json"});
        QVERIFY2(summary.code == 0, summary.text().c_str());
        QCOMPARE(difference(layersOf(layers), layersOf(summary.json()["layers"]), "layers"),
                 std::string());
        // Saving it as it is written today loses nothing.
        const auto project = loadProject(file);
        saveProject(cli_ / "saved.gradwright", project);
        QVERIFY(loadProject(cli_ / "saved.gradwright") == project);
    }

    static void compareFigures(const Json& expected, const Json& actual) {
        for (const auto* key : {"samples", "loss", "metrics"})
            QCOMPARE(difference(expected[key], actual[key], key), std::string());
    }

    Cli cli_;
};

QTEST_GUILESS_MAIN(OldFilesTest)
#include "tst_old_files.moc"
