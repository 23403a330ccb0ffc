// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/welcome_page.h"

#include "engine/graph/analysis.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "ui/shell/network_strip.h"
#include "ui/theme/text.h"

#include <QAbstractButton>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QTextLayout>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr int kColumns = 3;
constexpr int kPageWidth = 1040;
constexpr int kDescriptionLines = 4;
constexpr int kLine = 94; // above a card's figures, from the top of its texts

/// Wraps, and elides what is left after the last line; the tool tip has it whole.
void drawParagraph(QPainter& painter, const QRectF& rect, const QString& text, int lines) {
    QTextLayout layout(text, painter.font());
    const QFontMetricsF metrics(painter.font());
    layout.beginLayout();
    for (int i = 0; i < lines; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid())
            break;
        line.setLineWidth(rect.width());
        const QPointF at(rect.left(), rect.top() + metrics.ascent() + i * metrics.lineSpacing());
        const QString rest = text.mid(line.textStart());
        painter.drawText(at, i + 1 < lines
                                 ? rest.left(line.textLength())
                                 : metrics.elidedText(rest, Qt::ElideRight, rect.width()));
    }
    layout.endLayout();
}

/// A template: its layers as coloured bars from left to right, name, description and size.
class TemplateCard final : public QAbstractButton {
public:
    TemplateCard(const Project& project, const ThemeManager& themes)
        : themes_(&themes)
        , description_(qstr(project.description))
        , strip_(project.network.main) {
        setText(qstr(project.name));
        setAccessibleName(text());
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::StrongFocus);
        setFixedHeight(246);
        setMinimumWidth(240);
        setToolTip(description_);
        parameters_ = analyze(project.network).parameters;
    }

protected:
    void paintEvent(QPaintEvent*) override {
        const Theme& theme = themes_->theme();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const bool focused = hasFocus();
        painter.setPen(focused ? QPen(theme.focus, 2) : QPen(theme.divider, 1));
        painter.setBrush(underMouse() ? theme.hover : theme.panel);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
        const QRectF picture(11, 11, width() - 22, 92);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.canvas);
        painter.drawRoundedRect(picture, 5, 5);
        strip_.paint(painter, picture, theme);

        const QRectF texts(16, 114, width() - 32, 130);
        painter.setPen(theme.text);
        painter.setFont(textFont(type::kPanelTitle, QFont::DemiBold));
        painter.drawText(texts, Qt::AlignTop | Qt::AlignLeft, text());
        painter.setPen(theme.text2);
        painter.setFont(textFont(type::kDense));
        drawParagraph(painter, texts.adjusted(0, 24, 0, 0), description_, kDescriptionLines);
        painter.setPen(theme.divider);
        painter.drawLine(texts.topLeft() + QPointF(0, kLine), texts.topRight() + QPointF(0, kLine));
        painter.setPen(theme.text2);
        painter.drawText(texts.adjusted(0, kLine + 9, 0, 0), Qt::AlignTop | Qt::AlignLeft,
                         tr("%1 parameters").arg(fullNumber(parameters_)));
    }
    void enterEvent(QEnterEvent*) override { update(); }
    void leaveEvent(QEvent*) override { update(); }

private:
    const ThemeManager* themes_;
    QString description_;
    NetworkStrip strip_;
    std::int64_t parameters_ = 0;
};

} // namespace

WelcomePage::WelcomePage(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes)
    , recentPart_(new QWidget)
    , recent_(new QVBoxLayout(recentPart_)) {
    auto* const page = new QWidget;
    page->setMaximumWidth(kPageWidth);
    auto* const column = new QVBoxLayout(page);
    column->setContentsMargins(24, 32, 24, 24);
    column->setSpacing(24);
    column->addWidget(makeHead());
    column->addWidget(makeGallery());
    recent_->setContentsMargins(0, 0, 0, 0);
    column->addWidget(recentPart_);
    column->addStretch();
    auto* const middle = new QWidget;
    auto* const center = new QHBoxLayout(middle);
    center->setContentsMargins(0, 0, 0, 0);
    center->addWidget(page);
    auto* const scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(middle);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
}

QWidget* WelcomePage::makeHead() {
    auto* const head = new QWidget;
    auto* const row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(16);
    auto* const logo = new QLabel;
    logo->setPixmap(QIcon(QStringLiteral(":/icons/app/gradwright.svg")).pixmap(48, 48));
    auto* const title = new QLabel(tr("Start with a network that already works"));
    title->setProperty("textRole", QStringLiteral("page"));
    auto* const hint =
        new QLabel(tr("Each template brings its data and settings: open one and press Train."));
    hint->setProperty("textRole", QStringLiteral("muted"));
    auto* const texts = new QVBoxLayout;
    texts->setSpacing(4);
    texts->addWidget(title);
    texts->addWidget(hint);
    auto* const blank = new QPushButton(tr("Blank canvas"));
    blank->setObjectName(QStringLiteral("blank"));
    blank->setIcon(themes_->icon(QStringLiteral("plus"), &Theme::text));
    auto* const open = new QPushButton(tr("Open file"));
    open->setIcon(themes_->icon(QStringLiteral("open"), &Theme::text));
    row->addWidget(logo);
    row->addLayout(texts, 1);
    row->addWidget(blank);
    row->addWidget(open);
    connect(blank, &QPushButton::clicked, this, &WelcomePage::blankChosen);
    connect(open, &QPushButton::clicked, this, &WelcomePage::openChosen);
    return head;
}

QWidget* WelcomePage::makeGallery() {
    auto* const gallery = new QWidget;
    auto* const grid = new QGridLayout(gallery);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(12);
    int index = 0;
    for (const std::string& key : templateKeys()) {
        try {
            auto* const card = new TemplateCard(openTemplate(key), *themes_);
            card->setObjectName(qstr(key));
            grid->addWidget(card, index / kColumns, index % kColumns);
            connect(card, &QAbstractButton::clicked, this,
                    [this, key] { Q_EMIT templateChosen(key); });
            ++index;
        } catch (const Error& error) {
            auto* const missing = new QLabel(QString::fromUtf8(error.what()));
            missing->setWordWrap(true);
            grid->addWidget(missing, index / kColumns, index % kColumns);
            ++index;
        }
    }
    return gallery;
}

void WelcomePage::setRecent(const QStringList& files) {
    while (QLayoutItem* const item = recent_->takeAt(0)) {
        if (QWidget* const widget = item->widget())
            widget->deleteLater();
        delete item;
    }
    recentPart_->setVisible(!files.isEmpty());
    auto* const title = new QLabel(tr("Recent"));
    title->setProperty("textRole", QStringLiteral("title"));
    recent_->addWidget(title);
    for (const QString& file : files) {
        auto* const button =
            new QPushButton(QFileInfo(file).completeBaseName() + QStringLiteral("   ") + file);
        button->setProperty("kind", QStringLiteral("link"));
        connect(button, &QPushButton::clicked, this, [this, file] { Q_EMIT fileChosen(file); });
        recent_->addWidget(button);
    }
}

} // namespace gradwright
