// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/layer_search.h"

#include "engine/layers/catalog.h"
#include "ui/theme/text.h"

#include <QStringList>

#include <algorithm>

namespace gradwright {

namespace {

QString plain(const QString& text) {
    return text.toLower().replace(QChar(0x00D7), QLatin1Char('x'));
}

QString titleOf(const ParamSpec& spec, const ParamValue& value) {
    if (spec.type == ParamType::Choice)
        for (const ParamChoice& choice : spec.choices)
            if (choice.key == std::get<std::string>(value))
                return qstr(choice.key) + QLatin1Char(' ') + qstr(choice.title);
    return qstr(toString(value));
}

/// All that can be looked for in a node, in one text.
QString textOf(const Node& node) {
    QStringList parts = {qstr(node.name)};
    if (const BlockUse* const block = node.blockUse())
        parts << qstr(block->block);
    const LayerDef* const layer =
        node.layerUse() != nullptr ? findLayer(node.layerUse()->layer) : nullptr;
    if (layer != nullptr) {
        parts << qstr(layer->key) << qstr(layer->title) << qstr(labelOf(*layer, node.params));
        const Params params(layer->params, node.params);
        for (const ParamSpec& spec : layer->params)
            if (isVisible(spec, params))
                parts << qstr(spec.title) + QLatin1Char(' ') +
                             titleOf(spec, params.value(spec.key));
    } else {
        for (const auto& [key, value] : node.params)
            parts << qstr(key) + QLatin1Char(' ') + qstr(toString(value));
    }
    return plain(parts.join(QLatin1Char('\n')));
}

} // namespace

std::vector<LayerHit> searchLayers(const Network& network, const QString& typed) {
    const QStringList words = plain(typed).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    std::vector<LayerHit> hits;
    if (words.isEmpty())
        return hits;
    const auto look = [&](const std::string& name, const Graph& graph) {
        for (const auto& [id, node] : graph.nodes()) {
            const QString text = textOf(node);
            if (std::ranges::all_of(words,
                                    [&](const QString& word) { return text.contains(word); }))
                hits.push_back({name, id});
        }
    };
    look("", network.main);
    for (const auto& [name, block] : network.blocks)
        look(name, block.graph);
    return hits;
}

} // namespace gradwright
