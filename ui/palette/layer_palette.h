// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_manager.h"

#include <QTreeWidget>

#include <string>
#include <vector>

class QLabel;
class QLineEdit;

namespace gradwright {

/// The layers of the catalog by category, with a search; dragged or activated to be added.
class LayerPalette final : public QWidget {
    Q_OBJECT
public:
    /// A drag carries the layer's key as data of `mimeType`.
    LayerPalette(const ThemeManager& themes, const QString& mimeType, QWidget* parent = nullptr);

    void focusSearch();

    /// A block that can be added, beside the layers.
    struct Block {
        QString key; ///< as a drag carries it
        QString title;
        QString toolTip;
        bool isRemovable = false; ///< by Delete or its context menu
        bool operator==(const Block&) const = default;
    };
    /// Shown under a heading of their own, while there are any.
    void setBlocks(const std::vector<Block>& blocks);
    [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }

Q_SIGNALS:
    void layerChosen(const std::string& key);
    /// The user wants to be rid of a removable block.
    void removalWanted(const std::string& key);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fill();
    void fillBlocks();
    void filter(const QString& text);
    void choose(const QTreeWidgetItem* item);
    [[nodiscard]] bool isRemovable(const QTreeWidgetItem* item) const;
    void askRemoval(const QTreeWidgetItem* item);
    void showMenu(QPoint at);

    const ThemeManager* themes_;
    QLineEdit* search_;
    QLabel* nothing_;
    QTreeWidget* tree_;
    std::vector<Block> blocks_;
};

} // namespace gradwright
