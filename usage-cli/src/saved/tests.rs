use proptest::prelude::*;
use usage_core::UsageRecord;

use super::*;

const LEGACY: &str = r#"{"results":[{"clientId":"a","clientName":"A","organizationId":"","userId":"","templateUri":"api/v2/users","httpMethod":"GET","status200":2,"status300":0,"status400":1,"status500":0,"status429":1,"requests":3,"date":"2026-10-02T00:00:00Z"}],"queryStatus":"Complete"}"#;
const JOB: &str = r#"{"queryStatus":"Succeeded","entities":[{"date":"2026-10-02","httpMethod":"GET","templateUri":"api/v2/users","requestCount":3,"status200":2,"status300":0,"status400":1,"status429":1,"status500":0,"oauthClient":{"id":"a","name":"A"}}]}"#;

fn table(text: impl AsRef<[u8]>) -> UsageTable {
    let mut table = UsageTable::new();
    read(text.as_ref(), &mut table).unwrap_or_else(|flaw| panic!("{flaw:?}"));
    table
}

fn flaw(text: impl AsRef<[u8]>) -> Flaw {
    read(text.as_ref(), &mut UsageTable::new()).unwrap_err()
}

fn the_row() -> UsageTable {
    let text = |text: &str| Some(text.to_owned());
    let record = UsageRecord {
        date: text("2026-10-02"),
        client_id: text("a"),
        client_name: text("A"),
        template_uri: text("api/v2/users"),
        http_method: text("GET"),
        requests: Some(3),
        status200: Some(2),
        status300: Some(0),
        status400: Some(1),
        status429: Some(1),
        status500: Some(0),
        ..Default::default()
    };
    [record].into_iter().collect()
}

#[test]
fn every_shape_gives_the_same_row() {
    let row = &LEGACY[LEGACY.find(":[{").unwrap() + 2..LEGACY.rfind(']').unwrap()];
    let entity = &JOB[JOB.find(":[{").unwrap() + 2..JOB.rfind(']').unwrap()];
    let own = serde_json::to_string(&the_row().row(0).unwrap()).unwrap();
    for shape in [
        LEGACY.to_owned(),
        JOB.to_owned(),
        format!("[{LEGACY}]"),
        format!("\n [ {row} ] "),
        format!("[{entity}]"),
        row.to_owned(),
        format!("{{\"status\":\"Complete\",\"rows\":[{own}]}}\n"),
        own.clone(),
        "requests;date;clientName;clientId;httpMethod;templateUri;status429;status500;status400;status300;status200;mine\n\
         3;2026-10-02T00:00:00Z;A;a;GET;api/v2/users;1;0;1;0;2;x\n"
            .to_owned(),
    ] {
        assert_eq!(table(&shape), the_row(), "{shape}");
        let with_mark = format!("\u{feff}{shape}");
        assert_eq!(table(&with_mark), the_row(), "{shape}");
        let utf16: Vec<_> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(table(utf16), the_row(), "{shape}");
    }
}

#[test]
fn several_after_one_another_and_in_a_list_are_all_read() {
    let mut twice = the_row();
    twice.append(&the_row());
    for text in [format!("{LEGACY}{JOB}"), format!("{LEGACY}\n{JOB}\n"), format!("[{JOB},{LEGACY}]")] {
        assert_eq!(table(text), twice);
    }
    assert!(table(r#"{"results":[],"queryStatus":"Complete"}"#).is_empty());
    assert!(table("[]").is_empty());
}

#[test]
fn a_page_that_is_not_the_last_is_noticed() {
    let page = |after: &str| format!(r#"{{"results":[],"queryStatus":"Complete","cursors":{{{after}}}}}"#);
    let first = page("\"after\":\"x\"");
    let more = |text: &str| read(text.as_bytes(), &mut UsageTable::new()).unwrap();
    assert_eq!(more(&first), More::Pages);
    assert_eq!(more(&format!("{first}{}", page(""))), More::No);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let place = |text: &str| {
        let Flaw { path, byte, problem } = flaw(text);
        (path, byte, problem)
    };
    for (text, path, at, problem) in [
        (r#"{"results":[{"requests":-1}]}"#, "results[0].requests", "-1", ""),
        (r#"[{"results":[]},{"results":[{"requests":"x"}]}]"#, "[1].results[0].requests", "\"x\"", ""),
        (r#"{"requests":1}{"requests":"x"}"#, "value 2.requests", "}", "invalid type: string"),
        (
            r#"{"status":"Complete","rows":[{"requests":1},{"clients":1}]}"#,
            "rows[1]",
            "{\"clients",
            "no row of usage",
        ),
        (r#"[{"requests":1},2]"#, "[1]", "2]", "expected an object"),
        (r#"{"queryStatus":"Running"}"#, "queryStatus", "{", "not complete when this was saved, but Running"),
        (r#"{"executionId":"x","resultsUri":"y"}"#, "", "{", "the answer to a submit"),
        (r#"{"totals":{}}"#, "", "{\"totals", "this is a report"),
        (r#"{"requests":9223372036854775808}"#, "", "{", "a count is larger"),
        ("{\"results\":[", "", "[", "EOF"),
        ("hello", "", "hello", "neither JSON nor CSV"),
        ("requests,date\nx,2026-10-01\n", "line 2, requests", "x,2026", "\"x\" is no count"),
        ("requests,date\n1\n", "line 2", "1\n", "it has 1 cells, and the header 2"),
    ] {
        let (found, byte, said) = place(text);
        assert!(said.contains(problem), "{text}: {said}");
        assert_eq!(found, path, "{text}: {said}");
        let wanted = text.rfind(at).unwrap();
        assert!(byte.abs_diff(wanted) <= 1, "{text}: byte {byte} and not {wanted}");
    }
    assert_eq!(flaw("  \n").problem, "it is empty");
    assert_eq!((flaw(b"{\"a\":\"\xFF\"}").byte, flaw([0xFF, 0xFE, 0x00, 0xD8]).byte), (6, 2));
    assert!(flaw(b"\x1F\x8B\x08").problem.contains("compressed"));
    assert!(flaw(b"PAR1").problem.contains("Parquet"));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), cut in 0usize..400) {
        let _ = read(&bytes, &mut UsageTable::new());
        let text = format!("[{LEGACY},{JOB}]");
        let cut = cut.min(text.len());
        let whole = [&text.as_bytes()[..cut], &bytes].concat();
        let _ = read(&whole, &mut UsageTable::new());
    }
}
