// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/drawing_card.h"

#include "ui/drawing/drawing_pad.h"
#include "ui/inference/cards.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr int kPadSide = 316;
constexpr int kNarrowPadSide = 248;
constexpr int kDefaultBrush = 20;

} // namespace

DrawingCard::DrawingCard(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , pad_(new DrawingPad(theme)) {
    const auto card = makeCard({});
    title_ = card.title;
    auto* undo = tool(QStringLiteral("undo"), tr("Undo stroke"), {});
    auto* redo = tool(QStringLiteral("redo"), tr("Redo stroke"), {});
    auto* clear = tool(QStringLiteral("close"), tr("Clear drawing"), Qt::Key_C);
    clear->setObjectName(QStringLiteral("clear"));
    undo->setObjectName(QStringLiteral("undo"));
    card.header->addStretch(1);
    for (auto* button : {undo, redo, clear})
        card.header->addWidget(button);
    card.body->addWidget(pad_, 0, Qt::AlignHCenter);
    card.body->addWidget(makeTools());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card.frame);
    connect(undo, &QToolButton::clicked, pad_, &DrawingPad::undo);
    connect(redo, &QToolButton::clicked, pad_, &DrawingPad::redo);
    connect(clear, &QToolButton::clicked, pad_, &DrawingPad::clear);
    const auto update = [this, undo, redo, clear] {
        undo->setEnabled(pad_->canUndo());
        redo->setEnabled(pad_->canRedo());
        clear->setEnabled(!pad_->isBlank());
    };
    connect(pad_, &DrawingPad::changed, this, update);
    update();
    setSubject(false, true);
    setNarrow(false);
}

void DrawingCard::setSubject(bool digits, bool isDrawing) {
    title_->setText(digits ? tr("Draw a digit") : tr("Draw or drop a picture"));
    pad_->setSubject(digits ? tr("Draw a digit here") : tr("Draw here, or drop a picture"),
                     isDrawing);
}

void DrawingCard::setNarrow(bool narrow) {
    const int side = narrow ? kNarrowPadSide : kPadSide;
    pad_->setFixedSize(side, side);
}

QToolButton* DrawingCard::tool(const QString& icon, const QString& text, const QKeySequence& key) {
    auto* button = new QToolButton;
    button->setIcon(theme_->icon(icon, &Theme::text));
    button->setIconSize({18, 18});
    button->setFixedSize(32, 32);
    button->setAccessibleName(text);
    button->setToolTip(key.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, key.toString()));
    auto* action = new QAction(theme_->icon(icon), text, this);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    actions_ << action;
    connect(action, &QAction::triggered, button, &QToolButton::click);
    return button;
}

QWidget* DrawingCard::makeTools() {
    auto* brush = tool(QStringLiteral("brush"), tr("Brush"), Qt::Key_B);
    auto* eraser = tool(QStringLiteral("eraser"), tr("Eraser"), Qt::Key_E);
    for (auto* button : {brush, eraser})
        button->setCheckable(true);
    eraser->setObjectName(QStringLiteral("eraser"));
    brush->setChecked(true);
    connect(brush, &QToolButton::clicked, this, [this] { pad_->setTool(PadTool::Brush); });
    connect(eraser, &QToolButton::clicked, this, [this] { pad_->setTool(PadTool::Eraser); });
    const auto show = [this, brush, eraser] {
        brush->setChecked(pad_->tool() == PadTool::Brush);
        eraser->setChecked(pad_->tool() == PadTool::Eraser);
    };
    connect(pad_, &DrawingPad::toolChanged, this, show);
    connect(brush, &QToolButton::clicked, this, show);
    connect(eraser, &QToolButton::clicked, this, show);

    auto* slider = new QSlider(Qt::Horizontal);
    slider->setObjectName(QStringLiteral("brush"));
    slider->setAccessibleName(tr("Brush width"));
    slider->setRange(6, 48);
    auto* value = mutedLabel({});
    value->setFixedWidth(40);
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    connect(slider, &QSlider::valueChanged, this, [this, value](int width) {
        pad_->setBrush(width);
        value->setText(tr("%1 px").arg(width));
    });
    slider->setValue(kDefaultBrush);
    auto* tools = new QWidget;
    auto* layout = new QHBoxLayout(tools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(brush);
    layout->addWidget(eraser);
    layout->addSpacing(8);
    layout->addWidget(mutedLabel(tr("Width")));
    layout->addWidget(slider, 1);
    layout->addWidget(value);
    return tools;
}

} // namespace gradwright

#include "moc_drawing_card.cpp"
