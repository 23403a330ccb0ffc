// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/modal_answers.h"
#include "tests/support/own_home.h"
#include "ui/forms/file_dialogs.h"
#include "ui/forms/number_editors.h"
#include "ui/forms/path_editor.h"
#include "ui/forms/save_dialog.h"
#include "ui/forms/search_combo.h"
#include "ui/forms/slider_scale.h"
#include "ui/theme/shown_text.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QCheckBox>
#include <QCompleter>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFile>
#include <QFileDialog>
#include <QHeaderView>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

using namespace gradwright;

/// The editors that forms are made of, used by mouse and keys.
class TestForms : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;

    std::unique_ptr<ParamEditor> make(const ParamSpec& spec) {
        std::unique_ptr<ParamEditor> editor(ParamEditor::create(spec, *themes_));
        edits_.clear();
        connect(editor.get(), &ParamEditor::edited, this,
                [this](const ParamValue& value) { edits_.push_back(value); });
        editor->resize(260, 60);
        editor->show();
        editor->activateWindow();
        [[maybe_unused]] const bool active = QTest::qWaitForWindowActive(editor.get());
        return editor;
    }
    std::vector<ParamValue> edits_;

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(home_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }

    void dialogsHaveLineIcons() {
        QMessageBox box(QMessageBox::Warning, "Gradwright", "Mind the gap", QMessageBox::Ok);
        const int side = box.style()->pixelMetric(QStyle::PM_MessageBoxIconSize, nullptr, &box);
        const auto wanted =
            themes_->icon("warning", &Theme::warning).pixmap(QSize(side, side), 1.0).toImage();
        QVERIFY(!wanted.isNull());
        QCOMPARE(box.iconPixmap().toImage().scaled(wanted.size()), wanted);
        QVERIFY(box.button(QMessageBox::Ok)->icon().isNull());
    }

    void aLogarithmicSliderGoesByFactors() {
        ParamSpec rate = realParam("rate", "Rate", 1e-3, 0, 10, "");
        rate.minimumExclusive = true;
        rate.logarithmic = true;
        const auto scale = SliderScale::of(rate);
        QVERIFY(scale.has_value());
        QCOMPARE(scale->positionOf(1e-3), SliderScale::kSteps / 2); // the default in the middle
        QCOMPARE(scale->valueAt(0), 1e-6);                          // not 0, which is not allowed
        QCOMPARE(scale->valueAt(SliderScale::kSteps), 1.0);
        for (int position = 1; position <= SliderScale::kSteps; ++position) {
            const double factor = scale->valueAt(position) / scale->valueAt(position - 1);
            // A hundred steps over six decades, with two digits.
            QVERIFY2(std::abs(factor - std::pow(10, 0.06)) < 0.08,
                     qPrintable(QString::number(factor)));
            QVERIFY(!whyInvalid(rate, scale->valueAt(position)));
        }
    }

    void aLinearSliderLeavesOutAnOpenEnd() {
        ParamSpec share = realParam("rate", "Rate", 0.5, 0, 1, "");
        share.maximumExclusive = true;
        const auto scale = SliderScale::of(share);
        QVERIFY(scale.has_value());
        QCOMPARE(scale->valueAt(0), 0.0);
        QCOMPARE(scale->valueAt(SliderScale::kSteps), 0.99);
        QCOMPARE(scale->valueAt(scale->positionOf(0.35)), 0.35);
        QVERIFY(!SliderScale::of(realParam("wide", "Wide", 1, 0, 1000, "")));
        QVERIFY(!SliderScale::of(realParam("endless", "Endless", 1, 0, INFINITY, "")));
        QVERIFY(!SliderScale::of(intParam("whole", "Whole", 1, 0, 5, "")));
    }

    void sliderAndLineShowTheSame() {
        const auto editor = make(realParam("rate", "Rate", 0.5, 0, 1, ""));
        editor->setValue(0.25);
        auto* const slider = editor->findChild<QSlider*>();
        auto* const line = editor->findChild<QLineEdit*>();
        QCOMPARE(slider->value(), 25);
        QVERIFY(edits_.empty());
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Right);
        QCOMPARE(edits_.size(), 1U);
        QVERIFY(edits_.back() == ParamValue(0.26));
        QCOMPARE(line->text(), QStringLiteral("0.26"));
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("0.9"));
        QCOMPARE(slider->value(), 90);

        QSignalSpy problems(editor.get(), &ParamEditor::problem);
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("7"));
        QVERIFY(problems.last().first().toString().contains(QStringLiteral("from 0 to 1")));
        QVERIFY(edits_.back() == ParamValue(0.9)); // the last valid one stays in force
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(line->text(), QStringLiteral("0.9"));
    }

    void aClosedChainChangesAllTogether() {
        const auto editor = make(tupleParam("kernel", "Kernel", {3, 3}, 2, 2, 1, 99, ""));
        editor->setValue(IntTuple{3, 3});
        const auto spins = editor->findChildren<QSpinBox*>();
        auto* const chain = editor->findChild<QToolButton*>(QStringLiteral("chain"));
        QCOMPARE(spins.size(), 2);
        QVERIFY(chain->isChecked());
        spins[0]->setFocus();
        QTest::keyClick(spins[0], Qt::Key_Up);
        QVERIFY(edits_.back() == ParamValue(IntTuple{4, 4}));
        QTest::mouseClick(chain, Qt::LeftButton);
        QTest::keyClick(spins[1], Qt::Key_Up);
        QVERIFY(edits_.back() == ParamValue(IntTuple{4, 5}));
        editor->setValue(IntTuple{4, 5});
        QVERIFY(!chain->isChecked());
    }

    void valuesThatDifferAreReplacedByWhatIsTyped() {
        const auto editor = make(intParam("units", "Units", 64, 1, 1000, ""));
        editor->setMixed();
        auto* const spin = editor->findChild<QSpinBox*>();
        QCOMPARE(spin->text(), QStringLiteral("several"));
        QVERIFY(edits_.empty());
        spin->setFocus();
        spin->selectAll();
        QTest::keyClicks(spin, QStringLiteral("32"));
        QVERIFY(edits_.back() == ParamValue(std::int64_t{32}));
        editor->setValue(std::int64_t{32});
        QCOMPARE(spin->minimum(), 1);

        const auto box = make(boolParam("bias", "Bias", true, ""));
        box->setMixed();
        QCOMPARE(box->findChild<QCheckBox*>()->checkState(), Qt::PartiallyChecked);
        QTest::mouseClick(box->findChild<QCheckBox*>(), Qt::LeftButton, {}, QPoint(8, 12));
        QCOMPARE(edits_.size(), 1U);
    }

    void aLongListIsSearchedByTyping() {
        std::vector<ParamChoice> choices;
        for (const char* name : {"Sigmoid", "Tanh", "ReLU", "Leaky ReLU", "GELU", "SiLU", "Mish"})
            choices.push_back({QString::fromLatin1(name).toLower().toStdString(), name, ""});
        const auto editor = make(choiceParam("activation", "Activation", "tanh", choices, ""));
        editor->setValue(std::string("tanh"));
        auto* const combo = editor->findChild<SearchCombo*>();
        QVERIFY(combo->isEditable());
        combo->setFocus();
        combo->lineEdit()->selectAll();
        QTest::keyClicks(combo->lineEdit(), QStringLiteral("leaky"));
        QTest::keyClick(combo->lineEdit(), Qt::Key_Return);
        QVERIFY(!edits_.empty());
        QVERIFY(edits_.back() == ParamValue(std::string("leaky relu")));
        QCOMPARE(combo->currentText(), QStringLiteral("Leaky ReLU"));
        // The list stands out from what it lies over: it has a frame of its own.
        combo->lineEdit()->selectAll();
        QTest::keyClicks(combo->lineEdit(), QStringLiteral("lu"));
        QAbstractItemView* const list = combo->completer()->popup();
        QTRY_VERIFY(list->isVisible());
        const QImage drawn = list->grab().toImage();
        QCOMPARE(drawn.pixelColor(drawn.width() / 2, 0), themes_->theme().border);
        QVERIFY(list->viewport()->y() >= 4);
        list->hide();
        // What is no choice gives way.
        combo->lineEdit()->selectAll();
        QTest::keyClicks(combo->lineEdit(), QStringLiteral("xyz"));
        const auto before = edits_.size();
        combo->clearFocus();
        QCOMPARE(combo->currentText(), QStringLiteral("Leaky ReLU"));
        QCOMPARE(edits_.size(), before);
    }

    void aPathIsTypedOrDropped() {
        const auto editor = make(pathParam("file", "File", "The table."));
        auto* const line = editor->findChild<QLineEdit*>();
        line->setFocus();
        QTest::keyClicks(line, QStringLiteral("/tmp/table.csv"));
        QVERIFY(edits_.empty()); // half a path is not opened
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(edits_.back() == ParamValue(std::string("/tmp/table.csv")));

        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/pictures"))});
        QDragEnterEvent enter({4, 4}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(editor.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop({4, 4}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(editor.get(), &drop);
        QVERIFY(edits_.back() == ParamValue(std::string("/tmp/pictures")));
        QVERIFY(editor->findChild<QToolButton*>(QStringLiteral("browse")) != nullptr);
    }

    void anEditorThatGoesSaysNothing() {
        for (const ParamSpec& spec : {realParam("rate", "Rate", 0.5, 0, 1, ""),
                                      tupleParam("kernel", "Kernel", {3, 3}, 2, 2, 1, 99, ""),
                                      pathParam("file", "File", "The table.")}) {
            auto editor = make(spec);
            int said = 0;
            connect(editor.get(), &ParamEditor::finished, this, [&] { ++said; });
            editor->setFocus();
            QVERIFY2(editor->hasFocus(), spec.key.c_str());
            editor.reset();
            QCOMPARE(said, 0);
        }
    }

    void dialogsBeginWhereTheLastOneEnded() {
        const QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("table.csv")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        QString begins;
        const auto choose = [&](const QString& chosen) {
            QTimer::singleShot(100, qApp, [&begins, chosen] {
                auto* const dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
                if (dialog == nullptr)
                    qFatal("no dialog is open");
                begins = dialog->directory().absolutePath();
                test::enterFileName(*dialog, chosen);
            });
        };
        choose(file.fileName());
        QCOMPARE(askOpenFile(nullptr, QStringLiteral("Open")), file.fileName());
        QCOMPARE(begins, QDir::currentPath());
        choose(QStringLiteral("other"));
        QCOMPARE(askSaveFile(nullptr, QStringLiteral("Save"), QStringLiteral("table.gradwright"),
                             {QStringLiteral("Projects (*.gradwright)")},
                             {QStringLiteral(".gradwright")}),
                 folder.filePath(QStringLiteral("other.gradwright")));
        QCOMPARE(begins, folder.path());
        // A folder that is gone is no place to begin.
        rememberFolder(folder.filePath(QStringLiteral("gone/away.csv")));
        QCOMPARE(lastFolder(), QDir::currentPath());
    }

    void headersStandAboveTheirCells_data() {
        QTest::addColumn<int>("alignment");
        QTest::newRow("texts") << static_cast<int>(Qt::AlignLeft);
        QTest::newRow("numbers") << static_cast<int>(Qt::AlignRight);
    }
    void headersStandAboveTheirCells() {
        QFETCH(const int, alignment);
        const auto at = static_cast<Qt::AlignmentFlag>(alignment) | Qt::AlignVCenter;
        QTableWidget table(1, 2);
        table.setShowGrid(false);
        table.verticalHeader()->hide();
        table.horizontalHeader()->setDefaultAlignment(at);
        table.setHorizontalHeaderLabels({QStringLiteral("HH"), QString()});
        auto* const item = new QTableWidgetItem(QStringLiteral("HH"));
        item->setTextAlignment(at);
        table.setItem(0, 0, item);
        table.resize(400, 200);
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        const QImage image = table.grab().toImage();
        // The first and the last column of pixels with writing between two lines of the picture.
        const auto written = [&](int top, int bottom) {
            const int right = table.columnWidth(0) - 1;
            const QRgb empty = image.pixel(right / 2, top + 1);
            std::pair<int, int> span{right, 0};
            for (int x = 0; x <= right; ++x)
                for (int y = top + 1; y < bottom; ++y)
                    if (qAbs(qGray(image.pixel(x, y)) - qGray(empty)) > 60) {
                        span.first = std::min(span.first, x);
                        span.second = std::max(span.second, x);
                    }
            return span;
        };
        const int header = table.horizontalHeader()->height();
        const auto above = written(0, header - 2);
        const auto below = written(header + 2, header + table.rowHeight(0) - 2);
        QVERIFY(above.first < above.second && below.first < below.second);
        const int apart =
            alignment == Qt::AlignLeft ? above.first - below.first : above.second - below.second;
        QVERIFY2(std::abs(apart) <= 1, qPrintable(QString::number(apart)));
    }

    void numbersOfTablesHaveNoSeparatorsAndNoExponents() {
        QCOMPARE(plainNumber(1974, 4), QStringLiteral("1974"));
        QCOMPARE(plainNumber(53112.4, 4), QStringLiteral("53112"));
        QCOMPARE(plainNumber(-1234567, 4), QStringLiteral("−1234567"));
        QCOMPARE(plainNumber(9999.6, 4), QStringLiteral("10000"));
        QCOMPARE(plainNumber(999.64, 4), QStringLiteral("999.6"));
        QCOMPARE(plainNumber(0.25, 4), QStringLiteral("0.25"));
        QCOMPARE(plainNumber(3.14159, 4), QStringLiteral("3.142"));
        QCOMPARE(plainNumber(0, 4), QStringLiteral("0"));
        QCOMPARE(plainNumber(2.5e10, 4), QStringLiteral("2.5e+10"));
    }

    void charactersThatCannotBeSeenAreNamed() {
        QCOMPARE(shownCharacter("\n"), QStringLiteral("new line"));
        QCOMPARE(shownCharacter(" "), QStringLiteral("space"));
        QCOMPARE(shownCharacter("\xEF\xBF\xBD"), QStringLiteral("unknown"));
        QCOMPARE(shownCharacter("ä"), QStringLiteral("ä"));
    }

    void rangesAndDefaultsAreSaid() {
        QCOMPARE(rangeText(intParam("units", "Units", 64, 1, 65536, "")),
                 QStringLiteral("From 1 to 65,536. Default: 64."));
        ParamSpec rate = realParam("rate", "Rate", 0.5, 0, 1, "");
        rate.minimumExclusive = rate.maximumExclusive = true;
        QCOMPARE(rangeText(rate), QStringLiteral("More than 0 and less than 1. Default: 0.5."));
        ParamSpec patience = intParam("patience", "Patience", 5, 1, INFINITY, "");
        patience.unit = "epochs";
        QCOMPARE(rangeText(patience), QStringLiteral("At least 1. Default: 5 epochs."));
    }
};

QTEST_MAIN(TestForms)
#include "tst_forms.moc"
