// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::array<const char*, 2> kFormats = {"pytorch", "keras"};

bool isNear(const Json& found, double expected) {
    return std::abs(found.get<double>() - expected) < 1e-9 * std::max(1.0, std::abs(expected));
}

/// The number as the run scaled it.
double scaled(const Json& column, double value) {
    const auto& scaling = column["scaling"];
    return (value - scaling[0].get<double>()) / scaling[1].get<double>();
}

const Json& columnCalled(const Json& data, const std::string& name) {
    const auto& columns = data["columns"];
    return *std::ranges::find_if(columns,
                                 [&](const Json& column) { return column["name"] == name; });
}

/// 1 in the place of `value`.
std::vector<double> oneOf(const Json& column, const std::string& value) {
    std::vector<double> places;
    for (const auto& category : column["categories"])
        places.push_back(category == value ? 1 : 0);
    return places;
}

} // namespace

/// Exported programs take what is in the files, and answer in its units.
class CliExportedRowsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (QStandardPaths::findExecutable(QStringLiteral("python3")).isEmpty())
            QSKIP("python3 is not installed");
    }

    void scalesAreThoseOfTheRun_data() {
        QTest::addColumn<QString>("normalize");
        QTest::addColumn<bool>("scalesTarget");
        for (const char* normalize : {"standardize", "range", "none"})
            for (const bool scales : {true, false})
                QTest::addRow("%s, target %s", normalize, scales ? "scaled" : "as it is")
                    << QString(normalize) << scales;
    }
    void scalesAreThoseOfTheRun() {
        QFETCH(const QString, normalize);
        QFETCH(const bool, scalesTarget);
        // Both ends occur so often that they are among the training rows.
        std::string text = "size,age,price\n";
        for (int i = 0; i < 120; ++i)
            text += fmt::format("{},{},{}.5\n",
                                i % 3 == 0   ? 0
                                : i % 3 == 1 ? 400
                                             : i,
                                i % 8 - 3, 2000 + 10 * i);
        writeText(cli_ / "homes.csv", text);
        const auto name = fmt::format("{}{}", normalize.toStdString(), scalesTarget);
        const auto data = trained(
            name, {"--set", "data.file=homes.csv", "--set", "data.normalize=" + normalize, "--set",
                   scalesTarget ? "data.scale_target=true" : "data.scale_target=false"});
        const auto expected = [&](const char* column, double value, double least, double most) {
            return normalize == "none"    ? value
                   : normalize == "range" ? (value - least) / (most - least)
                                          : scaled(columnCalled(data, column), value);
        };
        const auto target = data.find("target_scaling");
        for (const auto* format : kFormats) {
            const auto found =
                asked(name, format, R"({"size": "100", "age": 4})", "[[0.25], [-1.5]]");
            QVERIFY2(isNear(found["inputs"][0][0], expected("size", 100, 0, 400)),
                     found.dump().c_str());
            QVERIFY2(isNear(found["inputs"][0][1], expected("age", 4, -3, 4)),
                     found.dump().c_str());
            for (std::size_t i = 0; i < 2; ++i) {
                const double output = i == 0 ? 0.25 : -1.5;
                const double value = scalesTarget ? output * (*target)[0][1].get<double>() +
                                                        (*target)[0][0].get<double>()
                                                  : output;
                QVERIFY2(isNear(found["answers"][i]["price"], value), found.dump().c_str());
            }
        }
        // Scaled, an output of 0 is the mean of the prices, about 2600.
        QVERIFY(!scalesTarget || std::abs((*target)[0][0].get<double>() - 2600) < 100);
    }

    void datesCodesAndListsAreTakenAsTheyAre() {
        std::string text = "day;code;px;kind\n";
        for (int i = 0; i < 90; ++i)
            text += fmt::format("{}-{:02}-{:02};{};0 {} 255 51;{}\n", 2014 + i % 3, i % 12 + 1,
                                i % 28 + 1, 10 * (i % 3 + 1), i % 200, i % 2 == 0 ? "a" : "b");
        writeText(cli_ / "events.csv", text);
        const auto data =
            trained("events", {"--set", "data.file=events.csv", "--set", "data.dates=parts",
                               "--set", "data.categorical=code", "--set", "data.target=kind"});
        const auto row = [&](const std::string& month, const std::string& weekday, double year,
                             const std::string& code, const std::vector<double>& pixels) {
            std::vector<double> values;
            for (const auto& column : data["columns"]) {
                const auto name = column["name"].get<std::string>();
                std::vector<double> here;
                if (name == "day (year)")
                    here = {scaled(column, year)};
                else if (name == "px")
                    for (const auto pixel : pixels)
                        here.push_back(scaled(column, pixel));
                else
                    here = oneOf(column, name == "day (month)"     ? month
                                         : name == "day (weekday)" ? weekday
                                                                   : code);
                values.insert(values.end(), here.begin(), here.end());
            }
            return values;
        };
        // 3 February 2015 was a Tuesday, 29 February 2016 a Monday.
        const auto first = row("Feb", "Tue", 2015, "20", {0, 7, 255, 51});
        const auto second = row("Feb", "Mon", 2016, "30", {1, 2, 3, 4});
        const auto other = row("Feb", "Mon", 2016, "", {1, 2, 3, 4});
        const auto third = row("", "", 2015, "", {1, 2, 3, 4});
        for (const auto* format : kFormats) {
            const std::vector<std::pair<const char*, std::vector<double>>> cases = {
                {R"({"day": "2015-02-03", "code": "20", "px": "0 7 255 51"})", first},
                {R"({"day": "2015/2/3 17:30", "code": 20, "px": "[[0, 7], [255, 51]]"})", first},
                {R"({"day": "date:2015-02-03", "code": 20.0, "px": [0, 7, 255, 51]})", first},
                {R"({"day": "2016-Feb-29", "code": "30", "px": "1;2;3;4"})", second},
                {R"({"day": "2016-Feb-29", "code": " 0.3E+2", "px": "1;2;3;4"})", second},
                // A double does not tell this from 30.
                {R"({"day": "2016-2-29", "code": "30.00000000000000000001", "px": "1;2;3;4"})",
                 other}};
            for (const auto& [sample, expected] : cases) {
                const auto found = asked("events", format, sample, "[[0.1, 0.9]]");
                QVERIFY2(found.contains("inputs"), found.dump().c_str());
                QCOMPARE(found["inputs"][0].size(), expected.size());
                for (std::size_t i = 0; i < expected.size(); ++i)
                    QVERIFY2(isNear(found["inputs"][0][i], expected[i]), found.dump().c_str());
                QVERIFY(found["answers"][0][0] == "b");
            }
            // A date that is missing has no month.
            const auto none =
                asked("events", format, R"({"day": "", "px": [1, 2, 3, 4]})", "[[1, 0]]");
            for (std::size_t i = 1; i < third.size() - 4; ++i)
                QVERIFY2(isNear(none["inputs"][0][i], third[i]), none.dump().c_str());
            const auto wrong = asked("events", format, R"({"day": "soon"})", "[[1, 0]]");
            QVERIFY2(wrong["error"] == "day holds dates, but here \"soon\"", wrong.dump().c_str());
            const auto few = asked("events", format, R"({"px": "1 2 3"})", "[[1, 0]]");
            QVERIFY2(few["error"] == "px holds 4 numbers, not 3", few.dump().c_str());
        }
    }

    void textsBecomeTheirNumbers() {
        std::string text;
        for (int i = 0; i < 60; ++i)
            text += "Für den Zaun.\r\n";
        writeText(cli_ / "fence.txt", text);
        const auto data = trained("fence",
                                  {"--data", "text", "--set", "data.file=fence.txt", "--set",
                                   "data.steps=8", "--batch", "8"},
                                  "template:character-lstm");
        const auto& classes = data["classes"];
        const auto number = [&](const char* character) {
            return std::ranges::find(classes, Json(character)) - classes.begin();
        };
        std::vector<double> likely(classes.size(), 0.0);
        likely[static_cast<std::size_t>(number("u"))] = 1;
        const std::vector<double> none(classes.size(), 1.0 / static_cast<double>(classes.size()));
        for (const auto* format : kFormats) {
            const Json steps = {none, none, none, none, likely, none, none, none};
            const auto found =
                asked("fence", format, "\"r Za!\"", fmt::format("[{}]", steps.dump()));
            QVERIFY2(found.contains("inputs"), found.dump().c_str());
            const std::vector<std::ptrdiff_t> expected = {
                number("r"), number(" "), number("Z"), number("a"), 0, 0, 0, 0};
            for (std::size_t i = 0; i < expected.size(); ++i)
                QCOMPARE(found["inputs"][0][i].get<std::ptrdiff_t>(), expected[i]);
            QVERIFY2(found["answers"][0][0] == "u", found.dump().c_str());
        }
    }

private:
    /// Trains for one epoch and exports; what the run noted of its data.
    Json trained(const std::string& name, const QStringList& arguments,
                 const char* project = "template:two-spirals") {
        QStringList command{"train", project,     "--fit",         "--epochs",
                            "1",     "--run-dir", cli_.path(name), "--quiet"};
        if (!arguments.contains("--data"))
            command += {"--data", "csv"};
        const auto result = cli_.run(command + arguments);
        if (result.code != 0)
            QTest::qFail(result.text().c_str(), __FILE__, __LINE__);
        const auto run = onlyRun(cli_ / name);
        for (const auto* format : kFormats) {
            const auto exported = cli_.run({"export", QString::fromStdString(run.string()), "-o",
                                            program(name, format), "--format", format});
            if (exported.code != 0)
                QTest::qFail(exported.text().c_str(), __FILE__, __LINE__);
        }
        return RunDirectory::open(run).readRunJson()["data"];
    }
    [[nodiscard]] QString program(const std::string& name, const char* format) const {
        return cli_.path(fmt::format("{}-{}.py", name, format));
    }
    /// What the exported program makes of a sample and of outputs.
    Json asked(const std::string& name, const char* format, const char* sample,
               const std::string& outputs) {
        writeText(cli_ / "asked.json",
                  fmt::format(R"({{"samples": [{}], "outputs": {}}})", sample, outputs));
        QProcess python;
        python.start(QStringLiteral("python3"),
                     {QStringLiteral(GRADWRIGHT_SOURCE_DIR "/tests/app/prepared_cells.py"),
                      program(name, format), cli_.path("asked.json")});
        python.waitForFinished();
        const auto errors = python.readAllStandardError();
        const auto out = python.readAllStandardOutput().toStdString();
        return python.exitCode() == 0 ? Json::parse(out) : Json{{"failed", errors.toStdString()}};
    }

    Cli cli_;
};

QTEST_GUILESS_MAIN(CliExportedRowsTest)
#include "tst_cli_exported_rows.moc"
