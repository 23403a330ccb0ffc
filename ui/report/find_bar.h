// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/report/layer_search.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>

class QLabel;
class QLineEdit;

namespace gradwright {

/// Finds layers by name, type and parameters; Enter goes from one to the next.
class FindBar final : public QFrame {
    Q_OBJECT
public:
    FindBar(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// Opens it, with what was typed last selected.
    void open();
    void next() { go(1); }
    void previous() { go(-1); }
    [[nodiscard]] const std::vector<LayerHit>& hits() const { return hits_; }

Q_SIGNALS:
    /// Go there.
    void found(const gradwright::LayerHit& hit);
    /// Select all that were found in the main graph.
    /// All that were found in one graph.
    void allWanted(const std::string& graph, const std::vector<gradwright::NodeId>& nodes);
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void search();
    void go(int step);
    void finish();
    void showCount();

    ProjectDocument* document_;
    QLineEdit* line_;
    QLabel* count_;
    std::vector<LayerHit> hits_;
    std::ptrdiff_t current_ = -1; ///< index into hits_; -1 before the first
    bool isStale_ = false;        ///< the network has changed since
};

} // namespace gradwright
