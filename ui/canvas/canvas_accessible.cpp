// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_accessible.h"

#include "ui/canvas/canvas_text.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QPointer>

#include <algorithm>
#include <map>
#include <set>
#include <variant>

namespace gradwright {

namespace {

using ItemKey = std::variant<NodeId, LinkId, FrameId, NoteId>;

ItemKey keyOf(const QGraphicsItem& item) {
    switch (item.type()) {
    case NodeItem::Type:
        return static_cast<const NodeItem&>(item).id();
    case LinkItem::Type:
        return static_cast<const LinkItem&>(item).id();
    case FrameItem::Type:
        return static_cast<const FrameItem&>(item).id();
    default:
        return static_cast<const NoteItem&>(item).id();
    }
}

const QGraphicsItem* itemOfKey(const CanvasScene& scene, const ItemKey& key) {
    struct Visitor {
        const CanvasScene& scene;
        const QGraphicsItem* operator()(NodeId id) const { return scene.nodeItem(id); }
        const QGraphicsItem* operator()(LinkId id) const { return scene.linkItem(id); }
        const QGraphicsItem* operator()(FrameId id) const { return scene.frameItem(id); }
        const QGraphicsItem* operator()(NoteId id) const { return scene.noteItem(id); }
    };
    return std::visit(Visitor{scene}, key);
}

QString nodeNames(const CanvasScene& scene, NodeId id, bool before) {
    QStringList names;
    for (const LinkId each : scene.graph().linksOf(id)) {
        const Link& link = *scene.graph().find(each);
        if ((before ? link.to.node : link.from.node) == id)
            names << qstr(scene.graph().find(before ? link.from.node : link.to.node)->name);
    }
    return names.join(QStringLiteral(", "));
}

/// What is read of an item: first what it is, then the rest.
struct Texts {
    QString name;
    QString description;
};

Texts textsOf(const CanvasScene& scene, NodeId id) {
    const NodeLook& look = scene.nodeItem(id)->look();
    Texts texts{canvasText("%1, %2").arg(look.name, look.title), look.line};
    const auto add = [&](const QString& text) {
        if (!text.isEmpty())
            texts.description += QStringLiteral(". ") + text;
    };
    add(look.right);
    if (look.isFrozen)
        add(canvasText("Frozen"));
    if (const NodeAnalysis* const found = scene.canvas().analysisOf(id);
        found != nullptr && found->state == ShapeState::Known)
        add(canvasText("Shape %1").arg(qstr(toString(found->output))));
    if (const QString from = nodeNames(scene, id, true); !from.isEmpty())
        add(canvasText("Fed by %1").arg(from));
    if (const QString to = nodeNames(scene, id, false); !to.isEmpty())
        add(canvasText("Feeds %1").arg(to));
    if (look.state == NodeLook::State::Error || look.warnings > 0)
        add(look.toolTip);
    return texts;
}

Texts textsOf(const CanvasScene& scene, LinkId id) {
    const Link& link = *scene.graph().find(id);
    const LinkItem& item = *scene.linkItem(id);
    return {canvasText("Link from %1 to %2")
                .arg(qstr(scene.graph().find(link.from.node)->name),
                     qstr(scene.graph().find(link.to.node)->name)),
            item.look().state == LinkState::Pending ? canvasText("Shape not known yet")
                                                    : canvasText("Shape %1").arg(item.look().text)};
}

Texts textsOf(const CanvasScene& scene, FrameId id) {
    return {canvasText("Frame %1").arg(scene.frameItem(id)->title()), {}};
}

Texts textsOf(const CanvasScene& scene, NoteId id) {
    return {canvasText("Note"), scene.noteItem(id)->text()};
}

class ItemInterface final : public QAccessibleInterface, public QAccessibleActionInterface {
public:
    ItemInterface(CanvasView& view, CanvasScene& scene, ItemKey key)
        : view_(&view)
        , scene_(&scene)
        , key_(key) {}

    [[nodiscard]] bool isValid() const override { return leaving_ || item() != nullptr; }
    /// Lets a reader be told that the item has gone, which only a valid interface can be said of.
    void setLeaving() { leaving_ = true; }
    void* interface_cast(QAccessible::InterfaceType type) override {
        return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this)
                                                    : nullptr;
    }
    [[nodiscard]] QObject* object() const override { return nullptr; }
    [[nodiscard]] QAccessibleInterface* parent() const override {
        return QAccessible::queryAccessibleInterface(view_);
    }
    [[nodiscard]] QAccessibleInterface* child(int) const override { return nullptr; }
    [[nodiscard]] QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    [[nodiscard]] int childCount() const override { return 0; }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    [[nodiscard]] QAccessible::Role role() const override { return QAccessible::ListItem; }

    [[nodiscard]] QString text(QAccessible::Text which) const override {
        if (item() == nullptr)
            return {};
        const Texts texts = std::visit([&](auto id) { return textsOf(*scene_, id); }, key_);
        if (which == QAccessible::Name)
            return texts.name;
        return which == QAccessible::Description ? texts.description : QString();
    }
    void setText(QAccessible::Text, const QString&) override {}

    [[nodiscard]] QRect rect() const override {
        if (item() == nullptr)
            return {};
        const QRect box = view_->mapFromScene(item()->sceneBoundingRect()).boundingRect();
        return {view_->viewport()->mapToGlobal(box.topLeft()), box.size()};
    }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state;
        state.selectable = state.focusable = true;
        if (item() == nullptr) {
            state.invalid = true;
            return state;
        }
        state.selected = item()->isSelected();
        state.focused = state.selected && view_->hasFocus();
        state.offscreen = !rect().intersects(
            QRect(view_->viewport()->mapToGlobal(QPoint()), view_->viewport()->size()));
        return state;
    }

    // Selecting is what a click does, pressing what a double click does.
    [[nodiscard]] QStringList actionNames() const override {
        return {setFocusAction(), toggleAction(), pressAction()};
    }
    [[nodiscard]] QString localizedActionName(const QString& action) const override {
        return action == setFocusAction() ? canvasText("Select")
               : action == toggleAction() ? canvasText("Add to or remove from the selection")
                                          : canvasText("Edit");
    }
    void doAction(const QString& action) override {
        if (item() == nullptr)
            return;
        QGraphicsItem& chosen = *const_cast<QGraphicsItem*>(item());
        if (action == toggleAction()) {
            chosen.setSelected(!chosen.isSelected());
            return;
        }
        scene_->canvas().selection().selectOnly(chosen);
        view_->setFocus();
        view_->showSelection();
        if (action == pressAction())
            std::visit([this](auto id) { activate(id); }, key_);
    }
    [[nodiscard]] QStringList keyBindingsForAction(const QString& action) const override {
        return action == pressAction() ? QStringList{QStringLiteral("Return")} : QStringList();
    }

private:
    void activate(NodeId id) { Q_EMIT scene_->nodeActivated(id); }
    void activate(FrameId id) { Q_EMIT scene_->frameActivated(id); }
    void activate(NoteId id) { Q_EMIT scene_->noteActivated(id); }
    void activate(LinkId) {} // a link has nothing to edit

    [[nodiscard]] const QGraphicsItem* item() const {
        return view_ != nullptr && scene_ != nullptr ? itemOfKey(*scene_, key_) : nullptr;
    }

    QPointer<CanvasView> view_;
    QPointer<CanvasScene> scene_;
    ItemKey key_;
    bool leaving_ = false;
};

class CanvasInterface final : public QAccessibleWidget {
public:
    explicit CanvasInterface(CanvasView& view)
        : QAccessibleWidget(&view, QAccessible::List)
        , view_(&view) {}
    ~CanvasInterface() override {
        for (const auto& [key, id] : made_)
            QAccessible::deleteAccessibleInterface(id);
    }

    [[nodiscard]] int childCount() const override { return static_cast<int>(order().size()); }
    [[nodiscard]] QAccessibleInterface* child(int index) const override {
        if (index < 0 || index >= childCount())
            return nullptr;
        const ItemKey key = order()[static_cast<std::size_t>(index)];
        auto found = made_.find(key);
        if (found == made_.end()) {
            auto* const made = new ItemInterface(*view_, scene(), key);
            found = made_.emplace(key, QAccessible::registerAccessibleInterface(made)).first;
        }
        return QAccessible::accessibleInterface(found->second);
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface* wanted) const override {
        for (int i = 0; i < childCount(); ++i)
            if (child(i) == wanted)
                return i;
        return -1;
    }
    [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override {
        const QGraphicsItem* const item =
            view_->itemAt(view_->viewport()->mapFromGlobal(QPoint(x, y)));
        return item != nullptr ? child(indexOf(*item)) : nullptr;
    }
    [[nodiscard]] QAccessibleInterface* focusChild() const override {
        return view_->hasFocus() ? child(current()) : nullptr;
    }
    /// Tells a reader what has come and gone. A selection that changed within a change of the
    /// document may have been told of when some items were still there.
    void follow() const { renew(); }
    /// Number of the item that is selected; -1 without one.
    [[nodiscard]] int current() const {
        const QList<QGraphicsItem*> selected = scene().selectedItems();
        return selected.isEmpty() ? -1 : indexOf(*selected.first());
    }

private:
    [[nodiscard]] CanvasScene& scene() const { return view_->canvasScene(); }

    [[nodiscard]] const std::vector<ItemKey>& order() const {
        if (revision_ != scene().revision())
            renew();
        return order_;
    }
    /// Reads what is on the canvas now and tells of what has come and gone since the last time.
    void renew() const {
        const bool first = revision_ < 0;
        revision_ = scene().revision();
        std::vector<ItemKey> now;
        for (const QGraphicsItem* const item : scene().canvas().items().readingOrder())
            now.push_back(keyOf(*item));
        const std::set<ItemKey> present(now.begin(), now.end());
        for (auto made = made_.begin(); made != made_.end();) {
            if (present.contains(made->first)) {
                ++made;
                continue;
            }
            static_cast<ItemInterface*>(QAccessible::accessibleInterface(made->second))
                ->setLeaving();
            tell(made->second, QAccessible::ObjectDestroyed);
            QAccessible::deleteAccessibleInterface(made->second);
            made = made_.erase(made);
        }
        const std::set<ItemKey> before(order_.begin(), order_.end());
        order_ = std::move(now);
        for (int i = 0; i < static_cast<int>(order_.size()) && !first; ++i)
            if (!before.contains(order_[static_cast<std::size_t>(i)]))
                tell(QAccessible::uniqueId(child(i)), QAccessible::ObjectCreated);
    }
    static void tell(QAccessible::Id id, QAccessible::Event what) {
        QAccessibleEvent event(QAccessible::accessibleInterface(id), what);
        QAccessible::updateAccessibility(&event);
    }
    [[nodiscard]] int indexOf(const QGraphicsItem& item) const {
        const bool listed = item.type() == NodeItem::Type || item.type() == LinkItem::Type ||
                            item.type() == FrameItem::Type || item.type() == NoteItem::Type;
        if (!listed)
            return -1;
        const auto found = std::ranges::find(order(), keyOf(item));
        return found == order().end() ? -1 : static_cast<int>(found - order().begin());
    }

    CanvasView* view_;
    mutable int revision_ = -1; ///< of the scene when it was read; -1 before
    mutable std::vector<ItemKey> order_;
    mutable std::map<ItemKey, QAccessible::Id> made_;
};

QAccessibleInterface* makeInterface(const QString& className, QObject* object) {
    if (className != QLatin1String("gradwright::CanvasView"))
        return nullptr;
    return new CanvasInterface(*static_cast<CanvasView*>(object));
}

/// Nullptr while nobody listens.
const CanvasInterface* interfaceOf(CanvasView& view) {
    return QAccessible::isActive()
               ? dynamic_cast<CanvasInterface*>(QAccessible::queryAccessibleInterface(&view))
               : nullptr;
}

} // namespace

void makeCanvasesAccessible() {
    static const bool once = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
    static_cast<void>(once);
}

void announceCurrentItem(CanvasView& view) {
    const CanvasInterface* const canvas = interfaceOf(view);
    if (canvas == nullptr || canvas->current() < 0)
        return;
    QAccessibleEvent selected(&view, QAccessible::SelectionAdd);
    selected.setChild(canvas->current());
    QAccessible::updateAccessibility(&selected);
    if (!view.hasFocus())
        return;
    QAccessibleEvent focused(&view, QAccessible::Focus);
    focused.setChild(canvas->current());
    QAccessible::updateAccessibility(&focused);
}

void announceItems(CanvasView& view) {
    if (const CanvasInterface* const canvas = interfaceOf(view))
        canvas->follow();
}

} // namespace gradwright
