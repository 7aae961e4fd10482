import { setLocale } from "../../i18n/catalogue.js";
import { type Locale, locale, localeNames, locales } from "../../i18n/locale.js";
import { shellText } from "../../i18n/shell.js";
import { setTheme, theme, themes } from "../../theme.js";
import { Icon } from "../../ui/icon.js";
import { Segments } from "../../ui/segments.js";

/** Each language by its own name: so that whoever needs it can read it. */
export function LanguageChoice() {
    const shown: readonly Locale[] = locale.value === "pseudo" ? [...locales, "pseudo"] : locales;
    return (
        <label class="language">
            <Icon name="note" class="visually-hidden" />
            <span class="visually-hidden">{shellText("language")}</span>
            <select class="input" value={locale.value} onChange={(event) => void setLocale(event.currentTarget.value as Locale)}>
                {shown.map((each) => (
                    <option key={each} value={each} lang={each === "pseudo" ? "en" : each} translate={false}>
                        {localeNames[each]}
                    </option>
                ))}
            </select>
        </label>
    );
}

export function ThemeChoice() {
    return <Segments label={shellText("theme")} value={theme.value} options={themes.map((value) => ({ value, label: shellText(`theme.${value}`) }))} onChange={setTheme} />;
}
