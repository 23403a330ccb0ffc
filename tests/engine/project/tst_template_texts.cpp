// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/layers/catalog.h"
#include "engine/project/templates.h"

#include <QRegularExpression>
#include <QTest>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace gradwright;

namespace {

/// A layer or activation that a text speaks of.
struct Mention {
    QString word;           ///< as the text has it
    QString before;         ///< the text up to it
    std::set<QString> keys; ///< of the layers that it may mean
};

/// Words of texts, longer ones first, with the layers that they stand for.
const std::vector<std::pair<QString, std::set<QString>>>& vocabulary() {
    static const auto all = [] {
        std::vector<std::pair<QString, std::set<QString>>> words = {
            {"batch normalization", {"batch-norm"}},
            {"average pooling", {"average-pool2d"}},
            {"max pooling", {"max-pool2d"}},
            {"convolutions?", {"conv2d", "conv1d", "conv3d", "depthwise-conv2d"}},
            {"depthwise convolutions?", {"depthwise-conv2d"}},
        };
        // Names that are everyday words count only where "layer" follows.
        const std::set<QString> everyday = {"Input",   "Output",   "Add",      "Average",
                                            "Step",    "Pad",      "Crop",     "Slice",
                                            "Split",   "Minimum",  "Reshape",  "Formula",
                                            "Maximum", "Identity", "Subtract", "Multiply"};
        for (const LayerDef& layer : layerCatalog()) {
            const auto title = QString::fromStdString(layer.title);
            words.push_back(
                {QRegularExpression::escape(title) + (everyday.contains(title) ? " layers?" : ""),
                 {QString::fromStdString(layer.key)}});
        }
        std::ranges::sort(words, std::greater{},
                          [](const auto& word) { return word.first.size(); });
        return words;
    }();
    return all;
}

std::vector<Mention> mentionsIn(QString text) {
    text.replace(
        QRegularExpression("softmax cross-entropy", QRegularExpression::CaseInsensitiveOption),
        "the loss");
    std::vector<Mention> found;
    for (const auto& [word, keys] : vocabulary()) {
        const QRegularExpression pattern("\\b" + word + "s?(?![\\w-])",
                                         QRegularExpression::CaseInsensitiveOption);
        for (auto match = pattern.match(text); match.hasMatch();
             match = pattern.match(text, match.capturedEnd())) {
            found.push_back({match.captured(), text.left(match.capturedStart()), keys});
            // A longer name hides what it contains.
            text.replace(match.capturedStart(), match.capturedLength(),
                         QString(match.capturedLength(), u'_'));
        }
    }
    return found;
}

/// Layers and activations that the network has, those in its blocks included.
std::set<QString> partsOf(const Network& network) {
    std::set<QString> parts;
    const auto take = [&](const Graph& graph) {
        for (const auto& [id, node] : graph.nodes()) {
            const auto* const use = node.layerUse();
            if (use == nullptr)
                continue;
            parts.insert(QString::fromStdString(use->layer));
            const auto& specs = layer(use->layer).params;
            if (findParam(specs, "activation") != nullptr)
                parts.insert(QString::fromStdString(Params(specs, node.params).text("activation")));
        }
    };
    take(network.main);
    for (const auto& [name, block] : network.blocks)
        take(block.graph);
    return parts;
}

/// Whether the text says to put it in, or to change something to it, and the window can do that: as
/// a layer of the palette, or as what a layer of the network offers as its activation.
bool isProposed(const Mention& mention) {
    static const QRegularExpression proposal(
        "(\\bput an? |\\badd |\\badd an? |\\bchange [^.:;]* to |\\bwith |\\bin place of each )$",
        QRegularExpression::CaseInsensitiveOption);
    if (!proposal.match(mention.before).hasMatch())
        return false;
    return std::ranges::any_of(mention.keys, [](const QString& key) {
        const LayerDef* const found = findLayer(key.toStdString());
        return found != nullptr && !found->insideBlocksOnly;
    });
}

} // namespace

class TemplateTextsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The finder itself: names in other forms and cases, longer ones before what they contain.
    void mentionsAreFound() {
        const auto words = [](const char* text) {
            QStringList all;
            for (const auto& each : mentionsIn(QString::fromUtf8(text)))
                all << each.word;
            all.sort();
            return all;
        };
        QCOMPARE(words("Change tanh to ReLU."), QStringList({"ReLU", "tanh"}));
        QCOMPARE(words("Put a Global average pool there."), QStringList({"Global average pool"}));
        QCOMPARE(words("both Dropout layers, or batch normalization"),
                 QStringList({"Dropout", "batch normalization"}));
        QCOMPARE(words("Add a step, split the input"), QStringList());
        QCOMPARE(words("a softmax cross-entropy"), QStringList());
        QVERIFY(!isProposed(mentionsIn("Change tanh to ReLU.").back()) ||
                !isProposed(mentionsIn("Change tanh to ReLU.").front()));
    }

    void whatIsSaidOfATemplateIsInIt_data() {
        QTest::addColumn<QString>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << QString::fromStdString(key);
    }
    void whatIsSaidOfATemplateIsInIt() {
        QFETCH(const QString, key);
        const auto parts = partsOf(openTemplate(key.toStdString()).network);
        const auto& all = templates();
        const auto info = std::ranges::find(all, key.toStdString(), &TemplateInfo::key);
        for (const auto& mention : mentionsIn(QString::fromStdString(info->tryThis))) {
            const bool isThere = std::ranges::any_of(
                mention.keys, [&](const QString& each) { return parts.contains(each); });
            QVERIFY2(
                isThere || isProposed(mention),
                qPrintable(QStringLiteral("\"%1\" is not in %2, nor is it proposed: %3")
                               .arg(mention.word, key, QString::fromStdString(info->tryThis))));
        }
    }

    /// "Delete the Add layers and link the layers around them directly" leaves a network that can
    /// be trained.
    void shortcutsCanBeRemoved_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("layer");
        QTest::newRow("small-residual") << "small-residual"
                                        << "add";
        QTest::newRow("small-unet") << "small-unet"
                                    << "concatenate";
    }
    void shortcutsCanBeRemoved() {
        QFETCH(const QString, key);
        QFETCH(const QString, layer);
        auto project = openTemplate(key.toStdString());
        auto& network = project.network;
        const auto removed = nodesOfLayer(network.main, layer.toStdString());
        QVERIFY(!removed.empty());
        for (const NodeId id : removed) {
            // The straight way is the input that comes last in the network: the longer one.
            std::vector<Link> in, out;
            for (const auto& [number, link] : network.main.links()) {
                if (link.to.node == id)
                    in.push_back(link);
                if (link.from.node == id)
                    out.push_back(link);
            }
            QVERIFY(in.size() >= 2 && out.size() >= 1);
            const auto straight =
                std::ranges::max_element(in, {}, [](const Link& link) { return link.from.node; });
            apply(network, removeNodes(network, "", {id}));
            for (const Link& link : out)
                apply(network, NetworkEdit{AddLink{
                                   "", {network.main.freshLinkId(), straight->from, link.to}}});
        }
        QVERIFY(!analyze(network).hasErrors());
    }
};

QTEST_MAIN(TemplateTextsTest)
#include "tst_template_texts.moc"
