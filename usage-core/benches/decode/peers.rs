//! Other ways to read the same page.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What most clients do: a structure of texts for each row.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read to be dropped")]
pub(crate) struct OwnedPage {
    pub(crate) results: Vec<OwnedRow>,
    query_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read to be dropped")]
pub(crate) struct OwnedRow {
    client_id: Option<String>,
    client_name: Option<String>,
    organization_id: Option<String>,
    user_id: Option<String>,
    template_uri: Option<String>,
    http_method: Option<String>,
    date: Option<String>,
    requests: Option<u64>,
    status200: Option<u64>,
    status300: Option<u64>,
    status400: Option<u64>,
    status429: Option<u64>,
    status500: Option<u64>,
}

/// Texts that point into the body, which must be there whole and stay.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BorrowedPage<'a> {
    #[serde(borrow)]
    pub(crate) results: Vec<BorrowedRow<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read to be dropped")]
pub(crate) struct BorrowedRow<'a> {
    client_id: Option<&'a str>,
    client_name: Option<&'a str>,
    organization_id: Option<&'a str>,
    user_id: Option<&'a str>,
    template_uri: Option<&'a str>,
    http_method: Option<&'a str>,
    date: Option<&'a str>,
    requests: Option<u64>,
    status200: Option<u64>,
    status300: Option<u64>,
    status400: Option<u64>,
    status429: Option<u64>,
    status500: Option<u64>,
}

/// Each different text once: what our table does, on `serde_json`.
#[derive(Default)]
pub(crate) struct InternedPage {
    numbers: HashMap<Box<str>, u32>,
    pub(crate) rows: Vec<InternedRow>,
}

#[derive(Default)]
pub(crate) struct InternedRow {
    texts: [u32; 7],
    counts: [Option<u64>; 6],
}

impl InternedPage {
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut page = Self::default();
        let mut json = serde_json::Deserializer::from_slice(body);
        PageSeed(&mut page).deserialize(&mut json).expect("the page is valid");
        page
    }
}

macro_rules! seed {
    ($seed:ident($inner:ty) -> $value:ty, $deserialize:ident, $visit:ident<$access:ident>($self:ident, $map:ident) $body:block) => {
        struct $seed<'a>(&'a mut $inner);

        impl<'de> DeserializeSeed<'de> for $seed<'_> {
            type Value = $value;

            fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.$deserialize(self)
            }
        }

        impl<'de> Visitor<'de> for $seed<'_> {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what the service writes")
            }

            fn $visit<A: $access<'de>>($self, mut $map: A) -> Result<$value, A::Error> $body
        }
    };
}

seed!(PageSeed(InternedPage) -> (), deserialize_map, visit_map<MapAccess>(self, map) {
    while let Some(name) = map.next_key::<Cow<'_, str>>()? {
        if name == "results" { map.next_value_seed(RowsSeed(self.0))? } else { map.next_value::<IgnoredAny>().map(drop)? }
    }
    Ok(())
});

seed!(RowsSeed(InternedPage) -> (), deserialize_seq, visit_seq<SeqAccess>(self, rows) {
    while let Some(row) = rows.next_element_seed(RowSeed(&mut self.0.numbers))? {
        self.0.rows.push(row);
    }
    Ok(())
});

seed!(RowSeed(HashMap<Box<str>, u32>) -> InternedRow, deserialize_map, visit_map<MapAccess>(self, map) {
    let mut row = InternedRow::default();
    while let Some(name) = map.next_key::<&str>()? {
        match name {
            "clientId" => row.texts[0] = map.next_value_seed(TextSeed(self.0))?,
            "clientName" => row.texts[1] = map.next_value_seed(TextSeed(self.0))?,
            "organizationId" => row.texts[2] = map.next_value_seed(TextSeed(self.0))?,
            "userId" => row.texts[3] = map.next_value_seed(TextSeed(self.0))?,
            "templateUri" => row.texts[4] = map.next_value_seed(TextSeed(self.0))?,
            "httpMethod" => row.texts[5] = map.next_value_seed(TextSeed(self.0))?,
            "date" => row.texts[6] = map.next_value_seed(TextSeed(self.0))?,
            "requests" => row.counts[0] = map.next_value()?,
            "status200" => row.counts[1] = map.next_value()?,
            "status300" => row.counts[2] = map.next_value()?,
            "status400" => row.counts[3] = map.next_value()?,
            "status429" => row.counts[4] = map.next_value()?,
            "status500" => row.counts[5] = map.next_value()?,
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
    }
    Ok(row)
});

struct TextSeed<'a>(&'a mut HashMap<Box<str>, u32>);

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = u32;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TextSeed<'_> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<u32, E> {
        if let Some(number) = self.0.get(text) {
            return Ok(*number);
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(text.into(), number);
        Ok(number)
    }
}
