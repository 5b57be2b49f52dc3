//! Writes rows as other programs write them, for tests and fuzzing: reading them back must return the same rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "for tests only: rows are always written")]

use serde_json::{Value, json};
use usage_core::{Column, Counter, UsageRow, UsageTable};

/// Writes rows like one program does.
pub(crate) type Writer = fn(&UsageTable) -> Vec<u8>;

/// The formats of all programs.
pub(crate) const WRITERS: [Writer; 16] = [
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

/// Writes a table with these column and counter names, whose cells are quoted by `quote`.
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

/// Writes one page for each row, in sequence.
fn legacy_pages(table: &UsageTable) -> Vec<u8> {
    let pages = table.iter().map(|row| legacy_page(&[row].into_iter().collect()));
    let mut pages = pages.collect::<Vec<_>>().concat();
    pages.extend(legacy_page(&UsageTable::new()));
    pages
}

fn entities(table: &UsageTable) -> Vec<Value> {
    let entity = |row: UsageRow<'_>| {
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
    let row = |row: UsageRow<'_>| {
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

/// Writes references at a depth that is too small, and dates like PowerShell 5.
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

/// Writes German conventions: semicolons, points between thousands, day first.
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
