//! Hand-written files of every kind: what is read, and what is refused with its position.

use proptest::prelude::*;
use usage_core::UsageRecord;

use super::*;

const LEGACY: &str = r#"{"results":[{"clientId":"a","clientName":"A","organizationId":"","userId":"","templateUri":"api/v2/users","httpMethod":"GET","status200":2,"status300":0,"status400":1,"status500":0,"status429":1,"requests":3,"date":"2026-10-02T00:00:00Z"}],"queryStatus":"Complete"}"#;
const JOB: &str = r#"{"queryStatus":"Succeeded","entities":[{"date":"2026-10-02","httpMethod":"GET","templateUri":"api/v2/users","requestCount":3,"status200":2,"status300":0,"status400":1,"status429":1,"status500":0,"oauthClient":{"id":"a","name":"A","selfUri":"/api/v2/oauth/clients/a"},"user":null}],"selfUri":"/x"}"#;

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

/// Returns the list of rows of a page.
fn rows_of(page: &str) -> &str {
    &page[page.find(":[{").unwrap() + 1..=page.rfind(']').unwrap()]
}

#[test]
fn every_shape_gives_the_same_row() {
    let (list, entities) = (rows_of(LEGACY), rows_of(JOB));
    let (row, entity) = (&list[1..list.len() - 1], &entities[1..entities.len() - 1]);
    let own = serde_json::to_string(&the_row().row(0).unwrap()).unwrap();
    let cells = "3;2026-10-02T00:00:00Z;A;a;GET;api/v2/users;1;0;1;0;2";
    let header = "requests;date;clientName;clientId;httpMethod;templateUri;status429;status500;status400;status300;status200";
    for shape in [
        LEGACY.to_owned(),
        JOB.to_owned(),
        format!("[{LEGACY}]"),
        format!("\n [ {row} ] "),
        format!("[{entity}]"),
        row.to_owned(),
        format!("{{\"status\":\"Complete\",\"rows\":[{own}]}}\n"),
        own.clone(),
        // A single row of a list that PowerShell unrolled.
        format!("{{\"results\":{row},\"queryStatus\":\"Complete\"}}"),
        // Around the document: the JavaScript library, n8n, axios.
        format!(r#"{{"status":200,"statusText":"","headers":{{"x":"y"}},"body":{LEGACY},"text":"{{}}"}}"#),
        format!(r#"[{{"json":{row},"pairedItem":{{"item":0}}}}]"#),
        format!(r#"[{{"json":{JOB}}}]"#),
        format!(r#"{{"data":{LEGACY},"status":200}}"#),
        // A list of PowerShell 5.1.
        format!(r#"{{"value":[{row}],"Count":1}}"#),
        // The Python library.
        LEGACY.replace("clientId", "client_id").replace("clientName", "client_name").replace("templateUri", "template_uri")
            .replace("httpMethod", "http_method").replace("queryStatus", "query_status").replace("T00:00:00Z", " 00:00:00+00:00"),
        JOB.replace("requestCount", "request_count").replace("oauthClient", "oauth_client").replace("templateUri", "template_uri"),
        // PowerShell, at a depth that is too small for references, and with its dates.
        JOB.replace(r#"{"id":"a","name":"A","selfUri":"/api/v2/oauth/clients/a"}"#, r#""@{id=a; name=A; selfUri=/api/v2}""#),
        LEGACY.replace("2026-10-02T00:00:00Z", r"\/Date(1790899200000)\/"),
        LEGACY.replace("\"2026-10-02T00:00:00Z\"", "1790899200000"),
        // Counts of data frames and of texts.
        LEGACY.replace(":3,", ":3.0,").replace("\"status200\":2", "\"status200\":\"2\""),
        // Flat names.
        JOB.replace(r#""oauthClient":{"id":"a","name":"A","selfUri":"/api/v2/oauth/clients/a"}"#, r#""oauthClient.id":"a","oauthClient_name":"A""#),
        // YAML.
        "queryStatus: Complete\nresults:\n- clientId: a\n  clientName: \"A\"\n  userId: \"\"\n  templateUri: api/v2/users\n  \
         httpMethod: GET\n  requests: 3\n  status200: 2.0\n  status300: 0\n  status400: 1\n  status429: \"1\"\n  status500: 0\n  \
         date: \"2026-10-02T00:00:00Z\"\n"
            .to_owned(),
        "---\n- date: 2026-10-02T00:00:00Z\n  oauthClient: {id: a, name: A}\n  templateUri: 'api/v2/users'\n  httpMethod: GET\n  \
         requestCount: 3\n  status200: 2\n  status300: 0\n  status400: 1\n  status429: 1\n  status500: 0\n  user: ~\n"
            .to_owned(),
        // Tables.
        format!("{header};mine\n{cells};x\n"),
        format!("{}\r\n{}\r\n", header.to_uppercase(), cells),
        format!("sep=;\r\n{header}\r\n{cells}\r\n;;;;;;;;;;\r\n\r\n"),
        format!("#TYPE System.Management.Automation.PSCustomObject\n\"{}\"\n\"{}\"\n", header.replace(';', "\",\""), cells.replace(';', "\",\"")),
        format!("{}\n{}\n", header.replace(';', "\t"), cells.replace(';', "\t")),
        format!("{}\n{}", header.replace(';', " ; ").replace("clientId", "Client Id"), cells.replace("2026-10-02T", "2026-10-02 ")),
        format!(",{},user.id\n0,{},\n", header.replace("clientId", "oauthClient.id").replace("clientName", "oauthClient.name").replace(';', ","),
            cells.replace(";1;0;1;0;2", ";1.0;0.0;1.0;0.0;2.0").replace(';', ",")),
        "oauthClient,date,requestCount,httpMethod,templateUri,status200,status300,status400,status429,status500\n\
         \"{'id': 'a', 'name': 'A', 'self_uri': None}\",13/10/2026,3,GET,api/v2/users,2,0,1,1,0\n"
            .replace("13/10/2026", "02.10.2026 00:00"),
    ] {
        assert_eq!(table(&shape), the_row(), "{shape}");
        let with_mark = format!("\u{feff}{shape}");
        assert_eq!(table(&with_mark), the_row(), "{shape}");
        let utf16: Vec<_> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(table(utf16), the_row(), "{shape}");
        assert_eq!(table(gzip(shape.as_bytes())), the_row(), "{shape}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn several_after_one_another_and_in_a_list_are_all_read() {
    let mut twice = the_row();
    twice.append(&the_row());
    for text in [format!("{LEGACY}{JOB}"), format!("{LEGACY}\n{JOB}\n"), format!("[{JOB},{LEGACY}]")] {
        assert_eq!(table(text), twice);
    }
    assert_eq!(table("date,requests\n2026-10-01,1\ndate,requests\n2026-10-02,2\n").len(), 2);
    assert!(table(r#"{"results":[],"queryStatus":"Complete"}"#).is_empty());
    assert!(table("date,requests\n").is_empty());
}

#[test]
fn a_page_that_is_not_the_last_is_noticed() {
    let page = |more: &str| format!(r#"{{"results":[],"queryStatus":"Complete",{more}}}"#);
    let is_noticed =
        |text: &str| read_bytes(text.as_bytes()).unwrap().1.iter().any(|text| text.contains("another"));
    for more in [r#""cursors":{"after":"x"}"#, r#""nextUri":"/api/v2?after=x""#] {
        let first = page(more);
        assert!(is_noticed(&first));
        assert!(!is_noticed(&format!("{first}{}", page(r#""cursors":{"after":""}"#))));
    }
}

#[test]
fn what_is_not_used_is_named_once() {
    for (text, names) in [
        ("date,requests,colour,size,colour\n2026-10-01,1,red,2,x\n", "colour, size"),
        (r#"{"requests":1,"colour":"red"}{"requests":2,"colour":{"a":1},"size":3}"#, "colour, size"),
        (r#"{"results":[{"requests":1}],"colour":[1]}"#, "colour"),
    ] {
        let (_, warnings) = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].ends_with(&format!("not used: {names}")), "{warnings:?}");
    }
    assert!(read_bytes(LEGACY.as_bytes()).unwrap().1.is_empty());
    assert!(read_bytes(JOB.as_bytes()).unwrap().1.is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, path, line, problem) in [
        (r#"{"results":[{"requests":-1}]}"#, "results[0].requests", 1, "expected a count"),
        (
            r#"[{"results":[]},{"results":[{"requests":"x"}]}]"#,
            "[1].results[0].requests",
            1,
            "\"x\" is no count",
        ),
        ("{\"requests\":1}\r\n{\"requests\":\"x\"}", "value 2.requests", 2, "is no count"),
        (r#"{"status":"Complete","rows":[{"requests":1},{"clients":1}]}"#, "rows[1]", 1, "no row of usage"),
        (r#"{"results":[{"date":"2026-10-01"}]}"#, "results[0]", 1, "no count"),
        (r#"[{"requests":1},2]"#, "[1]", 1, "expected an object"),
        (r#"{"results":["@{clientId=a; requests=1}"]}"#, "results[0]", 1, "expected an object"),
        (
            r#"{"queryStatus":"Running"}"#,
            "queryStatus",
            1,
            "not complete when this was saved, but still Running",
        ),
        (
            r#"{"results": null, "query_status": "Running", "cursors": null}"#,
            "query_status",
            1,
            "still Running",
        ),
        (
            r#"{"queryStatus":"Failed","results":[]}"#,
            "queryStatus",
            1,
            "not complete when this was saved, but Failed",
        ),
        (r#"{"queryStatus":"Complete","results":null}"#, "", 1, "has no list of rows"),
        (r#"{"executionId":"x","resultsUri":"y"}"#, "", 1, "the answer to a submit"),
        (r#"{"totals":{}}"#, "totals", 1, "this is a report"),
        (r#"[{"name":"a","share":0.5,"requests":1}]"#, "[0].share", 1, "this is a report"),
        (r#"{"requests":9223372036854775808}"#, "requests", 1, "it is larger than"),
        (r#"{"clientId":"a","client_id":"b","requests":1}"#, "client_id", 1, "two values of clientId"),
        (r#"{"oauthClient":"System.Object","requests":1}"#, "oauthClient", 1, "neither an id nor a name"),
        (r#"{"oauthClient":7,"requests":1}"#, "oauthClient", 1, "expected an object"),
        (r#"{"clientId":7,"requests":1}"#, "clientId", 1, "expected a text"),
        ("{\"results\":[\n{\"requests\":1,\n\"date\":\"soon\"}]}", "results[0].date", 3, "not understood"),
        (r#"[{"requests":1,"date":"10/01/2026"}]"#, "[0].date", 1, "may be 2026-01-10 or 2026-10-01"),
        (r#"[{"requests":1,"date":"2026-10-01"},{"requests":1}]"#, "[1]", 1, "no date, but others have"),
        ("[]", "", 0, "still running"),
        ("[[]]", "", 0, "still running"),
        ("{\"results\":[", "results[0]", 1, "ends early"),
        ("hello", "", 0, "neither JSON nor CSV"),
        ("date,client\n2026-10-01,a\n", "", 0, "neither JSON nor CSV"),
        ("requests,date\nx,2026-10-01\n", "requests", 2, "\"x\" is no count"),
        ("requests,date\r\n1,2026-10-01\r\n\r\nx,2026-10-01\r\n", "requests", 4, "is no count"),
        ("requests,clientName\n1,\"a\r\nb\"\nx,c\n", "requests", 4, "is no count"),
        ("sep=;\r\nrequests;date\r\nx;2026-10-01\r\n", "requests", 3, "is no count"),
        ("requests,date\n1\n", "", 2, "it has 1 cell, and the header 2"),
        ("requests,date\n1,2026-10-01,x\n", "", 2, "it has 3 cells, and the header 2"),
        ("requests,date\n1,\"2026-10-01\n", "", 2, "a quotation mark has no end"),
        ("requests,date\n,2026-10-01\n", "", 2, "no count"),
        ("requests,date\n1,2026-13-45\n", "date", 2, "not understood as a date"),
        ("requests,date\n1,2026-10-01\n2,Grand Total\n", "date", 3, "\"Grand Total\": this is a total"),
        ("requests,date\n1,2026-10-01\n2,\n", "", 3, "no date, but others have: a total"),
        ("requests,clientName\n1,a\n1,Summe\n", "", 3, "this is a total"),
        (
            "date;clientId;oauthClient.id;requests\n2026-10-01;a;b;1\n",
            "oauthClient.id",
            2,
            "two values of clientId",
        ),
        ("requests,requestCount\n1,2\n", "requestCount", 2, "two values of requests"),
        ("list,place,id,name,share,rows,requests\ntotals,,,,,1,1\n", "", 0, "this is a report"),
        ("date,requests,errorRate\n2026-10-01,1,0\n", "", 0, "this is a report"),
        ("API usage from 2026-10-01 to 2026-10-03: 3 days\n\n  Requests 1\n", "", 0, "this is a report"),
        ("<!DOCTYPE html><title>API usage</title>", "", 0, "a report is made of rows"),
        ("# HELP genesys_usage x\n", "", 0, "these are metrics"),
        ("| Date | Requests |\n| --- | ---: |\n| 2026-10-01 | 7 |\n", "", 0, "a table in Markdown"),
        ("results:\n- requests: many\n", "results[0].requests", 2, "is no count"),
        ("- &a {requests: 1}\n- *a\n", "", 2, "references"),
        ("queryStatus: Running\n", "queryStatus", 1, "still Running"),
        ("results:\n - requests: 1\n- x", "", 3, "this is not YAML"),
    ] {
        let ParseError { path: found, line: at, problem: said, .. } = flaw(text);
        assert!(said.contains(problem), "{text}: {said}");
        assert_eq!((&*found, at), (path, line), "{text}: {said}");
    }
    assert_eq!(flaw("  \n").problem, "it is empty");
    assert_eq!(flaw(r#"{"results":[{"requests":1},{"requests":"many"}]}"#).byte, Some(39));
    assert_eq!(flaw("requests,date\n1,2026-10-01\nx,2026-10-01\n").byte, Some(27));
    assert_eq!(flaw(gzip(b"requests,date\n1,2026-10-01\nx,2026-10-01\n")).byte, None);
    assert!(flaw(&gzip(LEGACY.as_bytes())[..40]).problem.contains("ends early"));
}

#[test]
fn what_counts_twice_is_refused_unless_it_is_meant() {
    let (plain, sum) = (SavedArgs::default(), SavedArgs { sum: true, ..SavedArgs::default() });
    let csv = |rows: &str| format!("date,clientId,templateUri,requests,status200\n{rows}");
    let october = csv("2026-10-01,a,u,1,1\n2026-10-02,a,u,1,1\n2026-10-03,a,u,1,1\n");
    let weeks = csv("2026-09-07,a,u,1,1\n2026-09-14,a,u,1,1\n2026-09-21,a,u,1,1\n");
    let months = csv("2026-08-01,a,u,1,1\n2026-09-01,a,u,1,1\n");
    let search = csv("2026-10-02,a,u,,1\n");
    let by_client = csv("2026-10-02,a,,1,1\n");
    for (files, problem) in [
        (
            &[&*october, &october][..],
            "row 1 of file 2 is about the same as row 1 of file 1 (2026-10-01, a, u)",
        ),
        (
            &[&october, &csv("2026-10-03,a,u,7,7\n2026-10-04,a,u,1,1\n")],
            "row 1 of file 2 is about the same as row 3",
        ),
        (
            &[&csv("2026-10-01,a,u,1,1\n2026-10-01,a,u,2,2\n")],
            "row 2 of file 1 is about the same as row 1 of file 1",
        ),
        (&[&format!("{LEGACY}{JOB}")], "(2026-10-02, a, A, api/v2/users, GET)"),
        (&["{\"requests\":1}", "{\"requests\":2}"], "row 1 of file 2 is about the same as row 1 of file 1:"),
        (
            &[&october, &by_client],
            "file 1 and file 2 are grouped in different ways, and both have rows of 2026-10-02",
        ),
        (
            &[&csv("2026-10-02,a,u,1,1\n2026-10-02,b,u,,1\n")],
            "with and rows without a count of all requests of 2026-10-02",
        ),
        (&[&csv("2026-10-02,b,u,1,1\n"), &search], "file 1 and file 2 are grouped in different ways"),
    ] {
        let said = all(files, &plain).unwrap_err();
        assert!(said.contains(problem), "{said}");
        assert!(all(files, &sum).is_ok());
    }
    for (files, problem) in [
        (&[&*weeks, &october][..], "the rows of file 1 seem to be of one week, those of file 2 of one day"),
        (&[&october, &months], "of one day, those of file 2 of one month"),
    ] {
        let said = all(files, &sum).unwrap_err();
        assert!(said.contains(problem), "{said}");
    }
    let later = csv("2026-11-01,a,u,1,1\n2026-11-02,a,u,1,1\n");
    let of_another = csv("2026-10-01,b,u,1,1\n2026-10-02,b,u,1,1\n");
    assert_eq!(all(&[&october, &later, &of_another], &plain).unwrap().len(), 7);
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), cut in 0usize..400) {
        let _ = read_bytes(&bytes);
        for text in [format!("[{LEGACY},{JOB}]"), "date,clientName,requests\n2026-10-01,\"a\n\"\"b\",7.0\n10/13/2026,c,1\n".into(),
            "results:\n- requests: 7\n  date: 2026-10-01\n".into()] {
            let cut = cut.min(text.len());
            let _ = read_bytes(&[&text.as_bytes()[..cut], &bytes].concat());
            let _ = read_bytes(&[&text.as_bytes()[..cut], &bytes, &text.as_bytes()[cut..]].concat());
        }
    }
}

#[test]
fn only_a_reason_says_that_rows_are_missing() {
    let gaps = |text: &str| {
        let mut rows = Rows::default();
        rows.begin_file("it", &SavedArgs::default());
        read(text.as_bytes(), &mut rows).unwrap();
        rows.sources[0].gaps().collect::<Vec<_>>()
    };
    for nothing in ["", "NaN", "nan", "NULL"] {
        assert_eq!(gaps(&format!("date,requests,rowsMissing\n2026-10-01,7,{nothing}\n")), [], "{nothing}");
    }
    assert_eq!(gaps(r#"{"date":"2026-10-01","requests":7,"rowsMissing":null}"#), []);
    assert_eq!(gaps(r#"{"date":"2026-10-01","requests":7,"rowsMissing":"leftOut"}"#), [Gap::LeftOut]);
    let both = "date,requests,rowsMissing\n2026-10-01,7,\n2026-10-02,7,leftOut; pages\n";
    assert_eq!(gaps(both), [Gap::LeftOut, Gap::Pages]);
    // All rows were left out.
    assert_eq!(gaps("date,requests,rowsMissing\n"), [Gap::LeftOut]);
    assert_eq!(gaps("date,requests\n"), []);
}
