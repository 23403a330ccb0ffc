// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/design/design_page.h"
#include "ui/palette/layer_palette.h"

#include <QApplication>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace gradwright::test {

/// The Design page as a user has it: mouse and keys go in, the document is looked at.
class DesignBench {
protected:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<ProjectDocument> document_;
    std::unique_ptr<DesignPage> page_;

    [[nodiscard]] const Graph& graph() const { return document_->project().network.main; }
    [[nodiscard]] NodeId idOf(const char* name) const {
        const Node* const node = graph().findByName(name);
        return node != nullptr ? node->id : NodeId{0};
    }
    /// Empty unless one node is selected.
    [[nodiscard]] std::string selectedName() const {
        const auto nodes = page_->scene().selectedNodes();
        return nodes.size() == 1 ? graph().find(nodes.front())->name : std::string();
    }
    [[nodiscard]] QWidget* canvas() const { return page_->view().viewport(); }
    [[nodiscard]] QPoint onScreen(QPointF scene) const { return page_->view().mapFromScene(scene); }
    [[nodiscard]] QPoint nodeCenter(const char* name) const {
        return onScreen(page_->scene().nodeItem(idOf(name))->pos() + metrics::nodeRect().center());
    }
    [[nodiscard]] QPoint port(const char* name, bool isInput, std::uint32_t index = 0) const {
        return onScreen(
            page_->scene().nodeItem(idOf(name))->portPos({{idOf(name), {index}}, isInput}));
    }

    void drag(QPoint from, QPoint to) {
        QTest::mousePress(canvas(), Qt::LeftButton, {}, from);
        QTest::mouseMove(canvas(), (from + to) / 2);
        QTest::mouseMove(canvas(), to);
        QTest::mouseRelease(canvas(), Qt::LeftButton, {}, to);
    }
    void click(QPoint at, Qt::KeyboardModifiers keys = {}) {
        QTest::mouseClick(canvas(), Qt::LeftButton, keys, at);
    }
    [[nodiscard]] bool linked(const char* from, const char* to) const {
        const Link* const link = graph().linkInto({idOf(to), {0}});
        return link != nullptr && link->from.node == idOf(from);
    }
    /// input1 → dense1 → dense2 with room between, and relu1 beside them; at 100 %.
    void build() {
        page_->scene().addLayer("input", QPointF(0, 0));
        page_->scene().addLayer("dense", QPointF(0, 160));
        page_->scene().addLayer("dense", QPointF(0, 400));
        page_->scene().addLayer("relu", QPointF(420, 200));
        page_->view().setZoom(1);
        page_->view().centerOn(150, 200);
        drag(port("input1", false), port("dense1", true));
        drag(port("dense1", false), port("dense2", true));
        QVERIFY(linked("input1", "dense1") && linked("dense1", "dense2"));
        page_->scene().selectNodes({});
    }
    void addByKeys(const QString& search) {
        auto* const field = page_->palettePanel().findChild<QLineEdit*>();
        field->setFocus();
        field->clear();
        QTest::keyClicks(field, search);
        QTest::keyClick(field, Qt::Key_Return);
    }
    /// Into the field that is open on the canvas.
    void typeInPlace(const QString& text, Qt::Key end = Qt::Key_Return) {
        QLineEdit* editor = nullptr;
        for (auto* const each : page_->findChildren<QLineEdit*>(QStringLiteral("inlineEditor")))
            if (each->isVisible())
                editor = each;
        QVERIFY(editor != nullptr);
        QTest::keyClicks(editor, text);
        QTest::keyClick(editor, end);
    }
    void openTemplate(const char* key) {
        document_->newFromTemplate(key);
        const auto& scene = page_->scene();
        // The first layout comes from another thread; without one the layers stand in a column.
        QTest::qWait(50);
        QVERIFY(!scene.contentRect().isEmpty());
        page_->view().fit();
    }

    void open() {
        themes_ = std::make_unique<ThemeManager>(*qApp, ThemeChoice::Dark);
        document_ = std::make_unique<ProjectDocument>(folder_.path().toStdString());
        page_ = std::make_unique<DesignPage>(*document_, *themes_, nullptr,
                                             folder_.path().toStdString() + "/blocks");
        page_->resize(1440, 800);
        page_->show();
        QVERIFY(QTest::qWaitForWindowExposed(page_.get()));
    }
    void close() {
        page_.reset();
        document_.reset();
        themes_.reset();
    }
};

} // namespace gradwright::test
