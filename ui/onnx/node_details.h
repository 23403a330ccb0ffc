// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_outline.h"

#include <QWidget>

#include <string>
#include <vector>

class QLabel;
class QTreeWidget;

namespace gradwright {

class OnnxDocument;

/// What is known of the selected nodes: of one, its attributes, which are edited in place, and the
/// values and tensors that it reads and makes.
class NodeDetails final : public QWidget {
    Q_OBJECT
public:
    explicit NodeDetails(const OnnxDocument& document, QWidget* parent = nullptr);

    void show(const std::vector<const OnnxOutline::Node*>& nodes);
    /// The value that is chosen in the list; empty: none.
    [[nodiscard]] std::string chosenValue() const;
    /// The attribute that is chosen and can be edited; empty: none.
    [[nodiscard]] std::string chosenAttribute() const;
    [[nodiscard]] QTreeWidget& attributes() { return *attributes_; }
    [[nodiscard]] QTreeWidget& values() { return *values_; }

Q_SIGNALS:
    void attributeTyped(const QString& attribute, const QString& value);
    void chosenChanged();

private:
    void fillAttributes(const OnnxOutline::Node& node);
    void fillValues(const OnnxOutline::Node& node);
    void addValue(const QString& role, const std::string& name);

    const OnnxDocument* document_;
    QLabel* title_;
    QLabel* about_;
    QTreeWidget* attributes_;
    QTreeWidget* values_;
    std::string shown_; ///< the key of the only node
    bool isFilling_ = false;
};

} // namespace gradwright
