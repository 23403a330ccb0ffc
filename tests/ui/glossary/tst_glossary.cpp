// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/augmentation.h"
#include "engine/layers/catalog.h"
#include "engine/metrics/metric.h"
#include "engine/support/error.h"
#include "engine/support/resources.h"
#include "engine/training/alarm.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"
#include "engine/training/settings.h"
#include "tests/support/data_files.h"
#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"

#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QTest>

#include <fstream>
#include <set>
#include <string>

using namespace gradwright;

namespace {

using Places = std::set<std::string>;

template <class Def>
void addCatalog(Places& kinds, Places& params, const std::string& area,
                const std::vector<Def>& catalog) {
    for (const Def& def : catalog) {
        kinds.insert(area + '/' + def.key);
        for (const auto& spec : def.params)
            params.insert(area + '/' + def.key + '/' + spec.key);
    }
}

/// What has to be explained, of all that the engine declares.
Places explainedOfEngine() {
    Places kinds, places;
    addCatalog(kinds, places, "optimizer", optimizers());
    addCatalog(kinds, places, "schedule", schedules());
    addCatalog(kinds, places, "loss", losses());
    addCatalog(kinds, places, "dataset", datasets());
    addCatalog(kinds, places, "layer", layerCatalog());
    for (const auto& spec : trainingParams()) {
        places.insert("training/" + spec.key);
        if (spec.key == "precision")
            for (const auto& choice : spec.choices)
                places.insert("precision/" + choice.key);
    }
    for (const char* const key : {"optimizer", "schedule", "loss", "dataset", "weight"})
        places.insert(std::string("training/") + key);
    for (const char* const key : {"validation", "limit", "split_seed", "reconstruct"})
        places.insert(std::string("data/") + key);
    for (const auto& spec : augmentationParams())
        places.insert("augmentation/" + spec.key);
    for (const auto& metric : metricCatalog())
        places.insert("metric/" + metric.key);
    for (int kind = 0; kind <= static_cast<int>(AlarmKind::Overfitting); ++kind)
        places.insert("alarm/" + std::string(keyOf(static_cast<AlarmKind>(kind))));
    for (const auto place : windowPlaces())
        places.insert("window/" + std::string(place));
    return places;
}

/// What may be explained beside it: kinds of layers, optimizers and so on.
Places kindsOfEngine() {
    Places kinds, params;
    addCatalog(kinds, params, "optimizer", optimizers());
    addCatalog(kinds, params, "schedule", schedules());
    addCatalog(kinds, params, "loss", losses());
    addCatalog(kinds, params, "layer", layerCatalog());
    return kinds;
}

/// Whether a place is the one that a term names, or one of those that it leaves open.
bool names(const std::string& pattern, const std::string& place) {
    const auto star = pattern.find("/*/");
    if (star == std::string::npos)
        return pattern == place;
    return place.starts_with(pattern.substr(0, star + 1)) &&
           place.ends_with(pattern.substr(star + 2)) && std::ranges::count(place, '/') == 2;
}

void write(const std::filesystem::path& file, const char* text) {
    std::ofstream(file) << text;
}

} // namespace

class GlossaryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTermIsTwoShortSentences() {
        static const QRegularExpression end("[.!?](?=\\s|$)");
        std::set<std::string> keys, titles;
        for (const auto& term : Glossary::own().terms()) {
            const auto text = QString::fromStdString(term.text);
            QVERIFY2(keys.insert(term.key).second, term.key.c_str());
            QVERIFY2(titles.insert(term.title).second, term.title.c_str());
            QVERIFY2(text.count(end) == 2 && text.endsWith(u'.'), term.key.c_str());
            QVERIFY2(text.size() <= 300, term.key.c_str());
            QVERIFY2(text.front().isUpper() || text.front().isDigit(), term.key.c_str());
            QVERIFY2(!text.contains(u'<') && !text.contains(u"  "), term.key.c_str());
        }
        QVERIFY(keys.size() > 150);
    }

    void everythingThatIsDeclaredIsExplained() {
        QStringList missing;
        for (const auto& place : explainedOfEngine())
            if (Glossary::own().explaining(place) == nullptr)
                missing << QString::fromStdString(place);
        QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u' ')));
    }

    /// No term is there for nothing: each place that one names exists, and a term without a place
    /// is named by another one.
    void everyTermIsUsed() {
        auto places = explainedOfEngine();
        places.merge(kindsOfEngine());
        std::set<std::string> related;
        for (const auto& term : Glossary::own().terms())
            related.insert(term.see.begin(), term.see.end());
        QStringList unused;
        for (const auto& term : Glossary::own().terms()) {
            if (term.explains.empty() && !related.contains(term.key))
                unused << QString::fromStdString(term.key);
            for (const auto& pattern : term.explains)
                if (std::ranges::none_of(places, [&](const std::string& place) {
                        return names(pattern, place) && Glossary::own().explaining(place) == &term;
                    }))
                    unused << QString::fromStdString(term.key + ": " + pattern);
        }
        QVERIFY2(unused.isEmpty(), qPrintable(unused.join(u' ')));
        for (const auto& key : related)
            QVERIFY2(Glossary::own().find(key) != nullptr, key.c_str());
    }

    void placesGoBeforePatterns() {
        const auto& own = Glossary::own();
        QCOMPARE(own.explaining("layer/batch-norm/momentum")->key,
                 std::string("batch-norm-momentum"));
        QCOMPARE(own.explaining("optimizer/sgd/momentum")->key, std::string("momentum"));
        QCOMPARE(own.explaining("layer/conv2d/kernel")->key, std::string("kernel"));
        QCOMPARE(own.explaining("layer/*/kernel")->key, std::string("kernel"));
        QVERIFY(own.explaining("layer/conv2d/no-such-parameter") == nullptr);
        QVERIFY(own.explaining("") == nullptr);
    }

    void brokenFilesAreRefused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("why");
        const auto row = [](const char* name, const char* text, const char* why) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(why);
        };
        row("no JSON", "{", "cannot be read");
        row("another format", R"({"format": "x", "terms": []})", "gradwright glossary");
        row("no terms", R"({"format": "gradwright glossary"})", "no list of terms");
        row("no title", R"({"format": "gradwright glossary", "terms": [{"key": "a"}]})",
            "\"title\"");
        row("twice",
            R"({"format": "gradwright glossary", "terms": [
                {"key": "a", "title": "A", "text": "A.", "explains": ["window/x"]},
                {"key": "b", "title": "B", "text": "B.", "explains": ["window/x"]}]})",
            "two terms explain window/x");
    }
    void brokenFilesAreRefused() {
        QFETCH(const QByteArray, text);
        QFETCH(const QByteArray, why);
        const test::TemporaryFolder folder;
        const auto file = folder / "glossary.json";
        write(file, text.constData());
        try {
            const Glossary glossary(file);
            QFAIL("it was read");
        } catch (const Error& error) {
            QVERIFY2(QByteArray(error.what()).contains(why), error.what());
            QVERIFY(QByteArray(error.what()).contains("glossary.json"));
        }
    }

    /// The term, then what is known of the place: with markup for the eye, without it for the ear.
    void widgetsExplainThemselves() {
        QWidget box;
        auto* const field = new QLineEdit(&box);
        const auto* const term = Glossary::own().explaining("training/batch");
        QVERIFY(term != nullptr);
        explain(*field, "training/batch", QStringLiteral("Less < more"), QStringLiteral("From 1"));
        const auto text = QString::fromStdString(term->text);
        QVERIFY(field->toolTip().startsWith(QStringLiteral("<qt><b>Batch size</b><br>")));
        QVERIFY(field->toolTip().contains(text.toHtmlEscaped()));
        QVERIFY(field->toolTip().contains(QStringLiteral("Less &lt; more<br><i>From 1</i>")));
        QCOMPARE(field->accessibleDescription(), QStringLiteral("Less < more ") + text);
        QCOMPARE(explainedPlace(*field), std::string("training/batch"));
        QVERIFY(termAt(field) == term);

        // What has no term itself is in something that has one.
        explain(box, "window/loss");
        explain(*field, "nowhere/at-all", QStringLiteral("Just a fact."));
        QCOMPARE(field->toolTip(), QStringLiteral("<qt>Just a fact.</qt>"));
        QCOMPARE(termAt(field)->key, std::string("loss"));
        QVERIFY(termAt(nullptr) == nullptr);
    }
};

QTEST_MAIN(GlossaryTest)
#include "tst_glossary.moc"
