//! Writes generated results pages into the corpora of the page targets.

use std::path::Path;

use usage_core::fuzzing::documents::{Family, Order, SamplePage, Spacing};

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut seed = 0;
    for (family, name) in [(Family::Legacy, "legacy"), (Family::Jobs, "jobs")] {
        for (spacing, space) in
            [(Spacing::Compact, "compact"), (Spacing::Pretty, "pretty"), (Spacing::Ragged, "ragged")]
        {
            for odd in [0, 40] {
                seed += 1;
                let page = SamplePage {
                    spacing,
                    order: Order::ByDay,
                    odd_texts: odd,
                    odd_members: odd,
                    clients: 2,
                    seed,
                    ..SamplePage::benchmark(family, 3)
                };
                let json = page.to_json();
                let file = format!("sample_{name}_{space}_{odd}");
                std::fs::write(corpus.join("page").join(&file), &json)?;
                std::fs::write(corpus.join("page_oracle").join(&file), &json)?;
                std::fs::write(corpus.join("page_cuts").join(&file), format!("\u{3}\u{7}\u{1}\u{60}{json}"))?;
            }
        }
    }
    Ok(())
}
