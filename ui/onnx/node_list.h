// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/onnx/node_model.h"

#include <QWidget>

#include <vector>

class QLabel;
class QLineEdit;
class QTableView;

namespace gradwright {

class OnnxDocument;
class ThemeManager;

/// The nodes of the model with a field to search them. The selection follows the nodes through
/// steps.
class NodeList final : public QWidget {
    Q_OBJECT
public:
    NodeList(OnnxDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// In the order of the model.
    [[nodiscard]] std::vector<const OnnxOutline::Node*> selected() const;
    void beginSearch();
    [[nodiscard]] QTableView& view() { return *view_; }

Q_SIGNALS:
    void selectionChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void follow();
    void count();

    OnnxDocument* document_;
    NodeModel* model_;
    NodeFilter* filter_;
    QLineEdit* search_;
    QLabel* counted_;
    QTableView* view_;
    std::vector<std::string> keys_; ///< of the nodes that are selected
    bool isFollowing_ = false;
};

} // namespace gradwright
