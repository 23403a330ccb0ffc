// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/data_info_json.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

class DataInfoTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyDataSetSurvivesTheRoundTrip_data() {
        QTest::addColumn<std::string>("key");
        for (const auto* key :
             {"mnist", "points", "surface", "seattle-weather", "king-james-bible"})
            QTest::newRow(key) << std::string(key);
    }
    void everyDataSetSurvivesTheRoundTrip() {
        QFETCH(std::string, key);
        const auto info = openDataset({.dataset = key}).info;
        const auto text = toJson(info).dump();
        QVERIFY(dataInfoFromJson(parseJson(text, "the data")) == info);
    }

    void anAssignmentIsKept() {
        auto choice = DataChoice{.dataset = "seattle-weather"};
        choice.assignment = {{{"sky", {"precipitation"}}, {"air", {"wind"}}}, {"date"}};
        const auto info = openDataset(choice).info;
        QVERIFY(info.assignment == choice.assignment);
        QVERIFY(dataInfoFromJson(parseJson(toJson(info).dump(), "the data")) == info);
        // The same data serve another assignment.
        QVERIFY(opensAlike(choice, DataChoice{.dataset = "seattle-weather"}));
        QVERIFY(openDataset({.dataset = "seattle-weather"}).info.assignment.empty());
    }

    void refusesDamage() {
        const auto good = toJson(openDataset({.dataset = "seattle-weather"}).info);
        QVERIFY(dataInfoFromJson(good).hasClasses() == false);
        const auto message = [&](auto&& damage) {
            auto json = good;
            damage(json);
            return errorOf([&] { dataInfoFromJson(json); });
        };
        QVERIFY(!message([](Json& j) { j.erase("input"); }).empty());
        QVERIFY(!message([](Json& j) { j["classes"] = 3; }).empty());
        QVERIFY(contains(message([](Json& j) { j["preparation"]["pictures"] = "cubes"; }),
                         "\"pictures\" of the data cannot be \"cubes\""));
        QVERIFY(!message([](Json& j) { j["preparation"]["deviation"] = {0.0}; }).empty());
        QVERIFY(!message([](Json& j) { j["preparation"]["mean"] = Json::array(); }).empty());
        QVERIFY(!message([](Json& j) { j["columns"][0]["scaling"] = {1.0, 0.0}; }).empty());
        QVERIFY(!message([](Json& j) { j["columns"][0].erase("name"); }).empty());
        // Numbers that no whole number can hold.
        for (const auto& number : {Json(2.9e121), Json(-1e20), Json(0.5)}) {
            const auto said = message([&](Json& j) { j["preparation"]["size"] = number; });
            QVERIFY2(contains(said, "not " + number.dump()), said.c_str());
            QVERIFY(!message([&](Json& j) { j["input"] = {number}; }).empty());
            QVERIFY(!message([&](Json& j) { j["columns"][0]["pixels"] = number; }).empty());
            QVERIFY(!message([&](Json& j) { j["reading"]["rules"] = number; }).empty());
        }
        QVERIFY(!message([](Json& j) { j["inputs"] = {"wind"}; }).empty());
        QVERIFY(!message([](Json& j) { j = Json::array(); }).empty());
    }
};

QTEST_APPLESS_MAIN(DataInfoTest)
#include "tst_data_info.moc"
