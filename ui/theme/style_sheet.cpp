// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style_sheet.h"

#include <utility>
#include <vector>

namespace gradwright {

namespace {

// "@name" is a token of the theme.
constexpr auto kSurfaces = R"(
QWidget { font-size: 13px; }
QMainWindow, QDialog { background: @window; }
QToolTip { background: @raised; color: @text; border: 1px solid @border; padding: 4px 6px; }
*[role="panel"] { background: @panel; }
*[role="canvas"] { background: @canvas; }
QFrame[role="header"] { background: @panel; border: none; border-bottom: 1px solid @divider; }
QFrame[role="canvasBar"] { background: @window; border: none; border-bottom: 1px solid @divider; }
QFrame[role="leftPanel"] { background: @panel; border: none; border-right: 1px solid @divider; }
QFrame[role="rightPanel"] { background: @panel; border: none; border-left: 1px solid @divider; }
QFrame[role="bottomPanel"] { background: @panel; border: none; border-top: 1px solid @divider; }
QFrame[role="card"] { background: @panel; border: 1px solid @divider; border-radius: 8px; }
QFrame[role="inset"] { background: @field; border: 1px solid @divider; border-radius: 6px; }
QFrame[role="line"] { background: @divider; border: none; }
QLabel { background: transparent; }
QLabel[textRole="title"] { font-size: 14px; font-weight: 600; }
QLabel[textRole="page"] { font-size: 18px; font-weight: 600; }
QLabel[textRole="section"] { font-size: 13px; font-weight: 600; }
QLabel[textRole="figure"] { font-size: 16px; font-weight: 600; }
QLabel[textRole="caption"] { font-size: 11px; color: @text3; }
QLabel[textRole="muted"] { font-size: 12px; color: @text2; }
QLabel[textRole="error"] { font-size: 11px; color: @error; }
QLabel[textRole="formula"] { color: @text2; background: @field; border: 1px solid @divider;
  border-radius: 5px; padding: 5px 8px; }
QSplitter::handle { background: @divider; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @hover; border-radius: 4px; margin: 1px; }
QScrollBar::handle:hover { background: @border; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
)";

constexpr auto kMenus = R"(
QMenuBar { background: transparent; color: @text2; }
QMenuBar::item { padding: 6px 8px; border-radius: 6px; background: transparent; }
QMenuBar::item:selected { background: @hover; color: @text; }
QMenu { background: @raised; border: 1px solid @divider; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 10px; border-radius: 5px; }
QMenu::item:selected { background: @selection; color: @text; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @divider; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }
QStatusBar { background: @panel; border-top: 1px solid @divider; color: @text2; }
QStatusBar::item { border: none; }
QStatusBar QLabel { font-size: 12px; color: @text2; }
)";

constexpr auto kButtons = R"(
QPushButton { background: @raised; color: @text; border: 1px solid @border; border-radius: 6px;
  padding: 4px 12px; min-height: 18px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @selection; }
QPushButton:focus { border-color: @focus; }
QPushButton:disabled { color: @disabled; border-color: @divider; background: transparent; }
QPushButton[kind="primary"] { background: @accent; color: @onAccent; border-color: @accent;
  font-weight: 600; }
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed {
  background: @accentHover; border-color: @accentHover; }
QPushButton[kind="primary"]:focus { border-color: @focus; }
QPushButton[kind="primary"]:disabled { background: transparent; color: @disabled;
  border-color: @divider; }
QPushButton[kind="link"] { background: transparent; border: none; color: @focus; padding: 2px 4px;
  text-align: left; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QToolButton { background: transparent; color: @text2; border: 1px solid transparent;
  border-radius: 6px; padding: 3px; }
QToolButton:hover { background: @hover; color: @text; }
QToolButton:pressed, QToolButton:checked { background: @selection; color: @text; }
QToolButton:focus { border-color: @focus; }
QToolButton:disabled { color: @disabled; }
QToolButton::menu-indicator { image: none; }
QToolButton[kind="page"] { padding: 4px 11px; font-size: 13px;
  border: 1px solid transparent; border-radius: 6px; }
QToolButton[kind="page"]:checked { background: @selection; color: @text; font-weight: 600; }
QToolButton[kind="chip"] { background: @raised; color: @text; border: 1px solid @border;
  padding: 4px 10px; }
QToolButton[kind="chip"]:hover { background: @hover; }
QToolButton[kind="chip"]::menu-indicator { width: 11px; height: 11px;
  image: url(:/icons/controls/chevron-down-@kind.svg); subcontrol-origin: padding;
  subcontrol-position: right center; right: 8px; }
QToolButton[kind="section"] { color: @text; font-weight: 600; padding: 3px 0;
  border: 1px solid transparent; }
QToolButton[kind="section"]:hover { background: transparent; color: @focus; }
QToolButton[kind="section"]:checked { background: transparent; }
QFrame[role="segments"] { background: @field; border: 1px solid @border; border-radius: 6px; }
QToolButton[kind="segment"] { border: 1px solid transparent; border-radius: 4px; padding: 2px 1px;
  font-size: 12px; }
QToolButton[kind="segment"]:checked { background: @selection; color: @text; font-weight: 600;
  border: 1px solid @border; }
QToolButton[kind="page"]:focus, QToolButton[kind="chip"]:focus, QToolButton[kind="section"]:focus,
QToolButton[kind="segment"]:focus { border: 1px solid @focus; }
QTabBar::tab { background: transparent; color: @text2; padding: 6px 10px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @focus; }
QCheckBox, QRadioButton { spacing: 8px; background: transparent; }
QCheckBox::indicator, QAbstractItemView::indicator { width: 16px; height: 16px;
  border: 1px solid @border; border-radius: 4px; background: @field; }
QCheckBox::indicator:hover, QAbstractItemView::indicator:hover { border-color: @focus; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: @accent;
  border-color: @accent; image: url(:/icons/controls/check.svg); }
QCheckBox::indicator:disabled, QAbstractItemView::indicator:disabled { border-color: @divider; }
QCheckBox::indicator:checked:disabled, QAbstractItemView::indicator:checked:disabled {
  background: @disabled; }
)";

constexpr auto kFields = R"(
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit { background: @field;
  color: @text; border: 1px solid @border; border-radius: 5px; padding: 2px 7px; min-height: 20px;
  selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {
  border: 2px solid @focus; padding: 1px 6px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
  color: @disabled; border-color: @divider; }
*[invalid="true"] { border: 2px solid @error; padding: 1px 6px; }
QSpinBox::up-button, QDoubleSpinBox::up-button { width: 16px; border: none; background: transparent;
  subcontrol-origin: border; subcontrol-position: top right; margin: 3px 4px 0 0; }
QSpinBox::down-button, QDoubleSpinBox::down-button { width: 16px; border: none;
  background: transparent; subcontrol-origin: border; subcontrol-position: bottom right;
  margin: 0 4px 3px 0; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { width: 9px; height: 9px;
  image: url(:/icons/controls/chevron-up-@kind.svg); }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { width: 9px; height: 9px;
  image: url(:/icons/controls/chevron-down-@kind.svg); }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { width: 11px; height: 11px;
  image: url(:/icons/controls/chevron-down-@kind.svg); }
QComboBox QAbstractItemView { background: @raised; border: 1px solid @divider; outline: none;
  padding: 0; selection-background-color: @selection; selection-color: @text; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @hover; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
  background: @focus; }
QTabWidget::pane { background: @window; border: none; border-top: 1px solid @divider; }
QTabWidget > QStackedWidget, QTabWidget > QStackedWidget > QWidget { background: @window; }
QProgressBar { background: @hover; border: none; border-radius: 4px; max-height: 8px; }
QProgressBar::chunk { background: @accent; border-radius: 4px; }
QAbstractItemView { background: @panel; color: @text; border: none; outline: none;
  selection-background-color: @selection; selection-color: @text; }
QAbstractItemView#choices { background: @raised; border: 1px solid @border; padding: 4px; }
QAbstractItemView#choices::item { padding: 2px 4px; }
QTreeView::item, QListView::item, QTableView::item { border: none; }
QTreeView::item:hover, QListView::item:hover { background: @hover; }
QTreeView::item:selected, QListView::item:selected { background: @selection; color: @text; }
QTableView::item { padding: 0 8px; }
QTreeView::branch { background: transparent; }
QHeaderView::section { background: @panel; color: @text3; border: none;
  border-bottom: 1px solid @divider; padding: 4px 8px; font-size: 11px; }
QTableCornerButton::section { background: @panel; border: none; }
QTableView QHeaderView::section { padding: 4px 11px; }
)";

using Token = std::pair<const char*, QColor>;

} // namespace

QString styleSheetOf(const Theme& theme) {
    // A token that begins like another stands before it.
    const std::vector<Token> tokens = {
        {"@window", theme.window},
        {"@panel", theme.panel},
        {"@canvas", theme.canvas},
        {"@field", theme.field},
        {"@raised", theme.raised},
        {"@hover", theme.hover},
        {"@selection", theme.selection},
        {"@divider", theme.divider},
        {"@border", theme.border},
        {"@text2", theme.text2},
        {"@text3", theme.text3},
        {"@text", theme.text},
        {"@disabled", theme.disabled},
        {"@onAccent", theme.onAccent},
        {"@accentHover", theme.accentHover},
        {"@accent", theme.accent},
        {"@focus", theme.focus},
        {"@error", theme.error},
    };
    QString sheet = QString::fromLatin1(kSurfaces) + QString::fromLatin1(kMenus) +
                    QString::fromLatin1(kButtons) + QString::fromLatin1(kFields);
    sheet.replace(QStringLiteral("@kind"),
                  theme.kind == ThemeKind::Dark ? QStringLiteral("dark") : QStringLiteral("light"));
    for (const auto& [name, color] : tokens)
        sheet.replace(QLatin1String(name), color.name());
    return sheet;
}

} // namespace gradwright
