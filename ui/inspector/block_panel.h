// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/graph_scope.h"
#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>

#include <string>
#include <vector>

class QLineEdit;
class QVBoxLayout;

namespace gradwright {

/// What there is to say of blocks about the selection: of an instance its block, of a layer within
/// a block which of its parameters instances set.
class BlockPanel final : public QFrame {
    Q_OBJECT
public:
    BlockPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    void show(const GraphScope& scope, const std::vector<NodeId>& nodes);

Q_SIGNALS:
    void enterRequested(gradwright::NodeId instance);
    void saveRequested(const std::string& block);
    /// A change was refused; the reason.
    void problem(const QString& reason);

private:
    void rebuild();
    void refresh();
    /// What the panel was built for.
    [[nodiscard]] std::vector<std::string> outline() const;
    [[nodiscard]] const Node* node() const;
    void buildInstance(const Node& node);
    void buildPromotions(const Node& node);
    void addRow(const QString& title, QWidget* field);
    void takeName();
    void perform(const QString& title, const ProjectEdit& edit);

    ProjectDocument* document_;
    const ThemeManager* themes_;
    GraphScope scope_;
    std::vector<NodeId> nodes_;
    std::vector<std::string> outline_;
    QWidget* page_ = nullptr;
    QVBoxLayout* rows_ = nullptr;
    QLineEdit* name_ = nullptr;
};

} // namespace gradwright
