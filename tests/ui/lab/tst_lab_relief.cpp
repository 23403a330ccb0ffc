// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "tests/support/data_files.h"
#include "ui/lab/landscape_chart.h"
#include "ui/lab/panel_chart.h"
#include "ui/plots/heat_colors.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QImage>
#include <QPainter>
#include <QPushButton>
#include <QTest>
#include <QWheelEvent>

#include <cmath>
#include <functional>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// The data of a surface whose height is a function of the place in [-1, 1] × [-1, 1].
Json surfaceOf(const std::function<double(double, double)>& height, int places = 61) {
    Json x = Json::array();
    Json rows = Json::array();
    const auto at = [&](int i) { return -1 + 2.0 * i / (places - 1); };
    for (int i = 0; i < places; ++i)
        x.push_back(at(i));
    for (int row = 0; row < places; ++row) {
        Json losses = Json::array();
        for (int column = 0; column < places; ++column)
            losses.push_back(std::exp(height(at(column), at(row))));
        rows.push_back(std::move(losses));
    }
    return {{"x", x},
            {"y", x},
            {"loss", rows},
            {"x_name", "random direction 1"},
            {"y_name", "random direction 2"},
            {"paths", Json::array()}};
}

/// Two hills of different height with a hollow between them.
double hills(double x, double y) {
    const auto hill = [&](double cx, double cy, double wide) {
        return std::exp(-((x - cx) * (x - cx) + (y - cy) * (y - cy)) / wide);
    };
    return 3 * hill(-0.4, -0.3, 0.08) + 2 * hill(0.45, 0.35, 0.05) - hill(0.4, -0.5, 0.1);
}

/// A wall across the middle of a plain.
double wall(double /*x*/, double y) {
    return std::abs(y) < 0.1 ? 2 : 0;
}

/// Where a line of sight through a pixel meets the surface, found by following it from the top
/// down: which is the order in which the viewer meets what lies there.
std::optional<double> shareSeenAt(const LossSurface& surface, const ReliefProjection& projection,
                                  QPointF pixel) {
    const auto origin = projection.at(0, 0, 0);
    const auto across = projection.at(1, 0, 0) - origin;
    const auto up = projection.at(0, 1, 0) - origin;
    const auto high = projection.at(0, 0, 1) - origin;
    const double area = across.x() * up.y() - across.y() * up.x();
    constexpr int kSteps = 1500;
    for (int i = 0; i <= kSteps; ++i) {
        const double share = 1 - static_cast<double>(i) / kSteps;
        const auto off = pixel - origin - high * share;
        const double u = (off.x() * up.y() - off.y() * up.x()) / area;
        const double v = (across.x() * off.y() - across.y() * off.x()) / area;
        if (u < 0 || u > 1 || v < 0 || v > 1)
            continue;
        if (const auto there = surface.shareWithin(u, v); there && *there >= share)
            return there;
    }
    return {};
}

int hueApart(const QColor& a, const QColor& b) {
    const int apart = std::abs(a.hue() - b.hue());
    return std::min(apart, 360 - apart);
}

QImage reliefOf(const LossSurface& surface, const std::vector<SurfacePath>& paths,
                const ReliefView& view, QSize size = {420, 340}) {
    QImage image(size, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    paintRelief(painter, QRectF({}, size), surface, paths, view, theme(ThemeKind::Light),
                QStringLiteral("x"), QStringLiteral("y"));
    return image;
}

} // namespace

/// The relief of a cost surface: what hides what, and how it turns.
class LabReliefTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nearerPartsHideFartherOnes_data() {
        QTest::addColumn<double>("azimuth");
        QTest::addColumn<double>("elevation");
        for (const double azimuth : {-170.0, -100.0, -30.0, 20.0, 80.0, 135.0})
            for (const double elevation : {12.0, 35.0, 70.0, 90.0})
                QTest::addRow("%.0f %.0f", azimuth, elevation) << azimuth << elevation;
    }
    void nearerPartsHideFartherOnes() {
        QFETCH(double, azimuth);
        QFETCH(double, elevation);
        const LossSurface surface(surfaceOf(hills));
        const ReliefView view{azimuth, elevation, 1};
        const auto image = reliefOf(surface, {}, view);
        const ReliefProjection projection(view, QRectF(image.rect()));
        int compared = 0;
        int wrong = 0;
        for (int y = 3; y < image.height() - 60; y += 4)
            for (int x = 3; x < image.width(); x += 4) {
                const auto expected = shareSeenAt(surface, projection, QPointF(x + 0.5, y + 0.5));
                const QColor seen = image.pixelColor(x, y);
                if (!expected || seen.saturation() < 40) // beside it, and under texts
                    continue;
                ++compared;
                wrong += hueApart(seen, QColor(heatColor(*expected))) > 30 ? 1 : 0;
            }
        QVERIFY2(compared > 300, qPrintable(QString::number(compared)));
        // Edges of hills are half of either.
        QVERIFY2(wrong < compared * 0.03,
                 qPrintable(QStringLiteral("%1 of %2").arg(wrong).arg(compared)));
    }

    void aPathBehindAWallIsHidden() {
        const LossSurface surface(surfaceOf(wall));
        const ReliefView front{0, 30, 1};
        const ReliefView back{180, 30, 1};
        const ReliefView above{0, 90, 1};
        QVERIFY(!isHidden(surface, front, 0.5, 0.2)); // before the wall
        QVERIFY(isHidden(surface, front, 0.5, 0.62)); // right behind it
        QVERIFY(!isHidden(surface, back, 0.5, 0.62)); // from the other side it lies in front
        QVERIFY(isHidden(surface, back, 0.5, 0.38));
        QVERIFY(!isHidden(surface, above, 0.5, 0.62));
        QVERIFY(!isHidden(surface, front, 0.5, 0.5)); // on top of it

        // The same in the picture: a path behind the wall is a fine line, one in front a bold one.
        const auto& colors = theme(ThemeKind::Light);
        const auto bold = [&](double y, const ReliefView& view) {
            const std::vector<SurfacePath> paths{
                {QStringLiteral("none"), {{2, 2, 1}}}, // whose colour is white
                {QStringLiteral("adam"), {{-0.5, y, 1}, {0.5, y, 1}}}};
            const auto image = reliefOf(surface, paths, view);
            int count = 0;
            for (int row = 0; row < image.height(); ++row)
                for (int column = 0; column < image.width(); ++column)
                    count += image.pixelColor(column, row) == colors.validation ? 1 : 0;
            return count;
        };
        QVERIFY(bold(-0.6, front) > 60);
        QVERIFY(bold(0.24, front) < 10);
        QVERIFY(bold(0.24, back) > 60);
    }

    void whatIsNotMeasuredIsAHole() {
        auto data = surfaceOf(hills, 21);
        data["loss"].erase(data["loss"].begin() + 10, data["loss"].end()); // it is measured still
        const LossSurface surface(data);
        QVERIFY(surface.shareWithin(0.5, 0.2));
        QVERIFY(!surface.shareWithin(0.5, 0.9));
        const ReliefView above{0, 90, 1};
        const auto image = reliefOf(surface, {}, above);
        const ReliefProjection projection(above, QRectF(image.rect()));
        const auto colorAt = [&](double across, double up) {
            return image.pixelColor(projection.at(across, up, 0).toPoint());
        };
        QVERIFY(colorAt(0.52, 0.2).saturation() > 60);
        QCOMPARE(colorAt(0.52, 0.85), QColor(Qt::white));
    }

    void itTurnsByMouseAndKeys() {
        LandscapeChart chart(theme_);
        chart.setData(surfaceOf(hills));
        chart.resize(760, 380);
        chart.show();
        QVERIFY(QTest::qWaitForWindowActive(&chart));
        chart.setFocus();
        auto* const reset = chart.findChild<QPushButton*>(QStringLiteral("resetRelief"));
        QVERIFY(reset && !reset->isVisible());
        const auto first = chart.grab().toImage();
        const auto area = chart.reliefArea();
        QVERIFY(area.width() > 300);
        const auto middle = area.center().toPoint();

        QTest::mousePress(&chart, Qt::LeftButton, {}, middle);
        QTest::mouseMove(&chart, middle + QPoint(40, -20));
        QTest::mouseRelease(&chart, Qt::LeftButton, {}, middle + QPoint(40, -20));
        QCOMPARE(chart.view(), (ReliefView{-50, 25, 1}));
        QVERIFY(reset->isVisible());
        QVERIFY(chart.grab().toImage() != first);
        QTest::mouseClick(reset, Qt::LeftButton);
        QCOMPARE(chart.view(), ReliefView());
        QVERIFY(chart.hasFocus());
        QVERIFY(!reset->isVisible());

        for (int i = 0; i < 3; ++i)
            QTest::keyClick(&chart, Qt::Key_Right);
        QTest::keyClick(&chart, Qt::Key_Down);
        QCOMPARE(chart.view(), (ReliefView{-45, 40, 1}));
        QVERIFY(chart.spokenText().contains("turned by -45°, seen from 40° above"));
        for (int i = 0; i < 30; ++i)
            QTest::keyClick(&chart, Qt::Key_Down);
        QCOMPARE(chart.view().elevation, 90.0); // not over the top
        QTest::keyClick(&chart, Qt::Key_Plus);
        QVERIFY(chart.view().zoom > 1.1);
        QTest::keyClick(&chart, Qt::Key_Home);
        QCOMPARE(chart.view(), ReliefView());

        const auto roll = [&](Qt::KeyboardModifiers modifiers, int delta) {
            QWheelEvent event(QPointF(middle), chart.mapToGlobal(QPointF(middle)), {}, {0, delta},
                              Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
            QApplication::sendEvent(&chart, &event);
            return event.isAccepted();
        };
        QVERIFY(roll({}, 120));
        QVERIFY(chart.view().zoom > 1.1);
        QVERIFY(roll({}, -240));
        QVERIFY(chart.view().zoom < 0.9);
        chart.clearFocus();
        QVERIFY(!roll({}, 120)); // the page scrolls
        QVERIFY(roll(Qt::ControlModifier, 120));
        QTest::mouseDClick(&chart, Qt::LeftButton, {}, middle);
        QCOMPARE(chart.view(), ReliefView());
        chart.setFocus();
        QVERIFY(chart.grab().toImage() == first);

        // On the map nothing turns.
        QTest::mousePress(&chart, Qt::LeftButton, {}, QPoint(120, 120));
        QTest::mouseMove(&chart, QPoint(160, 120));
        QTest::mouseRelease(&chart, Qt::LeftButton, {}, QPoint(160, 120));
        QCOMPARE(chart.view(), ReliefView());
    }

    void whatIsShownIsChosenAndExported() {
        LandscapeChart chart(theme_);
        auto data = surfaceOf(hills, 31);
        data["paths"] = {
            {{"name", "adam"}, {"points", {{-0.8, -0.8, 0.1, 2.0}, {0.4, -0.5, 0.0, 0.5}}}}};
        chart.setData(data);
        chart.resize(760, 380);
        const TemporaryFolder folder;
        QCOMPARE(chart.choices().names.size(), 3);
        std::vector<QImage> pictures;
        for (const int number : {0, 1, 2})
            for (const auto choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
                theme_.setChoice(choice);
                chart.choose(number);
                QCOMPARE(chart.chosen(), number);
                const auto file = QString::fromStdString((folder / "picture.png").string());
                chart.exportTo(file, chart.pictureSize());
                QImage picture(file);
                QCOMPARE(picture.size(), 2 * chart.pictureSize());
                for (const auto& other : pictures)
                    QVERIFY(picture != other);
                pictures.push_back(picture);
            }
        QVERIFY(chart.reliefArea().width() > 700);
        chart.choose(1);
        QVERIFY(chart.reliefArea().isEmpty());
        QTest::keyClick(&chart, Qt::Key_Left);
        QCOMPARE(chart.view(), ReliefView());
        // As it is turned it is exported, also as lines.
        chart.choose(2);
        const auto svg = QString::fromStdString((folder / "relief.svg").string());
        chart.exportTo(svg, chart.pictureSize());
        const auto before = readTextFile(svg.toStdString());
        QTest::keyClick(&chart, Qt::Key_Left);
        chart.exportTo(svg, chart.pictureSize());
        QVERIFY(readTextFile(svg.toStdString()) != before);
        QVERIFY(before.find("random direction 1") != std::string::npos);
        QVERIFY(before.find("adam 0.5") != std::string::npos);
    }

private:
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabReliefTest)
#include "tst_lab_relief.moc"
