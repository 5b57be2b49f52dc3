//! JSON: pages, lists and rows, one or several after one another.

use serde::Deserialize;
use serde_json::value::RawValue;
use usage_core::UsageTable;
use usage_core::decode::{PageDecoder, ResponseDecoder};
use usage_core::model::QueryStatus;

use crate::saved::flaw::Flaw;
use crate::saved::{More, row};

/// What tells the kinds of objects apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    // A results page.
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    entities: Option<&'a RawValue>,
    #[serde(borrow)]
    query_status: Option<&'a RawValue>,
    /// This program's document.
    #[serde(borrow)]
    rows: Option<&'a RawValue>,
    /// The answer to a submit.
    #[serde(borrow)]
    execution_id: Option<&'a RawValue>,
    #[serde(borrow)]
    results_uri: Option<&'a RawValue>,
    /// A report of this program.
    #[serde(borrow)]
    totals: Option<&'a RawValue>,
}

/// Adds the rows of `text`.
pub(super) fn read(text: &str, table: &mut UsageTable) -> Result<More, Flaw> {
    let mut reader = Reader { text, table, more: More::No };
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut number = 0;
    loop {
        let place = if number == 0 { String::new() } else { format!("value {}", number + 1) };
        match values.next() {
            None => return Ok(reader.more),
            Some(Err(error)) => return Err(Flaw::of_json(&error, text, 0).inside(&place)),
            Some(Ok(value)) => reader.value(value).map_err(|flaw| flaw.inside(&place))?,
        }
        number += 1;
    }
}

struct Reader<'a> {
    text: &'a str,
    table: &'a mut UsageTable,
    /// What the last page says.
    more: More,
}

impl Reader<'_> {
    /// A value that stands for itself: an object, or a list of such.
    fn value(&mut self, value: &RawValue) -> Result<(), Flaw> {
        if value.get().starts_with('[') { self.list(value) } else { self.object(value) }
    }

    fn list(&mut self, value: &RawValue) -> Result<(), Flaw> {
        let start = self.start(value);
        let items: Vec<&RawValue> =
            serde_json::from_str(value.get()).map_err(|error| Flaw::of_json(&error, value.get(), start))?;
        for (index, item) in items.into_iter().enumerate() {
            self.value(item).map_err(|flaw| flaw.inside(&format!("[{index}]")))?;
        }
        Ok(())
    }

    fn object(&mut self, value: &RawValue) -> Result<(), Flaw> {
        let (text, start) = (value.get(), self.start(value));
        if !text.starts_with('{') {
            return Err(Flaw::new(start, "expected an object: a results page or a row"));
        }
        let outline: Outline<'_> =
            serde_json::from_str(text).map_err(|error| Flaw::of_json(&error, text, start))?;
        match outline {
            Outline { totals: Some(_), .. } => {
                Err(Flaw::new(start, "this is a report; a report is made of rows"))
            }
            Outline { rows: Some(rows), .. } => self.list(rows).map_err(|flaw| flaw.inside("rows")),
            Outline { results: None, entities: None, query_status: None, .. } => {
                if outline.execution_id.is_some() || outline.results_uri.is_some() {
                    let problem = "this is the answer to a submit; save the results of the execution";
                    return Err(Flaw::new(start, problem));
                }
                row::read(text, start, self.table)
            }
            _ => self.page(text, start),
        }
    }

    fn page(&mut self, text: &str, start: usize) -> Result<(), Flaw> {
        let mut decoder = PageDecoder::default();
        let page = decoder.push(text.as_bytes()).and_then(|()| decoder.finish());
        let page = page.map_err(|error| Flaw::of_page(&error, start))?;
        match &page.status {
            None | Some(QueryStatus::Complete | QueryStatus::Succeeded) => {}
            Some(status) => {
                let problem = format!("the query was not complete when this was saved, but {status}");
                return Err(Flaw::at("queryStatus", start, problem));
            }
        }
        self.more = if page.next.is_some() { More::Pages } else { More::No };
        self.table.absorb(page.rows);
        Ok(())
    }

    /// Where in the text `value`, a part of it, begins.
    fn start(&self, value: &RawValue) -> usize {
        value.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }
}
