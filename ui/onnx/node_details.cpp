// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/node_details.h"

#include "ui/onnx/node_model.h"
#include "ui/onnx/onnx_document.h"
#include "ui/theme/counted_text.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace gradwright {
namespace {

constexpr int kDetailNameWidth = 130;
constexpr QSize kDetailRow{0, 26};
constexpr int kValueRole = Qt::UserRole + 1; ///< the text as it is edited

/// Return edits, as in other lists of the window.
class DetailTree final : public QTreeWidget {
public:
    using QTreeWidget::QTreeWidget;

protected:
    void keyPressEvent(QKeyEvent* event) override {
        const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
        auto* const item = currentItem();
        if ((isReturn || event->key() == Qt::Key_F2) &&
            state() != QAbstractItemView::EditingState && item != nullptr &&
            item->flags().testFlag(Qt::ItemIsEditable))
            editItem(item, 1);
        else
            QTreeWidget::keyPressEvent(event);
    }
};

QTreeWidget* detailTree(const QString& name, const QStringList& headers) {
    auto* const tree = new DetailTree;
    tree->setAccessibleName(name);
    tree->setHeaderLabels(headers);
    tree->setRootIsDecorated(false);
    tree->setUniformRowHeights(true);
    tree->setTextElideMode(Qt::ElideMiddle);
    tree->setEditTriggers(QAbstractItemView::NoEditTriggers);
    tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    tree->header()->setStretchLastSection(true);
    return tree;
}

QLabel* sectionTitle(const QString& text) {
    auto* const label = new QLabel(text);
    label->setProperty("textRole", QStringLiteral("section"));
    return label;
}

} // namespace

NodeDetails::NodeDetails(const OnnxDocument& document, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , title_(new QLabel)
    , about_(new QLabel)
    , attributes_(detailTree(tr("Attributes"), {tr("Attribute"), tr("Value")}))
    , values_(
          detailTree(tr("Values and tensors"), {tr("Role"), tr("Name"), tr("Type and shape")})) {
    title_->setObjectName(QStringLiteral("detailsTitle"));
    title_->setProperty("textRole", QStringLiteral("title"));
    about_->setProperty("textRole", QStringLiteral("muted"));
    for (QLabel* const label : {title_, about_}) {
        label->setTextFormat(Qt::PlainText); // names come from files
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    attributes_->setObjectName(QStringLiteral("attributes"));
    attributes_->setColumnWidth(0, kDetailNameWidth);
    values_->setObjectName(QStringLiteral("values"));
    values_->header()->setStretchLastSection(false);
    values_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    values_->header()->setSectionResizeMode(1, QHeaderView::Stretch);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->addWidget(title_);
    layout->addWidget(about_);
    layout->addWidget(sectionTitle(tr("Attributes")));
    layout->addWidget(attributes_, 2);
    layout->addWidget(sectionTitle(tr("Values and tensors")));
    layout->addWidget(values_, 3);
    // Only the value can be edited, by a double click anywhere in the row.
    connect(attributes_, &QTreeWidget::itemDoubleClicked, this, [this](QTreeWidgetItem* item) {
        if (item->flags().testFlag(Qt::ItemIsEditable))
            attributes_->editItem(item, 1);
    });
    connect(attributes_, &QTreeWidget::itemChanged, this, [this](QTreeWidgetItem* item) {
        const QString typed = item->text(1);
        if (isFilling_ || typed == item->data(0, kValueRole).toString())
            return;
        // The document may wait for a thread, which an editor that closes must not.
        QMetaObject::invokeMethod(
            this,
            [this, attribute = item->text(0), typed] { Q_EMIT attributeTyped(attribute, typed); },
            Qt::QueuedConnection);
    });
    for (QTreeWidget* const tree : {attributes_, values_})
        connect(tree, &QTreeWidget::itemSelectionChanged, this, &NodeDetails::chosenChanged);
    show({});
}

void NodeDetails::show(const std::vector<const OnnxOutline::Node*>& nodes) {
    // What was chosen stays so through a step.
    const std::string key = nodes.size() == 1 ? nodes.front()->key : std::string();
    const auto attribute = key == shown_ ? chosenAttribute() : std::string();
    const auto value = key == shown_ ? chosenValue() : std::string();
    shown_ = key;
    isFilling_ = true;
    attributes_->clear();
    values_->clear();
    if (nodes.size() == 1) {
        const auto& node = *nodes.front();
        title_->setText(qstr(node.title()));
        about_->setText(node.domain.empty() ? qstr(node.op)
                                            : tr("%1 of %2").arg(qstr(node.op), qstr(node.domain)));
        fillAttributes(node);
        fillValues(node);
    } else if (nodes.empty()) {
        const auto& outline = document_->outline();
        title_->setText(outline.graph.empty() ? tr("Model") : qstr(outline.graph));
        QStringList facts{tr("Operator set %1").arg(outline.opset)};
        if (!outline.producer.empty())
            facts << tr("made by %1").arg(qstr(outline.producer));
        facts << countedText(std::ssize(outline.constants), tr("1 tensor"), tr("%1 tensors"));
        std::uint64_t bytes = 0;
        for (const auto& constant : outline.constants)
            bytes += constant.bytes;
        facts << byteSize(static_cast<std::int64_t>(bytes));
        about_->setText(facts.join(QStringLiteral(" · ")));
    } else {
        title_->setText(tr("%1 nodes").arg(fullNumber(std::ssize(nodes))));
        std::set<QString> kinds;
        for (const auto* const node : nodes)
            kinds.insert(qstr(node->op));
        about_->setText(QStringList(kinds.begin(), kinds.end()).join(QStringLiteral(", ")));
    }
    isFilling_ = false;
    const auto choose = [](QTreeWidget& tree, int column, const std::string& name) {
        const auto found = tree.findItems(qstr(name), Qt::MatchExactly, column);
        if (!name.empty() && !found.isEmpty())
            tree.setCurrentItem(found.first());
    };
    choose(*attributes_, 0, attribute);
    choose(*values_, 1, value);
    Q_EMIT chosenChanged();
}

void NodeDetails::fillAttributes(const OnnxOutline::Node& node) {
    for (const auto& attribute : node.attributes) {
        const QString text = qstr(attribute.value);
        auto* const item = new QTreeWidgetItem({qstr(attribute.name), text});
        item->setData(0, kValueRole, text);
        item->setSizeHint(0, kDetailRow);
        item->setToolTip(1, attribute.isEditable ? text : tr("%1: not edited as text").arg(text));
        if (attribute.isEditable)
            item->setFlags(item->flags() | Qt::ItemIsEditable);
        else
            item->setForeground(1, palette().color(QPalette::PlaceholderText));
        attributes_->addTopLevelItem(item);
    }
}

void NodeDetails::addValue(const QString& role, const std::string& name) {
    auto* const item =
        new QTreeWidgetItem({role, qstr(name), valueText(document_->outline(), name)});
    if (item->text(2).isEmpty())
        item->setText(2, QStringLiteral("?"));
    if (const auto* const constant = document_->outline().constantOf(name); constant != nullptr) {
        QString text = item->text(2) + QStringLiteral(" · ");
        text += constant->file.empty() ? byteSize(static_cast<std::int64_t>(constant->bytes))
                                       : tr("in %1").arg(qstr(constant->file));
        item->setText(2, text);
    }
    item->setSizeHint(0, kDetailRow);
    for (int column = 0; column < 3; ++column)
        item->setToolTip(column, item->text(column));
    values_->addTopLevelItem(item);
}

void NodeDetails::fillValues(const OnnxOutline::Node& node) {
    const auto& outline = document_->outline();
    for (const auto* const names : {&node.inputs, &node.captured})
        for (const auto& name : *names)
            if (!name.empty())
                addValue(outline.constantOf(name) != nullptr ? tr("Tensor") : tr("Reads"), name);
    for (const auto& name : node.outputs)
        if (!name.empty())
            addValue(std::ranges::find(outline.outputs, name, &OnnxPort::name) ==
                             outline.outputs.end()
                         ? tr("Makes")
                         : tr("Output"),
                     name);
}

std::string NodeDetails::chosenValue() const {
    const auto items = values_->selectedItems();
    return items.isEmpty() ? std::string() : items.first()->text(1).toStdString();
}

std::string NodeDetails::chosenAttribute() const {
    const auto items = attributes_->selectedItems();
    return items.isEmpty() || !items.first()->flags().testFlag(Qt::ItemIsEditable)
               ? std::string()
               : items.first()->text(0).toStdString();
}

} // namespace gradwright

#include "moc_node_details.cpp"
