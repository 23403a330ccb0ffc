// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/block_panel.h"

#include "engine/graph/blocks.h"
#include "engine/project/block_edits.h"
#include "engine/support/error.h"
#include "ui/inspector/subject.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kLabelWidth = 84;

QLabel* label(const QString& text, const char* role) {
    auto* const made = new QLabel(text);
    made->setTextFormat(Qt::PlainText);
    made->setProperty("textRole", QLatin1String(role));
    return made;
}

/// What instances of the block around may be let set: the node's parameters but its repetition.
std::vector<std::pair<std::string, QString>> promotableOf(const Network& network,
                                                          const Node& node) {
    std::vector<std::pair<std::string, QString>> found;
    for (const ParamSpec& spec : paramsOf(network, node))
        if (spec.key != kRepeatKey)
            found.emplace_back(spec.key, qstr(spec.title));
    return found;
}

bool isPromoted(const Network& network, const std::string& block, NodeId node,
                const std::string& param) {
    const auto found = network.blocks.find(block);
    return found != network.blocks.end() &&
           std::ranges::any_of(found->second.promoted, [&](const PromotedParam& each) {
               return each.node == node && each.param == param;
           });
}

} // namespace

BlockPanel::BlockPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , document_(&document)
    , themes_(&themes) {
    setProperty("role", QStringLiteral("panel"));
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    connect(document_, &ProjectDocument::changed, this, &BlockPanel::refresh);
    setVisible(false);
}

const Node* BlockPanel::node() const {
    const Graph* const graph = document_->project().network.findGraph(scope_.graph);
    return graph != nullptr && nodes_.size() == 1 ? graph->find(nodes_.front()) : nullptr;
}

void BlockPanel::show(const GraphScope& scope, const std::vector<NodeId>& nodes) {
    if (name_ != nullptr && name_->isModified() && (scope != scope_ || nodes != nodes_))
        takeName(); // what was typed is meant for what was shown
    scope_ = scope;
    nodes_ = nodes;
    refresh();
}

std::vector<std::string> BlockPanel::outline() const {
    std::vector<std::string> all = {scope_.graph};
    const Node* const shown = node();
    if (shown == nullptr)
        return all;
    all.push_back(std::to_string(shown->id.value));
    const Network& network = document_->project().network;
    for (const auto& [key, title] : promotableOf(network, *shown)) {
        all.push_back(key);
        all.emplace_back(isPromoted(network, scope_.graph, shown->id, key) ? "promoted" : "");
    }
    if (const BlockUse* const use = shown->blockUse())
        all.push_back(use->block);
    return all;
}

void BlockPanel::rebuild() {
    if (name_ != nullptr)
        name_->disconnect(this); // it loses the focus as it goes, and would report that
    name_ = nullptr;
    // A field of the old form may be what brought us here.
    if (page_ != nullptr) {
        page_->hide();
        layout()->removeWidget(page_);
        page_->deleteLater();
    }
    page_ = new QWidget;
    rows_ = new QVBoxLayout(page_);
    rows_->setContentsMargins(14, 14, 14, 6);
    rows_->setSpacing(6);
    layout()->addWidget(page_);
    outline_ = outline();
    const Node* const shown = node();
    if (shown != nullptr && shown->blockUse() != nullptr)
        buildInstance(*shown);
    if (shown != nullptr && !scope_.graph.empty())
        buildPromotions(*shown);
    setVisible(rows_->count() > 0);
}

void BlockPanel::addRow(const QString& title, QWidget* field) {
    auto* const row = new QHBoxLayout;
    row->setSpacing(4);
    QLabel* const text = label(title, "muted");
    text->setFixedWidth(kLabelWidth);
    text->setWordWrap(true);
    row->addWidget(text);
    row->addWidget(field, 1);
    rows_->addLayout(row);
}

void BlockPanel::buildInstance(const Node& shown) {
    const NodeId id = shown.id;
    const std::string block = shown.blockUse()->block;
    rows_->addWidget(label(tr("Block"), "section"));
    name_ = new QLineEdit(qstr(block));
    name_->setObjectName(QStringLiteral("blockName"));
    name_->setAccessibleName(tr("Name of the block"));
    connect(name_, &QLineEdit::editingFinished, this, &BlockPanel::takeName);
    addRow(tr("Name"), name_);
    auto* const open = new QPushButton(tr("Open"));
    open->setToolTip(tr("Go into the block (double click)"));
    connect(open, &QPushButton::clicked, this, [this, id] { Q_EMIT enterRequested(id); });
    auto* const save = new QPushButton(tr("Save to My blocks"));
    connect(save, &QPushButton::clicked, this, [this, block] { Q_EMIT saveRequested(block); });
    auto* const buttons = new QHBoxLayout;
    buttons->addWidget(open);
    buttons->addWidget(save);
    rows_->addLayout(buttons);
}

void BlockPanel::takeName() {
    const Node* const shown = node();
    if (name_ == nullptr || shown == nullptr || shown->blockUse() == nullptr)
        return;
    name_->setModified(false);
    const std::string block = shown->blockUse()->block;
    const std::string name = name_->text().trimmed().toStdString();
    if (name != block && !name.empty())
        perform(tr("Rename block"), renameBlock(document_->project(), block, name));
}

/// A check for each parameter that instances of the block around may set.
void BlockPanel::buildPromotions(const Node& shown) {
    const Network& network = document_->project().network;
    const auto params = promotableOf(network, shown);
    if (params.empty())
        return;
    rows_->addWidget(label(tr("Set by instances of %1").arg(qstr(scope_.graph)), "section"));
    auto* const box = new QWidget;
    auto* const grid = new QGridLayout(box);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(4);
    int at = 0;
    for (const auto& [key, title] : params) {
        auto* const check = new QCheckBox(title);
        check->setObjectName(QStringLiteral("promote/") + qstr(key));
        check->setToolTip(tr("Each instance of the block then has its own value for this."));
        check->setChecked(isPromoted(network, scope_.graph, shown.id, key));
        grid->addWidget(check, at / 2, at % 2);
        ++at;
        connect(check, &QCheckBox::toggled, this, [this, key = key, id = shown.id](bool on) {
            const Network& now = document_->project().network;
            const NetworkEdit edit =
                on ? promote(now, scope_.graph, id, key) : demote(now, scope_.graph, id, key);
            perform(on ? tr("Let instances set %1").arg(qstr(key))
                       : tr("Set %1 in the block again").arg(qstr(key)),
                    {edit});
        });
    }
    rows_->addWidget(box);
}

void BlockPanel::refresh() {
    const Network& network = document_->project().network;
    if (network.findGraph(scope_.graph) == nullptr) {
        scope_ = {};
        nodes_.clear();
    }
    if (outline() != outline_)
        rebuild();
    const Node* const shown = node();
    if (shown == nullptr || shown->blockUse() == nullptr || name_ == nullptr)
        return;
    if (!name_->hasFocus())
        name_->setText(qstr(shown->blockUse()->block));
}

void BlockPanel::perform(const QString& title, const ProjectEdit& edit) {
    try {
        document_->perform(title, edit);
    } catch (const Error& error) {
        refresh();
        Q_EMIT problem(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright

#include "moc_block_panel.cpp"
