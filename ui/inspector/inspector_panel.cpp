// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/inspector_panel.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "ui/inspector/activation_plot.h"
#include "ui/inspector/param_editor.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kLabelWidth = 84;

const NodeAnalysis* analysisOf(const Analysis& analysis, const Node& node) {
    for (std::size_t i = 0; i < analysis.flat.nodes.size(); ++i)
        if (analysis.flat.nodes[i].graph.empty() && analysis.flat.nodes[i].node == node.id)
            return &analysis.nodes[i];
    return nullptr;
}

/// The function that a layer is or ends with, if it has one worth drawing.
std::optional<Activation> activationOf(const LayerDef& layer, const Node& node) {
    const Params params(layer.params, node.params);
    std::string key = layer.key;
    if (findParam(layer.params, "activation") != nullptr)
        key = params.text("activation");
    const auto known = std::ranges::find(activations(), key, &ActivationInfo::key);
    if (known == activations().end() || known->kind == ActivationKind::Identity)
        return {};
    const bool sloped = findParam(layer.params, "slope") != nullptr;
    return Activation{known->kind, sloped ? params.real("slope") : 0.0};
}

QLabel* label(const QString& text, const char* role) {
    auto* const made = new QLabel(text);
    made->setProperty("textRole", QLatin1String(role));
    return made;
}

QFrame* line() {
    auto* const made = new QFrame;
    made->setProperty("role", QStringLiteral("line"));
    made->setFixedHeight(1);
    return made;
}

} // namespace

InspectorPanel::InspectorPanel(ProjectDocument& document, const ThemeManager& themes,
                               QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , themes_(&themes)
    , scroll_(new QScrollArea) {
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll_);
    connect(document_, &ProjectDocument::analysisChanged, this, &InspectorPanel::refresh);
    connect(themes_, &ThemeManager::changed, this, &InspectorPanel::rebuild);
    rebuild();
}

const Node* InspectorPanel::shownNode() const {
    return nodes_.size() == 1 ? document_->project().network.main.find(nodes_.front()) : nullptr;
}

const LayerDef* InspectorPanel::shownLayer() const {
    const Node* const node = shownNode();
    return node != nullptr && node->layerUse() != nullptr ? findLayer(node->layerUse()->layer)
                                                          : nullptr;
}

std::vector<std::string> InspectorPanel::visibleParams() const {
    std::vector<std::string> keys;
    if (const LayerDef* const layer = shownLayer())
        for (const ParamSpec& spec : layer->params)
            if (gradwright::isVisible(spec, Params(layer->params, shownNode()->params)))
                keys.push_back(spec.key);
    return keys;
}

void InspectorPanel::setNodes(std::vector<NodeId> nodes) {
    if (nodes == nodes_) {
        refresh();
        return;
    }
    document_->endMerge();
    nodes_ = std::move(nodes);
    rebuild();
}

ParamEditor* InspectorPanel::editor(const std::string& param) const {
    const auto at = rows_.find(param);
    return at == rows_.end() ? nullptr : at->second.editor;
}

void InspectorPanel::focusFirstField() {
    if (!built_.empty())
        rows_.at(built_.front()).editor->setFocus(Qt::TabFocusReason);
    else if (name_ != nullptr)
        name_->setFocus(Qt::TabFocusReason);
}

void InspectorPanel::rebuild() {
    rows_.clear();
    figures_.clear();
    name_ = nullptr;
    nameProblem_ = shapes_ = nullptr;
    plot_ = nullptr;
    const int scrolled = scroll_->verticalScrollBar()->value();
    // An editor of the old form may be what brought us here.
    if (QWidget* const old = scroll_->takeWidget()) {
        old->hide();
        old->deleteLater();
    }
    auto* const page = new QWidget;
    page->setProperty("role", QStringLiteral("panel"));
    content_ = new QVBoxLayout(page);
    content_->setContentsMargins(14, 14, 14, 14);
    content_->setSpacing(6);
    const Node* const node = shownNode();
    builtLayer_ = shownLayer() != nullptr ? shownLayer()->key : std::string();
    built_ = visibleParams();
    if (node != nullptr)
        buildNode(*node);
    else
        buildSummary();
    content_->addStretch();
    scroll_->setWidget(page);
    scroll_->verticalScrollBar()->setValue(scrolled);
    refresh();
}

void InspectorPanel::buildNode(const Node& node) {
    if (const LayerDef* const layer = shownLayer()) {
        addHeader(node, *layer);
        addSection(tr("Parameters"));
        addName(node);
        for (const std::string& key : built_)
            addParam(*findParam(layer->params, key));
        addActivation(*layer, node);
    } else {
        content_->addWidget(label(qstr(node.name), "title"));
        addSection(tr("Parameters"));
        addName(node);
    }
    addSection(tr("Cost per sample"));
    addFigure(tr("Parameters"), {});
    addFigure(tr("MACs"), {});
}

void InspectorPanel::buildSummary() {
    if (nodes_.size() > 1) {
        content_->addWidget(label(tr("%1 layers selected").arg(nodes_.size()), "title"));
        auto* const hintLabel =
            label(tr("Drag to move them, Del to delete, Ctrl+D to duplicate."), "muted");
        hintLabel->setWordWrap(true);
        content_->addWidget(hintLabel);
        return;
    }
    content_->addWidget(label(tr("Network"), "title"));
    auto* const hintLabel = label(tr("Select a layer to see and change its parameters."), "muted");
    hintLabel->setWordWrap(true);
    content_->addWidget(hintLabel);
    addSection(tr("Cost per sample"));
    addFigure(tr("Layers"), {});
    addFigure(tr("Parameters"), {});
    addFigure(tr("MACs"), {});
}

void InspectorPanel::addHeader(const Node&, const LayerDef& layer) {
    auto* const tile = new QLabel;
    tile->setFixedSize(36, 36);
    tile->setAlignment(Qt::AlignCenter);
    const Theme& theme = themes_->theme();
    tile->setStyleSheet(
        QStringLiteral("background: %1; border-radius: 8px;").arg(theme.raised.name()));
    QPixmap picture(QSize(22, 22) * devicePixelRatioF());
    picture.setDevicePixelRatio(devicePixelRatioF());
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    drawIcon(painter, QRectF(0, 0, 22, 22), iconOf(layer.category), theme.category(layer.category));
    painter.end();
    tile->setPixmap(picture);

    QString category;
    for (const CategoryInfo& info : categories())
        if (info.category == layer.category)
            category = qstr(info.title);
    auto* const titles = new QVBoxLayout;
    titles->setSpacing(1);
    titles->addWidget(label(qstr(layer.title), "title"));
    titles->addWidget(label(category, "muted"));
    auto* const head = new QHBoxLayout;
    head->setSpacing(12);
    head->addWidget(tile);
    head->addLayout(titles, 1);
    content_->addLayout(head);

    auto* const doc = label(qstr(layer.doc), "muted");
    doc->setWordWrap(true);
    if (!layer.formula.empty() || !layer.source.empty())
        doc->setToolTip(qstr(layer.formula + (layer.formula.empty() ? "" : "\n") + layer.source));
    content_->addSpacing(2);
    content_->addWidget(doc);
    auto* const inset = new QFrame;
    inset->setProperty("role", QStringLiteral("inset"));
    auto* const insetLayout = new QHBoxLayout(inset);
    insetLayout->setContentsMargins(10, 5, 10, 5);
    shapes_ = label({}, "muted");
    shapes_->setTextFormat(Qt::PlainText);
    insetLayout->addWidget(shapes_);
    content_->addSpacing(2);
    content_->addWidget(inset);
}

void InspectorPanel::addSection(const QString& title) {
    content_->addSpacing(6);
    content_->addWidget(line());
    content_->addSpacing(4);
    content_->addWidget(label(title, "section"));
}

void InspectorPanel::addName(const Node& node) {
    auto* const row = new QHBoxLayout;
    row->setSpacing(4);
    auto* const title = label(tr("Name"), "muted");
    title->setFixedWidth(kLabelWidth);
    name_ = new QLineEdit(qstr(node.name));
    name_->setAccessibleName(tr("Name"));
    name_->setObjectName(QStringLiteral("name"));
    nameProblem_ = label({}, "error");
    nameProblem_->setWordWrap(true);
    nameProblem_->hide();
    row->addWidget(title);
    row->addWidget(name_, 1);
    row->addSpacing(24); // where other rows have their reset button
    content_->addLayout(row);
    content_->addWidget(nameProblem_);
    connect(name_, &QLineEdit::editingFinished, this, &InspectorPanel::rename);
}

void InspectorPanel::addParam(const ParamSpec& spec) {
    Row made;
    auto* const row = new QHBoxLayout;
    row->setSpacing(4);
    auto* const title = label(qstr(spec.title), "muted");
    title->setFixedWidth(kLabelWidth);
    title->setToolTip(qstr(spec.doc));
    title->setWordWrap(true);
    made.editor = ParamEditor::create(spec);
    made.editor->setToolTip(qstr(spec.doc));
    made.reset = new QToolButton;
    made.reset->setIcon(themes_->icon(QStringLiteral("reset"), &Theme::text3));
    made.reset->setIconSize({14, 14});
    made.reset->setFixedSize(24, 24);
    made.reset->setToolTip(tr("Back to %1").arg(qstr(toString(spec.standard))));
    made.reset->setFocusPolicy(Qt::TabFocus);
    QSizePolicy keep = made.reset->sizePolicy();
    keep.setRetainSizeWhenHidden(true);
    made.reset->setSizePolicy(keep);
    made.problem = label({}, "error");
    made.problem->setWordWrap(true);
    made.problem->hide();
    row->addWidget(title);
    row->addWidget(made.editor, 1);
    row->addWidget(made.reset);
    content_->addLayout(row);
    content_->addWidget(made.problem);
    rows_[spec.key] = made;

    connect(made.editor, &ParamEditor::edited, this,
            [this, &spec](const ParamValue& value) { setParam(spec, value); });
    connect(made.editor, &ParamEditor::problem, made.problem,
            [problem = made.problem](const QString& text) {
                problem->setText(text);
                problem->setVisible(!text.isEmpty());
            });
    connect(made.editor, &ParamEditor::finished, document_, &ProjectDocument::endMerge);
    connect(made.reset, &QToolButton::clicked, this, [this, &spec] {
        setParam(spec, std::nullopt);
        document_->endMerge();
    });
}

void InspectorPanel::addActivation(const LayerDef& layer, const Node& node) {
    const auto activation = activationOf(layer, node);
    const bool possible = activation.has_value() || findParam(layer.params, "activation");
    if (!possible)
        return;
    content_->addSpacing(4);
    plot_ = new ActivationPlot(*themes_);
    content_->addWidget(plot_);
}

void InspectorPanel::addFigure(const QString& name, const QString& value) {
    auto* const row = new QHBoxLayout;
    auto* const figure = new QLabel(value);
    row->addWidget(label(name, "muted"));
    row->addStretch();
    row->addWidget(figure);
    content_->addLayout(row);
    figures_.push_back(figure);
}

QString InspectorPanel::shapesOf(NodeId id) const {
    const Node& node = *document_->project().network.main.find(id);
    const NodeAnalysis* const found = analysisOf(document_->analysis(), node);
    if (found == nullptr)
        return tr("In ?  →  Out ?");
    QStringList in;
    for (const auto& input : found->inputs)
        in << (input ? qstr(toString(*input)) : QStringLiteral("?"));
    const QString out =
        found->state == ShapeState::Known ? qstr(toString(found->output)) : QStringLiteral("?");
    const LayerDef* const layer = shownLayer();
    if (in.isEmpty())
        return tr("Out  %1").arg(out);
    if (layer != nullptr && !layer->hasOutput)
        return tr("In  %1").arg(in.join(QStringLiteral(", ")));
    return tr("In  %1   →   Out  %2").arg(in.join(QStringLiteral(", ")), out);
}

void InspectorPanel::refresh() {
    const Node* const node = shownNode();
    const LayerDef* const layer = shownLayer();
    if ((layer != nullptr ? layer->key : std::string()) != builtLayer_ ||
        visibleParams() != built_ || (node == nullptr) != (name_ == nullptr)) {
        rebuild(); // a condition shows or hides a parameter, or the node has gone
        return;
    }
    const Analysis& analysis = document_->analysis();
    if (node == nullptr) {
        if (figures_.size() == 3) {
            const auto layers =
                static_cast<std::int64_t>(document_->project().network.main.nodes().size());
            figures_[0]->setText(fullNumber(layers));
            figures_[1]->setText(fullNumber(analysis.parameters));
            figures_[2]->setText(fullNumber(analysis.macs));
        }
        return;
    }
    if (!name_->hasFocus())
        name_->setText(qstr(node->name));
    if (const NodeAnalysis* const found = analysisOf(analysis, *node)) {
        figures_[0]->setText(fullNumber(found->parameters));
        figures_[1]->setText(fullNumber(found->macs));
    }
    if (layer == nullptr)
        return;
    shapes_->setText(shapesOf(node->id));
    const Params params(layer->params, node->params);
    for (const auto& [key, row] : rows_) {
        const ParamValue& value = params.value(key);
        row.editor->setValue(value);
        row.reset->setVisible(value != findParam(layer->params, key)->standard);
    }
    if (plot_ != nullptr) {
        const auto activation = activationOf(*layer, *node);
        plot_->setVisible(activation.has_value());
        if (activation)
            plot_->setActivation(*activation);
    }
}

void InspectorPanel::setParam(const ParamSpec& spec, const std::optional<ParamValue>& value) {
    const Node* const node = shownNode();
    if (node == nullptr)
        return;
    const QString key = QStringLiteral("param/%1/%2").arg(node->id.value).arg(qstr(spec.key));
    try {
        document_->performMerged(tr("Set %1").arg(qstr(spec.title).toLower()),
                                 {NetworkEdit{SetParam{"", node->id, spec.key, value}}}, key);
    } catch (const Error& error) {
        if (const auto row = rows_.find(spec.key); row != rows_.end()) {
            row->second.problem->setText(QString::fromUtf8(error.what()));
            row->second.problem->show();
        }
    }
}

void InspectorPanel::rename() {
    const Node* const node = shownNode();
    const std::string name = name_->text().toStdString();
    if (node == nullptr || name == node->name) {
        nameProblem_->hide();
        return;
    }
    try {
        document_->perform(tr("Rename"), {NetworkEdit{RenameNode{"", node->id, name}}});
        nameProblem_->hide();
    } catch (const Error& error) {
        nameProblem_->setText(QString::fromUtf8(error.what()));
        nameProblem_->show();
        name_->setText(qstr(node->name));
    }
}

} // namespace gradwright
