// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/drawing_dialog.h"

#include "ui/drawing/drawing_pad.h"
#include "ui/drawing/image_pixels.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr int kDrawingSide = 300;

} // namespace

DrawingDialog::DrawingDialog(ThemeManager& themes, DrawnSet& set, int label, bool isDrawing,
                             QWidget* parent)
    : QDialog(parent)
    , set_(&set)
    , pad_(new DrawingPad(themes))
    , class_(new QComboBox)
    , note_(new QLabel) {
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("drawingDialog"));
    setWindowTitle(tr("Draw samples"));
    pad_->setFixedSize(kDrawingSide, kDrawingSide);
    pad_->setSubject(tr("Draw here"), isDrawing);
    class_->setObjectName(QStringLiteral("drawnClass"));
    class_->setAccessibleName(tr("Class of the drawing"));
    for (const std::string& name : set.classes())
        class_->addItem(qstr(name));
    class_->setCurrentIndex(std::max(label, 0));
    note_->setObjectName(QStringLiteral("drawnNote"));
    note_->setProperty("textRole", QStringLiteral("muted"));
    note_->setTextFormat(Qt::PlainText);
    note_->setWordWrap(true);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    add_ = buttons->addButton(tr("&Add"), QDialogButtonBox::ActionRole);
    add_->setObjectName(QStringLiteral("addDrawing"));
    add_->setDefault(true);
    clear_ = buttons->addButton(tr("C&lear"), QDialogButtonBox::ResetRole);
    clear_->setObjectName(QStringLiteral("clearDrawing"));
    clear_->setAutoDefault(false);
    buttons->button(QDialogButtonBox::Close)->setAutoDefault(false);
    auto* const form = new QFormLayout;
    form->addRow(tr("&It is"), class_);
    auto* const layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addWidget(pad_, 0, Qt::AlignHCenter);
    layout->addLayout(form);
    layout->addWidget(note_);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(add_, &QPushButton::clicked, this, &DrawingDialog::addDrawing);
    connect(clear_, &QPushButton::clicked, pad_, &DrawingPad::clear);
    connect(pad_, &DrawingPad::changed, this, &DrawingDialog::update);
    connect(set_, &DrawnSet::done, this, [this](const QString& what) {
        pad_->clear();
        note_->setText(what);
    });
    connect(set_, &DrawnSet::failed, note_, &QLabel::setText);
    update();
    pad_->setFocus();
}

void DrawingDialog::addDrawing() {
    set_->add({pngOf(pad_->image())}, class_->currentText(), this);
}

void DrawingDialog::update() {
    add_->setEnabled(!pad_->isBlank());
    clear_->setEnabled(!pad_->isBlank());
    if (!pad_->isBlank())
        note_->clear();
}

} // namespace gradwright

#include "moc_drawing_dialog.cpp"
