// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <filesystem>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace {

struct Expected {
    Shape input;
    Shape output; ///< that of the input where the block can be repeated
    std::int64_t parameters;
};

/// By file. Parameters are counted by hand from the papers' descriptions.
const std::map<std::string, Expected>& expected() {
    static const std::map<std::string, Expected> all = {
        {"residual", {{64, 8, 8}, {64, 8, 8}, 2 * (64 * 64 * 9 + 2 * 64)}},
        {"residual-halving",
         {{32, 8, 8}, {64, 4, 4}, 32 * 64 * 9 + 64 * 64 * 9 + 32 * 64 + 3 * 2 * 64}},
        {"bottleneck",
         {{256, 8, 8}, {256, 8, 8}, 256 * 64 + 64 * 64 * 9 + 64 * 256 + 2 * (64 + 64 + 256)}},
        {"bottleneck-halving",
         {{128, 8, 8},
          {256, 4, 4},
          128 * 64 + 64 * 64 * 9 + 64 * 256 + 128 * 256 + 2 * (64 + 64 + 256 + 256)}},
        // Inception (3a) of GoogLeNet on its 192 channels.
        {"inception", {{192, 7, 7}, {256, 7, 7}, 163'696}},
        {"squeeze-and-excitation", {{256, 5, 5}, {256, 5, 5}, 2 * 256 * 16 + 16 + 256}},
        {"weighed-bottleneck",
         {{256, 8, 8},
          {256, 8, 8},
          256 * 64 + 64 * 64 * 9 + 64 * 256 + 2 * (64 + 64 + 256) + 2 * 256 * 16 + 16 + 256}},
        {"inverted-residual",
         {{24, 8, 8}, {24, 8, 8}, 2 * 24 * 144 + 144 * 9 + 2 * (144 + 144 + 24)}},
        {"normalized-convolution", {{3, 8, 8}, {32, 8, 8}, 3 * 32 * 9 + 2 * 32}},
        {"double-convolution", {{3, 8, 8}, {32, 8, 8}, 3 * 32 * 9 + 32 + 32 * 32 * 9 + 32}},
        {"transformer-encoder",
         {{10, 64}, {10, 64}, 4 * (64 * 64 + 64) + 64 * 128 + 128 + 128 * 64 + 64 + 2 * 2 * 64}},
    };
    return all;
}

std::filesystem::path folder() {
    return GRADWRIGHT_SOURCE_DIR "/resources/blocks";
}

Json read(const std::string& key) {
    return parseJson(readTextFile(folder() / (key + ".gradwright-block")), key);
}

/// A network of the block alone, `repeat` times.
Network around(const std::string& key, std::int64_t repeat) {
    const auto json = read(key);
    NetworkBuilder b;
    b.network = networkFromJson(
        {{"nodes", Json::array()}, {"links", Json::array()}, {"blocks", json["blocks"]}});
    const auto in = b.layer("input", {{"shape", IntTuple(expected().at(key).input.dims())}}, "in");
    const auto block = b.block(json["name"].get<std::string>(), "block", repeat);
    b.link(in, block);
    b.after(block, "output", {}, "out");
    return std::move(b.network);
}

} // namespace

class BlockPresetsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyPresetIsExpected() {
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder())) {
            QCOMPARE(entry.path().extension().string(), std::string(".gradwright-block"));
            QVERIFY2(expected().contains(entry.path().stem().string()), entry.path().c_str());
            ++files;
        }
        QCOMPARE(files, expected().size());
        qInfo("%zu presets of blocks", files);
    }

    void presetsAreDrawnAndDescribed_data() {
        QTest::addColumn<std::string>("key");
        for (const auto& [key, values] : expected())
            QTest::newRow(key.c_str()) << key;
    }
    void presetsAreDrawnAndDescribed() {
        QFETCH(std::string, key);
        const auto json = read(key);
        const auto blocks = around(key, 1).blocks;
        const auto& block = blocks.at(json["name"].get<std::string>());
        QVERIFY2(block.doc.size() > 40 && block.doc.ends_with('.'), block.doc.c_str());
        QVERIFY(!block.promoted.empty());
        for (const auto& [name, definition] : blocks) {
            const auto& points = json["canvas"]["positions"][name];
            for (const auto& [id, node] : definition.graph.nodes())
                QVERIFY2(points.contains(std::to_string(id.value)), node.name.c_str());
        }
        QCOMPARE(QByteArray::fromStdString(readableJson(json)),
                 QByteArray::fromStdString(readTextFile(folder() / (key + ".gradwright-block"))));
    }

    void presetsFitAsTheyAre_data() { presetsAreDrawnAndDescribed_data(); }
    void presetsFitAsTheyAre() {
        QFETCH(std::string, key);
        const auto& wanted = expected().at(key);
        const auto once = analyze(around(key, 1));
        for (const auto& diagnostic : once.diagnostics)
            QVERIFY2(diagnostic.severity == Severity::Info, diagnostic.message.c_str());
        QVERIFY(once.nodes[once.indexOf("out")].output == wanted.output);
        QCOMPARE(once.parameters, wanted.parameters);
        if (wanted.input != wanted.output)
            return;
        const auto thrice = analyze(around(key, 3));
        QVERIFY(!thrice.hasErrors());
        QCOMPARE(thrice.parameters, 3 * wanted.parameters);
        QVERIFY(thrice.nodes[thrice.indexOf("out")].output == wanted.output);
    }
};

QTEST_APPLESS_MAIN(BlockPresetsTest)
#include "tst_block_presets.moc"
