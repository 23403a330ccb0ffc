// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/pass_picture.h"

#include "ui/theme/text.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <map>

namespace gradwright {

namespace {

constexpr int kBoxHeight = 34;
constexpr int kLaneGap = 8;
constexpr int kMostBoxWidth = 150;
constexpr int kLeastBoxWidth = 64;
constexpr int kRankGap = 18;
constexpr int kCaptionHeight = 18;
constexpr qreal kCorner = 5;

std::size_t ranksOf(const std::vector<ExampleOp>& ops) {
    std::size_t ranks = 0;
    for (const ExampleOp& op : ops)
        ranks = std::max(ranks, op.rank + 1);
    return ranks;
}

int lanesOf(const std::vector<ExampleOp>& ops) {
    std::map<std::size_t, int> lanes;
    for (const ExampleOp& op : ops)
        ++lanes[op.rank];
    int most = 1;
    for (const auto& [rank, count] : lanes)
        most = std::max(most, count);
    return most;
}

int heightOf(const std::vector<ExampleOp>& ops) {
    return kCaptionHeight + lanesOf(ops) * (kBoxHeight + kLaneGap);
}

QColor mixed(const QColor& a, const QColor& b, qreal share) {
    return QColor::fromRgbF(static_cast<float>(a.redF() * (1 - share) + b.redF() * share),
                            static_cast<float>(a.greenF() * (1 - share) + b.greenF() * share),
                            static_cast<float>(a.blueF() * (1 - share) + b.blueF() * share));
}

/// Paints one of the two graphs, from left to right.
class ExamplePainter {
public:
    ExamplePainter(QPainter& painter, const QPalette& palette, const QRectF& area)
        : painter_(painter)
        , palette_(palette)
        , area_(area) {}

    void paint(const QString& caption, const std::vector<ExampleOp>& ops) {
        painter_.setPen(palette_.color(QPalette::PlaceholderText));
        painter_.drawText(QRectF(area_.left(), area_.top(), area_.width(), kCaptionHeight),
                          Qt::AlignLeft | Qt::AlignVCenter, caption);
        place(ops);
        for (std::size_t i = 0; i < ops.size(); ++i)
            for (const std::size_t from : ops[i].sources)
                paintLink(boxes_[from], boxes_[i]);
        for (std::size_t i = 0; i < ops.size(); ++i)
            paintBox(ops[i], boxes_[i]);
    }

private:
    void place(const std::vector<ExampleOp>& ops) {
        const auto columns = static_cast<qreal>(ranksOf(ops));
        const qreal width = std::clamp((area_.width() - kRankGap * (columns - 1)) / columns,
                                       qreal{kLeastBoxWidth}, qreal{kMostBoxWidth});
        std::map<std::size_t, int> all, placed;
        for (const ExampleOp& op : ops)
            ++all[op.rank];
        const int lanes = lanesOf(ops);
        for (const ExampleOp& op : ops) {
            const qreal lane = placed[op.rank]++ + static_cast<qreal>(lanes - all[op.rank]) / 2;
            boxes_.emplace_back(area_.left() + static_cast<qreal>(op.rank) * (width + kRankGap),
                                area_.top() + kCaptionHeight + lane * (kBoxHeight + kLaneGap),
                                width, kBoxHeight);
        }
    }

    /// Around the boxes that lie between.
    void paintLink(const QRectF& from, const QRectF& to) {
        const QPointF begin(from.right(), from.center().y());
        const QPointF end(to.left(), to.center().y());
        QPainterPath path(begin);
        std::vector<QRectF> between;
        for (const QRectF& box : boxes_)
            if (box.left() > from.right() && box.right() < to.left() &&
                std::abs(box.center().y() - begin.y()) < kBoxHeight)
                between.push_back(box);
        if (!between.empty()) {
            // On the side on which it begins, else above.
            const bool isBelow = begin.y() > between.front().center().y() + 1;
            qreal level = begin.y();
            for (const QRectF& box : between)
                level = isBelow ? std::max(level, box.bottom() + kLaneGap / 2.0)
                                : std::min(level, box.top() - kLaneGap / 2.0);
            path.cubicTo(QPointF(begin.x() + kRankGap, level), QPointF(begin.x(), level),
                         QPointF(begin.x() + 2 * kRankGap, level));
            path.lineTo(end.x() - 2 * kRankGap, level);
            path.cubicTo(QPointF(end.x(), level), QPointF(end.x() - kRankGap, level), end);
        } else {
            const qreal middle = (begin.x() + end.x()) / 2;
            path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, end.y()), end);
        }
        painter_.setPen(QPen(palette_.color(QPalette::PlaceholderText), 1.5));
        painter_.setBrush(Qt::NoBrush);
        painter_.drawPath(path);
        painter_.drawLine(end, end + QPointF(-5, -3));
        painter_.drawLine(end, end + QPointF(-5, 3));
    }

    void paintBox(const ExampleOp& op, const QRectF& box) {
        const QColor accent = palette_.color(QPalette::Link);
        const QColor ground = palette_.color(QPalette::Base);
        painter_.setPen(op.isChanged ? accent : palette_.color(QPalette::Mid));
        painter_.setBrush(op.isChanged ? mixed(ground, accent, 0.2) : ground);
        painter_.drawRoundedRect(box, kCorner, kCorner);
        const auto line = [&](const QRectF& where, const QString& text, QPalette::ColorRole role) {
            painter_.setPen(palette_.color(role));
            painter_.drawText(where, Qt::AlignCenter,
                              painter_.fontMetrics().elidedText(text, Qt::ElideRight,
                                                                static_cast<int>(where.width())));
        };
        const QRectF inside = box.adjusted(3, 1, -3, -1);
        const QRectF upper(inside.left(), inside.top(), inside.width(), inside.height() / 2);
        line(upper, qstr(op.title), QPalette::Text);
        line(upper.translated(0, upper.height()), qstr(op.path), QPalette::PlaceholderText);
    }

    QPainter& painter_;
    const QPalette& palette_;
    QRectF area_;
    std::vector<QRectF> boxes_;
};

QString wordsOf(const std::vector<ExampleOp>& ops) {
    QStringList words;
    for (const ExampleOp& op : ops)
        words << qstr(op.title == "input" ? op.title : op.title + " (" + op.path + ")");
    return words.join(QStringLiteral(", "));
}

} // namespace

PassPicture::PassPicture(QWidget* parent)
    : QWidget(parent) {
    setAccessibleName(tr("What the pass does, on an example"));
    setObjectName(QStringLiteral("passPicture"));
}

void PassPicture::showPass(std::string_view key) {
    example_ = passExample(key);
    setToolTip(tr("An example: the pass makes what is below of what is above."));
    updateGeometry();
    update();
    sayTextChanged(*this);
}

QSize PassPicture::minimumSizeHint() const {
    const auto ranks =
        static_cast<int>(std::max(ranksOf(example_.before), ranksOf(example_.after)));
    return {ranks * (kLeastBoxWidth + kRankGap),
            heightOf(example_.before) + heightOf(example_.after)};
}

QString PassPicture::spokenText() const {
    return tr("Before: %1. After: %2.").arg(wordsOf(example_.before), wordsOf(example_.after));
}

void PassPicture::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = QRectF(rect()).adjusted(1, 0, -1, 0);
    ExamplePainter(painter, palette(), area).paint(tr("Before"), example_.before);
    ExamplePainter(painter, palette(), area.adjusted(0, heightOf(example_.before), 0, 0))
        .paint(tr("After"), example_.after);
}

} // namespace gradwright

#include "moc_pass_picture.cpp"
