// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/inspector_panel.h"

#include "engine/project/rename_node.h"
#include "engine/support/error.h"
#include "ui/forms/section.h"
#include "ui/glossary/explanation.h"
#include "ui/inspector/activation_plot.h"
#include "ui/inspector/layer_texts.h"
#include "ui/inspector/param_row.h"
#include "ui/inspector/subject.h"
#include "ui/inspector/subject_cost.h"
#include "ui/inspector/window_picture.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <string_view>

namespace gradwright {

namespace {

constexpr std::int64_t kBytes = 4; ///< of a number in FP32

/// Parameters that are about learning rather than about what is computed.
constexpr std::array<std::string_view, 4> kLearning = {"initializer", "initializer_range", "frozen",
                                                       "learning_rate_factor"};

bool isOfActivation(const ParamSpec& spec) {
    return spec.key == "activation" ||
           (spec.visibleWhen && spec.visibleWhen->param == "activation");
}

bool isOfLearning(const ParamSpec& spec) {
    return std::ranges::find(kLearning, spec.key) != kLearning.end();
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
    scroll_->setFocusPolicy(Qt::NoFocus); // what is in it takes the keys
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll_);
    connect(document_, &ProjectDocument::analysisChanged, this, &InspectorPanel::refresh);
    connect(document_, &ProjectDocument::fileChanged, this, [this] {
        if (subject().isEmpty())
            rebuild();
    });
    connect(themes_, &ThemeManager::changed, this, &InspectorPanel::rebuild);
    rebuild();
}

Subject InspectorPanel::subject() const {
    return {document_->project().network, scope_.graph, nodes_};
}

std::vector<std::string> InspectorPanel::outline(const Subject& subject) const {
    std::vector<std::string> all = {scope_.graph};
    for (const Node* const node : subject.nodes())
        all.push_back(std::to_string(node->id.value));
    all.emplace_back(subject.layer() != nullptr ? subject.layer()->key : "");
    for (const ParamSpec& spec : subject.specs())
        all.push_back(spec.key);
    return all;
}

void InspectorPanel::setNodes(std::vector<NodeId> nodes, GraphScope scope) {
    if (nodes == nodes_ && scope == scope_) {
        refresh();
        return;
    }
    if (name_ != nullptr && name_->isModified())
        rename(); // what was typed is meant for what was shown
    document_->endMerge();
    nodes_ = std::move(nodes);
    scope_ = std::move(scope);
    rebuild();
    scroll_->verticalScrollBar()->setValue(0);
}

ParamEditor* InspectorPanel::editor(const std::string& param) const {
    const auto at = rows_.find(param);
    return at == rows_.end() ? nullptr : &at->second->editor();
}

void InspectorPanel::focusFirstField() {
    if (!order_.empty())
        rows_.at(order_.front())->editor().setFocus(Qt::TabFocusReason);
    else if (name_ != nullptr)
        name_->setFocus(Qt::TabFocusReason);
}

void InspectorPanel::rebuild() {
    std::string focused;
    for (const auto& [key, row] : rows_)
        if (row->isAncestorOf(focusWidget()))
            focused = key;
    rows_.clear();
    order_.clear();
    figures_.clear();
    if (name_ != nullptr)
        name_->disconnect(this); // it loses the focus as it goes, and would report that
    name_ = nullptr;
    nameProblem_ = shapes_ = nullptr;
    plot_ = nullptr;
    window_ = nullptr;
    plotSection_ = windowSection_ = nullptr;
    const int scrolled = scroll_->verticalScrollBar()->value();
    // An editor of the old form may be what brought us here.
    if (QWidget* const old = scroll_->takeWidget()) {
        old->hide();
        old->deleteLater();
    }
    auto* const page = new QWidget;
    page->setProperty("role", QStringLiteral("panel"));
    content_ = new QVBoxLayout(page);
    content_->setContentsMargins(0, 0, 0, 8);
    content_->setSpacing(0);
    const Subject shown = subject();
    outline_ = outline(shown);
    if (shown.isEmpty())
        buildTotals();
    else
        build(shown);
    content_->addStretch();
    scroll_->setWidget(page);
    scroll_->verticalScrollBar()->setValue(scrolled);
    refresh();
    if (ParamEditor* const again = editor(focused))
        again->setFocus(Qt::OtherFocusReason);
}

Section* InspectorPanel::addSection(const QString& title, bool open) {
    auto* const made = new Section(title, *themes_);
    const auto kept = open_.find(title);
    made->setOpen(kept != open_.end() ? kept->second : open);
    connect(made, &Section::toggled, this, [this, title](bool now) { open_[title] = now; });
    content_->addWidget(made);
    return made;
}

void InspectorPanel::build(const Subject& subject) {
    addHead(subject);
    addParams(subject);
    addCost(subject);
    if (const LayerDef* const layer = subject.layer())
        addSection(tr("About %1").arg(qstr(layer->title)))->add(makeLayerDoc(*layer));
}

void InspectorPanel::buildTotals() {
    auto* const head = new QWidget;
    auto* const rows = new QVBoxLayout(head);
    rows->setContentsMargins(14, 14, 14, 12);
    rows->setSpacing(8);
    const Project& project = document_->project();
    const auto paragraph = [&](const QString& text, const char* role) {
        if (text.isEmpty())
            return;
        QLabel* const made = textLabel(text, role);
        made->setWordWrap(true);
        rows->addWidget(made);
    };
    paragraph(document_->displayName(), "title");
    paragraph(qstr(project.description), "muted");
    if (!document_->tip().isEmpty()) {
        paragraph(tr("What to try"), "section");
        paragraph(document_->tip(), "muted");
    }
    paragraph(tr("Select a layer to see and change its parameters."), "caption");
    content_->addWidget(head);
    Section* const cost = addSection(tr("Cost"));
    cost->setNote(tr("per sample"));
    addFigure(*cost, tr("Layers"), {});
    addFigure(*cost, tr("Parameters"), "window/parameters");
    addFigure(*cost, tr("MACs"), "window/macs");
}

void InspectorPanel::addHead(const Subject& subject) {
    auto* const head = new QWidget;
    auto* const rows = new QVBoxLayout(head);
    rows->setContentsMargins(14, 14, 14, 12);
    rows->setSpacing(8);
    const auto count = static_cast<qlonglong>(subject.nodes().size());
    const LayerDef* const layer = subject.layer();
    if (layer != nullptr) {
        const QString title = qstr(layer->title);
        rows->addWidget(makeLayerHead(
            *layer, count > 1 ? tr("%1 × %2").arg(count).arg(title) : title, *themes_));
    } else if (const Node* const node = subject.single()) {
        rows->addWidget(textLabel(qstr(node->name), "title"));
    } else {
        rows->addWidget(textLabel(tr("%1 layers selected").arg(count), "title"));
    }
    const QString text = count > 1 && subject.specs().empty()
                             ? tr("They have no parameters in common. Drag to move them, Del to "
                                  "delete, Ctrl+D to duplicate.")
                         : count > 1 ? tr("A change here is made in all of them.")
                         : layer     ? qstr(layer->doc)
                                     : QString();
    if (!text.isEmpty()) {
        QLabel* const doc = textLabel(text, "muted");
        doc->setWordWrap(true);
        rows->addWidget(doc);
    }
    if (count == 1) {
        auto* const inset = new QFrame;
        inset->setProperty("role", QStringLiteral("inset"));
        auto* const insetLayout = new QHBoxLayout(inset);
        insetLayout->setContentsMargins(10, 5, 10, 5);
        shapes_ = textLabel({}, "muted");
        shapes_->setTextFormat(Qt::PlainText);
        shapes_->setWordWrap(true);
        explain(*shapes_, "window/output-shape");
        insetLayout->addWidget(shapes_);
        rows->addWidget(inset);
    }
    content_->addWidget(head);
    auto* const line = new QFrame;
    line->setProperty("role", QStringLiteral("line"));
    line->setFixedHeight(1);
    content_->addWidget(line);
}

void InspectorPanel::addName(const Node& node) {
    QLabel* const title = textLabel(tr("Name"), "muted");
    title->setFixedWidth(ParamRow::kLabelWidth);
    name_ = new QLineEdit(qstr(node.name));
    name_->setAccessibleName(tr("Name"));
    name_->setObjectName(QStringLiteral("name"));
    nameProblem_ = textLabel({}, "error");
    nameProblem_->setWordWrap(true);
    nameProblem_->hide();
    auto* const row = new QHBoxLayout;
    row->setSpacing(4);
    row->addWidget(title);
    row->addWidget(name_, 1);
    row->addSpacing(ParamRow::kResetWidth + 4); // where other rows have their reset button
    connect(name_, &QLineEdit::editingFinished, this, &InspectorPanel::rename);
    Section* const section =
        static_cast<Section*>(content_->itemAt(content_->count() - 1)->widget());
    section->rows().addLayout(row);
    section->rows().addWidget(nameProblem_);
}

void InspectorPanel::addRow(Section& section, const ParamSpec& spec) {
    const LayerDef* const layer = subject().layer(); // nullptr: of several kinds
    const std::string place = "layer/" + (layer == nullptr ? "*" : layer->key) + '/' + spec.key;
    auto* const row = new ParamRow(spec, place, *themes_);
    rows_[spec.key] = row;
    order_.push_back(spec.key);
    section.add(row);
    connect(row, &ParamRow::edited, this,
            [this, spec](const std::optional<ParamValue>& value) { setParam(spec, value); });
    connect(row, &ParamRow::finished, document_, &ProjectDocument::endMerge);
}

void InspectorPanel::addParams(const Subject& subject) {
    ParamSpecs plain, activation, more, learning;
    for (const ParamSpec& spec : subject.specs()) {
        ParamSpecs& part = isOfActivation(spec) ? activation
                           : isOfLearning(spec) ? learning
                           : spec.advanced      ? more
                                                : plain;
        part.push_back(spec);
    }
    const auto part = [&](const QString& title, const ParamSpecs& specs, bool open = true) {
        Section* const section = addSection(title, open);
        for (const ParamSpec& spec : specs)
            addRow(*section, spec);
        return section;
    };
    if (subject.single() != nullptr || !plain.empty()) {
        Section* const section = addSection(tr("Parameters"));
        if (const Node* const node = subject.single())
            addName(*node);
        for (const ParamSpec& spec : plain)
            addRow(*section, spec);
    }
    if (!more.empty()) {
        Section* const section = part(tr("More"), more, false);
        QStringList titles;
        for (const ParamSpec& spec : more)
            titles << qstr(spec.title).toLower();
        section->setNote(titles.size() > 3 ? tr("%1 parameters").arg(titles.size())
                                           : titles.join(QStringLiteral(", ")));
    }
    addPictures(subject);
    if (!activation.empty()) {
        if (plotSection_ == nullptr)
            plotSection_ = addSection(tr("Activation"));
        for (const ParamSpec& spec : activation)
            addRow(*plotSection_, spec);
    }
    if (plot_ != nullptr)
        plotSection_->add(plot_); // beneath the fields
    if (!learning.empty())
        part(tr("Initialization and training"), learning);
}

void InspectorPanel::addPictures(const Subject& subject) {
    const LayerDef* const layer = subject.layer();
    if (layer == nullptr)
        return;
    if (windowGeometry(*layer, {}, {})) {
        windowSection_ = addSection(tr("Window"));
        window_ = new WindowPicture(*themes_);
        windowSection_->add(window_);
    }
    if (findParam(layer->params, "activation") != nullptr || layer->key == "formula" ||
        activationOf(*layer, subject.nodes().front()->params)) {
        plotSection_ = addSection(tr("Activation"));
        plot_ = new ActivationPlot(*themes_);
    }
}

void InspectorPanel::addCost(const Subject& subject) {
    Section* const cost = addSection(tr("Cost"));
    cost->setNote(tr("per sample"));
    addFigure(*cost, tr("Parameters"), "window/parameters");
    addFigure(*cost, tr("MACs"), "window/macs");
    // Of a block and of several layers it is the sum, which is more than what leaves them.
    const bool isLayer = subject.single() != nullptr && subject.single()->blockUse() == nullptr;
    addFigure(*cost, isLayer ? tr("Output") : tr("All outputs"), "window/output-size");
}

void InspectorPanel::addFigure(Section& section, const QString& name, std::string_view place) {
    auto* const row = new QHBoxLayout;
    auto* const figure = new QLabel;
    figure->setTextInteractionFlags(Qt::TextSelectableByMouse);
    QLabel* const title = textLabel(name, "muted");
    for (QLabel* const each : {title, figure})
        if (!place.empty())
            explain(*each, place);
    row->addWidget(title);
    row->addStretch();
    row->addWidget(figure);
    section.rows().addLayout(row);
    figures_.push_back({name, figure});
}

void InspectorPanel::showFigure(std::size_t index, const QString& text) {
    const auto& [name, label] = figures_[index];
    label->setText(text);
    label->setAccessibleName(tr("%1: %2").arg(name, text));
}

void InspectorPanel::refresh() {
    const Subject shown = subject();
    if (outline(shown) != outline_) {
        rebuild(); // a condition shows or hides a parameter, or a node has gone
        return;
    }
    if (shown.isEmpty()) {
        const Analysis& analysis = document_->analysis();
        showFigure(0, fullNumber(static_cast<std::int64_t>(analysis.nodes.size())));
        showFigure(1, fullNumber(analysis.parameters));
        showFigure(2, fullNumber(analysis.macs));
        return;
    }
    if (const Node* const node = shown.single()) {
        if (!name_->hasFocus())
            name_->setText(qstr(node->name));
        shapes_->setText(shapesText(shown, scope_, document_->analysis()));
    }
    for (const ParamSpec& spec : shown.specs())
        rows_.at(spec.key)->setValue(shown.value(spec));
    showPictures(shown);
    showCost(shown);
}

void InspectorPanel::showPictures(const Subject& subject) {
    const LayerDef* const layer = subject.layer();
    const Node& node = *subject.nodes().front();
    if (plot_ != nullptr) {
        auto curve = curveOf(*layer, node.params);
        plot_->setVisible(curve.has_value());
        if (findParam(layer->params, "activation") == nullptr)
            plotSection_->setVisible(curve.has_value());
        if (curve)
            plot_->setCurve(*std::move(curve));
    }
    if (window_ == nullptr)
        return;
    std::optional<Shape> input;
    const NodeAnalysis* const found = analysisOf(document_->analysis(), scope_, node);
    if (found != nullptr && !found->inputs.empty())
        input = found->inputs.front();
    const auto geometry = windowGeometry(*layer, node.params, input);
    windowSection_->setVisible(geometry.has_value());
    if (geometry)
        window_->setGeometry2d(*geometry, layer->category);
}

void InspectorPanel::showCost(const Subject& subject) {
    const Analysis& analysis = document_->analysis();
    const SubjectCost cost = costOf(subject, scope_, analysis);
    const auto share = [](std::int64_t part, std::int64_t whole) {
        return whole > 0 && part > 0
                   ? tr("  (%1 %)")
                         .arg(100.0 * static_cast<double>(part) / static_cast<double>(whole), 0,
                              'f', part == whole ? 0 : 1)
                   : QString();
    };
    showFigure(0, fullNumber(cost.parameters) + share(cost.parameters, analysis.parameters));
    showFigure(1, fullNumber(cost.macs) + share(cost.macs, analysis.macs));
    showFigure(2, byteSize(cost.values * kBytes));
}

void InspectorPanel::setParam(const ParamSpec& spec, const std::optional<ParamValue>& value) {
    const Subject shown = subject();
    if (shown.isEmpty())
        return;
    const auto count = static_cast<qlonglong>(shown.nodes().size());
    const QString title = qstr(spec.title).toLower();
    const QString key = QStringLiteral("param/%1/%2/%3/%4")
                            .arg(qstr(scope_.graph))
                            .arg(shown.nodes().front()->id.value)
                            .arg(count)
                            .arg(qstr(spec.key));
    try {
        document_->performMerged(count > 1 ? tr("Set %1 of %2 layers").arg(title).arg(count)
                                           : tr("Set %1").arg(title),
                                 {shown.edit(spec.key, value)}, key);
    } catch (const Error& error) {
        if (const auto row = rows_.find(spec.key); row != rows_.end())
            row->second->showProblem(QString::fromUtf8(error.what()));
    }
}

void InspectorPanel::rename() {
    const Subject shown = subject();
    const Node* const node = shown.single();
    name_->setModified(false);
    const std::string name = name_->text().toStdString();
    if (node == nullptr || name == node->name) {
        nameProblem_->hide();
        return;
    }
    try {
        document_->perform(tr("Rename"),
                           renameNode(document_->project(), scope_.graph, node->id, name));
        nameProblem_->hide();
    } catch (const Error& error) {
        nameProblem_->setText(QString::fromUtf8(error.what()));
        nameProblem_->show();
        name_->setText(qstr(node->name));
    }
}

} // namespace gradwright

#include "moc_inspector_panel.cpp"
