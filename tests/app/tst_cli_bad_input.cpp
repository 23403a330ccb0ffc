// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using Change = void (*)(Json& project);

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

} // namespace

Q_DECLARE_METATYPE(Change)

/// Files that cannot be used: the message says what is wrong, where, and what would be right.
class CliBadInputTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        good_ = toJson(openTemplate("perceptron"));
        const auto result = cli_.run({"train", "template:perceptron", "--epochs", "1", "--quiet",
                                      "--run-dir", cli_.path("runs")});
        QVERIFY2(result.code == 0, result.text().c_str());
        run_ = onlyRun(cli_ / "runs");
        QVERIFY(!run_.empty());
    }

    /// The nodes of the perceptron: 1 input, 2 flatten, 3 dense, 4 output; links 1→2→3→4.
    void wrongProjects_data() {
        QTest::addColumn<Change>("change");
        QTest::addColumn<QStringList>("messages");
        const auto row = [](const char* name, const QStringList& messages, Change change) {
            QTest::newRow(name) << change << messages;
        };
        row("a cycle", {"cycle", "one way"}, [](Json& p) {
            p["network"]["links"][0]["from"] = {3, 0};
        });
        row("a second link into a port", {"link 9", "link"}, [](Json& p) {
            p["network"]["links"].push_back({{"id", 9}, {"from", {1, 0}}, {"to", {3, 0}}});
        });
        row("no such port", {"link 3", "output"}, [](Json& p) {
            p["network"]["links"][2]["from"] = {3, 5};
        });
        row("no such node", {"link 3", "77"}, [](Json& p) {
            p["network"]["links"][2]["from"] = {77, 0};
        });
        row("a parameter out of range", {"association", "Units", "-3"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = -3; });
        row("a parameter of another type", {"association", "many"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = "many"; });
        row("an unknown layer", {"teleport"},
            [](Json& p) { p["network"]["nodes"][1]["layer"] = "teleport"; });
        row("an input of another size", {"1×20×20", "1×24×24"}, [](Json& p) {
            p["network"]["nodes"][0]["params"]["shape"] = {1, 24, 24};
        });
        row("another number of classes", {"10 classes", "7"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = 7; });
        row("a newer version", {"newer", "99", "update"}, [](Json& p) { p["schema"] = 99; });
        row("no version", {"schema", "1"}, [](Json& p) { p.erase("schema"); });
        row("something else", {"not a Gradwright project"}, [](Json& p) { p = Json{{"a", 1}}; });
        row("an unknown data set", {"imagenet", "mnist"},
            [](Json& p) { p["data"]["dataset"] = "imagenet"; });
        row("a limit below 0", {"limit", "-5"}, [](Json& p) { p["data"]["limit"] = -5; });
        row("an unknown optimizer", {"newton", "adam"},
            [](Json& p) { p["training"]["optimizer"]["key"] = "newton"; });
        row("epochs out of range", {"Epochs", "0"},
            [](Json& p) { p["training"]["params"]["epochs"] = 0; });
        row("epochs of another type", {"Epochs", "ten"},
            [](Json& p) { p["training"]["params"]["epochs"] = "ten"; });
        row("an objective without weight", {"weight", "0"},
            [](Json& p) { p["training"]["objectives"][0]["weight"] = 0; });
    }
    void wrongProjects() {
        QFETCH(Change, change);
        QFETCH(QStringList, messages);
        auto project = good_;
        change(project);
        const auto file = cli_ / "wrong.gradwright";
        writeText(file, project.dump());
        expectRefused(file, messages);
    }

    void brokenProjectFiles_data() {
        QTest::addColumn<QByteArray>("contents");
        QTest::addColumn<QStringList>("messages");
        const auto whole = QByteArray::fromStdString(projectText(openTemplate("perceptron")));
        QTest::newRow("empty") << QByteArray() << QStringList{"not valid JSON", "line 1"};
        QTest::newRow("truncated")
            << whole.left(whole.size() / 2) << QStringList{"not valid JSON", "line"};
        QTest::newRow("one byte lost")
            << whole.left(whole.size() - 2) << QStringList{"not valid JSON"};
        QTest::newRow("binary") << QByteArray("\x89PNG\0\xff\xfe", 7)
                                << QStringList{"not valid JSON"};
        QTest::newRow("no text") << QByteArray(whole).replace("Perceptron", "Per\xff\xfe")
                                 << QStringList{"not valid JSON"};
        QTest::newRow("deep") << QByteArray(100'000, '[') << QStringList{"nested deeper"};
    }
    void brokenProjectFiles() {
        QFETCH(QByteArray, contents);
        QFETCH(QStringList, messages);
        const auto file = cli_ / "broken.gradwright";
        writeText(file, contents.toStdString());
        expectRefused(file, messages);
    }

    void missingFiles() {
        expectFailure({"summary", cli_.path("none.gradwright")}, {"none.gradwright"});
        expectFailure({"train", cli_.path("none.gradwright")}, {"none.gradwright"});
        expectFailure({"train", "template:lenet-6"}, {"lenet-6", "lenet-5"});
        expectFailure({"summary", text(run_)}, {text(run_)}); // a folder
        expectFailure({"evaluate", cli_.path("no-run")}, {"no-run", "no such run"});
        expectFailure({"predict", cli_.path("no-run"), "x.png"}, {"no-run", "no such run"});
        expectFailure({"train", "--resume", cli_.path("no-run")}, {"no-run", "no such run"});
        expectFailure({"evaluate", cli_.path("resources")}, {"resources", "run.json"});
    }

    void brokenDataFiles_data() {
        QTest::addColumn<QString>("file"); // of the four, the one that is changed
        QTest::addColumn<int>("keep");     // bytes; -1: it is missing
        QTest::addColumn<QByteArray>("head");
        QTest::newRow("images cut short") << "train-images-idx3-ubyte" << 5000 << QByteArray();
        QTest::newRow("labels cut short") << "train-labels-idx1-ubyte" << 100 << QByteArray();
        QTest::newRow("test images cut short") << "t10k-images-idx3-ubyte" << 10 << QByteArray();
        QTest::newRow("empty") << "t10k-labels-idx1-ubyte" << 0 << QByteArray();
        QTest::newRow("missing") << "train-images-idx3-ubyte" << -1 << QByteArray();
        QTest::newRow("no IDX") << "train-images-idx3-ubyte" << 900 << QByteArray("%PDF");
    }
    void brokenDataFiles() {
        QFETCH(QString, file);
        QFETCH(int, keep);
        QFETCH(QByteArray, head);
        const auto folder = cli_ / "broken-data";
        fs::remove_all(folder);
        fs::copy(cli_ / "resources/datasets/mnist", folder);
        const auto broken = folder / file.toStdString();
        if (keep < 0)
            fs::remove(broken);
        else
            fs::resize_file(broken, static_cast<std::uintmax_t>(keep));
        if (!head.isEmpty())
            std::fstream(broken, std::ios::binary | std::ios::in | std::ios::out)
                << head.toStdString();
        auto project = openTemplate("perceptron");
        project.data = {
            .dataset = "idx",
            .params = {{"size", std::int64_t{20}},
                       {"training_images", (folder / "train-images-idx3-ubyte").string()},
                       {"training_labels", (folder / "train-labels-idx1-ubyte").string()},
                       {"test_images", (folder / "t10k-images-idx3-ubyte").string()},
                       {"test_labels", (folder / "t10k-labels-idx1-ubyte").string()}}};
        const auto saved = cli_.save(project, "data.gradwright");
        expectFailure({"train", saved}, {text(broken)});
        QVERIFY(!fs::exists(cli_ / "data.runs"));
    }

    void badImages_data() {
        QTest::addColumn<QString>("kind");
        for (const char* kind :
             {"missing", "blank", "black", "truncated", "text", "empty", "folder"})
            QTest::newRow(kind) << kind;
    }
    void badImages() {
        QFETCH(QString, kind);
        const auto file = cli_ / ("image-" + kind.toStdString() + ".png");
        const auto whole = contentsOf(sample().toStdString());
        if (kind == u"blank" || kind == u"black")
            writePng(makeImage(100, 100, kind == u"blank" ? 1.0F : 0.0F), file);
        else if (kind == u"truncated")
            writeText(file, whole.substr(0, whole.size() / 2));
        else if (kind == u"text")
            writeText(file, "seven");
        else if (kind == u"empty")
            writeText(file, "");
        else if (kind == u"folder")
            fs::create_directories(file);
        expectFailure({"predict", text(run_), text(file)}, {text(file)});
        const auto json = cli_.run({"predict", text(run_), text(file), "--json"});
        QCOMPARE(json.code, 1);
        QCOMPARE(json.out, QByteArray("[]\n"));
    }

private:
    static QString sample() {
        return QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/samples/0-marker.png");
    }

    void expectFailure(const QStringList& arguments, const QStringList& messages) {
        const auto why = cli_.run(arguments).whyNoFailure(messages);
        QVERIFY2(why.empty(), why.c_str());
    }

    /// Training refuses the project, leaves the file as it is and makes no folder for runs.
    void expectRefused(const fs::path& file, const QStringList& messages) {
        const auto before = contentsOf(file);
        expectFailure({"train", text(file)}, messages);
        QVERIFY(contentsOf(file) == before);
        QVERIFY(!fs::exists(fs::path(file).replace_extension(".runs")));
        QCOMPARE(cli_.run({"train", text(file), "--json"}).out, QByteArray());
    }

    Cli cli_;
    Json good_;
    fs::path run_;
};

QTEST_GUILESS_MAIN(CliBadInputTest)
#include "tst_cli_bad_input.moc"
