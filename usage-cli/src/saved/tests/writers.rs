//! The same rows as every program writes them, split over files: one report.

use proptest::prelude::*;
use serde_json::{Value, json};
use usage_core::report::{Report, ReportOptions};
use usage_core::{Column, Counter, UsageRecord};

use super::*;

/// Writes rows as a program does.
type Writer = fn(&UsageTable) -> Vec<u8>;

/// Every program's way of writing rows.
pub(super) const WRITERS: [Writer; 16] = [
    own_json,
    own_lines,
    own_csv,
    legacy_page,
    legacy_pages,
    job_page,
    python_page,
    extended_response,
    power_shell_json,
    power_shell_7_csv,
    power_shell_5_csv,
    excel,
    pandas,
    workflow_items,
    yaml,
    compressed_utf16,
];

fn own_json(table: &UsageTable) -> Vec<u8> {
    json!({"status": "Complete", "rows": table}).to_string().into_bytes()
}

fn own_lines(table: &UsageTable) -> Vec<u8> {
    table.iter().map(|row| serde_json::to_string(&row).unwrap() + "\r\n").collect::<String>().into_bytes()
}

/// A table with these names of columns and counters, whose cells are quoted by `quote`.
fn csv_of(
    table: &UsageTable,
    delimiter: &str,
    name: fn(&str) -> String,
    date: fn(&str) -> String,
    count: fn(u64) -> String,
) -> String {
    let quote = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let names = Column::ALL
        .iter()
        .map(|column| column.name())
        .chain(Counter::ALL.iter().map(|counter| counter.name()));
    let mut lines = vec![names.map(|each| quote(&name(each))).collect::<Vec<_>>().join(delimiter)];
    for row in table {
        let texts = Column::ALL.iter().map(|column| match (column, row.text(*column)) {
            (Column::Date, Some(day)) => date(day),
            (_, text) => text.unwrap_or_default().to_owned(),
        });
        let counts = Counter::ALL.iter().map(|counter| row.count(*counter).map(count).unwrap_or_default());
        lines.push(texts.chain(counts).map(|cell| quote(&cell)).collect::<Vec<_>>().join(delimiter));
    }
    lines.join("\r\n") + "\r\n"
}

fn own_csv(table: &UsageTable) -> Vec<u8> {
    csv_of(table, ",", str::to_owned, str::to_owned, |count| count.to_string())
        .replace("\r\n", "\n")
        .into_bytes()
}

fn legacy_page(table: &UsageTable) -> Vec<u8> {
    serde_json::to_vec_pretty(&json!({"results": table.legacy(), "queryStatus": "Complete"})).unwrap()
}

/// A page for each row, one after another.
fn legacy_pages(table: &UsageTable) -> Vec<u8> {
    let pages = table.iter().map(|row| legacy_page(&[row].into_iter().collect()));
    let mut pages = pages.collect::<Vec<_>>().concat();
    pages.extend(legacy_page(&UsageTable::new()));
    pages
}

fn entities(table: &UsageTable) -> Vec<Value> {
    let entity = |row: usage_core::UsageRow<'_>| {
        let mut entity = serde_json::to_value(row).unwrap();
        let members = entity.as_object_mut().unwrap();
        let client =
            json!({"id": members.remove("clientId"), "name": members.remove("clientName"), "selfUri": "/x"});
        members.insert("oauthClient".into(), client);
        let user = json!({"id": members.remove("userId")});
        members.insert("user".into(), user);
        let requests = members.remove("requests").unwrap_or_default();
        members.insert("requestCount".into(), requests);
        entity
    };
    table.iter().map(entity).collect()
}

fn job_page(table: &UsageTable) -> Vec<u8> {
    json!({"queryStatus": "Succeeded", "entities": entities(table), "selfUri": "/x"}).to_string().into_bytes()
}

fn snake(name: &str) -> String {
    name.chars()
        .flat_map(|c| if c.is_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
        .collect()
}

fn python_page(table: &UsageTable) -> Vec<u8> {
    let row = |row: usage_core::UsageRow<'_>| {
        let Value::Object(members) = serde_json::to_value(row).unwrap() else { panic!() };
        let member = |(name, value): (String, Value)| match (&*name, value.as_str()) {
            ("date", Some(day)) => (name, format!("{day} 00:00:00+00:00").into()),
            _ => (snake(&name), value),
        };
        members.into_iter().map(member).collect::<serde_json::Map<_, _>>()
    };
    json!({"results": table.iter().map(row).collect::<Vec<_>>(), "query_status": "Complete", "cursors": null})
        .to_string()
        .replace(",\"", ", \"")
        .replace("\":", "\": ")
        .into_bytes()
}

fn extended_response(table: &UsageTable) -> Vec<u8> {
    json!({"status": 200, "headers": {"a": "b"}, "body": {"results": table.legacy()}, "text": "{}"})
        .to_string()
        .into_bytes()
}

/// References at a depth that is too small, dates as version 5 writes them.
fn power_shell_json(table: &UsageTable) -> Vec<u8> {
    let mut entities = entities(table);
    for entity in &mut entities {
        let text = |member: &Value| member.as_str().unwrap_or_default().to_owned();
        let client = format!(
            "@{{id={}; name={}}}",
            text(&entity["oauthClient"]["id"]),
            text(&entity["oauthClient"]["name"])
        );
        entity["oauthClient"] = client.into();
        let date = entity["date"].as_str().map(|day| day.parse::<usage_core::Date>().unwrap());
        if let Some(date) = date {
            entity["date"] = format!("/Date({})/", date.start().as_unix_millis()).into();
        }
    }
    serde_json::to_vec_pretty(&json!({"queryStatus": "Succeeded", "entities": entities})).unwrap()
}

fn power_shell_7_csv(table: &UsageTable) -> Vec<u8> {
    let date = |day: &str| format!("{}/{}/{} 00:00:00", &day[5..7], &day[8..], &day[..4]);
    csv_of(table, ",", str::to_owned, date, |count| count.to_string()).into_bytes()
}

fn power_shell_5_csv(table: &UsageTable) -> Vec<u8> {
    let csv = csv_of(
        table,
        ",",
        str::to_owned,
        |day| format!("{day}T00:00:00.0000000Z"),
        |count| count.to_string(),
    );
    format!("#TYPE System.Management.Automation.PSCustomObject\r\n{csv}").into_bytes()
}

/// German: semicolons, points between thousands, days first.
fn excel(table: &UsageTable) -> Vec<u8> {
    let date = |day: &str| format!("{}.{}.{}", &day[8..], &day[5..7], &day[..4]);
    let count = |count: u64| {
        let digits = count.to_string().into_bytes();
        let groups: Vec<_> = digits.rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
        groups.join(".")
    };
    format!("\u{feff}sep=;\r\n{}", csv_of(table, ";", str::to_uppercase, date, count)).into_bytes()
}

fn pandas(table: &UsageTable) -> Vec<u8> {
    let name = |name: &str| match name {
        "clientId" => "oauthClient.id".into(),
        "clientName" => "oauthClient.name".into(),
        "userId" => "user.id".into(),
        "requests" => "requestCount".into(),
        _ => name.to_owned(),
    };
    let csv = csv_of(table, ",", name, |day| format!("{day} 00:00:00+00:00"), |count| format!("{count}.0"));
    let lines = csv.split_inclusive("\r\n").enumerate();
    lines
        .map(|(number, line)| if number == 0 { format!(",{line}") } else { format!("{},{line}", number - 1) })
        .collect::<String>()
        .into_bytes()
}

fn workflow_items(table: &UsageTable) -> Vec<u8> {
    let item = |row| json!({"json": row, "pairedItem": {"item": 0}});
    Value::from(table.iter().map(item).collect::<Vec<_>>()).to_string().into_bytes()
}

fn yaml(table: &UsageTable) -> Vec<u8> {
    let mut text = "queryStatus: Complete\nresults:\n".to_owned();
    for row in table {
        let Value::Object(members) = serde_json::to_value(row).unwrap() else { panic!() };
        for (number, (name, value)) in members.iter().enumerate() {
            let indent = if number == 0 { "- " } else { "  " };
            text.extend([indent, name, ": ", &value.to_string(), "\n"]);
        }
    }
    text.into_bytes()
}

fn compressed_utf16(table: &UsageTable) -> Vec<u8> {
    use std::io::Write;

    let text = format!("\u{feff}{}", String::from_utf8(own_lines(table)).unwrap());
    let utf16: Vec<_> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&utf16).unwrap();
    encoder.finish().unwrap()
}

/// Day, client and URI of a row, and what else it has.
type Key = (u8, u8, u8);
type Values = (u64, u64, String, bool);

/// Rows of one query: no two of one day, client, URI and method; some without a user. Days are past the
/// 12th, so that every date shows which of its numbers is the month.
fn rows() -> impl Strategy<Value = Vec<UsageRecord>> {
    let keys = proptest::collection::btree_set((13u8..28, 0u8..4, 0u8..3), 1..12);
    let count = || prop_oneof![4 => 0u64..5_000, 1 => Just(1_234_567u64), 1 => Just(1u64 << 53)];
    keys.prop_flat_map(move |keys| {
        let rows = keys.len();
        (
            Just(keys),
            proptest::collection::vec((count(), count(), "[a-zé\"';,= {}]{1,6}", any::<bool>()), rows),
        )
    })
    .prop_map(|(keys, values)| {
        let row = |(key, values): (Key, Values)| {
            let ((day, client, uri), (requests, status429, name, has_user)) = (key, values);
            UsageRecord {
                date: Some(format!("2026-10-{day}")),
                client_id: Some(format!("client-{client}")),
                client_name: Some(format!("x{}x", name.replace("; ", ";"))),
                user_id: has_user.then(|| "user".into()),
                template_uri: Some(format!("api/v2/{uri}")),
                http_method: Some("GET".into()),
                requests: Some(requests),
                status200: Some(requests / 2),
                status429: Some(status429),
                ..UsageRecord::default()
            }
        };
        keys.into_iter().zip(values).map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_report_of_rows_split_over_files_in_any_format_is_the_report_of_the_rows(
        records in rows(),
        parts in proptest::collection::vec((any::<prop::sample::Index>(), 0..WRITERS.len()), 1..4),
        seed in any::<u64>(),
    ) {
        let mut files = vec![Vec::new(); parts.len()];
        for (number, record) in records.iter().enumerate() {
            let part = parts[number % parts.len()].0.index(parts.len());
            files[(part + usize::try_from(seed % 7).unwrap() * number) % parts.len()].push(record.clone());
        }
        let mut rows = Rows::default();
        for (records, (_, writer)) in files.iter().zip(&parts).rev().filter(|(records, _)| !records.is_empty()) {
            let content = WRITERS[*writer](&records.iter().cloned().collect());
            rows.begin_file("it", &SavedArgs::default());
            let read = read(&content[..], &mut rows);
            prop_assert!(read.is_ok(), "{:?}: {}", read, String::from_utf8_lossy(&content));
            prop_assert!(read.unwrap().is_empty());
        }
        let sources = std::mem::take(&mut rows.sources);
        let table = rows.finish();
        let checked = check::rows_can_be_added(&table, &sources);
        prop_assert!(checked.is_ok(), "{:?}", checked);
        let report = |table: &UsageTable| serde_json::to_string(&Report::new(table, &ReportOptions::default())).unwrap();
        let whole: UsageTable = records.into_iter().collect();
        prop_assert_eq!(report(&table), report(&whole));
    }
}

#[test]
fn every_writer_is_read_back() {
    let record = |day: &str, client: &str| UsageRecord {
        date: Some(day.into()),
        client_id: Some(client.into()),
        client_name: Some("Ä \"quoted\", one".into()),
        http_method: Some("GET".into()),
        requests: Some(1_234_567),
        status200: Some(0),
        ..UsageRecord::default()
    };
    let rows: UsageTable = [record("2026-10-01", "a"), record("2026-10-31", "b")].into_iter().collect();
    for (number, writer) in WRITERS.iter().enumerate() {
        assert_eq!(table(writer(&rows)), rows, "writer {number}");
    }
}
