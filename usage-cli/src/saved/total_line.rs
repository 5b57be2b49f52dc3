//! Lines of totals, as spreadsheets and databases label them.

use crate::saved::parse_error::Wrong;

/// Returns the error for a total line.
pub(super) fn total_line(text: &str) -> Wrong {
    let shown = text.trim();
    Wrong::from(format!(
        "{shown:?}: this is a total of other rows and not a row, so that it must not be added to them"
    ))
    .with_hint("remove the lines of totals")
}

/// Returns whether a text is the label of a total line.
pub(super) fn is_total(text: &str) -> bool {
    const MAX_LENGTH: usize = 40;
    const WORDS: [&str; 69] = [
        "total",
        "totals",
        "grand total",
        "grand totals",
        "subtotal",
        "subtotals",
        "sub-total",
        "sub total",
        "sum",
        "sums",
        "overall",
        "all",
        "(all)",
        "overall total",
        "total general",
        "total général",
        "totaux",
        "somme",
        "sous-total",
        "summe",
        "summen",
        "gesamt",
        "gesamtsumme",
        "gesamtergebnis",
        "zwischensumme",
        "insgesamt",
        "ergebnis",
        "totale",
        "totali",
        "totale complessivo",
        "totaal",
        "eindtotaal",
        "subtotaal",
        "suma",
        "sumas",
        "suma total",
        "totales",
        "total geral",
        "soma",
        "totais",
        "razem",
        "łącznie",
        "ogółem",
        "suma końcowa",
        "celkem",
        "celkový součet",
        "spolu",
        "summa",
        "totalsumma",
        "totalt",
        "hovedtotal",
        "i alt",
        "yhteensä",
        "kaikki yhteensä",
        "összesen",
        "végösszeg",
        "toplam",
        "genel toplam",
        "итог",
        "итого",
        "всего",
        "общий итог",
        "σύνολο",
        "סה\"כ",
        "合計",
        "总计",
        "合计",
        "總計",
        "합계",
    ];
    let word = text.trim().trim_end_matches([':', '：']).trim_end();
    word.len() <= MAX_LENGTH && WORDS.contains(&&*word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_known_in_many_languages() {
        for text in [
            "Total",
            " GRAND TOTAL: ",
            "Gesamtergebnis",
            "Total général",
            "Итого:",
            "合計",
            "Σύνολο",
            "(All)",
        ] {
            assert!(is_total(text), "{text}");
        }
        for text in ["Totalizer", "All Hands", "Nightly total export", "", "a".repeat(500).as_str()] {
            assert!(!is_total(text), "{text}");
        }
    }
}
