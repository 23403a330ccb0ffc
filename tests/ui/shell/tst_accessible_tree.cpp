// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/report/find_bar.h"
#include "ui/theme/spoken.h"

#include <QAccessible>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QRegularExpression>
#include <QTemporaryDir>

#include <functional>
#include <set>

using namespace gradwright;

namespace {

const std::set<QAccessible::Role> kInteractive = {
    QAccessible::Button,      QAccessible::ButtonMenu,  QAccessible::ButtonDropDown,
    QAccessible::CheckBox,    QAccessible::RadioButton, QAccessible::EditableText,
    QAccessible::ComboBox,    QAccessible::Slider,      QAccessible::SpinBox,
    QAccessible::List,        QAccessible::ListItem,    QAccessible::Table,
    QAccessible::Tree,        QAccessible::TreeItem,    QAccessible::PageTab,
    QAccessible::PageTabList, QAccessible::MenuItem,    QAccessible::Chart,
    QAccessible::Canvas,      QAccessible::ProgressBar, QAccessible::Link};

void walk(QAccessibleInterface& from, const std::function<void(QAccessibleInterface&)>& visit) {
    visit(from);
    for (int i = 0; i < from.childCount(); ++i)
        if (QAccessibleInterface* const child = from.child(i); child && !child->state().invisible)
            walk(*child, visit);
}

QString describe(const QAccessibleInterface& element) {
    const QObject* const object = element.object();
    return QStringLiteral("role %1 \"%2\" (%3 %4)")
        .arg(element.role())
        .arg(element.text(QAccessible::Name),
             object ? QString::fromLatin1(object->metaObject()->className()) : QString(),
             object ? object->objectName() : QString());
}

/// What a screen reader would stumble over, a line each.
QStringList faults(QWidget& top) {
    static const QRegularExpression tag(QStringLiteral("</?[a-zA-Z][^<>]*>"));
    QStringList found;
    walk(*QAccessible::queryAccessibleInterface(&top), [&](QAccessibleInterface& element) {
        const QString name = element.text(QAccessible::Name);
        const QString description = element.text(QAccessible::Description);
        if (kInteractive.contains(element.role()) && name.trimmed().isEmpty())
            found << QStringLiteral("no name: ") + describe(element);
        for (const QString& text : {name, description})
            if (text.contains(tag))
                found << QStringLiteral("tags: %1: %2").arg(describe(element), text);
        const auto* const spoken = dynamic_cast<const Spoken*>(element.object());
        if (spoken == nullptr)
            return;
        if (element.role() != spoken->spokenRole())
            found << QStringLiteral("not as it says itself: ") + describe(element);
        if (element.role() == QAccessible::Chart && description.isEmpty())
            found << QStringLiteral("a chart without values: ") + describe(element);
    });
    return found;
}

QAccessibleInterface* find(QWidget& top, const QString& beginning) {
    QAccessibleInterface* found = nullptr;
    walk(*QAccessible::queryAccessibleInterface(&top), [&](QAccessibleInterface& element) {
        if (found == nullptr && element.text(QAccessible::Name).startsWith(beginning))
            found = &element;
    });
    return found;
}

} // namespace

/// What assistive technology is told of each page, without a connection to any.
class TestAccessibleTree : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    void showPage(int page) {
        test::pressKey(*window_, static_cast<Qt::Key>(Qt::Key_0 + page), Qt::ControlModifier);
        QTest::qWait(50);
    }
    [[nodiscard]] QString report() const { return faults(*window_).join(u'\n'); }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->setWindowState(Qt::WindowNoState); // not of the size of the platform's screen
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aFaultIsFound() {
        QWidget broken;
        auto* const button = new QPushButton(&broken);
        auto* const label = new QLabel(QStringLiteral("Loss"), &broken);
        label->setToolTip(QStringLiteral("<qt>What training <i>minimizes</i></qt>"));
        broken.show();
        QCOMPARE(faults(broken).size(), 2);
        button->setAccessibleName(QStringLiteral("Start"));
        setHelp(*label, label->toolTip());
        QCOMPARE(label->accessibleDescription(), QStringLiteral("What training minimizes"));
        QVERIFY(faults(broken).isEmpty());
    }

    void theGallery() { QCOMPARE(report(), QString()); }

    void theDesignPage() {
        test::chooseTemplate(*window_, "lenet-5");
        QCOMPARE(report(), QString());
        // With a layer's parameters and pictures.
        const Graph& graph = window_->document().project().network.main;
        for (const char* const name : {"conv1", "pool1", "dense1"}) {
            window_->design().scene().selectNodes({graph.findByName(name)->id});
            QCOMPARE(report(), QString());
        }
        QVERIFY(find(window_->design(), QStringLiteral("Parameters: 48,120")) != nullptr);
        window_->design().finder().open();
        QCOMPARE(report(), QString());
    }

    void theOtherPages() {
        test::chooseTemplate(*window_, "two-spirals");
        showPage(2);
        QTRY_VERIFY_WITH_TIMEOUT(window_->data().review().parts(), test::kTrainingPatience);
        QCOMPARE(report(), QString());
        showPage(3);
        QCOMPARE(report(), QString());
        // A box has the name of its label and of what is chosen.
        QVERIFY(find(window_->training(), QStringLiteral("Method: Adam")) != nullptr);
        QAccessibleInterface* const loss = find(window_->training(), QStringLiteral("Loss"));
        QVERIFY(loss != nullptr);
        showPage(4);
        QCOMPARE(report(), QString());
    }

    void anItemIsSelectedAndEditedByActions() {
        test::chooseTemplate(*window_, "lenet-5");
        auto& page = window_->design();
        QAccessibleInterface* const pool = find(page.view(), QStringLiteral("pool1,"));
        QAccessibleInterface* const link = find(page.view(), QStringLiteral("Link from conv1 to"));
        QVERIFY(pool != nullptr && link != nullptr);
        pool->actionInterface()->doAction(QAccessibleActionInterface::setFocusAction());
        QVERIFY(pool->state().selected && pool->state().focused);
        link->actionInterface()->doAction(QAccessibleActionInterface::toggleAction());
        QVERIFY(link->state().selected && pool->state().selected);
        link->actionInterface()->doAction(QAccessibleActionInterface::setFocusAction());
        QVERIFY(link->state().selected && !pool->state().selected);
        // Editing goes to the first field of the inspector.
        pool->actionInterface()->doAction(QAccessibleActionInterface::pressAction());
        QVERIFY(pool->state().selected);
        QVERIFY(page.inspector().isAncestorOf(QApplication::focusWidget()));
    }

    void boxesNameLabelAndChoice() {
        QComboBox box;
        box.addItems({QStringLiteral("Adam"), QStringLiteral("Lion")});
        QAccessibleInterface* const told = QAccessible::queryAccessibleInterface(&box);
        QCOMPARE(told->role(), QAccessible::ComboBox);
        QCOMPARE(told->text(QAccessible::Name), QStringLiteral("Adam"));
        box.setAccessibleName(QStringLiteral("Method"));
        box.setCurrentIndex(1);
        QCOMPARE(told->text(QAccessible::Name), QStringLiteral("Method: Lion"));
        QCOMPARE(told->text(QAccessible::Value), QStringLiteral("Lion"));
        QCOMPARE(told->childCount(), 1);
        QCOMPARE(told->child(0)->text(QAccessible::Name), QStringLiteral("Method"));
        QCOMPARE(told->indexOfChild(told->child(0)), 0);
    }
};

QTEST_MAIN(TestAccessibleTree)
#include "tst_accessible_tree.moc"
