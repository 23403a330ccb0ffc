// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/support/json.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Network read(std::string_view text) {
    return networkFromJson(parseJson(text, "the file"));
}

QString refusal(const std::string& text) {
    return messageOf([&] { return read(text); });
}

/// A network of nodes 1 (input) and 2 to 4 (relu) with these links.
std::string withLinks(const std::string& links) {
    return R"({"nodes": [{"id": 1, "name": "image", "layer": "input"},
                         {"id": 2, "name": "a", "layer": "relu"},
                         {"id": 3, "name": "b", "layer": "add"},
                         {"id": 4, "name": "c", "layer": "relu"}],
               "links": [)" +
           links + "]}";
}

std::string withNode(const std::string& node) {
    return R"({"nodes": [)" + node + R"(], "links": []})";
}

} // namespace

class NetworkJsonTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void networksRoundTrip() {
        for (const auto& network : {Network{}, lenet(), residualNetwork()}) {
            const auto text = toJson(network).dump();
            QVERIFY(read(text) == network);
            QCOMPARE(toJson(read(text)).dump(), text);
        }
    }

    void everyLayerRoundTrips() {
        for (const auto& def : layerCatalog()) {
            NetworkBuilder b;
            ParamValues params;
            for (const auto& spec : def.params) {
                if (spec.type == ParamType::Int)
                    params[spec.key] = std::get<std::int64_t>(spec.defaultValue) + 1;
                else if (spec.type == ParamType::Real)
                    params[spec.key] = spec.defaultValue == ParamValue(0.0)
                                           ? 0.25
                                           : std::get<double>(spec.defaultValue) / 3;
                else if (spec.type == ParamType::Bool)
                    params[spec.key] = !std::get<bool>(spec.defaultValue);
                else if (spec.type == ParamType::Choice)
                    params[spec.key] = spec.choices.back().key;
                else if (spec.type == ParamType::Tuple)
                    params[spec.key] = IntTuple(spec.maxLength, 17);
                else
                    params[spec.key] = std::string("text");
            }
            b.layer(def.key, params, "node");
            QCOMPARE(b.network.main.nodes().begin()->second.params.size(), def.params.size());
            QVERIFY2(read(toJson(b.network).dump()) == b.network, def.key.c_str());
        }
    }

    void defaultsAreLeftOut() {
        NetworkBuilder b;
        const auto conv = b.layer("conv2d", {{"filters", std::int64_t{32}}, {"bias", false}}, "c");
        const auto& filters = layer("conv2d").params[0];
        QCOMPARE(filters.defaultValue, ParamValue(std::int64_t{32}));
        QCOMPARE(toJson(b.network)["nodes"][0].dump(),
                 std::string(R"({"id":1,"name":"c","layer":"conv2d","params":{"bias":false}})"));
        apply(b.network, {SetParam{"", conv, "bias", ParamValue(true)}});
        QVERIFY(!toJson(b.network)["nodes"][0].contains("params"));
        const auto network = read(withNode(
            R"({"id": 1, "name": "c", "layer": "conv2d", "params": {"filters": 32, "stride": [1, 1]}})"));
        QVERIFY(network.main.find(NodeId{1})->params.empty());
    }

    void unknownKeysSurvive() {
        const auto json = parseJson(R"({
            "nodes": [{"id": 1, "name": "image", "layer": "input", "colour": "red"},
                      {"id": 2, "name": "end", "layer": "output"},
                      {"id": 3, "name": "use", "block": "b", "repeat": 2, "hint": [1]}],
            "links": [{"id": 1, "from": [1, 0], "to": [2, 0], "bend": {"x": 1}}],
            "blocks": {"b": {"nodes": [{"id": 1, "name": "fc", "layer": "dense"}], "links": [],
                             "promoted": [{"key": "k", "node": 1, "param": "units", "unit": "u"}],
                             "doc": "text", "tag": 5}},
            "future": {"deep": [null]}})",
                                    "the file");
        QCOMPARE(toJson(networkFromJson(json)).dump(), json.dump());
    }

    void unknownLayersAreKeptAndReported() {
        const auto json = parseJson(
            R"({"nodes": [{"id": 1, "name": "image", "layer": "input"},
                          {"id": 2, "name": "fold", "layer": "quantum-fold",
                           "params": {"a": {"b": [1.5, null]}, "c": 2}},
                          {"id": 3, "name": "end", "layer": "output"}],
                "links": [{"id": 1, "from": [1, 0], "to": [2, 3]},
                          {"id": 2, "from": [2, 1], "to": [3, 0]}],
                "blocks": {}})",
            "the file");
        const auto network = networkFromJson(json);
        QCOMPARE(toJson(network).dump(), json.dump());
        const auto analysis = analyze(network);
        QVERIFY(analysis.hasErrors());
        QCOMPARE(analysis.nodes[analysis.indexOf("fold")].inputs.size(), std::size_t{4});
    }

    void parametersOfALaterVersionAreKeptAndReported() {
        const auto network = read(withNode(
            R"({"id": 1, "name": "r", "layer": "relu", "params": {"knob": 0.5, "way": [1, 2]}})"));
        QCOMPARE(network.main.find(NodeId{1})->params.size(), std::size_t{2});
        QVERIFY(read(toJson(network).dump()) == network);
        QVERIFY(analyze(network).hasErrors());
    }

    void valuesOutOfRangeAreForTheAnalysis() {
        const auto network =
            read(withNode(R"({"id": 1, "name": "d", "layer": "dense", "params": {"units": -3}})"));
        QVERIFY(analyze(network).hasErrors());
        QVERIFY(read(toJson(network).dump()) == network);
    }

    void brokenFilesAreRefused_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* name, const std::string& text, const char* message) {
            QTest::newRow(name) << QString::fromStdString(text) << message;
        };
        row("no object", "[]", "the network must be an object, not []");
        row("no nodes", "{}", "the network lacks \"nodes\"");
        row("nodes no list", R"({"nodes": {}, "links": []})",
            "nodes must be a list in the network");
        row("blocks no object", R"({"nodes": [], "links": [], "blocks": 3})",
            "blocks must be an object, not 3");
        row("node no object", withNode("7"), "a node must be an object");
        row("no id", withNode(R"({"name": "a", "layer": "relu"})"), "a node lacks \"id\"");
        const auto* id = "a node's id must be a whole number from 0 to 2147483647, not ";
        row("negative id", withNode(R"({"id": -1, "name": "a", "layer": "relu"})"),
            qPrintable(QString(id) + "-1"));
        row("huge id", withNode(R"({"id": 4294967295, "name": "a", "layer": "relu"})"),
            qPrintable(QString(id) + "4294967295"));
        row("id no number", withNode(R"({"id": "1", "name": "a", "layer": "relu"})"),
            qPrintable(QString(id) + "\"1\""));
        row("bad name", withNode(R"({"id": 1, "name": "a/b", "layer": "relu"})"),
            "the network, node 1: A name is made of letters, digits, \"-\" and \"_\", since "
            "weights "
            "are filed under it; received \"a/b\".");
        row("no layer", withNode(R"({"id": 1, "name": "a"})"), "node \"a\": it lacks \"layer\"");
        row("param type",
            withNode(R"({"id": 1, "name": "a", "layer": "dense", "params": {"units": "many"}})"),
            "node \"a\": Units must be a whole number, not \"many\"");
        row("repeat", withNode(R"({"id": 1, "name": "a", "block": "b", "repeat": 1001})"),
            "node \"a\": repeat must be from 1 to 1000, not 1001");
        row("same id", withNode(R"({"id": 1, "name": "a", "layer": "relu"},
                                   {"id": 1, "name": "b", "layer": "relu"})"),
            "the network: two nodes have the id 1");
        row("same name", withNode(R"({"id": 1, "name": "a", "layer": "relu"},
                                     {"id": 2, "name": "a", "layer": "relu"})"),
            "the network, node 2: There is already a node called \"a\" in this graph.");
        row("link into nothing", withLinks(R"({"id": 1, "from": [1, 0], "to": [9, 0]})"),
            "the network, link 1: there is no node 9.");
        row("no port", withLinks(R"({"id": 1, "from": [1, 0], "to": [2, 1]})"),
            "the network, link 1: a has 1 input; there is no input 1.");
        row("half a port", withLinks(R"({"id": 1, "from": [1], "to": [2, 1]})"),
            "a link's from must be [node, port], not [1]");
        row("second link", withLinks(R"({"id": 1, "from": [1, 0], "to": [2, 0]},
                                        {"id": 2, "from": [1, 0], "to": [2, 0]})"),
            "the network, link 2: Input 0 of a already takes a link from image; an input takes "
            "one.");
        row("same link id", withLinks(R"({"id": 1, "from": [1, 0], "to": [2, 0]},
                                         {"id": 1, "from": [2, 0], "to": [3, 0]})"),
            "the network, link 1: two links have this id.");
        row("itself", withLinks(R"({"id": 1, "from": [2, 0], "to": [2, 0]})"),
            "the network: the links close a cycle through a; data must flow one way");
        row("cycle", withLinks(R"({"id": 1, "from": [2, 0], "to": [4, 0]},
                                  {"id": 2, "from": [4, 0], "to": [2, 0]},
                                  {"id": 3, "from": [4, 0], "to": [3, 0]})"),
            "the network: the links close a cycle through c; data must flow one way");
        row("in a block", R"({"nodes": [], "links": [], "blocks": {"b": {"nodes": []}}})",
            "block \"b\" lacks \"links\"");
        row("promoted", R"({"nodes": [], "links": [], "blocks":
                            {"b": {"nodes": [], "links": [], "promoted": {"key": 1}}}})",
            "promoted must be a list, not {\"key\":1}");
        row("promoted node", R"({"nodes": [], "links": [], "blocks": {"b": {"nodes": [],
             "links": [], "promoted": [{"key": "k", "node": 4, "param": "p"}]}}})",
            "the block \"b\" has no node 4 whose p could be promoted");
    }
    void brokenFilesAreRefused() {
        QFETCH(QString, text);
        QFETCH(QString, message);
        QCOMPARE(refusal(text.toStdString()), message);
    }

    /// A node on the cycle is named, not one that it feeds.
    void cyclesAreFoundWhereTheyAre() {
        const auto message = refusal(withLinks(R"({"id": 1, "from": [4, 0], "to": [2, 0]},
                                                  {"id": 2, "from": [4, 0], "to": [3, 0]},
                                                  {"id": 3, "from": [3, 0], "to": [4, 0]})"));
        QVERIFY2(message.contains("through b;") || message.contains("through c;"),
                 qPrintable(message));
    }

    void hugeFilesAreReadInLinearTime() {
        Json json = {{"nodes", Json::array()}, {"links", Json::array()}};
        constexpr int count = 100'000;
        for (int i = 0; i < count; ++i)
            json["nodes"].push_back(
                {{"id", i}, {"name", fmt::format("n{}", i)}, {"layer", "relu"}});
        // From the end to the start, which makes a search for a cycle at each link quadratic.
        for (int i = count - 1; i > 0; --i)
            json["links"].push_back({{"id", i}, {"from", {i - 1, 0}}, {"to", {i, 0}}});
        QCOMPARE(networkFromJson(json).main.links().size(), std::size_t{count - 1});
        json["nodes"].push_back({{"id", count}, {"name", "more"}, {"layer", "relu"}});
        QCOMPARE(messageOf([&] { return networkFromJson(json); }),
                 "nodes holds 100001 entries, at most 100000 are read");
    }
};

QTEST_APPLESS_MAIN(NetworkJsonTest)
#include "tst_network_json.moc"
