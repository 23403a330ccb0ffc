// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/quick_add.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/prediction_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/report/find_bar.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/glossary_dialog.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/shell/welcome_page.h"
#include "ui/theme/search_field.h"

#include <QAbstractSpinBox>
#include <QComboBox>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QToolButton>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace gradwright;

/// Every field that filters or finds something looks and works like the others.
class SearchFieldsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    template <class Owner>
    [[nodiscard]] QLineEdit* fieldOf() const {
        const auto* const owner = window_->findChild<Owner*>();
        return owner != nullptr ? owner->template findChild<QLineEdit*>() : nullptr;
    }
    /// Opens what holds the field, by keys, and returns it.
    QLineEdit* open(const QString& which) {
        if (which == QStringLiteral("gallery"))
            return fieldOf<WelcomePage>();
        test::chooseTemplate(*window_, "lenet-5");
        if (which == QStringLiteral("palette"))
            return fieldOf<LayerPalette>();
        if (which == QStringLiteral("find")) {
            test::pressKey(*window_, Qt::Key_F, Qt::ControlModifier);
            return fieldOf<FindBar>();
        }
        if (which == QStringLiteral("add")) {
            QTest::keyClick(&window_->design().view(), Qt::Key_A);
            return fieldOf<QuickAdd>();
        }
        if (which == QStringLiteral("commands")) {
            test::pressKey(*window_, Qt::Key_K, Qt::ControlModifier);
            return fieldOf<CommandPalette>();
        }
        if (which == QStringLiteral("keys")) {
            test::pressKey(*window_, Qt::Key_F1, Qt::ControlModifier);
            return fieldOf<ShortcutsDialog>();
        }
        if (which == QStringLiteral("glossary")) {
            window_->showGlossary();
            return fieldOf<GlossaryDialog>();
        }
        if (which == QStringLiteral("settings")) {
            test::pressKey(*window_, Qt::Key_3, Qt::ControlModifier);
            return window_->training().findChild<QLineEdit*>(QStringLiteral("findSetting"));
        }
        test::pressKey(*window_, Qt::Key_4, Qt::ControlModifier);
        std::vector<std::string> classes;
        for (int i = 0; i < 100; ++i)
            classes.push_back("class " + std::to_string(i));
        window_->inference().prediction().setClasses(classes);
        return &window_->inference().prediction().search();
    }
    /// The buttons that stand in a field, from the left.
    static QList<QToolButton*> buttonsIn(const QLineEdit& field) {
        QList<QToolButton*> buttons = field.findChildren<QToolButton*>();
        std::ranges::sort(buttons, {}, [](const QToolButton* each) { return each->x(); });
        return buttons;
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->setWindowState(Qt::WindowNoState);
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aFieldHasMagnifierAndClearButton_data() {
        QTest::addColumn<QString>("name");
        for (const auto& [which, name] :
             {std::pair("gallery", "Search templates"), std::pair("palette", "Search layers"),
              std::pair("find", "Find layers"), std::pair("add", "Add a layer"),
              std::pair("commands", "Type what you want to do"),
              std::pair("keys", "Search keys and gestures"), std::pair("glossary", "Find a term"),
              std::pair("settings", "Find a setting"), std::pair("classes", "Find a class")})
            QTest::newRow(which) << name;
    }
    void aFieldHasMagnifierAndClearButton() {
        QFETCH(const QString, name);
        auto* const field = open(QLatin1String(QTest::currentDataTag()));
        QVERIFY(field != nullptr && field->isVisible());
        QCOMPARE(field->accessibleName(), name);
        QVERIFY(!field->placeholderText().isEmpty());
        QVERIFY(isSearchField(*field));
        // Not a part of a box whose arrow would promise a list.
        for (const QWidget* parent = field->parentWidget(); parent != nullptr;
             parent = parent->parentWidget())
            QVERIFY(qobject_cast<const QComboBox*>(parent) == nullptr &&
                    qobject_cast<const QAbstractSpinBox*>(parent) == nullptr);

        auto buttons = buttonsIn(*field);
        QVERIFY(!buttons.isEmpty());
        QToolButton& magnifier = *buttons.front();
        QVERIFY(magnifier.isVisible() && magnifier.x() < 12);
        QVERIFY(!magnifier.icon().pixmap(16, 16).isNull());
        // Drawn, in a colour that is seen on the field.
        const QImage drawn = field->grab(magnifier.geometry()).toImage();
        const QColor ground = drawn.pixelColor(0, drawn.height() / 2);
        int most = 0;
        for (int y = 0; y < drawn.height(); ++y)
            for (int x = 0; x < drawn.width(); ++x)
                most = std::max(most,
                                std::abs(drawn.pixelColor(x, y).lightness() - ground.lightness()));
        QVERIFY2(most > 60, qPrintable(QString::number(most)));
        // A click on it is one on the field.
        if (field->window()->windowType() != Qt::Popup) {
            field->window()->activateWindow();
            QVERIFY(QTest::qWaitForWindowActive(field->window()));
        }
        QTest::mouseClick(&magnifier, Qt::LeftButton);
        QCOMPARE(field->window()->focusWidget(), field);

        QTest::keyClicks(field, QStringLiteral("de"));
        QCOMPARE(field->text(), QStringLiteral("de"));
        buttons = buttonsIn(*field);
        QToolButton& clear = *buttons.back();
        QVERIFY(&clear != &magnifier);
        QTRY_VERIFY(clear.isVisible() && clear.isEnabled());
        QTRY_VERIFY(clear.x() > field->width() / 2); // it fades in
        QTest::mouseClick(&clear, Qt::LeftButton);
        QVERIFY(field->text().isEmpty());
    }

    /// Whoever adds a field that searches makes it one of these.
    void noOtherFieldSearches() {
        for (const char* const which : {"palette", "find", "settings", "classes"})
            QVERIFY(open(QLatin1String(which)) != nullptr);
        int found = 0;
        for (const auto* const field : window_->findChildren<QLineEdit*>()) {
            const QString says = field->accessibleName() + u' ' + field->placeholderText();
            const bool isPart = qobject_cast<QComboBox*>(field->parentWidget()) != nullptr;
            const bool searches = says.contains(QStringLiteral("find"), Qt::CaseInsensitive) ||
                                  says.contains(QStringLiteral("search"), Qt::CaseInsensitive);
            if (searches && !isPart)
                QVERIFY2(isSearchField(*field), qPrintable(says));
            found += isSearchField(*field) ? 1 : 0;
        }
        QVERIFY2(found >= 5, qPrintable(QString::number(found)));
    }
};

QTEST_MAIN(SearchFieldsTest)
#include "tst_search_fields.moc"
