// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QFontDatabase>
#include <QGuiApplication>

namespace gradwright {

namespace {

Theme dark() {
    return {
        .kind = ThemeKind::Dark,
        .window = QColor::fromRgb(0xFF15181DU),
        .panel = QColor::fromRgb(0xFF1C2027U),
        .canvas = QColor::fromRgb(0xFF12141AU),
        .field = QColor::fromRgb(0xFF14171CU),
        .raised = QColor::fromRgb(0xFF272C35U),
        .hover = QColor::fromRgb(0xFF303643U),
        .selection = QColor::fromRgb(0xFF2B3160U),
        .divider = QColor::fromRgb(0xFF2E343FU),
        .border = QColor::fromRgb(0xFF727C8CU),
        .text = QColor::fromRgb(0xFFECEFF4U),
        .text2 = QColor::fromRgb(0xFFB4BCC9U),
        .text3 = QColor::fromRgb(0xFF9BA4B3U),
        .disabled = QColor::fromRgb(0xFF666F7EU),
        .accent = QColor::fromRgb(0xFF5B67E6U),
        .accentHover = QColor::fromRgb(0xFF4D59D6U),
        .onAccent = QColor::fromRgb(0xFFFFFFFFU),
        .focus = QColor::fromRgb(0xFFA3ADFFU),
        .error = QColor::fromRgb(0xFFFF7B72U),
        .errorTint = QColor::fromRgb(0xFF3A2024U),
        .warning = QColor::fromRgb(0xFFF2B84BU),
        .warningTint = QColor::fromRgb(0xFF362C18U),
        .ok = QColor::fromRgb(0xFF56C98BU),
        .okTint = QColor::fromRgb(0xFF173126U),
        .info = QColor::fromRgb(0xFF7CC4F8U),
        .infoTint = QColor::fromRgb(0xFF172B3AU),
        .training = QColor::fromRgb(0xFF5FA8F5U),
        .validation = QColor::fromRgb(0xFFF5A742U),
        .run3 = QColor::fromRgb(0xFF3FBFA8U),
        .run4 = QColor::fromRgb(0xFFD885D8U),
        .grid = QColor::fromRgb(0xFF262B35U),
        .axis = QColor::fromRgb(0xFF9BA4B3U),
        .nodeFill = QColor::fromRgb(0xFF272C35U),
        .nodeBorder = QColor::fromRgb(0xFF3C4452U),
        .wire = QColor::fromRgb(0xFF7F8A9CU),
        .categories = {QColor::fromRgb(0xFFE3E8EDU), QColor::fromRgb(0xFF73AFE9U),
                       QColor::fromRgb(0xFF9D70F2U), QColor::fromRgb(0xFFEC9029U),
                       QColor::fromRgb(0xFF3B9791U), QColor::fromRgb(0xFF79E0FCU),
                       QColor::fromRgb(0xFFF7428FU), QColor::fromRgb(0xFFC5F8A9U),
                       QColor::fromRgb(0xFFFCE73CU), QColor::fromRgb(0xFFE1B0A8U)},
    };
}

Theme light() {
    return {
        .kind = ThemeKind::Light,
        .window = QColor::fromRgb(0xFFEEF0F4U),
        .panel = QColor::fromRgb(0xFFFFFFFFU),
        .canvas = QColor::fromRgb(0xFFF7F8FAU),
        .field = QColor::fromRgb(0xFFFFFFFFU),
        .raised = QColor::fromRgb(0xFFF2F4F7U),
        .hover = QColor::fromRgb(0xFFE6E9EFU),
        .selection = QColor::fromRgb(0xFFE3E6FDU),
        .divider = QColor::fromRgb(0xFFDCE0E7U),
        .border = QColor::fromRgb(0xFF7F8897U),
        .text = QColor::fromRgb(0xFF1A1E26U),
        .text2 = QColor::fromRgb(0xFF475060U),
        .text3 = QColor::fromRgb(0xFF5D6675U),
        .disabled = QColor::fromRgb(0xFF9AA2B0U),
        .accent = QColor::fromRgb(0xFF4450D0U),
        .accentHover = QColor::fromRgb(0xFF3843B8U),
        .onAccent = QColor::fromRgb(0xFFFFFFFFU),
        .focus = QColor::fromRgb(0xFF3A46C4U),
        .error = QColor::fromRgb(0xFFB9232BU),
        .errorTint = QColor::fromRgb(0xFFFDEBECU),
        .warning = QColor::fromRgb(0xFF8A5A00U),
        .warningTint = QColor::fromRgb(0xFFFDF3DCU),
        .ok = QColor::fromRgb(0xFF1B7443U),
        .okTint = QColor::fromRgb(0xFFE4F5EBU),
        .info = QColor::fromRgb(0xFF14639CU),
        .infoTint = QColor::fromRgb(0xFFE5F1FAU),
        .training = QColor::fromRgb(0xFF1F6FC4U),
        .validation = QColor::fromRgb(0xFFB85C00U),
        .run3 = QColor::fromRgb(0xFF0F7F6EU),
        .run4 = QColor::fromRgb(0xFF9A3F9AU),
        .grid = QColor::fromRgb(0xFFE6E9EEU),
        .axis = QColor::fromRgb(0xFF5D6675U),
        .nodeFill = QColor::fromRgb(0xFFFFFFFFU),
        .nodeBorder = QColor::fromRgb(0xFFBEC5D1U),
        .wire = QColor::fromRgb(0xFF6B7484U),
        .categories = {QColor::fromRgb(0xFF272D34U), QColor::fromRgb(0xFF0E3A83U),
                       QColor::fromRgb(0xFF9130E3U), QColor::fromRgb(0xFF733108U),
                       QColor::fromRgb(0xFF196C66U), QColor::fromRgb(0xFF2799BAU),
                       QColor::fromRgb(0xFFDD2D82U), QColor::fromRgb(0xFF54703BU),
                       QColor::fromRgb(0xFF99860DU), QColor::fromRgb(0xFFBC7368U)},
    };
}

} // namespace

const QColor& Theme::severity(Severity which) const {
    return which == Severity::Error ? error : which == Severity::Warning ? warning : info;
}

const QColor& Theme::severityTint(Severity which) const {
    return which == Severity::Error     ? errorTint
           : which == Severity::Warning ? warningTint
                                        : infoTint;
}

const Theme& theme(ThemeKind kind) {
    static const Theme darkTheme = dark();
    static const Theme lightTheme = light();
    return kind == ThemeKind::Dark ? darkTheme : lightTheme;
}

QFont textFont(int pixels, QFont::Weight weight) {
    QFont font = QGuiApplication::font();
    font.setPixelSize(pixels);
    font.setWeight(weight);
    return font;
}

QFont fixedFont(double pixels) {
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(qRound(pixels));
    return font;
}

QString iconOf(Category category) {
    for (const CategoryInfo& info : categories())
        if (info.category == category)
            return QString::fromStdString(info.key);
    return {};
}

QString iconOf(Severity severity) {
    return severity == Severity::Error     ? QStringLiteral("error")
           : severity == Severity::Warning ? QStringLiteral("warning")
                                           : QStringLiteral("info");
}

} // namespace gradwright
